//! Forms and home tabs in stories, with a tiny app on the wire in the bot's place.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::{Json, Router, routing::post};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;
use url::form_urlencoded;

use super::super::stage::Stage;
use super::super::{Scene, parse};
use super::{paused_runtime, plan};
use crate::sim::slack::{Route, Slack};

/// An app with a form, a typeahead and a home tab, and nothing behind them.
#[derive(Clone)]
struct App {
    slack: Slack,
    tracker: TaskTracker,
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn input(block_id: &str, label: &str, mut element: Value) -> Value {
    element["action_id"] = json!("it");
    json!({"type": "input", "block_id": block_id, "label": plain(label), "element": element})
}

fn ask_form() -> Value {
    let lengths = json!([
        {"text": plain("30 min"), "value": "30m"},
        {"text": plain("1 h"), "value": "1h"},
    ]);
    json!({
        "type": "modal", "title": plain("Ask for access"), "submit": plain("Ask"),
        "blocks": [
            input("why", "Why", json!({"type": "plain_text_input"})),
            input("long", "How long", json!({"type": "static_select", "options": lengths})),
            input("to", "Target", json!({"type": "external_select", "min_query_length": 1})),
        ],
    })
}

fn home() -> Value {
    let button = json!({"type": "button", "action_id": "new", "text": plain("New request")});
    json!({"type": "home", "blocks": [
        {"type": "section", "text": plain("Nothing is open.")},
        {"type": "actions", "elements": [button]},
    ]})
}

impl App {
    async fn call(&self, method: &str, body: Value) {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let slack = self.slack.clone();
        self.tracker
            .spawn(async move { slack.serve_stream(theirs).await });
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(ours)).await;
        let (mut sender, connection) = handshake.unwrap();
        self.tracker.spawn(connection);
        let request = http::Request::post(format!("/api/{method}"))
            .header("host", "town")
            .header("content-type", "application/json")
            .header(
                "authorization",
                format!("Bearer {}", self.slack.setup().bot_token),
            )
            .body(Full::<Bytes>::from(body.to_string()))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["ok"], json!(true), "{method}: {answer}");
    }

    async fn open_form(&self, trigger: &Value) {
        let body = json!({"trigger_id": trigger, "view": ask_form()});
        self.call("views.open", body).await;
    }

    async fn sent(&self, payload: &Value) -> Value {
        let of = |at: &str| {
            payload["view"]["state"]["values"]
                .pointer(at)
                .unwrap()
                .clone()
        };
        if of("/why/it/value") == json!("because") {
            return json!({"response_action": "errors", "errors": {"why": "say what is wrong"}});
        }
        let target = of("/to/it/selected_option/value");
        let text = format!(
            "asked for {} for {}",
            target,
            of("/long/it/selected_option/value")
        );
        let body = json!({"channel": payload["user"]["id"], "text": text});
        self.call("chat.postMessage", body).await;
        json!({})
    }
}

/// Takes whatever Slack delivers.
async fn take(State(app): State<App>, Path(kind): Path<String>, body: Bytes) -> Json<Value> {
    let field = |name: &str| {
        let mut fields = form_urlencoded::parse(&body);
        let found = fields.find(|(n, _)| n == name);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let delivered: Value = match kind.as_str() {
        "events" => serde_json::from_slice(&body).unwrap(),
        "interactions" => serde_json::from_str(&field("payload")).unwrap(),
        _ => json!({"type": "command", "trigger_id": field("trigger_id")}),
    };
    Json(match delivered["type"].as_str().unwrap() {
        "command" | "block_actions" => {
            app.open_form(&delivered["trigger_id"]).await;
            json!({})
        }
        "block_suggestion" => {
            let found = delivered["value"].as_str().unwrap();
            json!({"options": [{"text": plain(found), "value": format!("{found}:5432")}]})
        }
        "view_submission" => app.sent(&delivered).await,
        "event_callback" if delivered["event"]["type"] == json!("app_home_opened") => {
            let body = json!({"user_id": delivered["event"]["user"], "view": home()});
            app.call("views.publish", body).await;
            json!({})
        }
        _ => json!({}),
    })
}

/// Plays lines with the app in the bot's place; what people saw, and what was not as expected.
fn told(lines: &str) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let story = parse(&format!("town default\n{lines}"))?;
    paused_runtime()?.block_on(async {
        let mut stage = Stage::open(&plan()).await?;
        stage.town.stop_bot().await?;
        let app = App {
            slack: stage.town.slack.clone(),
            tracker: TaskTracker::new(),
        };
        let router = Router::new()
            .route("/slack/{kind}", post(take))
            .with_state(app);
        stage.town.slack.deliver_by(Route::Router(router));
        let mut scenes: Vec<Scene> = Vec::new();
        for line in &story.lines {
            scenes.extend(stage.act(line, None).await?);
        }
        assert_eq!(stage.town.slack.complaints(), [""; 0]);
        let seen = scenes
            .iter()
            .flat_map(|scene| scene.messages.clone())
            .flatten();
        let failures = scenes.iter().flat_map(|scene| scene.failures.clone());
        Ok((seen.collect(), failures.collect()))
    })
}

