//! A day in the town, and what Prometheus and a collector of traces hear of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use drawbridge::http::scrape;
use drawbridge::metrics::Metrics;
use drawbridge::sim::town::{Plan, Town};
use drawbridge::slack::{MemoryListener, Wire};
use drawbridge::store::memory::MemoryStore;
use drawbridge::traces::{Otlp, Traces, trace_id};
use drawbridge::units::Seconds;
use serde_json::Value;
use tokio_util::task::TaskTracker;

use crate::exposition::{self, Told};

fn plan() -> Plan {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    Plan::of_stories(11, store)
}

/// The town, with words for what happens in it.
struct Day(Town);

const ASK: &str = "shop/web to orders/db:5432 for 5m because INC-42 zebra <b>markup</b>";

impl Day {
    async fn begin(plan: &Plan) -> Self {
        Self(Town::found(plan).await.unwrap())
    }

    async fn says(&self, person: &str, text: &str) {
        self.0.slack.dm(person, text).unwrap();
        self.0.settle().await.unwrap();
    }

    async fn clicks(&self, person: &str, button: &str) {
        let card = self.0.slack.newest_with(person, button);
        let card = card.unwrap_or_else(|| panic!("{person} sees no {button}"));
        self.0.slack.click(person, &card.at, button).unwrap();
        self.0.settle().await.unwrap();
        if self.0.slack.form(person).is_some() {
            self.0.slack.submit(person, &[]).unwrap();
            self.0.settle().await.unwrap();
        }
    }

    async fn passes(&self, seconds: u64) {
        let clock = self.0.clock();
        clock.sleep_until(Seconds(seconds).after(clock.now())).await;
        self.0.settle().await.unwrap();
    }

    fn scraped(&self) -> (String, Told) {
        let text = scrape(&self.0.parts().unwrap(), self.0.now()).unwrap();
        let told = exposition::read(&text);
        (text, told)
    }
}

