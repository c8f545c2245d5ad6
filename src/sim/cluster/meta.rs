//! Names, labels and annotations: what every kind's metadata must satisfy.

use serde_json::{Value, json};

use super::reply::Cause;
use crate::netpol::check::words;

/// Kubernetes' bound on all annotations of an object together.
const ANNOTATIONS_MAX: usize = 262_144;

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Everything that is wrong with an object's metadata.
pub(super) fn problems(object: &Value) -> Vec<Cause> {
    let mut found = Vec::new();
    let meta = object.get("metadata").unwrap_or(&Value::Null);
    let name = meta.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        found.push(Cause::required(
            "metadata.name".to_owned(),
            "name or generateName is required",
        ));
    } else if name.len() > 253 || !words::is_subdomain(name) {
        found.push(Cause::invalid(
            "metadata.name".to_owned(),
            &json!(name),
            NAME,
        ));
    }
    for (key, value) in texts(meta.get("labels")) {
        label(key, value, "metadata.labels", &mut found);
    }
    for (key, _) in texts(meta.get("annotations")) {
        key_problem(key, "metadata.annotations", &mut found);
    }
    let size: usize = texts(meta.get("annotations"))
        .map(|(k, v)| k.len() + v.len())
        .sum();
    if size > ANNOTATIONS_MAX {
        found.push(Cause::too_long("metadata.annotations", ANNOTATIONS_MAX));
    }
    found
}

fn texts(map: Option<&Value>) -> impl Iterator<Item = (&str, &str)> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default()))
}

/// Checks a label's key and value.
fn label(key: &str, value: &str, field: &str, found: &mut Vec<Cause>) {
    key_problem(key, field, found);
    if let Some(why) = words::value_problem(value) {
        found.push(Cause::invalid(field.to_owned(), &json!(value), why));
    }
}

fn key_problem(key: &str, field: &str, found: &mut Vec<Cause>) {
    if let Some(why) = words::key_problem(key) {
        found.push(Cause::invalid(field.to_owned(), &json!(key), why));
    }
}
