//! Socket Mode: keeps one connection to Slack open and reads deliveries from it.
//!
//! Our own loop, because the client library's was measured to call Slack hundreds of times a second
//! when refused, to lose frames at every refresh and to acknowledge only after the work. It must
//! never end by itself: without Slack, gates are still closed, and Slack comes back.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::api::{SlackApi, SlackError};
use super::deliver::Deliverer;
use crate::entropy::Entropy;

mod acks;
mod backoff;
mod envelope;
mod link;
mod state;
#[cfg(test)]
mod tests;

use self::backoff::{Backoff, Ended};
use self::link::{Link, OpenError, Parting, Shared};
pub use self::state::SocketState;

/// Keeps Drawbridge connected.
///
/// # Guarantees
/// - A connection whose end Slack announces is followed by a new one before it is gone, and is read
///   to its end: no frame is lost to a refresh.
/// - Work is done apart from the connection and acknowledged by [`Deliverer`]'s rules.
/// - Attempts are spread by full jitter with a ceiling growing from 1 s to 60 s, also when
///   connections open and die at once. After a fault that only a person can repair: every 5 minutes.
///
/// # Shutdown
/// On cancellation reading stops, work under way acknowledges for up to three seconds, and the
/// connection is closed. What was not read, Slack delivers again.
pub struct Socket {
    api: Arc<SlackApi>,
    shared: Shared,
    entropy: Arc<Entropy>,
    state: watch::Sender<SocketState>,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}

impl Socket {
    /// A socket that delivers to `deliverer`; connections live on `tracker` until `cancel`.
    pub fn new(
        api: Arc<SlackApi>,
        deliverer: Deliverer,
        entropy: Arc<Entropy>,
        tracker: TaskTracker,
        cancel: CancellationToken,
    ) -> Self {
        Self {
            api,
            shared: Shared {
                deliverer,
                tracker,
                cancel,
            },
            entropy,
            state: watch::Sender::new(SocketState::Connecting),
        }
    }

    fn become_(&self, state: SocketState) {
        let connected = state == SocketState::Connected;
        self.api.note_link(connected);
        self.api.metrics().slack_connected(connected);
        self.state.send_replace(state);
    }

    /// How the connection is doing, now and from now on. For `/readyz`'s detail.
    pub fn state(&self) -> watch::Receiver<SocketState> {
        self.state.subscribe()
    }

    /// Stays connected until cancelled.
    pub async fn run(self) {
        self.become_(SocketState::Connecting);
        let mut backoff = Backoff::default();
        let cancel = self.shared.cancel.clone();
        loop {
            let ended = tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                ended = self.once() => ended,
            };
            let pause = backoff.after(ended, self.entropy.fraction());
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.become_(SocketState::Closed);
    }

    /// One connection, until it wants a successor.
    async fn once(&self) -> Ended {
        let link = match self.connect().await {
            Ok(link) => link,
            Err(trouble) => return self.tell(trouble),
        };
        let opened = Instant::now();
        self.become_(SocketState::Connected);
        tracing::info!("connected to Slack");
        let (sender, parting) = oneshot::channel();
        let task = link.run(self.shared.clone(), sender);
        self.shared.tracker.spawn(task);
        let Ok(parting) = parting.await else {
            // The connection saw the shutdown before we did.
            return Ended::Lived(opened.elapsed());
        };
        match parting {
            Parting::Announced(reason) => {
                tracing::info!(reason, "Slack will end the connection; opening the next");
            }
            Parting::Lost(reason) => {
                tracing::warn!(reason, "the connection to Slack is lost");
                self.become_(SocketState::Away(reason));
            }
            Parting::Disabled => return self.tell(Trouble::Open(OpenError::Disabled)),
        }
        Ended::Lived(opened.elapsed())
    }

    async fn connect(&self) -> Result<Link, Trouble> {
        let address = self.api.open_connection().await.map_err(Trouble::Call)?;
        Link::open(self.api.wire(), &address)
            .await
            .map_err(Trouble::Open)
    }

    /// Logs trouble as loudly as it deserves, keeps it for `/readyz`, and says how to go on.
    fn tell(&self, trouble: Trouble) -> Ended {
        let reason = trouble.to_string();
        let ended = trouble.ended();
        if ended == Ended::Broken {
            tracing::error!(
                reason,
                "Slack will not let us connect until somebody repairs this"
            );
            self.become_(SocketState::Refused(reason));
        } else {
            tracing::warn!(reason, "cannot connect to Slack");
            self.become_(SocketState::Away(reason));
        }
        ended
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0}")]
    Call(SlackError),
    #[error("{0}")]
    Open(OpenError),
}

impl Trouble {
    const fn ended(&self) -> Ended {
        match self {
            Self::Call(SlackError::RateLimited { after, .. }) => Ended::Limited(*after),
            // Slack understood and said no: an app setting or a token.
            Self::Call(SlackError::Auth { .. } | SlackError::Refused { .. })
            | Self::Open(OpenError::Disabled) => Ended::Broken,
            Self::Call(SlackError::Away { .. } | SlackError::Ambiguous { .. }) | Self::Open(_) => {
                Ended::Failed
            }
        }
    }
}
