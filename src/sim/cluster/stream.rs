//! Watches: what happened after a version, as lines of JSON, for as long as they last.

use std::io;
use std::time::Duration;

use futures::Stream;
use http_body::Frame;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::reply::Reply;
use super::route::Call;
use super::select::Selection;
use super::world::{Event, World};
use super::{Pulse, SimCluster};

/// How long a watch lasts that does not say: within the real server's 30 to 60 min.
const DEFAULT_SECONDS: u64 = 1800;

/// One open watch.
pub(super) struct Watching {
    sim: SimCluster,
    call: Call,
    selection: Selection,
    /// Everything up to here was sent.
    at: u64,
    /// Lines to send first.
    opening: Vec<Value>,
    end: Instant,
    pulse: watch::Receiver<Pulse>,
    /// The generation of connections this belongs to.
    epoch: u64,
    over: bool,
}

impl Watching {
    /// Opens a watch; the snapshot it starts from and its place in history are taken under one lock.
    pub(super) fn open(sim: &SimCluster, call: Call) -> Result<Self, Reply> {
        let selection = Selection::of(&call)?;
        let seconds = call
            .query("timeoutSeconds")
            .parse()
            .unwrap_or(DEFAULT_SECONDS);
        let since = call.query("resourceVersion").to_owned();
        let pulse = sim.pulse();
        let epoch = pulse.borrow().epoch;
        let mut watching = Self {
            sim: sim.clone(),
            call,
            selection,
            at: 0,
            opening: Vec::new(),
            end: Instant::now() + Duration::from_secs(seconds),
            pulse,
            epoch,
            over: false,
        };
        let sim = watching.sim.clone();
        sim.with(|world| watching.start(world, &since))?;
        Ok(watching)
    }

    fn start(&mut self, world: &World, since: &str) -> Result<(), Reply> {
        let initial = self.call.query("sendInitialEvents") == "true";
        if initial || matches!(since, "" | "0") {
            self.at = world.version;
            let now = world.objects.iter().filter(|(key, _)| self.is_about(key));
            let shown = now
                .map(|(_, stored)| stored.shown())
                .filter(|o| self.selects(o));
            self.opening = shown
                .map(|o| json!({"type": "ADDED", "object": o}))
                .collect();
            if initial {
                let mut mark = self.bookmark();
                let annotations = json!({"k8s.io/initial-events-end": "true"});
                super::fields::set(
                    &mut mark,
                    &["object", "metadata", "annotations"].map(str::to_owned),
                    annotations,
                );
                self.opening.push(mark);
            }
            return Ok(());
        }
        self.at = since.parse().map_err(|_| {
            Reply::failure(
                500,
                "",
                &format!("resourceVersion: Invalid value: {since:?}"),
            )
        })?;
        if self.at < world.forgotten {
            let words = format!("too old resource version: {since} ({})", world.forgotten);
            self.opening = vec![json!({"type": "ERROR", "object": Reply::expired(&words).body})];
            self.over = true;
        }
        Ok(())
    }

    fn is_about(&self, key: &super::world::Key) -> bool {
        let here = self
            .call
            .namespace
            .as_ref()
            .is_none_or(|n| *n == key.namespace);
        here && key.plural == self.call.kind.plural
    }

    fn selects(&self, object: &Value) -> bool {
        self.selection.selects(object)
    }

    fn bookmark(&self) -> Value {
        json!({"type": "BOOKMARK", "object": {
            "kind": self.call.kind.name, "apiVersion": self.call.kind.api_version(),
            "metadata": {"resourceVersion": self.at.to_string()},
        }})
    }

    /// What this watcher sees of an event: an object that leaves its selection is deleted to it.
    fn line(&self, event: &Event) -> Option<Value> {
        if !self.is_about(&event.key) {
            return None;
        }
        let before = event.before.as_ref().filter(|o| self.selects(o));
        let after = event.after.as_ref().filter(|o| self.selects(o));
        match (before, after) {
            (None, Some(now)) => Some(json!({"type": "ADDED", "object": now})),
            (Some(_), Some(now)) => Some(json!({"type": "MODIFIED", "object": now})),
            (Some(last), None) => {
                let mut last = last.clone();
                let version = json!(event.version.to_string());
                super::world::set_meta(&mut last, "resourceVersion", version);
                Some(json!({"type": "DELETED", "object": last}))
            }
            (None, None) => None,
        }
    }

    /// Lines that are due now.
    fn due(&mut self) -> Vec<Value> {
        let mut lines = std::mem::take(&mut self.opening);
        if !self.over {
            let sim = self.sim.clone();
            sim.with(|world| {
                let new = world.history.iter().filter(|e| e.version > self.at);
                lines.extend(new.filter_map(|event| self.line(event)));
                self.at = world.version;
            });
        }
        lines
    }

    /// The next chunk; `None`: the watch is over.
    async fn next(&mut self) -> Option<Result<Frame<Bytes>, io::Error>> {
        loop {
            let pulse = *self.pulse.borrow_and_update();
            if pulse.away || pulse.epoch != self.epoch {
                self.over = true;
                return Some(Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut")));
            }
            if !pulse.frozen {
                let lines = self.due();
                if !lines.is_empty() {
                    return Some(Ok(chunk(&lines)));
                }
                if self.over {
                    return None;
                }
            }
            tokio::select! {
                biased;
                changed = self.pulse.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.end), if !pulse.frozen => {
                    self.over = true;
                    if self.call.query("allowWatchBookmarks") == "true" {
                        return Some(Ok(chunk(&[self.bookmark()])));
                    }
                    return None;
                }
            }
        }
    }

    /// The watch as a body.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Frame<Bytes>, io::Error>> {
        futures::stream::unfold(Some(self), |watching| async {
            let mut watching = watching?;
            let next = watching.next().await?;
            let ended = next.is_err();
            Some((next, (!ended).then_some(watching)))
        })
    }
}

fn chunk(lines: &[Value]) -> Frame<Bytes> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Frame::data(Bytes::from(text))
}
