//! Signed heads against the ledger that is read.

use std::collections::BTreeMap;

use super::{PublicKey, SignedHead};
use crate::audit::verify::{Place, Report};
use crate::audit::{Fault, Finding, Head};

/// Compares signed heads with a ledger while it is read.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Heads that are signed as they should be.
    heads: BTreeMap<u64, Vec<SignedHead>>,
    /// Their numbers in the ledger that was met.
    met: u64,
    newest: Option<SignedHead>,
    findings: Vec<Finding>,
}

/// What the heads had to say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Signed {
    /// How many heads the ledger agrees with.
    pub met: u64,
    /// How many tell of records that are older than the first one here.
    pub older: u64,
    /// The newest head that the ledger agrees with.
    pub newest: Option<SignedHead>,
    /// Where the ledger and the heads part.
    pub findings: Vec<Finding>,
}

impl Watch {
    /// Takes the lines of a file of signed heads; empty lines do not count.
    pub fn over(text: &str, key: Option<&PublicKey>) -> Self {
        let mut watch = Self::default();
        let lines = text.lines().zip(1_u64..);
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let read = SignedHead::read(line);
            match read.and_then(|head| head.verify(key).map(|()| head)) {
                Ok(head) => watch.heads.entry(head.seq).or_default().push(head),
                Err(why) => watch.findings.push(Finding {
                    line: 0,
                    seq: None,
                    fault: Fault::Head,
                    sentence: format!("the signed head in line {number} counts for nothing: {why}"),
                    expected: "a signed head".to_owned(),
                    found: "another line".to_owned(),
                }),
            }
        }
        watch
    }

    /// Whether there is nothing to compare with.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty() && self.findings.is_empty()
    }

    /// Sees the next record in its place.
    pub fn see(&mut self, head: &Head) {
        let Some(signed) = self.heads.get(&head.seq) else {
            return;
        };
        for signed in signed {
            if signed.hash == head.hash {
                self.met = self.met.saturating_add(1);
                self.newest = Some(signed.clone());
            } else {
                self.findings.push(finding(
                    signed,
                    "the ledger was rewritten: it is not what was signed",
                    (
                        format!("hash {}", signed.hash),
                        format!("hash {}", head.hash),
                    ),
                ));
            }
        }
    }

    /// What only the end can tell.
    pub fn finish(mut self, report: &Report) -> Signed {
        let first = report.first.as_ref().map_or(1, |place| place.head.seq);
        let last = report.last.as_ref().map_or(0, |place| place.head.seq);
        let mut signed = Signed::default();
        for head in self.heads.values().flatten() {
            if let Some(chain) = &report.chain
                && *chain != head.chain
            {
                self.findings.push(finding(
                    head,
                    "the head is of another ledger",
                    (
                        format!("chain `{}`", head.chain),
                        format!("chain `{chain}`"),
                    ),
                ));
            } else if head.seq > last {
                self.findings.push(finding(
                    head,
                    "the ledger is truncated: it ends before what was signed",
                    (
                        format!("record {}", head.seq),
                        format!("{last} as the last one"),
                    ),
                ));
            } else if head.seq < first {
                signed.older = signed.older.saturating_add(1);
                self.findings
                    .extend(before_the_first(head, report.first.as_ref()));
            }
        }
        if !self.is_empty() {
            let dropped = report.trimmed.iter().filter(|(_, upto)| *upto < first);
            let uncovered = dropped.filter_map(|trimmed| self.uncovered(*trimmed));
            let uncovered: Vec<Finding> = uncovered.collect();
            self.findings.extend(uncovered);
        }
        signed.met = self.met;
        signed.newest = self.newest;
        signed.findings = self.findings;
        signed
    }

    /// A trimming of what no head vouched for at that time. Drawbridge drops nothing of the kind: somebody
    /// else may have, and have put what he likes behind it.
    fn uncovered(&self, (by, upto): (u64, u64)) -> Option<Finding> {
        let cover = self.heads.range(upto..).next();
        if cover.is_some_and(|(seq, _)| *seq < by) {
            return None;
        }
        Some(Finding {
            line: 0,
            seq: Some(by),
            fault: Fault::Head,
            sentence: format!(
                "records up to {upto} were dropped, and no head that covers them had been signed"
            ),
            expected: format!("a signed head of record {upto} or later, before record {by}"),
            found: "none".to_owned(),
        })
    }
}

/// The first record names the hash of the one before it, which may have been signed.
fn before_the_first(head: &SignedHead, first: Option<&Place>) -> Option<Finding> {
    let first = first.filter(|place| place.head.seq == head.seq.saturating_add(1))?;
    (first.prev != head.hash).then(|| {
        let words = (
            format!("prev {}", head.hash),
            format!("prev {}", first.prev),
        );
        finding(
            head,
            "the first record does not build on what was signed",
            words,
        )
    })
}

fn finding(head: &SignedHead, sentence: &str, (expected, found): (String, String)) -> Finding {
    Finding {
        line: 0,
        seq: Some(head.seq),
        fault: Fault::Head,
        sentence: format!("{sentence} on {}", head.at.format("%Y-%m-%d %H:%M UTC")),
        expected,
        found,
    }
}
