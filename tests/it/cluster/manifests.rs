//! What we install.

use serde_json::{Value, json};

use crate::servers::kube::{KubeServer, documents};

const INSTALL: &str = include_str!("../../../manifests/install.yaml");
const RBAC: &str = include_str!("../../../manifests/rbac.yaml");
const OPT_IN: &str = include_str!("../../../manifests/opt-in.yaml");

fn all() -> Vec<Value> {
    [INSTALL, RBAC, OPT_IN]
        .iter()
        .flat_map(|text| documents(text))
        .collect()
}

#[test]
fn install_begins_with_the_rbac_file() {
    let install = documents(INSTALL);
    let rbac = documents(RBAC);
    assert_eq!(install[..rbac.len()], rbac);
}

/// The reaper deletes what carries it.
#[test]
fn nothing_that_we_install_carries_the_label_of_gates() {
    for manifest in all() {
        let text = manifest.to_string();
        assert!(!text.contains("app.kubernetes.io/managed-by"), "{text}");
        assert!(!text.contains("drawbridge.dev/request"), "{text}");
    }
}

#[test]
fn there_is_one_deployment_and_its_pod_is_hardened() {
    let install = documents(INSTALL);
    let deployments: Vec<_> = install
        .iter()
        .filter(|m| m["kind"] == "Deployment")
        .collect();
    let [deployment] = deployments[..] else {
        panic!("{} deployments", deployments.len())
    };
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(
        pod["securityContext"]["seccompProfile"]["type"],
        "RuntimeDefault"
    );
    let container = &pod["containers"][0];
    assert_eq!(
        container["securityContext"],
        json!({
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        })
    );
    assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
    assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
    assert!(container["resources"]["limits"]["memory"].is_string());
    assert!(pod["terminationGracePeriodSeconds"].as_u64() > Some(15));
}

#[tokio::test]
async fn a_real_server_takes_the_manifests_strictly() {
    let server = KubeServer::shared().await;
    server.apply(INSTALL).await;
}
