//! The figures that are kept and shown are those of the table of aims, and what they rest on has not got worse.
//!
//! Ratios only, never seconds: this runs in a debug build beside other tests. What Redis itself spends is the same
//! in any build, so it stands for the store here; the rest is measured by `benches/run`.

#![cfg(test)]

#[path = "../benches/common/aims.rs"]
mod aims;
#[path = "../benches/common/commits.rs"]
mod commits;
#[expect(dead_code, reason = "only the benches measure everything")]
#[path = "../benches/common/servers.rs"]
mod servers;
#[path = "../benches/common/steps.rs"]
mod steps;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use aims::{Aim, ROWS, Row};
use servers::redis::{Product, RedisServer};

/// How much worse a ratio may be than it was when it was kept, before this says that something has become slower.
const ROOM: f64 = 1.5;

/// The same for memory, which does not vary.
const ROOM_FOR_MEMORY: f64 = 1.1;

/// Redis's own time of a commit by that of the least script (28.7 µs by 10.7 µs), until one is kept.
const FIRST_TIME: f64 = 2.7;
/// The memory of a waiting request by that of the raw one, until one is kept.
const FIRST_MEMORY: f64 = 1.49;

const BEGIN: &str = "<!-- figures -->\n";
const END: &str = "<!-- end of figures -->\n";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn benchmarks() -> String {
    std::fs::read_to_string(path("BENCHMARKS.md")).unwrap()
}

/// `benches/figures.json`, as `benches/run --keep` wrote it.
fn kept() -> Vec<Value> {
    let text = std::fs::read_to_string(path("benches/figures.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn find<'a>(kept: &'a [Value], row: &Row) -> Option<&'a Value> {
    kept.iter().find(|figure| figure["name"] == row.name)
}

/// Why a row has no figure; `None`: it has one.
fn why_not(figure: &Value) -> Option<&str> {
    let why = figure.get("not_measured")?;
    Some(why.as_str().expect("a reason in words"))
}

/// What a ratio was when it was kept; before anything was, what it was when this was written.
fn was(name: &str, first: f64) -> f64 {
    assert!(ROWS.iter().any(|row| row.name == name), "{name}");
    let kept = kept();
    let figure = kept.iter().find(|figure| figure["name"] == name);
    figure
        .and_then(|figure| figure["ratio"].as_f64())
        .unwrap_or(first)
}

/// The table of BENCHMARKS.md.
fn table(kept: &[Value]) -> String {
    let mut text =
        "| bench | figure | value | raw | ratio | aim | met |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for row in ROWS {
        let (bench, name, unit, aim) = (row.bench, row.name, row.unit, row.aim.words());
        let cells = match find(kept, row).map(|figure| (figure, why_not(figure))) {
            Some((_, Some(why))) => {
                let short: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
                let short: String = short.replace('|', "/").chars().take(160).collect();
                format!("not measured: {short} | - | - | {aim} | -")
            }
            Some((figure, None)) => {
                let number = |key: &str| {
                    figure[key]
                        .as_f64()
                        .map_or("-".to_owned(), |n| n.to_string())
                };
                let met = match (row.aim, figure["met"].as_bool()) {
                    (Aim::Peer, _) => "-",
                    (_, Some(true)) => "yes",
                    _ => "**no**",
                };
                let (value, raw, ratio) = (number("value"), number("raw"), number("ratio"));
                format!("{value} {unit} | {raw} | {ratio} | {aim} | {met}")
            }
            None => panic!("`{name}` is not kept: `benches/run --keep {bench}`"),
        };
        writeln!(text, "| {bench} | {name} | {cells} |").unwrap();
    }
    let measured = kept.iter().filter(|figure| why_not(figure).is_none());
    let mut when: Vec<String> = measured
        .map(|f| format!("{}, {}", f["date"], f["machine"]))
        .collect();
    when.sort();
    when.dedup();
    for line in when {
        writeln!(text, "\nMeasured {}.", line.replace('"', "")).unwrap();
    }
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how to write the table again is no setting of the product"
)]
fn benchmarks_shows_what_is_kept() {
    let shown = benchmarks();
    let (before, rest) = shown.split_once(BEGIN).unwrap();
    let (inside, after) = rest.split_once(END).unwrap();
    let table = table(&kept());
    if std::env::var_os("UPDATE_FIGURES").is_some() {
        let whole = [before, BEGIN, &table, END, after].concat();
        std::fs::write(path("BENCHMARKS.md"), whole).unwrap();
    } else {
        assert_eq!(inside, table, "`benches/run --keep` writes both");
    }
}

