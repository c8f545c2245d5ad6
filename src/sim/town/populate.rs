//! Builds the default town's cluster from its manifests: workloads get their pods at once.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::{Hardship, Plan};
use crate::clock::Clock;
use crate::sim::cluster::SimCluster;

/// The manifests of the default town's cluster.
const MANIFESTS: &str = include_str!("cluster.yaml");

/// The plan's cluster, with everything in it.
///
/// # Errors
/// As [`populate`].
pub(super) fn cluster_of(plan: &Plan, clock: &Arc<dyn Clock>) -> Result<SimCluster> {
    let api = SimCluster::new(Arc::clone(clock), plan.seed);
    populate(&api)?;
    for group in plan.absent {
        api.serve_group(group, false);
    }
    if plan.hardship == Some(Hardship::LoseAnswers) {
        api.lose_first_answers();
    }
    Ok(api)
}

/// Puts everything into the cluster.
///
/// # Errors
/// A manifest is wrong: a fault of ours.
pub fn populate(api: &SimCluster) -> Result<()> {
    let mut addresses = (1..=250).map(|n| format!("10.1.0.{n}"));
    for document in documents()? {
        let stored = put(api, document.clone())?;
        match text(&stored, "/kind") {
            "Deployment" => {
                let set = put(api, replica_set(&stored))?;
                start_pods(api, &set, &mut addresses)?;
            }
            "StatefulSet" | "DaemonSet" => start_pods(api, &stored, &mut addresses)?,
            _ => {}
        }
    }
    Ok(())
}

/// The manifests, read once in a process.
fn documents() -> Result<&'static [Value]> {
    static READ: OnceLock<Vec<Value>> = OnceLock::new();
    if let Some(known) = READ.get() {
        return Ok(known);
    }
    let read = serde_saphyr::from_multiple(MANIFESTS).context("the town's manifests")?;
    Ok(READ.get_or_init(|| read))
}

/// Removes all pods of a workload `ns/name`, and the workload.
pub fn delete_workload(api: &SimCluster, namespace: &str, name: &str) {
    for object in api.objects() {
        let kind = text(&object, "/kind").to_owned();
        let object_name = text(&object, "/metadata/name").to_owned();
        let here = text(&object, "/metadata/namespace") == namespace;
        let workload = matches!(kind.as_str(), "Deployment" | "StatefulSet") && object_name == name;
        let part = matches!(kind.as_str(), "Pod" | "ReplicaSet")
            && object_name.starts_with(&format!("{name}-"));
        if here && (workload || part) {
            api.remove(&kind, namespace, &object_name);
        }
    }
}

/// A policy of the town's manifests, as it was at the start.
///
/// # Errors
/// There is none of that name.
pub fn policy(namespace: &str, name: &str) -> Result<Value> {
    let found = documents()?.iter().find(|document| {
        text(document, "/kind") == "NetworkPolicy"
            && text(document, "/metadata/namespace") == namespace
            && text(document, "/metadata/name") == name
    });
    found
        .cloned()
        .with_context(|| format!("the town has no policy `{namespace}/{name}`"))
}

/// Puts one object into the cluster.
///
/// # Errors
/// The API server's refusal.
pub fn put(api: &SimCluster, object: Value) -> Result<Value> {
    api.put(object)
        .map_err(|refusal| anyhow!("refused: {refusal:?}"))
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn replica_set(deployment: &Value) -> Value {
    let name = format!("{}-5d8f7", text(deployment, "/metadata/name"));
    let mut labels = deployment
        .pointer("/spec/template/metadata/labels")
        .cloned();
    if let Some(Value::Object(labels)) = &mut labels {
        labels.insert("pod-template-hash".to_owned(), json!("5d8f7"));
    }
    let pod_spec = deployment.pointer("/spec/template/spec").cloned();
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": text(deployment, "/metadata/namespace"),
            "labels": labels,
            "ownerReferences": [owner(deployment)],
        },
        "spec": {
            "replicas": deployment.pointer("/spec/replicas"),
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec},
        },
    })
}

fn owner(object: &Value) -> Value {
    json!({
        "apiVersion": text(object, "/apiVersion"),
        "kind": text(object, "/kind"),
        "name": text(object, "/metadata/name"),
        "uid": text(object, "/metadata/uid"),
        "controller": true,
    })
}

fn start_pods(
    api: &SimCluster,
    owner_of_pods: &Value,
    addresses: &mut impl Iterator<Item = String>,
) -> Result<()> {
    let count = owner_of_pods
        .pointer("/spec/replicas")
        .and_then(Value::as_u64)
        .unwrap_or(1);
    for n in 0..count {
        let address = addresses.next().context("the town has no more addresses")?;
        put(
            api,
            json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": format!("{}-{n}", text(owner_of_pods, "/metadata/name")),
                    "namespace": text(owner_of_pods, "/metadata/namespace"),
                    "labels": owner_of_pods.pointer("/spec/template/metadata/labels"),
                    "ownerReferences": [owner(owner_of_pods)],
                },
                "spec": owner_of_pods.pointer("/spec/template/spec"),
                "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
            }),
        )?;
    }
    Ok(())
}
