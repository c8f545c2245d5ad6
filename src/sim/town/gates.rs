//! The life of every object of ours that was ever in the town's cluster, by the town's clock. Watches
//! the cluster itself, so it sees what the bot believes to have done and what it forgot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::clock::Clock;
use crate::netpol::marks;
use crate::sim::cluster::SimCluster;
use crate::units::{Seconds, Time};

/// One object's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// `namespace/name`
    pub name: String,
    /// Its marks when it was last seen.
    pub marks: BTreeMap<String, String>,
    /// The request that its label names.
    pub request: String,
    /// When it was first seen.
    pub made_at: Time,
    /// When it was gone.
    pub gone_at: Option<Time>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct GateLog(Arc<Mutex<Vec<Life>>>);

impl GateLog {
    /// Follows the cluster; never returns.
    pub async fn follow(self, api: SimCluster, clock: Arc<dyn Clock>) {
        let mut version = 0;
        loop {
            version = api.changed_since(version).await;
            self.note(&ours(&api.objects()), clock.now());
        }
    }

    /// Everything seen so far.
    pub fn lives(&self) -> Vec<Life> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, objects: &[Value], now: Time) {
        let mut lives = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen: Vec<Life> = objects.iter().map(|o| Life::of(o, now)).collect();
        for life in lives.iter_mut().filter(|life| life.gone_at.is_none()) {
            match seen.iter().find(|seen| seen.name == life.name) {
                Some(seen) => life.marks.clone_from(&seen.marks),
                None => life.gone_at = Some(now),
            }
        }
        for seen in seen {
            let known = |life: &Life| life.gone_at.is_none() && life.name == seen.name;
            if !lives.iter().any(known) {
                lives.push(seen);
            }
        }
    }
}

impl Life {
    fn of(object: &Value, now: Time) -> Self {
        let text = |pointer| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let annotations = object
            .pointer("/metadata/annotations")
            .cloned()
            .unwrap_or_default();
        Self {
            name: format!("{}/{}", text("/metadata/namespace"), text("/metadata/name")),
            marks: serde_json::from_value(annotations).unwrap_or_default(),
            request: text("/metadata/labels/drawbridge.dev~1request").to_owned(),
            made_at: now,
            gone_at: None,
        }
    }

    /// When its marks say that it ends.
    pub fn expires_at(&self) -> Option<Time> {
        self.marks.get(marks::EXPIRES_AT)?.parse().ok()
    }

    /// How long it outlived its end; `None`: it did not.
    pub fn overdue(&self, now: Time) -> Option<Seconds> {
        let late = self.gone_at.unwrap_or(now) - self.expires_at()?;
        // Rounded up: a promise of two seconds is broken by two and a half.
        let seconds = (late.num_milliseconds() + 999) / 1000;
        u64::try_from(seconds).ok().filter(|s| *s > 0).map(Seconds)
    }
}

/// Objects with our mark.
pub fn ours(objects: &[Value]) -> Vec<Value> {
    let (key, value) = marks::MANAGED_BY;
    let pointer = format!("/metadata/labels/{}", key.replace('/', "~1"));
    let marked = |o: &&Value| o.pointer(&pointer).and_then(Value::as_str) == Some(value);
    objects.iter().filter(marked).cloned().collect()
}
