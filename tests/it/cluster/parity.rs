//! Random writes by several hands, done alike to the simulated and the real API server: every answer
//! must be the same but for uids, versions and times.

use drawbridge::sim::cluster::SimCluster;
use http_body_util::BodyExt;
use kube::client::Body;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use regex::Regex;
use serde_json::{Value, json};

use super::arena::Arena;

/// Enough to meet every pair of neighbouring steps several times; about 4 s on the real server.
const STEPS: usize = 1000;

#[tokio::test]
async fn simulated_and_real_server_answer_random_writes_alike() {
    let real = Arena::real().await;
    let clock = std::sync::Arc::new(drawbridge::clock::SystemClock);
    let sim = SimCluster::new(clock, 1);
    sim.namespace(&real.namespace, &[]).unwrap();
    let simulated = kube::Client::new(sim.service(), "default");
    let mask = Regex::new(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|record \(\d+\)").unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    let mut history = Vec::new();
    for step in 0..STEPS {
        let write = Write::random(&mut rng, &real.namespace);
        let expected = write.send(&real.admin, &mask).await;
        let got = write.send(&simulated, &mask).await;
        history.push(format!(
            "{} {} {} -> {}",
            write.method, write.path, write.body, got.0
        ));
        assert_eq!(
            got,
            expected,
            "\nstep {step}: {} {}\n{:#}\nlast steps: {:#?}",
            write.method,
            write.path,
            write.body,
            history.iter().rev().take(12).collect::<Vec<_>>()
        );
    }
}

#[derive(Debug)]
struct Write {
    method: &'static str,
    path: String,
    content: &'static str,
    body: Value,
}

impl Write {
    fn random(rng: &mut StdRng, namespace: &str) -> Self {
        let all = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies");
        let name = ["a", "b", "c"].choose(rng).unwrap();
        let who = ["drawbridge", "kubectl", "argocd"].choose(rng).unwrap();
        let dry = if rng.random_ratio(1, 10) {
            "&dryRun=All"
        } else {
            ""
        };
        let force = rng.random_ratio(1, 5);
        let one = format!("{all}/{name}?fieldManager={who}{dry}");
        match rng.random_range(0..10) {
            0 => Self {
                method: "DELETE",
                path: format!("{all}/{name}?{dry}"),
                content: "application/json",
                body: json!({}),
            },
            1 => Self {
                method: "GET",
                path: format!("{all}/{name}"),
                content: "application/json",
                body: Value::Null,
            },
            2 => Self {
                method: "POST",
                path: format!("{all}?fieldManager={who}{dry}"),
                content: "application/json",
                body: policy(rng, name),
            },
            3 | 4 => Self {
                method: "PATCH",
                path: one,
                content: "application/merge-patch+json",
                body: change(rng),
            },
            _ => Self {
                method: "PATCH",
                path: format!("{one}&force={force}&fieldValidation=Strict"),
                content: "application/apply-patch+yaml",
                body: policy(rng, name),
            },
        }
    }

    /// Status and body, without what differs between any two servers.
    async fn send(&self, client: &kube::Client, mask: &Regex) -> (u16, Value) {
        let body = if self.body.is_null() {
            Vec::new()
        } else {
            self.body.to_string().into_bytes()
        };
        let request = http::Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header(http::header::CONTENT_TYPE, self.content)
            .body(Body::from(body))
            .unwrap();
        let response = client.send(request).await.unwrap();
        let code = response.status().as_u16();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let mut body: Value = serde_json::from_str(&mask.replace_all(&text, "…")).unwrap();
        if let Some(meta) = body["metadata"].as_object_mut() {
            for field in [
                "resourceVersion",
                "creationTimestamp",
                "deletionTimestamp",
                // The real server counts an empty list as a change of nothing.
                "generation",
            ] {
                meta.remove(field);
            }
            if let Some(owners) = meta.get_mut("managedFields").and_then(Value::as_array_mut) {
                owners.retain_mut(|owner| {
                    owner.as_object_mut().unwrap().remove("time");
                    without_makers(&mut owner["fieldsV1"]);
                    owner["fieldsV1"] != json!({})
                });
                owners.sort_by_key(|o| format!("{}{}", o["manager"], o["operation"]));
            }
        }
        if body["kind"] == "Status" && body["status"] == "Failure" {
            // Which causes are repeated is the server's whim; the message says the same.
            body =
                json!({"message": body["message"], "reason": body["reason"], "code": body["code"]});
        }
        (code, body)
    }
}

/// `f:labels: {}`, or a dot in it, says who made the map: we do not keep that, nor does anything
/// depend on it.
fn without_makers(fields: &mut Value) {
    const MAPS: [&str; 4] = ["f:metadata", "f:labels", "f:annotations", "f:spec"];
    let Value::Object(map) = fields else { return };
    map.remove(".");
    map.values_mut().for_each(without_makers);
    map.retain(|key, inner| !MAPS.contains(&key.as_str()) || *inner != json!({}));
}

fn policy(rng: &mut StdRng, name: &str) -> Value {
    let mut policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": name}, "spec": {"podSelector": selector(rng)},
    });
    if rng.random_ratio(1, 2) {
        policy["metadata"]["labels"] = texts(rng);
    }
    if rng.random_ratio(1, 2) {
        policy["metadata"]["annotations"] = texts(rng);
    }
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        if rng.random_ratio(1, 2) {
            policy["spec"][direction] = rules(rng, peers);
        }
    }
    if rng.random_ratio(1, 2) {
        policy["spec"]["policyTypes"] = [
            json!(["Ingress"]),
            json!(["Egress"]),
            json!(["Ingress", "Egress"]),
            json!([]),
        ]
        .choose(rng)
        .unwrap()
        .clone();
    }
    policy
}

