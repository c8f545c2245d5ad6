//! Checks between rules: names that are used twice, rules that no ask can reach, accounts that ask here and
//! approve there.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::condition::Condition;
use crate::rules::people::ELSEWHERE;
use crate::rules::problem::{Fault, Place, Problem, Severity};
use crate::rules::set::Rule;
use crate::rules::who::Glob;

/// Checks the rules of a set, in order, where these are the names of all templates.
pub(in crate::rules) fn check(rules: &[Rule], templates: &BTreeSet<String>) -> Vec<Problem> {
    let mut problems = duplicates(
        "rule",
        rules.iter().map(|rule| (rule.name.as_str(), &rule.place)),
    );
    problems.extend(unreachable(rules, templates));
    problems.extend(shared_accounts(rules));
    problems
}

/// A warning for each account that approves without Slack under one rule and asks under another: whoever runs
/// as it for its daily work could approve too.
fn shared_accounts(rules: &[Rule]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for rule in rules {
        let others = || rules.iter().filter(|other| other.name != rule.name);
        let asks = |account: &str, other: &Rule| {
            let mut asking = other.requesters.services.iter();
            asking.any(|name| may_be_same(name, account))
        };
        for account in &rule.offline {
            if let Some(other) = others().find(|other| asks(account, other)) {
                let fault = Fault::new(
                    format!(
                        "`{account}` approves here without Slack, and asks under rule `{}`: whoever works with \
                         its token could approve",
                        other.name
                    ),
                    "name an account for this alone",
                );
                problems.push(problem(&rule.place, Severity::Warning, fault));
            }
        }
    }
    problems
}

/// Whether two names can mean one account: one without a cluster is of each cluster that the path is in.
fn may_be_same(one: &str, other: &str) -> bool {
    match (one.split_once(':'), other.split_once(':')) {
        (None, Some((cluster, account))) => cluster != ELSEWHERE && account == one,
        (Some((cluster, account)), None) => cluster != ELSEWHERE && account == other,
        _ => one == other,
    }
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

/// A warning for each rule that governs nothing: its condition never holds, or earlier rules take every
/// ask that it could have.
fn unreachable(rules: &[Rule], templates: &BTreeSet<String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..index).unwrap_or_default();
        let fault = if always(rule) == Some(false) {
            Fault::new(
                "no ask reaches this rule: its condition never holds",
                "take the rule out, or write when it is meant",
            )
        } else if let Some(takers) = takers(rule, earlier, templates) {
            taken(&takers)
        } else {
            continue;
        };
        problems.push(problem(&rule.place, Severity::Warning, fault));
    }
    problems
}

/// What the rule's condition says to every ask, where that is the same; without one it always holds.
fn always(rule: &Rule) -> Option<bool> {
    rule.when.as_ref().map_or(Some(true), Condition::constant)
}

/// The earlier rules that together take every ask of this one: each template on each of its clusters.
/// Templates are known by name; of clusters a glob stands for any, so one rule must take all of it.
fn takers<'a>(
    rule: &Rule,
    earlier: &'a [Rule],
    templates: &BTreeSet<String>,
) -> Option<Vec<&'a Rule>> {
    let matched = |globs: &[Glob], name: &str| globs.iter().any(|glob| glob.matches(name));
    let named = templates
        .iter()
        .filter(|name| matched(&rule.templates, name));
    let mut takers: Vec<&Rule> = Vec::new();
    for (template, cluster) in named.flat_map(|t| rule.clusters.iter().map(move |c| (t, c))) {
        let takes = |e: &&Rule| {
            always(e) == Some(true)
                && matched(&e.templates, template)
                && covers(&e.clusters, cluster)
        };
        let taker = earlier.iter().find(takes)?;
        if !takers.iter().any(|known| std::ptr::eq(*known, taker)) {
            takers.push(taker);
        }
    }
    (!takers.is_empty()).then_some(takers)
}

/// Whether whatever the glob matches is surely matched by one of `outer`.
fn covers(outer: &[Glob], glob: &Glob) -> bool {
    outer
        .iter()
        .any(|o| o.matches_all() || o == glob || (glob.is_name() && o.matches(&glob.0)))
}

fn taken(takers: &[&Rule]) -> Fault {
    let names: Vec<String> = takers.iter().map(|r| format!("`{}`", r.name)).collect();
    let places: Vec<String> = takers.iter().map(|r| r.place.to_string()).collect();
    match takers {
        [only] => Fault::new(
            format!(
                "no ask reaches this rule: `{}` governs all of them",
                only.name
            ),
            format!("that rule is at {}; the first match governs", only.place),
        ),
        _ => Fault::new(
            format!(
                "no ask reaches this rule: {} govern all of them together",
                names.join(" and ")
            ),
            format!(
                "those rules are at {}; the first match governs",
                places.join(" and ")
            ),
        ),
    }
}

fn problem(place: &Place, severity: Severity, fault: Fault) -> Problem {
    Problem {
        place: place.clone(),
        severity,
        message: fault.message,
        hint: fault.hint,
    }
}
