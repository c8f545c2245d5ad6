//! Sources that answer, lie, hang and recover.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock::{SystemClock, VirtualClock};
use crate::slack::{MemoryListener, Wire};

const TOKEN: &str = "oncall-do-not-print";

/// What the source does with a question.
enum Say {
    Json(&'static str),
    Kind(&'static str, &'static str),
    Status(u16),
    Redirect,
    Large,
    /// Never ends what it began.
    Drip,
    Hang,
}

#[derive(Clone, Default)]
struct Far {
    says: Arc<Mutex<VecDeque<Say>>>,
    asked: Arc<AtomicUsize>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
    elsewhere: Arc<AtomicUsize>,
}

impl Far {
    fn say(&self, says: impl IntoIterator<Item = Say>) {
        self.says.lock().unwrap().extend(says);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn router(&self) -> Router {
        let elsewhere = |State(far): State<Self>| async move {
            far.elsewhere.fetch_add(1, Ordering::SeqCst);
            axum::Json(serde_json::json!({"users": ["U0EVE"]}))
        };
        Router::new()
            .route("/orders", get(answer))
            .route("/elsewhere", get(elsewhere))
            .with_state(self.clone())
    }
}

async fn answer(State(far): State<Far>, headers: HeaderMap) -> Response {
    far.asked.fetch_add(1, Ordering::SeqCst);
    far.headers.lock().unwrap().push(headers);
    let say = far.says.lock().unwrap().pop_front();
    let json = |kind: &'static str, text: String| ([("content-type", kind)], text).into_response();
    match say.expect("an answer is scripted") {
        Say::Json(text) => json("Application/JSON; charset=utf-8", text.to_owned()),
        Say::Kind(kind, text) => json(kind, text.to_owned()),
        Say::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Say::Redirect => (StatusCode::FOUND, [("location", "/elsewhere")]).into_response(),
        Say::Large => json(
            "application/json",
            format!("{{\"users\":[\"U0LEE\"]}}{}", " ".repeat(64 * 1024)),
        ),
        Say::Drip => {
            let parts = futures::stream::iter([Ok::<_, std::io::Error>("{\"users\":")]);
            let parts = futures::StreamExt::chain(parts, futures::stream::pending());
            let kind = [("content-type", "application/json")];
            (kind, Body::from_stream(parts)).into_response()
        }
        Say::Hang => std::future::pending().await,
    }
}

async fn serve(mut listener: MemoryListener, router: Router, tracker: TaskTracker) {
    while let Some(stream) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tracker.spawn(async move {
            let _ = connection.await;
        });
    }
}

fn source(url: &str) -> Source {
    Source {
        url: Url::parse(url).unwrap(),
        token: Some(Secret::new(TOKEN)),
        timeout: Duration::from_secs(2),
        cache: Seconds(60),
        fallback: Some("@orders-oncall".to_owned()),
    }
}

/// A source named `orders` on virtual time.
fn town() -> (Far, OnCall) {
    let far = Far::default();
    let (wire, listener) = Wire::memory();
    let tracker = TaskTracker::new();
    tracker.spawn(serve(listener, far.router(), tracker.clone()));
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(Time::UNIX_EPOCH));
    let sources = [("orders".to_owned(), source("http://oncall.example/orders"))].into();
    (far, OnCall::new(&sources, &wire, &clock))
}

fn users(ids: &[&str]) -> Listed {
    Listed::Users(ids.iter().map(|id| UserId((*id).to_owned())).collect())
}

