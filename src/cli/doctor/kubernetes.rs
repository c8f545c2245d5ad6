//! Asks a cluster what `doctor` judges. Writes nothing: gates are rehearsed by dry-run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::gates;
use crate::clock::{Clock, SystemClock};
use crate::cluster::needs::Reach;
use crate::cluster::{Asked, Cluster, ClusterError, NEEDLESS, NEEDS, Need};
use crate::config::ClusterChoice;
use crate::doctor::kubernetes::{Observed, Opted, Rehearsed, Right, judge};
use crate::doctor::{Answer, Finding, No};
use crate::netpol::Snapshot;
use crate::objects::{Kind, is_protected};
use crate::units::Seconds;

/// Questions to one API server at the same time.
const AT_ONCE: usize = 8;

/// Most namespaces that are asked about: a thousand questions take a while, and say little more.
const MOST: usize = 200;

/// The groups of kinds that a cluster need not have, and reviews that only services need.
const OPTIONAL: [&str; 5] = [
    "authentication.k8s.io",
    "cilium.io",
    "crd.projectcalico.org",
    "policy.networking.k8s.io",
    "projectcalico.org",
];

/// Asks and judges one cluster.
pub(super) async fn findings(
    choice: &ClusterChoice,
    env: &BTreeMap<String, String>,
    (max, used): (Seconds, &BTreeSet<Kind>),
) -> Vec<Finding> {
    judge(&match connect(choice, env).await {
        Ok(cluster) => observe(&cluster, (max, used)).await,
        Err(error) => unseen(&choice.name, &no(&error)),
    })
}

async fn connect(
    choice: &ClusterChoice,
    env: &BTreeMap<String, String>,
) -> Result<Cluster, ClusterError> {
    let config = choice.place(env).config().await?;
    let cluster = Cluster::connect(&choice.name, &config, Arc::new(SystemClock))?;
    Ok(cluster.scoped(choice.scope()))
}

async fn observe(cluster: &Cluster, (max, used): (Seconds, &BTreeSet<Kind>)) -> Observed {
    let version = match cluster.version().await {
        Ok(version) => version,
        // One wait is enough for a server that is away.
        Err(error) => return unseen(cluster.name(), &no(&error)),
    };
    let survey = answer(cluster.survey().await);
    let opted = match &survey {
        Ok(snapshot) => answer(opted(cluster, snapshot).await),
        Err(no) => Err(no.clone()),
    };
    let able = opted.as_ref().ok().and_then(|(opted, _, _)| {
        let fit = |opted: &&Opted| opted.missing.is_empty() && !is_protected(&opted.namespace);
        let able = opted.iter().find(fit);
        able.map(|opted| opted.namespace.clone())
    });
    let rehearsed = match able {
        Some(namespace) => rehearse(cluster, &namespace, max).await,
        None => Vec::new(),
    };
    let stated = match &survey {
        Ok(snapshot) => super::kinds::observe(cluster, snapshot, used).await,
        Err(_) => Vec::new(),
    };
    let account = answer(cluster.myself().await);
    let home = account.as_deref().ok().and_then(home);
    Observed {
        cluster: cluster.name().to_owned(),
        version: Ok(version),
        missing: answer(missing(cluster).await),
        opted,
        needless: answer(needless(cluster, home).await),
        account,
        rehearsed,
        agents: survey.ok().map(|snapshot| agents(&snapshot)),
        stated,
    }
}

fn unseen(name: &str, no: &No) -> Observed {
    Observed {
        cluster: name.to_owned(),
        version: Err(no.clone()),
        account: Err(no.clone()),
        missing: Err(no.clone()),
        opted: Err(no.clone()),
        needless: Err(no.clone()),
        rehearsed: Vec::new(),
        agents: None,
        stated: Vec::new(),
    }
}

/// Which of these we may not, or may, do.
pub(super) async fn answered(
    cluster: &Cluster,
    asked: Vec<Asked>,
    wanted: bool,
) -> Result<BTreeSet<Asked>, ClusterError> {
    let answers = stream::iter(asked).map(|asked| async move {
        let may = cluster.may(&asked).await?;
        Ok::<_, ClusterError>((asked, may))
    });
    let answers: Vec<(Asked, bool)> = answers.buffer_unordered(AT_ONCE).try_collect().await?;
    let kept = answers.into_iter().filter(|(_, may)| *may == wanted);
    Ok(kept.map(|(asked, _)| asked).collect())
}

