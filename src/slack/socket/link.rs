//! One Socket Mode connection, from its hello to its end.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message as Frame};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::acks::{Outgoing, work};
use super::envelope::{self, Said};
use crate::slack::deliver::Deliverer;
use crate::slack::transport::{Stream, Wire};

/// For the upgrade and the hello; Slack says hello at once.
const OPENING: Duration = Duration::from_secs(10);

/// How often we ask whether the far end still lives. Slack itself pings too.
const PING: Duration = Duration::from_secs(15);

/// Silence (not even an answer to a ping) after which the connection counts as dead.
const SILENCE: Duration = Duration::from_secs(40);

/// How long a connection whose end was announced is kept for what still comes. Slack closes it
/// itself about ten seconds after its warning.
const FAREWELL: Duration = Duration::from_secs(60);

/// How long the end of a connection waits for acknowledgements of work under way: a little more than
/// the longest that an acknowledgement waits for its work.
const DRAIN: Duration = Duration::from_secs(3);

/// A frame that takes longer to leave means that the far end reads nothing.
const SEND: Duration = Duration::from_secs(10);

/// Slack's frames are a few kilobytes; a larger one is not for us.
pub(super) const LARGEST: usize = 4 * 1024 * 1024;

type Socket = WebSocketStream<TokioIo<Stream>>;

/// Why a connection could not be opened. Never names the address: it holds a ticket.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error("the address is malformed")]
    Address,
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("slack refused the upgrade: {0}")]
    Upgrade(String),
    #[error("slack did not say hello in time")]
    Silent,
    #[error("slack ended the connection instead of saying hello: {0}")]
    NoHello(String),
    /// Socket Mode is switched off.
    #[error("link_disabled")]
    Disabled,
}

/// Why a connection wants a successor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parting {
    /// Slack will close it soon; it is still read meanwhile.
    Announced(String),
    /// It is gone: why.
    Lost(String),
    /// Socket Mode was switched off for the app.
    Disabled,
}

/// What Slack says when Socket Mode was switched off: connecting again is in vain.
const DISABLED: &str = "link_disabled";

/// What every connection shares.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) deliverer: Deliverer,
    pub(super) tracker: TaskTracker,
    pub(super) cancel: CancellationToken,
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Link {
    socket: Socket,
    heard: Instant,
}

impl Link {
    /// Connects, upgrades and waits for the hello.
    pub(super) async fn open(wire: &Wire, address: &str) -> Result<Self, OpenError> {
        tokio::time::timeout(OPENING, Self::greet(wire, address))
            .await
            .unwrap_or(Err(OpenError::Silent))
    }

    async fn greet(wire: &Wire, address: &str) -> Result<Self, OpenError> {
        let uri = address.parse().map_err(|_| OpenError::Address)?;
        let stream = TokioIo::new(wire.open(uri).await?);
        let limits = WebSocketConfig::default().max_message_size(Some(LARGEST));
        let upgrade =
            tokio_tungstenite::client_async_with_config(address, stream, Some(limits)).await;
        let (mut socket, _) = upgrade.map_err(|error| OpenError::Upgrade(brief(&error)))?;
        loop {
            let frame = socket.next().await;
            match frame {
                Some(Ok(Frame::Text(text))) => match envelope::read(&text) {
                    Said::Hello => {
                        let heard = Instant::now();
                        return Ok(Self { socket, heard });
                    }
                    Said::Disconnect(reason) if reason == DISABLED => {
                        return Err(OpenError::Disabled);
                    }
                    Said::Disconnect(reason) => return Err(OpenError::NoHello(reason)),
                    Said::Deliver(_) | Said::Unknown { .. } => {}
                },
                Some(Ok(Frame::Close(_))) | None => {
                    return Err(OpenError::NoHello("closed".to_owned()));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(OpenError::NoHello(brief(&error))),
            }
        }
    }

    /// Reads and acknowledges until the connection ends. Says through `parting` as soon as a
    /// successor is wanted, which may be long before the end.
    pub(super) async fn run(mut self, shared: Shared, parting: oneshot::Sender<Parting>) {
        let (acks, mut outgoing) = mpsc::unbounded_channel();
        let mut farewell = Farewell::new(parting);
        let lost = self
            .serve(&shared, &acks, &mut outgoing, &mut farewell)
            .await;
        drop(acks);
        match lost {
            Some(parting) => {
                farewell.say(parting);
                // From here on work finds the channel closed and sends its answers another way; so
                // do those that wait in it.
                outgoing.close();
                while let Some(ack) = outgoing.recv().await {
                    ack.reroute(&shared.deliverer);
                }
            }
            None => self.drain(&shared, outgoing).await,
        }
    }

    /// The loop itself: why the connection ended, or `None` when we are shutting down.
    ///
    /// The branches are tried in order, never by chance: simulations must repeat exactly, and
    /// acknowledgements must not starve behind a flood of frames.
    async fn serve(
        &mut self,
        shared: &Shared,
        acks: &mpsc::UnboundedSender<Outgoing>,
        outgoing: &mut mpsc::UnboundedReceiver<Outgoing>,
        farewell: &mut Farewell,
    ) -> Option<Parting> {
        let mut ping = tokio::time::interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = farewell.deadline(self.heard + SILENCE);
            let sent = tokio::select! {
                biased;
                () = shared.cancel.cancelled() => return None,
                Some(ack) = outgoing.recv() => self.acknowledge(ack, shared).await,
                frame = self.socket.next() => {
                    self.heard = Instant::now();
                    match read_frame(frame, shared, acks) {
                        Step::Go => Ok(()),
                        Step::Farewell(reason) => {
                            farewell.announce(reason);
                            Ok(())
                        }
                        Step::End(parting) => return Some(parting),
                    }
                }
                _ = ping.tick() => self.send(Frame::Ping(Vec::new().into())).await,
                () = tokio::time::sleep_until(deadline) => Err("silence".to_owned()),
            };
            if let Err(why) = sent {
                return Some(Parting::Lost(why));
            }
        }
    }

