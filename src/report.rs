//! Reports: what the ledger tells about how access is really asked for, answered and used.
//!
//! A [`Report`] reads records once, in the order of the chain, and keeps a small struct for each request
//! that is still on its way, plus tallies. [`Report::finish`] makes [`Figures`] of them; [`page`], [`sheet`]
//! and serde write those as HTML, CSV and JSON. Pure: files, stores and clocks are the caller's.
//!
//! Guarantees: a request counts in the period in which it was asked, whatever became of it later, so that
//! the report of a past month stays the same once its requests are closed. What a ledger does not say
//! (older records lack fields that came later) is `None` and called *not known*; nothing is guessed.
//!
//! In the order of the work:
//! - `line`: one line of an export, read cheaply; `names`: names kept once.
//! - `fold`: which event changes what; `waiting`: from the ask to the decision; `opening`: from there to the
//!   end; `course`: what is remembered of a request on its way; `tally`: what is counted.
//! - `sums`, `replies`, `reviews`, `habit`: tallies made into `figures`, which are what a report says;
//!   `spread`: medians; `traffic`: flow data, and which grants it went through; `policy`: drafts of policies.
//! - `page`: the figures as HTML, with `chart` for its pictures; `sheet`: as CSV; `words`: numbers and times
//!   as people read them.

mod chart;
mod course;
pub mod figures;
mod fold;
mod habit;
mod line;
mod names;
mod opening;
pub mod page;
mod policy;
mod replies;
mod reviews;
pub mod sheet;
pub mod spread;
mod sums;
mod tally;
mod traffic;
mod waiting;
mod words;

use std::collections::HashMap;

use chrono::NaiveDate;

use self::course::Course;
use self::figures::{Figures, Source, Step};
use self::line::Line;
use self::names::Names;
use self::tally::Tally;
use crate::audit::Record;
use crate::id::RequestId;
use crate::units::Time;
use crate::zone::Zone;

/// What a report is about.
#[derive(Debug, Clone)]
pub struct Choices {
    /// The first instant of the period.
    pub from: Time,
    /// The first instant after it: usually now.
    pub until: Time,
    /// The time zone of days and weeks.
    pub zone: Zone,
    /// What is called a habit.
    pub habit: HabitRule,
    /// Whether [`Report::traffic`] will be called, so that each grant is remembered until then.
    pub traffic: bool,
}

impl Choices {
    /// A period in UTC, with the usual habits and without flow data.
    pub fn between(from: Time, until: Time) -> Self {
        Self {
            from,
            until,
            zone: Zone::UTC,
            habit: HabitRule::default(),
            traffic: false,
        }
    }

    fn step(&self) -> Step {
        match (self.until - self.from).num_days() {
            ..=62 => Step::Day,
            63..=731 => Step::Week,
            _ => Step::Month,
        }
    }

    /// The day of an instant, in the zone.
    fn day(&self, at: Time) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// Whether an ask at this instant counts.
    fn counts(&self, at: Time) -> bool {
        self.from <= at && at < self.until
    }
}

/// What is called a habit: a path that was asked for at least so often, on at least so many days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HabitRule {
    /// Asks in the period.
    pub asks: u32,
    /// Days on which they were.
    pub days: u32,
    /// Days without an ask after which it is a former one.
    pub idle_days: u32,
}

impl Default for HabitRule {
    /// 5 asks on 3 days; former after 90 days.
    fn default() -> Self {
        Self {
            asks: 5,
            days: 3,
            idle_days: 90,
        }
    }
}

/// Reads a ledger once and makes [`Figures`] of it.
///
/// ```
/// # use drawbridge::report::{Choices, Report};
/// # use drawbridge::units::Time;
/// # let (from, until) = (Time::UNIX_EPOCH, Time::UNIX_EPOCH);
/// let mut report = Report::new(Choices::between(from, until));
/// report.line(r#"{"event":{"at":"2026-11-02T09:00:00Z","by":"drawbridge","event":"ledger_begun","chain":"c1"},"hash":"…","number":0,"prev":"…","seq":1}"#);
/// assert_eq!(report.finish().source.records, 1);
/// ```
#[derive(Debug)]
pub struct Report {
    choices: Choices,
    names: Names,
    source: Source,
    last_seq: u64,
    courses: HashMap<RequestId, Course>,
    tally: Tally,
    traffic: Option<traffic::Traffic>,
}

impl Report {
    /// Nothing read yet.
    pub fn new(choices: Choices) -> Self {
        Self {
            choices,
            names: Names::default(),
            source: Source::default(),
            last_seq: 0,
            courses: HashMap::new(),
            tally: Tally::default(),
            traffic: None,
        }
    }

    /// Reads the next record of the chain.
    pub fn record(&mut self, record: &Record) {
        if !self.is_next(record.seq) {
            return;
        }
        match record.told() {
            Some(event) => self.event(record.document.as_ref(), &event),
            None => self.source.unreadable += 1,
        }
    }

    /// Reads the next line of an exported ledger: one record as JSON. Empty lines and the end line of an
    /// export are nothing, and what is no record is counted as unreadable.
    pub fn line(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        match line::read(line) {
            Line::Record {
                seq,
                document,
                event,
            } => {
                if !self.is_next(seq) {
                    return;
                }
                match line::told(event) {
                    Some(event) => self.event(document.as_ref(), &event),
                    None => self.source.unreadable += 1,
                }
            }
            Line::End => {}
            Line::Unreadable => {
                self.source.records += 1;
                self.source.unreadable += 1;
            }
        }
    }

    /// Reads the next line of exported flow data; only after the whole ledger. The format is told in `traffic`.
    pub fn traffic(&mut self, line: &str) {
        if self.traffic.is_none() {
            self.traffic = Some(self.grants_to_judge());
        }
        if let Some(traffic) = &mut self.traffic {
            traffic.line(line);
        }
    }

    /// The number of the last record that was read; 0: none.
    pub const fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// What was read so far.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// The figures of what was read.
    pub fn finish(mut self) -> Figures {
        self.settle_the_rest();
        self.figures()
    }

    /// Whether a record goes on where the last one ended.
    fn is_next(&mut self, seq: u64) -> bool {
        self.source.records += 1;
        let next = seq > self.last_seq;
        if next {
            self.last_seq = seq;
        } else {
            self.source.repeated += 1;
        }
        next
    }
}

#[cfg(test)]
mod tests;
