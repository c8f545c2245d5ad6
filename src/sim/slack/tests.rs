//! The simulator driven as a bot drives it: over connections, never through its insides.

mod closings;
mod deliveries;
mod documented;
mod elements;
mod faulty;
mod forms;
mod home;
mod lookups;
mod messages;
mod page;
mod payloads;
mod reading;
mod sockets;
mod states;
mod strict_blocks;
mod strict_views;
mod views;

use std::sync::Arc;

use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Carried, Entry, Kind, Limits, Person, Setup, Slack, Standing, Surroundings};
use crate::clock::{Clock, SystemClock, VirtualClock};
use crate::entropy::Entropy;
use crate::units::Time;
use crate::zone::Zone;

fn around(clock: Arc<dyn Clock>) -> Surroundings {
    Surroundings {
        clock,
        entropy: Arc::new(Entropy::seeded(7)),
        tracker: TaskTracker::new(),
        stop: CancellationToken::new(),
    }
}

/// Three channels, some people, one group. The bot is in `#payments` and in the private `#vault`.
fn furnish(slack: &Slack) {
    for person in [
        Person::named("dana").in_zone(Zone::BERLIN),
        Person::named("lee"),
        Person::named("gus").who_is(Standing::Guest),
        Person::named("sam").who_is(Standing::Stranger),
        Person::named("olga").who_is(Standing::Deactivated),
    ] {
        slack.add_person(person);
    }
    let bot = "drawbridge";
    slack.add_group("orders-oncall", &["lee"]).unwrap();
    let open = |name, kind, members: &[&str]| slack.add_channel(name, kind, members).unwrap();
    open("payments", Kind::Public, &["dana", "lee", "gus", bot]);
    open("random", Kind::Public, &["dana", "lee"]);
    open("vault", Kind::Private, &["dana", bot]);
    open("cellar", Kind::Private, &["dana"]);
}

/// A furnished town on virtual time.
fn town() -> Slack {
    town_with(Setup::default())
}

fn town_with(setup: Setup) -> Slack {
    let start = Time::from_timestamp(1_800_000_000, 0).unwrap();
    let slack = Slack::new(setup, around(Arc::new(VirtualClock::starting_at(start))));
    furnish(&slack);
    slack
}

/// A furnished town without call rates.
fn unhurried_town() -> Slack {
    let limits = Limits {
        on: false,
        ..Limits::default()
    };
    town_with(Setup {
        limits,
        ..Setup::default()
    })
}

/// An answer of the Web API.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn error(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["ok"], json!(false), "{}", self.body);
        self.body["error"].as_str().unwrap()
    }

    /// A refusal has one of the codes that Slack documents for the method.
    fn of_method(&self, method: &str) {
        if let Some(code) = self.body.get("error").and_then(Value::as_str) {
            assert!(documented::documented(method, code), "{method}: {code}");
        }
    }

    fn ok(self) -> Value {
        assert_eq!(self.body["ok"], json!(true), "{}", self.body);
        self.body
    }
}

/// A new connection in memory, served by the simulator.
fn connect(slack: &Slack) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let slack = slack.clone();
    let tracker = slack.around().tracker.clone();
    tracker.spawn(async move { slack.serve_stream(theirs).await });
    ours
}

async fn send<IO>(io: IO, request: Request<Full<Bytes>>) -> Result<Answer, hyper::Error>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(io)).await?;
    let exchange = async {
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    };
    tokio::pin!(exchange);
    tokio::pin!(connection);
    tokio::select! {
        biased;
        done = &mut exchange => done,
        over = &mut connection => { over?; exchange.await }
    }
}

fn post(path: &str, content_type: &str, token: &str, body: String) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("host", "town")
        .header("content-type", content_type)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::from(body))
        .unwrap()
}

/// A call with the bot's token and a JSON body.
async fn call(slack: &Slack, method: &str, body: Value) -> Answer {
    try_call(slack, method, body).await.unwrap()
}

async fn try_call(slack: &Slack, method: &str, body: Value) -> Result<Answer, hyper::Error> {
    let token = slack.setup().bot_token.clone();
    let path = format!("/api/{method}");
    let request = post(&path, "application/json", &token, body.to_string());
    let answer = send(connect(slack), request).await?;
    answer.of_method(method);
    Ok(answer)
}

