//! Periods as they are written, and a ledger read out of a store.

use std::sync::Arc;

use super::*;

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn a_period_is_whole_days_of_the_zone_or_exact_instants() {
    let now = at("2026-11-26T10:00:00Z");
    for (from, to, zone, begins, ends) in [
        // Without anything: the last 90 days.
        (
            None,
            None,
            Zone::UTC,
            "2026-08-28T10:00:00Z",
            "2026-11-26T10:00:00Z",
        ),
        // The last day is a part of the period, also where clocks change within it.
        (
            Some("2026-10-01"),
            Some("2026-10-31"),
            Zone::BERLIN,
            "2026-09-30T22:00:00Z",
            "2026-10-31T23:00:00Z",
        ),
        (
            Some("2026-01-01T08:00:00+02:00"),
            Some("2026-01-02T00:00:00Z"),
            Zone::UTC,
            "2026-01-01T06:00:00Z",
            "2026-01-02T00:00:00Z",
        ),
        // On this day there was no midnight in Cairo.
        (
            Some("2026-04-24"),
            Some("2026-04-24"),
            "Africa/Cairo".parse().unwrap(),
            "2026-04-23T22:00:00Z",
            "2026-04-24T21:00:00Z",
        ),
    ] {
        let edge = |text: Option<&str>| text.map(|text| period::read(text).unwrap());
        let since = |text: Option<&str>| period::read_since(text.unwrap_or("90d")).unwrap();
        assert_eq!(
            period::between(since(from), edge(to), zone, now),
            Ok((at(begins), at(ends))),
            "{from:?} {to:?}"
        );
    }
}

#[test]
fn what_is_no_period_is_said() {
    let now = at("2026-11-26T10:00:00Z");
    for text in ["", "yesterday", "2026-13-01", "2026-11-01T09:00:00", "=1+1"] {
        assert!(period::read(text).is_err(), "{text}");
        assert!(period::read_since(text).is_err(), "{text}");
    }
    let (from, to) = (
        period::read_since("2026-11-02").unwrap(),
        period::read("2026-11-01"),
    );
    let problem = period::between(from, to.ok(), Zone::UTC, now).unwrap_err();
    assert!(problem.contains("2026-11-02T00:00:00"), "{problem}");
    let beyond = period::read("+262142-12-31").unwrap();
    let month = period::read_since("30d").unwrap();
    assert!(period::between(month, Some(beyond), Zone::UTC, now).is_err());
}

#[tokio::test]
async fn the_store_s_ledger_is_read_to_its_head() {
    use crate::audit::{Actor, Event, Fact, Head, chain};
    use crate::store::memory::MemoryStore;
    use crate::store::{Append, Ledger as _};

    let start = at("2026-11-01T00:00:00Z");
    let store = MemoryStore::new(Arc::new(SystemClock));
    let mut after = Head::origin();
    // More than one page.
    for _ in 0..12 {
        let first = after.clone();
        let mut records = Vec::new();
        for _ in 0..100 {
            let event = Event {
                at: start,
                by: Actor::Drawbridge,
                fact: Fact::Unreviewed,
            };
            let linked = chain::link_own(&after, &event).unwrap();
            after = linked.head;
            records.push(linked.line);
        }
        let step = Append {
            after: first,
            records,
            head: after.clone(),
            recorded: Vec::new(),
        };
        store.append(step).await.unwrap();
    }
    let mut report = Report::new(Choices::between(start, at("2026-12-01T00:00:00Z")));
    source::kept(&store, &mut report).await.unwrap();
    assert_eq!(report.last_seq(), 1_200);
    assert_eq!(
        (report.source().records, report.source().unreadable),
        (1_200, 0)
    );
}