    /// Stops reading, lets work under way acknowledge, and says goodbye.
    async fn drain(mut self, shared: &Shared, mut outgoing: mpsc::UnboundedReceiver<Outgoing>) {
        let deadline = Instant::now() + DRAIN;
        // The channel ends when the last work that could acknowledge has ended.
        while let Ok(Some(ack)) = tokio::time::timeout_at(deadline, outgoing.recv()).await {
            if self.acknowledge(ack, shared).await.is_err() {
                return;
            }
        }
        // The goodbye is a courtesy; Slack notices a closed connection without it.
        let _ = tokio::time::timeout(SEND, self.socket.close(None)).await;
    }

    async fn acknowledge(&mut self, ack: Outgoing, shared: &Shared) -> Result<(), String> {
        let sent = self.send(Frame::text(ack.text.clone())).await;
        if sent.is_err() {
            ack.reroute(&shared.deliverer);
        }
        sent
    }

    async fn send(&mut self, frame: Frame) -> Result<(), String> {
        match tokio::time::timeout(SEND, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(brief(&error)),
            Err(_) => Err("nothing is read".to_owned()),
        }
    }
}

/// The wish for a successor, sent at most once.
struct Farewell {
    parting: Option<oneshot::Sender<Parting>>,
    until: Option<Instant>,
}

impl Farewell {
    const fn new(parting: oneshot::Sender<Parting>) -> Self {
        Self {
            parting: Some(parting),
            until: None,
        }
    }

    /// When to end at the latest, given how long silence is borne.
    fn deadline(&self, silence: Instant) -> Instant {
        self.until.map_or(silence, |until| until.min(silence))
    }

    fn announce(&mut self, reason: String) {
        self.until.get_or_insert(Instant::now() + FAREWELL);
        self.say(Parting::Announced(reason));
    }

    fn say(&mut self, parting: Parting) {
        if let Some(sender) = self.parting.take() {
            // Nobody listens when the whole socket is being shut down.
            let _ = sender.send(parting);
        }
    }
}

/// What a frame means for the connection.
enum Step {
    Go,
    Farewell(String),
    End(Parting),
}

type Received = Option<Result<Frame, tungstenite::Error>>;

fn read_frame(frame: Received, shared: &Shared, acks: &mpsc::UnboundedSender<Outgoing>) -> Step {
    let text = match frame {
        Some(Ok(Frame::Text(text))) => text,
        Some(Ok(Frame::Close(_))) | None => return Step::End(Parting::Lost("closed".to_owned())),
        Some(Err(error)) => return Step::End(Parting::Lost(brief(&error))),
        // Pings are answered by the library with the next frame; nothing else is expected.
        Some(Ok(_)) => return Step::Go,
    };
    match envelope::read(&text) {
        Said::Hello => Step::Go,
        Said::Disconnect(reason) if reason == DISABLED => Step::End(Parting::Disabled),
        Said::Disconnect(reason) => Step::Farewell(reason),
        Said::Deliver(envelope) => {
            let (deliverer, acks) = (shared.deliverer.clone(), acks.clone());
            shared.tracker.spawn(work(deliverer, envelope, acks));
            Step::Go
        }
        Said::Unknown { envelope, kind } => {
            shared.deliverer.note_unknown(&kind);
            if let Some(id) = envelope {
                // A failure means that the connection has just ended, which the loop sees itself.
                let _ = acks.send(Outgoing::empty(&id));
            }
            Step::Go
        }
    }
}

/// An error in a few words, without addresses or bodies.
fn brief(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::Http(response) => format!("HTTP {}", response.status().as_u16()),
        tungstenite::Error::Io(error) => error.kind().to_string(),
        tungstenite::Error::Protocol(error) => error.to_string(),
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
            "closed".to_owned()
        }
        _ => "protocol error".to_owned(),
    }
}
