//! The bare thing: the same objects, applied and deleted by a client that does nothing else, as the bot's own
//! account and over connections like the bot's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, Preconditions};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::e2e::gates::Gate;
use crate::e2e::world::World;

/// Calls under way at once where there are many.
pub(crate) const AT_ONCE: usize = 16;

/// A client that is warm.
pub(crate) struct Bare(kube::Client);

impl Bare {
    /// As the bot's account.
    pub(crate) async fn of(world: &World) -> Self {
        let file = Kubeconfig::read_from(world.folder.path().join("kubeconfig")).unwrap();
        let mut config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .unwrap();
        config.default_retry = false;
        Self(kube::Client::try_from(config).unwrap())
    }

    fn api(&self, namespace: &str) -> Api<NetworkPolicy> {
        Api::namespaced(self.0.clone(), namespace)
    }

    /// Applies the copies, so many at once; how long it took.
    pub(crate) async fn apply(&self, copies: &[Value], at_once: usize) -> Duration {
        let begun = Instant::now();
        stream::iter(copies)
            .for_each_concurrent(at_once, |copy| async move {
                let (namespace, name) = place(copy);
                let parameters = PatchParams::apply("drawbridge").validation_strict();
                let (api, patch) = (self.api(namespace), Patch::Apply(copy));
                api.patch(name, &parameters, &patch).await.unwrap();
            })
            .await;
        begun.elapsed()
    }

    /// Deletes them again, each by uid and version, so many at once; how long it took.
    pub(crate) async fn delete(&self, copies: &[Value], at_once: usize) -> Duration {
        // Listed: the account may not get one by itself.
        let mut there = BTreeMap::new();
        let namespaces: BTreeSet<&str> = copies.iter().map(|copy| place(copy).0).collect();
        for namespace in namespaces {
            let (api, all) = (self.api(namespace), ListParams::default());
            for object in api.list_metadata(&all).await.unwrap() {
                let meta = object.metadata;
                there.insert((namespace, meta.name.clone().unwrap()), meta);
            }
        }
        let mut known = Vec::new();
        for copy in copies {
            let (namespace, name) = place(copy);
            known.push((copy, &there[&(namespace, name.to_owned())]));
        }
        let begun = Instant::now();
        stream::iter(&known)
            .for_each_concurrent(at_once, |(copy, meta)| async move {
                let (namespace, name) = place(copy);
                let parameters = DeleteParams::background().preconditions(Preconditions {
                    uid: meta.uid.clone(),
                    resource_version: meta.resource_version.clone(),
                });
                self.api(namespace).delete(name, &parameters).await.unwrap();
            })
            .await;
        begun.elapsed()
    }
}

fn place(copy: &Value) -> (&str, &str) {
    let text = |field: &str| copy["metadata"][field].as_str().unwrap();
    (text("namespace"), text("name"))
}

/// The same objects under other names. They do not carry our label, or the bot would take them down.
pub(crate) fn copies(gates: &[Gate]) -> Vec<Value> {
    let copy = |(n, gate): (usize, &Gate)| {
        let mut labels = gate.object["metadata"]["labels"].clone();
        labels["app.kubernetes.io/managed-by"] = "somebody".into();
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {
                "namespace": gate.namespace, "name": format!("bare-{n}-{}", gate.name),
                "labels": labels, "annotations": gate.object["metadata"]["annotations"],
            },
            "spec": gate.object["spec"],
        })
    };
    gates.iter().enumerate().map(copy).collect()
}
