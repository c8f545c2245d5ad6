//! What a report says, as numbers: the same for the page, the sheet and the JSON.
//!
//! The field names are the JSON's and stay as they are; later versions add some. Every length is in whole
//! seconds, parts of a second dropped; every time is UTC, RFC 3339; a date begins a day, a week (Monday) or
//! a month in the report's time zone. `null` means *not known*: the ledger does not say, and nothing is
//! guessed.

mod grants;
mod paths;
mod waits;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

pub use self::grants::{
    Automatic, Emergencies, EmergencyUse, Ended, OpenTime, Review, Reviews, ReviewsThen,
    RuleAutomatic, RuleOpen,
};
pub use self::paths::{Habit, Habits, PathUse, Unused, UnusedPath};
pub use self::waits::{Answers, People, Person, RuleWaits, StageWaits};
use crate::units::Time;

/// [`Figures::format`] of this version.
pub const FORMAT: u32 = 1;

/// Everything that a report says. All lists are whole; a page shows the beginning of the long ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// [`FORMAT`] of the writer.
    pub format: u32,
    /// Which requests count: those asked in this time, whatever became of them later.
    pub period: Period,
    /// What was read.
    pub source: Source,
    /// Asks and what became of them.
    pub asks: Asks,
    /// How long people wait for an answer.
    pub answers: Answers,
    /// Who is asked, who answers, who does not: everybody, the most often asked first.
    pub people: People,
    /// How long paths were open, and how they ended.
    pub open: OpenTime,
    /// What was opened before anybody agreed.
    pub emergencies: Emergencies,
    /// What needed nobody.
    pub automatic: Automatic,
    /// Every path that was asked for in the period, the most often asked first.
    pub paths: Vec<PathUse>,
    /// Grants that nothing went through; `None`: there was no flow data.
    pub unused: Option<Unused>,
    /// What is asked again and again.
    pub habits: Habits,
}

/// The time that a report is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    /// Its first instant.
    pub from: Time,
    /// The first instant after it.
    pub until: Time,
    /// The time zone of its dates, as in the IANA database.
    pub zone: String,
    /// The steps of everything *over time*.
    pub step: Step,
}

/// How a period is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Up to 62 days.
    Day,
    /// Up to two years; weeks begin on Monday.
    Week,
    /// Longer.
    Month,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Source {
    /// Records that were read.
    pub records: u64,
    /// When the first of them happened; what was before is not known.
    pub first: Option<Time>,
    /// When the last of them happened.
    pub last: Option<Time>,
    /// Records that could not be understood: damaged, or of a later version.
    pub unreadable: u64,
    /// Records that came twice or out of order; they were left out.
    pub repeated: u64,
    /// Requests whose beginning is not in what was read; they were left out.
    pub headless: u64,
}

/// How often each thing became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Outcomes {
    /// The path was open.
    pub opened: u64,
    /// A rule or a fact refused it at once.
    pub refused: u64,
    /// An approver, or the rules as they had become, said no.
    pub denied: u64,
    /// Nobody answered in time.
    pub lapsed: u64,
    /// The requester took it back.
    pub cancelled: u64,
    /// Approved, and never open.
    pub not_opened: u64,
    /// Neither decided nor open yet when the ledger was read.
    pub waiting: u64,
}

impl Outcomes {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.opened
            + self.refused
            + self.denied
            + self.lapsed
            + self.cancelled
            + self.not_opened
            + self.waiting
    }

    /// What can become of a request that a rule governs, by name: all but `refused`, of which the ledger
    /// names no rule.
    pub const fn of_a_rule(&self) -> [(&'static str, u64); 6] {
        [
            ("opened", self.opened),
            ("denied", self.denied),
            ("lapsed", self.lapsed),
            ("cancelled", self.cancelled),
            ("not_opened", self.not_opened),
            ("waiting", self.waiting),
        ]
    }
}

/// Asks and what became of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asks {
    /// Requests of any outcome, extensions too.
    pub total: u64,
    /// Of them, those that lengthen another one.
    pub extensions: u64,
    /// People and services who asked.
    pub askers: u64,
    /// What became of them.
    pub outcomes: Outcomes,
    /// The same by the time of the ask, without gaps, from the first step that the ledger knows of.
    pub over_time: Vec<AsksThen>,
    /// By governing rule, the most often asked first. Refused asks have none.
    pub by_rule: Vec<RuleAsks>,
}

/// The asks of one step of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AsksThen {
    /// Its first day.
    pub start: NaiveDate,
    /// What became of them.
    #[serde(flatten)]
    pub outcomes: Outcomes,
}

/// The asks under one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleAsks {
    /// Its name.
    pub rule: String,
    /// What became of them; none is refused.
    #[serde(flatten, serialize_with = "of_a_rule")]
    pub outcomes: Outcomes,
}

fn of_a_rule<S: Serializer>(outcomes: &Outcomes, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(outcomes.of_a_rule())
}
