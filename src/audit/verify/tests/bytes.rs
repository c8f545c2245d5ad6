//! Every single byte of an export of a thousand records.

use std::ops::Range;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::super::{Check, Extent};
use super::{export, ledger, run};

const RECORDS: u64 = 1000;

/// The fold before each line.
fn before_each(lines: &[Vec<u8>]) -> Vec<Check> {
    let mut check = Check::of(Extent::Export);
    let mut before = Vec::new();
    for line in lines {
        before.push(check.clone());
        assert_eq!(check.line(line), []);
    }
    assert_eq!(check.clone().finish().1, []);
    before
}

/// Whether the fold, from before a line, finds something in `bytes`, or at once after them.
fn finds(mut check: Check, bytes: &[u8], next: Option<&Vec<u8>>, last: bool) -> bool {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    for line in lines.chain(next.map(Vec::as_slice)) {
        if !check.line(line).is_empty() {
            return true;
        }
    }
    last && !check.finish().1.is_empty()
}

/// A run over the changed file does exactly what the run over the whole one did up to the changed line,
/// so a finding from there on is a finding of the whole run: that is why a clone of the fold is enough.
#[test]
fn every_changed_byte_is_found_where_it_is() {
    let lines = export(&ledger(RECORDS));
    let before = before_each(&lines);
    let check = |range: Range<usize>| {
        let mut rng = StdRng::seed_from_u64(7);
        let mut tried = 0_usize;
        for k in range {
            for at in 0..lines[k].len() {
                let mut bytes = lines[k].clone();
                bytes[at] ^= rng.random_range(1..=255_u8);
                let (next, last) = (lines.get(k + 1), k + 1 == lines.len());
                assert!(
                    finds(before[k].clone(), &bytes, next, last),
                    "byte {at} of line {} as {}",
                    k + 1,
                    bytes[at]
                );
                tried += 1;
            }
        }
        tried
    };
    let half = lines.len() / 2;
    let tried = std::thread::scope(|scope| {
        let first = scope.spawn(|| check(0..half));
        check(half..lines.len()) + first.join().unwrap()
    });
    assert_eq!(tried, lines.iter().map(Vec::len).sum::<usize>());
}

#[test]
fn whole_runs_find_changed_bytes_too_and_name_the_line() {
    let lines = export(&ledger(RECORDS));
    let mut rng = StdRng::seed_from_u64(11);
    for _ in 0..12 {
        let mut changed = lines.clone();
        let k = rng.random_range(0..lines.len());
        // The line end is another matter: with it two lines become one.
        let at = rng.random_range(0..lines[k].len() - 1);
        changed[k][at] = if changed[k][at] == b'0' { b'1' } else { b'0' };
        let (_, found) = run(Extent::Export, &changed);
        assert_eq!(found[0].line, super::line(k), "byte {at}: {}", found[0]);
        assert!(found.len() <= 2, "one fault is told once: {found:?}");
    }
}

#[test]
fn every_value_of_each_byte_of_a_line_is_found() {
    let lines = export(&ledger(40));
    let before = before_each(&lines);
    for k in [0, 17, 40] {
        for at in 0..lines[k].len() {
            for other in 1..=255_u8 {
                let mut bytes = lines[k].clone();
                bytes[at] ^= other;
                let (next, last) = (lines.get(k + 1), k + 1 == lines.len());
                let found = finds(before[k].clone(), &bytes, next, last);
                assert!(found, "byte {at} of line {}", k + 1);
            }
        }
    }
}

#[test]
fn a_file_cut_at_any_byte_is_found() {
    let lines = export(&ledger(60));
    let before = before_each(&lines);
    for (k, line) in lines.iter().enumerate() {
        for cut in 0..line.len() {
            let mut check = before[k].clone();
            let found = cut > 0 && !check.line(&line[..cut]).is_empty();
            assert!(
                found || !check.finish().1.is_empty(),
                "line {} at {cut}",
                k + 1
            );
        }
    }
}
