//! What verification must find: everything.

mod bytes;
mod edits;

use super::{Check, Extent, MAX_LINE, Report};
use crate::audit::samples::{export, ledger};
use crate::audit::{Fault, Finding, Head};

/// A whole run over a file.
fn run(extent: Extent, lines: &[Vec<u8>]) -> (Report, Vec<Finding>) {
    let mut check = Check::of(extent);
    let mut found: Vec<Finding> = lines.iter().flat_map(|line| check.line(line)).collect();
    let (report, last) = check.finish();
    found.extend(last);
    assert_eq!(report.findings, u64::try_from(found.len()).unwrap());
    (report, found)
}

fn faults(found: &[Finding]) -> Vec<(u64, Fault)> {
    found
        .iter()
        .map(|found| (found.line, found.fault))
        .collect()
}

/// The number of a line, from 1.
fn line(index: usize) -> u64 {
    u64::try_from(index).unwrap() + 1
}

#[test]
fn a_sound_export_has_no_findings_and_is_summed_up() {
    let made = ledger(100);
    let (report, found) = run(Extent::Export, &export(&made));
    assert_eq!(found, []);
    assert_eq!(report.records, 100);
    assert_eq!(report.first.unwrap().head.seq, 1);
    let last = report.last.unwrap();
    assert_eq!(last.head, made[99].head);
    assert_eq!(last.at, Some(crate::audit::samples::at(100)));
    assert_eq!(report.chain.as_deref(), Some(crate::audit::samples::CHAIN));
}

#[test]
fn a_ledger_that_was_trimmed_begins_anywhere_once() {
    let made = ledger(100);
    assert_eq!(run(Extent::Export, &export(&made[40..])).1, []);
    // Without the end line nothing says where it should begin or end.
    let lines = export(&made[40..]);
    let (report, found) = run(Extent::Growing, &lines[..60]);
    assert_eq!((found, report.records), (vec![], 60));
    let mut hole = lines.clone();
    hole.remove(30);
    assert_eq!(
        faults(&run(Extent::Export, &hole).1),
        [(31, Fault::Missing)]
    );
}

#[test]
fn an_export_of_nothing_new_is_sound() {
    let made = ledger(3);
    let head = &made[2].head;
    let end = crate::audit::End::of("c", head, head).unwrap();
    let lines = [format!("{}\n", end.line().unwrap()).into_bytes()];
    let (report, found) = run(Extent::Export, &lines);
    assert_eq!((found, report.records), (vec![], 0));
}

#[test]
fn a_store_has_to_keep_its_word_on_both_ends() {
    let made = ledger(60);
    let store = |from: usize, to: usize, before: &Head, head: &Head| {
        let (before, head) = (before.clone(), head.clone());
        let mut check = Check::of(Extent::Store { before, head });
        let lines = made[from..to].iter();
        let mut found: Vec<_> = lines
            .flat_map(|l| check.record(l.line.as_bytes()))
            .collect();
        found.extend(check.finish().1);
        found
            .into_iter()
            .map(|found| found.fault)
            .collect::<Vec<_>>()
    };
    let origin = Head::origin();
    assert_eq!(store(0, 60, &origin, &made[59].head), []);
    assert_eq!(store(0, 59, &origin, &made[59].head), [Fault::End]);
    assert_eq!(store(1, 60, &origin, &made[59].head), [Fault::Missing]);
    // The only record of a trimming here tells of another place.
    let trimmed = store(1, 60, &made[0].head, &made[59].head);
    assert_eq!(trimmed, [Fault::Beginning]);
}

#[test]
fn a_store_that_was_trimmed_must_tell_of_it() {
    use crate::audit::{Actor, Event, Fact, chain::link_own};
    let made = ledger(30);
    let told = |at: &Head| {
        let event = Event {
            at: crate::audit::samples::at(99),
            by: Actor::Drawbridge,
            fact: Fact::Trimmed {
                seq: at.seq,
                hash: at.hash.clone(),
                chain: Some("c0ffee".to_owned()),
            },
        };
        let own = link_own(&made[29].head, &event).unwrap();
        let mut check = Check::of(Extent::Store {
            before: made[9].head.clone(),
            head: own.head.clone(),
        });
        for linked in made[10..].iter().chain([&own]) {
            assert_eq!(check.record(linked.line.as_bytes()), []);
        }
        check.finish()
    };
    let (report, found) = told(&made[9].head);
    assert_eq!((found, report.chain.as_deref()), (vec![], Some("c0ffee")));
    let (_, found) = told(&made[8].head);
    assert_eq!(found[0].fault, Fault::Beginning);
}

#[test]
fn what_is_no_ledger_is_told_in_words() {
    for (lines, words) in [
        (
            vec!["hello\n"],
            "line 1: the line is no record (expected a record, found `hello`)",
        ),
        (vec!["\n"], "found ``"),
        (
            vec!["{\"event\":{},\"number\":1,\"seq\":1,\"verifiable\":false}\n"],
            "leaves out what people typed",
        ),
        (vec![], "the end line is missing"),
        (vec!["\u{1b}[2J\n"], "`\\u{1b}[2J`"),
    ] {
        let lines: Vec<Vec<u8>> = lines.iter().map(|l| l.as_bytes().to_vec()).collect();
        let (_, found) = run(Extent::Export, &lines);
        let told: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert!(told.iter().any(|told| told.contains(words)), "{told:?}");
    }
}

#[test]
fn a_line_longer_than_any_record_is_not_parsed() {
    for (size, why) in [
        (MAX_LINE, "the line is no record"),
        (MAX_LINE + 1, "the line is longer than any record"),
    ] {
        let found = Check::of(Extent::Export).record(&vec![b'['; size]);
        let said: Vec<&str> = found.iter().map(|one| one.sentence.as_str()).collect();
        assert_eq!(said, [why]);
        assert!(found.iter().all(|one| one.found.len() < 1_000));
    }
}
