//! Step by step from the demo to production: a real cluster, a real Redis, both.

use std::collections::BTreeMap;

use drawbridge::clock::SystemClock;
use drawbridge::cluster::{Cluster, ObjectRef};
use http::{Request, StatusCode};
use http_body_util::Full;
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
    managed
        .objects
        .into_iter()
        .map(|object| object.at)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_is_opened_in_a_real_cluster_and_kept_in_a_real_redis() {
    let (server, mut env) = cluster().await;
    let redis = RedisServer::start(Product::Redis).await;
    env.insert("REDIS_URL".to_owned(), redis.url());
    let mut visitor = Visitor::of(&["--kube", "--store", "redis"], &env).await;
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
    assert_a_stranger_is_kept_out(&visitor).await;

    // Whoever leaves while a path is open leaves none behind.
    visitor.presses("dana", "Ask again").await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
    visitor.demo.terminate();
    let status = visitor.demo.ended(SOON).await;
    assert!(status.success(), "{}", visitor.demo.output());
    assert_eq!(gates_of(&server).await, []);
}

/// Somebody else on this machine, who was not given the address.
async fn assert_a_stranger_is_kept_out(visitor: &Visitor) {
    let url = |path: &str| format!("{}{path}", visitor.page);
    for cookie in ["", "drawbridge=", "drawbridge=guess"] {
        let live = Request::get(url("/town/live")).header("cookie", cookie);
        let acts = Request::post(url("/town/do"))
            .header("cookie", cookie)
            .header("content-type", "application/json");
        for request in [live.body(Full::default()), acts.body(Full::from("{}"))] {
            let (status, _) = visitor.sends(request.unwrap()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{cookie}");
        }
    }
    let key = visitor.key.trim_start_matches("drawbridge=");
    let enters = Request::get(url(&format!("/?key={key}"))).body(Full::default());
    assert_eq!(
        visitor.sends(enters.unwrap()).await.0,
        StatusCode::SEE_OTHER
    );
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
async fn what_is_real_is_not_shown_to_the_network() {
    for real in [&["--kube"][..], &["--store", "redis"]] {
        let words = [&["demo", "--listen", "0.0.0.0:0"], real].concat();
        let (status, output) = ends(&words, &Env::new()).await;
        assert_eq!(status, Some(2));
        assert!(output.contains("loopback"), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_in_which_requests_are_open_is_left_alone() {
    let redis = RedisServer::start(Product::Redis).await;
    let env = BTreeMap::from([("REDIS_URL".to_owned(), redis.url())]);
    let visitor = Visitor::of(&["--store", "redis"], &env).await;
    let ask = "/access shop/web to orders/db:5432 for 20m because INC-42";
    visitor.says("dana", "payments", ask).await;
    visitor.reads("orders on-call").await;
    drop(visitor);
    let (status, output) = ends(&["demo", "--store", "redis"], &env).await;
    assert_eq!(status, Some(3));
    assert!(output.contains("a database of its own"), "{output}");
}

/// How a demo ends that does not begin.
async fn ends(words: &[&str], env: &Env) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Bot::start(words, env, &folder.path().join("demo.log"));
    let status = demo.ended(SOON).await;
    (status.code(), demo.output())
}
