//! The town that is being shown, and its replacement when a visitor wants to begin again.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
use crate::app::Parts;
use crate::cluster::{Cluster, SeenObject};
use crate::entropy::Entropy;
use crate::netpol::marks;
use crate::sim::slack::Setup;
use crate::sim::town::{Kept, MakeStore, Plan, Site, Times, Town};
use crate::traces::Traces;
use crate::units::{Seconds, Time};

/// Ids are drawn the same way in every first town; later towns draw others.
const SEED: u64 = 7;

/// How long the town goes on after an event that a visitor hurried to, so that people see what came
/// of it: Slack takes a message a second.
const AFTERMATH: Duration = Duration::from_secs(3);

/// How long somebody who acts waits for a bot that is starting, in ticks of the pace: ten seconds and more.
/// Without it the first ask on a busy machine would find nobody at Slack's other end.
const WAKING: usize = 400;

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
    /// How many came after the first; held while another one is founded.
    towns: Mutex<u64>,
    tracker: TaskTracker,
}

/// What every new town is made from.
struct Making {
    store: Arc<MakeStore>,
    site: Site,
    max_lifetime: Seconds,
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
    /// Whether its bot was seen at work since it was started, or waited for in vain.
    pub(super) woke: AtomicBool,
    /// Which town it is, from 0.
    pub(super) number: u64,
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
        (pace, tracker): (Pace, TaskTracker),
    ) -> Result<Self> {
        let plan = Making {
            store: Arc::new(options.store),
            site: options.site,
            max_lifetime: options.max_lifetime,
            cluster_is: options.cluster_is,
            embedded: options.embedded,
        };
        let play = plan.found(0, addresses.0)?;
        let board = Board::new(Picture::of(0, play.town.slack.clone()));
        let inner = Inner {
            plan,
            addresses,
            pace,
            board,
            play: RwLock::new(play),
            towns: Mutex::new(0),
            tracker,
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

    /// Waits until a bot that was started is at work; not for one that a visitor killed or cut off.
    pub(super) async fn awake(&self) {
        let mut ticks = self.pace().ticks();
        for _ in 0..WAKING {
            if self.play().await.is_awake() || ticks.changed().await.is_err() {
                return;
            }
        }
        self.play().await.woke.store(true, Ordering::Relaxed);
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

    /// A fresh town in the place of this one. The old one's bot stops; nothing is left of it. It goes on
    /// when the visitor who wished it does not wait.
    pub(super) async fn begin_again(&self) -> Result<()> {
        let stage = self.clone();
        let beginning = self.0.tracker.spawn(async move {
            let mut towns = stage.0.towns.lock().await;
            let left = stage.take_down().await;
            if !left.is_empty() {
                // It must not be forgotten what is still to be closed.
                stage.play_mut().await.town.start_bot()?;
                anyhow::bail!("this could not be closed yet: {}", left.join(", "));
            }
            *towns += 1;
            let new = stage.0.plan.found(*towns, stage.0.addresses.0)?;
            let picture = Picture::of(*towns, new.town.slack.clone());
            let mut play = stage.play_mut().await;
            stage.0.board.start_over(picture);
            let old = std::mem::replace(&mut *play, new);
            drop(play);
            old.close().await;
            Ok(())
        });
        beginning.await.context("beginning again")?
    }

    /// Whether its cluster is in this process.
    pub(super) fn is_simulated(&self) -> bool {
        matches!(self.0.plan.site, Site::Simulated)
    }

    /// Closes every gate of this town in a real cluster; the names of those that could not be closed.
    pub(super) async fn take_down(&self) -> Vec<String> {
        if self.is_simulated() {
            return Vec::new();
        }
        let mut play = self.play_mut().await;
        // From here on it opens nothing. One that does not stop in time is stopped by the exit.
        drop(play.town.stop_bot().await);
        let made: Vec<String> = play
            .town
            .shelf
            .created()
            .iter()
            .map(ToString::to_string)
            .collect();
        let Ok(managed) = play.eyes.managed().await else {
            return match made.is_empty() {
                true => Vec::new(),
                false => vec!["the cluster does not answer; whatever this demo opened".to_owned()],
            };
        };
        let mut left = Vec::new();
        let of_ours = |object: &&SeenObject| {
            let request = object.labels.get(marks::REQUEST);
            request.is_some_and(|request| made.contains(request))
        };
        for object in managed.objects.iter().filter(of_ours) {
            if play.eyes.withdraw(&object.at).await.is_err() {
                left.push(object.at.to_string());
            }
        }
        left
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
    fn found(&self, number: u64, slack: Option<SocketAddr>) -> Result<Play> {
        let store = Arc::clone(&self.store);
        let mut setup = Setup::default();
        if let Some(at) = slack {
            // Where clients of the town's Slack are led for sockets and response URLs.
            setup.base_url = format!("http://{at}");
        }
        let plan = Plan {
            seed: self.seed(number),
            store: Kept::By(Box::new(move |clock| store(clock))),
            times: self.times(),
            site: self.site.clone(),
            slack: setup,
            max_lifetime: self.max_lifetime,
            hardship: None,
            traces: Traces::default(),
            replicas: vec![chrono::TimeDelta::zero()],
            absent: &[],
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
            woke: AtomicBool::new(false),
            number,
            ledger: Mutex::default(),
            last_picture: Mutex::default(),
            tracker,
            stop,
        })
    }

    /// Beside real servers ids must not be those of another demo on the same servers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction of 2^53 is a whole number of that size"
    )]
    fn seed(&self, number: u64) -> u64 {
        const WIDTH: f64 = 9_007_199_254_740_992.0;
        match self.embedded {
            true => SEED + number,
            false => (Entropy::from_os().fraction() * WIDTH) as u64,
        }
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
    fn is_awake(&self) -> bool {
        let nobody_comes = self.bot_killed || !self.broken.is_empty();
        if nobody_comes || self.woke.load(Ordering::Relaxed) {
            return true;
        }
        let sees = |parts: Arc<Parts>| parts.clusters.values().all(|c| c.snapshot().is_ok());
        let is_there = self.town.slack.sockets() > 0 && self.town.parts().is_some_and(sees);
        self.woke.fetch_or(is_there, Ordering::Relaxed);
        is_there
    }

    async fn close(self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        self.town.close().await;
    }
}
