//! Lines left out, doubled, in another order, put in, replaced.

use proptest::prelude::*;
use serde_json::json;

use super::super::{Check, Extent};
use super::{export, faults, ledger, line, run};
use crate::audit::chain::{Linked, link};
use crate::audit::samples::ledger_on;
use crate::audit::{Fault, Finding, Head, Record};

const RECORDS: u64 = 1000;

/// Runs from before line `k` as it was, with other lines from there until something is found.
fn first_finding<'a>(
    check: &Check,
    lines: impl IntoIterator<Item = &'a Vec<u8>>,
) -> Option<Finding> {
    let mut check = check.clone();
    for line in lines {
        if let Some(found) = check.line(line).into_iter().next() {
            return Some(found);
        }
    }
    check.finish().1.into_iter().next()
}

#[test]
fn every_line_that_is_left_out_doubled_swapped_or_the_last_is_found_where_it_is() {
    let lines = export(&ledger(RECORDS));
    let records = lines.len() - 1;
    let mut check = Check::of(Extent::Export);
    for k in 0..lines.len() {
        let rest = &lines[k + 1..];
        let found = first_finding(&check, rest).unwrap();
        let expected = match k {
            // Nothing but the end line tells where an export begins.
            0 => (line(records) - 1, Fault::Beginning),
            k if k == records => (line(k) - 1, Fault::End),
            k if k + 1 == records => (line(k), Fault::End),
            k => (line(k), Fault::Missing),
        };
        assert_eq!(
            (found.line, found.fault),
            expected,
            "without line {}: {found}",
            k + 1
        );

        let found = first_finding(&check, [&lines[k]].into_iter().chain(&lines[k..])).unwrap();
        let expected = if k == records {
            Fault::AfterEnd
        } else {
            Fault::Doubled
        };
        assert_eq!(
            (found.line, found.fault),
            (line(k + 1), expected),
            "{found}"
        );

        if let Some(next) = lines.get(k + 1) {
            let swapped = [next, &lines[k]].into_iter().chain(&lines[k + 2..]);
            let found = first_finding(&check, swapped).unwrap();
            let place = if k == 0 { line(1) } else { line(k) };
            assert_eq!(found.line, place, "{found}");
        }

        let cut = check.clone().finish().1;
        assert_eq!(faults(&cut), [(line(k) - 1, Fault::End)]);
        check.line(&lines[k]);
    }
}

#[test]
fn one_fault_is_told_in_few_words_and_the_rest_is_still_read() {
    let lines = export(&ledger(200));
    let told = |edit: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut edited = lines.clone();
        edit(&mut edited);
        faults(&run(Extent::Export, &edited).1)
    };
    let missing = told(&|lines| drop(lines.drain(50..60)));
    assert_eq!(missing, [(51, Fault::Missing)]);
    let swapped = told(&|lines| lines.swap(50, 51));
    assert_eq!(swapped, [(51, Fault::Missing), (52, Fault::Reordered)]);
    let doubled = told(&|lines| lines.insert(51, lines[50].clone()));
    assert_eq!(doubled, [(52, Fault::Doubled)]);
    let far = told(&|lines| lines.insert(151, lines[50].clone()));
    assert_eq!(far, [(152, Fault::Reordered)]);
    let put_in = told(&|lines| lines.insert(50, b"# a remark\n".to_vec()));
    assert_eq!(put_in, [(51, Fault::Unreadable), (52, Fault::Reordered)]);
    let broken = told(&|lines| lines[50].truncate(20));
    assert_eq!(broken, [(51, Fault::Unreadable), (51, Fault::End)]);
    let windows = told(&|lines| {
        lines[50].pop();
        lines[50].extend(b"\r\n");
    });
    assert_eq!(windows, [(51, Fault::Form)]);
}

/// The record with another event and the hash that belongs to it.
fn forged(linked: &Linked, number: u64) -> Linked {
    let record = &linked.record;
    let before = Head {
        seq: record.seq - 1,
        hash: record.prev.clone(),
    };
    link(
        &before,
        record.document.as_ref(),
        number,
        json!({"event": "granted"}),
    )
    .unwrap()
}

fn with_line_end(linked: &Linked) -> Vec<u8> {
    format!("{}\n", linked.line).into_bytes()
}

