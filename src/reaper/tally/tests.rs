//! What counts as open and as overdue.

use super::*;
use crate::cluster::ObjectRef;
use crate::netpol::marks;

fn at(seconds: u64) -> Time {
    Seconds(seconds).after("2026-11-24T03:00:00Z".parse().unwrap())
}

/// An object created at the start; `end`: what is written on it.
fn object(request: Option<&str>, name: &str, end: Option<u64>) -> SeenObject {
    let written = end.map(|end| (marks::EXPIRES_AT.to_owned(), at(end).to_rfc3339()));
    let label = request.map(|id| (marks::REQUEST.to_owned(), id.to_owned()));
    SeenObject {
        at: ObjectRef::policy("orders", name).with_uid(format!("uid-{name}")),
        resource_version: "1".to_owned(),
        created: at(0),
        deleting: false,
        labels: label.into_iter().collect(),
        annotations: written.into_iter().collect(),
        manifest: serde_json::json!({}),
    }
}

fn told(objects: &[SeenObject], second: u64) -> (u64, u64, i64) {
    let gates = tally(objects, Seconds::hours(24), at(second));
    (gates.open, gates.overdue, gates.longest.num_seconds())
}

#[test]
fn two_objects_of_a_request_are_one_gate_and_the_most_overdue_counts() {
    let gate = [
        object(Some("k7m3xa"), "one", Some(60)),
        object(Some("k7m3xa"), "two", Some(90)),
        object(Some("m7m3xa"), "three", Some(600)),
    ];
    assert_eq!(told(&gate, 59), (2, 0, 0));
    assert_eq!(told(&gate, 61), (2, 1, 1));
    assert_eq!(told(&gate, 100), (2, 1, 40));
    assert_eq!(told(&gate, 700), (2, 2, 640));
}

#[test]
fn what_names_no_request_counts_by_its_name_and_ends_at_the_hard_maximum() {
    let strangers = [
        object(None, "one", Some(999_999)),
        object(Some("not an id"), "two", None),
    ];
    let day = Seconds::hours(24).0;
    assert_eq!(told(&strangers, 1).0, 2);
    // One that says no end has none left; the other may stay until the hard maximum.
    assert_eq!(told(&strangers, day + 5).1, 2);
}
