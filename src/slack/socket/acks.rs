//! Acknowledgements: made apart from the connection, sent by it, never lost with what they carry.

use tokio::sync::mpsc;

use super::envelope::{self, Envelope};
use crate::slack::deliver::{Answer, Deliverer, Reply};
use crate::slack::inbound::Ack;

/// An acknowledgement on its way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) text: String,
    /// The answer inside, should the connection end before it leaves.
    inside: Option<(Ack, Reply)>,
}

impl Outgoing {
    pub(super) fn empty(envelope: &str) -> Self {
        Self {
            text: envelope::acknowledgement(envelope, None),
            inside: None,
        }
    }

    fn with(envelope: &str, ack: Ack, reply: Reply) -> Self {
        Self {
            text: envelope::acknowledgement(envelope, Some(&ack)),
            inside: Some((ack, reply)),
        }
    }

    /// Brings what the acknowledgement would have carried by another way.
    pub(super) fn reroute(self, deliverer: &Deliverer) {
        if let Some((ack, reply)) = self.inside {
            deliverer.send_later(ack, reply);
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
        Answer::With(ack, reply) if envelope.takes_payload => Outgoing::with(&id, ack, reply),
        Answer::With(ack, reply) => {
            deliverer.send_later(ack, reply);
            Outgoing::empty(&id)
        }
    };
    if let Err(mpsc::error::SendError(ack)) = acks.send(ack) {
        ack.reroute(&deliverer);
    }
}
