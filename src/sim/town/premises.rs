//! Where the bot lives: everything that one generation after another is started from.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use http::{Request, Response};
use hyper::body::Bytes;
use kube::client::Body;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{BoxError, Service};

use super::generation::Generation;
use super::hardship::Hardship;
use super::leash::{Leash, Trials};
use super::links::{Links, Way};
use super::reachable::Reachable;
use super::{CLUSTER, POLL, Shelf, Site};
use crate::app::recall::Recall;
use crate::app::rulebook::Rulebook;
use crate::app::{Asking, Book, Bot, FirstLook, Observer, Parts};
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::digest::{self, Weekly};
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::run::{self, Running};
use crate::secret::Secret;
use crate::sim::cluster::SimCluster;
use crate::sim::slack::{Change, Changed, Slack};
use crate::slack::{Deliverer, Directory, Receiver, SlackApi, SlackConfig, Socket, Wire};
use crate::store::Observed;
use crate::traces::Traces;
use crate::units::Seconds;

/// Channels whose name matches belong to incidents in the town.
const INCIDENT_CHANNELS: &str = "^inc-";

/// What the bot is started from, and the one that runs.
#[derive(Debug)]
pub(super) struct Premises {
    pub(super) slack: Slack,
    pub(super) api: SimCluster,
    pub(super) shelf: Arc<Shelf>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<Entropy>,
    pub(super) tracker: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) hardship: Option<Hardship>,
    pub(super) site: Site,
    pub(super) max_lifetime: Seconds,
    pub(super) rulebook: Mutex<super::Rulebook>,
    pub(super) weekly: Mutex<Option<Weekly>>,
    pub(super) bot: Mutex<Option<Process>>,
    pub(super) crashed: Arc<Notify>,
    pub(super) trials: Arc<Trials>,
    pub(super) traces: Traces,
    pub(super) links: Arc<Links>,
}

/// The bot as it runs.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) parts: Arc<Parts>,
    running: Running,
    generation: Generation,
}

impl Process {
    pub(super) fn is_alive(&self) -> bool {
        !self.generation.is_dead()
    }

    /// Ends it in order; `false`: something did not end. One that dies meanwhile has ended too.
    pub(super) async fn shut_down(self) -> bool {
        tokio::select! {
            biased;
            ended = self.running.shut_down() => ended,
            () = self.generation.death() => true,
        }
    }

    /// Tells a channel every week how access was used.
    fn tell_weekly(&self, weekly: Weekly) {
        let (parts, stop) = (Arc::clone(&self.parts), self.running.stop.clone());
        let watch = digest::watch(parts, weekly, stop);
        self.running.tracker.spawn(watch);
    }

    /// It is gone at once. Its loops are told so that none is left running, and nobody waits.
    fn kill(self) {
        self.generation.kill();
        self.running.stop.cancel();
    }
}

impl Premises {
    pub(super) fn bot(&self) -> MutexGuard<'_, Option<Process>> {
        self.bot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn rulebook(&self) -> MutexGuard<'_, super::Rulebook> {
        self.rulebook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn weekly(&self) -> MutexGuard<'_, Option<Weekly>> {
        self.weekly.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever runs and whoever is started later tells a channel every week how access was used.
    pub(super) fn tell_weekly(&self, weekly: Weekly) {
        if let Some(bot) = &*self.bot() {
            bot.tell_weekly(weekly.clone());
        }
        *self.weekly() = Some(weekly);
    }

    /// The process dies.
    pub(super) fn kill(&self) -> Result<()> {
        self.bot().take().context("the bot is not running")?.kill();
        Ok(())
    }

    /// The process dies as soon as Slack has its next message, before it hears of that.
    pub(super) async fn kill_after_message(self: Arc<Self>) {
        let mut messages = self.slack.follow();
        let all = self.slack.changes_since(0);
        let mut seen = all.last().map_or(0, |change| change.number);
        let Some(bot) = self.slack.bot() else { return };
        while messages.changed().await.is_ok() {
            let changes = self.slack.changes_since(seen);
            seen = changes.last().map_or(seen, |change| change.number);
            let by_bot = |c: &Change| c.what == Changed::Posted && c.message.author == bot.id;
            if changes.iter().any(by_bot) {
                // Nobody to kill: the story stopped it meanwhile.
                drop(self.kill());
                return;
            }
        }
    }

    /// Starts another bot whenever one crashed, as a cluster does with a container.
    pub(super) async fn replace_crashed(self: Arc<Self>) {
        while self.bury_crashed().await {
            if let Err(error) = self.start() {
                tracing::error!(%error, "no other bot could be started");
            }
        }
    }

