//! What is asked again and again, and what was.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;

use super::Choices;
use super::figures::{Habit, Habits};
use super::policy;
use super::tally::PathTally;

/// The habits among all paths, each given with its cluster and flow.
pub(super) fn habits<'p>(
    choices: &Choices,
    paths: impl Iterator<Item = (&'p str, &'p str, &'p PathTally)>,
) -> Habits {
    let rule = choices.habit;
    let mut habits = Habits {
        at_least_asks: rule.asks,
        at_least_days: rule.days,
        idle_days: rule.idle_days,
        current: Vec::new(),
        former: Vec::new(),
    };
    for (cluster, flow, path) in paths {
        let Some(last_asked) = path.days.last_key_value().and(path.last_asked) else {
            continue;
        };
        let idle = (choices.until - last_asked).num_days() >= i64::from(rule.idle_days);
        let Some(numbers) = numbers(choices, path, idle) else {
            continue;
        };
        let applied = path.policies.as_deref();
        let kind = if idle {
            &mut habits.former
        } else {
            &mut habits.current
        };
        kind.push(Habit {
            cluster: cluster.to_owned(),
            flow: flow.to_owned(),
            asks: numbers.asks,
            days: numbers.days,
            opened: numbers.opened,
            askers: numbers.askers as u64,
            last_asked,
            policies: applied.map_or_else(Vec::new, |applied| policy::permanent(flow, applied)),
            stated: path.stated,
        });
    }
    let name = |a: &Habit, b: &Habit| (&a.flow, &a.cluster).cmp(&(&b.flow, &b.cluster));
    let current = &mut habits.current;
    current.sort_by(|a, b| b.asks.cmp(&a.asks).then_with(|| name(a, b)));
    let former = &mut habits.former;
    former.sort_by(|a, b| a.last_asked.cmp(&b.last_asked).then_with(|| name(a, b)));
    habits
}

/// What is told of a habit in numbers.
struct Numbers {
    asks: u64,
    days: u64,
    opened: u64,
    askers: usize,
}

/// The numbers of a path that is a habit: of what is asked still in the period, of what is idle ever.
fn numbers(choices: &Choices, path: &PathTally, idle: bool) -> Option<Numbers> {
    let (asks, days) = if idle { ever(path) } else { now(path) };
    let (opened, askers, is_habit) = if idle {
        let was = was_habit(choices, &path.days);
        (path.ever_opened, path.ever_askers.len(), was)
    } else {
        let rule = choices.habit;
        let is = asks >= u64::from(rule.asks) && days >= u64::from(rule.days);
        (path.outcomes.opened, path.askers.len(), is)
    };
    is_habit.then_some(Numbers {
        asks,
        days,
        opened,
        askers,
    })
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
