//! Traces, by OpenTelemetry: one for each request, from the message that asked to the closing of its gate.
//!
//! A request outlives processes, so nothing of its trace is kept in one: the trace's id and the root span's
//! are digests of the request's id, and each span is made whole when what it tells of is over, with its own
//! beginning and end. Whatever process does the next step adds to the same trace.
//!
//! # Guarantees
//! - Without configuration nothing is built, kept or sent: [`Traces::default`] is one comparison per step.
//! - A span holds the request's id, numbers and words of this program; never what people typed or are called.
//! - Nobody waits for the collector: spans wait in a bounded queue, and what does not fit is dropped and
//!   counted.
//!
//! # Retries
//! A batch that was not taken is sent once more, then dropped and counted. Span ids are digests too, so a
//! collector that took it both times can tell.

mod export;
mod post;
mod span;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use opentelemetry_sdk::trace::SpanData;
use tokio::sync::{mpsc, oneshot};
use url::Url;

pub use self::span::{Attribute, Doing, Span, Value, trace_id};
use crate::id::RequestId;
use crate::metrics::Metrics;
use crate::secret::Secret;

/// Spans that wait at most. A request makes about a dozen; one span takes about half a kilobyte.
const QUEUE: usize = 4096;

/// A collector that takes longer to connect to is away.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Where spans are sent, and as whose.
#[derive(Clone)]
pub struct Otlp {
    /// The collector, without `/v1/traces`: `https://…`, or `http://…` inside machine or cluster
    /// ([`may_be_plain`]).
    pub url: Url,
    /// Headers to send along, such as a token.
    pub headers: Vec<(String, Secret)>,
    /// The name of this Drawbridge among services. It is part of every trace's id: two that share a
    /// collector keep their requests apart.
    pub service: String,
}

/// Without what stands behind the host, and without the headers' values.
impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&String> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Otlp")
            .field("at", &self.url.origin().ascii_serialization())
            .field("headers", &headers)
            .field("service", &self.service)
            .finish()
    }
}

/// Whether spans and their headers may go there without TLS: the machine itself, or a Service of the cluster
/// by its name (`otel.monitoring.svc`, `….svc.cluster.local`, or a bare name of the same namespace).
pub fn may_be_plain(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.to_ascii_lowercase();
    let machine = host
        .parse::<std::net::IpAddr>()
        .map(|address| address.is_loopback());
    machine.unwrap_or_else(|_| {
        !host.contains('.') || host.ends_with(".svc") || host.ends_with(".svc.cluster.local")
    })
}

/// Takes spans. Clones share the queue; the default takes none.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Line>>);

struct Line {
    service: String,
    queue: mpsc::Sender<Sent>,
    metrics: Arc<Metrics>,
}

/// What goes through the queue.
enum Sent {
    Span(Box<SpanData>),
    /// Everything before this is to be sent now; told when it is.
    Flush(oneshot::Sender<()>),
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Traces").field(&self.is_on()).finish()
    }
}

impl Traces {
    /// Traces to a collector over the network: by `tls` where its address demands that, else plainly.
    ///
    /// # Errors
    /// The address or a header cannot be sent.
    pub fn begin<C>(
        otlp: &Otlp,
        tls: C,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, BoxFuture<'static, ()>), String>
    where
        C: Connect + Clone + fmt::Debug + Send + Sync + 'static,
    {
        if otlp.url.scheme() == "https" {
            let (traces, sending) = Self::to(otlp, tls, metrics)?;
            return Ok((traces, sending.boxed()));
        }
        let mut plain = HttpConnector::new();
        plain.set_connect_timeout(Some(CONNECT_WITHIN));
        let (traces, sending) = Self::to(otlp, plain, metrics)?;
        Ok((traces, sending.boxed()))
    }

    /// Traces to a collector over this connector, and the work of sending them: to be spawned, ends when
    /// the last clone is gone.
    ///
    /// # Errors
    /// The address or a header cannot be sent.
    pub fn to<C>(
        otlp: &Otlp,
        connector: C,
        metrics: &Arc<Metrics>,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), String>
    where
        C: Connect + Clone + fmt::Debug + Send + Sync + 'static,
    {
        let exporter = export::exporter(otlp, connector)?;
        let (queue, spans) = mpsc::channel(QUEUE);
        let line = Line {
            service: otlp.service.clone(),
            queue,
            metrics: Arc::clone(metrics),
        };
        let sending = export::run(spans, exporter, Arc::clone(metrics));
        Ok((Self(Some(Arc::new(line))), sending))
    }

    /// Whether anything is taken.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Takes a span of a request's trace. Never waits.
    pub fn span(&self, request: &RequestId, span: &Span<'_>) {
        let Some(line) = &self.0 else { return };
        let whole = Box::new(span.whole(&line.service, request));
        if line.queue.try_send(Sent::Span(whole)).is_err() {
            line.metrics.spans("dropped", 1);
        }
    }

    /// Sends what was taken so far; whether that was done within this time.
    pub async fn flush(&self, within: Duration) -> bool {
        let Some(line) = &self.0 else { return true };
        let flushed = async {
            let (done, told) = oneshot::channel();
            line.queue.send(Sent::Flush(done)).await.is_ok() && told.await.is_ok()
        };
        tokio::time::timeout(within, flushed).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests;
