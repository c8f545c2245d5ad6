//! Socket Mode: tickets, connections and envelopes. (docs.slack.dev, "Using Socket Mode")
//!
//! A ticket opens one connection, once. Up to ten connections are open; each envelope goes to one of
//! them, unpredictably. A connection is warned before its end and works until then.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::ws::{Message as Frame, WebSocket};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::Slack;
use super::deliver::{Attempt, Failed, Parcel};
use super::mint::Mint;
use super::tape::Crossing;

/// Connections that an app may have at once.
const MAX_CONNECTIONS: usize = 10;

/// What a connection is told to do.
#[derive(Debug)]
enum Order {
    Send(Value),
    /// Announce the end, then work on until it comes.
    Warn,
    /// Say why and close.
    End(&'static str),
    /// Vanish without a word.
    Abort,
}

#[derive(Debug)]
struct Link {
    orders: mpsc::UnboundedSender<Order>,
    /// Envelopes that were sent here and not acknowledged yet.
    /// In order, so that a link that is cut wakes those who wait for it in the same order every time.
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
}

/// The connections that are open, and the tickets for new ones.
#[derive(Debug, Default)]
pub(super) struct Links {
    last: u64,
    open: BTreeMap<u64, Link>,
    tickets: BTreeSet<String>,
}

impl Links {
    /// A ticket for one connection.
    pub(super) fn ticket(&mut self, mint: &Mint) -> String {
        let ticket = mint.uuid();
        self.tickets.insert(ticket.clone());
        ticket
    }

    /// Takes a ticket; it cannot be taken again.
    pub(super) fn admit(&mut self, ticket: &str) -> bool {
        self.tickets.remove(ticket)
    }

    pub(super) fn abort(&self) {
        self.order_all(|| Order::Abort);
    }

    pub(super) fn warn(&self) {
        self.order_all(|| Order::Warn);
    }

    pub(super) fn end(&self, reason: &'static str) {
        self.order_all(|| Order::End(reason));
    }

    fn order_all(&self, order: impl Fn() -> Order) {
        for link in self.open.values() {
            let _ = link.orders.send(order());
        }
    }

    /// Connections that are open.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    fn add(&mut self) -> Option<(u64, mpsc::UnboundedReceiver<Order>)> {
        if self.open.len() >= MAX_CONNECTIONS {
            return None;
        }
        let (orders, inbox) = mpsc::unbounded_channel();
        self.last += 1;
        let waiting = BTreeMap::new();
        self.open.insert(self.last, Link { orders, waiting });
        Some((self.last, inbox))
    }

    /// Hands an envelope to one connection; `None` when there is none.
    fn dispatch(&mut self, mint: &Mint, envelope: Value) -> Option<oneshot::Receiver<Value>> {
        let chosen = mint.pick(self.open.len());
        let link = self.open.values_mut().nth(chosen)?;
        let id = envelope.get("envelope_id")?.as_str()?.to_owned();
        let (answer, answered) = oneshot::channel();
        link.waiting.insert(id, answer);
        link.orders.send(Order::Send(envelope)).ok()?;
        Some(answered)
    }
}

impl Slack {
    /// Sockets that are open now.
    pub fn sockets(&self) -> usize {
        self.read(|state| state.links.count())
    }

    /// Sends an envelope and waits for its acknowledgement; the caller keeps the time.
    pub(super) async fn over_socket(
        &self,
        parcel: &Parcel,
        attempt: Attempt,
    ) -> Result<Value, Failed> {
        let answered = self.with_quietly(|state| {
            // A retry is a new envelope around the same event: only `event_id` tells that it is one.
            let mut envelope = json!({
                "envelope_id": state.mint.uuid(),
                "type": parcel.what.envelope(),
                "accepts_response_payload": parcel.what.takes_answer(),
                "payload": parcel.payload,
            });
            if parcel.what == super::deliver::What::Event {
                let reason = attempt.after.map_or("", |failed| failed.reason(false));
                super::wire::set(&mut envelope, "retry_attempt", json!(attempt.number));
                super::wire::set(&mut envelope, "retry_reason", json!(reason));
            }
            state.links.dispatch(&state.mint, envelope)
        });
        answered
            .ok_or(Failed::Unreachable)?
            .await
            .map_err(|_| Failed::Unreachable)
    }

