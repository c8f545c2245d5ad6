//! A server that answers as a test tells it, and jobs that ask it.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::e2e::wait::{SOON, within};

/// The only request that the desk knows.
pub(crate) const ID: &str = "k7m3xq";

/// What the desk does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    /// The request, in this state; an ask made it.
    Told(&'static str),
    /// The request, in this state; it was there before.
    Before(&'static str),
    /// Any answer; with the status of an error, a problem that says this.
    With(u16, Value),
    /// Another program's page.
    Page(u16),
    /// Busy, for so many seconds.
    Busy(u64),
    /// Elsewhere.
    Redirect,
    /// Carried out, and the answer breaks off.
    Cut,
    /// Carried out, and the answer never comes.
    Silence,
}

/// One call as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// `POST /v1/requests`, without what stands behind a `?`.
    pub(crate) what: String,
    pub(crate) query: String,
    pub(crate) key: Option<String>,
    pub(crate) token: String,
    pub(crate) body: String,
}

#[derive(Debug)]
struct Inner {
    /// What is said to the next calls of a kind; the last is said again and again.
    script: Mutex<BTreeMap<&'static str, VecDeque<Say>>>,
    /// What is added to every request that is told.
    also: Mutex<Value>,
    calls: watch::Sender<Vec<Call>>,
}

/// The desk, and a job's folder with its token.
pub(crate) struct Desk {
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    inner: Arc<Inner>,
    _serving: JoinSet<()>,
}

pub(crate) const ASK: &str = "POST /v1/requests";
pub(crate) const LOOK: &str = "GET /v1/requests/k7m3xq";
pub(crate) const DONE: &str = "POST /v1/requests/k7m3xq/done";

impl Desk {
    /// A desk that opens at once and closes when asked to.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            script: Mutex::default(),
            also: Mutex::new(json!({})),
            calls: watch::channel(Vec::new()).0,
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let desk = Self {
            address,
            folder: tempfile::tempdir().unwrap(),
            inner,
            _serving: serving,
        };
        desk.token("secret-token-1");
        desk.says(ASK, [Say::Told("active")]);
        desk.says(LOOK, [Say::Told("active")]);
        desk.says(DONE, [Say::Told("ended")]);
        desk
    }

    /// Says this to calls of a kind, the last again and again.
    pub(crate) fn says(&self, what: &'static str, says: impl IntoIterator<Item = Say>) {
        let says = says.into_iter().collect();
        self.inner.script.lock().unwrap().insert(what, says);
    }

    /// Adds fields to every request that is told.
    pub(crate) fn also(&self, fields: Value) {
        *self.inner.also.lock().unwrap() = fields;
    }

    /// Replaces the job's token, as the kubelet does.
    pub(crate) fn token(&self, token: &str) {
        std::fs::write(self.token_file(), format!("{token}\n")).unwrap();
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// Every call so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.inner.calls.borrow().clone()
    }

    /// What was called so far, in order.
    pub(crate) fn whats(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.what).collect()
    }

    /// Waits until so many calls of a kind have come.
    pub(crate) async fn until(&self, what: &str, times: usize) {
        let mut calls = self.inner.calls.subscribe();
        let came =
            calls.wait_for(|calls| calls.iter().filter(|call| call.what == what).count() >= times);
        within(SOON, what, came).await.unwrap();
    }

    /// The program, for this desk.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("DRAWBRIDGE_SERVER", format!("http://{}", self.address))
            .env("DRAWBRIDGE_TOKEN_FILE", self.token_file())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts a job.
    pub(crate) fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    /// Runs a job to its end.
    pub(crate) async fn run(&self, words: &[&str]) -> Ran {
        ended(self.start(words)).await
    }
}

/// How a job ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Waits for the end of a job.
pub(crate) async fn ended(child: Child) -> Ran {
    let output: Output = within(SOON, "the job ends", child.wait_with_output())
        .await
        .unwrap();
    let ran = Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("secret-token"), "{ran:?}");
        let plain = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(plain), "{ran:?}");
    }
    ran
}

/// Sends a signal to a job.
pub(crate) fn signal(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill")
        .args([signal, &pid])
        .status();
    assert!(sent.unwrap().success(), "kill {signal} {pid}");
}

async fn answer(State(desk): State<Arc<Inner>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    let header = |name: &str| text(&head.headers, name);
    let what = format!("{} {}", head.method, head.uri.path());
    let query = head.uri.query().unwrap_or_default().to_owned();
    let call = Call {
        what: what.clone(),
        query: query.clone(),
        key: header("idempotency-key"),
        token: header("authorization").unwrap_or_default(),
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    desk.calls.send_modify(|calls| calls.push(call));
    let say = {
        let mut script = desk.script.lock().unwrap();
        match script.get_mut(what.as_str()) {
            Some(says) if says.len() > 1 => says.pop_front(),
            Some(says) => says.front().cloned(),
            None => None,
        }
    };
    let Some(say) = say else {
        return Say::With(404, json!({"detail": "no such call"})).response(&json!({}), false);
    };
    let post = head.method == http::Method::POST;
    if matches!(say, Say::Silence) {
        return std::future::pending().await;
    }
    // Held back for as long as a real one would: until it is in the state that is waited for.
    if let (false, Say::Told(state)) = (post, &say)
        && let Some(seconds) = held_back(&query, state)
    {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    say.response(&desk.also.lock().unwrap(), post)
}

fn held_back(query: &str, state: &str) -> Option<u64> {
    let (wait, timeout) = query.split_once('&')?;
    let wait = wait.strip_prefix("wait=")?;
    let timeout = timeout.strip_prefix("timeout=")?.strip_suffix('s')?;
    let over = !["pending", "granting", "active"].contains(&state);
    (wait != state && !over).then(|| timeout.parse().unwrap())
}

impl Say {
    fn response(self, also: &Value, post: bool) -> Response {
        match self {
            Self::Told(state) => {
                let mut told = json!({
                    "id": ID, "state": state, "ask": "shop/web to orders/db:5432",
                    "flow": "shop/web -> orders/db:5432", "requested_by": "ci/deployer",
                    "stages": [], "targets": [], "expires_at": null,
                });
                for (name, value) in also.as_object().unwrap() {
                    told[name] = value.clone();
                }
                let status = if post {
                    StatusCode::CREATED
                } else {
                    StatusCode::OK
                };
                (status, axum::Json(told)).into_response()
            }
            Self::Before(state) => Self::Told(state).response(also, false),
            Self::With(status @ 400.., mut body) => {
                body["type"] = json!("urn:drawbridge:some-kind");
                let media = [("content-type", "application/problem+json")];
                let status = StatusCode::from_u16(status).unwrap();
                (status, media, body.to_string()).into_response()
            }
            Self::With(status, body) => {
                let status = StatusCode::from_u16(status).unwrap();
                (status, axum::Json(body)).into_response()
            }
            Self::Page(status) => {
                let status = StatusCode::from_u16(status).unwrap();
                (status, axum::response::Html("<html>")).into_response()
            }
            Self::Busy(seconds) => {
                let headers = [("retry-after", seconds.to_string())];
                (StatusCode::TOO_MANY_REQUESTS, headers, "slower").into_response()
            }
            Self::Redirect => {
                (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response()
            }
            Self::Silence => unreachable!("nothing is said"),
            Self::Cut => {
                let parts = [Ok("{\"id\":"), Err(std::io::Error::other("cut"))];
                let body = Body::from_stream(futures::stream::iter(parts));
                (StatusCode::CREATED, body).into_response()
            }
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().unwrap();
    Some(value.to_owned())
}
