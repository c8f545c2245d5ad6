//! `drawbridge reap`: one pass over our objects, from the cluster alone; for a CronJob that works when
//! the bot does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Status, complain, say};
use crate::clock::{Clock, SystemClock};
use crate::cluster::{Cluster, SeenObject, Withdrawn};
use crate::config::{self, ClusterChoice};
use crate::reaper::{by_marks, expiry};
use crate::units::Seconds;

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
    let mut status = Status::Done;
    for choice in &clusters {
        // Each cluster is tried, whatever becomes of the others.
        if let Err(error) = runtime.block_on(reap_in(choice, &env, max_lifetime)) {
            complain(&format!("cluster `{}`: {error:#}", choice.name));
            status = Status::Unavailable;
        }
    }
    status
}

async fn reap_in(
    choice: &ClusterChoice,
    env: &BTreeMap<String, String>,
    max: Seconds,
) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let config = choice.place(env).config().await?;
    let cluster = Cluster::connect(&choice.name, &config, Arc::clone(&clock))?;
    pass(&cluster, &*clock, max).await
}

/// Deletes what is overdue; the first failure is reported after everything was tried.
async fn pass(cluster: &Cluster, clock: &dyn Clock, max: Seconds) -> Result<()> {
    let mut failure = None;
    for object in cluster.managed().await.context("listing our objects")? {
        let overdue = |seen: &SeenObject| expiry(seen, max) <= clock.now();
        if !overdue(&object) {
            continue;
        }
        match cluster.withdraw_if(&by_marks(&object), overdue).await {
            Ok(Withdrawn::Closed) => say(&format!("closed {}", object.at)),
            Ok(_) => {}
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), |error| {
        Err(error).context("closing an overdue object")
    })
}
