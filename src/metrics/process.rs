//! What the system says of this process: memory, open files, CPU time and when it began, by the names that
//! Prometheus' client libraries agree on ("Standard and runtime collectors"). Read from `/proc` at each scrape;
//! what cannot be read is left out.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Ticks a second in `/proc/self/stat`: `USER_HZ`, which Linux keeps at 100 for every program (proc(5)).
const TICKS: f64 = 100.0;

#[derive(Debug)]
pub(super) struct Process;

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let mut gauge = |name: &str, help: &str, value: Option<f64>| {
            let Some(value) = value else { return Ok(()) };
            let value = ConstGauge::new(value);
            let kind = value.metric_type();
            value.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        gauge(
            "process_resident_memory_bytes",
            "Resident memory",
            resident(),
        )?;
        gauge("process_open_fds", "Open files and sockets", open_files())?;
        gauge(
            "process_max_fds",
            "How many there may be",
            most_open_files(),
        )?;
        let stat = stat();
        gauge(
            "process_start_time_seconds",
            "When the process began, since 1970",
            stat.and_then(|(_, started)| Some(booted()? + started)),
        )?;
        if let Some((used, _)) = stat {
            let used = ConstCounter::new(used);
            let kind = used.metric_type();
            let (name, help) = (
                "process_cpu_seconds",
                "CPU time, the system's for it included",
            );
            used.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }
}

/// The field of `/proc/self/status`, in kB there.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn open_files() -> Option<f64> {
    let number = fs::read_dir("/proc/self/fd").ok()?.count();
    // The one that reads the folder is not counted.
    u32::try_from(number.saturating_sub(1)).ok().map(f64::from)
}

fn most_open_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// CPU time used, and when the process began after the system, both in seconds (proc(5): fields 14, 15, 22).
fn stat() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name before it is in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field.checked_sub(3)?)?.parse::<f64>().ok();
    Some(((ticks(14)? + ticks(15)?) / TICKS, ticks(22)? / TICKS))
}

/// When the system began, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}