#[test]
fn a_record_replaced_with_its_hash_is_found_by_the_next_one() {
    let made = ledger(100);
    let mut lines = export(&made);
    lines[50] = with_line_end(&forged(&made[50], made[50].record.number));
    let (_, found) = run(Extent::Export, &lines);
    assert_eq!(faults(&found), [(52, Fault::Replaced)]);
    assert!(
        found[0].to_string().contains("one of the two was replaced"),
        "{}",
        found[0]
    );
    // The last record has no next one: the end line tells.
    let mut lines = export(&made);
    lines[99] = with_line_end(&forged(&made[99], made[99].record.number));
    assert_eq!(faults(&run(Extent::Export, &lines).1), [(101, Fault::End)]);
}

#[test]
fn numbers_of_a_document_that_do_not_go_on_are_found() {
    let made = ledger(50);
    for (number, fault) in [(1, true), (2, true), (3, false), (4, true)] {
        let mut records: Vec<Linked> = made[..41].to_vec();
        assert_eq!(records[40].record.number, 2);
        records.push(forged(&made[41], number));
        let expected = made[41].record.number;
        let found = run(Extent::Export, &export(&records)).1;
        assert_eq!(
            number != expected,
            faults(&found) == [(42, Fault::Numbering)],
            "{found:?}"
        );
        assert_eq!(fault, number != 3 || expected != 3);
    }
}

#[test]
fn a_first_record_that_is_none_and_a_second_one_are_found() {
    let made = ledger(3);
    let document = "k7m3xq".parse().unwrap();
    let first = link(
        &Head::origin(),
        Some(&document),
        1,
        json!({"event": "granted"}),
    )
    .unwrap();
    let found = run(Extent::Export, &export(&[first])).1;
    assert_eq!(faults(&found), [(1, Fault::Beginning)]);
    let second = link(&made[0].head, None, 0, made[0].record.event.clone()).unwrap();
    let found = run(Extent::Export, &export(&[made[0].clone(), second])).1;
    assert_eq!(faults(&found), [(2, Fault::Beginning)]);
}

#[test]
fn the_rest_of_another_ledger_does_not_fit() {
    let (ours, theirs) = (ledger(100), ledger_on("another", 100));
    let mixed: Vec<Linked> = ours[..50].iter().chain(&theirs[50..]).cloned().collect();
    assert_eq!(
        faults(&run(Extent::Export, &export(&mixed)).1),
        [(51, Fault::Replaced)]
    );
    // All of it is sound, but the end line is of ours.
    assert_eq!(
        faults(&run(Extent::Export, &export(&theirs)).1),
        [(101, Fault::End)]
    );
}

#[test]
fn names_that_are_not_ours_are_no_record() {
    let record: Record = ledger(2)[1].record.clone();
    let mut value = serde_json::to_value(&record).unwrap();
    value["extra"] = json!(1);
    let mut check = Check::of(Extent::Growing);
    let found = check.record(value.to_string().as_bytes());
    assert_eq!(found[0].fault, Fault::Unreadable);
}

/// One thing that somebody may do to a file.
#[derive(Debug, Clone)]
enum Edit {
    Remove(prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    CutFront(prop::sample::Index),
}

fn edits() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        index().prop_map(Edit::Remove),
        (index(), index()).prop_map(|(a, b)| Edit::Double(a, b)),
        (index(), index()).prop_map(|(a, b)| Edit::Swap(a, b)),
        (index(), any::<u8>()).prop_map(|(a, b)| Edit::Set(a, b)),
        index().prop_map(Edit::Cut),
        index().prop_map(Edit::CutFront),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let mut lines: Vec<Vec<u8>> = bytes
        .split_inclusive(|b| *b == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    if lines.is_empty() {
        return;
    }
    let n = lines.len();
    match edit {
        Edit::Remove(at) => drop(lines.remove(at.index(n))),
        Edit::Double(from, to) => lines.insert(to.index(n), lines[from.index(n)].clone()),
        Edit::Swap(a, b) => lines.swap(a.index(n), b.index(n)),
        Edit::Set(at, byte) => {
            let mut flat = lines.concat();
            let at = at.index(flat.len());
            flat[at] = *byte;
            lines = vec![flat];
        }
        Edit::Cut(at) => lines.truncate(at.index(n)),
        Edit::CutFront(at) => drop(lines.drain(..at.index(n))),
    }
    *bytes = lines.concat();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_is_done_to_an_export_is_found(from in 0_usize..20, edits in prop::collection::vec(edits(), 1..5)) {
        let original = export(&ledger(40)[from..]).concat();
        let mut bytes = original.clone();
        for edit in &edits {
            apply(&mut bytes, edit);
        }
        let lines: Vec<Vec<u8>> = bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let found = run(Extent::Export, &lines).1;
        prop_assert_eq!(found.is_empty(), bytes == original, "{:?}", found);
    }
}