#[tokio::test(start_paused = true)]
#[expect(
    clippy::too_many_lines,
    reason = "one story from its beginning to its end"
)]
async fn a_day_is_counted_exactly() {
    let day = Day::begin(&plan()).await;
    // Approved, open, and closed by time.
    day.says("dana", ASK).await;
    day.clicks("lee", "Approve").await;
    let (_, told) = day.scraped();
    let cluster = ("cluster", "prod-eu");
    assert_eq!(told.value("drawbridge_gates_open", &[cluster]), 1.0);
    assert_eq!(told.value("drawbridge_gates_overdue", &[cluster]), 0.0);
    day.passes(330).await;
    // Denied; lapsed; refused at once; ended by its requester.
    day.says("dana", ASK).await;
    day.clicks("lee", "Deny").await;
    day.says("dana", ASK).await;
    day.passes(2 * 3600).await;
    day.says("kim", ASK).await;
    day.says("dana", ASK).await;
    day.clicks("mia", "Approve").await;
    day.clicks("dana", "I'm done").await;
    let (text, told) = day.scraped();
    for (verdict, number) in [("waiting", 4.0), ("refused", 1.0), ("automatic", 0.0)] {
        assert_eq!(
            told.value("drawbridge_asks_total", &[("verdict", verdict)]),
            number,
            "{verdict}"
        );
    }
    for (outcome, number) in [
        ("expired", 1.0),
        ("denied", 1.0),
        ("lapsed", 1.0),
        ("refused", 1.0),
        ("done", 1.0),
        ("failed", 0.0),
        ("revoked", 0.0),
        ("cancelled", 0.0),
    ] {
        assert_eq!(
            told.value("drawbridge_requests_total", &[("outcome", outcome)]),
            number,
            "{outcome}"
        );
    }
    for (kind, number) in [("approved", 2.0), ("denied", 1.0), ("recalled", 0.0)] {
        assert_eq!(
            told.value("drawbridge_votes_total", &[("kind", kind)]),
            number,
            "{kind}"
        );
    }
    for (decision, number) in [("granted", 2.0), ("denied", 1.0), ("lapsed", 1.0)] {
        let labels = [("decision", decision)];
        assert_eq!(
            told.value("drawbridge_decision_seconds_count", &labels),
            number,
            "{decision}"
        );
    }
    // Only what ended by time has a lateness, and the reaper had nothing to do.
    assert_eq!(
        told.value("drawbridge_expiry_lateness_seconds_count", &[]),
        1.0
    );
    let in_time = told.value(
        "drawbridge_expiry_lateness_seconds_bucket",
        &[("le", "2.0")],
    );
    assert_eq!(in_time, 1.0, "{text}");
    assert_eq!(
        told.value("drawbridge_reaper_lateness_seconds_count", &[]),
        0.0
    );
    assert_eq!(told.value("drawbridge_gates_open", &[cluster]), 0.0);
    // Two gates, of as many objects as were applied, each closed by us.
    let applied = told.value(
        "drawbridge_apply_seconds_count",
        &[cluster, ("outcome", "applied")],
    );
    let closed = told.value(
        "drawbridge_withdraw_seconds_count",
        &[cluster, ("outcome", "closed")],
    );
    assert!(
        applied >= 2.0 && (applied - closed).abs() < f64::EPSILON,
        "{applied} {closed}"
    );
    assert_eq!(
        told.value("drawbridge_slack_connected", &[("transport", "socket")]),
        1.0
    );
    let posts = [("method", "chat.postMessage"), ("outcome", "ok")];
    assert!(told.value("drawbridge_slack_call_seconds_count", &posts) >= 5.0);
    assert_eq!(
        told.value("drawbridge_store_errors_total", &[("class", "away")]),
        0.0
    );
    assert!(told.value("drawbridge_store_call_seconds_count", &[("call", "commit")]) >= 10.0);
    assert!(told.value("drawbridge_sweep_age_seconds", &[cluster]) < 180.0);
    day.0.close().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_that_people_said_or_are_called_is_in_a_scrape() {
    let day = Day::begin(&plan()).await;
    day.says("dana", ASK).await;
    day.clicks("lee", "Approve").await;
    day.says("dana", "shop/web to nowhere/zebra:1 because zebra")
        .await;
    day.says("eve", ASK).await;
    let (text, told) = day.scraped();
    let samples = told.0.values().flat_map(|family| &family.samples);
    let values: Vec<String> = samples
        .flat_map(|sample| sample.labels.values().cloned())
        .collect();
    let ids: Vec<String> = day
        .0
        .shelf
        .created()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(!ids.is_empty());
    for person in ["dana", "lee", "mia", "eve"] {
        assert!(
            !values.iter().any(|value| value == person),
            "{person} in {values:?}"
        );
    }
    for typed in [
        "zebra", "markup", "INC-42", "orders", "shop", "5432", "U0", "C0",
    ] {
        assert!(!text.contains(typed), "{typed} in\n{text}");
    }
    for id in &ids {
        assert!(!text.contains(id.as_str()), "{id}");
    }
    // Words of ours and the cluster's name; a version; bounds of buckets.
    let plain =
        regex::Regex::new(r"^([a-z_]+|[a-z]+(\.[a-zA-Z]+)+|prod-eu|[0-9.]+|\+Inf)$").unwrap();
    for value in values {
        assert!(plain.is_match(&value), "{value}");
    }
    day.0.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_cannot_be_closed_is_overdue_and_the_one_who_closes_it_tells_how_late() {
    let day = Day::begin(&plan()).await;
    day.says("dana", ASK).await;
    day.clicks("lee", "Approve").await;
    day.0.api.away(true);
    let clock = day.0.clock();
    clock.sleep_until(Seconds(330).after(clock.now())).await;
    let (_, told) = day.scraped();
    let cluster = ("cluster", "prod-eu");
    assert_eq!(told.value("drawbridge_gates_overdue", &[cluster]), 1.0);
    let longest = told.value("drawbridge_gates_overdue_longest_seconds", &[cluster]);
    assert!((20.0..60.0).contains(&longest), "{longest}");
    let lost = told.0["drawbridge_withdraw_seconds"]
        .samples
        .iter()
        .filter(|sample| {
            sample.name.ends_with("_count")
                && sample.labels["outcome"] != "closed"
                && sample.value > 0.0
        });
    assert!(lost.count() > 0, "tries that failed are told by how");
    day.0.api.away(false);
    day.passes(60).await;
    let (_, told) = day.scraped();
    assert_eq!(told.value("drawbridge_gates_overdue", &[cluster]), 0.0);
    let lanes = told.value("drawbridge_expiry_lateness_seconds_count", &[]);
    let reaper = told.value("drawbridge_reaper_lateness_seconds_count", &[]);
    assert!(lanes + reaper >= 1.0, "{lanes} {reaper}");
    let soon = told.value(
        "drawbridge_expiry_lateness_seconds_bucket",
        &[("le", "15.0")],
    );
    assert_eq!(soon, 0.0, "it was late, and is not made to look in time");
    day.0.close().await;
}

/// A collector: every span it was sent.
type Spans = Arc<Mutex<Vec<Value>>>;

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

async fn take(State(spans): State<Spans>, body: axum::Json<Value>) -> &'static str {
    let resources = body["resourceSpans"].as_array().unwrap().clone();
    for scope in resources
        .iter()
        .flat_map(|r| r["scopeSpans"].as_array().unwrap())
    {
        spans
            .lock()
            .unwrap()
            .extend(scope["spans"].as_array().unwrap().iter().cloned());
    }
    "{}"
}

fn collected() -> (Traces, Spans) {
    let (wire, listener) = Wire::memory();
    let spans = Spans::default();
    let router = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&spans));
    TaskTracker::new().spawn(async move { axum::serve(Memory(listener), router).await });
    let to = Otlp {
        url: "https://collector".parse().unwrap(),
        headers: Vec::new(),
        service: "drawbridge".to_owned(),
    };
    let (traces, sending) = Traces::begin(&to, wire, &Arc::new(Metrics::default())).unwrap();
    TaskTracker::new().spawn(sending);
    (traces, spans)
}

