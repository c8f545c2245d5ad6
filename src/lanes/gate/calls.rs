//! What lane `gate` asks of the cluster: applies that are compared with what was meant, and deletes that are waited for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::app::opening::reference;
use crate::app::{Parts, dress};
use crate::cluster::{Cluster, ClusterError, SeenObject};
use crate::lanes::watch;
use crate::objects::stored_digest;
use crate::request::{Command, GateObject, Request, Verified};
use crate::retry::Retry;

/// Applies the committed attempt, all objects at once, and compares what the server says it stored with what was
/// meant. All are waited for, whatever fails (each ends within five seconds): an apply
/// that is given up could arrive after its withdrawal, and only [`crate::reaper::strays`] would see it.
pub(super) async fn open(parts: &Parts, request: &Request) -> Command {
    let work = async {
        let cluster = cluster_of(parts, request)?;
        let dressed = dress(request)?;
        let stated = !request.effect.stated.is_empty();
        let applying = dressed
            .iter()
            .map(|(object, manifest)| put(cluster, object, manifest, stated));
        let applied = futures::future::join_all(applying).await;
        applied.into_iter().collect::<Result<Vec<_>, _>>()
    };
    match work.await {
        Ok(objects) => Command::Applied { objects },
        Err(error) => not_applied(&error),
    }
}

/// Applies one object. The answer is the object as it was stored, after all admission: no read tells more.
async fn put(
    cluster: &Cluster,
    object: &GateObject,
    manifest: &Value,
    stated: bool,
) -> Result<Verified, ClusterError> {
    let applied = cluster.apply(manifest, object.uid.as_deref()).await?;
    let seen = &applied.seen;
    let another = object.uid.as_ref().is_some_and(|uid| *uid != applied.uid);
    if another || seen.deleting || !as_meant(seen, object, manifest) {
        let problem = format!("`{}` is not as applied", object.name);
        return Err(ClusterError::Conflict(problem));
    }
    let digest = stored_digest(&seen.at.api_version, &seen.at.kind, &seen.manifest);
    Ok(Verified {
        name: object.name.clone(),
        uid: applied.uid,
        stored: digest.filter(|_| stated),
    })
}

/// Whether the server stores what was planned and approved, under its name and with every mark: by these it is
/// found and closed again, whatever becomes of the store.
fn as_meant(seen: &SeenObject, object: &GateObject, manifest: &Value) -> bool {
    let field = |at: &Value, pointer: &str| at.pointer(pointer).cloned();
    let named = [
        "/apiVersion",
        "/kind",
        "/metadata/namespace",
        "/metadata/name",
    ];
    let same = |pointer: &&str| field(&seen.manifest, pointer) == field(manifest, pointer);
    let marked = |pointer: &str, stored: &BTreeMap<String, String>| {
        let meant = manifest.pointer(pointer).and_then(Value::as_object);
        let mut meant = meant.into_iter().flatten();
        meant.all(|(key, value)| stored.get(key).map(String::as_str) == value.as_str())
    };
    named.iter().all(same)
        && marked("/metadata/labels", &seen.labels)
        && marked("/metadata/annotations", &seen.annotations)
        && object.object.is_stored_as(&seen.manifest)
}

pub(super) fn not_applied(error: &ClusterError) -> Command {
    Command::NotApplied {
        problem: error.for_people(),
        again: matches!(error.retry(), Retry::Now | Retry::Later),
    }
}

/// Takes every object down, each verified gone. All are tried, whatever fails.
pub(super) async fn close(parts: &Parts, request: &Request) -> Command {
    if request.gate.is_empty() {
        return Command::Withdrawn;
    }
    let cluster = match cluster_of(parts, request) {
        Ok(cluster) => cluster,
        Err(error) => {
            return Command::NotWithdrawn {
                problem: error.for_people(),
            };
        }
    };
    let withdrawals = request.gate.iter().map(|object| {
        let at = reference(object);
        async move { cluster.withdraw(&at).await }
    });
    let withdrawals = futures::future::join_all(withdrawals).await;
    if withdrawals.iter().all(Result::is_ok) {
        watch::all_gone(parts, request, &withdrawals);
    }
    match withdrawals.into_iter().find_map(Result::err) {
        None => Command::Withdrawn,
        Some(error) => Command::NotWithdrawn {
            problem: error.for_people(),
        },
    }
}

fn cluster_of<'a>(parts: &'a Parts, request: &Request) -> Result<&'a Cluster, ClusterError> {
    let name = &request.asked.cluster;
    let cluster = parts.clusters.get(name).map(AsRef::as_ref);
    cluster.ok_or_else(|| ClusterError::unknown(name))
}

#[cfg(test)]
mod tests;
