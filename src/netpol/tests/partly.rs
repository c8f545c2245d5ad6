//! Clusters of which not all namespaces are read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fixtures::{Fixture, ask, deny, deny_egress};
use super::grants::{plan, town};
use crate::netpol::snapshot::Snapshot;
use crate::netpol::{Unresolved, Warning};

/// The town, where only these of its namespaces are read.
fn reading(names: &[&str], more: impl IntoIterator<Item = Fixture>) -> Snapshot {
    let mut snapshot = town(more);
    let names: BTreeSet<Arc<str>> = names.iter().map(|&name| name.into()).collect();
    snapshot.set_read_only_in(Some(names));
    snapshot
}

#[test]
fn a_namespace_that_is_not_read_is_called_that_and_not_unknown() {
    let snapshot = reading(&["a", "b"], []);
    let refused = ask(&snapshot, "c/cli a/web :8080").unwrap_err();
    let namespace = "c".to_owned();
    assert_eq!(refused, Unresolved::NotRead { namespace });
    assert!(refused.hint().is_some());
    assert!(ask(&snapshot, "b/cli a/web :8080").is_ok());
}

#[test]
fn of_addresses_it_is_said_that_pods_which_are_not_seen_may_have_them() {
    let closed = || [deny("a", "d")];
    let text = "10.9.0.0/24 a/web :8080";
    let unseen = Warning::NotAllRead {
        block: "10.9.0.0/24".to_owned(),
    };
    let partly = plan(&reading(&["a", "b"], closed()), text).unwrap();
    assert!(partly.effect.warnings.contains(&unseen), "{partly:?}");
    let wholly = plan(&town(closed()), text).unwrap();
    assert!(!wholly.effect.warnings.contains(&unseen));
}

#[test]
fn whether_names_are_resolved_is_unknown_where_their_servers_are_not_seen() {
    let closed = || [deny("a", "d"), deny_egress("b", "d")];
    let warned = |snapshot: &Snapshot| {
        let built = plan(snapshot, "b/cli a/web :8080").unwrap();
        let warnings = built.effect.warnings.iter();
        let mut unknown = warnings.filter_map(|warning| match warning {
            Warning::Unknown { what } => Some(what.join(", ")),
            _ => None,
        });
        unknown.next()
    };
    let said = warned(&reading(&["a", "b"], closed())).unwrap();
    assert_eq!(
        said,
        "whether b/cli may ask for names (kube-system is not read)"
    );
    assert_eq!(warned(&reading(&["a", "b", "kube-system"], closed())), None);
    assert_eq!(warned(&town(closed())), None);
    // Nothing is opened on the asking side: it may ask for names as before.
    assert_eq!(warned(&reading(&["a", "b"], [deny("a", "d")])), None);
}
