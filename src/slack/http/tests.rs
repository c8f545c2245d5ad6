//! Signed HTTP: signatures, time, sizes, and what the log must not hold.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use super::*;
use crate::clock::VirtualClock;
use crate::slack::testing::{FakeReceiver, Log, SIGNING_SECRET, Town, message};
use crate::units::Time;

/// Far from the machine's own time, so that only the clock we were given can be right.
const NOW: i64 = 1_790_000_000;

/// Signatures of bodies below, made with Python's `hmac`, not with our code.
const SIGNED_MENTION: &str = "v0=3742f791db3ed63f7cab748ed82dc0c15715aae24c40e41a3f78ee7822e3017f";
const SIGNED_COMMAND: &str = "v0=2022fecf22482864a27d782932d52357b3477a5d0e59103c5680c4b75ce7beb8";
const SIGNED_CLICK: &str = "v0=0430c6c198a6645126721e56b68e5c87479bbf2faa22d13d1107e1f21ed39633";
const SIGNED_CHALLENGE: &str =
    "v0=b016b2ac7f0b27bcc995fac87a38c20d0b14c09a9f2ebb29496be41ad6c88099";
const SIGNED_NONSENSE: &str = "v0=c1483c3e80bd63873ffebbc6dc2a999cb46d599e6de548d424511585b4d7bfcc";
const SIGNED_AT_MIN: &str = "v0=dfde3768a5eccd9257a0e5ff49ee4d074609df1b216547f4cf4865b9a033888e";
const SIGNED_AT_MAX: &str = "v0=a31143320000775d14079cd1c9d0af5733346dac8046c6f571b3d94c0dd00232";

const MENTION: &str = r#"{"type":"event_callback","event_id":"Ev1","team_id":"T1","event":{"type":"app_mention","user":"UDANA","text":"<@UBOT> mine","channel":"C1","ts":"7.1"}}"#;
const COMMAND: &str = "command=%2Faccess&text=a%2Fb+-%26gt%3B+c%2Fd&user_id=UDANA&team_id=T1&channel_id=C1&trigger_id=t.1";
const CLICK: &str = "payload=%7B%22type%22%3A%22block_actions%22%2C%22trigger_id%22%3A%22t.2%22%2C%22user%22%3A%7B%22id%22%3A%22ULEE%22%7D%2C%22container%22%3A%7B%22channel_id%22%3A%22C1%22%2C%22message_ts%22%3A%227.1%22%7D%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22approve%22%2C%22value%22%3A%22k7m3xq%22%7D%5D%7D";
const CHALLENGE: &str = r#"{"type":"url_verification","challenge":"3eZbrw1aB"}"#;
const NONSENSE: &str = "not json";

struct Rig {
    town: Town,
    routes: Router,
}

impl Rig {
    fn new(receiver: FakeReceiver) -> Self {
        let town = Town::with(receiver);
        let clock = VirtualClock::starting_at(Time::from_timestamp(NOW, 0).unwrap());
        let secret = Secret::new(SIGNING_SECRET);
        let routes = routes(&secret, town.deliverer.clone(), Arc::new(clock));
        Self { town, routes }
    }

    /// Posts a body and returns status and text.
    async fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }
}

fn signed(signature: &str) -> [(&str, &str); 2] {
    [
        ("x-slack-signature", signature),
        ("x-slack-request-timestamp", "1790000000"),
    ]
}

#[tokio::test(start_paused = true)]
async fn signed_deliveries_of_each_kind_arrive() {
    let rig = Rig::new(FakeReceiver::default());
    for (path, body, signature) in [
        ("/slack/events", MENTION, SIGNED_MENTION),
        ("/slack/commands", COMMAND, SIGNED_COMMAND),
        ("/slack/interactions", CLICK, SIGNED_CLICK),
    ] {
        let answer = rig.post(path, body, &signed(signature)).await;
        assert_eq!(answer, (200, String::new()), "{path}");
    }
    assert_eq!(rig.town.receiver.keys(), ["Ev1", "t.1", "t.2"]);
}

#[tokio::test(start_paused = true)]
async fn a_commands_answer_is_private() {
    let rig = Rig::new(FakeReceiver {
        says: Some(message("nothing is open")),
        ..FakeReceiver::default()
    });
    let (status, body) = rig
        .post("/slack/commands", COMMAND, &signed(SIGNED_COMMAND))
        .await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(body["response_type"], "ephemeral");
    assert_eq!(body["text"], "nothing is open");
}

#[tokio::test(start_paused = true)]
async fn the_address_check_is_answered_with_its_challenge() {
    let rig = Rig::new(FakeReceiver::default());
    let answer = rig
        .post("/slack/events", CHALLENGE, &signed(SIGNED_CHALLENGE))
        .await;
    assert_eq!(answer, (200, "3eZbrw1aB".to_owned()));
    let unsigned = rig.post("/slack/events", CHALLENGE, &[]).await;
    assert_eq!(unsigned.0, 401);
}

