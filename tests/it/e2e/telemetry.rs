//! What a collector of traces and Prometheus hear of the program.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use drawbridge::traces::trace_id;
use serde_json::Value;
use tokio_util::task::TaskTracker;

use super::plan::{Keeper, Plan};
use super::wait::{NORMALLY, SOON, until, within};
use super::world::World;

const HEADERS: &str = "authorization=Bearer e2e-collector-7Hq2";

/// An OTLP/HTTP collector on a port of its own.
#[derive(Debug, Clone, Default)]
struct Collector(Arc<Mutex<Vec<Value>>>);

impl Collector {
    async fn open(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(self.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    fn spans(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// Waits for a span of this name.
    async fn hears(&self, name: &str) {
        let heard = until(async || {
            let spans = self.spans();
            spans.iter().any(|span| span["name"] == name).then_some(())
        });
        within(SOON, &format!("the collector has `{name}`"), heard).await;
    }
}

async fn take(
    State(collector): State<Collector>,
    headers: HeaderMap,
    body: axum::Json<Value>,
) -> (StatusCode, &'static str) {
    if headers
        .get("authorization")
        .is_none_or(|value| value != "Bearer e2e-collector-7Hq2")
    {
        return (StatusCode::UNAUTHORIZED, "{}");
    }
    let resources = body["resourceSpans"].as_array().unwrap();
    let scopes = resources
        .iter()
        .flat_map(|resource| resource["scopeSpans"].as_array().unwrap());
    let spans = scopes.flat_map(|scope| scope["spans"].as_array().unwrap().clone());
    collector.0.lock().unwrap().extend(spans);
    (StatusCode::OK, "{}")
}

/// Lets the bots of this world send traces there, and bring the ledger to a file.
fn configure(world: &mut World, collector: &str) {
    let [ledger, config] =
        ["ledger.jsonl", "config.yaml"].map(|name| world.folder.path().join(name));
    let text = format!(
        "telemetry: {{otlp: {{url: '{collector}', headers: {{env: OTLP_HEADERS}}}}}}\n\
         ledger: {{sinks: {{file: {{file: {}}}}}}}\n",
        ledger.display()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap().to_owned();
    let set = [
        ("DRAWBRIDGE_CONFIG", config),
        ("OTLP_HEADERS", HEADERS.to_owned()),
    ];
    let set = set.map(|(name, value)| (name.to_owned(), value));
    world.env.extend(set);
}

fn sqlite() -> Plan {
    Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_the_message_to_the_closing_through_a_crash() {
    let collector = Collector::default();
    let mut world = World::new(sqlite()).await;
    configure(&mut world, &collector.open().await);
    let mut bot = world.serve().await;
    let (_, gates) = world.opens("8s").await;
    collector.hears("apply").await;
    let before = bot.page("/metrics").await.unwrap();
    bot.kill();
    let mut again = world.serve().await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    collector.hears("request").await;
    collector.hears("withdraw").await;

    let id = gates[0].request().parse().unwrap();
    let spans = collector.spans();
    let root = spans.iter().find(|span| span["name"] == "request").unwrap();
    for span in &spans {
        assert_eq!(span["traceId"], trace_id("drawbridge", &id), "{span}");
        let parent = if span["name"] == "request" {
            ""
        } else {
            root["spanId"].as_str().unwrap()
        };
        assert_eq!(span["parentSpanId"].as_str().unwrap_or_default(), parent);
    }
    for name in ["ask", "vote", "apply", "open", "withdraw", "slack.post"] {
        assert!(spans.iter().any(|span| span["name"] == name), "{name}");
    }
    let after = again.page("/metrics").await.unwrap();
    assert_eq!((before.0, after.0), (200, 200));
    let ended = "drawbridge_requests_total{outcome=\"expired\"} 1";
    assert!(after.1.lines().any(|line| line == ended), "{}", after.1);
    every_metric_that_is_drawn_is_told(&(before.1 + &after.1));
    world.ends_well().await;
}

/// What dashboard and alerts name is in what the two processes said in one story.
fn every_metric_that_is_drawn_is_told(text: &str) {
    let name = regex::Regex::new("drawbridge_[a-z_]+").unwrap();
    let manifests = [
        include_str!("../../../manifests/monitoring/dashboard.json"),
        include_str!("../../../manifests/monitoring/alerts.yaml"),
    ];
    let drawn: BTreeSet<&str> = manifests
        .iter()
        .flat_map(|manifest| name.find_iter(manifest).map(|found| found.as_str()))
        .collect();
    let told: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let missing: Vec<&str> = drawn.difference(&told).copied().collect();
    // Nothing is told of a sink's errors before it has one.
    assert_eq!(missing, ["drawbridge_sink_errors_total"], "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_delays_nothing() {
    // It accepts connections, and that is all.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut world = World::new(sqlite()).await;
    configure(
        &mut world,
        &format!("http://{}", deaf.local_addr().unwrap()),
    );
    let mut bot = world.serve().await;
    let since = world.listen();
    world.opens("5s").await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    since.told("dana", "Expired and closed").await;
    let failed = until(async || {
        let (_, text) = bot.page("/metrics").await?;
        let value = text.lines().find_map(|line| {
            line.strip_prefix("drawbridge_trace_spans_total{outcome=\"failed\"} ")
        })?;
        (value != "0").then_some(())
    });
    within(SOON, "what was not taken is counted", failed).await;
    bot.terminate();
    assert!(bot.ended(SOON).await.success());
    world.ends_well().await;
}
