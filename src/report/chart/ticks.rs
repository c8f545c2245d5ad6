//! Where the lines to read values by are.

/// From zero in even steps, the last at or above the largest value; at most `most` steps.
pub(super) fn numbers(largest: u64, most: u64) -> Vec<u64> {
    let mut size = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let step = size.saturating_mul(factor);
            if step.saturating_mul(most) >= largest {
                return up_to(largest, step);
            }
        }
        size = size.saturating_mul(10);
        if size == u64::MAX {
            return vec![0, largest];
        }
    }
}

/// Lengths that people count in, in seconds.
const LENGTHS: [u64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 432_000, 864_000, 2_592_000,
];

/// The same for lengths of time in seconds.
pub(super) fn lengths(largest: u64, most: u64) -> Vec<u64> {
    let fits = |step: &&u64| step.saturating_mul(most) >= largest;
    match LENGTHS.iter().find(fits) {
        Some(step) => up_to(largest, *step),
        None => numbers(largest, most),
    }
}

fn up_to(largest: u64, step: u64) -> Vec<u64> {
    let steps = largest.div_ceil(step).max(1);
    (0..=steps).map(|n| n.saturating_mul(step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_begin_at_zero_and_hold_the_largest() {
        for (largest, expected) in [
            (0, vec![0, 1]),
            (1, vec![0, 1]),
            (4, vec![0, 1, 2, 3, 4]),
            (5, vec![0, 2, 4, 6]),
            (1_937, vec![0, 500, 1_000, 1_500, 2_000]),
        ] {
            assert_eq!(numbers(largest, 4), expected);
        }
        assert_eq!(lengths(100, 4), [0, 30, 60, 90, 120]);
        assert_eq!(lengths(7_000, 4), [0, 1_800, 3_600, 5_400, 7_200]);
        for largest in [1, 59, 3_601, 86_401, 40_000_000, u64::MAX] {
            for ticks in [lengths(largest, 4), numbers(largest, 4)] {
                assert!(
                    ticks.len() <= 5 && ticks.last() >= Some(&largest),
                    "{ticks:?}"
                );
            }
        }
    }
}
