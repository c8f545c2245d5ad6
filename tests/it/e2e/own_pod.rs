//! `self` as the source: the pod that the API server bound the job's token to.

use k8s_openapi::api::authentication::v1::BoundObjectReference;
use serde_json::{Value, json};

use super::jobs::{Job, world_with_a_job};
use super::wait::{SOON, until, within};
use super::world::World;

/// A Job with one pod that runs as the account `ci`, as its controller and the kubelet make it; gives the pod.
async fn job_pod(world: &mut World) -> Value {
    let namespace = world.town.shop.clone();
    let spec = json!({
        "serviceAccountName": "ci", "restartPolicy": "Never",
        "containers": [{"name": "migrate", "image": "migrate"}],
    });
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "migrate", "namespace": namespace},
        "spec": {"template": {"metadata": {"labels": {"app": "migrate"}}, "spec": spec}},
    });
    let job = world.town.put(job).await;
    // The API server itself writes them into the template: the Job's name and uid among them.
    let labels = job["spec"]["template"]["metadata"]["labels"].clone();
    let pod = world.town.runs(&job, "x7k2p", &labels, &spec).await;
    world.cluster_was_changed().await;
    pod
}

fn bound_to(pod: &Value) -> BoundObjectReference {
    let field = |name: &str| pod["metadata"][name].as_str().map(str::to_owned);
    BoundObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("Pod".to_owned()),
        name: field("name"),
        uid: field("uid"),
    }
}

/// What the client prints of a request that it makes and does not wait for.
async fn asks(world: &mut World, job: &Job, ask: &str) -> (Option<i32>, String) {
    let mut client = job.starts(world, &["request", ask, "-o", "json"]);
    let code = client.ended(SOON).await.code();
    (code, client.output())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn self_is_the_pod_that_the_token_is_bound_to() {
    let (mut world, _bot, job) = world_with_a_job().await;
    let pod = job_pod(&mut world).await;
    let name = pod["metadata"]["name"].as_str().unwrap();
    let to = format!("{}/db:5432 for 5m because INC-42", world.town.orders);
    job.gets_bound_token(&world, "drawbridge", Some(bound_to(&pod)))
        .await;
    let from_now = world.listen();
    // A pod that the bot has not seen yet is none: its watch is told a moment later.
    let asking = until(async || {
        let (code, output) = asks(&mut world, &job, &format!("self to {to}")).await;
        (code != Some(1)).then_some((code, output))
    });
    let (code, output) = within(SOON, "the bot knows the pod", asking).await;
    assert_eq!(code, Some(0), "{output}");
    let told: Value = serde_json::from_str(&output).unwrap();
    let flow = told["flow"].as_str().unwrap();
    assert!(flow.contains(name), "{told}");
    let card = from_now.card().await;
    assert!(card.says(name), "{card:?}");
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(2).await;
    // The gate holds this Job's pods, of which there is this one, and nobody else of the namespace.
    let ours = gates.iter().find(|gate| gate.namespace == world.town.shop);
    let wanted = &ours.unwrap().object["spec"]["podSelector"]["matchLabels"];
    let labels = pod["metadata"]["labels"].as_object().unwrap();
    let wanted = wanted.as_object().unwrap();
    assert!(
        wanted.contains_key("batch.kubernetes.io/job-name"),
        "{wanted:?}"
    );
    for (key, value) in wanted {
        assert_eq!(labels.get(key), Some(value), "{key}");
    }
    let id = told["id"].as_str().unwrap();
    let mut client = job.starts(&mut world, &["done", id]);
    client.ends_with(Some(0)).await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn self_without_a_pod_or_after_its_end_is_refused() {
    let (mut world, _bot, job) = world_with_a_job().await;
    let to = format!("{}/db:5432 for 5m because INC-42", world.town.orders);
    // The account's token is good, and is no pod's.
    let (code, output) = asks(&mut world, &job, &format!("self to {to}")).await;
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("this token is bound to none"), "{output}");
    assert!(output.contains("name the source"), "{output}");
    // A pod's token ends with the pod, whatever time it has left.
    let pod = job_pod(&mut world).await;
    job.gets_bound_token(&world, "drawbridge", Some(bound_to(&pod)))
        .await;
    let name = pod["metadata"]["name"].as_str().unwrap();
    let shop = world.town.shop.clone();
    world.town.remove("v1", "Pod", &shop, name).await;
    let (code, output) = asks(&mut world, &job, &format!("self to {to}")).await;
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("token"), "{output}");
    world.cluster_was_changed().await;
    assert_eq!(world.gates.lives(), [], "nothing was ever opened");
    world.ends_well().await;
}
