//! Lengths of time as people type them: `20s`, `30m`, `2h`, `1d`, `1h30m`, `20 minutes`, `an hour`.
//!
//! Also read by the configuration and by rules, so that a length means the same everywhere. Bounds
//! that templates and rules set are theirs; here only what no one can mean is refused.

mod error;

use std::fmt::Write as _;

pub use self::error::LengthError;
use super::problem::quoted;
use super::suggest;
use crate::units::Seconds;

/// Longest length that is read: a year. More is a slip of the finger, whatever the rules allow.
pub const LONGEST: Seconds = Seconds(365 * 86_400);

/// Units by the way they are written back, largest first, with every way to type them.
const UNITS: [(&str, u64, &[&str]); 4] = [
    ("d", 86_400, &["d", "day", "days"]),
    ("h", 3_600, &["h", "hr", "hrs", "hour", "hours"]),
    ("m", 60, &["m", "min", "mins", "minute", "minutes"]),
    ("s", 1, &["s", "sec", "secs", "second", "seconds"]),
];

/// A week has no letter of its own: it is refused with the same length in days.
const WEEKS: [&str; 4] = ["w", "wk", "week", "weeks"];
const WEEK: u64 = 7 * 86_400;

/// Numbers that people write out.
const NUMBERS: [(&str, u64); 19] = [
    ("a", 1),
    ("an", 1),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("fifteen", 15),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("ninety", 90),
];

/// Reads a length of time. Case and spaces do not matter.
///
/// # Errors
/// Zero, negative, fractional, unit-less and absurd lengths are each told apart.
pub fn read(text: &str) -> Result<Seconds, LengthError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(LengthError::Missing);
    }
    const MINUS: [char; 2] = ['-', '−'];
    if let Some(positive) = text.strip_prefix(MINUS) {
        // Once and no deeper: a text of minus signs must not end the process.
        let is_positive = !positive.trim_start().starts_with(MINUS);
        return Err(LengthError::Negative {
            text: quoted(text),
            nearest: is_positive.then(|| read(positive).ok()).flatten(),
        });
    }
    let words = split(text);
    let mut words = words.as_slice();
    let mut sum = Sum {
        text,
        total: 0,
        smallest: u64::MAX,
    };
    while !words.is_empty() {
        words = sum.add(words)?;
    }
    match sum.total {
        0 => Err(LengthError::Zero(quoted(text))),
        total => Ok(Seconds(total)),
    }
}

/// Writes a length the way [`read`] reads it: `1h30m`.
pub fn write(length: Seconds) -> String {
    let mut rest = length.0;
    let mut text = String::new();
    for (name, size, _) in UNITS {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            // Writing to a String cannot fail.
            let _ = write!(text, "{count}{name}");
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

/// Whether a word can be part of a length, so that `for 20 minutes because …` ends in time.
pub(super) fn continues(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with(|c: char| c.is_ascii_digit() || "-−+½¼¾.".contains(c))
        || ["half", "and"].contains(&word.as_str())
        || number(&word).is_some()
        || unit(&word).is_some()
        || WEEKS.contains(&word.as_str())
}

/// Whether a word is a slip of a unit's name, as in `5 minuts`.
pub(super) fn is_nearly_a_unit(word: &str) -> bool {
    word.len() >= 4 && near_unit(&word.to_ascii_lowercase()).is_some()
}

fn near_unit(word: &str) -> Option<u64> {
    let known = UNITS.iter().flat_map(|(_, _, names)| names.iter().copied());
    suggest::nearest(word, known).and_then(unit)
}

/// How many of a unit.
#[derive(Clone, Copy)]
enum Count {
    Whole(u64),
    Half,
}

impl Count {
    fn seconds(self, unit: u64) -> Option<u64> {
        match self {
            Self::Whole(count) => count.checked_mul(unit),
            Self::Half => Some(unit / 2),
        }
    }
}

/// Lower-case words, cut where digits meet letters, without the `and` of `1 hour and 5 minutes`.
fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for c in text.chars().flat_map(char::to_lowercase) {
        let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
        if c.is_whitespace() {
            previous = ' ';
            continue;
        }
        match words.last_mut() {
            Some(word) if previous != ' ' && is_number(previous) == is_number(c) => word.push(c),
            _ => words.push(c.to_string()),
        }
        previous = c;
    }
    for word in &mut words {
        // `1 hour, 5 minutes`: this comma is no decimal one.
        let kept = word.trim_end_matches([',', '.']).len();
        word.truncate(kept);
    }
    words.retain(|word| !word.is_empty() && word != "and");
    words
}

/// What has been read of a text so far.
struct Sum<'t> {
    /// The whole text, for messages.
    text: &'t str,
    /// In seconds.
    total: u64,
    /// The unit that was read last; the next one must be smaller.
    smallest: u64,
}

