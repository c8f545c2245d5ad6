//! Spans on their way to a real OTLP receiver on a socket.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use tokio_util::task::TaskTracker;

use super::*;
use crate::slack::transport::MemoryListener;
use crate::units::{Seconds, Time};

/// What a collector was sent: its headers and the spans in them.
type Got = Arc<Mutex<Vec<(HeaderMap, serde_json::Value)>>>;

/// A collector; the first `refused` calls are answered with 503.
#[derive(Clone, Default)]
struct Collector {
    got: Got,
    refused: Arc<AtomicUsize>,
}

impl Collector {
    async fn open(&self) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/otel/v1/traces", post(take))
            .with_state(self.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}/otel/").parse().unwrap()
    }

    fn spans(&self) -> Vec<serde_json::Value> {
        let got = self.got.lock().unwrap();
        let scopes = got
            .iter()
            .map(|(_, body)| &body["resourceSpans"][0]["scopeSpans"][0]);
        scopes
            .flat_map(|scope| scope["spans"].as_array().cloned().unwrap())
            .collect()
    }
}

/// Accepts connections in memory, for tests in which time stands still while something can run.
struct Memory(MemoryListener);

impl axum::serve::Listener for Memory {
    type Io = tokio::io::DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, ()) {
        match self.0.accept().await {
            Some(io) => (io, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn take(
    State(collector): State<Collector>,
    headers: HeaderMap,
    body: axum::Json<serde_json::Value>,
) -> (StatusCode, &'static str) {
    let left = |n: usize| n.checked_sub(1);
    if collector
        .refused
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
        .is_ok()
    {
        return (StatusCode::SERVICE_UNAVAILABLE, "{}");
    }
    collector.got.lock().unwrap().push((headers, body.0));
    (StatusCode::OK, "{}")
}

fn at(seconds: u64) -> Time {
    Seconds(seconds).after("2026-11-24T03:00:00Z".parse().unwrap())
}

fn id(text: &str) -> RequestId {
    text.parse().unwrap()
}

const ASK: Span<'static> = Span {
    doing: Doing::Ask,
    from: Time::UNIX_EPOCH,
    to: Time::UNIX_EPOCH,
    failed: false,
    told: &[
        ("state", Value::Word("pending")),
        ("stage", Value::Number(2)),
    ],
    after: None,
};

fn otlp(url: Url) -> Otlp {
    Otlp {
        url,
        headers: vec![("authorization".to_owned(), Secret::new("Bearer s1"))],
        service: "drawbridge".to_owned(),
    }
}

fn start(otlp: &Otlp, metrics: &Arc<Metrics>) -> Traces {
    let (traces, sending) = Traces::begin(otlp, crate::slack::Wire::tcp(), metrics).unwrap();
    TaskTracker::new().spawn(sending);
    traces
}

fn counted(metrics: &Metrics, outcome: &str) -> u64 {
    let text = metrics.scrape(at(0)).unwrap();
    let series = format!("drawbridge_trace_spans_total{{outcome=\"{outcome}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&series));
    line.unwrap().parse().unwrap()
}

#[test]
fn anybody_can_compute_a_requests_trace() {
    // printf drawbridge/k7m3xa | sha256sum
    assert_eq!(
        trace_id("drawbridge", &id("k7m3xa")),
        "fc488ce758824e6add931748941023b1"
    );
    assert_ne!(
        trace_id("drawbridge-eu", &id("k7m3xa")),
        trace_id("drawbridge", &id("k7m3xa"))
    );
}

#[test]
fn the_same_span_told_by_two_processes_is_one_and_others_differ() {
    let spans = |span: &Span<'_>| {
        span.whole("drawbridge", &id("k7m3xa"))
            .span_context
            .span_id()
    };
    let other_time = Span { to: at(1), ..ASK };
    let other_words = Span { told: &[], ..ASK };
    let root = Span {
        doing: Doing::Request,
        ..ASK
    };
    let ids = [ASK, other_time, other_words, root].map(|span| spans(&span));
    assert_eq!(ids[0], spans(&ASK));
    let distinct: std::collections::BTreeSet<String> =
        ids.iter().map(ToString::to_string).collect();
    assert_eq!(distinct.len(), ids.len());
    // The root is the same whatever is told of it: all others name it as their parent.
    let parent = ASK.whole("drawbridge", &id("k7m3xa")).parent_span_id;
    assert_eq!(spans(&Span { to: at(9), ..root }), parent);
}

#[test]
fn an_extension_links_to_the_trace_it_goes_on_after() {
    let before = id("m7m3xa");
    let span = Span {
        doing: Doing::Request,
        after: Some(&before),
        ..ASK
    };
    let links = span.whole("drawbridge", &id("k7m3xa")).links;
    let linked = links
        .iter()
        .map(|link| link.span_context.trace_id().to_string());
    assert_eq!(
        linked.collect::<Vec<_>>(),
        [trace_id("drawbridge", &before)]
    );
}

#[tokio::test]
async fn spans_reach_the_collector_with_the_configured_headers() {
    let collector = Collector::default();
    let metrics: Arc<Metrics> = Arc::default();
    let traces = start(&otlp(collector.open().await), &metrics);
    traces.span(
        &id("k7m3xa"),
        &Span {
            from: at(0),
            to: at(2),
            ..ASK
        },
    );
    assert!(traces.flush(Duration::from_secs(10)).await);
    let spans = collector.spans();
    let [span] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(span["name"], "ask");
    assert_eq!(span["traceId"], trace_id("drawbridge", &id("k7m3xa")));
    let nanos = |field: &str| span[field].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(
        nanos("endTimeUnixNano") - nanos("startTimeUnixNano"),
        2_000_000_000
    );
    let got = collector.got.lock().unwrap();
    let (headers, body) = &got[0];
    assert_eq!(headers["authorization"], "Bearer s1");
    assert_eq!(headers["content-type"], "application/json");
    let service = &body["resourceSpans"][0]["resource"]["attributes"][0];
    assert_eq!(service["value"]["stringValue"], "drawbridge");
    assert_eq!(
        (counted(&metrics, "sent"), counted(&metrics, "dropped")),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_refuses_once_is_asked_again() {
    let collector = Collector::default();
    collector.refused.store(1, Ordering::SeqCst);
    let (wire, listener) = crate::slack::Wire::memory();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(collector.clone());
    TaskTracker::new().spawn(async move { axum::serve(Memory(listener), router).await });
    let metrics: Arc<Metrics> = Arc::default();
    let to = otlp("https://collector".parse().unwrap());
    let (traces, sending) = Traces::begin(&to, wire, &metrics).unwrap();
    TaskTracker::new().spawn(sending);
    traces.span(&id("k7m3xa"), &ASK);
    assert!(traces.flush(Duration::from_secs(60)).await);
    assert_eq!(collector.spans().len(), 1);
    assert_eq!(
        (counted(&metrics, "sent"), counted(&metrics, "failed")),
        (1, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_never_answers_costs_spans_and_nobodys_time() {
    let metrics: Arc<Metrics> = Arc::default();
    // Connections open and nothing is ever read from them.
    let (wire, _listener) = crate::slack::Wire::memory();
    let to = otlp("https://collector".parse().unwrap());
    let (traces, sending) = Traces::begin(&to, wire, &metrics).unwrap();
    TaskTracker::new().spawn(sending);
    let began = tokio::time::Instant::now();
    for n in 0..10_000 {
        traces.span(&id("k7m3xa"), &Span { to: at(n), ..ASK });
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waited");
    let kept = u64::try_from(QUEUE).unwrap();
    assert_eq!(counted(&metrics, "dropped"), 10_000 - kept);
    assert!(
        !traces.flush(Duration::from_secs(2)).await,
        "shutdown does not wait for ever"
    );
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    // What it never took is given up and counted.
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(counted(&metrics, "failed"), kept);
}

#[tokio::test]
async fn without_configuration_nothing_is_taken() {
    let traces = Traces::default();
    assert!(!traces.is_on());
    traces.span(&id("k7m3xa"), &ASK);
    assert!(traces.flush(Duration::ZERO).await);
}

#[test]
fn an_address_or_header_that_cannot_be_sent_is_told_without_its_value() {
    let metrics: Arc<Metrics> = Arc::default();
    let mut bad = otlp("https://collector".parse().unwrap());
    bad.headers = vec![("x y".to_owned(), Secret::new("s1"))];
    let begun = Traces::begin(&bad, crate::slack::Wire::memory().0, &metrics);
    let why = begun.err().unwrap();
    assert!(why.contains("x y") && !why.contains("s1"), "{why}");
    assert!(!format!("{bad:?}").contains("s1"));
}
