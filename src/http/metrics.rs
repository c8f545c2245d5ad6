//! `/metrics`: everything that is measured, as text for Prometheus.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Watched;
use crate::app::Parts;
use crate::metrics::CONTENT_TYPE;
use crate::reaper::tally;
use crate::units::Time;

/// The route.
pub(super) fn routes() -> Router<Watched> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(watched): State<Watched>) -> Response {
    let parts = &watched.parts;
    parts.metrics.rules_stale(!watched.rules.standing().ok);
    match scrape(parts, parts.clock.now()) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What is measured, with what the clusters show now.
///
/// # Errors
/// As [`crate::metrics::Metrics::scrape`].
pub fn scrape(parts: &Parts, now: Time) -> Result<String, std::fmt::Error> {
    for cluster in parts.clusters.values() {
        let gates = tally::tally(&cluster.managed_now(), parts.max_lifetime, now);
        let swept = cluster.last_sweep().map(|at| now - at);
        parts.metrics.cluster(cluster.label(), gates, swept);
    }
    parts.metrics.scrape(now)
}
