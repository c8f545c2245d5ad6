//! What a whole story can be played under, so that every story also tests what an unlucky bot does.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One way of making everything hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hardship {
    /// Every lane step is done twice and every commit is sent twice. A worker's first commit of a step
    /// is refused as one whose lease was lost: its effects happened, its commit did not, and whoever
    /// claims the lane next does it all again. That is what an at-least-once execution means; an
    /// error of the store instead would only make the same worker send the same commit again. That
    /// is done too: each commit that was applied loses its first answer.
    Repeat,
    /// The first answer to each distinct call of Slack's Web API and of the API server is lost after
    /// the call was carried out.
    LoseAnswers,
    /// The process dies right after every commit that was applied, by lanes and for people alike, and
    /// another one starts. People whose click or command died with it see Slack's own error.
    CrashAfterCommits,
}

impl Hardship {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Repeat, Self::LoseAnswers, Self::CrashAfterCommits];

    /// The word for it on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::LoseAnswers => "lose-answers",
            Self::CrashAfterCommits => "crash",
        }
    }

    /// How long nothing must have happened before a town is quiet: longer than a lost lease, or a story
    /// would go on in the middle of a step; shorter than the pause between two tries at what is away.
    pub(super) const fn quiet(self) -> Duration {
        Duration::from_secs(4)
    }
}

/// What has happened once already.
#[derive(Debug)]
pub(super) struct Firsts<T>(Mutex<HashSet<T>>);

impl<T> Default for Firsts<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Hash + Eq> Firsts<T> {
    /// Whether this is the first time, which it is no more.
    pub(super) fn take(&self, what: T) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(what)
    }
}
