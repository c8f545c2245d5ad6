//! A Slack of a few lines for this module's tests: scripted answers and connections that the test
//! drives by hand, over the in-memory wire. (The simulator proper is stateful and lives elsewhere.)

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::HeaderMap;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Map, Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use url::form_urlencoded;

use super::{MemoryListener, SlackApi, SlackConfig, Wire};
use crate::secret::Secret;

mod town;

pub(super) use self::town::{FakeReceiver, Log, Town, message};

pub(super) const BOT_TOKEN: &str = "xoxb-do-not-print";
pub(super) const APP_TOKEN: &str = "xapp-do-not-print";
pub(super) const SIGNING_SECRET: &str = "signing-do-not-print";

/// A call that arrived.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) body: Value,
    pub(super) token: Option<String>,
    pub(super) at: Instant,
}

/// A scripted answer.
#[derive(Debug, Clone)]
pub(super) enum Script {
    /// 200 and this JSON.
    Say(Value),
    /// `{"ok": false, "error": …}`
    Refuse(&'static str),
    /// 429, perhaps with `Retry-After`.
    Limit(Option<u32>),
    /// Another status, without a body.
    Status(u16),
    /// Never.
    Hang,
}

#[derive(Default)]
struct Book {
    calls: Vec<Call>,
    scripts: HashMap<String, VecDeque<Script>>,
    always: HashMap<String, Script>,
}

#[derive(Clone)]
struct Desk {
    book: Arc<Mutex<Book>>,
    rang: Arc<Notify>,
    sockets: mpsc::UnboundedSender<WebSocket>,
}

/// The far end of a wire.
pub(super) struct FakeSlack {
    desk: Desk,
    sockets: mpsc::UnboundedReceiver<WebSocket>,
    tracker: TaskTracker,
}

impl FakeSlack {
    /// A fake and an API that calls it.
    pub(super) fn start() -> (Self, Arc<SlackApi>) {
        let (wire, listener) = Wire::memory();
        let (sender, sockets) = mpsc::unbounded_channel();
        let desk = Desk {
            book: Arc::default(),
            rang: Arc::default(),
            sockets: sender,
        };
        let tracker = TaskTracker::new();
        tracker.spawn(serve(listener, desk.clone(), tracker.clone()));
        let config = SlackConfig {
            bot_token: Secret::new(BOT_TOKEN),
            app_token: Some(Secret::new(APP_TOKEN)),
            signing_secret: Some(Secret::new(SIGNING_SECRET)),
            api_url: "http://slack.sim/api".to_owned(),
        };
        let api = Arc::new(SlackApi::new(&config, wire));
        let fake = Self {
            desk,
            sockets,
            tracker,
        };
        (fake, api)
    }

    /// The next answers of a method, in order; then the usual ones again.
    pub(super) fn script(&self, method: &str, scripts: impl IntoIterator<Item = Script>) {
        let mut book = self.desk.book.lock().unwrap();
        let queue = book.scripts.entry(method.to_owned()).or_default();
        queue.extend(scripts);
    }

    /// The answer of a method from now on.
    pub(super) fn always(&self, method: &str, script: Script) {
        let mut book = self.desk.book.lock().unwrap();
        book.always.insert(method.to_owned(), script);
    }

    /// Calls of a method so far.
    pub(super) fn calls(&self, method: &str) -> Vec<Call> {
        let book = self.desk.book.lock().unwrap();
        let of_method = book.calls.iter().filter(|c| c.method == method);
        of_method.cloned().collect()
    }

    /// Waits until a method was called so often.
    pub(super) async fn called(&self, method: &str, times: usize) -> Vec<Call> {
        loop {
            // Listen before looking, or a call in between goes unheard.
            let rang = self.desk.rang.notified();
            let calls = self.calls(method);
            if calls.len() >= times {
                return calls;
            }
            rang.await;
        }
    }

    /// The next Socket Mode connection, before its hello.
    pub(super) async fn connection(&mut self) -> FakeSocket {
        FakeSocket(self.sockets.recv().await.expect("a connection"))
    }

