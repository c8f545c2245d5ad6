//! Dashboard and alerts against the code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use drawbridge::lane::Lane;
use drawbridge::metrics::{Gates, Metrics, Name, SLACK_OUTCOMES};
use drawbridge::units::Time;
use serde_json::Value;

use crate::exposition::{self, Told};
use crate::query::{Reads, reads};

/// Labels that Prometheus adds to every series of a target.
const BY_PROMETHEUS: [&str; 4] = ["job", "instance", "namespace", "pod"];

/// One call of everything that can be told, so that every series there can be is there.
fn everything() -> Told {
    exposition::read(&everything_text())
}

/// The same as text.
pub(crate) fn everything_text() -> String {
    let metrics = Arc::new(Metrics::default());
    let (cluster, sink) = (Name::configured("prod-eu"), Name::configured("siem"));
    let (now, second) = (Time::UNIX_EPOCH, Duration::from_secs(1));
    metrics.applied(&cluster, "applied", second);
    metrics.withdrew(&cluster, "closed", second);
    metrics.swept(&cluster, true);
    for outcome in SLACK_OUTCOMES {
        metrics.slack_called("chat.postMessage", outcome, second);
    }
    metrics.slack_connected(true);
    metrics.claimed(now);
    drop(metrics.seat(Lane::Gate, now));
    metrics.sink_behind(&sink, 0, None);
    metrics.sink_failed(&sink);
    metrics.cluster(&cluster, Gates::default(), Some(TimeDelta::seconds(1)));
    metrics.rules_stale(false);
    metrics.scrape(now).unwrap()
}

