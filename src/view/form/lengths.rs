//! Lengths of time to choose from, and how a chosen one comes back.

use super::super::screen::Choice;
use crate::units::Seconds;

/// What people choose among; templates and rules bound it.
const USUAL: [Seconds; 8] = [
    Seconds::minutes(5),
    Seconds::minutes(10),
    Seconds::minutes(15),
    Seconds::minutes(30),
    Seconds::hours(1),
    Seconds::hours(2),
    Seconds::hours(4),
    Seconds::hours(8),
];

/// The usual lengths between two, both included.
pub(super) fn between(least: Seconds, most: Seconds) -> Vec<Seconds> {
    let within = |length: &Seconds| *length >= least && *length <= most;
    USUAL.into_iter().filter(within).collect()
}

/// The same and these, each once, shortest first.
pub(super) fn with(lengths: Vec<Seconds>, more: impl IntoIterator<Item = Seconds>) -> Vec<Seconds> {
    let mut all: Vec<Seconds> = lengths.into_iter().chain(more).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A length to choose.
pub(super) fn choice(length: Seconds, remark: &str) -> Choice {
    Choice::new(&format!("{length}{remark}"), &length_value(length))
}

/// How a chosen length comes back.
pub fn length_value(length: Seconds) -> String {
    length.0.to_string()
}

/// Reads [`length_value`]. It may be forged: bounds are for the core and the rules to keep.
pub fn length_of(value: &str) -> Option<Seconds> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let length = digits.then(|| value.parse().ok()).flatten()?;
    (length > 0).then_some(Seconds(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_length_is_digits_and_nothing_else() {
        assert_eq!(length_of("1800"), Some(Seconds(1800)));
        assert_eq!(length_of(&length_value(Seconds(77))), Some(Seconds(77)));
        for forged in [
            "",
            "0",
            "-1",
            "+1",
            "1.5",
            "30m",
            " 5",
            "18446744073709551616",
            "٣",
        ] {
            assert_eq!(length_of(forged), None, "{forged}");
        }
    }

    #[test]
    fn bounds_are_kept_and_each_length_is_there_once() {
        let half_hour = Seconds::minutes(30);
        let all = between(Seconds::minutes(10), half_hour);
        let minutes = |all: Vec<Seconds>| all.iter().map(|l| l.0 / 60).collect::<Vec<_>>();
        assert_eq!(minutes(all.clone()), [10, 15, 30]);
        assert_eq!(
            minutes(with(all, [half_hour, Seconds::minutes(12)])),
            [10, 12, 15, 30]
        );
    }
}
