//! Lengths of time, and how they are spread.

use serde::Serialize;

/// Median and 90th percentile of some lengths.
///
/// Both by *nearest rank*, without interpolation: of `n` lengths in ascending order, the percentile `p` is
/// the one at place `⌈p·n/100⌉`, counted from 1. So each is a length that somebody really waited, at least
/// `p` percent of all are no longer, and the median of an even number is the lower of the middle two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Spread {
    /// How many lengths.
    pub count: u64,
    /// In seconds; `None` without any.
    pub median_seconds: Option<u64>,
    /// In seconds; `None` without any.
    pub p90_seconds: Option<u64>,
}

impl Spread {
    /// Of these lengths in seconds, in any order.
    pub fn of(mut lengths: Vec<u32>) -> Self {
        lengths.sort_unstable();
        let at = |percent: usize| {
            let place = (lengths.len() * percent).div_ceil(100);
            lengths.get(place.checked_sub(1)?).copied().map(u64::from)
        };
        Self {
            count: lengths.len() as u64,
            median_seconds: at(50),
            p90_seconds: at(90),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_length_at_its_nearest_rank() {
        for (lengths, median, p90) in [
            (vec![], None, None),
            (vec![7], Some(7), Some(7)),
            (vec![9, 1], Some(1), Some(9)),
            (vec![3, 1, 2], Some(2), Some(3)),
            ((1..=10).collect(), Some(5), Some(9)),
            ((1..=11).collect(), Some(6), Some(10)),
            ((1..=100).rev().collect(), Some(50), Some(90)),
            ((1..=101).collect(), Some(51), Some(91)),
        ] {
            let count = lengths.len() as u64;
            let spread = Spread::of(lengths);
            assert_eq!(
                (spread.count, spread.median_seconds, spread.p90_seconds),
                (count, median, p90)
            );
        }
    }
}
