//! Messages, and the log of what happened to them.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::units::Time;

/// Where a message is: its channel and its `ts` there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct MessageRef {
    /// `C…` or `D…`.
    pub channel: String,
    /// Seconds and microseconds; the message's name in its channel.
    pub ts: String,
}

impl fmt::Display for MessageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.channel, self.ts)
    }
}

/// A message as Slack keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Where it is.
    pub at: MessageRef,
    /// The user id of whoever wrote it; the bot user's for the app's own.
    pub author: String,
    /// The text with Slack's escapes and ids in it.
    pub text: String,
    /// Block Kit; every block has a `block_id`.
    pub blocks: Vec<Value>,
    /// `ts` of the thread's parent, for replies.
    pub thread: Option<String>,
    /// A reply that also shows in the channel.
    pub broadcast: bool,
    /// What the app attached to it.
    pub metadata: Option<Value>,
    /// Whether it is marked as edited. Updates of blocks are not.
    pub edited: bool,
    /// The only person who sees it, for ephemeral messages.
    pub only_for: Option<String>,
    /// The id a person's client gave it.
    pub(super) client_id: Option<String>,
}

impl Message {
    /// A text by somebody; it gets its `ts` when it is posted.
    pub(super) fn by(author: &str, channel: &str, text: impl Into<String>) -> Self {
        Self {
            at: MessageRef {
                channel: channel.to_owned(),
                ts: String::new(),
            },
            author: author.to_owned(),
            text: text.into(),
            blocks: Vec::new(),
            thread: None,
            broadcast: false,
            metadata: None,
            edited: false,
            only_for: None,
            client_id: None,
        }
    }

    /// The same message for one pair of eyes.
    #[must_use]
    pub(super) fn only_for(mut self, person: &str) -> Self {
        self.only_for = Some(person.to_owned());
        self
    }

    /// The same message as a reply.
    #[must_use]
    pub(super) fn in_thread(mut self, parent: Option<&str>) -> Self {
        self.thread = parent.map(str::to_owned);
        self
    }

    /// A reply that does not show in the channel itself.
    pub(super) const fn hidden_in_thread(&self) -> bool {
        self.thread.is_some() && !self.broadcast
    }
}

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Posted,
    /// Its text or blocks are others now.
    Updated,
    /// It is gone.
    Deleted,
}

/// One entry of the log: a message as it was right after the change (before it, when deleted).
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Counts from 1 without gaps.
    pub number: u64,
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub what: Changed,
    /// The message.
    pub message: Message,
}
