//! The town that is being shown, and its replacement when a visitor wants to begin again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Options;
use super::board::{Board, Picture};
use super::look::cluster::LastPicture;
use super::look::ledger::Ledger;
use super::pace::Pace;
use crate::cluster::Cluster;
use crate::sim::slack::Setup;
use crate::sim::town::{MakeStore, Plan, Site, Times, Town};
use crate::units::Time;

/// The first town's ids are those of the documentation; later ones draw others.
const SEED: u64 = 7;

/// How long the town goes on after an event that a visitor hurried to, so that people see what came
/// of it: Slack takes a message a second.
const AFTERMATH: Duration = Duration::from_secs(3);

/// The demo's one shared thing. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Stage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Making,
    addresses: (Option<SocketAddr>, Option<SocketAddr>),
    pub(super) pace: Pace,
    board: Board,
    play: RwLock<Play>,
    towns: AtomicU64,
}

/// What every new town is made from.
struct Making {
    store: Arc<MakeStore>,
    site: Site,
    cluster_is: String,
    embedded: bool,
}

impl std::fmt::Debug for Making {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Making").finish_non_exhaustive()
    }
}

/// One town, and what is watched of it.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) town: Town,
    /// The demo's own eyes on the cluster: they see also while the bot is killed.
    pub(super) eyes: Cluster,
    /// Names of what a visitor broke.
    pub(super) broken: BTreeSet<&'static str>,
    pub(super) bot_killed: bool,
    pub(super) ledger: Mutex<Ledger>,
    pub(super) last_picture: Mutex<LastPicture>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Stage {
    /// Founds the first town.
    pub(super) fn open(
        options: Options,
        addresses: (Option<SocketAddr>, Option<SocketAddr>),
        pace: Pace,
    ) -> Result<Self> {
        let plan = Making {
            store: Arc::new(options.store),
            site: options.site,
            cluster_is: options.cluster_is,
            embedded: options.embedded,
        };
        let play = plan.found(SEED, addresses.0)?;
        let board = Board::new(Picture::of(0, play.town.slack.clone()));
        let inner = Inner {
            plan,
            addresses,
            pace,
            board,
            play: RwLock::new(play),
            towns: AtomicU64::new(0),
        };
        Ok(Self(Arc::new(inner)))
    }

    pub(super) fn board(&self) -> &Board {
        &self.0.board
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    /// What stands behind the cluster.
    pub(super) fn cluster_is(&self) -> &str {
        &self.0.plan.cluster_is
    }

    /// Whether time can be hurried and things broken.
    pub(super) fn is_embedded(&self) -> bool {
        self.0.plan.embedded
    }

    /// Where Slack and the API server can be reached.
    pub(super) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        self.0.addresses
    }

    pub(super) async fn play(&self) -> RwLockReadGuard<'_, Play> {
        self.0.play.read().await
    }

    pub(super) async fn play_mut(&self) -> RwLockWriteGuard<'_, Play> {
        self.0.play.write().await
    }

    /// Makes an empty store for this town.
    pub(super) async fn empty_store(&self) -> Result<()> {
        let play = self.play().await;
        let empty = (self.0.plan.store)(play.town.clock())?;
        play.town.shelf.replace(empty);
        Ok(())
    }

    /// A fresh town in the place of this one. The old one's bot stops; nothing is left of it.
    pub(super) async fn begin_again(&self) -> Result<()> {
        let number = self.0.towns.fetch_add(1, Ordering::SeqCst) + 1;
        let new = self.0.plan.found(SEED + number, self.0.addresses.0)?;
        let picture = Picture::of(number, new.town.slack.clone());
        let old = {
            let mut play = self.play_mut().await;
            self.0.board.start_over(picture);
            std::mem::replace(&mut *play, new)
        };
        old.close().await;
        Ok(())
    }

    /// Lets that much time pass at once.
    pub(super) async fn advance(&self, length: Duration) -> bool {
        self.0.pace.hurry(length).await
    }

    /// Lets time pass until then, and a little more. A time that has passed needs only the little.
    pub(super) async fn advance_to(&self, at: Time) -> bool {
        let now = self.play().await.town.now();
        let length = (at - now).to_std().unwrap_or_default();
        self.0.pace.hurry(length + AFTERMATH).await
    }
}

impl Making {
    fn found(&self, seed: u64, slack: Option<SocketAddr>) -> Result<Play> {
        let store = Arc::clone(&self.store);
        let mut setup = Setup::default();
        if let Some(at) = slack {
            // Where clients of the town's Slack are led for sockets and response URLs.
            setup.base_url = format!("http://{at}");
        }
        let plan = Plan {
            seed,
            store: Box::new(move |clock| store(clock)),
            times: self.times(),
            site: self.site.clone(),
            slack: setup,
            hardship: None,
        };
        // The page shows it coming to life, which takes real servers the time they take.
        let town = Town::wake(&plan)?;
        super::look::small_talk::begin(&town).context("the town's small talk")?;
        let eyes = town.cluster()?;
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        eyes.start(&tracker, &stop);
        Ok(Play {
            town,
            eyes,
            broken: BTreeSet::new(),
            bot_killed: false,
            ledger: Mutex::default(),
            last_picture: Mutex::default(),
            tracker,
            stop,
        })
    }

    fn times(&self) -> Times {
        use crate::clock::Clock as _;
        match self.embedded {
            true => Times::From(crate::clock::SystemClock.now()),
            false => Times::Machine,
        }
    }
}

impl Play {
    async fn close(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        self.town.close().await;
    }
}
