//! What arrives from Slack, after verification and before any decision.

use async_trait::async_trait;

use crate::rules::{TeamId, UserId};
use crate::view::Message;

/// One verified delivery that the bot must react to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Identifies the delivery across retries: `event_id` for events, `trigger_id` for commands and
    /// clicks (the envelope id where there is none). Doing the same key twice changes nothing.
    pub key: String,
    /// Who did it, by Slack's word.
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
    /// Pressed a button.
    Clicked {
        /// The button's action id, such as `approve`.
        action: String,
        /// The button's value as it arrived: may be forged, means nothing before it is checked.
        value: String,
        /// Channel of the message that holds the button.
        channel: String,
        /// Its `ts`.
        message_ts: String,
        /// For a private answer to the clicker; five uses in 30 minutes.
        response_url: Option<String>,
    },
}

/// Where a text was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// A slash command; answered privately by the acknowledgement or the response URL.
    Command {
        /// Where it was typed.
        channel: String,
        /// For answers after the acknowledgement.
        response_url: Option<String>,
    },
    /// A mention in a channel, answered in its thread.
    Mention {
        /// The channel.
        channel: String,
        /// The message, or the parent of its thread.
        thread: String,
    },
    /// A direct message, answered there.
    Direct {
        /// The `D…` channel.
        channel: String,
    },
}

/// The answer that goes back with the acknowledgement, or right after it.
#[derive(Debug, Clone, PartialEq)]
pub enum Ack {
    /// Nothing to say: the result is visible elsewhere.
    Silent,
    /// A private message to the person.
    Private(Message),
}

/// Takes deliveries. Implemented by the bot; the transports know nothing else of it.
///
/// # Guarantees
/// The answer is durable: when it says that a request exists, it was committed. A transport that
/// cannot wait (Slack allows 3 s) acknowledges with "working on it" after 2 s and delivers the answer
/// when it comes; the receiver's work goes on and is not cancelled.
#[async_trait]
pub trait Receiver: Send + Sync + 'static {
    /// Reacts to one delivery.
    async fn receive(&self, inbound: Inbound) -> Ack;
}
