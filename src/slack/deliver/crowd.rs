//! Who is worked for at the same time: whoever floods the bot waits for themselves, and nobody else waits for them.
//!
//! # Guarantees
//! - Of one person at most [`PERSON`]`.at_once` deliveries are worked on, and of one channel [`CHANNEL`]`.at_once`; the rest
//!   stands in line, first come, first served. So one person who sends a thousand takes two of the bot's
//!   places, however many others there are.
//! - A line has an end: who comes beyond it is told so once in [`TOLD_FOR`], and nothing of it is done.
//! - Bounded: at most [`LINES`] lines are known, each of at most its length.
//! - Whoever stands in line gets a turn: nothing that was let in is dropped.
//! - Whoever writes in a channel from another workspace (Slack Connect) stands in another line than those of ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::rules::TeamId;
use crate::slack::inbound::{Inbound, Surface, What};

/// How many of one line.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Worked on at the same time.
    at_once: usize,
    /// That and in line.
    most: usize,
}

/// One person does one thing, and another while that takes long. A form that asks for suggestions at every key
/// is quick.
const PERSON: Line = Line {
    at_once: 2,
    most: 64,
};

/// In an incident's channel many press at once.
const CHANNEL: Line = Line {
    at_once: 16,
    most: 256,
};

/// Lines known at once: more people than are ever active in the same second. An entry is some hundred bytes.
const LINES: usize = 4_096;

/// How long after they were told somebody who goes on is not told again.
const TOLD_FOR: Duration = Duration::from_secs(60);

/// All lines of one process.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<HashMap<Key, State>>);

/// Whose line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Person(String),
    Channel(String),
    /// Those of other workspaces in a channel.
    Visitors(String),
}

#[derive(Debug)]
struct State {
    seats: Arc<Semaphore>,
    inside: usize,
    told: Option<Instant>,
}

/// Whether somebody is let in.
#[derive(Debug)]
pub(super) enum Entry {
    /// Yes: a place in line.
    In(Place),
    /// There are too many of the same; whether they are to be told.
    TooFast {
        /// Not told lately.
        tell: bool,
    },
    /// There are too many altogether.
    Full,
}

/// A place in line; it is given up with the value.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    keys: Vec<Key>,
    seats: Vec<Arc<Semaphore>>,
}

impl Key {
    const fn line(&self) -> Line {
        match self {
            Self::Person(_) => PERSON,
            Self::Channel(_) | Self::Visitors(_) => CHANNEL,
        }
    }
}

impl State {
    fn new(line: Line) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(line.at_once)),
            inside: 0,
            told: None,
        }
    }

    fn was_told(&self, now: Instant) -> bool {
        let told = self.told.map(|told| now.saturating_duration_since(told));
        told.is_some_and(|ago| ago < TOLD_FOR)
    }
}

impl Crowd {
    /// Lets somebody in, or says why not. Never waits. `home`: our workspace, if it is known.
    pub(super) fn enter(self: &Arc<Self>, inbound: &Inbound, home: Option<&TeamId>) -> Entry {
        let keys = keys(inbound, home);
        let now = Instant::now();
        let mut lines = self.lines();
        if lines.len().saturating_add(keys.len()) > LINES {
            lines.retain(|_, line| line.inside > 0 || line.was_told(now));
        }
        let new = keys.iter().filter(|key| !lines.contains_key(*key)).count();
        if lines.len().saturating_add(new) > LINES {
            return Entry::Full;
        }
        let is_full = |key: &&Key| {
            let line = lines.get(*key);
            line.is_some_and(|line| line.inside >= key.line().most)
        };
        if let Some(full) = keys.iter().find(is_full).cloned() {
            return too_fast(&mut lines, (&keys, &full), now);
        }
        let mut seats = Vec::new();
        for key in &keys {
            let line = lines
                .entry(key.clone())
                .or_insert_with(|| State::new(key.line()));
            line.inside = line.inside.saturating_add(1);
            seats.push(Arc::clone(&line.seats));
        }
        drop(lines);
        Entry::In(Place {
            crowd: Arc::clone(self),
            keys,
            seats,
        })
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<Key, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It is the person who is told, whosever line is full.
fn too_fast(lines: &mut HashMap<Key, State>, (keys, full): (&[Key], &Key), now: Instant) -> Entry {
    let person = keys.iter().find(|key| matches!(key, Key::Person(_)));
    let key = person.unwrap_or(full);
    let line = lines
        .entry(key.clone())
        .or_insert_with(|| State::new(key.line()));
    let tell = !line.was_told(now);
    if tell {
        line.told = Some(now);
    }
    Entry::TooFast { tell }
}

impl Place {
    /// Waits for one's turn. Always in the same order, a person's before a channel's, so that no two wait for
    /// each other.
    pub(super) async fn turn(&self) -> Vec<OwnedSemaphorePermit> {
        let mut turn = Vec::with_capacity(self.seats.len());
        for seats in &self.seats {
            // Never closed.
            turn.extend(Arc::clone(seats).acquire_owned().await.ok());
        }
        turn
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut lines = self.crowd.lines();
        for key in &self.keys {
            if let Some(line) = lines.get_mut(key) {
                line.inside = line.inside.saturating_sub(1);
                if line.inside == 0 && !line.was_told(now) {
                    lines.remove(key);
                }
            }
        }
    }
}

/// In whose lines a delivery stands. What nobody did is in none.
fn keys(inbound: &Inbound, home: Option<&TeamId>) -> Vec<Key> {
    let person = Some(inbound.by.0.clone()).filter(|by| !by.is_empty());
    let channel = match &inbound.what {
        What::Said { surface, .. } => match surface {
            Surface::Command { channel, .. } | Surface::Mention { channel, .. } => Some(channel),
            Surface::Direct { .. } => None,
        },
        What::Clicked { channel, .. } => Some(channel),
        _ => None,
    };
    // A direct channel has one person.
    let channel = channel.filter(|id| !id.is_empty() && !id.starts_with('D'));
    // As long a line: in an organisation of several workspaces these are colleagues.
    let visits = matches!((home, &inbound.team), (Some(home), Some(team)) if home != team);
    let channel = channel.cloned().map(match visits {
        true => Key::Visitors,
        false => Key::Channel,
    });
    let person = person.map(Key::Person);
    person.into_iter().chain(channel).collect()
}

#[cfg(test)]
mod tests;
