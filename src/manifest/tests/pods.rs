//! Which pods workloads get, and which get none.

use k8s_openapi::api::core::v1::Pod;

use crate::manifest::{Manifests, read, with_pods};
use crate::netpol::{Object, Snapshot};

/// The objects of a manifest, with pods.
fn objects(text: &str) -> Vec<Object> {
    let mut manifests = Manifests::default();
    manifests.add(read("a.yaml", text));
    assert_eq!(manifests.problems, []);
    with_pods(manifests.objects)
}

fn pods(text: &str) -> Vec<Pod> {
    objects(text)
        .into_iter()
        .filter_map(|object| match object {
            Object::Pod(pod) => Some(*pod),
            _ => None,
        })
        .collect()
}

fn names(text: &str) -> Vec<String> {
    let name = |pod: Pod| pod.metadata.name.unwrap();
    pods(text).into_iter().map(name).collect()
}

fn workload(kind: &str, name: &str, spec: &str) -> String {
    let group = if kind.ends_with("Job") {
        "batch"
    } else {
        "apps"
    };
    let template = "{metadata: {labels: {app: web}}, spec: {hostNetwork: true, containers: \
                    [{name: c, ports: [{name: http, containerPort: 80}]}]}}";
    let spec = match kind {
        "CronJob" => format!("{{jobTemplate: {{spec: {{template: {template}}}}}{spec}}}"),
        _ => format!("{{template: {template}{spec}}}"),
    };
    format!("---\napiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

/// A ReplicaSet `web-7d9f` of the Deployment `web`.
fn replica_set() -> String {
    workload("ReplicaSet", "web-7d9f", "").replace(
        "metadata: {name: web-7d9f}",
        "metadata: {name: web-7d9f, ownerReferences: [{apiVersion: x, kind: Deployment, \
         name: web, uid: u}]}",
    )
}

fn pod(name: &str, owner: &str, more: &str) -> String {
    let (kind, owner) = owner.split_once('/').unwrap();
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  {more}\n  ownerReferences: \
         [{{apiVersion: x, kind: {kind}, name: {owner}, uid: u}}]\n"
    )
}

#[test]
fn a_workload_gets_as_many_pods_as_its_traffic_needs() {
    for (kind, spec, expected) in [
        ("Deployment", "", 1),
        ("Deployment", ", replicas: 1", 1),
        ("Deployment", ", replicas: 5", 2),
        ("Deployment", ", replicas: 0", 0),
        ("Deployment", ", replicas: -1", 0),
        ("StatefulSet", ", replicas: 3", 2),
        ("ReplicaSet", ", replicas: 2", 2),
        ("DaemonSet", "", 2),
        ("Job", ", parallelism: 3", 1),
        ("CronJob", ", suspend: true", 1),
    ] {
        let made = pods(&workload(kind, "web", spec)).len();
        assert_eq!(made, expected, "{kind}{spec}");
    }
}

#[test]
fn a_pod_has_its_templates_labels_ports_and_network() {
    let objects = objects(&workload("Deployment", "web", ", replicas: 2"));
    let cluster = Snapshot::from_objects(objects);
    let running: Vec<_> = cluster.all_running().collect();
    assert_eq!(running.len(), 2);
    for pod in running {
        assert_eq!(pod.workload().to_string(), "default/Deployment/web");
        assert_eq!(pod.pod.labels.get("app"), Some("web"));
        assert_eq!(pod.pod.ports[0].name.as_deref(), Some("http"));
        assert_eq!(pod.pod.ports[0].number, 80);
        assert!(pod.pod.host_network && !pod.pod.finished && pod.pod.ips.is_empty());
    }
}

#[test]
fn a_stateful_sets_pods_carry_their_names_as_labels() {
    let made = pods(&workload("StatefulSet", "db", ", replicas: 2"));
    let label = |pod: &Pod| {
        let labels = pod.metadata.labels.as_ref().unwrap();
        labels["statefulset.kubernetes.io/pod-name"].clone()
    };
    assert_eq!(made.iter().map(label).collect::<Vec<_>>(), ["db-0", "db-1"]);
}

#[test]
fn names_that_are_taken_are_not_used_again() {
    let text = workload("Deployment", "web", ", replicas: 2") + &pod("web-0", "Kafka/web", "");
    assert_eq!(names(&text), ["web-0", "web-1", "web-2"]);
    let text = workload("Deployment", "web", "") + &workload("StatefulSet", "web", "");
    assert_eq!(names(&text), ["web-0", "web-1"]);
}

#[test]
fn a_workload_with_pods_gets_no_more() {
    let deployment = || workload("Deployment", "web", ", replicas: 3");
    let set = replica_set();
    for text in [
        // directly; through a ReplicaSet that is there; through one of which only the name is known
        deployment() + &pod("x", "Deployment/web", ""),
        deployment() + &set + &pod("x", "ReplicaSet/web-7d9f", ""),
        deployment()
            + &pod(
                "x",
                "ReplicaSet/web-7d9f",
                "labels: {pod-template-hash: 7d9f}",
            ),
        workload("CronJob", "backup", "") + &pod("x", "Job/backup-28391230", ""),
        workload("Job", "once", "") + &pod("x", "Job/once", "") + "status: {phase: Succeeded}\n",
    ] {
        assert_eq!(names(&text), ["x"], "{text}");
    }
}

#[test]
fn a_replica_set_is_covered_by_its_deployment() {
    let set = replica_set();
    assert_eq!(names(&set), ["web-7d9f-0"]);
    let both = set + &workload("Deployment", "web", "");
    assert_eq!(names(&both), ["web-0"]);
}

#[test]
fn a_job_that_has_ended_gets_no_pod() {
    let ended = workload("Job", "once", "") + "status: {completionTime: 2026-01-01T00:00:00Z}\n";
    assert_eq!(names(&ended), Vec::<String>::new());
}

#[test]
fn pods_of_one_namespace_do_not_count_in_another() {
    let elsewhere = pod("x", "Deployment/web", "namespace: other");
    let text = workload("Deployment", "web", "") + &elsewhere;
    assert_eq!(names(&text), ["x", "web-0"]);
}
