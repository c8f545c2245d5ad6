//! What a store gives back: requests, notes and events, of this version or another, whole or damaged, read and written
//! as the bot does it.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, Utc};
use drawbridge::audit::{Event, fits, fitted};
use drawbridge::notes::Note;
use drawbridge::request::{Request, alarms, due};
use drawbridge::{view, written};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::corpus::{documents, ledgers, lines};
use super::driver::Target;
use super::seeds::Seeds;

const WORDS: &[&str] = &[
    "null",
    "{}",
    "[]",
    "\"\"",
    ",",
    "\"a\":",
    "\"2026-11-24T03:00:00Z\"",
    "\"-262143-01-01T00:00:00Z\"",
    "\"+262142-12-31T23:59:59.999999999Z\"",
    "{\"a\":",
    "[",
    "true",
    "18446744073709551615",
    "\"k7m3xq\"",
    "\"state\":",
    "\\ud83d",
    "\\u0000",
    "\"U0DANA\",",
];

const fn target(run: fn(&[u8]), seeds: &'static [Seeds]) -> Target {
    Target {
        name: "",
        run,
        seeds,
        words: WORDS,
        largest: 300_000,
        a_byte: Duration::from_micros(20),
        memory: 8 * 1024 * 1024,
    }
}

pub(crate) const REQUESTS: Target = target(requests, &[Seeds::Made(|| bodies(false))]);
pub(crate) const NOTES: Target = target(notes, &[Seeds::Made(|| bodies(true))]);
pub(crate) const EVENTS: Target = target(events, &[Seeds::Made(released_events)]);

/// The documents that every version wrote, byte for byte.
fn bodies(are_notes: bool) -> Vec<Vec<u8>> {
    let all = documents().into_iter().map(|(_, kept)| kept.body);
    let some = all.filter(|body| written::look(body.get()).is_note == are_notes);
    some.map(|body| body.get().as_bytes().to_vec()).collect()
}

fn released_events() -> Vec<Vec<u8>> {
    let told = documents().into_iter().flat_map(|(_, kept)| kept.events);
    let mut all: Vec<Vec<u8>> = told.map(|event| event.get().as_bytes().to_vec()).collect();
    all.extend(
        lines("events.jsonl")
            .into_iter()
            .map(|(_, line)| line.into_bytes()),
    );
    all
}

/// The first lines of a ledger, and the whole: a report is made of each try, so it is the shortest one.
pub(crate) fn ledger_seeds() -> Vec<Vec<u8>> {
    let all = ledgers().into_iter().map(|(_, text)| text);
    let shortest = all.min_by_key(String::len).unwrap();
    let first = shortest.split_inclusive('\n').take(8);
    let first = first.map(|line| line.as_bytes().to_vec());
    first.chain([shortest.clone().into_bytes()]).collect()
}

/// Reads a document as the bot does; what it writes again says the same, keeps what it does not know, and does so
/// ever after.
fn read<T>(bytes: &[u8]) -> Option<T>
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let text = std::str::from_utf8(bytes).ok()?;
    let read = written::read::<T>(text).ok()?;
    let once = written::write(&read.value, &read.rest).unwrap();
    let again = written::read::<T>(&once).unwrap();
    assert_eq!(again.value, read.value, "(reads back)");
    let twice = written::write(&again.value, &again.rest).unwrap();
    assert_eq!(twice, once, "(stable)");
    if let Ok(Value::Object(mut whole)) = serde_json::from_str(text) {
        let later = json!({"a": [1, {"b": null}], "c": "k7m3xq"});
        whole.insert("of_a_later_version".to_owned(), later.clone());
        let read = written::read::<T>(&Value::Object(whole).to_string()).unwrap();
        let kept = written::write(&read.value, &read.rest).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept["of_a_later_version"], later, "(kept)");
    }
    Some(read.value)
}

/// Moments at which a document is looked at, the ends of time among them.
fn moments() -> [DateTime<Utc>; 4] {
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    [
        DateTime::<Utc>::MIN_UTC,
        DateTime::UNIX_EPOCH,
        now,
        DateTime::<Utc>::MAX_UTC,
    ]
}

fn requests(bytes: &[u8]) {
    let Some(request) = read::<Request>(bytes) else {
        return;
    };
    let _ = alarms(&request);
    for now in moments() {
        let _ = due(&request, now);
    }
    let _ = (
        request.path(),
        request.length(),
        request.left_to_extend(),
        request.is_automatic(),
    );
    let _ = (request.waiting_stage(), request.awaits_review());
    for post in &request.posts.list {
        let message = view::render(&request, post);
        let blocks = message.blocks.len();
        assert!(blocks <= 50, "(Slack takes it) {blocks} blocks");
    }
}

fn notes(bytes: &[u8]) {
    let Some(note) = read::<Note>(bytes) else {
        return;
    };
    let _ = note.alarms();
    assert!(note.key().starts_with("note:"), "(has a key)");
}

fn events(bytes: &[u8]) {
    if let Ok(event) = serde_json::from_slice::<Event>(bytes) {
        let written = serde_json::to_vec(&event).unwrap();
        let again: Event = serde_json::from_slice(&written).unwrap();
        assert_eq!(again, event, "(reads back)");
    }
    // Whatever an event holds, it can be made to fit into the ledger.
    if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
        assert_eq!(fits(&fitted(value)), Ok(()), "(fits)");
    }
}
