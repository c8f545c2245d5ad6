//! A Kubernetes API server in memory, for the kinds that Drawbridge uses.
//!
//! It answers on the wire as kube-apiserver 1.36 does: lists in pages, watches with bookmarks and
//! "too old", server-side apply with owners and conflicts, preconditions, defaults and validation of
//! NetworkPolicies, token reviews. The contract suite runs the same cases against it and against a
//! real server. It has no controllers and no data plane: pods are what was put there, and what can
//! reach what is the core's to say.
//!
//! Time comes from the clock, uids from the seed: equal runs give equal clusters.

pub mod kinds;
pub mod reply;

mod about;
mod apply;
mod binding;
mod checks;
mod faults;
mod fields;
mod meta;
mod policy;
mod read;
mod route;
mod schema;
mod select;
mod serve;
mod state;
mod stream;
mod town;
mod world;
mod write;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::watch;

pub use faults::{Fault, On};
pub use reply::Reply;
pub use route::Verb;
pub use serve::{ApiServer, SimBody};
pub use state::{Essence, State};
pub use town::Workload;

use crate::clock::Clock;
use crate::units::Time;
use faults::Faults;
use route::Call;
use world::{Account, World};

/// Calls that are remembered, for tests that ask what was called.
const CALLS: usize = 20_000;

/// How long its tokens are good for, in seconds.
const TOKEN_LENGTH: i64 = 3_600;

/// A simulated cluster. Clones share it.
#[derive(Debug, Clone)]
pub struct SimCluster(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    faults: Faults,
    pulse: watch::Sender<Pulse>,
    calls: Mutex<VecDeque<Called>>,
}

/// What open watches and waiting calls look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pulse {
    /// The newest version.
    version: u64,
    /// Rises when connections are cut.
    epoch: u64,
    /// Nobody answers the door.
    away: bool,
    /// Connections stay and nothing moves, as a stopped process.
    frozen: bool,
}

/// A call that was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`.
    pub verb: &'static str,
    /// API group.
    pub group: &'static str,
    /// Plural.
    pub resource: &'static str,
    /// Empty: all.
    pub namespace: String,
    /// Empty: a collection.
    pub name: String,
    /// The answer's status.
    pub code: u16,
}

