//! What a bot holds that watches 5,000 pods.

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::e2e::wait::SOON;
use crate::e2e::world::World;
use crate::figure::print;
use crate::scene::{Scene, Size};
use crate::standing::most_memory;

/// Pods of one workload.
const REPLICAS: usize = 25;

pub(crate) async fn measure(size: Size) {
    let mut world = Scene::set().await;
    let count = size.of(5_000, 5_000, 50);
    let workloads = 0..count / REPLICAS;
    stream::iter(workloads)
        .for_each_concurrent(8, |n| fill(&world, n))
        .await;
    let mut bot = world.start();
    bot.ready_is(200, SOON).await;
    let most = most_memory(&mut bot, size.of(75, 15, 1)).await;
    print("memory, 5,000 pods watched", most, None);
}

/// A workload of pods that are as long as real ones: probes, variables, volumes, conditions.
async fn fill(world: &World, n: usize) {
    let labels = json!({
        "app.kubernetes.io/name": format!("service-{n}"), "app.kubernetes.io/instance": format!("service-{n}-prod"),
        "app.kubernetes.io/version": "4.17.2", "team": format!("team-{}", n % 12), "pod-template-hash": "5d8f7c9b4",
    });
    let spec = pod(n);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": format!("service-{n}-5d8f7c9b4"), "namespace": world.town.shop, "labels": labels},
        "spec": {
            "replicas": REPLICAS, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    });
    let owner = world.town.put(set).await;
    for replica in 0..REPLICAS {
        let suffix = format!("x{replica:04}");
        world.town.runs(&owner, &suffix, &labels, &spec).await;
    }
}

fn pod(n: usize) -> Value {
    let variables: Vec<Value> = (0..12)
        .map(|v| json!({"name": format!("SETTING_{v}"), "value": format!("value-{n}-{v}.internal.example")}))
        .collect();
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10});
    json!({
        "nodeName": format!("node-{}", n % 60),
        "containers": [{
            "name": "main", "image": format!("registry.example/team/service-{n}@sha256:{}", "ab".repeat(32)),
            "ports": [{"containerPort": 8080, "name": "http"}], "env": variables,
            "livenessProbe": probe, "readinessProbe": probe,
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/settings", "readOnly": true}],
        }],
        "volumes": [{"name": "settings", "configMap": {"name": format!("service-{n}")}}],
    })
}
