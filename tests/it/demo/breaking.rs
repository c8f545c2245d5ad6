//! What a visitor breaks, and how the town comes back from it.

use serde_json::{Value, json};

use super::visitor::Visitor;

const ASK: &str = "/access shop/web to orders/db:5432 for 30m because INC-42";

async fn with_an_open_path() -> Visitor {
    let visitor = Visitor::of_the_town().await;
    visitor.says("dana", "payments", ASK).await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
    visitor.reads("Applied").await;
    visitor
}

fn broken(what: &str) -> Value {
    json!({"do": "break", "what": what})
}

fn mended(what: &str) -> Value {
    json!({"do": "mend", "what": what})
}

async fn hurries(visitor: &Visitor, length: &str) {
    visitor
        .does("/town/clock", &json!({"advance": length}))
        .await;
}

async fn troubles_are(visitor: &Visitor, expected: Value) {
    let what = format!("troubles: {expected}");
    visitor
        .sees(&what, |seen| {
            (seen.sections["health"]["troubles"] == expected).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_bot_closes_late_and_as_soon_as_it_is_back() {
    let visitor = with_an_open_path().await;
    visitor
        .does("/town/trouble", &json!({"do": "kill the bot"}))
        .await;
    visitor
        .sees("the bot is killed", |seen| {
            (seen.sections["health"]["bot"] == "killed").then_some(())
        })
        .await;
    hurries(&visitor, "31m").await;
    visitor.sees_gates(1).await;
    visitor
        .does("/town/trouble", &json!({"do": "start the bot"}))
        .await;
    hurries(&visitor, "10s").await;
    visitor.sees_gates(0).await;
    visitor.reads("Expired and closed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_store_does_not_keep_a_path_open() {
    let visitor = with_an_open_path().await;
    visitor
        .does("/town/trouble", &json!({"do": "empty the store"}))
        .await;
    hurries(&visitor, "30m").await;
    visitor.sees_gates(0).await;
    visitor.reads("closed").await;
    // What was recorded before is still to be read.
    visitor
        .sees("the ledger", |seen| {
            let events = seen.sections["ledger"]["events"].as_array()?;
            events.iter().any(|e| e["event"] == "opened").then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_may_be_away_at_the_end_and_people_are_told_when_it_is_back() {
    let visitor = with_an_open_path().await;
    visitor.does("/town/trouble", &broken("slack")).await;
    troubles_are(&visitor, json!(["slack"])).await;
    hurries(&visitor, "30m").await;
    visitor.sees_gates(0).await;
    visitor.does("/town/trouble", &mended("slack")).await;
    troubles_are(&visitor, json!([])).await;
    hurries(&visitor, "5m").await;
    visitor.reads("Expired and closed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_api_server_that_is_away_is_closed_on_its_return() {
    let visitor = with_an_open_path().await;
    visitor.does("/town/trouble", &broken("the cluster")).await;
    reachable_is(&visitor, false).await;
    hurries(&visitor, "30m").await;
    visitor.sees_gates(1).await;
    visitor.does("/town/trouble", &mended("the cluster")).await;
    hurries(&visitor, "15s").await;
    visitor.sees_gates(0).await;
    reachable_is(&visitor, true).await;
}

/// The map says whether it is the last picture or the present one.
async fn reachable_is(visitor: &Visitor, expected: bool) {
    visitor
        .sees("whether the cluster answers", |seen| {
            (seen.sections["cluster"]["reachable"] == expected).then_some(())
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_that_passes_is_over_by_itself() {
    let visitor = Visitor::of_the_town().await;
    visitor
        .does("/town/trouble", &broken("slack with 429"))
        .await;
    troubles_are(&visitor, json!(["slack with 429"])).await;
    visitor.says("dana", "payments", ASK).await;
    hurries(&visitor, "30s").await;
    troubles_are(&visitor, json!([])).await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
}