    /// Waits until one crashed, and ends what is left of it; always `true`.
    pub(super) async fn bury_crashed(&self) -> bool {
        loop {
            self.crashed.notified().await;
            let crashed = self.bot().take_if(|bot| !bot.is_alive());
            if let Some(crashed) = crashed {
                crashed.kill();
                return true;
            }
        }
    }

    /// Starts a generation.
    pub(super) fn start(&self) -> Result<()> {
        let mut bot = self.bot();
        if let Some(dead) = bot.take_if(|bot| !bot.is_alive()) {
            dead.kill();
        }
        anyhow::ensure!(bot.is_none(), "the bot is running");
        let generation = Generation::new(Arc::clone(&self.crashed), Arc::clone(&self.links));
        let parts = self.parts(&generation)?;
        let running = run::start(&parts);
        let receiver: Arc<dyn Receiver> = Arc::new(Bot(Arc::clone(&parts)));
        let (tracker, stop) = (running.tracker.clone(), running.stop.clone());
        let api = Arc::clone(&parts.slack);
        let deliverer = Deliverer::new(Arc::clone(&api), receiver, tracker.clone(), stop.clone());
        let socket = Socket::new(api, deliverer, Arc::clone(&self.entropy), tracker, stop);
        running.tracker.spawn(socket.run());
        let process = Process {
            parts,
            running,
            generation,
        };
        if let Some(weekly) = self.weekly().clone() {
            process.tell_weekly(weekly);
        }
        *bot = Some(process);
        Ok(())
    }

    fn parts(&self, generation: &Generation) -> Result<Arc<Parts>> {
        let setup = self.slack.setup();
        let config = SlackConfig {
            bot_token: Secret::new(setup.bot_token.clone()),
            app_token: Some(Secret::new(setup.app_token.clone())),
            signing_secret: None,
            api_url: format!("{}/api", setup.base_url),
        };
        let metrics: Arc<Metrics> = Arc::default();
        let slack = SlackApi::new(&config, self.open_wire(generation));
        let slack = Arc::new(slack.observed(Arc::clone(&metrics)));
        let reachable = Reachable {
            server: self.api.service(),
            generation: generation.clone(),
        };
        let cluster = self.cluster(reachable)?;
        let cluster = cluster.observed(Arc::clone(&metrics));
        let store = Arc::new(Leash {
            store: self.shelf.store(),
            generation: generation.clone(),
            clock: Arc::clone(&self.clock),
            hardship: self.hardship,
            trials: Arc::clone(&self.trials),
        });
        let store = Arc::new(Observed::new(store, Arc::clone(&metrics)));
        let recall = Arc::new(Recall::new(Arc::clone(&self.clock)));
        let observer = Observer {
            metrics: Arc::clone(&metrics),
            traces: self.traces.clone(),
            clock: Arc::clone(&self.clock),
        };
        Ok(Arc::new(Parts {
            incident_channels: Some(regex::Regex::new(INCIDENT_CHANNELS)?),
            book: Book::new(store, Arc::clone(&self.entropy))
                .observed(observer)
                .remembering(recall),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            rules: ArcSwap::new(self.rulebook().in_force()?),
            rulebook: Rulebook::default(),
            directory: Arc::new(Directory::new(Arc::clone(&slack))),
            slack,
            clusters: BTreeMap::from([(cluster.name().to_owned(), Arc::new(cluster))]),
            first_look: FirstLook::default(),
            asking: Asking::default(),
            max_lifetime: self.max_lifetime,
            poll: POLL,
            metrics,
            traces: self.traces.clone(),
        }))
    }

    /// The town's cluster: the simulated one behind `server`, or the real one.
    pub(super) fn cluster<S, B>(&self, server: S) -> Result<Cluster>
    where
        S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
        S: Clone + Send + 'static,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let clock = Arc::clone(&self.clock);
        match &self.site {
            Site::Simulated => Ok(Cluster::in_process(CLUSTER, server, clock)),
            Site::Real(connect) => connect(clock),
        }
    }

    /// A wire in memory whose other end is the town's Slack, until the generation is dead.
    fn open_wire(&self, generation: &Generation) -> Wire {
        let (wire, mut listener) = Wire::memory();
        let (slack, tracker, stop) = (self.slack.clone(), self.tracker.clone(), self.stop.clone());
        let (generation, connections) = (generation.clone(), self.tracker.clone());
        connections.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = generation.death() => None,
                    accepted = listener.accept() => accepted,
                    () = stop.cancelled() => None,
                };
                let Some(io) = accepted else { return };
                if generation.links().slack.way() != Way::Whole {
                    continue;
                }
                let (slack, io) = (slack.clone(), generation.connection(io));
                tracker.spawn(async move { slack.serve_stream(io).await });
            }
        });
        wire
    }
}
