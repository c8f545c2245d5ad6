//! What a scenario file can say. The words for it are in [`super::forms`].

use chrono::NaiveTime;

use crate::sim::town::Last;
use crate::sim::town::trouble::Trouble;
use crate::units::Seconds;

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Line number in the file, from 1.
    pub number: usize,
    /// The line as written, for the transcript.
    pub text: String,
    /// `after 25m`: time that passes before it.
    pub after: Option<Seconds>,
    /// What happens.
    pub act: Act,
}

/// How a person says something to the bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// `/access …` in a channel.
    Command(String),
    /// `@drawbridge …` in a channel.
    Mention(String),
    /// A direct message.
    Direct,
}

/// Which picture of a card a click is made on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// As it is now.
    Now,
    /// As it was when the button was first shown: the client has not caught up.
    Old,
}

/// Somebody presses a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    /// Who.
    pub who: String,
    /// The button's label.
    pub label: String,
}

/// What happens on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The town that the story plays in.
    Town(String),
    /// Somebody says something to the bot.
    Say {
        /// Who.
        who: String,
        /// How.
        way: Way,
        /// What.
        text: String,
    },
    /// Somebody types the same over and over, and somebody else once right after, all in the same moment.
    Flood {
        /// Who.
        who: String,
        /// How often.
        times: u32,
        /// Who types it once.
        then: String,
        /// In which channel.
        channel: String,
        /// What.
        text: String,
    },
    /// People press buttons, all in the same moment.
    Click {
        /// The presses, in order.
        presses: Vec<Press>,
        /// On which picture of the card.
        picture: Picture,
    },
    /// A rule is for a service from now on.
    Serve {
        /// Which rule.
        rule: String,
        /// The service, `namespace/name` of its account.
        who: String,
        /// The person who answers for it.
        owner: String,
    },
    /// A service asks over HTTP.
    Ask {
        /// Which.
        who: String,
        /// What.
        text: String,
    },
    /// A service needs its path no more.
    Done {
        /// Which.
        who: String,
        /// The request.
        id: String,
    },
    /// Somebody presses a button that no message has.
    Forge {
        /// Who.
        who: String,
        /// The button's `action_id`.
        action: String,
        /// Its value.
        value: String,
    },
    /// Somebody sends the form that they have open as nobody could.
    ForgeForm {
        /// Who.
        who: String,
        /// `key=value, …`
        fields: String,
    },
    /// Somebody fills in an input or chooses from a menu.
    Fill {
        /// Who.
        who: String,
        /// What it is called.
        label: String,
        /// With what.
        text: String,
    },
    /// Somebody sends the form that they have open.
    Submit(String),
    /// Somebody closes it.
    CloseForm(String),
    /// Somebody opens the bot's home tab.
    OpenHome(String),
    /// The bot tells a channel on Mondays how access was used.
    Digest {
        /// Where, `#incidents`.
        channel: String,
        /// When, UTC.
        at: NaiveTime,
    },
    /// Something must be true.
    Expect(Vec<Expectation>),
    /// Something stops working.
    Break(Trouble),
    /// It works again.
    Mend(Trouble),
    /// A workload `namespace/name` goes away with its pods.
    DeleteWorkload(String),
    /// A workload appears.
    Deploy {
        /// `namespace/name`.
        workload: String,
        /// `key=value,…`
        labels: String,
    },
    /// A policy of others comes or goes.
    Policy {
        /// `namespace/name` of a policy of the town.
        name: String,
        /// Whether it is there afterwards.
        present: bool,
    },
    /// Somebody isolates pods: a policy of others that lets nothing in.
    Isolate {
        /// `namespace/name` of the policy.
        policy: String,
        /// `key=value,…` of the pods.
        labels: String,
    },
    /// A policy of the admin tier, which beats every NetworkPolicy, comes or goes.
    AdminDeny {
        /// Its name.
        name: String,
        /// The namespace into whose pods it lets nothing; `None`: the policy is gone.
        namespace: Option<String>,
    },
    /// A person with access to the cluster removes our objects.
    DeleteGates,
    /// An admission policy refuses our objects in these words.
    RefuseGates(String),
    /// The bot stops in order.
    StopBot,
    /// The bot's process dies: at once, or right after the next thing of this kind that it does.
    KillBot(Option<Last>),
    /// A bot starts on the same store.
    StartBot,
    /// Both, one after the other.
    RestartBot,
    /// Everything in the store is lost.
    EmptyStore,
    /// What the store holds now is kept.
    KeepStore,
    /// The store holds again what was kept of it.
    StoreGoesBack,
    /// A rule changes.
    Rule {
        /// Which.
        name: String,
        /// New fields of its `spec`, as YAML; `None`: the rule is gone.
        change: Option<String>,
    },
    /// A template changes.
    Template {
        /// Which.
        name: String,
        /// New fields of its `spec`, as YAML.
        change: String,
    },
    /// Somebody enters or leaves a user group.
    Member {
        /// Who.
        who: String,
        /// Which group.
        group: String,
        /// Whether they are in it afterwards.
        present: bool,
    },
    /// A user group is disabled.
    DisableGroup(String),
    /// An account is deactivated.
    Deactivate(String),
    /// The bot is taken out of a channel.
    BotLeaves(String),
    /// Slack delivers everything twice from now on.
    RepeatDeliveries,
    /// The story is excused from something that is checked when it ends.
    Excuse(Excuse),
    /// Only time passes (`after 5m` alone).
    Wait,
}

/// What a story is excused from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Excuse {
    /// Gates may be open when it ends.
    OpenGates,
    /// Gates may close later than the promise for quiet times.
    LateClosing,
}

/// What must be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Whether traffic can pass.
    Flow {
        /// As in an ask.
        ask: String,
        /// Whether it can.
        open: bool,
    },
    /// The bot wrote to somebody, or in a thread that they see.
    Notice {
        /// Who reads it.
        who: String,
        /// A part of it.
        text: String,
    },
    /// The bot told somebody something that nobody else sees.
    Private {
        /// Who reads it.
        who: String,
        /// At most this long after they acted.
        within: Option<Seconds>,
        /// A part of it.
        text: String,
    },
    /// The bot wrote in a channel, threads included.
    Channel {
        /// Which.
        channel: String,
        /// A part of it.
        text: String,
    },
    /// The newest answer to a service.
    Answer {
        /// Which.
        who: String,
        /// A part of it.
        text: String,
    },
    /// The form that somebody has open, as it is now.
    Form {
        /// Who reads it.
        who: String,
        /// A part of it; `None`: they have none open.
        text: Option<String>,
    },
    /// Somebody's home tab, as it is now.
    Home {
        /// Who reads it.
        who: String,
        /// A part of it.
        text: String,
    },
    /// The newest card in a channel, as it is now.
    Card {
        /// A part of it.
        text: String,
        /// Whether it must be there.
        shown: bool,
    },
    /// Same objects by uid, spec, labels and annotations as at the start.
    ClusterAsBefore,
    /// No object of ours is or ever was in the cluster.
    NothingOpened,
    /// That many objects of ours are in the cluster.
    Gates(usize),
    /// Exactly one message was posted as a card in channels.
    OneCard,
    /// Nothing was posted or changed since the last line that is no expectation.
    NoNewMessages,
    /// The newest request's state.
    State(String),
    /// Neither in a message of the bot, nor in the cluster, nor in a document.
    Nowhere(String),
}
