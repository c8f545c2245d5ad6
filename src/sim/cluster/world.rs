//! The objects of a simulated cluster, their versions and what happened to them.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::fields::Owner;
use super::kinds::Kind;
use crate::entropy::Entropy;
use crate::units::Time;

/// How many past events watches can start from; older ones are "too old", as in a real server after
/// its compaction.
const HISTORY: usize = 10_000;

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) plural: &'static str,
    /// Empty for kinds without namespaces.
    pub(super) namespace: String,
    pub(super) name: String,
}

/// An object without its managed fields, and who owns them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub(super) kind: &'static Kind,
    pub(super) object: Value,
    pub(super) owners: Vec<Owner>,
}

/// Something that happened to an object.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) version: u64,
    pub(super) key: Key,
    /// `None`: deleted.
    pub(super) after: Option<Value>,
    /// `None`: created.
    pub(super) before: Option<Value>,
}

/// Whose token a TokenReview accepts.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) audience: String,
    pub(super) uid: String,
}

/// What a list has not handed out yet, under its page token.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) items: VecDeque<Value>,
    pub(super) version: u64,
}

/// Everything that a real cluster keeps in etcd.
#[derive(Debug)]
pub(super) struct World {
    pub(super) objects: BTreeMap<Key, Stored>,
    pub(super) version: u64,
    pub(super) history: VecDeque<Event>,
    /// Versions up to here cannot be watched from any more.
    pub(super) forgotten: u64,
    pub(super) pages: BTreeMap<String, Rest>,
    pub(super) tokens: BTreeMap<String, Account>,
    /// What happens is not told to watches.
    pub(super) losing: bool,
    ids: Entropy,
}

impl World {
    pub(super) fn seeded(seed: u64) -> Self {
        Self {
            objects: BTreeMap::new(),
            version: 1,
            history: VecDeque::new(),
            forgotten: 0,
            pages: BTreeMap::new(),
            tokens: BTreeMap::new(),
            losing: false,
            ids: Entropy::seeded(seed),
        }
    }

    /// 32 random hex digits.
    pub(super) fn draw(&self) -> String {
        self.ids.commit_id().0
    }

    /// A random (version 4) UUID.
    pub(super) fn uid(&self) -> String {
        let hex = self.draw();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
        let (a, b, c, d, e) = (
            part(0, 8),
            part(8, 12),
            part(13, 16),
            part(17, 20),
            part(20, 32),
        );
        format!("{a}-{b}-4{c}-8{d}-{e}")
    }

    /// Writes an object (or, with `None`, its absence) as the next version and tells the watches.
    /// Returns the object as a client sees it.
    pub(super) fn commit(&mut self, key: Key, stored: Option<Stored>) -> Value {
        self.version += 1;
        let before = self.objects.remove(&key).map(|old| old.shown());
        let mut shown = Value::Null;
        let after = stored.map(|mut new| {
            set_meta(
                &mut new.object,
                "resourceVersion",
                json!(self.version.to_string()),
            );
            shown = new.shown();
            self.objects.insert(key.clone(), new);
            shown.clone()
        });
        let event = Event {
            version: self.version,
            key,
            after,
            before,
        };
        if !self.losing {
            self.history.push_back(event);
        }
        if self.history.len() > HISTORY {
            self.forgotten = self.history.pop_front().map_or(0, |old| old.version);
        }
        shown
    }

    /// As a compaction does: what happened until now cannot be watched from, nor listed on.
    pub(super) fn forget(&mut self) {
        self.forgotten = self.version;
        self.history.clear();
        self.pages.clear();
    }
}

impl Stored {
    /// As a client sees it.
    pub(super) fn shown(&self) -> Value {
        let mut object = self.object.clone();
        let version = self.kind.api_version();
        let owners: Vec<Value> = self.owners.iter().map(|o| o.shown(&version)).collect();
        if !owners.is_empty() {
            set_meta(&mut object, "managedFields", Value::from(owners));
        }
        object
    }

    pub(super) fn meta(&self, field: &str) -> &str {
        meta(&self.object, field)
    }
}

/// A text of an object's metadata; empty when it is not there.
pub(super) fn meta<'a>(object: &'a Value, field: &str) -> &'a str {
    meta_value(object, field)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A field of an object's metadata.
pub(super) fn meta_value<'a>(object: &'a Value, field: &str) -> Option<&'a Value> {
    object.get("metadata")?.get(field)
}

/// Writes what the object is: bodies may leave it out.
pub(super) fn set_type(object: &mut Value, kind: &Kind) {
    super::fields::set(
        object,
        &["apiVersion".to_owned()],
        json!(kind.api_version()),
    );
    super::fields::set(object, &["kind".to_owned()], json!(kind.name));
}

/// Sets a field of the metadata.
pub(super) fn set_meta(object: &mut Value, field: &str, value: Value) {
    super::fields::set(object, &["metadata".to_owned(), field.to_owned()], value);
}

/// Labels or annotations.
pub(super) fn texts(object: &Value, field: &str) -> BTreeMap<String, String> {
    let map = meta_value(object, field).and_then(Value::as_object);
    let entries = map.into_iter().flatten();
    entries
        .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
        .collect()
}

/// Times as the server writes them: whole seconds.
pub(super) fn stamp(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
