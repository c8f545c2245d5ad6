//! A time of the week on a zone's clock.

use chrono::{Datelike, Days, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Weekday};

use crate::units::Time;
use crate::zone::Zone;

/// When and where the weekly digest is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weekly {
    /// The channel, `#security` or an id.
    pub channel: String,
    /// The day of the week.
    pub on: Weekday,
    /// The time of that day.
    pub at: NaiveTime,
    /// Whose clock that is on.
    pub zone: Zone,
}

impl Weekly {
    /// The last such moment that is not after `now`.
    pub fn latest(&self, now: Time) -> Time {
        let past = self.around(now).filter(|at| *at <= now);
        past.max().unwrap_or(now)
    }

    /// The first such moment after `now`.
    pub fn next(&self, now: Time) -> Time {
        let coming = self.around(now).filter(|at| *at > now);
        // There is always one within eight days of every date that a clock can show.
        coming.min().unwrap_or(now + TimeDelta::days(7))
    }

    /// The one before such a moment.
    pub fn before(&self, at: Time) -> Time {
        self.latest(at - TimeDelta::seconds(1))
    }

    /// The week in which such a moment lies on the zone's calendar, as ISO 8601 names it: `2026-W48`.
    pub fn name(&self, at: Time) -> String {
        let week = at.with_timezone(&self.zone).iso_week();
        format!("{}-W{:02}", week.year(), week.week())
    }

    /// The moments of the weeks around `now`.
    fn around(&self, now: Time) -> impl Iterator<Item = Time> {
        let today = now.with_timezone(&self.zone).date_naive();
        let first = today.checked_sub_days(Days::new(9)).unwrap_or(today);
        let days = first.iter_days().take(19);
        days.filter(|day| day.weekday() == self.on)
            .filter_map(|day| self.on_day(day))
    }

    /// When the zone's clock shows the time on that day: the first time where it shows it twice, and what
    /// an hour later shows it in an hour that clocks leave out.
    fn on_day(&self, day: NaiveDate) -> Option<Time> {
        let shown = day.and_time(self.at);
        let at = match self.zone.from_local_datetime(&shown) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at),
            LocalResult::None => {
                let later = shown + TimeDelta::hours(1);
                self.zone.from_local_datetime(&later).earliest()
            }
        };
        at.map(|at| at.to_utc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(on: Weekday, at: (u32, u32), zone: Zone) -> Weekly {
        Weekly {
            channel: "#security".into(),
            on,
            at: NaiveTime::from_hms_opt(at.0, at.1, 0).unwrap(),
            zone,
        }
    }

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_runs_from_one_such_moment_to_the_next() {
        let monday = weekly(Weekday::Mon, (9, 0), Zone::UTC);
        // now, latest, next
        let cases = [
            (
                "2026-11-30T08:59:59Z",
                "2026-11-23T09:00:00Z",
                "2026-11-30T09:00:00Z",
            ),
            (
                "2026-11-30T09:00:00Z",
                "2026-11-30T09:00:00Z",
                "2026-12-07T09:00:00Z",
            ),
            (
                "2026-12-06T23:59:59Z",
                "2026-11-30T09:00:00Z",
                "2026-12-07T09:00:00Z",
            ),
        ];
        for (now, latest, next) in cases {
            let now = time(now);
            assert_eq!(monday.latest(now), time(latest), "{now}");
            assert_eq!(monday.next(now), time(next), "{now}");
        }
        let due = time("2026-11-30T09:00:00Z");
        assert_eq!(monday.before(due), time("2026-11-23T09:00:00Z"));
        assert_eq!(monday.name(due), "2026-W49");
    }

    #[test]
    fn it_follows_the_zones_clock_over_the_change_of_the_hour() {
        let sunday = weekly(Weekday::Sun, (2, 30), Zone::BERLIN);
        // On 29 March 2026 the clock goes from 02:00 to 03:00; on 25 October it shows 02:30 twice.
        let spring = sunday.next(time("2026-03-28T12:00:00Z"));
        assert_eq!(spring, time("2026-03-29T01:30:00Z"));
        let autumn = sunday.next(time("2026-10-24T12:00:00Z"));
        assert_eq!(autumn, time("2026-10-25T00:30:00Z"));
        assert_eq!(sunday.next(autumn), time("2026-11-01T01:30:00Z"));
        assert_eq!(sunday.before(autumn), time("2026-10-18T00:30:00Z"));
    }

    #[test]
    fn the_first_days_of_a_year_may_be_of_the_last_one() {
        let friday = weekly(Weekday::Fri, (9, 0), Zone::UTC);
        assert_eq!(friday.name(time("2027-01-01T09:00:00Z")), "2026-W53");
    }
}
