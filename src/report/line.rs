//! One line of an exported ledger, read without building what the report does not need.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::audit::Event;
use crate::id::RequestId;

/// What the last line of an export calls itself: it tells of the export, not of what happened.
const END: &str = "drawbridge.ledger.end";

/// What a line holds.
#[derive(Debug)]
pub(super) enum Line<'l> {
    /// A record whose event is not read yet. Its hashes are `ledger verify`'s to check.
    Record {
        seq: u64,
        document: Option<RequestId>,
        event: &'l RawValue,
    },
    /// The end of an export.
    End,
    /// Nothing that is known.
    Unreadable,
}

#[derive(Debug, Deserialize)]
struct Written<'l> {
    seq: u64,
    #[serde(default)]
    document: Option<RequestId>,
    #[serde(borrow, default)]
    event: Option<&'l RawValue>,
    #[serde(borrow, default)]
    kind: Option<Cow<'l, str>>,
}

/// Reads a line.
pub(super) fn read(line: &str) -> Line<'_> {
    match serde_json::from_str(line) {
        Ok(Written {
            seq,
            document,
            event: Some(event),
            ..
        }) => Line::Record {
            seq,
            document,
            event,
        },
        Ok(Written {
            kind: Some(kind), ..
        }) if kind == END => Line::End,
        _ => Line::Unreadable,
    }
}

/// What happened; `None` for what only a later version knows.
pub(super) fn told(event: &RawValue) -> Option<Event> {
    serde_json::from_str(event.get()).ok()
}
