//! The only source of randomness: ids, commit ids, name suffixes, jitter. Seeded in simulations.

use std::sync::{Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::id::{ALPHABET, ID_LENGTH, RequestId, Shard};
use crate::store::CommitId;

/// Draws everything that must be unpredictable (or, in a simulation, repeatable).
///
/// Each kind of draw has a sequence of its own: how often somebody drew jitter must not change the
/// ids of a simulation, or every transcript would change with every retry.
#[derive(Debug)]
pub struct Entropy {
    ids: Sequence,
    commits: Sequence,
    suffixes: Sequence,
    fractions: Sequence,
    chains: Sequence,
    lulls: Sequence,
    notes: Sequence,
}

#[derive(Debug)]
struct Sequence(Mutex<StdRng>);

impl Sequence {
    fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Entropy {
    /// Seeded by the operating system.
    pub fn from_os() -> Self {
        Self::of(|_| StdRng::from_os_rng())
    }

    /// Repeatable: the same seed draws the same sequences.
    pub fn seeded(seed: u64) -> Self {
        Self::of(|kind| StdRng::seed_from_u64(seed.wrapping_add(kind << 32)))
    }

    /// Makes the sequence of each kind.
    fn of(make: impl Fn(u64) -> StdRng) -> Self {
        let sequence = |kind| Sequence(Mutex::new(make(kind)));
        Self {
            ids: sequence(0),
            commits: sequence(1),
            suffixes: sequence(2),
            fractions: sequence(3),
            chains: sequence(4),
            lulls: sequence(5),
            notes: sequence(6),
        }
    }

    /// A request id in the given shard.
    pub fn request_id(&self, shard: Shard) -> RequestId {
        Self::id(&self.ids, shard)
    }

    /// The id of a note that nobody reads: a sequence of its own, so that what is on record changes no
    /// request's id.
    pub fn note_id(&self, shard: Shard) -> RequestId {
        Self::id(&self.notes, shard)
    }

    fn id(sequence: &Sequence, shard: Shard) -> RequestId {
        let mut draw = [0_u8; ID_LENGTH - 1];
        for letter in &mut draw {
            *letter = sequence.with(|rng| rng.random_range(0..31));
        }
        RequestId::from_draw(draw, shard)
    }

    /// A commit id: 128 random bits in hex.
    pub fn commit_id(&self) -> CommitId {
        CommitId(format!("{:032x}", self.commits.with(Rng::random::<u128>)))
    }

    /// Ten characters of [`ALPHABET`] (49 bits): the unguessable part of an object's name.
    pub fn suffix(&self) -> String {
        let pick = |_| {
            let n = self
                .suffixes
                .with(|rng| rng.random_range(0..ALPHABET.len()));
            ALPHABET.get(n).copied().map_or('a', char::from)
        };
        (0..10).map(pick).collect()
    }

    /// A number in `0.0..1.0`, for jitter.
    pub fn fraction(&self) -> f64 {
        self.fractions.with(Rng::random::<f64>)
    }

    /// The id of a ledger: 128 random bits in hex.
    pub fn chain_id(&self) -> String {
        format!("{:032x}", self.chains.with(Rng::random::<u128>))
    }

    /// As [`Entropy::fraction`], for the pauses of the ledger.
    pub fn lull(&self) -> f64 {
        self.lulls.with(Rng::random::<f64>)
    }
}

/// What simulations plan by chance with: the same seed falls the same way.
#[derive(Debug, Clone)]
pub struct Dice(StdRng);

impl Dice {
    /// Dice of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number in `from..=to`; `from` where that is empty.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to.max(from))
    }

    /// Whether something happens that does so in this many of a hundred cases.
    pub fn falls(&mut self, percent: u64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of these; `None`: there are none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(from.len()).ok()?.checked_sub(1)?;
        from.get(usize::try_from(self.between(0, last)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_sequence() {
        let draw = |seed| {
            let e = Entropy::seeded(seed);
            let shard = Shard::of_key("x");
            (e.request_id(shard), e.commit_id(), e.suffix())
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn one_kind_of_draw_does_not_disturb_another() {
        let (quiet, busy) = (Entropy::seeded(7), Entropy::seeded(7));
        let drawn: Vec<f64> = (0..5).map(|_| busy.fraction()).collect();
        assert!(drawn.iter().all(|n| (0.0..1.0).contains(n)));
        let shard = Shard::of_key("x");
        assert_eq!(busy.note_id(shard).shard(), shard);
        assert_eq!(quiet.request_id(shard), busy.request_id(shard));
        assert_eq!(quiet.commit_id(), busy.commit_id());
    }
}
