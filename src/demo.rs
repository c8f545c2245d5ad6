//! The demo: a town that people live in, in the browser.
//!
//! The same town that plays stories and serves every test ([`crate::sim::town`]) runs here beside a page
//! that shows it and acts in it. In the usual demo its time is its own: it goes as fast as the
//! machine's (`pace`) and can be hurried, and because it moves only when nothing can run, half an
//! hour passes in a blink and in the right order. With a real cluster or a real Redis it is the
//! machine's.
//!
//! Everything that the page shows is on the `board`, kept current by `follow`; everything that a
//! visitor does goes through `acts`, `troubles` or the pace. Nothing here is needed by `serve`.

mod acts;
mod board;
mod doors;
mod files;
mod follow;
mod guard;
mod live;
mod look;
mod pace;
mod play;
mod troubles;
mod web;

use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::entropy::Entropy;
use crate::sim::town::{MakeStore, Site};
use crate::units::Seconds;
use pace::Pace;
use play::Stage;

/// What a demo is made from.
pub struct Options {
    /// Where the page is served.
    pub listen: SocketAddr,
    /// Makes an empty store; again for every new town.
    pub store: MakeStore,
    /// The town's cluster.
    pub site: Site,
    /// The hard maximum of any gate.
    pub max_lifetime: Seconds,
    /// What stands behind the cluster, in the page's words.
    pub cluster_is: String,
    /// Whether store and cluster are in this process: then time can be hurried and things broken.
    pub embedded: bool,
}

/// A demo that is being served.
#[derive(Debug)]
pub struct Demo {
    /// Where the page is.
    pub page: SocketAddr,
    /// Where the town's Slack answers; `None`: only the bot in this process reaches it.
    pub slack: Option<SocketAddr>,
    /// Where the town's API server answers; `None`: the cluster is a real one.
    pub kubernetes: Option<SocketAddr>,
    /// What the page's address must end with, beside real servers: who is on this machine is not yet a
    /// visitor.
    pub key: Option<String>,
    stage: Stage,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Demo {
    /// Founds the town and opens its doors. Without [`Options::embedded`] the runtime must run in real
    /// time, with it time must be paused.
    ///
    /// # Errors
    /// The address is taken, the store cannot be opened, the cluster cannot be reached.
    pub async fn open(options: Options) -> Result<Self> {
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let page = TcpListener::bind(options.listen)
            .await
            .with_context(|| format!("listening on {}", options.listen))?;
        let address = page.local_addr()?;
        let doors = match options.embedded {
            true => doors::Doors::beside(address).await?,
            false => doors::Doors::default(),
        };
        let pace = Pace::start(options.embedded, &tracker, &stop);
        let (slack, kubernetes) = doors.addresses();
        let key = (!options.embedded).then(|| Entropy::from_os().commit_id().0);
        let stage = Stage::open(options, (slack, kubernetes), (pace, tracker.clone()))?;
        tracker.spawn(follow::follow(stage.clone(), stop.clone()));
        doors.open(&stage, &tracker, &stop);
        let closed = stop.clone().cancelled_owned();
        let router = web::router(stage.clone(), key.clone());
        let serving = axum::serve(page, router).with_graceful_shutdown(closed);
        tracker.spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the page is not served any more");
            }
        });
        Ok(Self {
            page: address,
            slack,
            kubernetes,
            key,
            stage,
            tracker,
            stop,
        })
    }

    /// Closes everything. In a real cluster nothing of this demo stays open: what could not be closed is
    /// returned, by name.
    pub async fn close(self) -> Vec<String> {
        let left = match self.stage.is_simulated() {
            true => Vec::new(),
            false => self.stage.take_down().await,
        };
        // Streams to pages end when the runtime does: nothing waits for a visitor.
        self.stop.cancel();
        self.tracker.close();
        left
    }
}
