//! Names, labels and annotations: what every kind's metadata must satisfy.

use serde_json::{Value, json};

use super::reply::Cause;

/// Kubernetes' bound on all annotations of an object together.
const ANNOTATIONS_MAX: usize = 262_144;

const NAME: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must \
    start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
    regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
    '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
    'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

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
    } else if name.len() > 253 || !name.split('.').all(is_lower_label) {
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
pub(super) fn label(key: &str, value: &str, field: &str, found: &mut Vec<Cause>) {
    key_problem(key, field, found);
    if value.len() > 63 {
        let why = "must be no more than 63 bytes";
        found.push(Cause::invalid(field.to_owned(), &json!(value), why));
    } else if !value.is_empty() && !is_name_part(value) {
        found.push(Cause::invalid(field.to_owned(), &json!(value), VALUE));
    }
}

fn key_problem(key: &str, field: &str, found: &mut Vec<Cause>) {
    let (prefix, name) = key
        .rsplit_once('/')
        .map_or((None, key), |(p, n)| (Some(p), n));
    let prefixed = prefix.is_none_or(|p| !p.is_empty() && p.split('.').all(is_lower_label));
    if !prefixed || name.len() > 63 || !is_name_part(name) {
        found.push(Cause::invalid(field.to_owned(), &json!(key), KEY));
    }
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_name_part(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_lower_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// What is wrong with the name of a port (IANA service name, RFC 6335).
pub(super) fn port_name_problem(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 15 {
        Some("must be no more than 15 characters")
    } else if !name.chars().all(allowed) {
        Some("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    } else if !name.chars().any(|c| c.is_ascii_lowercase()) {
        Some("must contain at least one letter (a-z)")
    } else if name.contains("--") {
        Some("must not contain consecutive hyphens")
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("must not begin or end with a hyphen")
    } else {
        None
    }
}