/// What we must be able to read, and lack.
async fn missing(cluster: &Cluster) -> Result<Vec<Right>, ClusterError> {
    let needs: BTreeMap<Asked, &'static Need> = cluster.needs().into_iter().collect();
    let lacking = answered(cluster, needs.keys().cloned().collect(), false).await?;
    let right = |asked: &Asked| {
        Some(Right {
            words: asked.to_string(),
            role: needs.get(asked)?.role,
            optional: OPTIONAL.contains(&asked.group.as_str()),
        })
    };
    Ok(lacking.iter().filter_map(right).collect())
}

/// The namespace of a program's account.
fn home(account: &str) -> Option<&str> {
    let rest = account.strip_prefix("system:serviceaccount:")?;
    rest.split_once(':').map(|(namespace, _)| namespace)
}

/// What we may do and need not: in the whole cluster, and in the namespace that we live in, where our own
/// secrets are.
async fn needless(cluster: &Cluster, home: Option<&str>) -> Result<Vec<String>, ClusterError> {
    let table = |place: Option<&str>| {
        let each = |(verb, group, resource): &(&'static str, &str, &str)| {
            Asked::new(verb, group, resource, place)
        };
        NEEDLESS.iter().map(each).collect::<Vec<_>>()
    };
    let mut all = table(None);
    all.extend(home.into_iter().flat_map(|home| table(Some(home))));
    let able = answered(cluster, all, true).await?;
    // What holds in the cluster holds in each namespace, and whoever may do everything may do each thing.
    let more = |place: &Option<String>, asked: &Asked| {
        let everything = Asked::new("*", "*", "*", place.as_deref());
        let same = Asked::new(asked.verb, &asked.group, &asked.resource, place.as_deref());
        [everything, same]
            .iter()
            .any(|other| other != asked && able.contains(other))
    };
    let told = able
        .iter()
        .filter(|asked| !more(&None, asked) && !more(&asked.namespace, asked));
    Ok(told.map(words).collect())
}

fn words(asked: &Asked) -> String {
    match (asked.verb, &asked.namespace) {
        ("*", None) => "do everything".to_owned(),
        ("*", Some(namespace)) => format!("do everything in namespace `{namespace}`"),
        _ => asked.to_string(),
    }
}

/// Namespaces where any verb of the grant role is ours, with those that lack.
async fn opted(
    cluster: &Cluster,
    snapshot: &Snapshot,
) -> Result<(Vec<Opted>, usize, usize), ClusterError> {
    let all: Vec<&str> = snapshot.namespaces().collect();
    let grants = || NEEDS.iter().filter(|need| need.reach == Reach::Namespace);
    let mut asked = Vec::new();
    for namespace in all.iter().take(MOST) {
        for need in grants() {
            for verb in need.verbs {
                asked.push(Asked::new(verb, need.group, need.resource, Some(namespace)));
            }
        }
    }
    let able = answered(cluster, asked, true).await?;
    let mut held: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    for asked in &able {
        if let Some(namespace) = &asked.namespace {
            held.entry(namespace).or_default().insert(asked.verb);
        }
    }
    let opted = held.iter().map(|(namespace, held)| {
        let verbs = grants().flat_map(|need| need.verbs.iter().copied());
        Opted {
            namespace: (*namespace).to_owned(),
            missing: verbs.filter(|verb| !held.contains(verb)).collect(),
        }
    });
    Ok((opted.collect(), all.len().min(MOST), all.len()))
}

/// The namespaces that are asked about.
pub(super) fn namespaces(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    snapshot.namespaces().take(MOST)
}

/// Shows the API server one good gate and those that the admission policies must refuse.
async fn rehearse(cluster: &Cluster, namespace: &str, max: Seconds) -> Vec<Rehearsed> {
    let mut rehearsed = Vec::new();
    for (wrong, manifest) in gates::all(namespace, SystemClock.now(), max) {
        let taken = answer(cluster.rehearse(&manifest).await);
        rehearsed.push(Rehearsed { wrong, taken });
    }
    rehearsed
}

/// Names of the DaemonSets whose pods run.
fn agents(snapshot: &Snapshot) -> BTreeSet<String> {
    let workloads = snapshot.namespaces().flat_map(|ns| snapshot.workloads(ns));
    let daemons = workloads.filter(|workload| workload.kind == "DaemonSet");
    daemons.map(|workload| workload.name).collect()
}

pub(super) fn answer<T>(asked: Result<T, ClusterError>) -> Answer<T> {
    asked.map_err(|error| no(&error))
}

fn no(error: &ClusterError) -> No {
    match error {
        ClusterError::Away(why) | ClusterError::Unreadable(why) => No::Away(format!("{why:#}")),
        ClusterError::Timeout(_) | ClusterError::Conflict(_) | ClusterError::Expired => {
            No::Away(error.to_string())
        }
        _ => No::Refused(error.to_string()),
    }
}