impl SimCluster {
    /// An empty cluster.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        let world = World::seeded(seed);
        let pulse = Pulse {
            version: world.version,
            epoch: 0,
            away: false,
            frozen: false,
        };
        Self(Arc::new(Inner {
            clock,
            world: Mutex::new(world),
            faults: Faults::default(),
            pulse: watch::Sender::new(pulse),
            calls: Mutex::default(),
        }))
    }

    /// The API server, for clients in this process.
    pub fn service(&self) -> ApiServer {
        ApiServer(self.clone())
    }

    /// The next `times` such calls go wrong.
    pub fn fail_next(&self, times: usize, on: On, fault: Fault) {
        self.faults().plan(times, on, fault);
    }

    /// How many calls are still to go wrong.
    pub fn faults_waiting(&self) -> usize {
        self.faults().waiting()
    }

    /// How many calls a planned fault has hit so far.
    pub fn faults_met(&self) -> u64 {
        self.faults().hit()
    }

    /// From now on the first answer to each distinct call (verb and object or collection) is lost after
    /// it was carried out; healing changes nothing about that.
    pub fn lose_first_answers(&self) {
        self.faults().lose_first_answers();
    }

    /// Nothing planned goes wrong any more; denials and missing permissions are lifted too.
    pub fn heal(&self) {
        self.faults().heal();
    }

    /// `true`: the server is gone, connections are cut and refused. `false`: it is back.
    pub fn away(&self, away: bool) {
        self.0.pulse.send_modify(|p| {
            p.away = away;
            p.epoch += u64::from(away);
        });
    }

    /// Whether the server is gone.
    pub fn is_away(&self) -> bool {
        self.0.pulse.borrow().away
    }

    /// `true`: connections stay open and nothing is answered; `false`: it goes on, and calls that are
    /// still waited for are done.
    pub fn freeze(&self, frozen: bool) {
        self.0.pulse.send_modify(|p| p.frozen = frozen);
    }

    /// While `true`, open watches miss what happens, without an error: the fault that only a sweep
    /// heals.
    pub fn lose_events(&self, losing: bool) {
        self.with(|world| world.losing = losing);
    }

    /// Cuts every open watch.
    pub fn drop_watches(&self) {
        self.0.pulse.send_modify(|p| p.epoch += 1);
    }

    /// Forgets the past: watches from earlier versions and half-read lists answer 410.
    pub fn compact(&self) {
        self.with(World::forget);
    }

    /// An admission policy refuses objects whose name contains `part`.
    pub fn deny_names(&self, part: &str, message: &str) {
        self.faults().deny(part, message);
    }

    /// Takes a permission from everybody who calls; `None`: in every namespace.
    pub fn forbid(&self, verb: &str, plural: &str, namespace: Option<&str>) {
        self.faults().forbid(verb, plural, namespace);
    }

    /// Takes a permission for the whole cluster, and leaves it in each namespace.
    pub fn forbid_in_whole(&self, verb: &str, plural: &str) {
        self.faults().forbid_in_whole(verb, plural);
    }

    /// Takes a kind's whole API group away, or puts it back: paths of it are not served, and discovery does not
    /// name it. Healing leaves it so: a cluster without it is not broken.
    pub fn serve_group(&self, group: &str, served: bool) {
        self.faults().serve_group(group, served);
    }

    /// A ServiceAccount token for this audience and an hour, as a projected token volume gives one: a
    /// signed token by its looks. What it says is not looked at again: the table is.
    pub fn issue_token(&self, namespace: &str, account: &str, audience: &str) -> String {
        let now = self.now().timestamp();
        self.with(|world| {
            let claims = serde_json::json!({
                "iss": "https://kubernetes.default.svc",
                "sub": format!("system:serviceaccount:{namespace}:{account}"),
                "aud": [audience],
                "iat": now,
                "exp": now + TOKEN_LENGTH,
                "jti": world.draw(),
            });
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            let head = part(r#"{"alg":"none"}"#);
            let token = format!(
                "{head}.{}.{}",
                part(&claims.to_string()),
                part(&world.draw())
            );
            let account = Account {
                namespace: namespace.to_owned(),
                name: account.to_owned(),
                audience: audience.to_owned(),
                uid: world.uid(),
            };
            world.tokens.insert(token.clone(), account);
            token
        })
    }

    /// Every call about objects since the last time this was asked.
    pub fn take_calls(&self) -> Vec<Called> {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.drain(..).collect()
    }

    /// Counts versions; changes whenever anything in the cluster does.
    pub async fn changed_since(&self, version: u64) -> u64 {
        let mut pulse = self.pulse();
        match pulse.wait_for(|p| p.version > version).await {
            Ok(now) => now.version,
            // The sender lives as long as `self`.
            Err(_) => version,
        }
    }

    /// The newest version.
    pub fn version(&self) -> u64 {
        self.0.pulse.borrow().version
    }

    fn now(&self) -> Time {
        self.0.clock.now()
    }

    fn faults(&self) -> &Faults {
        &self.0.faults
    }

    fn pulse(&self) -> watch::Receiver<Pulse> {
        self.0.pulse.subscribe()
    }

    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the world and tells the watches.
    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let (done, version) = self.with(|world| (change(world), world.version));
        self.0
            .pulse
            .send_if_modified(|p| std::mem::replace(&mut p.version, version) != version);
        done
    }

    fn log(&self, call: &Call, code: u16) {
        let mut calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() == CALLS {
            calls.pop_front();
        }
        calls.push_back(Called {
            verb: call.verb.name(),
            group: call.kind.group,
            resource: call.kind.plural,
            namespace: call.namespace.clone().unwrap_or_default(),
            name: call.name.clone(),
            code,
        });
    }
}
