//! The main story, acted out on the page; and what the page refuses.

use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::visitor::Visitor;

const ASK: &str = "/access shop/web to orders/db:5432 for 30m because INC-42";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ask_is_approved_opens_is_hurried_to_its_end_and_closes() {
    let visitor = Visitor::of_the_town().await;
    visitor.says("dana", "payments", ASK).await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
    let flow = visitor
        .sees("the flow on the map", |seen| {
            let flows = seen.sections["cluster"]["flows"].as_array()?;
            flows.iter().find(|f| !f["temporary"].is_null()).cloned()
        })
        .await;
    assert_eq!(flow["from"], "shop/Deployment/web");
    assert_eq!(flow["to"], "orders/StatefulSet/db");
    assert_eq!(flow["temporary"]["open"]["TCP"], json!(["5432"]));
    let gate = visitor.now(|seen| seen.sections["cluster"]["gates"][0].clone());
    assert_eq!(gate["requested_by"], "dana");
    assert_eq!(gate["approved_by"], "lee");
    assert_eq!(flow["temporary"]["requests"], json!([gate["request"]]));
    assert_eq!(flow["temporary"]["until"], gate["expires_at"]);
    visitor
        .sees("the warning comes next", |seen| {
            let next = seen.sections["clock"]["next"]["what"].as_str()?;
            next.contains("warning").then_some(())
        })
        .await;
    visitor.does("/town/clock", &json!({"next": {}})).await;
    visitor.reads("5 min left").await;
    visitor.sees_gates(1).await;
    visitor.does("/town/clock", &json!({"advance": "5m"})).await;
    visitor.sees_gates(0).await;
    visitor.reads("Expired and closed").await;
    let closed = |seen: &super::visitor::Seen| {
        let events = of_requests(&seen.sections["ledger"]["events"]);
        (events.last()?["event"] == "closed").then_some(events.len())
    };
    assert_eq!(visitor.sees("the end in the ledger", closed).await, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_town_forgets_everything() {
    let visitor = Visitor::of_the_town().await;
    visitor.says("dana", "payments", ASK).await;
    visitor.reads("orders on-call").await;
    let before = visitor.person("dana");
    visitor.does("/town/again", &json!({})).await;
    visitor
        .sees("another town, with nothing on record", |seen| {
            let people = seen.sections["town"]["people"].as_array()?;
            let dana = people.iter().find(|person| person["name"] == "dana")?;
            let another = dana["id"] != before.as_str() && seen.messages.len() == 4;
            // Sections come one after the other: the ledger may still be the old town's.
            let recorded = of_requests(&seen.sections["ledger"]["events"]);
            (another && recorded.is_empty()).then_some(())
        })
        .await;
    // It is as alive as the first.
    visitor.says("dana", "payments", ASK).await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said_in_a_sentence() {
    let visitor = Visitor::of_the_town().await;
    let dana = visitor.person("dana");
    let payments = visitor.channel("payments");
    let act = |act: Value| json!({"as": dana, "act": act});
    let say = |text: &str, thread: Value| {
        act(json!({"say": {"channel": payments, "thread": thread, "text": text}}))
    };
    let gone = json!({"message": {"channel": payments, "ts": "1.000001"}});
    let press = act(json!({"use": {"where": gone, "block_id": "b", "action_id": "a"}}));
    let nobody = json!({"as": "U0NOBODY", "act": {"home": {}}});
    let acts = [
        (say("  ", Value::Null), "write something first"),
        (
            say("/nothing here", Value::Null),
            "there is no command `/nothing`",
        ),
        (
            say("/access help", json!("1.000001")),
            "does not work in threads",
        ),
        (say("hello", json!("1.000001")), "sees no message"),
        (press, "sees no message"),
        (nobody, "nobody called `U0NOBODY`"),
        (act(json!({"dance": {}})), "unknown variant"),
    ];
    for (body, sentence) in acts {
        is_refused(&visitor, "/town/do", &body, sentence).await;
    }
    let others = [
        ("/town/clock", json!({"next": {}}), "nothing is due"),
        (
            "/town/clock",
            json!({"advance": "a while"}),
            "`while` is not a unit",
        ),
        (
            "/town/trouble",
            json!({"do": "break", "what": "it"}),
            "`it` cannot break: try `slack`",
        ),
        (
            "/town/trouble",
            json!({"do": "start the bot"}),
            "the bot is running",
        ),
    ];
    for (path, body, sentence) in others {
        is_refused(&visitor, path, &body, sentence).await;
    }
}

async fn is_refused(visitor: &Visitor, path: &str, body: &Value, sentence: &str) {
    let (status, answer) = visitor.posts(path, body).await;
    let error = answer["error"].as_str().unwrap_or_default();
    assert!(error.contains(sentence), "{path} {body}: {status} {answer}");
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_page_can_neither_read_the_town_nor_act_in_it() {
    let visitor = Visitor::of_the_town().await;
    let url = |path: &str| format!("{}{path}", visitor.page);
    let of_another_name = Request::get(url("/town/live"))
        .header("host", "evil.example")
        .body(Full::default());
    let acts = json!({"do": "kill the bot"}).to_string();
    let from_elsewhere = Request::post(url("/town/trouble"))
        .header("content-type", "application/json")
        .header("origin", "http://evil.example")
        .body(Full::from(acts.clone()));
    let as_a_form = Request::post(url("/town/trouble"))
        .header("content-type", "text/plain")
        .body(Full::from(acts));
    for request in [of_another_name, from_elsewhere, as_a_form] {
        let (status, _) = visitor.sends(request.unwrap()).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        visitor.now(|seen| seen.sections["health"]["bot"].clone()),
        "running"
    );
}

/// What is on record of requests: the rules in force are, before anybody asks.
fn of_requests(events: &Value) -> Vec<Value> {
    let events = events.as_array().cloned().unwrap_or_default();
    events
        .into_iter()
        .filter(|event| event["request"] != "")
        .collect()
}
