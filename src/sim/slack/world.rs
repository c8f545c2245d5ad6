//! The workspace: people, user groups, channels and their messages. Plain data without wire or clock.

use std::collections::{BTreeMap, BTreeSet};

use crate::units::Time;

use super::message::{Change, Changed, Message, MessageRef};
use super::people::{Person, Standing};

/// Slack's own account, which tells people when a command failed.
pub(super) const SLACKBOT: &str = "USLACKBOT";

/// The installed app.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) id: String,
    pub(super) bot: String,
    pub(super) user: String,
    pub(super) name: String,
    pub(super) team: String,
    pub(super) domain: String,
    /// Slack's deprecated verification token: sent with everything, proves nothing.
    pub(super) token: String,
}

/// A user group (`@handle`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `S…`.
    pub id: String,
    /// Without `@`.
    pub handle: String,
    /// User ids.
    pub members: BTreeSet<String>,
    /// A disabled group is kept but listed only on request.
    pub disabled: bool,
}

/// What kind of conversation it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Anybody may join.
    Public,
    /// By invitation; unknown to whoever is not in it.
    Private,
    /// Between the bot and this person.
    Direct(String),
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// `C…` or `D…`.
    pub id: String,
    /// Without `#`; empty for a direct conversation.
    pub name: String,
    /// Who may see it.
    pub kind: Kind,
    /// User ids, the bot's included when it is in.
    pub members: BTreeSet<String>,
    /// Nothing can be written to an archived channel.
    pub archived: bool,
    /// Since when it exists.
    pub created: Time,
    pub(super) messages: BTreeMap<String, Message>,
}

impl Channel {
    pub(super) fn new(id: String, name: &str, kind: Kind, created: Time) -> Self {
        Self {
            id,
            name: name.to_owned(),
            kind,
            members: BTreeSet::new(),
            archived: false,
            created,
            messages: BTreeMap::new(),
        }
    }

    /// Replies under a message, in order.
    pub(super) fn replies<'a>(&'a self, parent: &'a str) -> impl Iterator<Item = &'a Message> {
        self.messages
            .values()
            .filter(move |m| m.only_for.is_none() && m.thread.as_deref() == Some(parent))
    }
}

/// Everything in the workspace.
#[derive(Debug)]
pub(super) struct World {
    pub(super) app: App,
    pub(super) people: Vec<Person>,
    pub(super) groups: Vec<Group>,
    pub(super) channels: Vec<Channel>,
    log: Vec<Change>,
}

impl World {
    /// A workspace with Slackbot and the app's bot user.
    pub(super) fn new(app: App) -> Self {
        let account = |id: &str, name: &str| Person {
            id: id.to_owned(),
            team: app.team.clone(),
            ..Person::named(name).who_is(Standing::Bot)
        };
        let people = vec![account(SLACKBOT, "slackbot"), account(&app.user, &app.name)];
        Self {
            app,
            people,
            groups: Vec::new(),
            channels: Vec::new(),
            log: Vec::new(),
        }
    }

    /// By id or by name, with or without `@`.
    pub(super) fn person(&self, who: &str) -> Option<&Person> {
        let name = who.trim_start_matches('@');
        self.people.iter().find(|p| p.id == who || p.name == name)
    }

    pub(super) fn person_mut(&mut self, who: &str) -> Option<&mut Person> {
        let name = who.trim_start_matches('@');
        self.people
            .iter_mut()
            .find(|p| p.id == who || p.name == name)
    }

    /// By id or by handle, with or without `@`.
    pub(super) fn group(&self, which: &str) -> Option<&Group> {
        let handle = which.trim_start_matches('@');
        self.groups
            .iter()
            .find(|g| g.id == which || g.handle == handle)
    }

    pub(super) fn group_mut(&mut self, which: &str) -> Option<&mut Group> {
        let handle = which.trim_start_matches('@');
        self.groups
            .iter_mut()
            .find(|g| g.id == which || g.handle == handle)
    }

    /// By id or by name, with or without `#`. Direct conversations have only their id.
    pub(super) fn channel(&self, which: &str) -> Option<&Channel> {
        let name = which.trim_start_matches('#');
        self.channels
            .iter()
            .find(|c| c.id == which || (!name.is_empty() && c.name == name))
    }

    pub(super) fn channel_mut(&mut self, which: &str) -> Option<&mut Channel> {
        let name = which.trim_start_matches('#');
        self.channels
            .iter_mut()
            .find(|c| c.id == which || (!name.is_empty() && c.name == name))
    }

    /// The bot's direct conversation with somebody, if one was opened.
    pub(super) fn direct(&self, person: &str) -> Option<&Channel> {
        self.channels
            .iter()
            .find(|c| matches!(&c.kind, Kind::Direct(with) if with == person))
    }

    pub(super) fn message(&self, at: &MessageRef) -> Option<&Message> {
        self.channel(&at.channel)?.messages.get(&at.ts)
    }

    /// Whether the bot is a member.
    pub(super) fn bot_in(&self, channel: &Channel) -> bool {
        channel.members.contains(&self.app.user)
    }

    /// Whether somebody can see a message.
    pub(super) fn sees(&self, person: &str, message: &Message) -> bool {
        let member = self
            .channel(&message.at.channel)
            .is_some_and(|c| c.members.contains(person));
        match &message.only_for {
            Some(only) => only == person,
            None => member,
        }
    }

    /// Keeps a message that has got its `ts`; a channel that is not there keeps nothing.
    pub(super) fn post(&mut self, message: Message, now: Time) -> Change {
        if let Some(channel) = self.channel_mut(&message.at.channel) {
            channel
                .messages
                .insert(message.at.ts.clone(), message.clone());
        }
        self.record(Changed::Posted, message, now)
    }

    /// Changes a message in place; `None` when there is no such message.
    pub(super) fn update(
        &mut self,
        at: &MessageRef,
        now: Time,
        change: impl FnOnce(&mut Message),
    ) -> Option<Change> {
        let message = self.channel_mut(&at.channel)?.messages.get_mut(&at.ts)?;
        change(message);
        let message = message.clone();
        Some(self.record(Changed::Updated, message, now))
    }

    /// Removes a message; `None` when there is no such message.
    pub(super) fn delete(&mut self, at: &MessageRef, now: Time) -> Option<Change> {
        let message = self.channel_mut(&at.channel)?.messages.remove(&at.ts)?;
        Some(self.record(Changed::Deleted, message, now))
    }

    fn record(&mut self, what: Changed, message: Message, now: Time) -> Change {
        let change = Change {
            number: self.last_change() + 1,
            at: now,
            what,
            message,
        };
        self.log.push(change.clone());
        change
    }

    /// The number of the last change; 0 before the first.
    pub(super) fn last_change(&self) -> u64 {
        self.log.last().map_or(0, |change| change.number)
    }

    /// What happened after that change.
    pub(super) fn changes_since(&self, number: u64) -> &[Change] {
        let from = usize::try_from(number).unwrap_or(usize::MAX);
        self.log.get(from..).unwrap_or_default()
    }
}