#[test]
fn every_kept_figure_is_of_the_table_of_aims_and_judged_by_it() {
    for figure in kept() {
        let row = ROWS.iter().find(|row| figure["name"] == row.name);
        let row = row.unwrap_or_else(|| panic!("not in the table: {figure}"));
        assert_eq!(figure["bench"], row.bench, "{figure}");
        assert_eq!(figure["aim"], row.aim.words(), "{figure}");
        if let Some(why) = why_not(&figure) {
            assert!(!why.is_empty() && figure.get("value").is_none(), "{figure}");
            continue;
        }
        assert_eq!(figure["unit"], row.unit, "{figure}");
        assert_eq!(figure["beside"], row.raw, "{figure}");
        let met = row
            .aim
            .is_met(figure["value"].as_f64().unwrap(), figure["ratio"].as_f64());
        // Both are rounded to four digits: right at the aim they may differ.
        let close = figure["ratio"].as_f64().is_some_and(|ratio| {
            matches!(row.aim, Aim::RatioAtLeast(aim) | Aim::RatioAtMost(aim) if (ratio / aim - 1.0).abs() < 0.001)
        });
        assert!(close || figure["met"] == met, "{figure}");
    }
}

#[test]
fn every_row_has_a_figure_or_says_why_it_has_none() {
    let kept = kept();
    for row in ROWS {
        let of_it = kept.iter().filter(|figure| figure["name"] == row.name);
        assert_eq!(of_it.count(), 1, "{}: `benches/run --keep`", row.name);
    }
}

#[test]
fn names_of_figures_are_their_own_and_every_bench_is_explained() {
    let mut names: Vec<&str> = ROWS.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ROWS.len());
    let (text, manifest) = (
        benchmarks(),
        std::fs::read_to_string(path("Cargo.toml")).unwrap(),
    );
    let benches = manifest.split("[[bench]]\nname = \"").skip(1);
    for bench in benches.filter_map(|rest| rest.split('"').next()) {
        assert!(
            text.contains(&format!("**`{bench}`**")),
            "BENCHMARKS.md does not explain `{bench}`"
        );
    }
}

#[test]
fn every_missed_aim_is_explained() {
    let text = benchmarks();
    let (_, missed) = text.split_once("\n## Missed\n").unwrap();
    let missed = missed.split("\n## ").next().unwrap();
    for figure in kept().iter().filter(|figure| figure["met"] == false) {
        let name = figure["name"].as_str().unwrap();
        assert!(
            missed.contains(&format!("**{name}**")),
            "BENCHMARKS.md does not say why `{name}` misses its aim"
        );
    }
}

/// What Redis does for a commit is the same in any build. The best of some runs: other tests run beside it.
#[tokio::test]
async fn a_commit_costs_redis_no_more_than_it_did() {
    let server = RedisServer::start(Product::Redis).await;
    let mut best = f64::MAX;
    for _ in 0..5 {
        let (ours, raw) = commits::own_time(&server, 2_000).await;
        best = best.min(ours / raw);
    }
    let was = was("Redis's own time of a commit", FIRST_TIME);
    assert!(
        best <= was * ROOM,
        "{best:.2} times the bare commit; it was {was:.2}"
    );
}

#[tokio::test]
async fn a_waiting_request_needs_no_more_memory_than_it_did() {
    let server = RedisServer::start(Product::Redis).await;
    // As many as the bench has: hash tables grow by doubling, so that fewer cost more or less each.
    let requests = 20_000;
    let ours = commits::memory_of_ours(&server, requests).await;
    let raw = commits::memory_of_raw(&server, requests).await;
    let (now, was) = (ours / raw, was("memory of a waiting request", FIRST_MEMORY));
    assert!(
        now <= was * ROOM_FOR_MEMORY,
        "{now:.3} times the raw one; it was {was:.3}"
    );
}
