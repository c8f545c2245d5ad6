//! What a document or an event shows: which fields there are, and which of few words stand in them.

use std::collections::BTreeSet;

use serde_json::Value;

/// Fields whose value is one of few words, which count as something to be shown.
const WORDS: [&str; 12] = [
    "is", "why", "note", "event", "subject", "status", "right", "pass", "kind", "origin",
    "told_of", "told",
];

/// Fields that hold what people chose freely: their names show nothing.
const FREE: [&str; 5] = ["policy", "inputs", "stated", "settings", "policies"];

/// What kind of event it is, and which fields it has.
pub(crate) fn fields(event: &Value, found: &mut BTreeSet<String>) {
    let kind = event["event"].as_str().unwrap_or_default();
    let all = event.as_object().into_iter().flatten();
    found.extend(all.map(|(field, _)| format!("{kind}.{field}")));
}

/// The fields of a document by their paths, with what can be told of their values by a word.
pub(crate) fn shown(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    let last = path.rsplit('.').next().unwrap_or_default();
    match value {
        Value::Object(fields) => {
            found.insert(path.to_owned());
            for (name, value) in fields.iter().filter(|_| !FREE.contains(&last)) {
                shown(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(list) => {
            found.insert(format!("{path}[{}]", list.len().min(1)));
            list.iter().for_each(|value| shown(value, path, found));
        }
        Value::String(word) if WORDS.contains(&last) => {
            found.insert(format!("{path}={word}"));
        }
        Value::String(_) | Value::Number(_) => drop(found.insert(path.to_owned())),
        Value::Bool(_) | Value::Null => drop(found.insert(format!("{path}={value}"))),
    }
}
