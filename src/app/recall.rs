//! What this process knows of requests: the newest version that it read or made, and where it was shown. So a
//! store that went back is noticed (a failover to an older copy, a restored backup, an append-only file that
//! lost its last second), and what people were shown is set right.
//!
//! # Guarantees
//! - No false alarm: what is compared with a document was acknowledged before that document was asked for.
//! - A request that went back is set right before anybody acts on it ([`super::Book::load`]). One that is lost
//!   is told of within two rounds, and at once to whoever presses a button on its card (`unknown`). One that
//!   comes back after that (a restored backup) is shown again, with its buttons, within a round.
//!
//! # Caveats
//! Kept in the process, at most [`MOST`] requests: a process that starts after the store went back knows
//! nothing. Then the cluster tells of what was open ([`crate::reaper`]), and a press of what was shown.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{BookError, Page, Parts};
use crate::clock::Clock;
use crate::id::RequestId;
use crate::request::{Back, Lost, MOST_LOST, PostStatus, Request, State};
use crate::rules::UserId;
use crate::store::{CommitId, Version};
use crate::units::{Seconds, Time};

mod memory;
mod rounds;

pub use self::memory::MOST;
use self::memory::Memory;
pub use self::rounds::run;
pub(super) use self::rounds::unknown;

/// How often those that nothing was heard of since are looked for.
const EVERY: Seconds = Seconds(60);

/// Rounds for which one that is over is looked for.
const OVER_FOR: u8 = 2;

/// A message by channel and `ts`.
pub type Place = (String, String);

/// What is known of one request.
#[derive(Debug, Clone)]
pub(super) struct Known {
    version: Version,
    face: u32,
    was: &'static str,
    lets_go: bool,
    over: bool,
    places: Vec<Place>,
    /// Messages that Slack refused for good.
    given_up: usize,
    path: (String, String),
    requester: Option<UserId>,
    /// The last loss that it was set right after: a later one is another.
    back: Option<Back>,
    gone: Gone,
    /// Whether it was read or made since the last round.
    fresh: bool,
    /// Rounds in which nothing was heard of this version.
    rounds: u8,
}

/// Whether the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// As far as is known.
    No,
    /// It has not: its messages may say so already.
    Seen,
    /// It has not, and everybody was told.
    Told,
}

/// The memory of one process.
#[derive(Debug)]
pub struct Recall {
    clock: Arc<dyn Clock>,
    known: Mutex<Memory>,
}

impl Known {
    fn of(request: &Request, version: &Version) -> Self {
        Self {
            version: version.clone(),
            face: request.posts.face,
            was: request.state.word(),
            lets_go: request.state.lets_go(),
            over: request.state.is_final(),
            places: places(request)
                .map(|(c, ts)| (c.to_owned(), ts.to_owned()))
                .collect(),
            given_up: given_up(request),
            path: request.path(),
            requester: request.requester().cloned(),
            back: request.back,
            gone: Gone::No,
            fresh: true,
            rounds: 0,
        }
    }

    /// What the store lost of it, if the document is behind, or was not there for a while: then its messages say
    /// that it is lost. One that was set right since knows up to where.
    ///
    /// `past` are the commits before that version: a store that went back may have gone on from there, past what is
    /// known, before anybody who knows looked.
    pub(super) fn lost_by(
        &self,
        request: &Request,
        (version, past): (&Version, &[CommitId]),
    ) -> Option<Lost> {
        let (known, found) = (self.version.revision, version.revision);
        let behind = match found.0.checked_sub(known.0) {
            None => true,
            Some(0) => version.commit != self.version.commit,
            // What is not remembered any more is believed, unless a message is missing.
            Some(later) => usize::try_from(later - 1)
                .ok()
                .and_then(|place| past.get(place))
                .is_some_and(|commit| *commit != self.version.commit),
        };
        let gone = self.gone != Gone::No;
        let untold = (behind || gone) && !self.is_told(request);
        (untold || self.misses_messages(request)).then(|| Lost {
            upto: known.0,
            // A later picture than any that was shown: whoever was told that it is lost hears that it is not.
            face: self.face.saturating_add(u32::from(gone)),
            was: self.was.to_owned(),
            lets_go: self.lets_go,
            over: self.over,
            places: self.places.clone(),
        })
    }

