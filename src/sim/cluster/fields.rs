//! Paths of fields, and who owns which: the bookkeeping of server-side apply.
//!
//! Exact for NetworkPolicy, whose lists and selectors are atomic; for kinds with keyed lists (a
//! pod's containers) it owns the whole list.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A field, from the object's root: `["metadata", "labels", "app"]`.
pub(super) type Path = Vec<String>;

/// Objects that are owned as one: a label selector is never half of each owner's.
const ATOMIC: [&[&str]; 2] = [&["spec", "podSelector"], &["spec", "selector"]];

/// Metadata that identifies an object or that the server sets: nobody owns it.
const UNOWNED: [&str; 10] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Who owns fields, and how it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) how: How,
    pub(super) time: String,
    pub(super) fields: BTreeSet<Path>,
}

/// Owners by apply and by other writes are apart even under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Apply,
    Update,
}

impl Owner {
    /// How a conflict names it.
    pub(super) fn called(&self, api_version: &str) -> String {
        match self.how {
            How::Apply => format!("\"{}\"", self.name),
            How::Update => format!("\"{}\" using {api_version}", self.name),
        }
    }

    /// Its entry in `metadata.managedFields`.
    pub(super) fn shown(&self, api_version: &str) -> Value {
        let operation = match self.how {
            How::Apply => "Apply",
            How::Update => "Update",
        };
        json!({
            "manager": self.name, "operation": operation, "apiVersion": api_version,
            "time": self.time, "fieldsType": "FieldsV1", "fieldsV1": tree(&self.fields),
        })
    }
}

fn tree(fields: &BTreeSet<Path>) -> Value {
    let mut root = json!({});
    for path in fields {
        let mut at = &mut root;
        for step in path {
            let Value::Object(map) = at else { break };
            at = map.entry(format!("f:{step}")).or_insert_with(|| json!({}));
        }
    }
    root
}

/// Every field that an object sets and that can be owned.
pub(super) fn leaves(object: &Value) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    if let Value::Object(top) = object {
        for (key, value) in top {
            if key != "apiVersion" && key != "kind" {
                walk(value, &mut vec![key.clone()], &mut found);
            }
        }
    }
    found.retain(|path| !is_unowned(path));
    found
}

fn is_unowned(path: &Path) -> bool {
    match path.as_slice() {
        [meta, field, ..] => meta == "metadata" && UNOWNED.contains(&field.as_str()),
        [only] => only == "metadata",
        [] => true,
    }
}

fn walk(value: &Value, path: &mut Path, found: &mut BTreeSet<Path>) {
    match value {
        Value::Object(map) if !map.is_empty() && !is_atomic(path) => {
            for (key, value) in map {
                path.push(key.clone());
                walk(value, path, found);
                path.pop();
            }
        }
        Value::Null => {}
        // Empty labels or annotations are not stored.
        Value::Object(_) if path.first().is_some_and(|top| top == "metadata") => {}
        _ => {
            found.insert(path.clone());
        }
    }
}

fn is_atomic(path: &Path) -> bool {
    ATOMIC.iter().any(|atomic| atomic.iter().eq(path.iter()))
}

/// The maps of texts that `after` has and `before` has not: who makes one owns it too, and keeps it
/// when it goes.
pub(super) fn made(before: &Value, after: &Value) -> BTreeSet<Path> {
    let maps = ["labels", "annotations"].map(|m| vec!["metadata".to_owned(), m.to_owned()]);
    let is_new = |p: &Path| get(after, p).is_some_and(|v| !is_empty(v)) && get(before, p).is_none();
    maps.into_iter().filter(is_new).collect()
}

/// The value at a path.
pub(super) fn get<'a>(object: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, step| at.get(step))
}

/// Sets the value at a path, making the maps on the way.
pub(super) fn set(object: &mut Value, path: &[String], value: Value) {
    let Some((step, rest)) = path.split_first() else {
        *object = value;
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    if let Some(map) = object.as_object_mut() {
        set(map.entry(step.clone()).or_insert(Value::Null), rest, value);
    }
}

/// Removes the value at a path, and the maps that it leaves empty in the metadata.
pub(super) fn remove(object: &mut Value, path: &[String]) {
    let Some((step, rest)) = path.split_first() else {
        return;
    };
    let Some(map) = object.as_object_mut() else {
        return;
    };
    if rest.is_empty() {
        map.remove(step);
    } else if let Some(inner) = map.get_mut(step) {
        remove(inner, rest);
        if matches!(step.as_str(), "labels" | "annotations") && is_empty(inner) {
            map.remove(step);
        }
    }
}

/// Drops empty labels and annotations.
pub(super) fn tidy_metadata(object: &mut Value) {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(map) = metadata {
        map.retain(|key, v| !matches!(key.as_str(), "labels" | "annotations") || !is_empty(v));
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// `.spec.podSelector`, as conflicts name fields.
pub(super) fn dotted(path: &Path) -> String {
    path.iter().map(|step| format!(".{step}")).collect()
}

/// RFC 7386: nulls remove, maps merge, everything else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Some(map) = target.as_object_mut() else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}
