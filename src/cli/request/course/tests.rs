//! What becomes of a request whose id did not come.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use clap::Parser as _;
use http::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::*;

const ASK: &str = "POST /v1/requests";
const DONE: &str = "POST /v1/requests/k7m3xq/done";

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    given: Given,
}

/// What is said to one ask.
#[derive(Debug, Clone, Copy)]
enum Say {
    /// There was one before.
    Told,
    /// This call made it.
    Made,
    /// Over.
    Ended,
    /// A problem of ours.
    Problem(u16),
    /// The same, about the request.
    Refused,
    /// A proxy's page.
    Page(u16),
    /// Something, with a good status.
    Noise,
    /// Carried out, and the answer never comes.
    Silence,
}

/// A server that says this to the asks, one after the other, and yes to what is done.
#[derive(Clone)]
struct Desk {
    says: Arc<Mutex<VecDeque<Say>>>,
    /// What was called, and with which key.
    calls: watch::Sender<Vec<(String, Option<String>)>>,
}

async fn answer(Shared(desk): Shared<Desk>, request: Request) -> Response {
    let key = request.headers().get("idempotency-key");
    let key = key.map(|key| key.to_str().unwrap().to_owned());
    let what = format!("{} {}", request.method(), request.uri().path());
    let asks = what == ASK;
    desk.calls.send_modify(|calls| calls.push((what, key)));
    let told = |state| axum::Json(json!({"id": "k7m3xq", "state": state})).into_response();
    if !asks {
        return told("cancelled");
    }
    let say = desk.says.lock().unwrap().pop_front();
    match say.expect("an ask too many") {
        Say::Told => told("pending"),
        Say::Made => (StatusCode::CREATED, told("pending")).into_response(),
        Say::Ended => told("ended"),
        Say::Problem(status) => problem(status, json!({"type": "urn:drawbridge:some-kind"})),
        Say::Refused => problem(
            403,
            json!({"type": "urn:drawbridge:not-allowed", "id": "k7m3xq"}),
        ),
        Say::Page(status) => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, axum::response::Html("<html>")).into_response()
        }
        Say::Noise => axum::Json(json!(["noise"])).into_response(),
        Say::Silence => std::future::pending().await,
    }
}

fn problem(status: u16, body: serde_json::Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let media = [("content-type", "application/problem+json")];
    (status, media, body.to_string()).into_response()
}

/// How a job ended.
struct Ran {
    calls: Vec<String>,
    status: Status,
    /// Whether it does not know if a request was made.
    in_doubt: bool,
}

/// Which calls a job makes that ends with its first ask under way (after so many calls) or at the end of its
/// patience, and its exit status.
async fn ran(words: &[&str], says: &[Say], interrupted_at: Option<usize>) -> Ran {
    let desk = Desk {
        says: Arc::new(Mutex::new(says.iter().copied().collect())),
        calls: watch::channel(Vec::new()).0,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(desk.clone());
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "secret-token").unwrap();
    let client = Client::new(place.parse().unwrap(), token);
    let line = [&["request", "shop/web to orders/db:5432"], words].concat();
    let given = Line::try_parse_from(line).unwrap().given;
    let entropy = Entropy::seeded(7);
    let patience = match interrupted_at {
        Some(_) => Duration::from_secs(30),
        None => Duration::from_secs(2),
    };
    let contact = Contact::telling(|_| {});
    let way = Way {
        given: &given,
        client: &client,
        entropy: &entropy,
        patience: Patience::lasting(patience, &entropy, &contact),
        contact: &contact,
        key: "k1".to_owned(),
        program: None,
        in_doubt: Sent::default(),
    };
    let (mut found, mut progress) = (None, Progress::new(patience));
    let mut came = desk.calls.subscribe();
    let interrupted = async {
        match interrupted_at {
            Some(n) => drop(came.wait_for(|calls| calls.len() >= n).await.unwrap()),
            None => std::future::pending().await,
        }
    };
    let opened = tokio::select! {
        opened = way.open(&mut found, &mut progress) => opened,
        () = interrupted => Err(Stop::Interrupted),
    };
    progress.close();
    assert_eq!(found, None);
    let status = way.not_used(found, opened.err().unwrap()).await;
    let calls = desk.calls.borrow().clone();
    for (what, key) in &calls {
        assert_eq!(key.as_deref(), (what == ASK).then_some("k1"), "{what}");
    }
    Ran {
        calls: calls.into_iter().map(|(what, _)| what).collect(),
        status,
        in_doubt: way.in_doubt.get(),
    }
}

