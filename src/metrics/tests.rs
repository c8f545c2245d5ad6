//! What a scrape says of what was told.

use std::sync::Arc;

use super::*;
use crate::units::Seconds;

fn at(seconds: u64) -> Time {
    Seconds(seconds).after("2026-11-24T03:00:00Z".parse().unwrap())
}

/// The value of a series in a scrape at that second.
fn value(metrics: &Metrics, second: u64, series: &str) -> String {
    let text = metrics.scrape(at(second)).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no `{series}` in\n{text}"))
        .to_owned()
}

#[test]
fn every_counter_is_there_before_anything_is_counted() {
    let metrics = Metrics::default();
    for (name, label, words) in [
        ("drawbridge_asks_total", "verdict", ASKS),
        ("drawbridge_requests_total", "outcome", ENDS),
        ("drawbridge_votes_total", "kind", VOTES),
        ("drawbridge_store_errors_total", "class", STORE_ERRORS),
        ("drawbridge_store_call_seconds_count", "call", CALLS),
        ("drawbridge_decision_seconds_count", "decision", DECISIONS),
        ("drawbridge_trace_spans_total", "outcome", SPANS),
    ] {
        for word in words {
            assert_eq!(
                value(&metrics, 0, &format!("{name}{{{label}=\"{word}\"}}")),
                "0"
            );
        }
    }
}

#[test]
fn lateness_falls_into_the_promises_buckets() {
    let metrics = Metrics::default();
    for millis in [400, 1_900, 2_100, 14_000] {
        metrics.closed_after_expiry(TimeDelta::milliseconds(millis));
    }
    // A clock that was set back makes nothing early.
    metrics.closed_after_expiry(TimeDelta::seconds(-5));
    for (bucket, within) in [
        ("0.1", 1),
        ("0.5", 2),
        ("2.0", 3),
        ("3.0", 4),
        ("5.0", 4),
        ("15.0", 5),
    ] {
        let series = format!("drawbridge_expiry_lateness_seconds_bucket{{le=\"{bucket}\"}}");
        assert_eq!(value(&metrics, 0, &series), within.to_string(), "{bucket}");
    }
}

#[test]
fn a_lanes_age_is_that_of_its_oldest_step_and_grows() {
    let metrics = Arc::new(Metrics::default());
    let (depth, oldest) = (
        "drawbridge_lane_depth{lane=\"gate\"}",
        "drawbridge_lane_oldest_seconds{lane=\"gate\"}",
    );
    assert_eq!(value(&metrics, 9, oldest), "0.0");
    let old = metrics.seat(Lane::Gate, at(0));
    let new = metrics.seat(Lane::Gate, at(5));
    let other = metrics.seat(Lane::Card, at(1));
    assert_eq!(value(&metrics, 9, depth), "2");
    assert_eq!(value(&metrics, 9, oldest), "9.0");
    assert_eq!(value(&metrics, 12, oldest), "12.0");
    drop(old);
    assert_eq!(value(&metrics, 12, oldest), "7.0");
    metrics.waits(Lane::Gate, 3, Some(at(2)));
    assert_eq!(value(&metrics, 12, depth), "2");
    assert_eq!(value(&metrics, 12, oldest), "10.0");
    metrics.waits(Lane::Gate, 3, None);
    drop((new, other));
    assert_eq!(value(&metrics, 12, depth), "0");
}

#[test]
fn more_steps_than_seats_are_worked_on_all_the_same() {
    let metrics = Arc::new(Metrics::default());
    let seats: Vec<Seat> = (0..300).map(|_| metrics.seat(Lane::Gate, at(0))).collect();
    assert_eq!(
        value(&metrics, 1, "drawbridge_lane_depth{lane=\"gate\"}"),
        "256"
    );
    drop(seats);
    assert_eq!(
        value(&metrics, 1, "drawbridge_lane_depth{lane=\"gate\"}"),
        "0"
    );
}

#[test]
fn a_ledger_that_stopped_looks_older_with_every_scrape() {
    let metrics = Metrics::default();
    let sink = Name::configured("siem");
    metrics.ledger_behind(3, Some(at(0)));
    metrics.sink_behind(&sink, 7, Some(at(10)));
    assert_eq!(value(&metrics, 60, "drawbridge_ledger_behind_records"), "3");
    assert_eq!(
        value(&metrics, 60, "drawbridge_ledger_behind_seconds"),
        "60.0"
    );
    assert_eq!(
        value(&metrics, 90, "drawbridge_ledger_behind_seconds"),
        "90.0"
    );
    let seconds = "drawbridge_sink_behind_seconds{sink=\"siem\"}";
    assert_eq!(value(&metrics, 60, seconds), "50.0");
    metrics.ledger_behind(0, None);
    metrics.sink_behind(&sink, 0, None);
    assert_eq!(
        value(&metrics, 90, "drawbridge_ledger_behind_seconds"),
        "0.0"
    );
    assert_eq!(value(&metrics, 90, seconds), "0.0");
}

#[test]
fn the_process_tells_its_memory_files_and_beginning() {
    let metrics = Metrics::default();
    let number = |series: &str| value(&metrics, 0, series).parse::<f64>().unwrap();
    assert!(number("process_resident_memory_bytes") > 1e6);
    assert!(number("process_open_fds") >= 3.0);
    assert!(number("process_max_fds") >= number("process_open_fds"));
    // After 2020, and not in the far future.
    let began = number("process_start_time_seconds");
    assert!((1.577e9..1e11).contains(&began), "{began}");
    assert!(number("process_cpu_seconds_total") >= 0.0);
}

#[test]
fn counting_goes_on_while_somebody_reads() {
    let metrics = Arc::new(Metrics::default());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    metrics.ended("expired");
                    metrics.closed_after_expiry(TimeDelta::milliseconds(5));
                }
            });
        }
        for _ in 0..50 {
            metrics.scrape(at(0)).unwrap();
        }
    });
    assert_eq!(
        value(
            &metrics,
            0,
            "drawbridge_requests_total{outcome=\"expired\"}"
        ),
        "8000"
    );
    assert_eq!(
        value(&metrics, 0, "drawbridge_expiry_lateness_seconds_count"),
        "8000"
    );
}
