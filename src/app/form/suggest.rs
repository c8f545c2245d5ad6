//! What a typeahead offers for what was typed: workloads of the chosen cluster as it is now.

use std::collections::BTreeMap;

use super::check::NO_CHOICE;
use crate::grammar::{Endpoint, Kind};
use crate::netpol::Snapshot;
use crate::rules::InputKind;
use crate::view::Choice;
use crate::view::form::ask::whole_choice;

/// Options that Slack shows.
const MOST: usize = 100;

/// Which end is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Where connections come from.
    Source,
    /// Where they go: services too.
    Target,
}

/// What can be chosen for what was typed: best first, at least one, at most 100. Choices that mean
/// nothing say so, and are refused when the form is sent.
pub(super) fn suggest(snapshot: &Snapshot, kind: InputKind, end: End, typed: &str) -> Vec<Choice> {
    let words: Vec<String> = typed
        .to_lowercase()
        .split_whitespace()
        .map(ToOwned::to_owned)
        .collect();
    let mut found: Vec<(u8, String)> = named(snapshot, end)
        .into_iter()
        .filter(|name| words.iter().all(|word| name.to_lowercase().contains(word)))
        .map(|name| (rank(&name, &words), name))
        .collect();
    found.sort();
    let own = as_typed(kind, typed).filter(|own| found.iter().all(|(_, name)| name != own));
    // Addresses and labels name something by themselves; a name that is not found may be a pod's.
    let first = own.as_ref().is_some_and(|own| !is_name(own));
    let names = found.into_iter().map(|(_, name)| name);
    let all: Vec<String> = if first {
        own.into_iter().chain(names).collect()
    } else {
        names.chain(own).collect()
    };
    // One that does not fit whole would mean another.
    let choices: Vec<Choice> = all.iter().filter_map(|name| whole_choice(name)).collect();
    limited(choices, typed)
}

fn limited(mut choices: Vec<Choice>, typed: &str) -> Vec<Choice> {
    if choices.is_empty() {
        let label = match typed.trim() {
            "" => "nothing runs here".to_owned(),
            typed => format!("nothing matches `{typed}`"),
        };
        return vec![Choice::new(&label, &format!("{NO_CHOICE}none"))];
    }
    if choices.len() > MOST {
        let rest = choices.len() - (MOST - 1);
        choices.truncate(MOST - 1);
        let label = format!("and {rest} more: type to narrow it");
        choices.push(Choice::new(&label, &format!("{NO_CHOICE}more")));
    }
    choices
}

/// The whole name, its start, the start of what follows the namespace, anywhere.
fn rank(name: &str, words: &[String]) -> u8 {
    let name = name.to_lowercase();
    let Some(first) = words.first() else {
        return 0;
    };
    let object = name.rsplit('/').next().unwrap_or(&name);
    if name == *first || object == first {
        0
    } else if object.starts_with(first.as_str()) {
        1
    } else if name.starts_with(first.as_str()) {
        2
    } else {
        3
    }
}

/// What was typed, when it is an end by itself.
fn as_typed(kind: InputKind, typed: &str) -> Option<String> {
    let end: Endpoint = typed.trim().parse().ok()?;
    let fits = kind != InputKind::Workload || end.namespace().is_some();
    fits.then(|| end.to_string())
}

fn is_name(end: &str) -> bool {
    matches!(end.parse::<Endpoint>(), Ok(Endpoint::Named { .. }))
}

/// Every workload with a running pod as `ns/name`, or `ns/kind/name` where two kinds share the name; for
/// targets, services whose name no workload has.
fn named(snapshot: &Snapshot, end: End) -> Vec<String> {
    let mut all = Vec::new();
    for namespace in snapshot.namespaces() {
        let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for workload in snapshot.workloads(namespace) {
            kinds.entry(workload.name).or_default().push(workload.kind);
        }
        if let (End::Target, Some(space)) = (end, snapshot.space(namespace)) {
            for service in space.services.keys() {
                kinds.entry(service.to_string()).or_default();
            }
        }
        for (name, kinds) in kinds {
            match kinds.as_slice() {
                [] | [_] => all.push(format!("{namespace}/{name}")),
                several => all.extend(several.iter().filter_map(|kind| {
                    let kind = Kind::from_word(kind)?.name().to_ascii_lowercase();
                    Some(format!("{namespace}/{kind}/{name}"))
                })),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests;
