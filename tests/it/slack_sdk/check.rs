//! Holds a tape against Slack's official types, its SDK's validators and its documentation: one run of
//! `tests/slack-sdk/validate.py` for all of it.

use std::collections::BTreeMap;
use std::io::Write;

use drawbridge::sim::slack::Taped;
use serde::{Deserialize, Serialize};

use super::bot::python;

/// What is wrong with one payload.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    /// Counts the payloads from 0.
    pub(super) number: usize,
    /// `types`, `sdk` or `docs`.
    pub(super) layer: String,
    pub(super) path: String,
    pub(super) message: String,
}

/// The faults of all payloads, in order.
pub(super) fn faults(tape: &[impl Serialize]) -> Vec<Fault> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    for taped in tape {
        serde_json::to_writer(&mut file, taped).unwrap();
        file.write_all(b"\n").unwrap();
    }
    file.flush().unwrap();
    let ran = python("validate.py").arg(file.path()).output().unwrap();
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "validate.py: {words}");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Nothing on the tape is at fault. Says what is, once for each kind of it.
pub(super) fn assert_sound(tape: &[Taped]) {
    let mut kinds = BTreeMap::new();
    for fault in faults(tape) {
        let taped = &tape[fault.number];
        let Fault {
            layer,
            path,
            message,
            ..
        } = fault;
        let kind = format!(
            "{:?} {} {layer} {path}: {message}",
            taped.crossing, taped.name
        );
        kinds.entry(kind).or_insert(&taped.payload);
    }
    let list: Vec<_> = kinds
        .iter()
        .map(|(kind, payload)| format!("{kind}\n    {payload}"))
        .collect();
    println!("{} payloads checked", tape.len());
    assert!(
        list.is_empty(),
        "{} kinds of faults:\n{}",
        list.len(),
        list.join("\n")
    );
}
