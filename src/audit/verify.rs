//! Verification: a fold over lines, in order, that says what is wrong and where.
//!
//! It holds one record, for each document the number of its last event, and two numbers for each
//! trimming; nothing else grows with the number of records. After a finding it goes on from what it found, so that one fault is told once.
//! Strict about bytes: a line that is not exactly what [`super::chain::link`] makes is a finding.

mod numbers;
mod read;
#[cfg(test)]
mod tests;
mod words;

use super::end::End;
use super::finding::{Fault, Finding, shown};
use super::{Head, Record};
use crate::units::Time;

use numbers::Numbers;
use words::{is_left_out, named};

/// The longest line that is read, in bytes: an event is at most 256 KiB where it is stored, and its
/// canonical form, with marks around it, is not four times as long.
pub const MAX_LINE: usize = 2 * 1024 * 1024;

/// What the lines are said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// An export: its last line is an [`End`].
    Export,
    /// What a sink wrote: where it ends is not known, so that a missing end shows in a signed head only.
    Growing,
    /// A store's own records, from the one behind `before` up to `head`.
    Store {
        /// What was trimmed up to; [`Head::origin`]: nothing was.
        before: Head,
        /// The store's word for the newest record.
        head: Head,
    },
}

/// A record that was read, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its number and hash.
    pub head: Head,
    /// The hash of the record before it.
    pub prev: String,
    /// When it happened, where it says so.
    pub at: Option<Time>,
}

/// What was read, all in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// How many records.
    pub records: u64,
    /// How many findings.
    pub findings: u64,
    /// The first record.
    pub first: Option<Place>,
    /// The last one.
    pub last: Option<Place>,
    /// Which chain, where a record or the end line says so.
    pub chain: Option<String>,
    /// The number of each record that tells of a trimming, and up to where it says that was.
    pub trimmed: Vec<(u64, u64)>,
}

/// The fold.
#[derive(Debug, Clone)]
pub struct Check {
    extent: Extent,
    lines: u64,
    /// What the next record has to build on; a hash that is not known any more is empty.
    last: Option<Head>,
    numbers: Numbers,
    /// Whether a record tells of the trimming up to where the records begin.
    trimming_told: bool,
    ended: bool,
    report: Report,
}

impl Check {
    /// Before the first line.
    pub fn of(extent: Extent) -> Self {
        let last = match &extent {
            Extent::Store { before, .. } => Some(before.clone()),
            Extent::Export | Extent::Growing => None,
        };
        Self {
            extent,
            lines: 0,
            last,
            numbers: Numbers::default(),
            trimming_told: false,
            ended: false,
            report: Report {
                records: 0,
                findings: 0,
                first: None,
                last: None,
                chain: None,
                trimmed: Vec::new(),
            },
        }
    }

    /// What was read so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// Reads the next line of a file, with its line end.
    pub fn line(&mut self, bytes: &[u8]) -> Vec<Finding> {
        let Some(whole) = bytes.strip_suffix(b"\n") else {
            let mut found = self.record(bytes);
            let sentence = "the last line has no line end: it may be cut short";
            let end = ("a line end", "none");
            found.push(self.finding((Fault::End, None), sentence, end));
            return found;
        };
        self.record(whole)
    }

    /// Reads the next record, or the end, without a line end.
    pub fn record(&mut self, bytes: &[u8]) -> Vec<Finding> {
        self.lines = self.lines.saturating_add(1);
        if self.ended {
            let sentence = "something stands behind the end line";
            let words = ("nothing", shown(bytes));
            return vec![self.finding((Fault::AfterEnd, None), sentence, words)];
        }
        if bytes.len() > MAX_LINE {
            return self.unreadable("is longer than any record", bytes);
        }
        if let Ok(record) = serde_json::from_slice::<Record>(bytes) {
            return self.read(&record, bytes);
        }
        match serde_json::from_slice::<End>(bytes) {
            Ok(end) => self.end(end, bytes),
            Err(_) if is_left_out(bytes) => {
                let sentence =
                    "this export leaves out what people typed: nothing in it can be verified";
                let words = ("a whole record", "one without typed texts");
                self.skip();
                vec![self.finding((Fault::LeftOut, None), sentence, words)]
            }
            Err(_) if words::later(bytes).is_some() => self.unreadable(
                "was written by a later version: only that one can verify it",
                bytes,
            ),
            Err(_) => self.unreadable("is no record", bytes),
        }
    }