    /// Whether a message is not in the document any more, though none ever leaves it but by being given up: whoever
    /// set it right knew of another loss, or it went on for longer than the store remembers.
    fn misses_messages(&self, request: &Request) -> bool {
        let there: BTreeSet<_> = places(request).collect();
        let mut known = self.places.iter();
        let all = known.all(|(channel, ts)| there.contains(&(channel.as_str(), ts.as_str())));
        !all && given_up(request) <= self.given_up
    }

    /// Whether a document was set right after what is known was lost, by whoever saw that first.
    fn is_told(&self, request: &Request) -> bool {
        let known = self.back.map(|back| back.at);
        let back = request
            .back
            .filter(|back| known.is_none_or(|at| back.at > at));
        back.is_some_and(|back| back.upto >= self.version.revision.0)
    }
}

/// Every message that a request has in Slack.
fn places(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    request
        .posts
        .list
        .iter()
        .filter_map(|post| match &post.status {
            PostStatus::Posted { channel, ts, .. } => Some((channel.as_str(), ts.as_str())),
            _ => None,
        })
}

fn given_up(request: &Request) -> usize {
    let given_up = |status: &PostStatus| matches!(status, PostStatus::GivenUp { .. });
    let posts = request.posts.list.iter();
    posts.filter(|post| given_up(&post.status)).count()
}

impl Recall {
    /// An empty memory.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let known = Mutex::default();
        Self { clock, known }
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(super) fn known(&self, id: &RequestId) -> Option<Known> {
        self.all().get(id).cloned()
    }

    /// This version was read or made.
    pub(super) fn note(&self, request: &Request, version: &Version) {
        // Refused at once, it was never open nor waited for; hopeless asks must not crowd out what is.
        if matches!(request.state, State::Refused { .. }) {
            return;
        }
        let mut all = self.all();
        let mut news = Known::of(request, version);
        if let Some(old) = all.get_mut(&request.id) {
            // Read before another task here made the newer one.
            if version.revision < old.version.revision && !old.is_told(request) {
                old.fresh = true;
                return;
            }
            if old.version == *version {
                news.rounds = old.rounds;
            }
        }
        all.put(&request.id, news);
    }

    /// Those of which nothing was heard since the last round, and those that the store did not have then. One that is
    /// over is looked for twice: should its end be lost, another replica may be about to open it.
    fn quiet(&self) -> Vec<RequestId> {
        let mut quiet = Vec::new();
        for (id, known) in self.all().iter_mut() {
            let silent = !std::mem::take(&mut known.fresh);
            known.rounds = known.rounds.saturating_add(u8::from(silent));
            let matters = !known.over || known.rounds <= OVER_FOR;
            if known.gone != Gone::No || (silent && matters) {
                quiet.push(id.clone());
            }
        }
        quiet
    }

    /// The store does not have it. Of one that is over nobody is told who does not ask.
    fn missed(&self, id: &RequestId) {
        let mut all = self.all();
        if let Some(known) = all.get_mut(id).filter(|known| known.gone == Gone::No) {
            tracing::error!(%id, was = known.was, "the store lost a request");
            known.gone = if known.over { Gone::Told } else { Gone::Seen };
        }
    }

    fn told(&self, id: &RequestId) {
        if let Some(known) = self.all().get_mut(id) {
            known.gone = Gone::Told;
        }
    }

    fn all(&self) -> MutexGuard<'_, Memory> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The cluster has objects of a request that waits: the store forgot that it was approved. They are
/// withdrawn by then; people are told, and every later picture is newer than any that was shown.
///
/// # Errors
/// The store failed.
pub async fn beyond(parts: &Parts, page: Page) -> Result<(), BookError> {
    let lost = Lost {
        upto: 0,
        face: page.request.posts.face.saturating_add(MOST_LOST),
        was: "active".to_owned(),
        lets_go: false,
        over: false,
        places: Vec::new(),
    };
    // Somebody else was faster: they saw what we see, or the next comparison does.
    parts.book.set_right(page, lost).await.map(drop)
}

#[cfg(test)]
mod tests;