#[tokio::test(start_paused = true)]
async fn nothing_unsigned_is_read() {
    let rig = Rig::new(FakeReceiver::default());
    let wrong = SIGNED_MENTION.replace("v0=", "v0=0");
    let cases: [&[(&str, &str)]; 5] = [
        &[],
        &signed(SIGNED_COMMAND),
        &signed(&wrong),
        &[("x-slack-signature", SIGNED_MENTION)],
        &[
            ("x-slack-signature", SIGNED_MENTION),
            ("x-slack-request-timestamp", "1790000001"),
        ],
    ];
    for headers in cases {
        let (status, _) = rig.post("/slack/events", MENTION, headers).await;
        assert_eq!(status, 401, "{headers:?}");
    }
    assert!(rig.town.receiver.seen().is_empty());
    assert_eq!(rig.town.deliverer.tally().refused.get(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_signature_is_good_for_five_minutes_by_our_clock() {
    for (ahead, expected) in [(0, 200), (300, 200), (301, 401)] {
        let rig = Rig::new(FakeReceiver::default());
        tokio::time::advance(Duration::from_secs(ahead)).await;
        let (status, _) = rig
            .post("/slack/events", MENTION, &signed(SIGNED_MENTION))
            .await;
        assert_eq!(status, expected, "{ahead} s later");
    }
}

#[test]
fn a_signature_from_the_future_is_refused() {
    let gate = Signatures::new(&Secret::new(SIGNING_SECRET));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-slack-signature", SIGNED_MENTION),
        ("x-slack-request-timestamp", "1790000000"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    let check = |before: i64| {
        let now = Time::from_timestamp(NOW - before, 0).unwrap();
        gate.check(&headers, MENTION, now)
    };
    assert_eq!(check(300), Ok(()));
    assert_eq!(check(301), Err(signature::Unsigned::Stale));
}

#[test]
fn a_time_at_the_end_of_numbers_is_stale_and_overflows_nothing() {
    let gate = Signatures::new(&Secret::new(SIGNING_SECRET));
    for (sent, signature) in [(i64::MIN, SIGNED_AT_MIN), (i64::MAX, SIGNED_AT_MAX)] {
        let mut headers = HeaderMap::new();
        headers.insert("x-slack-signature", signature.parse().unwrap());
        headers.insert("x-slack-request-timestamp", sent.into());
        let now = Time::from_timestamp(NOW, 0).unwrap();
        let checked = gate.check(&headers, MENTION, now);
        assert_eq!(checked, Err(signature::Unsigned::Stale), "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_not_slacks_are_refused() {
    let rig = Rig::new(FakeReceiver::default());
    let (status, _) = rig
        .post("/slack/events", NONSENSE, &signed(SIGNED_NONSENSE))
        .await;
    assert_eq!(status, 400);
    let huge = "x".repeat(LARGEST_BODY + 1);
    let (status, _) = rig
        .post("/slack/events", &huge, &signed(SIGNED_MENTION))
        .await;
    assert_eq!(status, 413);
    let largest = "x".repeat(LARGEST_BODY);
    let (status, _) = rig
        .post("/slack/events", &largest, &signed(SIGNED_MENTION))
        .await;
    assert_eq!(status, 401, "it is read, and not signed");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_is_given_back_to_slack() {
    let rig = Rig::new(FakeReceiver::default());
    rig.town.cancel.cancel();
    let (status, _) = rig
        .post("/slack/events", MENTION, &signed(SIGNED_MENTION))
        .await;
    assert_eq!(status, 503);
}

#[tokio::test(start_paused = true)]
async fn a_repetition_is_treated_as_any_delivery() {
    let rig = Rig::new(FakeReceiver::default());
    let [signature, time] = signed(SIGNED_MENTION);
    let repeated = [
        signature,
        time,
        ("x-slack-retry-num", "1"),
        ("x-slack-retry-reason", "http_timeout"),
    ];
    assert_eq!(rig.post("/slack/events", MENTION, &repeated).await.0, 200);
    assert_eq!(rig.town.receiver.keys(), ["Ev1"]);
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_refusal_holds_neither_signature_nor_secret() {
    let (log, _guard) = Log::capture();
    let rig = Rig::new(FakeReceiver::default());
    let changed = MENTION.replace("mine", "show k7m3xq");
    let answer = rig
        .post("/slack/events", &changed, &signed(SIGNED_MENTION))
        .await;
    assert_eq!(answer, (401, String::new()));
    rig.post("/slack/events", MENTION, &signed(SIGNED_MENTION))
        .await;
    rig.post("/slack/interactions", CLICK, &signed(SIGNED_CLICK))
        .await;
    let log = log.text();
    assert!(
        log.contains("signature does not match"),
        "the capture works: {log}"
    );
    let digest = SIGNED_MENTION.trim_start_matches("v0=");
    for secret in ["do-not-print", digest, digest.get(..8).unwrap()] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn a_form_becomes_the_object_that_socket_mode_sends() {
    let read = form("text=a+b%2Fc&user_id=U1");
    assert_eq!(read, json!({"text": "a b/c", "user_id": "U1"}));
}
