//! Every fact in the ledger comes back as it was.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::samples::{event, facts};
use super::{Event, Fact, Head, Record, chain, fits};

/// A place for each variant: a new one does not compile until it has a sample too.
fn place(fact: &Fact) -> usize {
    use Fact::*;
    match fact {
        Asked { .. } => 0,
        Refused { .. } => 1,
        Approved { .. } => 2,
        Granted => 3,
        Denied { .. } => 4,
        Cancelled => 5,
        Lapsed => 6,
        Reminded => 7,
        Attempted { .. } => 8,
        Opened { .. } => 9,
        NotOpened { .. } => 10,
        Warned => 11,
        Closing { .. } => 12,
        NotClosed { .. } => 13,
        Closed { .. } => 14,
        Automatic { .. } => 15,
        Recalled { .. } => 16,
        Forgotten => 17,
        Escalated { .. } => 18,
        Emergency { .. } => 19,
        Chased => 20,
        Reviewed { .. } => 21,
        Unreviewed => 22,
        Extended { .. } => 23,
        Away { .. } => 24,
        Back => 25,
        IncidentOpened { .. } => 26,
        IncidentClosed { .. } => 27,
        Observed { .. } => 28,
        StageReached { .. } => 29,
        ApprovedOffline { .. } => 30,
        RuleKept { .. } => 31,
        RulesChanged { .. } => 32,
        Reaped { .. } => 33,
        LedgerBegun { .. } => 34,
        HeadSigned { .. } => 35,
        Trimmed { .. } => 36,
        TurnedAway { .. } => 37,
        Forbidden { .. } => 38,
        Configured { .. } => 39,
        WentBack { .. } => 40,
        EventsLost { .. } => 41,
        LedgerWentBack { .. } => 42,
    }
}

/// Every later version has to read it, and is tried with what stands there.
#[test]
fn every_fact_is_in_the_corpus_of_this_version() {
    let folder = concat!("tests/versions/", env!("CARGO_PKG_VERSION"));
    let ledgers = fs::read_dir(format!("{folder}/ledgers")).unwrap();
    let mut corpus: String = ledgers
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    for file in ["documents.jsonl", "events.jsonl"] {
        corpus += &fs::read_to_string(format!("{folder}/{file}")).unwrap();
    }
    for fact in facts() {
        let told = serde_json::to_value(event(0, fact)).unwrap();
        let word = format!("\"event\":{}", told["event"]);
        assert!(corpus.contains(&word), "tests/versions/add: no {word}");
    }
}

#[test]
fn every_fact_survives_its_canonical_form_unchanged() {
    let mut seen = BTreeSet::new();
    let document = "k7m3xq".parse().unwrap();
    for fact in facts() {
        seen.insert(place(&fact));
        let event = event(5, fact);
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(fits(&value), Ok(()), "{value}");
        let linked = chain::link(&Head::origin(), Some(&document), 1, value.clone()).unwrap();
        let back: Record = serde_json::from_str(&linked.line).unwrap();
        assert_eq!(back.event, value);
        assert_eq!(back.told().as_ref(), Some(&event));
        assert_eq!(back.line().unwrap(), linked.line);
        assert_eq!(serde_json::from_value::<Event>(back.event).unwrap(), event);
    }
    assert_eq!(seen, (0..43).collect());
}

#[test]
fn an_event_of_a_later_version_keeps_what_this_one_does_not_know() {
    let later: Value =
        serde_json::from_str(r#"{"at":"x","by":{"robot":1},"event":"flown","far":[{"é":2}]}"#)
            .unwrap();
    let document = "k7m3xq".parse().unwrap();
    let linked = chain::link(&Head::origin(), Some(&document), 1, later.clone()).unwrap();
    let back: Record = serde_json::from_str(&linked.line).unwrap();
    assert_eq!((back.told(), back.event), (None, later));
}
