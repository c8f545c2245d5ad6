#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The network core at sizes of real clusters: the whole table, one flow, one gate with its preview, and
//! the memory of a snapshot; every figure stands beside a baseline of the same run. Sizes that have an aim print
//! their figures by the table of aims, the others a line of all that was measured.
//!
//! `cargo bench --bench netpol`. The clusters are seeded, so that two runs judge the same.

#[path = "common/aims.rs"]
mod aims;
#[expect(dead_code, reason = "each bench uses a part of what they share")]
#[path = "common/figure.rs"]
mod figure;

use std::hint::black_box;
use std::time::{Duration, Instant};

use drawbridge::entropy::Dice;
use drawbridge::grammar::Endpoint;
use drawbridge::netpol::snapshot::Object;
use drawbridge::netpol::{Snapshot, build, reach, resolve, table};
use serde_json::{Value, json};

/// Pods, workloads, policies.
const SIZES: [(usize, usize, usize); 5] = [
    (100, 20, 50),
    (1_000, 100, 50),
    (1_000, 100, 500),
    (5_000, 500, 500),
    (5_000, 500, 2_000),
];

/// The size that the aims are about.
const AIMED: (usize, usize, usize) = (5_000, 500, 500);

/// The size that stands for all where only the shape is looked at.
const SMALL: usize = 1;

/// Each figure is the median of this many runs.
const RUNS: usize = 9;

fn main() {
    let trial = figure::is_a_trial();
    for (pods, workloads, policies) in
        SIZES
            .into_iter()
            .take(if trial { SMALL } else { SIZES.len() })
    {
        let before = resident("VmRSS:");
        let cluster = snapshot(pods, workloads, policies);
        let held = resident("VmRSS:").saturating_sub(before);

        let mut pairs = 0_usize;
        let whole = median(|| {
            pairs = 0;
            table(&cluster).each(|row| {
                pairs += 1;
                black_box(row);
            });
        });
        // The baseline is how netpol-analyzer lists connections: every pair of workloads is judged by itself, a pod
        // standing for its workload (its `connlist`, `getConnectionsBetweenPeers`). Our own verdicts, so that only
        // the way differs; a sample of the pairs is timed.
        let (asked, one_by_one) = sample(&cluster, workloads);
        let flow = flow(&cluster, 1, 2);
        let one = median(|| drop(black_box(reach(&cluster, &flow))));
        let gate = median(|| drop(black_box(build(&cluster, &flow))));
        let all_one_by_one = ms(one_by_one) * pairs as f64 / asked as f64;
        let per_pod = held as f64 * 1_024.0 / pods as f64;
        println!(
            "{}",
            json!({
                "bench": "netpol", "pods": pods, "workloads": workloads, "policies": policies,
                "pairs": pairs, "table_ms": ms(whole), "pairs_per_s": per_second(pairs, whole),
                "one_by_one_ms": all_one_by_one, "flow_ms": ms(one), "gate_and_preview_ms": ms(gate),
                "snapshot_b_per_pod": per_pod, "process_peak_mb": resident("VmHWM:") / 1_024,
            })
        );
        if trial || (pods, workloads, policies) == AIMED {
            figure::print(
                "whole table, 5,000 pods, 500 policies",
                ms(whole),
                Some(all_one_by_one),
            );
            figure::print(
                "gate with preview, 5,000 pods, 500 policies",
                ms(gate),
                None,
            );
            figure::print("snapshot of 5,000 pods, 500 policies", per_pod, None);
        }
    }
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn per_second(pairs: usize, time: Duration) -> u64 {
    (pairs as f64 / time.as_secs_f64()) as u64
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2]
}

fn sample(cluster: &Snapshot, workloads: usize) -> (usize, Duration) {
    let pairs: Vec<_> = (0..50)
        .map(|n| flow(cluster, n % workloads, (n * 7 + 3) % workloads))
        .collect();
    let start = Instant::now();
    for flow in &pairs {
        black_box(reach(cluster, flow));
    }
    (pairs.len(), start.elapsed())
}

