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
use super::inbound::{Ack, Inbound, Receiver, What};
use crate::view::replies;

mod body;
mod crowd;
mod payload;
mod read;
mod reply;
mod tally;
#[cfg(test)]
mod tests;
mod text;
mod under_way;

pub(super) use self::body::Body;
use self::crowd::{Crowd, Entry, Place};
pub use self::read::{Delivery, Kind};
use self::read::{Reading, read};
pub use self::reply::Reply;
pub use self::tally::{Count, Tally};
use self::under_way::{Known, Mark, UnderWay, Work};

/// How long an acknowledgement waits for the work. Slack gives 3 s from its own side; the rest is for
/// the way.
const PATIENCE: Duration = Duration::from_secs(2);

/// Deliveries worked on at once. More than people can cause.
const ROOM: usize = 256;

/// Deliveries in line or worked on, of everybody together; what `crowd` lets in beyond that is given back to Slack.
const HALL: usize = 8 * ROOM;

/// Longest name of an unknown delivery that is logged and remembered, in characters: it is the payload's.
const LONGEST_NAME: usize = 100;

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
/// - An event that may be done twice ([`Receiver::is_marked`]: an ask) is acknowledged only when the receiver is done with
///   it, or, beyond the end of a person's line, when they were told lately that nothing is done. Until then Slack repeats
///   it, so a process that dies takes no ask with it; a repetition waits for the work that has begun (`under_way.rs`).
/// - All else is acknowledged after two seconds at the latest: Slack repeats no command, click or form, and other events
///   are not to be done again.
/// - Work is never cancelled by an acknowledgement or a closed connection.
/// - A press that is not taken is never acknowledged without a word: nobody may think that a *revoke* was heard.
/// - All work runs on the tracker, so shutdown waits for it.
/// - One person's deliveries stand in that person's line (`crowd.rs`): others do not wait for them.
/// - When there is no room, when shutting down, and when the receiver broke, nothing is acknowledged.
#[derive(Clone)]
pub struct Deliverer {
    api: Arc<SlackApi>,
    receiver: Arc<dyn Receiver>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    room: Arc<Semaphore>,
    hall: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    under_way: Arc<UnderWay>,
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
            hall: Arc::new(Semaphore::new(HALL)),
            crowd: Arc::default(),
            under_way: Arc::default(),
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
                match delivery.kind {
                    Kind::Event => self.once(*inbound).await,
                    Kind::Interaction | Kind::Command => self.work(*inbound, (None, false)).await,
                }
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
        let what: String = what.chars().take(LONGEST_NAME).collect();
        if self.tally.first(&what) {
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

    /// An event: Slack repeats it until it is acknowledged.
    async fn once(&self, inbound: Inbound) -> Answer {
        let is_marked = self.receiver.is_marked(&inbound);
        match self.under_way.begin(&inbound.key) {
            Known::New(mark) => self.work(inbound, (Some(mark), is_marked)).await,
            Known::Already(work) => self.join(work, is_marked).await,
        }
    }

    async fn join(&self, work: Work, is_marked: bool) -> Answer {
        match tokio::time::timeout(PATIENCE, work.ended()).await {
            Ok(true) => Answer::Empty,
            Ok(false) => self.withhold("the receiver broke"),
            Err(_) if is_marked => self.withhold("its work takes long"),
            Err(_) => Answer::Empty,
        }
    }

    /// `mark` is that of an event.
    async fn work(&self, inbound: Inbound, (mark, is_marked): (Option<Mark>, bool)) -> Answer {
        if self.cancel.is_cancelled() {
            return self.withhold("shutting down");
        }
        let reply = Reply::to(&inbound);
        let home = self.api.known().and_then(|me| me.team_id.as_ref());
        let place = match self.crowd.enter(&inbound, home) {
            Entry::In(place) => place,
            Entry::TooFast { tell } => return self.too_fast(&inbound, reply, tell),
            Entry::Full => return self.withhold("too many people at once"),
        };
        let Ok(permit) = Arc::clone(&self.hall).try_acquire_owned() else {
            return self.withhold("too many deliveries at once");
        };
        self.tally.taken.add();
        let (done, waiting) = oneshot::channel();
        let this = self.clone();
        let (inside, aside) = (reply.clone(), reply);
        self.tracker.spawn(async move {
            let told = Told { done, mark };
            this.react(inbound, inside, told, (place, permit)).await;
        });
        self.wait(waiting, aside, is_marked).await
    }

    /// What somebody sends beyond the end of their line: nothing of it is done, and they hear so once in a minute. A
    /// click that is told of is acknowledged; every other press is not, so that Slack's own words say that it was not
    /// taken. Messages beyond that are acknowledged without a word.
    fn too_fast(&self, inbound: &Inbound, reply: Reply, tell: bool) -> Answer {
        self.tally.crowded.add();
        if tell {
            tracing::warn!(by = %inbound.by, "asks faster than is worked");
        }
        match inbound.what {
            What::Said { .. } | What::Clicked { .. } if tell => {
                self.send_later(Ack::Private(replies::too_fast()), reply);
                Answer::Empty
            }
            What::Said { .. } | What::OpenedHome => Answer::Empty,
            _ => self.withhold("somebody sends faster than is worked"),
        }
    }

    /// Lets the receiver work, then gives its answer to the acknowledgement if that still waits, and
    /// else brings it itself.
    async fn react(
        self,
        inbound: Inbound,
        reply: Reply,
        told: Told,
        (place, _permit): (Place, OwnedSemaphorePermit),
    ) {
        let turn = place.turn().await;
        // Never closed.
        let room = Arc::clone(&self.room).acquire_owned().await;
        let (rides, follows) = reply.split(self.receiver.receive(inbound).await);
        // What follows may wait for Slack; the place in line is kept until then, so that it stays short.
        drop((turn, room));
        // Acknowledge first: what follows takes a call of its own. What rides on the acknowledgement
        // and comes too late for it is brought by another way, as far as there is one.
        let late = told.tell(rides);
        let message = follows.or_else(|| late.and_then(|ack| reply.instead(ack)));
        if let Some(message) = message {
            reply.send(&self.api, &message, &self.cancel).await;
        }
    }

    async fn wait(
        &self,
        mut done: oneshot::Receiver<Ack>,
        reply: Reply,
        is_marked: bool,
    ) -> Answer {
        match tokio::time::timeout(PATIENCE, &mut done).await {
            Ok(Ok(answer)) => acknowledged(answer, reply),
            // The receiver panicked: its answer will never come. Slack's repetition has the same key.
            Ok(Err(_)) => self.withhold("the receiver broke"),
            Err(_) => {
                // From here on the work brings its answer itself, unless it was just left here.
                done.close();
                match done.try_recv() {
                    Ok(answer) => acknowledged(answer, reply),
                    Err(_) => self.still_working(reply, is_marked),
                }
            }
        }
    }

    fn still_working(&self, reply: Reply, is_marked: bool) -> Answer {
        self.tally.late.add();
        if is_marked {
            return self.withhold("its work takes long");
        }
        let meanwhile = reply.meanwhile();
        acknowledged(meanwhile, reply)
    }
}

/// Who waits to hear that the receiver is done.
struct Told {
    done: oneshot::Sender<Ack>,
    mark: Option<Mark>,
}

impl Told {
    /// Tells them that it is, and returns what the acknowledgement was to carry where it came too late for that.
    fn tell(self, rides: Ack) -> Option<Ack> {
        if let Some(mark) = &self.mark {
            mark.done();
        }
        self.done.send(rides).err()
    }
}

fn acknowledged(answer: Ack, reply: Reply) -> Answer {
    match answer {
        Ack::Silent => Answer::Empty,
        answer => Answer::With(answer, reply),
    }
}
