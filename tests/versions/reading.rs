//! Each stored thing by itself: it is as it was stored, read whole, written back without loss, and shown.

use std::collections::BTreeMap;
use std::fs;

use drawbridge::audit::Event;
use drawbridge::audit::verify::{Check, Extent};
use drawbridge::notes::Note;
use drawbridge::report::{Choices, Report};
use drawbridge::request::{Request, alarms};
use drawbridge::units::Seconds;
use drawbridge::view::{Action, parse_value};
use drawbridge::{view, written};
use serde_json::Value;

use super::corpus::{Kept, MOST, digests, documents, files, ledgers, lines, root, versions};

/// A document written again is what it was: nothing is lost on the way through this version.
fn assert_kept(place: &str, kept: &Kept, again: &str) {
    let (was, now): (Value, Value) = (
        serde_json::from_str(kept.body.get()).unwrap(),
        serde_json::from_str(again).unwrap(),
    );
    let lost = lost(&was, &now);
    assert!(lost.is_none(), "{place}: {lost:?} is not what it was");
}

/// The first field that is not there any more or has another value; new fields may have come.
fn lost(was: &Value, now: &Value) -> Option<String> {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => was.iter().find_map(|(field, value)| {
            let inside = lost(value, now.get(field).unwrap_or(&Value::Null))?;
            Some(format!("{field}.{inside}"))
        }),
        (Value::Array(was), Value::Array(now)) if was.len() == now.len() => {
            let pairs = was.iter().zip(now).enumerate();
            pairs
                .into_iter()
                .find_map(|(at, (was, now))| Some(format!("{at}.{}", lost(was, now)?)))
        }
        (was, now) => (was != now).then(|| format!("{was} -> {now}")),
    }
}

#[test]
fn every_document_is_read_and_written_back_whole() {
    for (place, kept) in documents() {
        let body = kept.body.get();
        let again = if written::look(body).is_note {
            let read = written::read::<Note>(body).unwrap_or_else(|e| panic!("{place}: {e}"));
            assert_eq!(read.value.key(), kept.owner, "{place}");
            written::write(&read.value, &read.rest)
        } else {
            let read = written::read::<Request>(body).unwrap_or_else(|e| panic!("{place}: {e}"));
            written::write(&read.value, &read.rest)
        };
        assert_kept(&place, &kept, &again.unwrap());
    }
}

#[test]
fn every_message_of_every_request_is_shown() {
    let mut shown = 0;
    for (place, kept) in documents() {
        let Ok(read) = written::read::<Request>(kept.body.get()) else {
            continue;
        };
        let request = read.value;
        for post in &request.posts.list {
            let message = view::render(&request, post);
            assert!(!view::digest(&message).is_empty(), "{place}");
            shown += 1;
        }
        let waits = !request.state.is_final() && alarms(&request).gate.is_none();
        assert!(!waits, "{place}: nothing looks at it again");
    }
    assert!(shown > 100, "{shown}");
}

#[test]
fn every_event_says_what_happened() {
    for (place, kept) in documents() {
        for event in &kept.events {
            let told: Result<Event, _> = serde_json::from_str(event.get());
            assert!(told.is_ok(), "{place}: {told:?}: {event}");
        }
    }
}

/// Those that no story tells of: one of each.
#[test]
fn every_event_that_no_story_tells_of_comes_back_as_it_was() {
    for (place, line) in lines("events.jsonl") {
        let told: Event = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{place}: {e}"));
        let was: Value = serde_json::from_str(&line).unwrap();
        let lost = lost(&was, &serde_json::to_value(&told).unwrap());
        assert!(lost.is_none(), "{place}: {lost:?} is not what it was");
    }
}

#[test]
fn every_button_says_what_is_pressed_and_of_which_request() {
    for (place, line) in lines("buttons.txt") {
        let (id, value) = line.split_once(' ').unwrap();
        assert!(Action::of_id(id).is_some(), "{place}: {line}");
        assert!(parse_value(value).is_some(), "{place}: {line}");
    }
}

#[test]
fn every_ledger_is_verified_and_reported() {
    for (path, text) in ledgers() {
        let place = path.display();
        let mut check = Check::of(Extent::Export);
        let findings: Vec<String> = text
            .split_inclusive('\n')
            .flat_map(|line| check.line(line.as_bytes()))
            .map(|finding| finding.to_string())
            .collect();
        assert!(findings.is_empty(), "{place}: {findings:?}");
        let (verified, findings) = check.finish();
        assert!(findings.is_empty(), "{place}: {findings:?}");
        let first = verified.first.as_ref().and_then(|first| first.at).unwrap();
        let choices = Choices::between(first, Seconds::hours(24 * 30).after(first));
        let mut report = Report::new(choices);
        text.lines().for_each(|line| report.line(line));
        let source = report.source().clone();
        assert_eq!(
            (source.records, source.unreadable, source.repeated),
            (verified.records, 0, 0),
            "{place}"
        );
        report.finish();
    }
}

#[test]
fn a_corpus_is_as_it_was_written() {
    let stored = fs::read_to_string(root().join("digests")).unwrap();
    assert!(
        stored == digests(),
        "a released corpus is never edited; tests/versions/add makes the one of a version that is not released"
    );
}

#[test]
fn every_version_up_to_this_one_has_a_small_corpus() {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for folder in versions() {
        let bytes = files(&folder)
            .into_iter()
            .map(|path| fs::metadata(path).unwrap().len());
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        sizes.insert(name, bytes.sum());
    }
    assert!(
        sizes.contains_key(env!("CARGO_PKG_VERSION")),
        "run tests/versions/add: {sizes:?}"
    );
    let large: Vec<_> = sizes.iter().filter(|(_, size)| **size > MOST).collect();
    assert!(large.is_empty(), "{large:?}");
}