pub(crate) fn dashboard() -> Value {
    let text = fs::read_to_string("manifests/monitoring/dashboard.json").unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every panel, those inside rows too.
fn panels(dashboard: &Value) -> Vec<Value> {
    let top = dashboard["panels"].as_array().unwrap();
    let inner = top
        .iter()
        .flat_map(|panel| panel["panels"].as_array().into_iter().flatten());
    top.iter().chain(inner).cloned().collect()
}

pub(crate) fn alerts() -> Vec<BTreeMap<String, Value>> {
    let text = fs::read_to_string("manifests/monitoring/alerts.yaml").unwrap();
    let rule: Value = serde_saphyr::from_str(&text).unwrap();
    assert_eq!(rule["kind"], "PrometheusRule");
    let groups = rule["spec"]["groups"].as_array().unwrap().clone();
    let rules = groups
        .into_iter()
        .flat_map(|group| group["rules"].as_array().unwrap().clone());
    rules
        .map(|rule| serde_json::from_value(rule).unwrap())
        .collect()
}

fn judge(told: &Told, place: &str, query: &str) -> Reads {
    let names = told.names();
    let reads = reads(query);
    let mut known: BTreeSet<&str> = BY_PROMETHEUS.into();
    for (name, labels) in &reads.series {
        let has = names
            .get(name)
            .unwrap_or_else(|| panic!("{place}: there is no `{name}`"));
        for label in labels {
            let fine = has.contains(label) || BY_PROMETHEUS.contains(&label.as_str());
            assert!(
                fine,
                "{place}: `{name}` has no label `{label}`, only {has:?}"
            );
        }
        known.extend(has.iter().map(String::as_str));
    }
    for label in &reads.groups {
        assert!(
            known.contains(label.as_str()),
            "{place}: nothing has the label `{label}`"
        );
    }
    reads
}

pub(crate) fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for panel in panels(dashboard) {
        let title = panel["title"].as_str().unwrap().to_owned();
        for target in panel["targets"].as_array().into_iter().flatten() {
            queries.push((title.clone(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    queries
}

#[test]
fn every_metric_on_the_dashboard_exists_and_every_metric_is_on_it() {
    let told = everything();
    let mut drawn = BTreeSet::new();
    for (panel, query) in queries(&dashboard()) {
        let reads = judge(&told, &panel, &query);
        drawn.extend(reads.series.into_iter().map(|(name, _)| name));
    }
    for (name, family) in &told.0 {
        assert!(
            !family.samples.is_empty(),
            "{name} was not told by this test"
        );
        let on_it = family
            .samples
            .iter()
            .any(|sample| drawn.contains(&sample.name));
        assert!(on_it, "`{name}` is on no panel");
    }
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard = dashboard();
    assert!(dashboard["uid"].is_string() && dashboard["title"].is_string());
    assert!(
        dashboard["id"].is_null(),
        "an id of one Grafana is none of another"
    );
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let source = variables
        .iter()
        .find(|variable| variable["type"] == "datasource")
        .unwrap();
    assert_eq!(
        (&source["name"], &source["query"]),
        (&"datasource".into(), &"prometheus".into())
    );
    let mut ids = BTreeSet::new();
    let mut places = Vec::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is taken"
        );
        let place = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        let [x, y, w, h] = place;
        assert!(x + w <= 24 && w > 0 && h > 0, "{title}: {place:?}");
        let apart = |[ox, oy, ow, oh]: &[u64; 4]| {
            x + w <= *ox || ox + ow <= x || y + h <= *oy || oy + oh <= y
        };
        assert!(places.iter().all(apart), "{title} lies over another panel");
        places.push(place);
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
        assert!(
            panel["description"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{title}"
        );
        assert!(
            panel["fieldConfig"]["defaults"]["unit"].is_string(),
            "{title} has no unit"
        );
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
    }
    let first = panels(&dashboard)
        .into_iter()
        .find(|panel| panel["type"] != "row")
        .unwrap();
    assert_eq!(first["title"], "Overdue gates", "the promises come first");
}

#[test]
fn every_alert_reads_what_exists_and_tells_what_to_do() {
    let told = everything();
    let mut names = BTreeSet::new();
    for alert in alerts() {
        let name = alert["alert"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
        assert!(name.starts_with("Drawbridge"), "{name}");
        judge(&told, name, alert["expr"].as_str().unwrap());
        let waits = alert["for"].as_str().unwrap();
        assert!(waits.ends_with(['s', 'm', 'h']), "{name}: {waits}");
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(
            ["critical", "warning"].contains(&severity),
            "{name}: {severity}"
        );
        for field in ["summary", "description", "runbook"] {
            let text = alert["annotations"][field].as_str().unwrap_or_default();
            assert!(text.len() > 20, "{name} has no {field}");
            template(name, text, alert["expr"].as_str().unwrap());
        }
    }
    for needed in [
        "DrawbridgeGateOverdue",
        "DrawbridgeLaneStuck",
        "DrawbridgeSweepOld",
        "DrawbridgeLedgerBehind",
        "DrawbridgeStoreErrors",
        "DrawbridgeSlackAway",
        "DrawbridgeRulesStale",
        "DrawbridgeSinkBehind",
        "DrawbridgeHeadDue",
    ] {
        assert!(names.contains(needed), "{needed}");
    }
}

/// Labels that a text takes from the alert are labels that its query leaves.
fn template(alert: &str, text: &str, query: &str) {
    let used = regex::Regex::new(r"\{\{ \$labels\.([a-z_]+) \}\}").unwrap();
    let groups = reads(query).groups;
    for label in used.captures_iter(text) {
        assert!(
            groups.contains(&label[1]),
            "{alert}: its query leaves no `{}`",
            &label[1]
        );
    }
}

#[test]
fn a_query_that_is_wrong_is_found() {
    let told = everything();
    for bad in [
        "drawbridge_request_total",
        "drawbridge_requests_total{state=\"done\"}",
        "sum by (cluster) (drawbridge_requests_total)",
        "rate(drawbridge_requests_total)",
        "sum(drawbridge_requests_total",
    ] {
        let judged = std::panic::catch_unwind(|| judge(&told, "here", bad));
        assert!(judged.is_err(), "{bad}");
    }
}