fn change(rng: &mut StdRng) -> Value {
    match rng.random_range(0..4) {
        0 => json!({"metadata": {"labels": texts(rng)}}),
        1 => json!({"metadata": {"annotations": {"k": null, "l": "9"}}}),
        2 => json!({"spec": {"ingress": rules(rng, "from")}}),
        _ => json!({"spec": {"podSelector": null, "egress": null}}),
    }
}

/// Never empty: an apply of empty labels owns the map itself, which the simulator does not keep.
fn texts(rng: &mut StdRng) -> Value {
    let value = *["1", "2"].choose(rng).unwrap();
    [
        json!({"k": value}),
        json!({"l": value}),
        json!({"k": value, "l": "1"}),
    ]
    .choose(rng)
    .unwrap()
    .clone()
}

fn selector(rng: &mut StdRng) -> Value {
    [
        json!({}),
        json!({"matchLabels": {"app": "web"}}),
        json!({"matchLabels": {"app": "db", "tier": "x"}}),
        json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
        json!({"matchExpressions": [{"key": "app", "operator": "In"}]}),
    ]
    .choose(rng)
    .unwrap()
    .clone()
}

fn rules(rng: &mut StdRng, peers: &str) -> Value {
    let peer = [
        json!({"podSelector": {}}),
        json!({"namespaceSelector": {"matchLabels": {"team": "a"}}}),
        json!({"ipBlock": {"cidr": "10.0.0.0/8"}}),
        json!({"ipBlock": {"cidr": "10.0.0.1/8"}}),
    ];
    let port = [
        json!({"port": 80}),
        json!({"port": 80, "protocol": "TCP"}),
        json!({"port": 80, "endPort": 90, "protocol": "UDP"}),
        json!({"port": "http"}),
        json!({"port": 0}),
    ];
    let rule = json!({peers: [peer.choose(rng).unwrap()], "ports": [port.choose(rng).unwrap()]});
    [json!([rule]), json!([rule, {}]), json!([]), json!([{}])]
        .choose(rng)
        .unwrap()
        .clone()
}
