//! Signed delivery over HTTP to a router in this process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes as Body;
use axum::response::{IntoResponse, Response};
use axum::routing::post as on_post;
use http::StatusCode;

use super::*;
use crate::sim::slack::deliver::sign::signature;
use crate::sim::slack::{Mishap, Route};

#[derive(Debug, Clone)]
struct Got {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A bot that keeps what it gets and answers as told.
fn listener(answer: fn(usize, &Got) -> Response) -> (Router, Arc<Mutex<Vec<Got>>>) {
    let all = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&all);
    let take = move |uri: http::Uri, headers: HeaderMap, body: Body| async move {
        let got = Got {
            path: uri.path().to_owned(),
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        let mut all = keep.lock().unwrap();
        all.push(got.clone());
        answer(all.len(), &got)
    };
    (Router::new().route("/slack/{kind}", on_post(take)), all)
}

fn form_field(got: &Got, name: &str) -> String {
    let mut fields = url::form_urlencoded::parse(got.body.as_bytes());
    fields.find(|(n, _)| n == name).unwrap().1.into_owned()
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_delivery_is_signed_and_has_its_path_and_form() {
    let slack = town();
    let (router, got) = listener(|_, _| StatusCode::OK.into_response());
    slack.deliver_by(Route::Router(router));
    slack.dm("dana", "help").unwrap();
    let at = post_card(&slack, "#vault").await;
    slack.click("dana", &at, "Approve").unwrap();
    slack.command("dana", "#vault", "/access help").unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let got = got.lock().unwrap().clone();
    let paths: Vec<_> = got.iter().map(|g| g.path.as_str()).collect();
    let expected = [
        "/slack/events",
        "/slack/events",
        "/slack/interactions",
        "/slack/commands",
    ];
    assert_eq!(paths, expected);
    for g in &got {
        let at: i64 = g.header("x-slack-request-timestamp").parse().unwrap();
        assert_eq!(at, slack.around().clock.now().timestamp() - 1);
        let expected = signature(&slack.setup().signing_secret, at, g.body.as_bytes());
        assert_eq!(g.header("x-slack-signature"), expected);
    }
    let event: Value = serde_json::from_str(&got[0].body).unwrap();
    assert_eq!(event["event"]["text"], json!("help"));
    let click: Value = serde_json::from_str(&form_field(&got[2], "payload")).unwrap();
    assert_eq!(click["type"], json!("block_actions"));
    assert_eq!(form_field(&got[3], "command"), "/access");
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_is_retried_with_number_and_reason_until_it_is_taken() {
    let slack = town();
    let (router, got) = listener(|n, _| match n {
        1 | 2 => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => StatusCode::OK.into_response(),
    });
    slack.deliver_by(Route::Router(router));
    slack.dm("dana", "help").unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    let got = got.lock().unwrap().clone();
    assert_eq!(got.len(), 3);
    assert!(!got[0].headers.contains_key("x-slack-retry-num"));
    assert_eq!(got[2].header("x-slack-retry-num"), "2");
    assert_eq!(got[2].header("x-slack-retry-reason"), "http_error");
    assert_eq!(got[0].body, got[2].body, "the same event, with the same id");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_fails_is_retried_and_the_app_sees_only_the_retry() {
    let slack = town();
    let (router, got) = listener(|_, _| StatusCode::OK.into_response());
    slack.deliver_by(Route::Router(router));
    slack.fail_deliveries(1, Mishap::Status(502));
    slack.dm("dana", "help").unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let got = got.lock().unwrap().clone();
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].header("x-slack-retry-num"), "1");
    assert_eq!(got[0].header("x-slack-retry-reason"), "http_error");
    assert_eq!(
        attempts(&slack),
        [(0, Carried::Status(502)), (1, Carried::Acknowledged)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_app_can_ask_not_to_be_sent_it_again() {
    let slack = town();
    let (router, got) =
        listener(|_, _| (StatusCode::BAD_REQUEST, [("x-slack-no-retry", "1")]).into_response());
    slack.deliver_by(Route::Router(router));
    slack.dm("dana", "help").unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(got.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_command_is_answered_by_the_response_body() {
    let slack = town();
    let (router, _) = listener(|n, _| match n {
        1 => axum::Json(json!({"text": "in json"})).into_response(),
        2 => "in plain words".into_response(),
        _ => StatusCode::OK.into_response(),
    });
    slack.deliver_by(Route::Router(router));
    for _ in 0..3 {
        slack.command("dana", "#random", "/access help").unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let lines: Vec<_> = slack.seen_by("dana").into_iter().map(|s| s.lines).collect();
    assert_eq!(lines, [["in json"], ["in plain words"]]);
}

#[tokio::test(start_paused = true)]
async fn the_request_url_is_verified_by_its_challenge() {
    let slack = town();
    let (honest, _) = listener(|_, got| {
        let body: Value = serde_json::from_str(&got.body).unwrap();
        body["challenge"]
            .as_str()
            .unwrap()
            .to_owned()
            .into_response()
    });
    slack.deliver_by(Route::Router(honest));
    assert_eq!(slack.verify_url().await, Ok(()));
    let (deaf, _) = listener(|_, _| StatusCode::OK.into_response());
    slack.deliver_by(Route::Router(deaf));
    assert!(slack.verify_url().await.is_err());
}

#[tokio::test]
async fn a_url_is_delivered_to_as_well() {
    let (slack, tracker, stop) = real_town();
    let (router, got) = listener(|_, _| StatusCode::OK.into_response());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let ending = stop.clone();
    tracker.spawn(async move {
        let serving =
            axum::serve(listener, router).with_graceful_shutdown(ending.cancelled_owned());
        serving.await.unwrap();
    });
    slack.deliver_by(Route::Url(url));
    slack.dm("dana", "help").unwrap();
    tracker.close();
    let arrived = async {
        while slack.journal().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), arrived)
        .await
        .unwrap();
    assert_eq!(got.lock().unwrap()[0].path, "/slack/events");
    stop.cancel();
}
