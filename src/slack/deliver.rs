//! From a verified delivery to the bot and back: shared by Socket Mode and HTTP.
//!
//! Slack wants an answer within three seconds and shows an error otherwise; work may take longer. So
//! the work runs apart, the acknowledgement waits for it a little, and an answer that comes later
//! finds its own way. It must never acknowledge an event that nobody works on.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::{Identity, SlackApi, SlackError};
use super::inbound::{Ack, Inbound, Receiver};

mod body;
mod payload;
mod read;
mod reply;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub(super) use self::body::Body;
pub use self::read::{Delivery, Kind};
use self::read::{Reading, read};
pub use self::reply::Reply;
pub use self::tally::{Count, Tally};

/// How long an acknowledgement waits for the work. Slack gives 3 s from its own side; the rest is for
/// the way.
const PATIENCE: Duration = Duration::from_secs(2);

/// Deliveries worked on at once. More than people can cause; a flood is given back to Slack.
const ROOM: usize = 256;

/// How a transport is to acknowledge.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// With nothing.
    Empty,
    /// With this. When that proves impossible, [`Deliverer::send_later`] takes both.
    With(Ack, Reply),
    /// Not at all, so that Slack delivers it again.
    Withheld,
}

/// Hands deliveries to the bot.
///
/// # Guarantees
/// - An event is acknowledged only when the receiver is done with it, or when it has worked on it for
///   two seconds and goes on; work is never cancelled by an acknowledgement or a closed connection.
/// - All work runs on the tracker, so shutdown waits for it.
/// - When there is no room, when shutting down, and when the receiver broke, nothing is acknowledged.
#[derive(Clone)]
pub struct Deliverer {
    api: Arc<SlackApi>,
    receiver: Arc<dyn Receiver>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    room: Arc<Semaphore>,
    tally: Arc<Tally>,
}

impl std::fmt::Debug for Deliverer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliverer")
            .field("tally", &self.tally)
            .finish_non_exhaustive()
    }
}

impl Deliverer {
    /// Delivers to `receiver`; its work runs on `tracker`, and nothing is taken after `cancel`.
    pub fn new(
        api: Arc<SlackApi>,
        receiver: Arc<dyn Receiver>,
        tracker: TaskTracker,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            api,
            receiver,
            tracker,
            cancel,
            room: Arc::new(Semaphore::new(ROOM)),
            tally: Arc::default(),
        }
    }

    /// What became of deliveries so far.
    pub const fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Takes one delivery and says within about two seconds how to acknowledge it.
    ///
    /// Dropping the future loses nothing: the work and its answer go on.
    pub async fn take(&self, delivery: Delivery) -> Answer {
        self.api.hear();
        let me = match self.identity(delivery.kind).await {
            Ok(me) => me,
            Err(error) => return self.withhold(&error.to_string()),
        };
        match read(&delivery, me) {
            Reading::Act(inbound) => {
                self.note_organisation(&delivery, &inbound);
                self.work(*inbound).await
            }
            Reading::Ignored(why) => {
                tracing::debug!(why, "passed over");
                self.tally.ignored.add();
                Answer::Empty
            }
            Reading::Unknown(what) => {
                self.note_unknown(&what);
                Answer::Empty
            }
        }
    }

    /// Brings an answer that an acknowledgement could not carry.
    pub fn send_later(&self, ack: Ack, reply: Reply) {
        let Some(message) = reply.instead(ack) else {
            return;
        };
        let this = self.clone();
        self.tracker
            .spawn(async move { reply.send(&this.api, &message, &this.cancel).await });
    }

    /// Counts a delivery that nobody knows, and logs each kind once. Only its name is logged: a
    /// payload may hold tokens and response URLs.
    pub(super) fn note_unknown(&self, what: &str) {
        self.tally.unknown.add();
        if self.tally.first(what) {
            tracing::info!(what, "an unknown delivery was acknowledged and left alone");
        }
    }

    /// Who we are; needed for events only, since only there our own words come back.
    async fn identity(&self, kind: Kind) -> Result<Option<&Identity>, SlackError> {
        match kind {
            Kind::Event => self.api.whoami().await.map(Some),
            Kind::Interaction | Kind::Command => Ok(None),
        }
    }

    fn note_organisation(&self, delivery: &Delivery, inbound: &Inbound) {
        let wide = delivery.payload.get("is_enterprise_install");
        let said = wide.is_some_and(|w| w.as_bool() == Some(true) || w.as_str() == Some("true"));
        if (said || inbound.team.is_none()) && self.tally.first("organisation-wide install") {
            tracing::warn!(
                "deliveries come from an organisation-wide install: teams may be missing"
            );
        }
    }

    fn withhold(&self, why: &str) -> Answer {
        self.tally.withheld.add();
        tracing::warn!(
            why,
            "a delivery was not acknowledged; Slack will repeat events"
        );
        Answer::Withheld
    }

    async fn work(&self, inbound: Inbound) -> Answer {
        if self.cancel.is_cancelled() {
            return self.withhold("shutting down");
        }
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            return self.withhold("too many deliveries at once");
        };
        self.tally.taken.add();
        let reply = Reply::to(&inbound);
        let (done, waiting) = oneshot::channel();
        let this = self.clone();
        let (inside, aside) = (reply.clone(), reply);
        self.tracker
            .spawn(async move { this.react(inbound, inside, done, permit).await });
        self.wait(waiting, aside).await
    }

    /// Lets the receiver work, then gives its answer to the acknowledgement if that still waits, and
    /// else brings it itself.
    async fn react(
        self,
        inbound: Inbound,
        reply: Reply,
        done: oneshot::Sender<Ack>,
        _permit: OwnedSemaphorePermit,
    ) {
        let (rides, follows) = reply.split(self.receiver.receive(inbound).await);
        // Acknowledge first: what follows takes a call of its own. What rides on the acknowledgement
        // and comes too late for it is brought by another way, as far as there is one.
        let late = done.send(rides).err();
        let message = follows.or_else(|| late.and_then(|ack| reply.instead(ack)));
        if let Some(message) = message {
            reply.send(&self.api, &message, &self.cancel).await;
        }
    }

    async fn wait(&self, mut done: oneshot::Receiver<Ack>, reply: Reply) -> Answer {
        match tokio::time::timeout(PATIENCE, &mut done).await {
            Ok(Ok(answer)) => acknowledged(answer, reply),
            // The receiver panicked: its answer will never come. Slack's repetition has the same key.
            Ok(Err(_)) => self.withhold("the receiver broke"),
            Err(_) => {
                // From here on the work brings its answer itself, unless it was just left here.
                done.close();
                match done.try_recv() {
                    Ok(answer) => acknowledged(answer, reply),
                    Err(_) => self.still_working(reply),
                }
            }
        }
    }

    fn still_working(&self, reply: Reply) -> Answer {
        self.tally.late.add();
        let meanwhile = reply.meanwhile();
        acknowledged(meanwhile, reply)
    }
}

fn acknowledged(answer: Ack, reply: Reply) -> Answer {
    match answer {
        Ack::Silent => Answer::Empty,
        answer => Answer::With(answer, reply),
    }
}
