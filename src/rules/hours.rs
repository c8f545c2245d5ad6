//! Times of the week, on the clock of a zone: `mon–fri 09:00–18:00 (Europe/Berlin)`.
//!
//! Pure: the moment is an input, the zone's rules come with the program.

use std::fmt;

use chrono::{NaiveDate, Timelike as _, Weekday};

use super::problem::{Fault, nearest, suggest};
use crate::units::Time;
use crate::zone::Zone;

/// Minutes of a day: what `24:00` is.
const DAY: u32 = 24 * 60;

/// Days as they are written, Monday first.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// Times of the week. What crosses midnight belongs to the day on which it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hours {
    /// The first minute of the day.
    pub(super) from: Minute,
    /// The first minute after; less than `from`: on the next day.
    pub(super) to: Minute,
    pub(super) zone: Zone,
    /// Empty: every day.
    pub(super) days: Vec<Weekday>,
}

impl Hours {
    /// Whether the zone's clock shows one of these times. In the hour that clocks repeat, both count.
    pub(super) fn hold(&self, at: Time) -> bool {
        let local = at.with_timezone(&self.zone);
        let minute = Minute(local.hour() * 60 + local.minute());
        let today = chrono::Datelike::weekday(&local);
        let began = if self.from < self.to {
            (self.from <= minute && minute < self.to).then_some(today)
        } else if minute >= self.from {
            Some(today)
        } else {
            (minute < self.to).then(|| today.pred())
        };
        began.is_some_and(|day| self.days.is_empty() || self.days.contains(&day))
    }
}

/// `mon, tue 09:00–18:00 (Europe/Berlin)`.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = DAYS.iter().filter(|(_, day)| self.days.contains(day));
        let days: Vec<&str> = named.map(|(name, _)| *name).collect();
        if !days.is_empty() {
            write!(f, "{} ", days.join(", "))?;
        }
        write!(f, "{}–{} ({})", self.from, self.to, self.zone)
    }
}

/// A time of day in whole minutes, up to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minute(u32);

impl Minute {
    /// Whether it is `24:00`, which only an end can be.
    pub(super) const fn is_end_of_day(self) -> bool {
        self.0 == DAY
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// The calendar day in a zone.
pub(super) fn day(at: Time, zone: Zone) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// What the zone's clock shows, `09:05`.
pub(super) fn clock(at: Time, zone: Zone) -> String {
    at.with_timezone(&zone).format("%H:%M").to_string()
}

/// Reads `09:00`, two digits each.
pub(super) fn minute(text: &str) -> Result<Minute, Fault> {
    let number = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u32>().ok()).flatten()
    };
    let read = text
        .split_once(':')
        .and_then(|(hour, minute)| Some((number(hour)?, number(minute)?)))
        .filter(|(hour, minute)| (*hour < 24 && *minute < 60) || (*hour, *minute) == (24, 0));
    read.map(|(hour, minute)| Minute(hour * 60 + minute))
        .ok_or_else(|| {
            Fault::new(
                format!("`{text}` is not a time of day"),
                "write hours and minutes, such as `09:00` or `18:30`",
            )
        })
}

/// Reads an IANA name.
pub(super) fn zone(text: &str) -> Result<Zone, Fault> {
    text.parse::<Zone>().map_err(|_| {
        let known = Zone::names();
        let hint = match nearest(text, known) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write a name such as `Europe/Berlin` or `UTC`".to_owned(),
        };
        Fault::new(format!("`{text}` is not a time zone known here"), hint)
    })
}

/// Reads `mon` to `sun`.
pub(super) fn weekday(text: &str) -> Result<Weekday, Fault> {
    let found = DAYS.iter().find(|(name, _)| *name == text);
    found.map(|(_, day)| *day).ok_or_else(|| Fault {
        message: format!("`{text}` is not a day"),
        hint: suggest(text, DAYS.iter().map(|(name, _)| *name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(from: &str, to: &str, days: &[&str]) -> Hours {
        Hours {
            from: minute(from).unwrap(),
            to: minute(to).unwrap(),
            zone: zone("Europe/Berlin").unwrap(),
            days: days.iter().map(|day| weekday(day).unwrap()).collect(),
        }
    }

    /// Whether they hold at a moment of the week of Monday 2026-06-01, in Berlin (UTC+2).
    fn hold(hours: &Hours, day: u32, time: &str) -> bool {
        let at = format!("2026-06-{day:02}T{time}:00+02:00");
        hours.hold(at.parse().unwrap())
    }

    #[test]
    fn the_first_minute_counts_and_the_last_does_not() {
        let office = hours("09:00", "18:00", &["mon", "tue"]);
        for (day, time, expected) in [
            (1, "08:59", false),
            (1, "09:00", true),
            (1, "17:59", true),
            (1, "18:00", false),
            (2, "12:00", true),
            (3, "12:00", false),
        ] {
            assert_eq!(hold(&office, day, time), expected, "{day} {time}");
        }
        let just_before: Time = "2026-06-01T17:59:59.999+02:00".parse().unwrap();
        assert!(office.hold(just_before));
    }

    #[test]
    fn what_crosses_midnight_belongs_to_the_day_it_began() {
        let night = hours("22:00", "06:00", &["fri"]);
        for (day, time, expected) in [
            (5, "21:59", false),
            (5, "22:00", true),
            (6, "00:00", true),
            (6, "05:59", true),
            (6, "06:00", false),
            (5, "05:00", false),
            (6, "22:00", false),
        ] {
            assert_eq!(hold(&night, day, time), expected, "{day} {time}");
        }
    }

    #[test]
    fn a_day_has_all_its_minutes_and_no_days_are_all_days() {
        let whole = hours("00:00", "24:00", &["sun"]);
        assert!(hold(&whole, 7, "00:00") && hold(&whole, 7, "23:59"));
        assert!(!hold(&whole, 8, "00:00"));
        let daily = hours("09:00", "10:00", &[]);
        assert!((1..=7).all(|day| hold(&daily, day, "09:30")));
    }

    #[test]
    fn the_zones_clock_decides_also_when_it_changes() {
        // Berlin is UTC+1 until 2026-03-29 01:00 UTC, then UTC+2.
        let office = hours("09:00", "18:00", &[]);
        let at = |text: &str| office.hold(text.parse().unwrap());
        assert!(!at("2026-03-28T07:30:00Z") && at("2026-03-29T07:30:00Z"));
        let zone = office.zone;
        let late: Time = "2026-06-01T22:30:00Z".parse().unwrap();
        assert_eq!(day(late, zone).to_string(), "2026-06-02");
        assert_eq!(clock(late, zone), "00:30");
    }

    #[test]
    fn times_zones_and_days_that_are_not_read() {
        for text in [
            "9:00", "09:0", "24:01", "25:00", "09:60", "0900", "", "+9:00", "09:00:00",
        ] {
            assert!(minute(text).is_err(), "{text}");
        }
        assert_eq!(
            zone("Europe/Berln").unwrap_err().hint.as_deref(),
            Some("did you mean `Europe/Berlin`?")
        );
        assert!(zone("Mars/Base").is_err());
        assert!(weekday("monday").is_err() && weekday("Mon").is_err());
    }

    #[test]
    fn they_are_told_as_they_were_written() {
        let text = hours("22:00", "06:00", &["sun", "mon"]).to_string();
        assert_eq!(text, "mon, sun 22:00–06:00 (Europe/Berlin)");
        assert_eq!(
            hours("00:00", "24:00", &[]).to_string(),
            "00:00–24:00 (Europe/Berlin)"
        );
    }
}
