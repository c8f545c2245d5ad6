//! Numbers, lengths and times as people read them.

use super::figures::Period;
use crate::units::Time;
use crate::zone::Zone;

/// `12,345`
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 request`, `12 requests`
pub(super) fn count(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A part of a whole: `37 %`, `under 1 %`; nothing of nothing is `–`.
pub(super) fn percent(part: u64, of: u64) -> String {
    match (u128::from(part) * 100).checked_div(u128::from(of)) {
        None => "–".to_owned(),
        Some(0) if part > 0 => "under 1 %".to_owned(),
        // Half of a percent and more is the next one; but what is not all is not 100 %.
        Some(whole) => {
            let rest = u128::from(part) * 100 % u128::from(of);
            let rounded = whole + u128::from(rest * 2 >= u128::from(of));
            let rounded = if part < of { rounded.min(99) } else { rounded };
            format!("{rounded} %")
        }
    }
}

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

/// The two largest units of a length: `2 d 4 h`, `35 min 10 s`, `12 s`.
pub(super) fn length(seconds: u64) -> String {
    let mut units = UNITS.iter().skip_while(|(size, _)| seconds < *size);
    let Some((size, name)) = units.next() else {
        return "0 s".to_owned();
    };
    let first = format!("{} {name}", seconds / size);
    match units
        .next()
        .map(|(next, name)| (seconds % size / next, name))
    {
        Some((rest, name)) if rest > 0 => format!("{first} {rest} {name}"),
        _ => first,
    }
}

/// A length for an axis: `90 min`, `2 h`, in one unit where that is exact.
pub(super) fn short_length(seconds: u64) -> String {
    if seconds == 0 {
        return "0".to_owned();
    }
    let exact = UNITS.iter().find(|(size, _)| seconds.is_multiple_of(*size));
    exact.map_or_else(
        || length(seconds),
        |(size, name)| format!("{} {name}", seconds / size),
    )
}

/// Hours, or the length itself where it is less than ten of them.
pub(super) fn hours(seconds: u64) -> String {
    if seconds < 36_000 {
        length(seconds)
    } else {
        format!("{} h", number(seconds / 3_600))
    }
}

/// A length, or that there was none.
pub(super) fn length_or_none(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), length)
}

/// `2 Nov 2026`, in the period's zone.
pub(super) fn date(period: &Period, at: Time) -> String {
    at.with_timezone(&zone(period))
        .format("%-d %b %Y")
        .to_string()
}

/// `2 Nov 2026 14:05`, in the period's zone.
pub(super) fn minute(period: &Period, at: Time) -> String {
    let at = at.with_timezone(&zone(period));
    at.format("%-d %b %Y %H:%M").to_string()
}

fn zone(period: &Period) -> Zone {
    period.zone.parse().unwrap_or(Zone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_read_as_people_write_them() {
        for (value, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(number(value), text);
        }
        for (part, of, text) in [
            (0, 0, "–"),
            (0, 7, "0 %"),
            (1, 1_000, "under 1 %"),
            (1, 3, "33 %"),
            (2, 3, "67 %"),
            (999, 1_000, "99 %"),
            (7, 7, "100 %"),
            (15, 10, "150 %"),
        ] {
            assert_eq!(percent(part, of), text, "{part} of {of}");
        }
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_725, "1 h 2 min"),
            (90_061, "1 d 1 h"),
        ] {
            assert_eq!(length(seconds), text);
        }
        assert_eq!(
            (short_length(5_400), short_length(7_200)),
            ("90 min".into(), "2 h".into())
        );
        assert_eq!(
            (hours(35_999), hours(3_600_000)),
            ("9 h 59 min".into(), "1,000 h".into())
        );
    }
}
