//! A whole town in one process: Slack, a cluster, a store, people, and the bot that serves them.
//!
//! In stories and in the usual demo it runs on a current-thread runtime with paused time: the clock moves
//! only when nothing can run, so the same story plays the same way every time, in milliseconds. Beside
//! real servers the time is the machine's.

pub mod gates;
mod generation;
pub mod hardship;
mod leash;
pub mod links;
pub mod people;
pub mod plan;
pub mod populate;
mod premises;
mod reachable;
mod replicas;
pub mod rulebook;
pub mod shelf;
mod skew;
pub mod trouble;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use chrono::NaiveTime;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::cluster::SimCluster;
use super::slack::{Slack, Surroundings};
use crate::app::Parts;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::digest::Weekly;
use crate::entropy::Entropy;
use crate::units::Time;
use crate::zone::Zone;
use premises::Premises;
use skew::Skewed;

pub use gates::GateLog;
pub use hardship::Hardship;
pub use plan::{Connect, Kept, MAX_LIFETIME, MakeStore, Plan, Site, Times};
pub use rulebook::Rulebook;
pub use shelf::Shelf;

/// Name of the town's cluster.
pub const CLUSTER: &str = "prod-eu";

/// How often the bot looks for due alarms unprompted; it hears of its own commits at once.
const POLL: Duration = Duration::from_secs(5);

/// Nothing has happened for this long: the town is quiet. Longer than Slack's second between two
/// messages to one channel.
const QUIET: Duration = Duration::from_millis(1_500);

/// The town must fall quiet within this; else something spins.
const RESTLESS: Duration = Duration::from_secs(120);

/// The same under a hardship: everything that fails once is waited for.
const RESTLESS_IN_HARDSHIP: Duration = Duration::from_secs(600);

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
    clock: Arc<dyn Clock>,
    tracker: TaskTracker,
    stop: CancellationToken,
    premises: Arc<Premises>,
    /// Further replicas.
    others: Vec<Arc<Premises>>,
}

/// The last thing that a bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// It changes the store.
    Commit,
    /// It posts a message.
    Message,
}

