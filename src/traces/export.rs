//! Sends spans in batches, apart from everybody else.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::Connect;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::post::Poster;
use super::{Otlp, Sent};
use crate::metrics::Metrics;

/// Spans in one call, as the SDK's own batches.
const BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const GATHER: Duration = Duration::from_secs(1);

/// Longest a call may take.
const WITHIN: Duration = Duration::from_secs(5);

/// Pause before a batch that was not taken is sent again.
const PAUSE: Duration = Duration::from_secs(2);

/// What encodes and sends.
pub(super) fn exporter<C>(otlp: &Otlp, connector: C) -> Result<SpanExporter, String>
where
    C: Connect + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    let poster = Poster::to(otlp, connector)?;
    let built = SpanExporter::builder()
        .with_http()
        .with_http_client(poster)
        // Said here, so that nothing of the environment is looked at instead.
        .with_endpoint(otlp.url.as_str())
        .with_protocol(Protocol::HttpJson)
        .with_timeout(WITHIN)
        // The library's own pauses would stop a whole thread of ours.
        .with_retry_policy(RetryPolicy::disabled())
        .build();
    let mut exporter = built.map_err(|error| error.to_string())?;
    let service = Resource::builder_empty()
        .with_service_name(otlp.service.clone())
        .build();
    exporter.set_resource(&service);
    Ok(exporter)
}

/// Sends what comes, until nobody can send any more.
pub(super) async fn run(
    mut queue: mpsc::Receiver<Sent>,
    exporter: SpanExporter,
    metrics: Arc<Metrics>,
) {
    let mut failures = 0_u32;
    while let Some(first) = queue.recv().await {
        let gathered = gather(&mut queue, first).await;
        let number = gathered.spans.len();
        if number > 0 {
            let sent = send(&exporter, gathered.spans).await;
            metrics.spans(if sent.is_ok() { "sent" } else { "failed" }, number);
            failures = sent.as_ref().map_or(failures.saturating_add(1), |()| 0);
            // A collector that is away for a day must not fill the log.
            if let Err(why) = sent
                && failures.is_power_of_two()
            {
                tracing::warn!(why, failures, "traces were not taken");
            }
        }
        for told in gathered.waiting {
            // Whoever waited may have given up.
            let _ = told.send(());
        }
    }
}

#[derive(Default)]
struct Gathered {
    spans: Vec<SpanData>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Gathered {
    fn add(&mut self, sent: Sent) {
        match sent {
            Sent::Span(span) => self.spans.push(*span),
            Sent::Flush(told) => self.waiting.push(told),
        }
    }
}

/// What comes within [`GATHER`], at most a batch, and no longer than somebody waits.
async fn gather(queue: &mut mpsc::Receiver<Sent>, first: Sent) -> Gathered {
    let until = Instant::now() + GATHER;
    let mut gathered = Gathered::default();
    gathered.add(first);
    while gathered.spans.len() < BATCH && gathered.waiting.is_empty() {
        match tokio::time::timeout_at(until, queue.recv()).await {
            Ok(Some(sent)) => gathered.add(sent),
            Ok(None) | Err(_) => break,
        }
    }
    gathered
}

async fn send(exporter: &SpanExporter, spans: Vec<SpanData>) -> Result<(), String> {
    if once(exporter, spans.clone()).await.is_ok() {
        return Ok(());
    }
    tokio::time::sleep(PAUSE).await;
    once(exporter, spans).await
}

async fn once(exporter: &SpanExporter, spans: Vec<SpanData>) -> Result<(), String> {
    let exported = tokio::time::timeout(WITHIN, exporter.export(spans)).await;
    let exported = exported.map_err(|_| "no answer in time".to_owned())?;
    exported.map_err(|error| error.to_string())
}
