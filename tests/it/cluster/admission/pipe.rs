//! The day the bot is down: `drawbridge plan --marks | kubectl apply`, by the break-glass group.

use std::process::Command;

use drawbridge::netpol::marks;
use kube::api::{DynamicObject, ListParams};
use kube::core::{ApiResource, GroupVersionKind};

use super::case::Person;
use super::{install, policies, server};
use crate::cluster::arena::until;
use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::kubectl::apply;

/// Nothing goes out of the shop, and nothing into the orders.
const TOWN: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: orders, labels: {app: db}}
spec: {containers: [{name: c, ports: [{name: postgres, containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: orders}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
";

/// What is asked for, and how many objects it takes.
const ASKS: [(&str, usize); 6] = [
    ("shop/web to orders/db because INC-42", 2),
    ("shop/web to orders/db:5432 for 24h because INC-42", 2),
    (
        "shop/app=web to orders/db:5432-5440 for 1h because INC-42",
        2,
    ),
    ("shop/web to orders/db:postgres for 1h because INC-42", 2),
    ("shop/web to 203.0.113.7:443 for 1h because INC-42", 1),
    ("198.51.100.0/24 to orders/db:5432 for 1h because INC-42", 1),
];

#[tokio::test]
async fn a_marked_plan_is_taken_from_the_break_glass_group_and_from_nobody_else() {
    let server = server().await;
    install(&server, &policies("manifests/base/admission")).await;
    for namespace in ["shop", "orders"] {
        let text = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n");
        server.apply(&text).await;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("town.yaml"), TOWN).unwrap();
    let first = planned(folder.path(), ASKS[0].0);
    // The policies take effect a moment after they are there.
    until(async {
        while tried(&server, Person::Dev, &["--dry-run=server"], &first).is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    for (ask, objects) in ASKS {
        let plan = planned(folder.path(), ask);
        assert_eq!(documents(&plan).len(), objects, "{plan}");
        for person in [Person::Dev, Person::Admin, Person::Reaper] {
            let refused = tried(&server, person, &[], &plan).unwrap_err();
            let told = refused.matches("are written by Drawbridge").count();
            assert_eq!(told, objects, "{person:?}, {ask}: {refused}");
        }
        let dry = tried(&server, Person::BreakGlass, &["--dry-run=server"], &plan);
        assert_eq!(dry, Ok(()), "{ask}");
        let done = tried(&server, Person::BreakGlass, &[], &plan);
        assert_eq!(done, Ok(()), "{ask}");
    }
    // The bounds hold for what the binary prints too.
    for (ask, why) in [
        (
            "10.0.0.0/8 to orders/db:5432 because INC-42",
            "an ipBlock is too wide",
        ),
        (
            "shop/web to orders/db:1-65535 because INC-42",
            "a range of ports is too wide",
        ),
    ] {
        let plan = planned(folder.path(), ask);
        let refused = tried(&server, Person::BreakGlass, &[], &plan).unwrap_err();
        assert!(refused.contains(why), "{ask}: {refused}");
    }
    let expected: usize = ASKS.iter().map(|(_, objects)| objects).sum();
    assert_eq!(gates(&server).await, expected);
}

/// What `drawbridge plan --marks` prints.
fn planned(folder: &std::path::Path, ask: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(["plan", ask, "--marks", "--manifests"])
        .arg(folder)
        .env("USER", "omar")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{ask}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

/// Applies it as this person; what kubectl says where that fails.
fn tried(server: &KubeServer, person: Person, words: &[&str], plan: &str) -> Result<(), String> {
    let (user, group) = person.identity();
    let words = [&["--as", user, "--as-group", group], words].concat();
    let output = apply(server, &words, plan);
    let told = String::from_utf8(output.stderr).unwrap();
    output.status.success().then_some(()).ok_or(told)
}

/// How many gates stand there, all with marks by which the reaper closes them.
async fn gates(server: &KubeServer) -> usize {
    let kind = GroupVersionKind::gvk("networking.k8s.io", "v1", "NetworkPolicy");
    let all: kube::Api<DynamicObject> = kube::Api::all_with(
        server.client(Who::Admin).await,
        &ApiResource::from_gvk(&kind),
    );
    let list = all.list(&ListParams::default()).await.unwrap();
    for gate in &list.items {
        let seen = marks::read(&gate.metadata).unwrap();
        assert!(seen.request.is_some(), "{gate:?}");
        assert_eq!(seen.requested_by.as_deref(), Some("omar"));
        let end = seen.expires_at.unwrap();
        assert!(
            end.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
            "{end}"
        );
    }
    list.items.len()
}
