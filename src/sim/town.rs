//! A whole town in one process: Slack, a cluster, a store, people, and the bot that serves them.
//!
//! Runs on a current-thread runtime with paused time: the clock moves only when nothing can run, so
//! the same story plays the same way every time, in milliseconds.

pub mod gates;
mod mortal;
pub mod people;
pub mod plan;
pub mod populate;
pub mod rulebook;
pub mod shelf;
pub mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cluster::SimCluster;
use super::slack::{Slack, Surroundings};
use crate::app::{Book, Bot, Parts};
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::entropy::Entropy;
use crate::run::{self, Running};
use crate::secret::Secret;
use crate::slack::{Deliverer, Directory, Receiver, SlackApi, SlackConfig, Socket, Wire};
use crate::units::{Seconds, Time};

pub use gates::GateLog;
use mortal::{Death, MortalApi, MortalStore};
pub use plan::{MakeStore, Plan, Site, Times};
pub use rulebook::Rulebook;
pub use shelf::Shelf;

/// Name of the town's cluster.
pub const CLUSTER: &str = "prod-eu";

/// The hard maximum of any gate in the town.
const MAX_LIFETIME: Seconds = Seconds::hours(24);

/// The town has one bot process, which hears of its own commits at once.
const POLL: Duration = Duration::from_secs(5);

/// Nothing has happened for this long: the town is quiet. Longer than Slack's second between two
/// messages to one channel.
const QUIET: Duration = Duration::from_millis(1_500);

/// The town must fall quiet within this; else something spins.
const RESTLESS: Duration = Duration::from_secs(120);

/// The town.
#[derive(Debug)]
pub struct Town {
    /// Its Slack.
    pub slack: Slack,
    /// Its cluster's API server.
    pub api: SimCluster,
    /// Its store, which can be emptied and can be away.
    pub shelf: Arc<Shelf>,
    /// Every object of ours that was ever in its cluster.
    pub gates: GateLog,
    rulebook: Rulebook,
    site: Site,
    clock: Arc<dyn Clock>,
    entropy: Arc<Entropy>,
    tracker: TaskTracker,
    stop: CancellationToken,
    bot: Option<Process>,
}

/// The bot as it runs.
#[derive(Debug)]
struct Process {
    parts: Arc<Parts>,
    running: Running,
    death: Death,
}

impl Town {
    /// Whether the clock is the town's own, and its cluster and store can be broken at will.
    pub const fn is_simulated(&self) -> bool {
        matches!(self.site, Site::Simulated)
    }

    /// The town of a plan, with the bot started and quiet.
    ///
    /// # Errors
    /// The embedded rules or cluster cannot be read: a fault of ours. The store cannot be opened.
    pub async fn found(plan: &Plan) -> Result<Self> {
        let town = Self::wake(plan)?;
        town.settle().await?;
        Ok(town)
    }

    /// The same, without waiting until it is quiet. Call inside a tokio runtime.
    ///
    /// # Errors
    /// As [`Town::found`].
    pub fn wake(plan: &Plan) -> Result<Self> {
        let clock = plan.times.clock()?;
        let entropy = Arc::new(Entropy::seeded(plan.seed));
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let around = Surroundings {
            clock: Arc::clone(&clock),
            entropy: Arc::new(Entropy::seeded(plan.seed.wrapping_add(1))),
            tracker: tracker.clone(),
            stop: stop.clone(),
        };
        let slack = Slack::new(plan.slack.clone(), around);
        people::move_in(&slack)?;
        let api = SimCluster::new(Arc::clone(&clock), plan.seed);
        populate::populate(&api)?;
        let shelf = Arc::new(Shelf::new((plan.store)(Arc::clone(&clock))?));
        let gates = GateLog::default();
        let following = gates.clone().follow(api.clone(), Arc::clone(&clock));
        tracker.spawn(stop.clone().run_until_cancelled_owned(following));
        let mut town = Self {
            slack,
            api,
            shelf,
            gates,
            rulebook: plan.site.rulebook()?,
            site: plan.site.clone(),
            clock,
            entropy,
            tracker,
            stop,
            bot: None,
        };
        town.start_bot()?;
        Ok(town)
    }

    /// The town's time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The bot's parts, for looking at documents.
    pub fn parts(&self) -> Option<&Arc<Parts>> {
        self.bot.as_ref().map(|process| &process.parts)
    }

    /// Waits until something happens that people or the cluster show, and says when that was; `None`:
    /// nothing did until this instant.
    pub async fn news_until(&self, at: Time) -> Option<Time> {
        let version = self.api.version();
        let mut messages = self.slack.follow();
        tokio::select! {
            // In this order: what falls on the last instant comes after it.
            biased;
            () = self.clock.sleep_until(at) => None,
            _ = messages.changed() => Some(self.now()),
            _ = self.api.changed_since(version) => Some(self.now()),
        }
    }

    /// Waits until nothing happens any more.
    ///
    /// # Errors
    /// When something never stops happening.
    pub async fn settle(&self) -> Result<()> {
        let began = tokio::time::Instant::now();
        let mut seen = self.pulse();
        let mut quiet_since = began;
        while quiet_since.elapsed() < QUIET {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let pulse = self.pulse();
            if pulse != seen {
                seen = pulse;
                quiet_since = tokio::time::Instant::now();
            }
            if began.elapsed() > RESTLESS {
                bail!("the town does not fall quiet");
            }
        }
        Ok(())
    }

