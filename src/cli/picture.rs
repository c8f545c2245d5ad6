//! The cluster that `reach` and `plan` look at: a folder of manifests, or the live one, read once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{Status, complain, folder};
use crate::clock::SystemClock;
use crate::cluster::Cluster;
use crate::config::{self, ClusterChoice};
use crate::manifest;
use crate::netpol::Snapshot;

/// Kinds named when what was skipped is told; more are counted.
const NAMED: usize = 5;

/// Why there is nothing to look at; the person has been told.
pub(super) struct Nothing(pub(super) Status);

/// Reads the folder, or without one the live cluster of that name (`None`: the only one).
pub(super) fn take(folder: Option<&Path>, cluster: Option<&str>) -> Result<Snapshot, Nothing> {
    match folder {
        Some(folder) => of_folder(folder),
        None => live(cluster),
    }
}

/// What a cluster of a folder is called where nobody says: as the only live one is.
const UNNAMED: &str = "default";

/// What the cluster that [`take`] looks at is called: the rules may ask.
pub(super) fn name(folder: Option<&Path>, cluster: Option<&str>) -> Result<String, Nothing> {
    match (folder, cluster) {
        (Some(_), named) => Ok(named.unwrap_or(UNNAMED).to_owned()),
        (None, named) => {
            let clusters = clusters(&config::environment())?;
            Ok(chosen(&clusters, named)?.name.clone())
        }
    }
}

/// Problems go to the error output: an answer from what could be read is better than none, and must
/// not be mistaken for one from everything.
fn of_folder(dir: &Path) -> Result<Snapshot, Nothing> {
    let read = folder::read(dir).map_err(|problem| {
        complain(&problem);
        Nothing(Status::Misused)
    })?;
    for problem in &read.problems {
        complain(&problem.to_string());
    }
    let skipped: usize = read.skipped.values().sum();
    if skipped > 0 {
        let kinds: Vec<&str> = read.skipped.keys().map(String::as_str).collect();
        let more = kinds.len().saturating_sub(NAMED);
        let named = kinds.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        let more = if more > 0 {
            format!(" and {more} more kinds")
        } else {
            String::new()
        };
        complain(&format!(
            "skipped {skipped} objects of kinds that decide nothing here: {named}{more}"
        ));
    }
    Ok(Snapshot::from_objects(manifest::with_pods(read.objects)))
}

fn live(named: Option<&str>) -> Result<Snapshot, Nothing> {
    let env = config::environment();
    let clusters = clusters(&env)?;
    let choice = chosen(&clusters, named)?;
    survey(choice, &env).map_err(|error| {
        complain(&format!("cluster `{}`: {error:#}", choice.name));
        Nothing(Status::Unavailable)
    })
}

fn clusters(env: &BTreeMap<String, String>) -> Result<Vec<ClusterChoice>, Nothing> {
    let read = config::clusters_only(env).map_err(|problems| {
        complain(&problems.to_string());
        Nothing(Status::Misused)
    });
    Ok(read?.0)
}

fn chosen<'c>(
    clusters: &'c [ClusterChoice],
    named: Option<&str>,
) -> Result<&'c ClusterChoice, Nothing> {
    choose(clusters, named).map_err(|problem| {
        complain(&problem);
        Nothing(Status::Misused)
    })
}

fn choose<'c>(
    clusters: &'c [ClusterChoice],
    named: Option<&str>,
) -> Result<&'c ClusterChoice, String> {
    let names: Vec<String> = clusters.iter().map(|c| format!("`{}`", c.name)).collect();
    let names = names.join(", ");
    match (named, clusters) {
        (None, [only]) => Ok(only),
        (None, _) => Err(format!("there are several clusters, say which: {names}")),
        (Some(name), _) => {
            let found = clusters.iter().find(|c| c.name == name);
            found.ok_or_else(|| format!("there is no cluster `{name}`; there are: {names}"))
        }
    }
}

fn survey(choice: &ClusterChoice, env: &BTreeMap<String, String>) -> anyhow::Result<Snapshot> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let config = choice.place(env).config().await?;
        let cluster = Cluster::connect(&choice.name, &config, Arc::new(SystemClock))?;
        Ok(cluster.scoped(choice.scope()).survey().await?)
    })
}