impl Sum<'_> {
    /// Adds the first count with its unit; returns the words that are left.
    fn add<'w>(&mut self, words: &'w [String]) -> Result<&'w [String], LengthError> {
        let (count, unit, rest) = match words {
            [half, article, rest @ ..] if half == "half" && (article == "a" || article == "an") => {
                self.half(rest)?
            }
            [half, rest @ ..] if half == "half" => self.half(rest)?,
            [number, rest @ ..] => self.whole(number, rest)?,
            [] => return Err(LengthError::Missing),
        };
        if unit >= self.smallest {
            return Err(LengthError::OutOfOrder(quoted(self.text)));
        }
        self.total = count
            .seconds(unit)
            .and_then(|seconds| self.with(seconds))
            .ok_or_else(|| LengthError::TooLong(quoted(self.text)))?;
        self.smallest = unit;
        Ok(rest)
    }

    /// `half an hour`
    fn half<'w>(&self, words: &'w [String]) -> Result<(Count, u64, &'w [String]), LengthError> {
        let halved = words.split_first().and_then(|(word, rest)| {
            let size = unit(word).filter(|size| *size > 1)?;
            Some((Count::Half, size, rest))
        });
        halved.ok_or_else(|| LengthError::NotALength(quoted(self.text)))
    }

    /// `20 minutes`
    fn whole<'w>(
        &self,
        typed: &str,
        rest: &'w [String],
    ) -> Result<(Count, u64, &'w [String]), LengthError> {
        let text = || quoted(self.text);
        let is_fraction = typed.contains(['.', ',']);
        let is_digits = typed.bytes().all(|b| b.is_ascii_digit());
        let count = match number(typed) {
            Some(count) => count,
            None if is_fraction => 0,
            None if is_digits => return Err(LengthError::TooLong(text())),
            None => return Err(LengthError::NotALength(text())),
        };
        let Some((word, rest)) = rest.split_first() else {
            return Err(if is_digits {
                self.without_unit(count)
            } else {
                LengthError::NotALength(text())
            });
        };
        let Some(size) = unit(word) else {
            let count = (!is_fraction).then_some(count);
            return Err(self.unknown_unit(word, count));
        };
        if is_fraction {
            let seconds = fraction(typed, size).and_then(|seconds| self.with(seconds));
            return Err(LengthError::Fraction {
                text: text(),
                nearest: seconds.map(Seconds),
            });
        }
        Ok((Count::Whole(count), size, rest))
    }

    /// The total with more seconds, unless that is absurdly long.
    fn with(&self, seconds: u64) -> Option<u64> {
        let total = self.total.checked_add(seconds)?;
        (total <= LONGEST.0).then_some(total)
    }

    fn without_unit(&self, count: u64) -> LengthError {
        // `30` alone is minutes; after a unit the next smaller one is meant, as in `1h30`.
        let size = match self.smallest {
            u64::MAX | 3_600 => Some(60),
            60 => Some(1),
            _ => None,
        };
        LengthError::NoUnit {
            text: quoted(self.text),
            nearest: size.and_then(|size| self.guess(count, size)),
        }
    }

    fn unknown_unit(&self, word: &str, count: Option<u64>) -> LengthError {
        let size = if WEEKS.contains(&word) {
            Some(WEEK)
        } else {
            near_unit(word)
        };
        LengthError::UnknownUnit {
            unit: quoted(word),
            nearest: count
                .zip(size)
                .and_then(|(count, size)| self.guess(count, size)),
        }
    }

    /// The total with so many units more, where that is a length.
    fn guess(&self, count: u64, size: u64) -> Option<Seconds> {
        let total = self.with(count.checked_mul(size)?)?;
        (count > 0).then_some(Seconds(total))
    }
}

/// Whole seconds of `1.5` units, where there are.
fn fraction(number: &str, size: u64) -> Option<u64> {
    let (whole, part) = number.split_once(['.', ','])?;
    let scale = 10_u64.checked_pow(u32::try_from(part.len()).ok()?)?;
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let thousandths = whole.checked_mul(scale)?.checked_add(part.parse().ok()?)?;
    let seconds = thousandths.checked_mul(size)?;
    (seconds % scale == 0 && seconds > 0)
        .then_some(seconds / scale)
        .filter(|seconds| *seconds <= LONGEST.0)
}

fn number(word: &str) -> Option<u64> {
    let written = NUMBERS.iter().find(|(name, _)| *name == word);
    written.map_or_else(|| word.parse().ok(), |(_, count)| Some(*count))
}

fn unit(word: &str) -> Option<u64> {
    let found = UNITS.iter().find(|(_, _, names)| names.contains(&word));
    found.map(|(_, size, _)| *size)
}

#[cfg(test)]
mod tests;
