//! Makes one append of what waits: orders events, links them, stops at the bounds. Pure.

use serde_json::Value;

use crate::audit::chain::{Linked, link, link_own};
use crate::audit::{Event, Head, Unfit, fitted};
use crate::id::RequestId;
use crate::store::{Append, MAX_APPEND, MAX_RECORDS, Progress};
use crate::units::Time;

/// A document with the events that are not recorded.
#[derive(Debug, Clone)]
pub(super) struct Unread {
    pub(super) id: RequestId,
    /// The number of its last event that is recorded.
    pub(super) from: u64,
    /// Those after it, with their numbers.
    pub(super) events: Vec<(u64, String)>,
    /// Whether events of it that are recorded are not there any more.
    pub(super) lost: bool,
}

impl Unread {
    /// Whether the next event to record is missing while later ones are there.
    pub(super) fn is_torn(&self) -> bool {
        let next = self.from.saturating_add(1);
        self.events
            .first()
            .is_some_and(|(number, _)| *number != next)
    }
}

/// One event in its turn.
#[derive(Debug)]
struct Turn {
    at: Time,
    id: RequestId,
    number: u64,
    event: Value,
}

/// Links as much as one append takes, oldest first; `None`: there is nothing to link. A chain without
/// head begins with `begun`.
///
/// # Errors
/// [`Unfit`]: an event's number is beyond every number.
pub(super) fn make(
    head: Option<Head>,
    begun: impl FnOnce() -> Event,
    unread: &[Unread],
) -> Result<Option<Append>, Unfit> {
    let mut turns: Vec<Turn> = unread.iter().flat_map(turns).collect();
    if turns.is_empty() {
        return Ok(None);
    }
    turns.sort_by(|a, b| (a.at, &a.id, a.number).cmp(&(b.at, &b.id, b.number)));
    let mut step = match head {
        Some(head) => after(head),
        None => {
            let mut step = after(Head::origin());
            let first = link_own(&step.head, &begun())?;
            take(&mut step, first);
            step
        }
    };
    let mut bytes = 0_usize;
    for turn in turns {
        let linked = link(&step.head, Some(&turn.id), turn.number, turn.event)?;
        bytes = bytes.saturating_add(linked.line.len());
        // The largest event of all fits into an empty append.
        let full = step.records.len() >= MAX_RECORDS || bytes > MAX_APPEND / 2;
        if full && !step.recorded.is_empty() {
            break;
        }
        take(&mut step, linked);
        reached(&mut step.recorded, unread, turn.id, turn.number);
    }
    Ok(Some(step))
}

/// Records that events of a document were lost, and what took their numbers: `events` are those after `kept`.
///
/// # Errors
/// [`Unfit`]: an event's number is beyond every number.
pub(super) fn back(
    head: Head,
    told: &Event,
    (id, recorded, kept): (&RequestId, u64, u64),
    events: &[(u64, String)],
) -> Result<Append, Unfit> {
    let mut step = after(head);
    let first = link_own(&step.head, told)?;
    take(&mut step, first);
    let unread = Unread {
        id: id.clone(),
        from: kept,
        events: events.to_vec(),
        lost: false,
    };
    let (mut bytes, mut to) = (0_usize, kept);
    for turn in turns(&unread) {
        let linked = link(&step.head, Some(id), turn.number, turn.event)?;
        bytes = bytes.saturating_add(linked.line.len());
        let full = step.records.len() >= MAX_RECORDS || bytes > MAX_APPEND / 2;
        if full && to > kept {
            break;
        }
        take(&mut step, linked);
        to = turn.number;
    }
    step.recorded.push(Progress {
        id: id.clone(),
        from: recorded,
        to,
        kept: Some(kept),
    });
    Ok(step)
}

/// An append of nothing yet.
pub(super) fn after(head: Head) -> Append {
    Append {
        after: head.clone(),
        records: Vec::new(),
        head,
        recorded: Vec::new(),
    }
}

/// Adds a record.
pub(super) fn take(step: &mut Append, linked: Linked) {
    step.records.push(linked.line);
    step.head = linked.head;
}

fn reached(recorded: &mut Vec<Progress>, unread: &[Unread], id: RequestId, to: u64) {
    if let Some(known) = recorded.iter_mut().find(|progress| progress.id == id) {
        known.to = to;
        return;
    }
    let from = unread.iter().find(|unread| unread.id == id);
    let from = from.map_or(0, |unread| unread.from);
    recorded.push(Progress {
        id,
        from,
        to,
        kept: None,
    });
}

/// The events of a document in their turns. Its own order counts more than its events' times, which
/// are of as many clocks as there are replicas. A gap in the numbers ends them: a ledger with a gap
/// would say that nothing was there.
fn turns(unread: &Unread) -> Vec<Turn> {
    let mut latest = Time::UNIX_EPOCH;
    let numbered = (unread.from.saturating_add(1)..).zip(&unread.events);
    numbered
        .take_while(|(wanted, (number, _))| wanted == number)
        .map(|(number, (_, text))| {
            let event = read(text);
            latest = latest.max(when(&event).unwrap_or(latest));
            let (at, id) = (latest, unread.id.clone());
            Turn {
                at,
                id,
                number,
                event,
            }
        })
        .collect()
}