fn text<'a>(span: &'a Value, field: &str) -> &'a str {
    span[field].as_str().unwrap_or_default()
}

fn nanos(span: &Value, field: &str) -> u64 {
    text(span, field).parse().unwrap()
}

#[tokio::test(start_paused = true)]
#[expect(
    clippy::too_many_lines,
    reason = "one story from its beginning to its end"
)]
async fn one_trace_tells_a_request_from_the_message_to_the_closing_across_a_restart() {
    let (traces, spans) = collected();
    let mut plan = plan();
    plan.traces = traces.clone();
    let mut day = Day::begin(&plan).await;
    day.says("dana", ASK).await;
    day.passes(60).await;
    day.clicks("lee", "Approve").await;
    // Another process goes on: nothing of the trace was kept in the first.
    day.0.kill_bot().unwrap();
    day.0.start_bot().unwrap();
    day.passes(400).await;
    assert!(traces.flush(Duration::from_secs(30)).await);
    let id = day.0.shelf.created().pop().unwrap();
    let mut spans = spans.lock().unwrap().clone();
    spans.retain(|span| text(span, "name") != "slack.update");
    let trace = trace_id("drawbridge", &id);
    assert!(
        spans.iter().all(|span| text(span, "traceId") == trace),
        "{spans:#?}"
    );
    spans.sort_by_key(|span| {
        (
            nanos(span, "endTimeUnixNano"),
            nanos(span, "startTimeUnixNano"),
        )
    });
    let names: Vec<&str> = spans.iter().map(|span| text(span, "name")).collect();
    let told: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| *name != "slack.post")
        .collect();
    // In the order in which they ended; what ends in one commit has one end.
    let place = |name: &str| {
        told.iter()
            .position(|told| *told == name)
            .unwrap_or_else(|| panic!("{name} in {told:?}"))
    };
    for (sooner, later) in [
        ("ask", "stage"),
        ("stage", "plan"),
        ("vote", "plan"),
        ("plan", "apply"),
        ("apply", "open"),
        ("open", "withdraw"),
    ] {
        assert!(place(sooner) < place(later), "{sooner} {later}: {told:?}");
    }
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        [
            "apply", "ask", "open", "plan", "request", "stage", "vote", "withdraw"
        ]
    );
    assert!(
        names.iter().filter(|name| **name == "slack.post").count() >= 3,
        "{names:?}"
    );
    // All under one root, which covers them.
    let root = spans
        .iter()
        .find(|span| text(span, "name") == "request")
        .unwrap();
    assert_eq!(text(root, "parentSpanId"), "");
    let (from, to) = (
        nanos(root, "startTimeUnixNano"),
        nanos(root, "endTimeUnixNano"),
    );
    for span in &spans {
        let name = text(span, "name");
        if name == "request" {
            continue;
        }
        assert_eq!(text(span, "parentSpanId"), text(root, "spanId"), "{name}");
        assert!(from <= nanos(span, "startTimeUnixNano"), "{name}");
        assert!(
            name == "slack.post" || nanos(span, "endTimeUnixNano") <= to,
            "{name}"
        );
    }
    let length = |name: &str| {
        let span = spans
            .iter()
            .find(|span| text(span, "name") == name)
            .unwrap();
        (nanos(span, "endTimeUnixNano") - nanos(span, "startTimeUnixNano")) / 1_000_000_000
    };
    assert!((60..70).contains(&length("stage")), "{}", length("stage"));
    assert!((298..303).contains(&length("open")), "{}", length("open"));
    let all = serde_json::to_string(&spans).unwrap();
    for typed in [
        "zebra", "markup", "INC-42", "orders", "shop", "dana", "lee", "U0",
    ] {
        assert!(!all.contains(typed), "{typed} in {all}");
    }
    day.0.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_is_away_changes_nothing_of_the_story() {
    let (wire, listener) = Wire::memory();
    drop(listener);
    let to = Otlp {
        url: "https://collector".parse().unwrap(),
        headers: Vec::new(),
        service: "drawbridge".to_owned(),
    };
    let (traces, sending) = Traces::begin(&to, wire, &Arc::new(Metrics::default())).unwrap();
    TaskTracker::new().spawn(sending);
    let mut told = Vec::new();
    for traces in [Traces::default(), traces] {
        let mut plan = plan();
        plan.traces = traces;
        let day = Day::begin(&plan).await;
        day.says("dana", ASK).await;
        day.clicks("lee", "Approve").await;
        day.passes(330).await;
        let seen = day.0.slack.seen_by("dana");
        let lines: Vec<Vec<String>> = seen.into_iter().map(|message| message.lines).collect();
        let late = day
            .scraped()
            .1
            .value("drawbridge_expiry_lateness_seconds_sum", &[]);
        told.push((lines, late));
        day.0.close().await;
    }
    assert_eq!(told[0], told[1]);
}
