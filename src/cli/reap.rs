//! `drawbridge reap`: one pass over our objects, from the cluster alone; for a CronJob that works when
//! the bot does not.
//!
//! What it closes is printed, and on record where a store is configured and answers in time. Without one
//! nothing but the output knows of it: the objects that did are gone. The requests are there, and their own
//! end is recorded by the bot when it is back.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Status, complain, say};
use crate::app::Book;
use crate::clock::{Clock, SystemClock};
use crate::cluster::{Cluster, Managed, SeenObject, Sees, Withdrawn};
use crate::config::{self, ClusterChoice};
use crate::entropy::Entropy;
use crate::reaper::records::{Deed, Why, record};
use crate::reaper::{by_marks, expiry};
use crate::units::Seconds;

/// How long putting on record what was closed may take.
const RECORD_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// Runs the command.
pub fn run() -> Status {
    let env = config::environment();
    crate::telemetry::start(env.get("RUST_LOG").map_or("warn", String::as_str));
    let (clusters, max_lifetime) = match config::clusters_only(&env) {
        Ok(read) => read,
        Err(problems) => {
            complain(&problems.to_string());
            return Status::Misused;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Status::Unavailable;
        }
    };
    // All at once: one that does not answer delays no other, nor what is put on record of it.
    let passes = clusters.iter().map(|it| reap_in(it, &env, max_lifetime));
    let ended = runtime.block_on(futures::future::join_all(passes));
    let failed = ended.into_iter().find(|status| *status != Status::Done);
    failed.unwrap_or(Status::Done)
}

/// One cluster's pass; what it could not do is complained of.
async fn reap_in(choice: &ClusterChoice, env: &BTreeMap<String, String>, max: Seconds) -> Status {
    let mut status = Status::Done;
    let mut deeds = Vec::new();
    if let Err(error) = close_in(choice, env, max, &mut deeds).await {
        complain(&format!("cluster `{}`: {error:#}", choice.name));
        status = Status::Unavailable;
    }
    // Last, so that no store delays a closing. What is closed is closed: not to be on record is no failure
    // that another pass could mend.
    match tokio::time::timeout(RECORD_WITHIN, tell(env, &deeds)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => complain(&format!("closed, and not on record: {error:#}")),
        Err(_) => complain("closed, and not all on record: the store does not answer"),
    }
    status
}

/// Puts on record what was closed, where the environment names a store.
async fn tell(env: &BTreeMap<String, String>, deeds: &[Deed]) -> Result<()> {
    let named = ["DRAWBRIDGE_STORE", "REDIS_URL"];
    if deeds.is_empty() || !named.iter().any(|name| env.contains_key(*name)) {
        return Ok(());
    }
    let choice = config::store_only(env)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = super::serve::open_store(&choice, &clock)?;
    let book = Book::new(store, Arc::new(Entropy::from_os()));
    for deed in deeds {
        record(&book, deed).await?;
    }
    Ok(())
}

async fn close_in(
    choice: &ClusterChoice,
    env: &BTreeMap<String, String>,
    max: Seconds,
    deeds: &mut Vec<Deed>,
) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let config = choice.place(env).config().await?;
    let cluster = Cluster::connect(&choice.name, &config, Arc::clone(&clock))?;
    pass(&cluster.scoped(choice.scope()), &*clock, max, deeds).await
}

/// Names the kinds that are there and may not be listed. No failure: without the component that permits it there
/// are no such gates. But whoever installed the component must see that nothing closes them here.
fn tell_unseen(cluster: &str, managed: &Managed) {
    let unseen = managed.unseen.iter();
    let unseen = unseen.filter(|(_, sees)| *sees == Sees::Forbidden);
    for (kind, component) in unseen.filter_map(|(kind, _)| Some((kind, kind.component()?))) {
        let (plural, group) = (kind.plural(), kind.group());
        complain(&format!(
            "cluster `{cluster}`: not looked at: {plural}.{group} (this account may not list them; whoever makes gates \
             of them needs {component} for it)"
        ));
    }
}

/// Deletes what is overdue; the first failure is reported after everything was tried.
async fn pass(
    cluster: &Cluster,
    clock: &dyn Clock,
    max: Seconds,
    deeds: &mut Vec<Deed>,
) -> Result<()> {
    let mut failure = None;
    let managed = cluster.managed().await.context("listing our objects")?;
    tell_unseen(cluster.name(), &managed);
    for object in managed.objects.clone() {
        let overdue = |seen: &SeenObject| expiry(seen, max) <= clock.now();
        if !overdue(&object) {
            continue;
        }
        match cluster.withdraw_if(&by_marks(&object), overdue).await {
            Ok(Withdrawn::Closed) => {
                say(&format!("closed {}", object.at));
                deeds.push(Deed {
                    cluster: cluster.name().to_owned(),
                    object,
                    at: clock.now(),
                    why: Why::Passing,
                });
            }
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    for (kind, why) in &managed.failures {
        let name = cluster.name();
        complain(&format!("cluster `{name}`: listing {kind} objects: {why}"));
    }
    if let Some(error) = failure {
        return Err(error).context("closing an overdue object");
    }
    anyhow::ensure!(managed.failures.is_empty(), "not all could be listed");
    Ok(())
}