/// An event as it is recorded. What is no JSON is recorded as the text that it is: whoever wrote it, the
/// ledger must not stand still.
pub(super) fn read(text: &str) -> Value {
    let event = serde_json::from_str(text);
    fitted(event.unwrap_or_else(|_| Value::String(text.to_owned())))
}

fn when(event: &Value) -> Option<Time> {
    event.get("at")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, Fact, Record};
    use crate::store::MAX_BODY;

    fn begun() -> Event {
        Event {
            at: Time::UNIX_EPOCH,
            by: Actor::Drawbridge,
            fact: Fact::LedgerBegun {
                chain: "c".to_owned(),
            },
        }
    }

    fn unread(id: &str, from: u64, seconds: &[u32]) -> Unread {
        let event = |second: &u32| format!(r#"{{"at":"2026-11-03T10:00:{second:02}Z","n":1}}"#);
        Unread {
            id: id.parse().unwrap(),
            from,
            events: (from + 1..).zip(seconds.iter().map(event)).collect(),
            lost: false,
        }
    }

    /// Document and number of each record.
    fn order(step: &Append) -> Vec<(String, u64)> {
        let record = |line: &String| serde_json::from_str::<Record>(line).unwrap();
        let named = |record: Record| {
            let id = record.document.map(|id| id.to_string());
            (id.unwrap_or_default(), record.number)
        };
        step.records.iter().map(record).map(named).collect()
    }

    fn made(head: Option<Head>, unread: &[Unread]) -> Append {
        make(head, begun, unread).unwrap().unwrap()
    }

    #[test]
    fn events_go_by_time_and_those_of_a_document_by_number() {
        let a = unread("aaaaaa", 4, &[30, 10, 40]);
        let b = unread("bbbbbb", 0, &[20, 30]);
        let step = made(None, &[a, b]);
        let expected = [
            ("", 0),
            ("bbbbbb", 1),
            // At the same time, and the second of `a` was late.
            ("aaaaaa", 5),
            ("aaaaaa", 6),
            ("bbbbbb", 2),
            ("aaaaaa", 7),
        ];
        let expected = expected.map(|(id, number)| (id.to_owned(), number));
        assert_eq!(order(&step), expected);
        assert_eq!((step.after, step.head.seq), (Head::origin(), 6));
        let mut recorded = step.recorded;
        recorded.sort_by_key(|progress| progress.from);
        let reached = recorded.iter().map(|p| (p.id.as_str(), p.from, p.to));
        assert_eq!(
            reached.collect::<Vec<_>>(),
            [("bbbbbb", 0, 2), ("aaaaaa", 4, 7)]
        );
    }

    #[test]
    fn nothing_to_record_begins_no_chain() {
        let nothing = make(None, begun, &[unread("aaaaaa", 2, &[])]).unwrap();
        assert_eq!(nothing, None);
    }

    #[test]
    fn a_batch_ends_at_its_bounds_and_the_next_goes_on() {
        let many = unread("aaaaaa", 0, &[7; 150]);
        let first = made(None, std::slice::from_ref(&many));
        assert_eq!(first.records.len(), MAX_RECORDS);
        assert_eq!(first.recorded[0].to, 99);

        for (size, taken) in [(MAX_BODY, 1), (MAX_BODY / 2, 3)] {
            let large = format!("\"{}\"", "x".repeat(size));
            let events = (1..).zip(vec![large; 20]).collect();
            let large = Unread {
                events,
                ..many.clone()
            };
            let step = made(None, &[large]);
            let bytes: usize = step.records.iter().map(String::len).sum();
            assert_eq!(step.recorded[0].to, taken);
            assert!(bytes <= MAX_APPEND, "{bytes}");
        }
    }

    #[test]
    fn a_gap_ends_a_document_and_no_other() {
        let mut torn = unread("aaaaaa", 0, &[1, 2, 3]);
        torn.events.remove(1);
        assert!(!torn.is_torn());
        let step = made(Some(Head::origin()), &[torn, unread("bbbbbb", 0, &[9])]);
        let expected = [("aaaaaa".to_owned(), 1), ("bbbbbb".to_owned(), 1)];
        assert_eq!(order(&step), expected);

        let mut torn = unread("aaaaaa", 3, &[1, 2]);
        torn.events.remove(0);
        assert!(torn.is_torn());
        assert_eq!(make(None, begun, &[torn]).unwrap(), None);
    }

    #[test]
    fn what_is_no_event_is_recorded_as_it_is() {
        let events = ["no json", "[1.5]", "{}"].map(str::to_owned);
        let strange = Unread {
            events: (1..).zip(events).collect(),
            ..unread("aaaaaa", 0, &[])
        };
        let step = made(None, &[strange]);
        let record: Record = serde_json::from_str(&step.records[1]).unwrap();
        assert_eq!(record.event, Value::String("no json".to_owned()));
        assert_eq!(step.records.len(), 4);
    }
}