impl Town {
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
        let api = populate::cluster_of(plan, &clock)?;
        let shelf = Arc::new(plan.store.shelf(&clock)?);
        let gates = GateLog::default();
        let following = gates.clone().follow(api.clone(), Arc::clone(&clock));
        tracker.spawn(stop.clone().run_until_cancelled_owned(following));
        if plan.hardship == Some(Hardship::LoseAnswers) {
            slack.lose_first_answers();
        }
        let premises = Arc::new(Premises {
            slack: slack.clone(),
            api: api.clone(),
            shelf: Arc::clone(&shelf),
            clock: Skewed::by(&clock, plan.replicas.first().copied().unwrap_or_default()),
            entropy,
            tracker: tracker.clone(),
            stop: stop.clone(),
            hardship: plan.hardship,
            site: plan.site.clone(),
            max_lifetime: plan.max_lifetime,
            rulebook: Mutex::new(plan.site.rulebook()?),
            weekly: Mutex::default(),
            bot: Mutex::default(),
            crashed: Arc::default(),
            trials: Arc::default(),
            traces: plan.traces.clone(),
            links: Arc::default(),
        });
        let others = premises.beside(&clock, plan);
        let replacing = Arc::clone(&premises).replace_crashed();
        if others.is_empty() {
            tracker.spawn(stop.clone().run_until_cancelled_owned(replacing));
        }
        let mut town = Self {
            slack,
            api,
            shelf,
            gates,
            clock,
            tracker,
            stop,
            premises,
            others,
        };
        town.start_bot()?;
        town.start_others()?;
        Ok(town)
    }

    /// The town's time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// What everything is made hard by.
    pub fn hardship(&self) -> Option<Hardship> {
        self.premises.hardship
    }

    /// The bot's parts, for looking at documents.
    pub fn parts(&self) -> Option<Arc<Parts>> {
        let bot = self.premises.bot();
        let alive = bot.as_ref().filter(|process| process.is_alive());
        alive.map(|process| Arc::clone(&process.parts))
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
        let hardship = self.premises.hardship;
        let quiet = hardship.map_or(QUIET, Hardship::quiet);
        let restless = hardship.map_or(RESTLESS, |_| RESTLESS_IN_HARDSHIP);
        let began = tokio::time::Instant::now();
        let mut seen = self.pulse();
        let mut quiet_since = began;
        while quiet_since.elapsed() < quiet {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let pulse = self.pulse();
            if pulse != seen {
                seen = pulse;
                quiet_since = tokio::time::Instant::now();
            }
            if began.elapsed() > restless {
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

    /// The text of the rules as they were at first.
    pub fn rules_text(&self) -> &'static str {
        self.premises.rulebook().text()
    }

    /// New eyes and hands on the town's cluster, not started; they outlive the bot.
    ///
    /// # Errors
    /// A real cluster's certificates or credentials cannot be used.
    pub fn cluster(&self) -> Result<Cluster> {
        self.premises.cluster(self.api.service())
    }

    /// Other rules come into force, now and for every bot that starts later.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn change_rules(&mut self, change: impl FnOnce(&mut Rulebook) -> Result<()>) -> Result<()> {
        let mut rulebook = self.premises.rulebook();
        let mut changed = rulebook.clone();
        change(&mut changed)?;
        let rules = Arc::new(changed.load()?);
        *rulebook = changed;
        drop(rulebook);
        if let Some(parts) = self.parts() {
            parts.put_in_force(rules);
        }
        Ok(())
    }

    /// Stops the bot in order.
    ///
    /// # Errors
    /// It is not running, or does not stop.
    pub async fn stop_bot(&mut self) -> Result<()> {
        let process = self.premises.bot().take();
        let process = process.context("the bot is not running")?;
        anyhow::ensure!(process.shut_down().await, "the bot did not stop");
        Ok(())
    }

    /// The bot's process dies at once: from this instant nothing of it reaches the store, Slack or the
    /// cluster, and nobody waits for what it was about to do. [`Town::start_bot`] starts another.
    ///
    /// # Errors
    /// It is not running.
    pub fn kill_bot(&mut self) -> Result<()> {
        self.premises.kill()
    }

    /// The same, right after the next thing of this kind that it does: nothing happens in between.
    pub fn kill_bot_after(&mut self, what: Last) {
        let premises = Arc::clone(&self.premises);
        match what {
            Last::Commit => premises.trials.last_commit(),
            Last::Message => {
                let killing = premises.kill_after_message();
                let killing = self.stop.clone().run_until_cancelled_owned(killing);
                self.tracker.spawn(killing);
            }
        }
    }

    /// Sends everybody home.
    pub async fn close(self) {
        let process = self.premises.bot().take();
        if let Some(process) = process {
            process.shut_down().await;
        }
        self.close_others().await;
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Starts a bot on the same store.
    ///
    /// # Errors
    /// The rules cannot be used, or one is running.
    pub fn start_bot(&mut self) -> Result<()> {
        self.premises.start()
    }

    /// One ends in order, another starts.
    ///
    /// # Errors
    /// As of [`Town::stop_bot`] and [`Town::start_bot`].
    pub async fn restart_bot(&mut self) -> Result<()> {
        self.stop_bot().await?;
        self.start_bot()
    }

    /// From now on the bot tells `#channel` on Mondays how access was used, at this time, UTC; one that is
    /// started later does too.
    pub fn tell_weekly(&mut self, channel: &str, at: NaiveTime) {
        self.premises.tell_weekly(Weekly {
            channel: format!("#{channel}"),
            on: chrono::Weekday::Mon,
            at,
            zone: Zone::UTC,
        });
    }
}
