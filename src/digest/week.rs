//! A week's figures, read off the ledger once: those of [`crate::report`], for a message.

use anyhow::Result;
use chrono::TimeDelta;

use crate::audit::Record;
use crate::id::RequestId;
use crate::report::figures::{Figures, Habit, Review};
use crate::report::{Choices, HabitRule, Report};
use crate::store::Store;
use crate::units::{Seconds, Time};
use crate::view::week::{Used, Week};

/// Records read in one go.
const PAGE: usize = 500;

/// What a digest calls a habit: it sees four weeks, a report usually more.
const HABIT: HabitRule = HabitRule {
    asks: 3,
    days: 3,
    idle_days: 28,
};

/// The time in which so many asks make a habit, and emergencies that nobody reviewed are told.
const MONTH: TimeDelta = TimeDelta::days(28);

/// The week from `from` to `until`, as recorded.
///
/// # Errors
/// The store failed.
pub(super) async fn read(store: &dyn Store, from: Time, until: Time) -> Result<Week> {
    let mut fold = Fold::new(from, until);
    let mut after = before(store, from - MONTH).await?;
    loop {
        let lines = store.records(after, PAGE).await?;
        let read = lines.len();
        for line in lines {
            let Ok(record) = serde_json::from_str::<Record>(&line) else {
                after = after.saturating_add(1);
                continue;
            };
            after = record.seq;
            fold.take(&record);
        }
        if read < PAGE {
            return Ok(fold.finish());
        }
    }
}

/// The number of a record before which everything happened before `at`. Events are recorded nearly, not
/// quite, in the order in which they happened: a day is left for that.
async fn before(store: &dyn Store, at: Time) -> Result<u64> {
    let at = at - TimeDelta::days(1);
    let tail = store.head().await?;
    let (mut low, mut high) = (tail.first, tail.head.map_or(0, |head| head.seq));
    while low < high {
        let middle = low + (high - low) / 2;
        let lines = store.records(middle.saturating_sub(1), 1).await?;
        let record = lines.first().map(|line| serde_json::from_str(line));
        let told = record.and_then(Result::ok).and_then(|r: Record| r.told());
        // What cannot be read says nothing: it is looked at from here on.
        if told.is_some_and(|event| event.at < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low.saturating_sub(1))
}

/// A week in the making.
#[derive(Debug)]
struct Fold {
    from: Time,
    until: Time,
    week: Report,
    /// The four weeks up to the end of this one.
    month: Report,
    /// The four weeks up to its beginning: what was a habit then is no news.
    earlier: Report,
}

impl Fold {
    fn new(from: Time, until: Time) -> Self {
        let over = |from, until| {
            Report::new(Choices {
                habit: HABIT,
                ..Choices::between(from, until)
            })
        };
        Self {
            from,
            until,
            week: over(from, until),
            month: over(until - MONTH, until),
            earlier: over(from - MONTH, from),
        }
    }

    /// Takes in the next record. What was after the week is for the next one: a digest that is posted late
    /// tells the same.
    fn take(&mut self, record: &Record) {
        if record.told().is_some_and(|event| event.at >= self.until) {
            return;
        }
        for report in [&mut self.week, &mut self.month, &mut self.earlier] {
            report.record(record);
        }
    }

    fn finish(self) -> Week {
        let (week, month) = (self.week.finish(), self.month.finish());
        let earlier = self.earlier.finish().habits.current;
        let was = |habit: &Habit| {
            let same = |old: &Habit| (&old.cluster, &old.flow) == (&habit.cluster, &habit.flow);
            earlier.iter().any(same)
        };
        let habits = month.habits.current.iter().filter(|habit| !was(habit));
        let habits = habits.map(|habit| used(&habit.cluster, &habit.flow, habit.days));
        let outcomes = week.asks.outcomes;
        let busiest = week.paths.iter().filter(|path| path.opened > 0);
        let busiest = busiest.map(|path| used(&path.cluster, &path.flow, path.opened));
        let mut busiest: Vec<Used> = busiest.collect();
        // Stable: of the same number the more often asked first.
        busiest.sort_by_key(|path| std::cmp::Reverse(path.times));
        Week {
            from: self.from,
            until: self.until,
            asked: week.asks.total,
            opened: outcomes.opened,
            refused: outcomes.refused,
            denied: outcomes.denied,
            lapsed: outcomes.lapsed,
            cancelled: outcomes.cancelled,
            not_opened: outcomes.not_opened,
            waiting: outcomes.waiting,
            automatic: week.automatic.total,
            emergencies: week.emergencies.total,
            unreviewed: unreviewed(&month),
            decision: week.answers.decision.median_seconds.map(Seconds),
            busiest,
            habits: habits.collect(),
        }
    }
}

/// Emergencies whose review is missing, oldest first.
fn unreviewed(month: &Figures) -> Vec<RequestId> {
    let missing = |review| matches!(review, Review::Open | Review::Overdue | Review::Never);
    let each = month.emergencies.each.iter();
    let mut each: Vec<_> = each.filter(|emergency| missing(emergency.review)).collect();
    each.sort_by_key(|emergency| (emergency.at, &emergency.id));
    each.into_iter().map(|one| one.id.clone()).collect()
}

fn used(cluster: &str, flow: &str, times: u64) -> Used {
    Used {
        cluster: cluster.to_owned(),
        flow: flow.to_owned(),
        times,
    }
}

#[cfg(test)]
mod tests;