const OPEN: &str = "dana types /access in #payments\n";
const FILLED: &str = "dana fills Why with INC-42: slow\n\
    dana chooses 1 h in How long\n\
    dana chooses orders/db in Target\n";

#[test]
fn a_form_is_filled_in_by_what_people_read_and_sent() {
    let (seen, failures) = told(&format!(
        "expect no form to dana\n{OPEN}\
         expect form to dana: Ask for access Why: []\n\
         {FILLED}\
         expect form to dana: Why: [INC-42: slow] How long: [1 h] Target: [orders/db]\n\
         dana submits\n\
         expect no form to dana\n\
         expect notice to dana: asked"
    ))
    .unwrap();
    // Notices look for the bot's messages: the tiny app writes as the bot.
    assert_eq!(failures, [""; 0]);
    assert!(seen.contains(&"+ form of dana".to_owned()), "{seen:?}");
    assert!(seen.contains(&"- form of dana".to_owned()), "{seen:?}");
    let asked = r#"    asked for "orders/db:5432" for "1h""#;
    assert!(seen.contains(&asked.to_owned()), "{seen:?}");
}

#[test]
fn what_the_app_objects_to_is_read_in_the_form_and_it_can_be_closed() {
    let (seen, failures) = told(&format!(
        "{OPEN}{FILLED}dana fills Why with because\ndana submits\n\
         expect form to dana: say what is wrong\n\
         dana closes the form\n\
         expect no form to dana, no new messages"
    ))
    .unwrap();
    assert_eq!(failures, [""; 0]);
    assert!(
        seen.contains(&"    ! say what is wrong".to_owned()),
        "{seen:?}"
    );
}

#[test]
fn the_home_tab_shows_and_its_buttons_are_clicked() {
    let (seen, failures) = told(
        "dana opens the home tab\n\
         expect home of dana: Nothing is open. [New request]\n\
         dana clicks New request\n\
         expect form to dana: Ask for access",
    )
    .unwrap();
    assert_eq!(failures, [""; 0]);
    assert!(seen.contains(&"+ home of dana".to_owned()), "{seen:?}");
}

#[test]
fn what_is_not_on_a_screen_as_expected_is_told() {
    let (_, failures) = told(&format!(
        "{OPEN}expect form to dana: Approve\n\
         expect no form to dana\n\
         expect form to lee: Ask\n\
         dana opens the home tab\n\
         expect home of dana: Approve"
    ))
    .unwrap();
    assert_eq!(
        failures,
        [
            "the form says: Ask for access Why: [] How long: [▾ 30 min | 1 h] Target: []",
            "dana has a form open: Ask for access Why: [] How long: [▾ 30 min | 1 h] Target: []",
            "lee has no form open",
            "the home tab says: Nothing is open. [New request]",
        ]
    );
}

#[test]
fn what_nobody_can_do_with_a_form_is_an_error() {
    let impossible = |lines: &str| format!("{:#}", told(lines).unwrap_err());
    assert_eq!(impossible("dana submits"), "dana has no form open");
    assert_eq!(impossible("dana closes the form"), "dana has no form open");
    assert_eq!(impossible("expect home of dana: x"), "dana has no home tab");
    assert_eq!(
        impossible(&format!("{OPEN}dana submits")),
        "`Why` has to be filled in"
    );
    assert_eq!(
        impossible(&format!("{OPEN}dana fills Reason with x")),
        r#"there is nothing called `Reason` to fill in, only ["Why", "How long", "Target"]"#
    );
    assert_eq!(
        impossible(&format!("{OPEN}dana chooses 2 h in How long")),
        r#"`2 h` is not offered, only ["30m", "1h"]"#
    );
}
