//! Some records in order, as sinks take them.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::audit::{Head, Record};
use crate::units::Time;

/// Most records of a batch.
pub(super) const MAX_RECORDS: usize = 500;

/// Most bytes of a batch, line ends included; one record may be larger, and is then a batch of its own.
pub(super) const MAX_BYTES: usize = 512 * 1024;

/// Some records in order, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Which ledger.
    pub chain: String,
    /// The records: their numbers and their lines without line ends.
    pub records: Vec<(Head, String)>,
    /// The hash of the record before the first.
    pub prev: String,
    /// When the first of them happened, where it says so.
    pub at: Option<Time>,
}

impl Batch {
    /// As many of the lines as a batch takes, `most` at most; `None`: there are none.
    ///
    /// # Errors
    /// A line is no record.
    pub fn of(chain: &str, lines: Vec<String>, most: usize) -> Result<Option<Self>> {
        let mut batch = Self {
            chain: chain.to_owned(),
            records: Vec::new(),
            prev: String::new(),
            at: None,
        };
        let mut bytes = 0_usize;
        for line in lines.into_iter().take(most.clamp(1, MAX_RECORDS)) {
            bytes = bytes.saturating_add(line.len()).saturating_add(1);
            if bytes > MAX_BYTES && !batch.records.is_empty() {
                break;
            }
            let record: Record = serde_json::from_str(&line).context("a record cannot be read")?;
            match batch.records.last() {
                None => {
                    batch.prev = record.prev.clone();
                    batch.at = happened(&record.event);
                }
                Some((last, _)) if last.hash == record.prev => {}
                Some((last, _)) => {
                    bail!(
                        "record {} does not build on record {}",
                        record.seq,
                        last.seq
                    )
                }
            }
            batch.records.push((record.head(), line));
        }
        Ok(Some(batch).filter(|batch| !batch.records.is_empty()))
    }

    /// The number of the first record.
    pub fn first(&self) -> u64 {
        self.records.first().map_or(0, |(head, _)| head.seq)
    }

    /// The last record.
    pub fn last(&self) -> Head {
        let last = self.records.last().map(|(head, _)| head.clone());
        last.unwrap_or_else(Head::origin)
    }

    /// All lines with their line ends.
    pub fn text(&self) -> String {
        let lines = self.records.iter().flat_map(|(_, line)| [line, "\n"]);
        lines.collect()
    }

    /// Names the batch: the same records have the same name, whoever sends them.
    pub fn name(&self) -> String {
        format!("{}-{}-{}", self.chain, self.first(), self.last().seq)
    }
}

/// When an event says that it happened.
pub(in crate::ledger) fn happened(event: &Value) -> Option<Time> {
    event.get("at")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::samples::ledger;

    fn lines(n: u64) -> Vec<String> {
        ledger(n).into_iter().map(|linked| linked.line).collect()
    }

    #[test]
    fn a_batch_is_named_by_what_it_holds() {
        let batch = Batch::of("c0ffee", lines(5), 3).unwrap().unwrap();
        assert_eq!(batch.name(), "c0ffee-1-3");
        assert_eq!(batch.text(), lines(3).join("\n") + "\n");
        let rest = Batch::of("c0ffee", lines(5).split_off(3), 9)
            .unwrap()
            .unwrap();
        assert_eq!(
            (rest.name().as_str(), &rest.prev),
            ("c0ffee-4-5", &batch.last().hash)
        );
        assert_eq!(Batch::of("c0ffee", Vec::new(), 3).unwrap(), None);
    }

    #[test]
    fn a_batch_ends_at_its_bounds() {
        let many = Batch::of("c", lines(700), 10_000).unwrap().unwrap();
        assert_eq!(many.records.len(), MAX_RECORDS);
        let head = Head::origin();
        let event = serde_json::json!({"event": "x", "typed_text": "y".repeat(300_000)});
        let id = "k7m3xq".parse().unwrap();
        let a = crate::audit::chain::link(&head, Some(&id), 1, event.clone()).unwrap();
        let b = crate::audit::chain::link(&a.head, Some(&id), 2, event).unwrap();
        let large = Batch::of("c", vec![a.line, b.line], 9).unwrap().unwrap();
        assert_eq!(large.records.len(), 1);
    }

    #[test]
    fn what_does_not_hang_together_is_no_batch() {
        let mut gap = lines(3);
        gap.remove(1);
        assert!(Batch::of("c", gap, 9).is_err());
        assert!(Batch::of("c", vec!["nonsense".to_owned()], 9).is_err());
    }
}
