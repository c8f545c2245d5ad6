//! Why a store call failed, and whether another try makes sense.

use crate::retry::Retry;

/// Why a store call failed. After any error a commit *may* have been applied: repeat it with the
/// same commit id, or load and look.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, refused connection, time-out, failover, loading.
    #[error("the store did not answer")]
    Away(#[source] anyhow::Error),
    /// It is written, but no replica had it in time: a failover may still take it back. The same call again
    /// changes nothing more and waits anew. Until it is answered nothing may follow from it.
    #[error("the store has no second copy of the change yet")]
    Unreplicated,
    /// The store is out of memory or disk; nothing was written.
    #[error("the store is full")]
    Full(#[source] anyhow::Error),
    /// Somebody else serves from it, and it can have only one server (a SQLite file).
    #[error("the store is taken: {0}")]
    Taken(String),
    /// A key has a type or contents we did not write; nothing was written.
    #[error("the store holds something unexpected: {0}")]
    Corrupt(String),
    /// The call broke the contract (body too large, seen mark in another shard); nothing was written.
    #[error("the store was asked wrongly: {0}")]
    Misuse(String),
}

impl StoreError {
    /// One word for metrics.
    pub const fn class(&self) -> &'static str {
        match self {
            Self::Away(_) => "away",
            Self::Unreplicated => "unreplicated",
            Self::Full(_) => "full",
            Self::Taken(_) => "taken",
            Self::Corrupt(_) => "corrupt",
            Self::Misuse(_) => "misuse",
        }
    }

    /// What two tries of one call came to. That there was no room for the second says nothing of the first, which may
    /// have been done: whoever repeats must not tell people that nothing was.
    pub(crate) fn of_both(first: Self, second: Self) -> Self {
        match (&first, &second) {
            (Self::Away(_) | Self::Unreplicated, Self::Full(_)) => first,
            _ => second,
        }
    }

    /// Whether and when the same call makes sense again.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Away(_) | Self::Unreplicated | Self::Full(_) | Self::Taken(_) => Retry::Later,
            Self::Corrupt(_) | Self::Misuse(_) => Retry::Never,
        }
    }
}

/// Answers of a store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::StoreError::{self, *};

    #[test]
    fn what_may_have_been_done_is_not_told_as_full() {
        let [away, full] = [
            || Away(anyhow::anyhow!("lost")),
            || Full(anyhow::anyhow!("oom")),
        ];
        let both = |first, second| StoreError::of_both(first, second).class();
        assert_eq!(both(away(), full()), "away");
        assert_eq!(both(Unreplicated, full()), "unreplicated");
        assert_eq!(both(full(), full()), "full");
        assert_eq!(both(full(), away()), "away");
        assert_eq!(both(away(), Unreplicated), "unreplicated");
    }
}
