//! A real HTTP server that takes batches, and sometimes does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use drawbridge::ledger::settings::Server;
use drawbridge::ledger::sinks::{Delivery, Post, PostSink, Trouble};
use drawbridge::secret::Secret;
use drawbridge::slack::Wire;
use drawbridge::store::Store;

use super::{deliver, delivery, ledger_of, lines, record};

/// What a request is answered with, and whether its lines are kept before.
type Answer = (bool, StatusCode);

/// A server as an auditor's might be: it keeps lines by number and hash.
#[derive(Debug, Default)]
pub(super) struct Auditor {
    /// The next answers; none left: kept, 204.
    answers: Mutex<VecDeque<Answer>>,
    /// How often each record came, by number and hash, and its line.
    pub(super) kept: Mutex<BTreeMap<(u64, String), (usize, String)>>,
    /// The idempotency keys, in order, and the bodies under them.
    pub(super) keys: Mutex<Vec<(String, String)>>,
}

async fn take(State(auditor): State<Arc<Auditor>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    if header("authorization") != "Bearer let-me-in" {
        return StatusCode::UNAUTHORIZED;
    }
    let answer = auditor.answers.lock().unwrap().pop_front();
    let (keeps, status) = answer.unwrap_or((true, StatusCode::NO_CONTENT));
    let text = String::from_utf8(body.to_vec()).unwrap();
    if keeps && header("content-type") == "application/x-ndjson" {
        let mut kept = auditor.kept.lock().unwrap();
        for line in text.lines() {
            let record = record(line);
            let one = kept.entry((record.seq, record.hash)).or_default();
            *one = (one.0 + 1, line.to_owned());
        }
    }
    let key = (header("idempotency-key"), text);
    auditor.keys.lock().unwrap().push(key);
    status
}

/// Starts a server on a free port; it ends with the test.
pub(super) async fn auditor(answers: &[Answer]) -> (Arc<Auditor>, Server) {
    let auditor = Arc::new(Auditor::default());
    *auditor.answers.lock().unwrap() = answers.iter().copied().collect();
    let app = Router::new().route("/audit", post(take));
    let app = app.with_state(Arc::clone(&auditor));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/audit", listener.local_addr().unwrap());
    tokio_util::task::TaskTracker::new()
        .spawn(async move { axum::serve(listener, app).await.unwrap() });
    let server = Server {
        url: url.parse().unwrap(),
        token: Some(Secret::new("let-me-in".to_owned())),
    };
    (auditor, server)
}

fn to(server: &Server, store: &Arc<dyn Store>) -> Delivery {
    let post = Post::over(Wire::tcp());
    delivery("siem", PostSink::new(server.clone(), post), store)
}

#[tokio::test]
async fn every_record_arrives_and_its_number_and_hash_make_it_once() {
    let store = ledger_of(1_300).await;
    let (auditor, server) = auditor(&[
        (false, StatusCode::SERVICE_UNAVAILABLE),
        // Kept, but the answer says otherwise: as a lost one does.
        (true, StatusCode::BAD_GATEWAY),
        (false, StatusCode::TOO_MANY_REQUESTS),
        (true, StatusCode::OK),
        (false, StatusCode::PAYLOAD_TOO_LARGE),
    ])
    .await;
    let mut delivery = to(&server, &store);
    while store.cursor("siem").await.unwrap() < 1_300 {
        delivery.turn().await;
    }
    let recorded = lines(&*store).await;
    let kept = auditor.kept.lock().unwrap();
    let once = kept.values().map(|(_, line)| line);
    assert!(once.eq(&recorded));
    let most = kept.values().map(|(times, _)| *times).max();
    assert_eq!(most, Some(2), "one batch came twice");
    // The same key names the same bytes, and nothing else.
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    let keys = auditor.keys.lock().unwrap();
    for (key, body) in &*keys {
        assert_eq!(bodies.entry(key).or_insert(body), body, "{key}");
    }
    assert!(keys[0].0.ends_with("-1-500") && keys.len() > bodies.len());
}

#[tokio::test]
async fn a_refusal_is_told_and_nothing_is_skipped() {
    let store = ledger_of(10).await;
    let (auditor, server) = auditor(&[(false, StatusCode::BAD_REQUEST)]).await;
    let mut delivery = to(&server, &store);
    let refused = delivery.step().await;
    let Err(Trouble::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(why.to_string(), "it answered with HTTP 400");
    assert_eq!(store.cursor("siem").await.unwrap(), 0);
    deliver(&mut delivery).await;
    assert_eq!(auditor.kept.lock().unwrap().len(), 10);

    let stranger = Server {
        token: Some(Secret::new("guessed".to_owned())),
        ..server
    };
    let other = ledger_of(3).await;
    let refused = to(&stranger, &other).step().await;
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_later() {
    let store = ledger_of(3).await;
    let url = format!("http://127.0.0.1:{}/", crate::servers::redis::free_port());
    let server = Server {
        url: url.parse().unwrap(),
        token: None,
    };
    let later = to(&server, &store).step().await;
    assert!(matches!(later, Err(Trouble::Later(_, None))), "{later:?}");
}
