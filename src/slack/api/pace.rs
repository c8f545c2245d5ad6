//! Keeps to Slack's rate limits before Slack has to say so.
//!
//! Slack takes about one message a second per channel, and answers a burst with 429 and a pause for
//! the whole method. The client library's own control counts messages of the whole workspace
//! together, so four channels would wait for each other; hence ours, per channel.
//!
//! # Guarantees
//! A message that cannot go soon has a place in its channel's line and is told when its turn will be, so that it comes
//! back then and not before. Places are by [`Rank`], which whoever asks brings along: a message that comes back late,
//! to another replica or to the next process stands where it stood. A place that nobody comes back for holds up nobody.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::units::Time;

/// Slack: "one message per second per channel" (docs.slack.dev, rate limits).
const BETWEEN_MESSAGES: Duration = Duration::from_secs(1);

/// The longest a call waits here for its turn. A longer wait is the caller's: a worker must not sit
/// on its lease while a channel is busy.
const PATIENCE: Duration = Duration::from_secs(2);

/// Channels remembered before those that are free again are forgotten.
const REMEMBERED: usize = 1024;

/// Places in all lines together: some hours of a channel, in about a megabyte. Whoever finds none is told the end of
/// the line and is there without one.
const PLACES: usize = 16_384;

/// What goes before what in a channel's line, foremost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Before all that can wait; among themselves the oldest first.
    Urgent(Time),
    /// What waits since then; the oldest first.
    Since(Time),
}

/// A new message that wants its turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// Where it goes.
    pub(super) channel: &'a str,
    /// What goes before it.
    pub(super) rank: Rank,
    /// Its name; whoever comes back has the same.
    pub(super) key: &'a str,
}

/// Who may call when.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    channels: HashMap<String, Line>,
    /// Until when Slack wants no call of a method.
    paused: HashMap<&'static str, Instant>,
}

/// One channel.
#[derive(Debug, Default)]
struct Line {
    /// When its next message may go; `None`: now.
    free: Option<Instant>,
    /// Those who were told to come back, and when.
    places: BTreeMap<(Rank, String), Instant>,
}

impl Pace {
    /// Waits for the call's turn; a message takes its channel's next slot.
    ///
    /// # Errors
    /// How long the caller must wait, when that is longer than this waits itself. No slot is taken; a message keeps a
    /// place until then.
    ///
    /// Cancel safe: a cancelled wait leaves its slot unused.
    pub(super) async fn turn(
        &self,
        method: &'static str,
        message: Option<&Wanted<'_>>,
    ) -> Result<(), Duration> {
        let now = Instant::now();
        let at = self.reserve(method, message, now)?;
        if at > now {
            tokio::time::sleep_until(at).await;
        }
        Ok(())
    }

    fn reserve(
        &self,
        method: &'static str,
        message: Option<&Wanted<'_>>,
        now: Instant,
    ) -> Result<Instant, Duration> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let from = turns
            .paused
            .get(method)
            .map_or(now, |until| now.max(*until));
        let Some(message) = message else {
            let wait = from - now;
            return if wait > PATIENCE { Err(wait) } else { Ok(from) };
        };
        let has_room = turns.make_room(now) < PLACES;
        let line = turns.channels.entry(message.channel.to_owned());
        line.or_default().take(message, (from, now), has_room)
    }

    /// Slack answered 429: no call of this method for so long.
    pub(super) fn pause(&self, method: &'static str, after: Duration) {
        let until = Instant::now() + after;
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = turns.paused.entry(method).or_insert(until);
        *paused = until.max(*paused);
    }
}

impl Turns {
    /// Forgets channels that nobody waits for, once there are many; how many places are taken.
    fn make_room(&mut self, now: Instant) -> usize {
        if self.channels.len() >= REMEMBERED {
            self.channels.retain(|_, line| line.is_needed(now));
        }
        self.channels.values().map(|line| line.places.len()).sum()
    }
}

impl Line {
    /// When the message goes, not before `from`: at once, or within [`PATIENCE`]. Else how long it is until its turn.
    fn take(
        &mut self,
        message: &Wanted<'_>,
        (from, now): (Instant, Instant),
        has_room: bool,
    ) -> Result<Instant, Duration> {
        self.drop_absent(now);
        let place = (message.rank, message.key.to_owned());
        let before = self.before(&place);
        let next = self.free.map_or(from, |free| from.max(free));
        let turn = next + BETWEEN_MESSAGES * before;
        let wait = turn - now;
        if wait > PATIENCE {
            if has_room {
                self.places.insert(place, turn);
            }
            return Err(wait);
        }
        // Those before it are not here yet and have the slots after it; at most two go before them in this way.
        self.free = Some(next + BETWEEN_MESSAGES);
        Ok(next)
    }

    /// How many go before this one, whose own place is given up.
    fn before(&mut self, place: &(Rank, String)) -> u32 {
        // Whoever comes back is in front, whoever is new is behind: counted from the nearer end.
        let count = if self.places.remove(place).is_some() {
            self.places.range(..place).count()
        } else {
            self.places.len() - self.places.range(place..).count()
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whoever did not come back in time holds up nobody: where they come, by their rank they are in front.
    fn drop_absent(&mut self, now: Instant) {
        while let Some(first) = self.places.first_entry()
            && *first.get() < now
        {
            first.remove();
        }
    }

    fn is_needed(&mut self, now: Instant) -> bool {
        self.drop_absent(now);
        !self.places.is_empty() || self.free.is_some_and(|free| free > now)
    }
}

#[cfg(test)]
mod tests;
