//! Keeping in step with the cluster: list, watch for a minute, list again.
//!
//! The list is what makes us right and the watch is what makes us quick. Ending every watch after a
//! minute and listing again means that a missed event, a watch that hangs, a version the server has
//! forgotten and a restarted server all heal the same way, with no bookkeeping of versions; its
//! price is one list per kind and minute. The usual shared informer (one watch for ever, relist on
//! error) was refused because an event lost without an error is never noticed.
//!
//! There is one task per kind. A kind that fails backs off by itself and holds up no other.

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use kube::api::WatchParams;
use kube::core::{ApiResource, WatchEvent};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Cluster;
use super::error::ClusterError;
use super::gate::{misbuilt, requests};
use super::needs::Asked;
use super::wire::CALL_LIMIT;

/// How long one watch lasts; then the kind is swept by a new list.
pub const WATCH_FOR: Duration = Duration::from_secs(60);

/// How long after its announced end a watch is waited for.
const GRACE: Duration = Duration::from_secs(5);

/// A watch that lived at least this long shows a healthy server: the next failure starts with the
/// shortest pause again.
const HEALTHY: Duration = Duration::from_secs(10);

/// Pauses after failures. The longest is well within the 15 s in which overdue gates must be closed
/// once the API server is back. No jitter: one process has a dozen watches, not a thundering herd.
pub(super) const SHORTEST: Duration = Duration::from_millis(250);
pub(super) const LONGEST: Duration = Duration::from_secs(5);

/// Somebody who is told of one kind's objects.
pub(super) trait Follower: Send + 'static {
    /// The kind as it is read.
    type Item: DeserializeOwned + Clone + Send;
    /// What is held of an object of a list until the list is complete.
    type Kept: Send;

    /// The kind's paths.
    fn kind(&self) -> &ApiResource;
    /// Where it is looked for; `None`: in every namespace.
    fn at(&self) -> Option<&str>;
    /// Which objects; `None`: all.
    fn selector(&self) -> Option<String>;
    /// How the kind is called in logs and readiness.
    fn label(&self) -> String;
    /// This one is in the list that is being read.
    fn keep(&mut self, item: Self::Item) -> Self::Kept;
    /// These are all objects there are.
    fn replace(&mut self, items: Vec<Self::Kept>);
    /// This one is new or changed.
    fn seen(&mut self, item: Self::Item);
    /// This one is gone, or no longer selected.
    fn gone(&mut self, item: Self::Item);
}

/// Follows one kind until `stop`.
pub(super) async fn follow<F: Follower>(
    cluster: Cluster,
    mut follower: F,
    stop: CancellationToken,
) {
    let label = follower.label();
    let mut pause = SHORTEST;
    loop {
        let began = Instant::now();
        let round = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            done = round(&cluster, &mut follower) => done,
        };
        if let Err(error) = &round {
            tracing::warn!(cluster = cluster.name(), kind = label, %error, "lost sight of a kind");
            cluster.sight.failed(&label, error);
        }
        if began.elapsed() >= HEALTHY {
            pause = SHORTEST;
        }
        // Also after a watch that ended well: a server that ends them at once must not be hammered.
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST);
    }
}

/// A kind that may not be there: looked for again and again.
pub(super) trait Rounds: Send + 'static {
    /// How the kind is called in logs and readiness.
    fn label(&self) -> String;
    /// One look and, where the kind is there, the watch that goes on from it; how long to wait then.
    fn round(
        &mut self,
        cluster: &Cluster,
    ) -> impl Future<Output = Result<Duration, ClusterError>> + Send;
}

/// How long an absent or forbidden kind is left alone. Well below the age at which a picture is too old.
pub(super) const AGAIN: Duration = Duration::from_secs(60);

/// Looks for a kind until `stop`, whether it is there or not.
pub(super) async fn rounds<R: Rounds>(cluster: Cluster, mut kind: R, stop: CancellationToken) {
    let mut pause = SHORTEST;
    loop {
        let done = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            done = kind.round(&cluster) => done,
        };
        let wait = match done {
            Ok(wait) => {
                pause = SHORTEST;
                wait
            }
            Err(error) => {
                let label = kind.label();
                tracing::warn!(cluster = cluster.name(), kind = label, %error, "lost sight of a kind");
                cluster.sight.failed(&label, &error);
                pause = (pause * 2).min(LONGEST);
                pause
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One list and the watch that goes on from it.
pub(super) async fn round<F: Follower>(
    cluster: &Cluster,
    follower: &mut F,
) -> Result<(), ClusterError> {
    let began = cluster.clock.now();
    let kind = follower.kind().clone();
    let selector = follower.selector();
    let at = follower.at().map(str::to_owned);
    let keep = |item| follower.keep(item);
    let listed = cluster.list_each(&kind, at.as_deref(), selector.as_deref(), keep);
    let listed = listed.await?;
    follower.replace(listed.items);
    cluster.sight.swept(&follower.label(), began);
    match watch(cluster, follower, &listed.version).await {
        // The next list starts from the present.
        Err(ClusterError::Expired) => Ok(()),
        done => done,
    }
}

async fn watch<F: Follower>(
    cluster: &Cluster,
    follower: &mut F,
    version: &str,
) -> Result<(), ClusterError> {
    let kind = follower.kind().clone();
    let asked = Asked::new("watch", &kind.group, &kind.plural, follower.at());
    let parameters = WatchParams {
        label_selector: follower.selector(),
        timeout: u32::try_from(WATCH_FOR.as_secs()).ok(),
        // Bookmarks save a relist after a break; we list again anyway.
        bookmarks: false,
        ..WatchParams::default()
    };
    let request = requests(&kind, follower.at())
        .watch(&parameters, version)
        .map_err(misbuilt)?;
    let end = Instant::now() + WATCH_FOR + GRACE;
    let opening = cluster.wire.watch.request_events::<F::Item>(request);
    let events = timeout(CALL_LIMIT, opening)
        .await
        .map_err(|_| ClusterError::Timeout(CALL_LIMIT))?
        .map_err(|e| ClusterError::of_client(e, &asked))?;
    let mut events = pin!(events);
    // A watch that hangs past its end is no error: the next list decides what is true.
    while let Ok(next) = timeout_at(end, events.try_next()).await {
        match next.map_err(|e| ClusterError::of_client(e, &asked))? {
            Some(WatchEvent::Added(item) | WatchEvent::Modified(item)) => follower.seen(item),
            Some(WatchEvent::Deleted(item)) => follower.gone(item),
            Some(WatchEvent::Bookmark(_)) => {}
            Some(WatchEvent::Error(status)) => {
                return Err(ClusterError::of_status(&status, &asked));
            }
            None => break,
        }
    }
    Ok(())
}