    /// The next connection, greeted.
    pub(super) async fn greeted(&mut self) -> FakeSocket {
        let mut socket = self.connection().await;
        socket
            .send(json!({"type": "hello", "num_connections": 1}))
            .await;
        socket
    }

    /// Whether a connection is waiting to be taken.
    pub(super) fn has_connection(&self) -> bool {
        !self.sockets.is_empty()
    }
}

/// A Socket Mode connection seen from Slack.
pub(super) struct FakeSocket(WebSocket);

impl FakeSocket {
    pub(super) async fn send(&mut self, frame: Value) {
        self.send_text(frame.to_string()).await;
    }

    pub(super) async fn send_text(&mut self, text: String) {
        self.0
            .send(Frame::Text(text.into()))
            .await
            .expect("an open connection");
    }

    /// The same for a frame that ends the connection while it is sent.
    pub(super) async fn send_in_vain(&mut self, frame: Value) {
        let text = frame.to_string();
        drop(self.0.send(Frame::Text(text.into())).await);
    }

    /// The next acknowledgement; pings are answered on the way. `None` when the connection ended.
    pub(super) async fn acknowledged(&mut self) -> Option<Value> {
        loop {
            match self.0.recv().await {
                Some(Ok(Frame::Text(text))) => return serde_json::from_str(&text).ok(),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}

async fn serve(mut listener: MemoryListener, desk: Desk, tracker: TaskTracker) {
    let router = Router::new()
        .route("/api/{method}", any(answer))
        .route("/respond/{id}", post(respond))
        .route("/link", get(link))
        .with_state(desk);
    while let Some(stream) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tracker.spawn(async move {
            let _ = connection.await;
        });
    }
}

async fn link(State(desk): State<Desk>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| async move {
        let _ = desk.sockets.send(socket);
    })
}

async fn respond(state: State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let method = Path("response_url".to_owned());
    answer(state, method, RawQuery(None), headers, body).await
}

async fn answer(
    State(desk): State<Desk>,
    Path(method): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let script = {
        let mut book = desk.book.lock().unwrap();
        let body = if body.is_empty() {
            fields(query)
        } else {
            serde_json::from_slice(&body).unwrap()
        };
        let token = headers
            .get("authorization")
            .map(|v| v.to_str().unwrap().to_owned());
        book.calls.push(Call {
            method: method.clone(),
            body,
            token,
            at: Instant::now(),
        });
        desk.rang.notify_waiters();
        let next = book.scripts.get_mut(&method).and_then(VecDeque::pop_front);
        next.or_else(|| book.always.get(&method).cloned())
            .unwrap_or_else(|| usual(&method, book.calls.len()))
    };
    let json = |status: u16, value: Value| {
        (
            http::StatusCode::from_u16(status).unwrap(),
            axum::Json(value),
        )
    };
    match script {
        Script::Say(value) => json(200, value).into_response(),
        Script::Refuse(code) => json(200, json!({"ok": false, "error": code})).into_response(),
        Script::Limit(after) => {
            let mut said = json(429, json!({"ok": false, "error": "ratelimited"})).into_response();
            if let Some(after) = after {
                said.headers_mut().insert("retry-after", after.into());
            }
            said
        }
        Script::Status(status) => http::StatusCode::from_u16(status).unwrap().into_response(),
        Script::Hang => std::future::pending().await,
    }
}

fn fields(query: Option<String>) -> Value {
    let query = query.unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
    Value::Object(
        pairs
            .map(|(k, v)| (k, Value::String(v)))
            .collect::<Map<_, _>>(),
    )
}

fn usual(method: &str, count: usize) -> Script {
    Script::Say(match method {
        "auth.test" => {
            json!({"ok": true, "user_id": "UBOT", "bot_id": "BBOT", "team_id": "T1", "team": "Acme"})
        }
        "apps.connections.open" => {
            json!({"ok": true, "url": format!("ws://slack.sim/link?ticket={count}")})
        }
        "chat.postMessage" => json!({"ok": true, "channel": "D1", "ts": format!("{count}.000100")}),
        "conversations.open" => json!({"ok": true, "channel": {"id": "D1"}}),
        _ => json!({"ok": true}),
    })
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        self.tracker.close();
    }
}
