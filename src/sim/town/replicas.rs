//! Several replicas of the bot in one town: on one store, one cluster and one Slack, each with lines, a clock and
//! randomness of its own. Who dies here stays dead until somebody starts it.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};

use super::Town;
use super::links::Links;
use super::plan::Plan;
use super::premises::Premises;
use super::skew::Skewed;
use crate::app::Parts;
use crate::clock::Clock;
use crate::entropy::Entropy;

/// Seeds of the replicas' randomness lie this far apart, or they would draw each other's ids.
const APART: u64 = 1 << 20;

impl Premises {
    /// What the plan's further replicas are started from.
    pub(super) fn beside(&self, clock: &Arc<dyn Clock>, plan: &Plan) -> Vec<Arc<Self>> {
        let further = plan.replicas.iter().skip(1);
        let seeds = (1..).map(|n: u64| plan.seed.wrapping_add(n.wrapping_mul(APART)));
        let beside = further.zip(seeds).map(|(ahead, seed)| {
            Arc::new(Self {
                slack: self.slack.clone(),
                api: self.api.clone(),
                shelf: Arc::clone(&self.shelf),
                clock: Skewed::by(clock, *ahead),
                entropy: Arc::new(Entropy::seeded(seed)),
                tracker: self.tracker.clone(),
                stop: self.stop.clone(),
                hardship: self.hardship,
                site: self.site.clone(),
                max_lifetime: self.max_lifetime,
                rulebook: Mutex::new(self.rulebook().clone()),
                weekly: Mutex::default(),
                bot: Mutex::default(),
                crashed: Arc::default(),
                trials: Arc::default(),
                traces: self.traces.clone(),
                links: Arc::default(),
            })
        });
        beside.collect()
    }

    /// Ends what is left of every process that crashes; never returns.
    async fn bury_all(self: Arc<Self>) {
        while self.bury_crashed().await {}
    }
}

impl Town {
    /// Starts the further replicas; from then on a crashed one is not replaced.
    pub(super) fn start_others(&self) -> Result<()> {
        for other in &self.others {
            other.start()?;
        }
        for premises in self.replicas().filter(|_| !self.others.is_empty()) {
            let burying = Arc::clone(premises).bury_all();
            let burying = self.stop.clone().run_until_cancelled_owned(burying);
            self.tracker.spawn(burying);
        }
        Ok(())
    }

    pub(super) async fn close_others(&self) {
        for other in &self.others {
            let process = other.bot().take();
            if let Some(process) = process {
                process.shut_down().await;
            }
        }
    }

    fn replicas(&self) -> impl Iterator<Item = &Arc<Premises>> {
        std::iter::once(&self.premises).chain(&self.others)
    }

    fn replica(&self, n: usize) -> Result<&Arc<Premises>> {
        let found = self.replicas().nth(n);
        found.with_context(|| format!("there is no replica {n}"))
    }

    /// What lies between a replica and the rest.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn links(&self, replica: usize) -> Result<&Links> {
        Ok(&self.replica(replica)?.links)
    }

    /// Whether a replica lives.
    pub fn lives(&self, replica: usize) -> bool {
        self.parts_of(replica).is_some()
    }

    /// A replica's parts, while it lives.
    pub fn parts_of(&self, replica: usize) -> Option<Arc<Parts>> {
        let premises = self.replica(replica).ok()?;
        let bot = premises.bot();
        let alive = bot.as_ref().filter(|process| process.is_alive());
        alive.map(|process| Arc::clone(&process.parts))
    }

    /// A replica's process dies at once; nothing happens where it is dead.
    ///
    /// # Errors
    /// There is no such replica.
    pub fn kill_replica(&self, replica: usize) -> Result<()> {
        // Dead already is dead enough.
        let _ = self.replica(replica)?.kill();
        Ok(())
    }

    /// Starts a replica; nothing happens where it lives.
    ///
    /// # Errors
    /// There is no such replica, or it cannot be started.
    pub fn start_replica(&self, replica: usize) -> Result<()> {
        if self.lives(replica) {
            return Ok(());
        }
        self.replica(replica)?.start()
    }
}
