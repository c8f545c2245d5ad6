//! What arrives from Slack, after verification and before any decision.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::rules::{TeamId, UserId};
use crate::view::{Choice, Message, Screen};

/// One verified delivery that the bot must react to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Identifies the delivery across retries: `event_id` for events, `trigger_id` for commands and
    /// clicks (the envelope id where there is none). Doing the same key twice changes nothing.
    pub key: String,
    /// Who did it, by Slack's word. Empty where Slack does not say, which [`What::Archived`] alone may.
    pub by: UserId,
    /// The workspace they did it from; `None` for organisation-wide installs that omit it.
    pub team: Option<TeamId>,
    /// What they did.
    pub what: What,
}

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Typed something to the bot. The text is Slack's, with its escapes (`-&gt;`) undone once and the
    /// bot's own mention removed.
    Said {
        /// The text.
        text: String,
        /// Where, and how to answer.
        surface: Surface,
    },
    /// Pressed a button on a message, also on one that only they see.
    Clicked {
        /// The button's action id, such as `approve`.
        action: String,
        /// The button's value as it arrived: may be forged, means nothing before it is checked.
        value: String,
        /// Channel of the message that holds the button.
        channel: String,
        /// Its `ts`.
        message_ts: String,
        /// The thread it is in, by the parent's `ts`.
        thread: Option<String>,
        /// For a private answer to the clicker; five uses in 30 minutes.
        response_url: Option<String>,
        /// Opens one form, once, within three seconds. Workflows give none.
        trigger: Option<String>,
    },
    /// Pressed or chose something in a form or in the home tab.
    Pressed {
        /// The element's action id.
        action: String,
        /// Its value, the text put in or the option, person or channel chosen; empty for several,
        /// which stand in the screen's `entered`. May be forged.
        value: String,
        /// The form or home tab, as it was at that moment.
        screen: OnScreen,
        /// Opens or pushes one form, once, within three seconds.
        trigger: Option<String>,
    },
    /// Sent a form off. It is answered with the acknowledgement.
    Submitted {
        /// The form as it was sent.
        screen: OnScreen,
        /// Opens one form, once, within three seconds.
        trigger: Option<String>,
    },
    /// Typed into a menu whose options the bot looks up. It is answered with the acknowledgement.
    Typed {
        /// The menu's action id.
        action: String,
        /// What was typed so far, as it was typed.
        text: String,
        /// The form or home tab that the menu is in; `None` on a message.
        screen: Option<OnScreen>,
    },
    /// Opened the bot's home tab.
    OpenedHome,
    /// Used a shortcut: a global one, or one of a message's menu.
    Shortcut {
        /// The shortcut's callback id.
        callback: String,
        /// Opens one form, once, within three seconds.
        trigger: String,
        /// The message it was used on; `None` for a global one.
        on: Option<OnMessage>,
    },
    /// Archived a channel that the bot is in. Who did may be unknown.
    Archived {
        /// The channel.
        channel: String,
    },
}

/// A form or home tab as its user left it. All of it may be forged but the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnScreen {
    /// The view's id, for `views.update`.
    pub id: String,
    /// The first view of its stack; its own id where there is no stack.
    pub root: String,
    /// Changes with the view: an update that names it is refused when the view has changed meanwhile.
    pub hash: String,
    /// The view's callback id; empty when it was given none.
    pub callback: String,
    /// What the bot noted in it when it was opened (`private_metadata`); empty when nothing.
    pub notes: String,
    /// The home tab, and no form.
    pub is_home: bool,
    /// What stands in its inputs, by action id. Ids must be unique in a view: of two inputs with one
    /// id only one is here.
    pub entered: BTreeMap<String, Entered>,
}

/// What stands in an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// It is empty: no text, nothing chosen. Also what is in an input of a kind that is not read.
    Nothing,
    /// A text, as it was typed.
    Text(String),
    /// The one chosen: an option's value, the id of a person or channel, a date (`2026-01-05`), a time
    /// (`09:30`), seconds since 1970.
    One(String),
    /// Those chosen where several can be; never none.
    Many(Vec<String>),
}

/// The message that a shortcut was used on. Anybody may have written it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnMessage {
    /// Its channel.
    pub channel: String,
    /// Its `ts`.
    pub ts: String,
    /// The thread it is in, by the parent's `ts`.
    pub thread: Option<String>,
    /// Its text as it was typed: Slack's escapes undone once.
    pub text: String,
}

/// Where a text was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// A slash command; answered privately by the acknowledgement or the response URL.
    Command {
        /// Where it was typed.
        channel: String,
        /// What that is called, without `#`: `directmessage` and `privategroup` are Slack's stand-ins.
        channel_name: Option<String>,
        /// For answers after the acknowledgement.
        response_url: Option<String>,
        /// Opens one form, once, within three seconds.
        trigger: Option<String>,
    },
    /// A mention in a channel, answered in its thread.
    Mention {
        /// The channel.
        channel: String,
        /// The message, or the parent of its thread.
        thread: String,
        /// The message itself.
        ts: String,
    },
    /// A direct message, answered there.
    Direct {
        /// The `D…` channel.
        channel: String,
    },
}

/// The answer that goes back with the acknowledgement, or right after it. One that does not fit what
/// was done (options for a click) is dropped with a warning.
#[derive(Debug, Clone, PartialEq)]
pub enum Ack {
    /// Nothing to say: the result is visible elsewhere. A form that was sent off closes.
    Silent,
    /// A private message to the person. Of a form, which closes, a direct message.
    Private(Message),
    /// The form stays, and these inputs (by block id) are marked with why: plain text, of which 150
    /// UTF-16 units are shown. At least one; of more than 100 the first. Late: a direct message.
    Wrong(BTreeMap<String, String>),
    /// The form is replaced by this one; no home tab. Late: a direct message says that it is closed.
    Show(Box<Screen>),
    /// All forms close.
    Close,
    /// What fits to what was typed; the first 100 are shown. Late: nothing is offered.
    Options(Vec<Choice>),
}

/// Takes deliveries. Implemented by the bot; the transports know nothing else of it.
///
/// # Guarantees
/// The answer is durable: when it says that a request exists, it was committed. A transport that
/// cannot wait (Slack allows 3 s) acknowledges a command with "working on it" after 2 s, leaves an event
/// that is marked unacknowledged (Slack repeats it, and the repetition waits for the same work) and delivers the answer
/// when it comes; the receiver's work goes on and is not cancelled. A form is acknowledged empty then:
/// it closes, and its answer comes as a direct message.
#[async_trait]
pub trait Receiver: Send + Sync + 'static {
    /// Reacts to one delivery.
    async fn receive(&self, inbound: Inbound) -> Ack;

    /// Whether what it makes is found again by [`Inbound::key`], in every process: then it may be done twice, and an
    /// event whose work takes long is left to be repeated, so that it is not lost with the process.
    fn is_marked(&self, inbound: &Inbound) -> bool;
}
