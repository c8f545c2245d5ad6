//! `until 18:00`, `until 2026-12-24`: how long that is from now, on the asker's clock.

use chrono::{Days, NaiveDate, NaiveTime, TimeZone, Utc};

use crate::units::{Seconds, Time};
use crate::zone::Zone;

/// The time left until the zone's clock next shows `hour:minute`, at least a second and at most a day
/// (a little more when clocks go back). An unknown zone counts as UTC. Where clocks skip the time, the
/// first moment after the gap counts; where they show it twice, the first.
pub fn until(hour: u8, minute: u8, now: Time, zone: Option<&str>) -> Seconds {
    let zone = zone_or_utc(zone);
    let wall = NaiveTime::from_hms_opt(hour.into(), minute.into(), 0).unwrap_or_default();
    let today = now.with_timezone(&zone).date_naive();
    let next = (0..=2)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .filter_map(|day| shown_at(zone, day.and_time(wall)))
        .find(|at| *at > now)
        .unwrap_or(now);
    Seconds((next - now).num_seconds().max(1).unsigned_abs())
}

/// The time left until a day is over on the zone's clock; `None` when it is over already. An unknown
/// zone counts as UTC.
pub fn until_end_of(day: NaiveDate, now: Time, zone: Option<&str>) -> Option<Seconds> {
    let midnight = day.succ_opt()?.and_time(NaiveTime::MIN);
    let end = shown_at(zone_or_utc(zone), midnight)?;
    let left = u64::try_from((end - now).num_seconds()).ok()?;
    (left > 0).then_some(Seconds(left))
}

fn zone_or_utc(name: Option<&str>) -> Zone {
    name.and_then(|name| name.parse().ok()).unwrap_or(Zone::UTC)
}

/// When a zone's clock shows this; in the hour that clocks skip, an hour later.
fn shown_at(zone: Zone, wall: chrono::NaiveDateTime) -> Option<Time> {
    let after_gap = || {
        zone.from_local_datetime(&(wall + chrono::TimeDelta::hours(1)))
            .earliest()
    };
    let local = zone
        .from_local_datetime(&wall)
        .earliest()
        .or_else(after_gap)?;
    Some(local.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn the_askers_zone_decides() {
        let now = at("2026-06-01T15:30:00Z");
        assert_eq!(until(18, 0, now, None), Seconds::minutes(150));
        assert_eq!(
            until(18, 0, now, Some("Europe/Berlin")),
            Seconds::minutes(30)
        );
        assert_eq!(until(18, 0, now, Some("Mars/Base")), Seconds::minutes(150));
    }

    #[test]
    fn a_time_that_has_passed_is_tomorrows() {
        let now = at("2026-06-01T18:00:00Z");
        assert_eq!(until(18, 0, now, None), Seconds::hours(24));
        assert_eq!(until(17, 59, now, None), Seconds(23 * 3600 + 59 * 60));
    }

    #[test]
    fn a_day_ends_at_midnight_on_the_askers_clock() {
        let day = "2026-12-24".parse().unwrap();
        let now = at("2026-12-24T22:30:00Z");
        let left = |zone| until_end_of(day, now, zone);
        assert_eq!(left(None), Some(Seconds::minutes(90)));
        assert_eq!(left(Some("Mars/Base")), Some(Seconds::minutes(90)));
        assert_eq!(left(Some("Europe/Berlin")), Some(Seconds::minutes(30)));
        assert_eq!(left(Some("Asia/Tokyo")), None);
        assert_eq!(until_end_of(day, at("2026-12-25T00:00:00Z"), None), None);
        // Beirut skips the hour after midnight on 2026-03-29.
        let day = "2026-03-28".parse().unwrap();
        let left = until_end_of(day, at("2026-03-28T21:30:00Z"), Some("Asia/Beirut"));
        assert_eq!(left, Some(Seconds::minutes(30)));
    }

    #[test]
    fn clocks_that_change_are_followed() {
        // Berlin skips 02:00 to 03:00 on 2026-03-29 and repeats it on 2026-10-25.
        let spring = at("2026-03-29T00:30:00Z");
        assert_eq!(
            until(2, 30, spring, Some("Europe/Berlin")),
            Seconds::minutes(60)
        );
        let autumn = at("2026-10-24T22:30:00Z");
        assert_eq!(
            until(2, 30, autumn, Some("Europe/Berlin")),
            Seconds::minutes(120)
        );
    }
}