/// A call with the bot's token and a form.
async fn form(slack: &Slack, method: &str, body: &str) -> Answer {
    let token = slack.setup().bot_token.clone();
    let path = format!("/api/{method}");
    let kind = "application/x-www-form-urlencoded";
    let request = post(&path, kind, &token, body.to_owned());
    let answer = send(connect(slack), request).await.unwrap();
    answer.of_method(method);
    answer
}

/// Answers a response URL.
async fn respond(slack: &Slack, url: &str, body: Value) -> Answer {
    let path = url.strip_prefix(&slack.setup().base_url).unwrap();
    let request = post(path, "application/json", "", body.to_string());
    send(connect(slack), request).await.unwrap()
}

fn id(slack: &Slack, name: &str) -> String {
    match name.starts_with('#') {
        true => slack.channel(name).unwrap().id,
        false => slack.person(name).unwrap().id,
    }
}

async fn ticket(slack: &Slack) -> String {
    let token = slack.setup().app_token.clone();
    let request = post(
        "/api/apps.connections.open",
        "application/json",
        &token,
        "{}".into(),
    );
    let answer = send(connect(slack), request).await.unwrap().ok();
    answer["url"].as_str().unwrap().to_owned()
}

/// The bot's end of a socket.
struct Socket<IO>(WebSocketStream<IO>);

impl<IO: AsyncRead + AsyncWrite + Unpin> Socket<IO> {
    /// The next JSON frame; `None` when the connection is over.
    async fn next(&mut self) -> Option<Value> {
        loop {
            match self.0.next().await?.ok()? {
                Frame::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Frame::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next envelope of this type, acknowledged; others are acknowledged and passed over.
    async fn take(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await.expect("the connection is open");
            if frame.get("envelope_id").is_some() {
                self.acknowledge(&frame, None).await;
            }
            if frame["type"] == json!(kind) {
                return frame["payload"].clone();
            }
        }
    }

    async fn acknowledge(&mut self, envelope: &Value, payload: Option<Value>) {
        let mut ack = json!({"envelope_id": envelope["envelope_id"]});
        if let Some(payload) = payload {
            ack["payload"] = payload;
        }
        self.say(&ack.to_string()).await;
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Frame::text(text)).await.unwrap();
    }
}

/// Opens a socket in memory and reads its greeting.
async fn socket(slack: &Slack) -> Socket<DuplexStream> {
    let url = ticket(slack).await;
    let (stream, _) = tokio_tungstenite::client_async(url, connect(slack))
        .await
        .unwrap();
    let mut socket = Socket(stream);
    let hello = socket.next().await.unwrap();
    assert_eq!(hello["type"], json!("hello"));
    socket
}

/// A message with one button.
fn card(value: &str) -> Value {
    json!([
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Open?*"}},
        {"type": "actions", "elements": [
            {"type": "button", "action_id": "approve", "value": value, "style": "primary",
             "text": {"type": "plain_text", "text": "Approve"}},
            {"type": "button", "action_id": "deny", "value": value,
             "text": {"type": "plain_text", "text": "Deny"}},
        ]},
    ])
}

/// Posts a card as the bot; returns where it is.
async fn post_card(slack: &Slack, channel: &str) -> super::MessageRef {
    let body = json!({"channel": id(slack, channel), "text": "open?", "blocks": card("k7m3xq")});
    let answer = call(slack, "chat.postMessage", body).await.ok();
    super::MessageRef {
        channel: answer["channel"].as_str().unwrap().to_owned(),
        ts: answer["ts"].as_str().unwrap().to_owned(),
    }
}

fn real_town() -> (Slack, TaskTracker, CancellationToken) {
    let around = around(Arc::new(SystemClock));
    let (tracker, stop) = (around.tracker.clone(), around.stop.clone());
    let slack = Slack::new(Setup::default(), around);
    furnish(&slack);
    (slack, tracker, stop)
}

/// Attempts to deliver something, in order.
fn attempts(slack: &Slack) -> Vec<(usize, Carried)> {
    let attempt = |noted: super::Noted| match noted.entry {
        Entry::Delivery { attempt, how, .. } => Some((attempt, how)),
        _ => None,
    };
    slack.journal().into_iter().filter_map(attempt).collect()
}

/// Lets everything in flight arrive.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
}
