//! The page of manifests.

use std::path::Path;

use http::Request;
use serde_json::{Value, json};

use super::page::{blocks, read};
use super::reader::Reader;
use crate::e2e::wait::{SOON, until, within};
use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::kubectl::rendered;

const PAGE: &str = "manifests/README.md";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_server_takes_what_the_page_of_manifests_tells_to_apply() {
    let server = KubeServer::bare(None).await;
    // The Prometheus operator's kinds.
    server
        .apply(include_str!("../../admission/definitions.yaml"))
        .await;
    let admin = server.client(Who::Admin).await;
    served(&admin, "monitoring.coreos.com/v1/servicemonitors").await;
    served(&admin, "monitoring.coreos.com/v1/prometheusrules").await;
    server
        .apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: orders}\n")
        .await;
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(folder.path(), &[]);
    let settings = server.kubeconfig(Who::Admin);
    reader.exports("KUBECONFIG", settings.to_str().unwrap());
    // `kubectl apply --kustomize` wants the namespace to be there before what is in it.
    let mut said = String::new();
    for block in blocks(PAGE, "", "sh") {
        said += &reader.follows(&block);
    }
    assert!(
        said.contains("deployment.apps/drawbridge created"),
        "{said}"
    );
    assert!(said.contains("rolebinding.rbac.authorization.k8s.io/drawbridge-grant created"));
    // What the base holds does not touch the rules that the overlay made.
    reader.types("kubectl apply --filename manifests/install.yaml", PAGE);
    let rules = "kubectl --namespace drawbridge get configmap drawbridge-rules --output yaml";
    assert!(reader.types(rules, PAGE).contains("10-orders.yaml: |"));
    reader.ends();
}

/// Waits until the API server knows a kind: that is a moment after its definition is there.
pub(super) async fn served(admin: &kube::Client, kind: &str) {
    let path = format!("/apis/{kind}");
    let there = until(async || {
        let request = Request::get(&path).body(Vec::new()).unwrap();
        admin.request_text(request).await.ok()
    });
    within(SOON, &path, there).await;
}

#[test]
fn with_several_clusters_the_probe_asks_whether_the_process_lives() {
    let path = "path: /readyz";
    assert_eq!(rendered("manifests/base").matches(path).count(), 1);
    let folder = "tests/admission/everything";
    assert_eq!(rendered(folder).matches(path).count(), 0);
}

const OVERLAYS: [&str; 3] = ["dev", "production", "remote-cluster"];

/// What is listed after the others, as the page says.
const LAST: [&str; 2] = ["cilium", "role-binding-grants"];

#[test]
fn every_component_can_be_listed_in_a_copy_of_every_overlay() {
    let folder = tempfile::tempdir().unwrap();
    let reader = Reader::new(folder.path(), &[]);
    let listed = std::fs::read_dir(reader.file("manifests/components")).unwrap();
    let names = listed.map(|one| one.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort_by_key(|name| (LAST.contains(&name.as_str()), name.clone()));
    // Each brings a `clusters.yaml` of its own.
    let without = |other: &str| -> Vec<String> {
        let kept = names.iter().filter(|name| *name != other);
        kept.cloned().collect()
    };
    let mut lists = vec![without("namespaced"), without("clusters")];
    lists.extend(names.iter().map(|name| vec![name.clone()]));
    for overlay in OVERLAYS {
        let mine = format!("manifests/overlays/my-{overlay}");
        reader.types(&format!("cp -R manifests/overlays/{overlay} {mine}"), PAGE);
        for list in &lists {
            let text = with_components(overlay, list).to_string();
            reader.writes(&format!("{mine}/kustomization.yaml"), &text);
            let made = documents(&rendered(reader.file(&mine).to_str().unwrap()));
            let ours = |one: &&Value| {
                one["kind"] == "NetworkPolicy" && one["metadata"]["name"] == "drawbridge"
            };
            let kept = overlay != "remote-cluster" && !list.contains(&"cilium".to_owned());
            let found = made.iter().filter(ours).count();
            assert_eq!(found, usize::from(kept), "{overlay}: {list:?}");
        }
    }
}

/// An overlay's `kustomization.yaml` that lists these too.
fn with_components(overlay: &str, more: &[String]) -> Value {
    let file = Path::new("manifests/overlays")
        .join(overlay)
        .join("kustomization.yaml");
    let mut made = documents(&read(file.to_str().unwrap())).remove(0);
    let mut all = made["components"].as_array().cloned().unwrap_or_default();
    for name in more {
        let path = json!(format!("../../components/{name}"));
        if !all.contains(&path) {
            all.push(path);
        }
    }
    made["components"] = json!(all);
    made
}

#[test]
fn the_readme_names_the_ports_that_the_bot_is_let_out_to() {
    let all = documents(&rendered("manifests/base"));
    let policy = all.iter().find(|one| one["kind"] == "NetworkPolicy");
    let rules = policy.unwrap()["spec"]["egress"].as_array().unwrap();
    let ports = rules
        .iter()
        .flat_map(|rule| rule["ports"].as_array().unwrap());
    let mut ports: Vec<u64> = ports.map(|port| port["port"].as_u64().unwrap()).collect();
    ports.dedup();
    assert_eq!(ports, [53, 443, 6443, 6379]);
    assert!(read("README.md").contains("to the ports 53, 443, 6443 and 6379"));
}
