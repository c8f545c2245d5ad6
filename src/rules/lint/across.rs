//! Checks between rules: names that are used twice, rules that no ask can reach.

use std::collections::BTreeMap;

use crate::rules::problem::{Fault, Place, Problem, Severity};
use crate::rules::set::Rule;
use crate::rules::who::Glob;

/// Checks the rules of a set, in order.
pub(in crate::rules) fn check(rules: &[Rule]) -> Vec<Problem> {
    let mut problems = duplicates(
        "rule",
        rules.iter().map(|rule| (rule.name.as_str(), &rule.place)),
    );
    problems.extend(unreachable(rules));
    problems
}

/// An error for each name that was used before.
pub(in crate::rules) fn duplicates<'a>(
    noun: &str,
    named: impl Iterator<Item = (&'a str, &'a Place)>,
) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &Place> = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, place) in named {
        match first.get(name) {
            None => {
                first.insert(name, place);
            }
            Some(earlier) => problems.push(problem(
                place,
                Severity::Error,
                Fault::new(
                    format!("there are two {noun}s `{name}`"),
                    format!("the first is at {earlier}"),
                ),
            )),
        }
    }
    problems
}

/// A warning for each rule behind one that takes every ask it could have.
fn unreachable(rules: &[Rule]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules
            .iter()
            .take(index)
            .find(|earlier| covers(earlier, rule));
        if let Some(earlier) = earlier {
            problems.push(problem(
                &rule.place,
                Severity::Warning,
                Fault::new(
                    format!(
                        "no ask reaches this rule: `{}` governs all of them",
                        earlier.name
                    ),
                    format!("that rule is at {}; the first match governs", earlier.place),
                ),
            ));
        }
    }
    problems
}

fn covers(earlier: &Rule, later: &Rule) -> bool {
    earlier.when.is_none()
        && all_in(&later.templates, &earlier.templates)
        && all_in(&later.clusters, &earlier.clusters)
}

/// Whether each of `inner` is surely matched by one of `outer`.
fn all_in(inner: &[Glob], outer: &[Glob]) -> bool {
    let covered = |glob: &Glob| {
        outer
            .iter()
            .any(|o| o.matches_all() || o == glob || (glob.is_name() && o.matches(&glob.0)))
    };
    inner.iter().all(covered)
}

fn problem(place: &Place, severity: Severity, fault: Fault) -> Problem {
    Problem {
        place: place.clone(),
        severity,
        message: fault.message,
        hint: fault.hint,
    }
}
