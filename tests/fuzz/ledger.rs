//! Exports of the ledger and signed heads, as `ledger verify` and `report` read them.

use std::time::Duration;

use chrono::DateTime;
use drawbridge::audit::Record;
use drawbridge::audit::export::{Typed, csv_row, without_typed};
use drawbridge::audit::heads::{PublicKey, SignedHead};
use drawbridge::audit::verify::{Check, Extent};
use drawbridge::report::{Choices, Report, page, sheet};

use super::driver::Target;
use super::seeds::Seeds;
use super::stored::ledger_seeds;

pub(crate) const LEDGER: Target = Target {
    name: "",
    run: ledger,
    seeds: &[Seeds::Made(ledger_seeds)],
    words: &[
        "\n",
        "{",
        "[",
        "null",
        "{\"seq\":1,\"event\":{},\"number\":0,\"prev\":\"\",\"hash\":\"\"}\n",
        "\"event\":\"asked\"",
        "\"trimmed\"",
        "\"ledger_begun\"",
        "\"at\":\"2026-11-24T03:00:00Z\",",
        "{\"kind\":\"drawbridge.ledger.end\"}\n",
        "\"seq\":",
        "\"flow\":",
        "\\u0000",
        "=cmd",
        "\"k7m3xq\"",
    ],
    largest: 200_000,
    a_byte: Duration::from_micros(100),
    memory: 16 * 1024 * 1024,
};

fn ledger(bytes: &[u8]) {
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    let mut check = Check::of(Extent::Export);
    let mut findings = 0;
    for line in lines() {
        let found = check.line(line);
        findings += found.len();
        assert!(found.iter().all(|one| one.line > 0), "(placed) {found:?}");
        let shown: usize = found
            .iter()
            .map(|one| one.found.len() + one.expected.len())
            .sum();
        assert!(shown < 4_000 * found.len().max(1), "(short) {found:?}");
        exported(line);
    }
    let (_, last) = check.finish();
    // A chain that was not signed off is never called whole.
    let ends = lines()
        .next_back()
        .is_some_and(|line| line.windows(3).any(|part| part == b"end"));
    assert!(
        findings + last.len() > 0 || ends,
        "(never whole without its end)"
    );
    reported(&String::from_utf8_lossy(bytes));
}

fn exported(line: &[u8]) {
    if let Ok(record) = serde_json::from_slice::<Record>(line) {
        let _ = (
            record.told(),
            record.own_hash(),
            record.line(),
            without_typed(&record),
        );
        for typed in [Typed::Kept, Typed::LeftOut] {
            let row = csv_row(&record, typed).unwrap();
            for formula in ["\"=", "\"+", "\"@", "\"-"] {
                let cells =
                    row.strip_prefix(formula).is_some() || row.contains(&format!(",{formula}"));
                let inside = row.contains("\"\"");
                assert!(!cells || inside, "(no formula) {row}");
            }
        }
    }
    if let Ok(head) = SignedHead::read(&String::from_utf8_lossy(line)) {
        let _ = (head.verify(None), head.line());
        if let Ok(key) = head.key.parse::<PublicKey>() {
            let _ = head.verify(Some(&key));
        }
    }
}

fn reported(text: &str) {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let mut report = Report::new(Choices::between(at(1_760_000_000), at(1_800_000_000)));
    for line in text.lines() {
        report.line(line);
        report.traffic(line);
    }
    let figures = report.finish();
    let page = page::page(&figures, 10);
    assert!(!page.contains("<script"), "(no markup of others)");
    sheet::sheet(&figures).unwrap();
}
