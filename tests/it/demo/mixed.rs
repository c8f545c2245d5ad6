//! Step by step from the demo to production: a real cluster, a real Redis, both.

use std::collections::BTreeMap;

use drawbridge::clock::SystemClock;
use drawbridge::cluster::{Cluster, ObjectRef};
use http::StatusCode;
use serde_json::json;

use super::visitor::Visitor;
use crate::e2e::bot::{Bot, Env};
use crate::e2e::wait::SOON;
use crate::servers::kube::{KubeServer, Who};
use crate::servers::redis::{Product, RedisServer};

/// Two namespaces with a workload each, one of them closed. Names that no other test uses.
const TOWN: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: demo-shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: demo-orders}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: demo-shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: demo-orders}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: demo-shop, labels: {app: web}}
spec: {containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: demo-orders, labels: {app: db}}
spec: {containers: [{name: db, image: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: demo-orders}
spec: {podSelector: {}, policyTypes: [Ingress]}
"#;

async fn cluster() -> (KubeServer, Env) {
    let server = KubeServer::start().await;
    server.apply(TOWN).await;
    let kubeconfig = server.kubeconfig(Who::Admin).display().to_string();
    (
        server,
        BTreeMap::from([("KUBECONFIG".to_owned(), kubeconfig)]),
    )
}

async fn gates_of(server: &KubeServer) -> Vec<ObjectRef> {
    let config = server.config(Who::Admin).await;
    let cluster = Cluster::connect("real", &config, std::sync::Arc::new(SystemClock)).unwrap();
    let managed = cluster.managed().await.unwrap();
    managed.into_iter().map(|object| object.at).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_is_opened_in_a_real_cluster_and_kept_in_a_real_redis() {
    let (server, mut env) = cluster().await;
    let redis = RedisServer::start(Product::Redis).await;
    env.insert("REDIS_URL".to_owned(), redis.url());
    let visitor = Visitor::of(&["--kube", "--store", "redis"], &env).await;
    visitor
        .sees("the real cluster's workloads", |seen| {
            let workloads = seen.sections["cluster"]["workloads"].as_array()?;
            workloads
                .iter()
                .find(|w| w["ref"] == "demo-orders/Pod/db")
                .map(drop)
        })
        .await;
    let source = visitor.now(|seen| seen.sections["cluster"]["source"].clone());
    assert!(
        source
            .as_str()
            .unwrap()
            .starts_with("real, at https://127.0.0.1:"),
        "{source}"
    );
    visitor
        .says(
            "dana",
            "payments",
            "/access demo-shop/web to demo-orders/db:5432 for 20m because INC-42",
        )
        .await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
    visitor.reads("Applied").await;
    assert_eq!(gates_of(&server).await.len(), 1);
    let keys: u64 = redis.query(&["DBSIZE"]).await;
    assert!(keys > 0, "the documents are in Redis");
    visitor.presses("dana", "I'm done").await;
    visitor.sees_gates(0).await;
    assert_eq!(gates_of(&server).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_real_is_neither_hurried_nor_broken() {
    let redis = RedisServer::start(Product::Redis).await;
    let env = BTreeMap::from([("REDIS_URL".to_owned(), redis.url())]);
    let visitor = Visitor::of(&["--store", "redis"], &env).await;
    let can = visitor.now(|seen| seen.sections["town"]["can"].clone());
    assert_eq!(can, json!({"hurry": false, "break": false}));
    for (path, body) in [
        ("/town/clock", json!({"advance": "5m"})),
        ("/town/trouble", json!({"do": "empty the store"})),
    ] {
        let (status, answer) = visitor.posts(path, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        assert!(
            answer["error"].as_str().unwrap().contains("real"),
            "{answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_cluster_is_not_shown_to_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["demo", "--kube", "--listen", "0.0.0.0:0"];
    let mut demo = Bot::start(&words, &Env::new(), &folder.path().join("demo.log"));
    let status = demo.ended(SOON).await;
    assert_eq!(status.code(), Some(2));
    assert!(demo.output().contains("loopback"), "{}", demo.output());
}
