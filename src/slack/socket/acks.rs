//! Acknowledgements: made apart from the connection, sent by it, never lost with what they carry.

use tokio::sync::mpsc;

use super::envelope::{self, Envelope};
use crate::slack::deliver::{Answer, Deliverer, Reply};
use crate::view::Message;

/// An acknowledgement on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) text: String,
    /// The private answer inside, should the connection end before it leaves.
    inside: Option<(Message, Reply)>,
}

impl Outgoing {
    pub(super) fn empty(envelope: &str) -> Self {
        Self {
            text: envelope::acknowledgement(envelope, None),
            inside: None,
        }
    }

    fn with(envelope: &str, message: Message, reply: Reply) -> Self {
        Self {
            text: envelope::acknowledgement(envelope, Some(&message)),
            inside: Some((message, reply)),
        }
    }

    /// Brings what the acknowledgement would have carried by another way.
    pub(super) fn reroute(self, deliverer: &Deliverer) {
        if let Some((message, reply)) = self.inside {
            deliverer.send_later(message, reply);
        }
    }
}

/// Works on one envelope apart from the connection, so that a slow one delays no other.
pub(super) async fn work(
    deliverer: Deliverer,
    envelope: Envelope,
    acks: mpsc::UnboundedSender<Outgoing>,
) {
    let id = envelope.id;
    let ack = match deliverer.take(envelope.delivery).await {
        Answer::Withheld => return,
        Answer::Empty => Outgoing::empty(&id),
        Answer::Private(message, reply) if envelope.takes_payload => {
            Outgoing::with(&id, message, reply)
        }
        Answer::Private(message, reply) => {
            deliverer.send_later(message, reply);
            Outgoing::empty(&id)
        }
    };
    if let Err(mpsc::error::SendError(ack)) = acks.send(ack) {
        ack.reroute(&deliverer);
    }
}
