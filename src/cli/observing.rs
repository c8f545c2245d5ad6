//! What `serve` hands to everybody so that it can be watched: metrics always, traces by configuration.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio_util::task::TaskTracker;

use crate::app::recall::Recall;
use crate::app::{Book, Observer};
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::slack::Wire;
use crate::store::{Observed, Store};
use crate::traces::{Otlp, Traces};

/// How long the last spans may take after everything else has stopped: the contract is 15 s for all, of which
/// [`crate::run`] takes 12.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Metrics, and traces where a collector is configured. Call inside a tokio runtime.
pub(super) fn begin(otlp: Option<&Otlp>, wire: &Wire) -> Result<(Arc<Metrics>, Traces)> {
    let metrics: Arc<Metrics> = Arc::default();
    let Some(otlp) = otlp else {
        return Ok((metrics, Traces::default()));
    };
    let begun = Traces::begin(otlp, wire.clone(), &metrics);
    let (traces, sending) = begun.map_err(|why| anyhow!("traces: {why}"))?;
    // Not among those that shutdown waits for: the last spans are made while they end.
    TaskTracker::new().spawn(sending);
    tracing::info!(?otlp, "traces are sent");
    Ok((metrics, traces))
}

/// A book whose calls and commits are observed.
pub(super) fn book(store: Arc<dyn Store>, entropy: &Arc<Entropy>, observer: Observer) -> Book {
    let store = Observed::new(store, Arc::clone(&observer.metrics));
    let recall = Arc::new(Recall::new(Arc::clone(&observer.clock)));
    Book::new(Arc::new(store), Arc::clone(entropy))
        .observed(observer)
        .remembering(recall)
}

/// Sends the last spans.
pub(super) async fn end(traces: &Traces) {
    if !traces.flush(LAST_SPANS).await {
        tracing::warn!("the last spans were not sent in time");
    }
}
