//! Every minute: the cluster's objects against the store's documents, and the store's open documents
//! against their alarms. What watches and commits missed is found here.

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use super::guard::Views;
use super::{Reaper, removals};
use crate::cluster::Managed;
use crate::id::{RequestId, Shard};
use crate::request::{GateObject, State, alarms};
use crate::store::Lane;
use crate::units::Seconds;

/// How often. Watches are the latency mechanism, this is the correctness mechanism.
const EVERY: Seconds = Seconds(60);

/// Open documents read in one go.
const PAGE: usize = 200;

impl Reaper {
    /// Sweeps until told to stop, at once and then every minute.
    pub async fn sweep_until(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let swept = self.sweep().await;
            let metrics = &self.parts.metrics;
            metrics.swept(self.cluster.label(), swept.is_ok());
            if let Err(error) = swept {
                let error = crate::app::causes_of(&error);
                tracing::warn!(cluster = self.cluster.name(), error, "sweep failed");
            }
            let next = EVERY.after(self.parts.clock.now());
            tokio::select! {
                biased;
                () = self.parts.clock.sleep_until(next) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// One sweep: overdue objects first, then strays, documents and live gates. One part that fails
    /// does not keep the others from being done.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub async fn sweep(&self) -> Result<()> {
        let listed = self.cluster.managed().await.context("listing our objects");
        let mut failures = Failures::default();
        let managed = match listed {
            Ok(managed) => Some(managed),
            Err(error) => failures.note(error),
        };
        if let Some(managed) = &managed {
            self.round(&managed.objects).await;
            for (kind, why) in &managed.failures {
                failures.keep(Err(anyhow::anyhow!(
                    "listing our objects of the kind {kind}: {why}"
                )));
            }
        }
        for object in managed.iter().flat_map(|managed| &managed.objects) {
            failures.keep(self.compare(object).await);
        }
        self.compare_documents(managed.as_ref(), &mut failures)
            .await;
        failures.keep(self.guard_once(&mut Views::default()).await);
        failures.first()
    }

    /// Open documents must have their alarms, and active ones their objects.
    async fn compare_documents(&self, managed: Option<&Managed>, failures: &mut Failures) {
        for shard in Shard::all() {
            let mut after = None;
            loop {
                let page = self
                    .parts
                    .book
                    .store()
                    .open(shard, after.as_ref(), PAGE)
                    .await;
                let ids = match page {
                    Ok(ids) => ids,
                    // Other shards may live on other servers.
                    Err(error) => {
                        failures.keep(Err(error.into()));
                        break;
                    }
                };
                for id in &ids {
                    failures.keep(self.compare_document(id, managed).await);
                }
                after = ids.last().cloned();
                if ids.len() < PAGE {
                    break;
                }
            }
        }
    }

    async fn compare_document(&self, id: &RequestId, managed: Option<&Managed>) -> Result<()> {
        let Some(page) = self.parts.book.load(id).await? else {
            if let Some(leaf) = self.parts.book.note(id).await? {
                let store = self.parts.book.store();
                store.restore_alarms(id, leaf.note.alarms()).await?;
            }
            return Ok(());
        };
        let request = page.request;
        let store = self.parts.book.store();
        let restored = store.restore_alarms(id, alarms(&request)).await?;
        if restored > 0 {
            tracing::warn!(%id, restored, "lost alarms were set again");
        }
        if matches!(request.state, State::Ending { .. }) {
            store.wake(id, Lane::Gate).await?;
        }
        let here = request.asked.cluster == self.cluster.name();
        let (true, State::Active { .. }, Some(managed)) = (here, &request.state, managed) else {
            return Ok(());
        };
        let seen = |name: &str| managed.objects.iter().any(|object| object.at.name == name);
        // What was not looked at is not missing.
        let missing =
            |object: &&GateObject| managed.looked_at(object.object.kind()) && !seen(&object.name);
        if !request.gate.iter().any(|object| missing(&object)) {
            return Ok(());
        }
        removals::confirm(&self.parts, &self.cluster, id).await
    }
}

/// Collects failures of work that goes on after them.
#[derive(Debug, Default)]
struct Failures(Option<anyhow::Error>);

impl Failures {
    fn keep(&mut self, result: Result<()>) {
        if let Err(error) = result {
            let _: Option<()> = self.note(error);
        }
    }

    fn note<T>(&mut self, error: anyhow::Error) -> Option<T> {
        self.0.get_or_insert(error);
        None
    }

    fn first(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