#[tokio::test]
async fn a_request_whose_id_did_not_come_is_found_by_its_key_and_ended() {
    use Say::{Made, Noise, Page, Problem, Silence, Told};
    for words in [&["--wait"][..], &["--", "psql"]] {
        for (says, interrupted_at) in [
            // A signal, or the time-out, while the POST is under way.
            (&[Silence, Told][..], Some(1)),
            (&[Silence, Made], Some(1)),
            (&[Silence, Told], None),
            (&[Problem(503), Silence, Told], Some(2)),
            // The server is not back at once, and a proxy says what it likes.
            (&[Silence, Problem(503), Page(429), Told], Some(1)),
            (&[Silence, Page(404), Page(403), Told], Some(1)),
            // It may have been carried out.
            (&[Noise, Told], None),
            // The token ran out meanwhile, and was replaced.
            (&[Page(502), Problem(401), Told], None),
        ] {
            let ran = ran(words, says, interrupted_at).await;
            let mut expected = vec![ASK; says.len()];
            expected.push(DONE);
            assert_eq!(ran.calls, expected, "{words:?} {says:?}");
            let misused = matches!(says, [_, Problem(401), _]);
            let status = ran.status;
            assert_eq!(status == Status::Misused, misused, "{status:?} {says:?}");
        }
    }
}

#[tokio::test]
async fn under_a_key_that_was_given_only_what_this_run_made_for_its_command_is_ended() {
    use Say::{Ended, Made, Silence, Told};
    for (words, second, ended) in [
        (&["--wait", "--key", "k1"][..], Told, false),
        // The same key finds it again.
        (&["--wait", "--key", "k1"], Made, false),
        (&["--key", "k1", "--", "psql"], Told, false),
        (&["--key", "k1", "--", "psql"], Ended, false),
        (&["--key", "k1", "--", "psql"], Made, true),
    ] {
        for interrupted_at in [Some(1), None] {
            let ran = ran(words, &[Silence, second], interrupted_at).await;
            let mut expected = vec![ASK, ASK];
            expected.extend(ended.then_some(DONE));
            assert_eq!(ran.calls, expected, "{words:?} {second:?}");
            assert_eq!(ran.status, Status::Unavailable);
        }
    }
}

#[tokio::test]
async fn where_no_request_can_have_been_made_none_is_looked_for() {
    use Say::{Problem, Refused, Silence};
    for (says, interrupted_at, expected) in [
        (&[Problem(403)][..], None, Status::No),
        (&[Problem(401)], None, Status::Misused),
        (&[Problem(422)], None, Status::Misused),
        // Once more, and what the key stands for was refused.
        (&[Silence, Refused], Some(1), Status::Unavailable),
    ] {
        let ran = ran(&["--", "psql"], says, interrupted_at).await;
        assert_eq!(ran.calls, vec![ASK; says.len()], "{says:?}");
        assert_eq!(ran.status, expected, "{says:?}");
        assert!(!ran.in_doubt, "{says:?}");
    }
}

#[tokio::test]
async fn a_no_that_names_no_request_says_nothing_of_an_ask_whose_answer_was_lost() {
    use Say::{Page, Problem, Silence};
    for (says, interrupted_at, expected) in [
        // The rules may have been changed between the two.
        (&[Silence, Problem(403)][..], Some(1), Status::Unavailable),
        (&[Silence, Problem(409)], Some(1), Status::Unavailable),
        (&[Page(502), Problem(403), Problem(403)], None, Status::No),
    ] {
        let ran = ran(&["--", "psql"], says, interrupted_at).await;
        assert_eq!(ran.calls, vec![ASK; says.len()], "{says:?}");
        assert_eq!(ran.status, expected, "{says:?}");
        assert!(ran.in_doubt, "{says:?}");
    }
}