fn flow(cluster: &Snapshot, from: usize, to: usize) -> drawbridge::netpol::Flow {
    let end = |n: usize| Endpoint::Named {
        namespace: format!("ns{}", n % NAMESPACES),
        kind: None,
        name: format!("w{n}"),
    };
    let port = "8080".parse().expect("a port");
    resolve(cluster, &end(from), &end(to), Some(&port)).expect("both are there")
}

const NAMESPACES: usize = 20;

/// Workloads spread over namespaces, replicas over nodes; every namespace denies by default and policies
/// allow peers by labels, by namespace and by block.
fn snapshot(pods: usize, workloads: usize, policies: usize) -> Snapshot {
    let mut dice = Dice::seeded(42);
    // Fed one by one as a watch does, so that nothing but the snapshot is held.
    let mut cluster = Snapshot::default();
    for n in 0..NAMESPACES {
        let team = format!("t{}", n % 5);
        cluster.apply(read(json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": format!("ns{n}"), "labels": {"team": team}}})));
    }
    for n in 0..pods {
        let w = n % workloads;
        let node = n % 50;
        cluster.apply(read(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "namespace": format!("ns{}", w % NAMESPACES), "name": format!("w{w}-7d9f8b6c5-{n}"),
                "labels": {"app": format!("w{w}"), "tier": format!("tier{}", w % 4), "pod-template-hash": "7d9f8b6c5"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": true,
                    "name": format!("w{w}-7d9f8b6c5"), "uid": "u"}],
            },
            "spec": {"nodeName": format!("node{node}"), "containers": [{"name": "main", "ports": [
                {"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}]}]},
            "status": {"phase": "Running", "hostIP": format!("10.0.0.{node}"),
                "podIP": format!("10.{}.{}.{}", 100 + n / 65_536, n / 256 % 256, n % 256)},
        })));
    }
    for n in 0..policies {
        cluster.apply(read(policy(n, workloads, &mut dice)));
    }
    cluster
}

fn policy(n: usize, workloads: usize, dice: &mut Dice) -> Value {
    let mut one = || usize::try_from(dice.between(0, workloads as u64 - 1)).expect("a workload");
    let (w, peer) = (one(), one());
    let spec = match n {
        _ if n < NAMESPACES => json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        _ if n.is_multiple_of(10) => json!({
            "podSelector": {"matchLabels": {"app": format!("w{w}")}}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}],
        }),
        _ if n.is_multiple_of(3) => json!({
            "podSelector": {"matchLabels": {"tier": format!("tier{}", w % 4)}}, "policyTypes": ["Egress"],
            "egress": [
                {"to": [{"namespaceSelector": {"matchLabels": {"team": format!("t{}", peer % 5)}}}],
                 "ports": [{"port": "http"}, {"port": 9000, "endPort": 9100}]},
                {"to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
                 "ports": [{"protocol": "UDP", "port": 53}]},
            ],
        }),
        _ => json!({
            "podSelector": {"matchLabels": {"app": format!("w{w}")}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": format!("ns{}", peer % NAMESPACES)}},
                 "podSelector": {"matchExpressions": [{"key": "app", "operator": "In",
                    "values": [format!("w{peer}"), format!("w{}", (peer + 7) % workloads)]}]}},
                {"podSelector": {}},
            ], "ports": [{"port": 8080}, {"port": "metrics"}]}],
        }),
    };
    let namespace = if n < NAMESPACES { n } else { w % NAMESPACES };
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"namespace": format!("ns{namespace}"), "name": format!("p{n}")}, "spec": spec})
}

fn read(value: Value) -> Object {
    match value["kind"].as_str() {
        Some("Namespace") => Object::Namespace(Box::new(
            serde_json::from_value(value).expect("a namespace"),
        )),
        Some("Pod") => Object::Pod(Box::new(serde_json::from_value(value).expect("a pod"))),
        _ => Object::Policy(Box::new(serde_json::from_value(value).expect("a policy"))),
    }
}

/// What this process holds of memory, in KiB (`/proc/self/status`); 0 where there is no such file.
fn resident(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
