//! What findings say of bytes, records and times.

use serde_json::Value;

use crate::audit::Head;
use crate::audit::finding::shown;
use crate::units::Time;

/// A head, for people.
pub(super) fn named(head: &Head) -> String {
    match head.hash.as_str() {
        "" => format!("record {}", head.seq),
        hash => format!("record {} with hash {hash}", head.seq),
    }
}

/// Which records are missing before `found`.
pub(super) fn missing(next: u64, found: u64) -> String {
    match found.saturating_sub(1) {
        last if last == next => format!("record {next} is missing here"),
        last => format!("records {next} to {last} are missing here"),
    }
}

/// Where two texts part, and a little of each from there.
pub(super) fn difference(expected: &[u8], found: &[u8]) -> (String, String) {
    let same = expected.iter().zip(found).take_while(|(a, b)| a == b);
    let at = same.count();
    let rest = |bytes: &[u8]| match bytes.get(at..) {
        Some([]) | None => format!("the end at byte {}", at.saturating_add(1)),
        Some(rest) => format!("{} at byte {}", shown(rest), at.saturating_add(1)),
    };
    (rest(expected), rest(found))
}

/// When it happened, where it says so.
pub(super) fn at(event: &Value) -> Option<Time> {
    event.get("at")?.as_str()?.parse().ok()
}

/// The format of a record that only a later version reads.
pub(super) fn later(bytes: &[u8]) -> Option<u64> {
    let line: Value = serde_json::from_slice(bytes).ok()?;
    line.get("format")?.as_u64().filter(|format| *format > 1)
}

/// Whether the line is one of an export without typed texts.
pub(super) fn is_left_out(bytes: &[u8]) -> bool {
    let line: Option<Value> = serde_json::from_slice(bytes).ok();
    line.is_some_and(|line| line.get("verifiable") == Some(&Value::Bool(false)))
}
