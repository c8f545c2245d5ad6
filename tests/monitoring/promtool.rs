//! Alert rules, queries and a scrape, judged by Prometheus's own tool: `tests/servers/promtool.sh` gets it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::manifests::{alerts, dashboard, everything_text, queries};
use crate::query::filled;

/// Which alerts ring when.
const TABLE: &str = "tests/monitoring/alerts.test.yaml";

fn promtool(folder: &Path, arguments: &[&str]) -> Output {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/promtool/promtool");
    let tool = if ours.exists() {
        ours
    } else {
        PathBuf::from("promtool")
    };
    let run = Command::new(tool)
        .args(arguments)
        .current_dir(folder)
        .output();
    run.unwrap_or_else(|why| panic!("no promtool: run `tests/servers/promtool.sh` ({why})"))
}

/// What it said when it was content; panics with it when it was not.
fn content(output: &Output) -> String {
    let said = [&output.stdout, &output.stderr].map(|out| String::from_utf8_lossy(out));
    let said = said.join("\n");
    assert!(output.status.success(), "{said}");
    said
}

/// The alerts as a plain rule file; YAML is a superset of JSON.
fn rules(folder: &Path, rules: &[Value]) {
    let groups = json!({ "groups": [{ "name": "drawbridge", "rules": rules }] });
    fs::write(folder.join("rules.json"), groups.to_string()).unwrap();
}

fn summaries() -> Vec<Value> {
    let alerts = alerts().into_iter().map(|alert| {
        let mut alert = json!(alert);
        alert["annotations"] = json!({ "summary": alert["annotations"]["summary"] });
        alert
    });
    alerts.collect()
}

fn table() -> Value {
    serde_saphyr::from_str(&fs::read_to_string(TABLE).unwrap()).unwrap()
}

/// Names of alerts that the table makes ring, or keeps silent.
fn tested(ring: bool) -> BTreeSet<String> {
    let table = table();
    let cases = table["tests"].as_array().unwrap();
    let looks = cases
        .iter()
        .flat_map(|case| case["alert_rule_test"].as_array().unwrap());
    let wanted = looks.filter(|look| look["exp_alerts"].as_array().unwrap().is_empty() != ring);
    wanted
        .map(|look| look["alertname"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_alert_rings_when_it_should_and_only_then() {
    let folder = TempDir::new().unwrap();
    rules(folder.path(), &summaries());
    fs::copy(TABLE, folder.path().join("table.yaml")).unwrap();
    content(&promtool(folder.path(), &["test", "rules", "table.yaml"]));
    let all: BTreeSet<String> = alerts()
        .iter()
        .map(|alert| alert["alert"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(tested(true), all, "each rings somewhere");
    assert_eq!(tested(false), all, "each is silent somewhere");
}

#[test]
fn an_alert_that_never_rings_or_always_does_is_found() {
    for (number, alert) in alerts().iter().enumerate() {
        let query = alert["expr"].as_str().unwrap();
        for wrong in [
            format!("({query}) and on () (vector(1) > 1)"),
            "vector(1)".to_owned(),
        ] {
            let folder = TempDir::new().unwrap();
            let mut changed = summaries();
            changed[number]["expr"] = json!(wrong);
            rules(folder.path(), &changed);
            fs::copy(TABLE, folder.path().join("table.yaml")).unwrap();
            let judged = promtool(folder.path(), &["test", "rules", "table.yaml"]);
            assert!(!judged.status.success(), "{wrong}");
        }
    }
}

#[test]
fn rules_with_all_their_texts_and_every_query_of_the_dashboard_are_taken() {
    let folder = TempDir::new().unwrap();
    let alerts = alerts();
    let drawn = queries(&dashboard());
    let mut all: Vec<Value> = alerts.iter().map(|alert| json!(alert)).collect();
    for (number, (_, query)) in drawn.iter().enumerate() {
        all.push(json!({ "record": format!("drawn:{number}"), "expr": filled(query) }));
    }
    rules(folder.path(), &all);
    let said = content(&promtool(folder.path(), &["check", "rules", "rules.json"]));
    let found = format!("{} rules found", alerts.len() + drawn.len());
    assert!(said.contains(&found), "{said}");
}

/// Prometheus's reader of the format, by way of a command that wants a time on each sample.
fn taken(text: &str) -> Output {
    let folder = TempDir::new().unwrap();
    let timed = text.lines().map(|line| {
        if line.starts_with('#') {
            line.to_owned()
        } else {
            format!("{line} 1700000000")
        }
    });
    let timed = timed.collect::<Vec<String>>().join("\n") + "\n";
    fs::write(folder.path().join("scrape"), timed).unwrap();
    let arguments = ["tsdb", "create-blocks-from", "openmetrics", "scrape", "out"];
    promtool(folder.path(), &arguments)
}

#[test]
fn prometheus_takes_every_line_of_a_scrape() {
    let text = everything_text();
    content(&taken(&text));
    for (right, wrong) in [("# EOF\n", ""), ("le=\"", "le="), ("# TYPE", "# TYPES")] {
        let judged = taken(&text.replacen(right, wrong, 1));
        assert!(!judged.status.success(), "`{wrong}` for `{right}`");
    }
}
