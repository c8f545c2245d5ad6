//! One record: its form, its place, and what it tells of documents and of the ledger.

use serde_json::Value;

use super::words::{at, difference, missing};
use super::{Check, Extent, Place};
use crate::audit::finding::{Fault, Finding};
use crate::audit::{Head, Record};

impl Check {
    /// Judges a record and goes on from it.
    pub(super) fn read(&mut self, record: &Record, bytes: &[u8]) -> Vec<Finding> {
        self.report.records = self.report.records.saturating_add(1);
        if let Some(finding) = self.form(record, bytes) {
            self.skip();
            return vec![finding];
        }
        let mut found = Vec::new();
        match self.place(record) {
            Standing::Follows => {}
            Standing::FollowsWith(finding) => found.push(finding),
            Standing::Strays(finding) => return vec![finding],
        }
        found.extend(self.meaning(record));
        let place = Place {
            head: record.head(),
            prev: record.prev.clone(),
            at: at(&record.event),
        };
        if self.report.first.is_none() {
            self.report.first = Some(place.clone());
        }
        self.last = Some(record.head());
        self.report.last = Some(place);
        found
    }

    /// Whether the bytes are exactly what this record is written as, with the hash that they have.
    fn form(&mut self, record: &Record, bytes: &[u8]) -> Option<Finding> {
        let seq = Some(record.seq);
        let line = record.line().unwrap_or_default();
        if line.as_bytes() != bytes {
            let sentence = "the record is not written as it was: its bytes are not canonical";
            let words = difference(line.as_bytes(), bytes);
            return Some(self.finding((Fault::Form, seq), sentence, words));
        }
        let own = record.own_hash().unwrap_or_default();
        if own == record.hash {
            return None;
        }
        let sentence = "the record was changed: its contents have another hash than it carries";
        let words = (format!("hash {own}"), format!("hash {}", record.hash));
        Some(self.finding((Fault::Changed, seq), sentence, words))
    }

    /// Whether the record follows on what was read.
    fn place(&mut self, record: &Record) -> Standing {
        let last = match &self.last {
            Some(last) => last.clone(),
            None if record.seq <= 1 => Head::origin(),
            // The rest of a ledger: it begins anywhere, once.
            None => return Standing::Follows,
        };
        let next = last.seq.saturating_add(1);
        let words = (format!("record {next}"), format!("record {}", record.seq));
        let seq = Some(record.seq);
        if record.seq > next {
            self.numbers.blur();
            let sentence = missing(next, record.seq);
            return Standing::FollowsWith(self.finding((Fault::Missing, seq), sentence, words));
        }
        if record.head() == last {
            let sentence = "the record stands here twice";
            return Standing::Strays(self.finding((Fault::Doubled, seq), sentence, words));
        }
        if record.seq < next {
            let sentence = "the record stands behind a later one";
            return Standing::Strays(self.finding((Fault::Reordered, seq), sentence, words));
        }
        if last.hash.is_empty() || record.prev == last.hash {
            return Standing::Follows;
        }
        let sentence = match last.seq {
            0 => "the first record builds on something".to_owned(),
            seq => format!("it does not build on record {seq}: one of the two was replaced"),
        };
        let words = (
            format!("prev {}", last.hash),
            format!("prev {}", record.prev),
        );
        Standing::FollowsWith(self.finding((Fault::Replaced, seq), sentence, words))
    }

    /// What a record in its place has to say of documents and of the ledger itself.
    fn meaning(&mut self, record: &Record) -> Option<Finding> {
        let seq = Some(record.seq);
        let text = |name: &str| record.event.get(name).and_then(Value::as_str);
        let own = record.document.is_none().then(|| text("event")).flatten();
        let begins = own == Some("ledger_begun");
        if begins != (record.seq == 1) {
            let sentence = "the first record, and no other, says that the ledger began";
            let words = match begins {
                true => ("any other event", "`ledger_begun`"),
                false => ("`ledger_begun`", "another event"),
            };
            return Some(self.finding((Fault::Beginning, seq), sentence, words));
        }
        if begins {
            self.report.chain = text("chain").map(str::to_owned);
        }
        if own == Some("trimmed") {
            let chain = text("chain").map(str::to_owned);
            self.report.chain = self.report.chain.take().or(chain);
            self.trimmed(record);
        }
        if own == Some("events_lost") {
            let request = text("request").and_then(|id| id.parse().ok());
            let kept = record.event.get("kept").and_then(Value::as_u64);
            if let Some((request, kept)) = request.zip(kept) {
                self.numbers.back(request, kept);
            }
        }
        let first = self.report.first.as_ref();
        let whole = first.map_or(record.seq, |place| place.head.seq) == 1;
        let document = record.document.as_ref();
        let expected = self.numbers.take(document, record.number, whole)?;
        let whose = document.map_or("the ledger itself", |id| id.as_str());
        let sentence = format!("the events of {whose} do not go on");
        let words = (
            format!("number {expected}"),
            format!("number {}", record.number),
        );
        Some(self.finding((Fault::Numbering, seq), sentence, words))
    }

    /// Notes the trimming, and whether it is the one up to where the store's records begin.
    fn trimmed(&mut self, record: &Record) {
        let seq = record.event.get("seq").and_then(Value::as_u64);
        let upto = seq.map(|upto| (record.seq, upto));
        self.report.trimmed.extend(upto);
        let Extent::Store { before, .. } = &self.extent else {
            return;
        };
        let hash = record.event.get("hash").and_then(Value::as_str);
        self.trimming_told |= seq == Some(before.seq) && hash == Some(&before.hash);
    }
}

/// How a record stands to what was read before it.
enum Standing {
    /// It follows.
    Follows,
    /// Something is wrong, and the fold goes on from it.
    FollowsWith(Finding),
    /// It does not belong here: the fold goes on as if it were not there.
    Strays(Finding),
}