    /// What only the end can tell, and the sum of all.
    pub fn finish(mut self) -> (Report, Vec<Finding>) {
        let at = self.report.last.as_ref().map(|last| last.head.clone());
        let found = match self.extent.clone() {
            Extent::Export if !self.ended => {
                let sentence = "the end line is missing: the export is cut off, or is no export";
                let last = at.map_or("no record".to_owned(), |at| format!("record {}", at.seq));
                let words = ("the end line", format!("{last} as the last line"));
                vec![self.finding((Fault::End, None), sentence, words)]
            }
            Extent::Export | Extent::Growing => Vec::new(),
            Extent::Store { before, head } => self.store_ends(&before, &head),
        };
        (self.report, found)
    }

    fn store_ends(&mut self, before: &Head, head: &Head) -> Vec<Finding> {
        let mut found = Vec::new();
        // After a fault the hash is not known any more; that fault is told already.
        let reached = self.last.clone().filter(|last| !last.hash.is_empty());
        if let Some(last) = reached
            && last != *head
        {
            let sentence = "the newest record is not the one that the store calls the head";
            let words = (named(head), named(&last));
            found.push(self.finding((Fault::End, None), sentence, words));
        }
        if before.seq > 0 && !self.trimming_told {
            let sentence = "older records are gone, and no record tells that they were trimmed";
            let words = (format!("a record of it up to {}", named(before)), "none");
            found.push(self.finding((Fault::Beginning, None), sentence, words));
        }
        found
    }

    fn end(&mut self, end: End, bytes: &[u8]) -> Vec<Finding> {
        self.ended = true;
        if !end.is_as_written(bytes) {
            let sentence = "the end line was changed";
            let words = ("what was written", shown(bytes));
            return vec![self.finding((Fault::End, None), sentence, words)];
        }
        let mut found = Vec::new();
        let said = Head {
            seq: end.seq,
            hash: end.hash,
        };
        let before = end.first.saturating_sub(1);
        let first = self.report.first.as_ref();
        let (starts, prev) = first.map_or((end.first, end.prev.clone()), |place| {
            (place.head.seq, place.prev.clone())
        });
        if (starts, &prev) != (end.first, &end.prev) {
            let sentence = "the beginning of the export is missing";
            let words = (format!("record {}", end.first), format!("record {starts}"));
            found.push(self.finding((Fault::Beginning, None), sentence, words));
        }
        let last = self.last.clone().unwrap_or(Head {
            seq: before,
            hash: end.prev,
        });
        if last.seq != said.seq || !(last.hash.is_empty() || last.hash == said.hash) {
            let sentence = "the export does not end where its end line says";
            let words = (named(&said), named(&last));
            found.push(self.finding((Fault::End, None), sentence, words));
        }
        match &self.report.chain {
            Some(chain) if *chain != end.chain => {
                let words = (format!("`{chain}`"), format!("`{}`", end.chain));
                let sentence = "the end line is of another ledger";
                found.push(self.finding((Fault::End, None), sentence, words));
            }
            _ => self.report.chain = Some(end.chain),
        }
        found
    }

    fn unreadable(&mut self, why: &str, bytes: &[u8]) -> Vec<Finding> {
        let expected = match &self.last {
            Some(last) => format!("record {}", last.seq.saturating_add(1)),
            None => "a record".to_owned(),
        };
        self.skip();
        let sentence = format!("the line {why}");
        vec![self.finding(
            (Fault::Unreadable, None),
            sentence,
            (expected, shown(bytes)),
        )]
    }

    /// Goes on behind a line that says nothing reliable: it stood for one record.
    fn skip(&mut self) {
        self.numbers.blur();
        self.last = self.last.take().map(|last| Head {
            seq: last.seq.saturating_add(1),
            hash: String::new(),
        });
    }

    fn finding(
        &mut self,
        (fault, seq): (Fault, Option<u64>),
        sentence: impl Into<String>,
        (expected, found): (impl Into<String>, impl Into<String>),
    ) -> Finding {
        self.report.findings = self.report.findings.saturating_add(1);
        Finding {
            line: self.lines,
            seq,
            fault,
            sentence: sentence.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}
