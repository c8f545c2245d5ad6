#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The report of a simulated year of a hundred thousand requests: time, peak memory and the size of the page,
//! beside raw baselines of the same run. One line of JSON each.
//!
//! `cargo bench --bench report`. Every part runs in a process of its own, so that one does not pay for what
//! another kept. The limits are checked: 5 s, 300 MB, 2 MB.

#[path = "../tests/report/year.rs"]
mod year;

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::Command;
use std::time::Instant;

use drawbridge::report::page::{TOP, page};
use drawbridge::report::sheet::sheet;
use drawbridge::report::{Choices, Report};
use serde_json::{Value, json};

use year::{BEGIN, END, Year};

const REQUESTS: u64 = 100_000;
/// Each figure is the median of this many runs.
const RUNS: usize = 3;
/// The word that tells a process that it is one of the parts.
const PART: &str = "--part";

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(place) = words.iter().position(|word| word == PART) {
        part(&words[place + 1], &words[place + 2]);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ledger.jsonl");
    let mut out = BufWriter::new(File::create(&file).unwrap());
    for line in Year::of(REQUESTS, 7) {
        writeln!(out, "{line}").unwrap();
    }
    out.flush().unwrap();
    let path = file.to_str().unwrap();
    let mut told: Vec<Value> = Vec::new();
    for name in ["lines", "json", "report"] {
        let mut runs: Vec<Value> = (0..RUNS).map(|_| run(name, path)).collect();
        runs.sort_by_key(|run| run["ms"].as_u64());
        let median = runs.swap_remove(RUNS / 2);
        println!("{median}");
        told.push(median);
    }
    let report = told.pop().unwrap();
    let raw = told.pop().unwrap();
    let ratio = report["ms"].as_f64().unwrap() / raw["ms"].as_f64().unwrap();
    println!(
        "{}",
        json!({"bench": "report", "requests": REQUESTS, "ratio_to_parsing_the_json": (ratio * 100.0).round() / 100.0})
    );
    assert!(report["ms"].as_u64() < Some(5_000), "{report}");
    assert!(report["peak_mb"].as_u64() < Some(300), "{report}");
    assert!(report["page_bytes"].as_u64() < Some(2_000_000), "{report}");
}

fn run(name: &str, file: &str) -> Value {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args([PART, name, file])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One part: only reading the lines, parsing each as JSON, or the whole report in its three forms.
fn part(name: &str, file: &str) {
    let began = Instant::now();
    let mut told = json!({"bench": "report", "part": name});
    let mut lines = BufReader::new(File::open(file).unwrap());
    let (mut line, mut count, mut bytes) = (String::new(), 0_u64, 0_u64);
    let choices = Choices::between(BEGIN.parse().unwrap(), END.parse().unwrap());
    let mut report = Report::new(choices);
    while lines.read_line(&mut line).unwrap() > 0 {
        count += 1;
        bytes += line.len() as u64;
        match name {
            "json" => drop(std::hint::black_box(
                serde_json::from_str::<Value>(&line).unwrap(),
            )),
            "report" => report.line(&line),
            _ => drop(std::hint::black_box(&line)),
        }
        line.clear();
    }
    if name == "report" {
        let figures = report.finish();
        assert_eq!(figures.source.unreadable, 0);
        told["requests"] = json!(figures.asks.total);
        told["page_bytes"] = json!(page(&figures, TOP).len());
        told["csv_bytes"] = json!(sheet(&figures).unwrap().len());
        told["json_bytes"] = json!(serde_json::to_string(&figures).unwrap().len());
    }
    told["records"] = json!(count);
    told["file_mb"] = json!(bytes / 1_000_000);
    told["ms"] = json!(u64::try_from(began.elapsed().as_millis()).unwrap());
    told["peak_mb"] = json!(peak_kb() / 1_024);
    println!("{told}");
}

/// The largest memory of this process so far.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
