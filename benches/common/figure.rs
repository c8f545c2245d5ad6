//! A figure as one line of JSON, by its row in the table of aims.

use std::time::Duration;

use drawbridge::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use super::aims::{ROWS, Row};

/// Prints a measured figure, its raw value of the same run beside it.
///
/// # Panics
/// No row has that name.
pub(crate) fn print(name: &str, value: f64, raw: Option<f64>) {
    println!("{}", line(name, value, raw));
}

/// Says of a figure why there is none.
///
/// # Panics
/// No row has that name.
pub(crate) fn print_missing(name: &str, why: &str) {
    let row = row(name);
    println!(
        "{}",
        json!({"bench": row.bench, "name": name, "aim": row.aim.words(), "not_measured": why})
    );
}

fn row(name: &str) -> &'static Row {
    let found = ROWS.iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("no figure is called `{name}`"))
}

/// The line as it is printed and kept.
pub(crate) fn line(name: &str, value: f64, raw: Option<f64>) -> Value {
    let row = row(name);
    let ratio = raw.map(|raw| value / raw);
    json!({
        "bench": row.bench, "name": name, "value": rounded(value), "unit": row.unit,
        "raw": raw.map(rounded), "beside": row.raw, "ratio": ratio.map(rounded),
        "aim": row.aim.words(), "met": row.aim.is_met(value, ratio),
        "machine": machine(), "date": SystemClock.now().format("%F").to_string(),
    })
}

/// To four digits, so that nobody reads more out of it than is in it.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.3e}");
    text.parse().unwrap_or(value)
}

/// Processor, number of cores, memory: what `/proc` tells, as much as there is.
fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
    };
    let model = after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "?".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let memory: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{model}, {cores} cores, {} GB", memory / 1_000_000)
}

/// Milliseconds, with their fractions.
pub(crate) fn ms(length: Duration) -> f64 {
    length.as_secs_f64() * 1_000.0
}

/// The value that `share` of all are not above; sorts them.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    values[(last as f64 * share).ceil() as usize]
}

/// Whether `cargo test` runs the program, or somebody who wants to see its shape only: tiny sizes, figures of
/// no meaning. `cargo bench` passes `--bench`.
pub(crate) fn is_a_trial() -> bool {
    !std::env::args().any(|word| word == "--bench")
}
