//! The inside of the tests' world: a receiver that does as told, and everything in front of it.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Dispatch;
use tracing::dispatcher::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use super::FakeSlack;
use crate::entropy::Entropy;
use crate::slack::inbound::What;
use crate::slack::{Ack, Deliverer, Inbound, Receiver, SlackApi, Socket};
use crate::view::Message;

/// Receives what the test lets it, as slowly as the test wants.
#[derive(Default)]
pub(in crate::slack) struct FakeReceiver {
    pub(in crate::slack) received: Mutex<Vec<Inbound>>,
    /// How long each delivery takes.
    pub(in crate::slack) takes: Duration,
    /// What is said to each.
    pub(in crate::slack) says: Option<Message>,
    /// What each is answered with, where that is no message.
    pub(in crate::slack) answers: Option<Ack>,
    /// Break instead of answering.
    pub(in crate::slack) breaks: bool,
}

impl FakeReceiver {
    pub(in crate::slack) fn seen(&self) -> Vec<Inbound> {
        self.received.lock().unwrap().clone()
    }

    pub(in crate::slack) fn keys(&self) -> Vec<String> {
        self.seen().into_iter().map(|inbound| inbound.key).collect()
    }
}

#[async_trait]
impl Receiver for FakeReceiver {
    /// A text `changes` is not to be done again.
    fn is_marked(&self, inbound: &Inbound) -> bool {
        !matches!(&inbound.what, What::Said { text, .. } if text == "changes")
    }

    async fn receive(&self, inbound: Inbound) -> Ack {
        self.received.lock().unwrap().push(inbound);
        if !self.takes.is_zero() {
            tokio::time::sleep(self.takes).await;
        }
        assert!(!self.breaks, "broken on purpose");
        let said = self.says.clone().map_or(Ack::Silent, Ack::Private);
        self.answers.clone().unwrap_or(said)
    }
}

/// A whole inside: receiver, deliverer, and a socket when wanted.
pub(in crate::slack) struct Town {
    pub(in crate::slack) fake: FakeSlack,
    pub(in crate::slack) receiver: Arc<FakeReceiver>,
    pub(in crate::slack) deliverer: Deliverer,
    pub(in crate::slack) tracker: TaskTracker,
    pub(in crate::slack) cancel: CancellationToken,
    pub(in crate::slack) api: Arc<SlackApi>,
}

impl Town {
    pub(in crate::slack) fn with(receiver: FakeReceiver) -> Self {
        let (fake, api) = FakeSlack::start();
        let receiver = Arc::new(receiver);
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let taker = Arc::clone(&receiver) as Arc<dyn Receiver>;
        let deliverer = Deliverer::new(Arc::clone(&api), taker, tracker.clone(), cancel.clone());
        Self {
            fake,
            receiver,
            deliverer,
            tracker,
            cancel,
            api,
        }
    }

    /// A socket, not started.
    pub(in crate::slack) fn socket(&self) -> Socket {
        Socket::new(
            Arc::clone(&self.api),
            self.deliverer.clone(),
            Arc::new(Entropy::seeded(7)),
            self.tracker.clone(),
            self.cancel.clone(),
        )
    }

    /// Shuts down and waits until all work has ended.
    pub(in crate::slack) async fn stop(&self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// A text-only message.
pub(in crate::slack) fn message(text: &str) -> Message {
    Message {
        text: text.to_owned(),
        blocks: Vec::new(),
    }
}

/// Everything that is logged, at every level, while it lives.
#[derive(Clone, Default)]
pub(in crate::slack) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures this thread's log until the guard is dropped.
    ///
    /// A second subscriber is kept alive, heard by nobody: with only one, tracing asks whichever
    /// thread meets a log line first whether anybody listens, remembers its no, and stays silent here.
    pub(in crate::slack) fn capture() -> (Self, DefaultGuard) {
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| everything(std::io::sink));
        let log = Self::default();
        let guard = tracing::dispatcher::set_default(&everything(log.clone()));
        (log, guard)
    }

    pub(in crate::slack) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn everything<W>(writer: W) -> Dispatch
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(writer);
    Dispatch::new(subscriber.finish())
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
