//! A day as people type it after `until`: `2026-12-24`. Other orders are only guessed, because
//! `03/04/2026` is another day in another country; which day it is now is known elsewhere.

use chrono::{Datelike as _, NaiveDate};

/// Years that are read: outside of them a digit slipped.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2199;

/// Words that a day in words has at most: `24 december 2026`.
pub(super) const MOST_WORDS: usize = 3;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Reads `2026-12-24`, and nothing else.
pub(super) fn read(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let is_written_out = year.len() == 4 && month.len() == 2 && day.len() == 2;
    is_written_out.then(|| date(number(year)?, number(month)?, number(day)?))?
}

/// Writes a day the way it is read.
pub(super) fn write(day: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), day.month(), day.day())
}

/// Whether a word can be part of a day in words: `24th`, `dec`, `2026`.
pub(super) fn continues(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    month(&word).is_some() || (word.len() <= 4 && number(without_ordinal(&word)).is_some())
}

/// What was meant by `24.12.2026`, `2026/12/24`, `20261224`, `24 Dec 2026`. A text that two
/// countries read as two days is none.
pub(super) fn guess(text: &str) -> Option<NaiveDate> {
    let text = text.to_ascii_lowercase();
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(without_ordinal)
        .collect();
    match parts.as_slice() {
        [whole] if whole.len() == 8 => {
            let (year, rest) = whole.split_at_checked(4)?;
            let (month, day) = rest.split_at_checked(2)?;
            date(number(year)?, number(month)?, number(day)?)
        }
        [year, month_word, day] if year.len() == 4 => {
            let month = month(month_word).or_else(|| number(month_word))?;
            date(number(year)?, month, number(day)?)
        }
        [first, second, year] if year.len() == 4 => {
            let (month, day) = month_and_day(first, second, text.contains('.'))?;
            date(number(year)?, month, day)
        }
        _ => None,
    }
}

/// `24 dec`, `dec 24`, `24.12.`, `12/24`.
fn month_and_day(first: &str, second: &str, has_dots: bool) -> Option<(u32, u32)> {
    match (month(first), month(second)) {
        (Some(month), None) => return Some((month, number(second)?)),
        (None, Some(month)) => return Some((month, number(first)?)),
        _ => {}
    }
    let (first, second) = (number(first)?, number(second)?);
    // Where people write dots, the day comes first.
    if has_dots || first > 12 || first == second {
        Some((second, first))
    } else if second > 12 {
        Some((first, second))
    } else {
        None
    }
}

/// `sep`, `sept`, `september`, in lower case.
fn month(word: &str) -> Option<u32> {
    let is = |name: &str| word.len() >= 3 && name.starts_with(word);
    let place = MONTHS.iter().position(|name| is(name))?;
    u32::try_from(place + 1).ok()
}

/// `24th`, `1st`
fn without_ordinal(word: &str) -> &str {
    let number = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_ordinal = ["st", "nd", "rd", "th"]
        .iter()
        .any(|end| word.strip_suffix(end) == Some(number));
    if is_ordinal && !number.is_empty() {
        number
    } else {
        word
    }
}

/// Digits only; `parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn date(year: u32, month: u32, day: u32) -> Option<NaiveDate> {
    let year = i32::try_from(year)
        .ok()
        .filter(|year| YEARS.contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_iso_form_is_a_day() {
        assert_eq!(read("2026-12-24").map(write).as_deref(), Some("2026-12-24"));
        assert!(read("2028-02-29").is_some());
        for text in [
            "",
            "-",
            "2026-12",
            "2026-2-03",
            "2026-02-3",
            "2026-02-30",
            "2026-13-01",
            "26-12-24",
            "0026-12-24",
            "2026/12/24",
            "20261224",
            "+026-12-24",
            "2026-12-24-",
            "24.12.2026",
            "2026-00-10",
            "é026-12-24",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn other_ways_to_write_a_day_are_guessed_where_there_is_one_reading() {
        for (text, day) in [
            ("24.12.2026", Some("2026-12-24")),
            ("3.4.2026", Some("2026-04-03")),
            ("12/24/2026", Some("2026-12-24")),
            ("24/12/2026", Some("2026-12-24")),
            ("5/5/2026", Some("2026-05-05")),
            ("2026/12/24", Some("2026-12-24")),
            ("2026-1-5", Some("2026-01-05")),
            ("20261224", Some("2026-12-24")),
            ("24 Dec 2026", Some("2026-12-24")),
            ("December 24th, 2026", Some("2026-12-24")),
            ("1st-jan-2027", Some("2027-01-01")),
            ("2026-dec-24", Some("2026-12-24")),
            // Two countries read these as two days.
            ("03/04/2026", None),
            ("03-04-2026", None),
            ("2026-02-30", None),
            ("24.12.", None),
            ("24 Dec", None),
            ("tomorrow", None),
            ("dec dec 2026", None),
            ("th.th.2026", None),
            ("ééé", None),
            ("éééé", None),
        ] {
            assert_eq!(guess(text).map(write).as_deref(), day, "{text}");
        }
    }
}
