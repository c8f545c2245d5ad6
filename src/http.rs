//! The bot's own HTTP surface: is it alive, is it ready, how is it doing, and the API for services. Slack's
//! deliveries are mounted beside it.

pub mod api;
pub mod listen;
mod metrics;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::Serialize;

pub use self::metrics::scrape;
use crate::app::Parts;
use crate::cluster::SWEEP_AGE;
use crate::lanes::Health;
use crate::ledger::Behind;
use crate::reload::{Board, Standing};
use crate::units::{Seconds, Time};

/// The workers must have been answered by the store this recently; they ask four times a second.
const CLAIM_AGE: Seconds = Seconds(10);

/// The ledger must have got through this recently; it looks every second and pauses for 5 s at most.
const LEDGER_AGE: Seconds = Seconds(60);

/// What the health endpoints look at.
#[derive(Clone)]
pub struct Watched {
    /// The bot.
    pub parts: Arc<Parts>,
    /// Its workers.
    pub health: Arc<Health>,
    /// Its ledger.
    pub ledger: Arc<Behind>,
    /// What Slack's connection says of itself, in words.
    pub slack: Arc<dyn Fn() -> String + Send + Sync>,
    /// How its rules fare.
    pub rules: Board,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched")
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Readiness {
    /// Whether requests can be decided and paths closed.
    pub ready: bool,
    /// Whether the store answers the workers.
    pub store: Part,
    /// One entry per cluster.
    pub clusters: Vec<Part>,
    /// Whether what happens is recorded; never part of the status, because what happens meanwhile waits and
    /// paths are opened and closed all the same.
    pub ledger: Part,
    /// Slack's connection; never part of the status, because Slack being away changes nothing in the
    /// cluster.
    pub slack: String,
    /// Documents that only another version reads, while an update rolls or was taken back; never part of the
    /// status, because the version that reads them works on them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// The rules in force and what is wrong with newer ones; never part of the status, because the last
    /// good ones stay in force.
    pub rules: Standing,
}

/// One dependency.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Which.
    pub name: String,
    /// Whether it counts as there.
    pub ok: bool,
    /// When it last was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
}

/// `/healthz`, `/readyz` and `/metrics`.
pub fn router(watched: Watched) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .merge(metrics::routes())
        .with_state(watched)
}

async fn readyz(State(watched): State<Watched>) -> impl IntoResponse {
    let readiness = readiness(&watched);
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}

/// How ready the bot is.
pub fn readiness(watched: &Watched) -> Readiness {
    let now = watched.parts.clock.now();
    let young = |last: Option<Time>, age: Seconds| is_young(last, age, now);
    let claim = watched.health.last_claim();
    let store = Part {
        name: "store".to_owned(),
        ok: young(claim, CLAIM_AGE),
        last: claim,
        troubles: Vec::new(),
    };
    let clusters: Vec<Part> = watched
        .parts
        .clusters
        .values()
        .map(|cluster| {
            let last = cluster.last_sweep();
            let troubles = cluster.troubles().into_iter();
            Part {
                name: cluster.name().to_owned(),
                ok: young(last, SWEEP_AGE),
                last,
                troubles: troubles
                    .map(|(kind, why)| format!("{kind}: {why}"))
                    .collect(),
            }
        })
        .collect();
    let ready = store.ok && clusters.iter().all(|cluster| cluster.ok);
    Readiness {
        ready,
        store,
        clusters,
        ledger: ledger(&watched.ledger, now),
        slack: (watched.slack)(),
        left: watched.health.left(now),
        rules: watched.rules.standing(),
    }
}

/// How the ledger fares.
fn ledger(behind: &Behind, now: Time) -> Part {
    let (last, trouble) = (behind.last(), behind.trouble());
    Part {
        name: "ledger".to_owned(),
        ok: trouble.is_none() && is_young(last, LEDGER_AGE, now),
        last,
        // A word, not the store's own text: nobody shows a token here.
        troubles: trouble.map(str::to_owned).into_iter().collect(),
    }
}

fn is_young(last: Option<Time>, age: Seconds, now: Time) -> bool {
    last.is_some_and(|at| now <= age.after(at))
}
