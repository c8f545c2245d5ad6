//! From when until when.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone as _};

use crate::grammar::length;
use crate::units::{Seconds, Time};
use crate::zone::Zone;

/// One end of a period, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// A whole day, in the report's zone.
    Day(NaiveDate),
    /// An instant.
    At(Time),
}

/// Where a period begins, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// So long before its end.
    Before(Seconds),
    /// There.
    From(Edge),
}

/// Reads `30d`, or what [`read`] reads.
pub(super) fn read_since(text: &str) -> Result<Since, String> {
    if let Ok(length) = length::read(text) {
        return Ok(Since::Before(length));
    }
    let edge = read(text).map(Since::From);
    edge.map_err(|_| "write it as `30d`, `2026-11-01` or `2026-11-01T09:00:00Z`".to_owned())
}

/// Reads `2026-11-01` or `2026-11-01T09:00:00Z`.
pub(super) fn read(text: &str) -> Result<Edge, String> {
    if let Ok(day) = text.parse() {
        return Ok(Edge::Day(day));
    }
    let at = DateTime::parse_from_rfc3339(text);
    at.map(|at| Edge::At(at.to_utc()))
        .map_err(|_| "write it as `2026-11-01` or `2026-11-01T09:00:00Z`".to_owned())
}

/// The first instant of the period and the first one after it.
pub(super) fn between(
    since: Since,
    until: Option<Edge>,
    zone: Zone,
    now: Time,
) -> Result<(Time, Time), String> {
    let out = "the date is out of the range of dates";
    let until = match until {
        None => now,
        Some(Edge::At(at)) => at,
        Some(Edge::Day(day)) => day.succ_opt().and_then(|d| begin(d, zone)).ok_or(out)?,
    };
    let from = match since {
        Since::Before(length) => until.checked_sub_signed(length.delta()).ok_or(out)?,
        Since::From(Edge::At(at)) => at,
        Since::From(Edge::Day(day)) => begin(day, zone).ok_or(out)?,
    };
    if from < until {
        Ok((from, until))
    } else {
        Err(format!(
            "the period begins at `{}` and ends before that, at `{}`",
            from.to_rfc3339(),
            until.to_rfc3339()
        ))
    }
}

/// The first instant of a day. Where clocks go forward at midnight there is no midnight: then the first
/// half hour that exists.
fn begin(day: NaiveDate, zone: Zone) -> Option<Time> {
    (0..48).find_map(|half| {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(half * 1_800, 0)?;
        let at = zone.from_local_datetime(&day.and_time(time)).earliest()?;
        Some(at.to_utc())
    })
}