    /// Counts everything that happened: messages, calls, writes.
    fn pulse(&self) -> (u64, u64, u64) {
        (
            *self.slack.follow().borrow(),
            self.api.version(),
            self.shelf.writes(),
        )
    }

    /// The town's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// The rules as they are now.
    pub const fn rulebook(&self) -> &Rulebook {
        &self.rulebook
    }

    /// New eyes and hands on the town's cluster, not started.
    ///
    /// # Errors
    /// A real cluster's certificates or credentials cannot be used.
    pub fn cluster(&self) -> Result<Cluster> {
        self.cluster_until(&Death::default())
    }

    fn cluster_until(&self, death: &Death) -> Result<Cluster> {
        let clock = Arc::clone(&self.clock);
        match &self.site {
            Site::Simulated => {
                let api = MortalApi {
                    inner: self.api.service(),
                    death: death.clone(),
                };
                Ok(Cluster::in_process(CLUSTER, api, clock))
            }
            Site::Real(connect) => connect(clock),
        }
    }

    /// Other rules come into force, now and for every bot that starts later.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn change_rules(&mut self, change: impl FnOnce(&mut Rulebook) -> Result<()>) -> Result<()> {
        let mut rulebook = self.rulebook.clone();
        change(&mut rulebook)?;
        let rules = Arc::new(rulebook.load()?);
        self.rulebook = rulebook;
        if let Some(process) = &self.bot {
            process.parts.rules.store(rules);
        }
        Ok(())
    }

    /// Stops the bot in order.
    ///
    /// # Errors
    /// It is not running, or does not stop.
    pub async fn stop_bot(&mut self) -> Result<()> {
        let process = self.bot.take().context("the bot is not running")?;
        anyhow::ensure!(process.running.shut_down().await, "the bot did not stop");
        Ok(())
    }

    /// Kills the bot: from this instant it reaches neither store nor Slack nor cluster, whatever it was
    /// doing. Its tasks end by themselves.
    ///
    /// # Errors
    /// It is not running.
    pub fn kill_bot(&mut self) -> Result<()> {
        let process = self.bot.take().context("the bot is not running")?;
        process.death.come();
        process.running.stop.cancel();
        Ok(())
    }

    /// Sends everybody home.
    pub async fn close(mut self) {
        if let Some(process) = self.bot.take() {
            process.running.shut_down().await;
        }
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Starts a bot on the same store.
    ///
    /// # Errors
    /// The rules cannot be used, or one is running.
    pub fn start_bot(&mut self) -> Result<()> {
        anyhow::ensure!(self.bot.is_none(), "the bot is running");
        let death = Death::default();
        let wire = self.open_wire(&death);
        let setup = self.slack.setup();
        let config = SlackConfig {
            bot_token: Secret::new(setup.bot_token.clone()),
            app_token: Some(Secret::new(setup.app_token.clone())),
            signing_secret: None,
            api_url: format!("{}/api", setup.base_url),
        };
        let slack = Arc::new(SlackApi::new(&config, wire));
        let cluster = self.cluster_until(&death)?;
        let store = Arc::new(MortalStore {
            inner: self.shelf.store(),
            death: death.clone(),
        });
        let parts = Arc::new(Parts {
            book: Book::new(store, Arc::clone(&self.entropy)),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            rules: ArcSwap::from_pointee(self.rulebook.load()?),
            directory: Arc::new(Directory::new(Arc::clone(&slack))),
            slack,
            clusters: BTreeMap::from([(cluster.name().to_owned(), Arc::new(cluster))]),
            max_lifetime: MAX_LIFETIME,
            poll: POLL,
        });
        let running = run::start(&parts);
        let bot: Arc<dyn Receiver> = Arc::new(Bot(Arc::clone(&parts)));
        let (tracker, stop) = (running.tracker.clone(), running.stop.clone());
        let api = Arc::clone(&parts.slack);
        let deliverer = Deliverer::new(Arc::clone(&api), bot, tracker.clone(), stop.clone());
        let socket = Socket::new(api, deliverer, Arc::clone(&self.entropy), tracker, stop);
        running.tracker.spawn(socket.run());
        self.bot = Some(Process {
            parts,
            running,
            death,
        });
        Ok(())
    }

    /// A wire in memory whose other end is the town's Slack, until the process dies.
    fn open_wire(&self, death: &Death) -> Wire {
        let (wire, mut listener) = Wire::memory();
        let (slack, tracker, death) = (self.slack.clone(), self.tracker.clone(), death.clone());
        let stop = self.stop.clone();
        let connections = self.tracker.clone();
        connections.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    () = stop.cancelled() => None,
                    () = death.comes() => None,
                };
                let Some(io) = accepted else { return };
                let (slack, death) = (slack.clone(), death.clone());
                tracker.spawn(async move {
                    tokio::select! {
                        () = slack.serve_stream(io) => {}
                        () = death.comes() => {}
                    }
                });
            }
        });
        wire
    }
}