const LEE: Say = Say::Json(r#"{"users":["U0LEE"]}"#);
const MIA: Say = Say::Json(r#"{"users":["U0MIA"]}"#);

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_good_answer_serves_until_it_is_old() {
    let (far, on_call) = town();
    far.say([LEE, MIA]);
    for (after, expected, asked) in [(0, "U0LEE", 1), (59, "U0LEE", 1), (1, "U0MIA", 2)] {
        pass(after).await;
        assert_eq!(on_call.read("orders").await, Some(users(&[expected])));
        assert_eq!(far.asked(), asked);
    }
    assert_eq!(on_call.read("nobody").await, None);
    assert!(on_call.has("orders") && !on_call.has("nobody"));
    let headers = far.headers.lock().unwrap();
    assert_eq!(headers[0]["accept"], "application/json");
    assert_eq!(headers[0]["authorization"], format!("Bearer {TOKEN}"));
    assert_eq!(headers[0]["host"], "oncall.example");
}

#[tokio::test(start_paused = true)]
async fn whatever_is_not_as_documented_is_no_answer() {
    let (far, on_call) = town();
    let cases = [
        (Say::Status(500), NoAnswer::Status(500)),
        (Say::Status(204), NoAnswer::Status(204)),
        (Say::Status(401), NoAnswer::Status(401)),
        (Say::Redirect, NoAnswer::Status(302)),
        (
            Say::Kind("text/html", r#"{"users":["U0LEE"]}"#),
            NoAnswer::Kind,
        ),
        (Say::Large, NoAnswer::Body),
        (Say::Drip, NoAnswer::Late),
        (Say::Hang, NoAnswer::Late),
        (
            Say::Json(r#"{"users":["lee"]}"#),
            NoAnswer::Shape("it names somebody by no Slack user id"),
        ),
    ];
    for (say, why) in cases {
        far.say([say]);
        let began = tokio::time::Instant::now();
        assert_eq!(on_call.ask("orders").await, Some(Err(why)));
        assert!(
            began.elapsed() <= Duration::from_secs(2),
            "{:?}",
            began.elapsed()
        );
    }
    assert_eq!(
        far.elsewhere.load(Ordering::SeqCst),
        0,
        "a redirect was followed"
    );
    assert_eq!(on_call.ask("nobody").await, None);
}

#[tokio::test(start_paused = true)]
async fn the_last_good_answer_bridges_a_quarter_of_an_hour_and_no_more() {
    let (far, on_call) = town();
    far.say([LEE]);
    on_call.read("orders").await.unwrap();
    far.say((0..3).map(|_| Say::Status(503)));
    pass(60).await;
    assert_eq!(on_call.read("orders").await, Some(users(&["U0LEE"])));
    pass(839).await;
    assert_eq!(
        on_call.read("orders").await,
        Some(users(&["U0LEE"])),
        "899 s old"
    );
    pass(5).await;
    assert_eq!(on_call.read("orders").await, None, "904 s old");
    far.say([MIA]);
    assert_eq!(on_call.read("orders").await, None, "it rests");
    pass(5).await;
    assert_eq!(
        on_call.read("orders").await,
        Some(users(&["U0MIA"])),
        "it is back"
    );
    assert_eq!(far.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn nobody_on_call_is_an_answer() {
    let (far, on_call) = town();
    far.say([LEE, Say::Json(r#"{"users":[]}"#)]);
    on_call.read("orders").await.unwrap();
    pass(60).await;
    assert_eq!(on_call.read("orders").await, Some(users(&[])));
}

#[tokio::test(start_paused = true)]
async fn those_who_ask_at_once_share_one_request_good_or_bad() {
    let (far, on_call) = town();
    far.say([Say::Hang]);
    let began = tokio::time::Instant::now();
    let ask = || on_call.read("orders");
    let all = tokio::join!(ask(), ask(), ask());
    assert_eq!(all, (None, None, None));
    assert_eq!((far.asked(), began.elapsed().as_secs()), (1, 2));
    pass(5).await;
    far.say([LEE]);
    let lee = || Some(users(&["U0LEE"]));
    assert_eq!(tokio::join!(ask(), ask(), ask()), (lee(), lee(), lee()));
    assert_eq!(far.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_the_future_is_not_believed() {
    let at = Time::UNIX_EPOCH + Seconds(100).delta();
    assert!(within(at, at, Seconds(1)));
    assert!(
        !within(at, Time::UNIX_EPOCH, Seconds::hours(1)),
        "the clock was set back"
    );
    assert!(!within(at, at + Seconds(1).delta(), Seconds(1)));
}

#[test]
fn a_source_prints_neither_token_nor_path() {
    let printed = format!(
        "{:?}",
        source("https://oncall.example/v1/key-do-not-print?k=do-not-print")
    );
    assert!(!printed.contains("do-not-print"), "{printed}");
    assert!(printed.contains("https://oncall.example"), "{printed}");
}

#[tokio::test]
async fn over_the_network_only_loopback_may_do_without_tls() {
    let far = Far::default();
    far.say([LEE]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tracker = TaskTracker::new();
    let server = axum::serve(listener, far.router());
    let server = tracker.spawn(async move { server.await.unwrap() });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let near = Source {
        timeout: Duration::from_secs(5),
        ..source(&format!("http://{address}/orders"))
    };
    let sources = [
        ("near".to_owned(), near),
        ("far".to_owned(), source("http://192.0.2.1/orders")),
    ];
    let on_call = OnCall::new(&sources.into(), &Wire::tcp(), &clock);
    assert_eq!(on_call.read("near").await, Some(users(&["U0LEE"])));
    assert_eq!(on_call.ask("far").await, Some(Err(NoAnswer::Unreachable)));
    server.abort();
}
