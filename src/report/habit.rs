//! What is asked again and again, and what was.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;

use super::figures::{Habit, Habits};
use super::policy;
use super::tally::PathTally;
use super::{Choices, HabitRule};

/// The habits among all paths, each given with its cluster and flow.
pub(super) fn habits<'p>(
    choices: &Choices,
    paths: impl Iterator<Item = (&'p str, &'p str, &'p PathTally)>,
) -> Habits {
    let HabitRule {
        asks,
        days,
        idle_days,
    } = choices.habit;
    let mut habits = Habits {
        at_least_asks: asks,
        at_least_days: days,
        idle_days,
        current: Vec::new(),
        former: Vec::new(),
    };
    for (cluster, flow, path) in paths {
        let Some(last_asked) = path.days.last_key_value().and(path.last_asked) else {
            continue;
        };
        let idle = (choices.until - last_asked).num_days() >= i64::from(idle_days);
        let counted = if idle { ever(path) } else { now(path) };
        let is_habit = if idle {
            was_habit(choices, &path.days)
        } else {
            counted.0 >= u64::from(asks) && counted.1 >= u64::from(days)
        };
        if !is_habit {
            continue;
        }
        let found = Habit {
            cluster: cluster.to_owned(),
            flow: flow.to_owned(),
            asks: counted.0,
            days: counted.1,
            opened: if idle {
                path.ever_opened
            } else {
                path.outcomes.opened
            },
            askers: if idle {
                path.ever_askers.len()
            } else {
                path.askers.len()
            } as u64,
            last_asked,
            policies: path
                .policies
                .as_deref()
                .map_or_else(Vec::new, |applied| policy::permanent(flow, applied)),
            stated: path.stated,
        };
        if idle {
            habits.former.push(found);
        } else {
            habits.current.push(found);
        }
    }
    let name = |a: &Habit, b: &Habit| (&a.flow, &a.cluster).cmp(&(&b.flow, &b.cluster));
    let current = &mut habits.current;
    current.sort_by(|a, b| b.asks.cmp(&a.asks).then_with(|| name(a, b)));
    let former = &mut habits.former;
    former.sort_by(|a, b| a.last_asked.cmp(&b.last_asked).then_with(|| name(a, b)));
    habits
}

/// Asks and days, ever.
fn ever(path: &PathTally) -> (u64, u64) {
    let asks = path.days.values().map(|(ever, _)| u64::from(*ever));
    (asks.sum(), path.days.len() as u64)
}

/// Asks and days in the period.
fn now(path: &PathTally) -> (u64, u64) {
    let asks = path.days.values().map(|(_, now)| u64::from(*now));
    let days = path.days.values().filter(|(_, now)| *now > 0);
    (asks.sum(), days.count() as u64)
}

/// Whether both numbers were reached in any time as long as the period.
fn was_habit(choices: &Choices, days: &BTreeMap<NaiveDate, (u32, u32)>) -> bool {
    let length = (choices.until - choices.from).num_days().max(1);
    let (mut window, mut asks) = (VecDeque::new(), 0_u64);
    for (day, (count, _)) in days {
        window.push_back((*day, *count));
        asks += u64::from(*count);
        while let Some((first, count)) = window.front().copied() {
            if (*day - first).num_days() < length {
                break;
            }
            asks -= u64::from(count);
            window.pop_front();
        }
        let enough = asks >= u64::from(choices.habit.asks);
        if enough && window.len() >= choices.habit.days as usize {
            return true;
        }
    }
    false
}