    /// Serves one connection to its end.
    pub(super) async fn serve_socket(&self, mut socket: WebSocket) {
        let admitted = self.with(|state| match state.faults.take_crowded() {
            true => None,
            false => state.links.add(),
        });
        let Some((number, mut inbox)) = admitted else {
            let refusal = text(&disconnect("too_many_websockets"));
            let _ = socket.send(refusal).await;
            return;
        };
        let mut session = Session {
            slack: self,
            socket,
            number,
            ends: Instant::now() + self.setup().timing.socket_life,
            warned: false,
        };
        let stop = self.around().stop.clone();
        tokio::select! {
            biased;
            () = session.serve(&mut inbox) => {}
            // Also in the middle of a frame that nobody reads.
            () = stop.cancelled() => {}
        }
        // Whatever was not acknowledged here fails now, and is retried if it is an event.
        self.with(|state| state.links.open.remove(&number));
    }

    /// Takes what a connection said: acknowledgements, and nothing else.
    fn take_frame(&self, number: u64, text: &str) {
        let frame: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        let id = frame.get("envelope_id").and_then(Value::as_str);
        self.with(|state| {
            let waiting = state.links.open.get_mut(&number).map(|l| &mut l.waiting);
            match waiting.zip(id).and_then(|(waiting, id)| waiting.remove(id)) {
                Some(answer) => {
                    let payload = frame.get("payload").cloned().unwrap_or_default();
                    // Late: nobody waits any more, as with Slack.
                    let _ = answer.send(payload);
                }
                None => state.complain(format!("a socket said what acknowledges nothing: {text}")),
            }
        });
    }
}

/// One open connection.
struct Session<'a> {
    slack: &'a Slack,
    socket: WebSocket,
    number: u64,
    ends: Instant,
    warned: bool,
}

/// The connection is over.
struct Over;

impl Session<'_> {
    async fn hello(&mut self) -> Result<(), Over> {
        let (app, count) = self
            .slack
            .read(|state| (state.world.app.id.clone(), state.links.count()));
        let life = self.slack.setup().timing.socket_life.as_secs();
        let hello = json!({
            "type": "hello",
            "num_connections": count,
            "debug_info": {"host": "applink-town", "build_number": 1, "approximate_connection_time": life},
            "connection_info": {"app_id": app},
        });
        self.say(hello).await
    }

    async fn serve(&mut self, inbox: &mut mpsc::UnboundedReceiver<Order>) {
        if self.hello().await.is_err() {
            return;
        }
        let timing = &self.slack.setup().timing;
        let mut ping = interval(timing.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let warn_at = self.ends.checked_sub(timing.warning).unwrap_or(self.ends);
            let step = tokio::select! {
                biased;
                order = inbox.recv() => self.obey(order.unwrap_or(Order::Abort)).await,
                frame = self.socket.recv() => self.hear(frame),
                () = sleep_until(warn_at), if !self.warned => self.warn().await,
                () = sleep_until(self.ends) => self.close().await,
                _ = ping.tick() => self.tell(Frame::Ping(b"town".as_slice().into())).await,
            };
            if step.is_err() {
                return;
            }
        }
    }

    async fn obey(&mut self, order: Order) -> Result<(), Over> {
        match order {
            Order::Send(envelope) => self.say(envelope).await,
            Order::Warn => {
                self.ends = Instant::now() + self.slack.setup().timing.warning;
                self.warn().await
            }
            Order::End(reason) => {
                self.say(disconnect(reason)).await?;
                self.close().await
            }
            Order::Abort => Err(Over),
        }
    }

    async fn warn(&mut self) -> Result<(), Over> {
        self.warned = true;
        self.say(disconnect("warning")).await
    }

    async fn close(&mut self) -> Result<(), Over> {
        let _ = self.socket.send(Frame::Close(None)).await;
        Err(Over)
    }

    fn hear<E>(&self, frame: Option<Result<Frame, E>>) -> Result<(), Over> {
        match frame {
            Some(Ok(Frame::Text(text))) => {
                self.slack.take_frame(self.number, text.as_str());
                Ok(())
            }
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_))) => Ok(()),
            Some(Ok(Frame::Close(_)) | Err(_)) | None => Err(Over),
        }
    }

    /// Says something that the app is to understand.
    async fn say(&mut self, said: Value) -> Result<(), Over> {
        let kind = said.get("type").and_then(Value::as_str).unwrap_or_default();
        self.slack.tape(Crossing::Frame, kind, || said.clone());
        self.tell(text(&said)).await
    }

    async fn tell(&mut self, frame: Frame) -> Result<(), Over> {
        self.socket.send(frame).await.map_err(|_| Over)
    }
}

fn text(value: &Value) -> Frame {
    Frame::Text(value.to_string().into())
}

fn disconnect(reason: &str) -> Value {
    json!({
        "type": "disconnect",
        "reason": reason,
        "debug_info": {"host": "applink-town"},
    })
}
