//! The ledger of a world, as somebody reads it from the command line.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wait::{SOON, until, within};
use super::world::World;

/// What happened to each request, in the order of its events.
pub(crate) type Records = BTreeMap<String, Vec<String>>;

/// Reads the ledger until so many requests are recorded as closed, verifies it, and gives what it says
/// of each request. Every event is in it once: their numbers have neither gap nor double.
pub(crate) async fn of_requests(world: &World, closed: usize) -> Records {
    let all = until(async || {
        let records = read(world).await;
        let ended = records
            .values()
            .filter(|facts| facts.contains(&"closed".to_owned()));
        (ended.count() == closed).then_some(records)
    });
    let records = within(SOON, "every end is in the ledger", all).await;
    let mut verify = world.launch(&["ledger", "verify"]);
    let status = verify.ended(SOON).await;
    assert_eq!(status.code(), Some(0), "{}", verify.output());
    records
}

async fn read(world: &World) -> Records {
    let mut export = world.launch(&["ledger", "export"]);
    let status = export.ended(SOON).await;
    let output = export.output();
    assert_eq!(status.code(), Some(0), "{output}");
    let mut records = Records::new();
    for line in output.lines() {
        // The bot's own log lines and the export's last line tell of no document.
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let Some(document) = record["document"].as_str() else {
            continue;
        };
        let facts = records.entry(document.to_owned()).or_default();
        facts.push(record["event"]["event"].as_str().unwrap().to_owned());
        assert_eq!(record["number"], facts.len(), "a gap or a double: {line}");
    }
    records.retain(|_, facts| facts.first().is_some_and(|first| first == "asked"));
    records
}
