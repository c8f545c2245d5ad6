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
    server.apply(&with_everything()).await;
}

/// The manifest with what it holds commented out. Sentences in comments begin otherwise.
fn with_everything() -> String {
    let lines = INSTALL.lines().map(|line| match line.split_once("# ") {
        Some((space, part)) if part.starts_with("- ") || part.starts_with("  ") => {
            format!("{space}{part}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn what_is_commented_out_mounts_the_configuration_and_the_ledgers_key() {
    let install = documents(&with_everything());
    let deployment = install.iter().find(|m| m["kind"] == "Deployment").unwrap();
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let named = |list: &Value, name: &str| {
        let found = list.as_array().unwrap().iter();
        let found: Vec<&Value> = found.filter(|one| one["name"] == name).collect();
        let [one] = found[..] else {
            panic!("{name}: {found:?}")
        };
        one.clone()
    };
    let mounted = |name: &str| {
        let mount = named(&container["volumeMounts"], name);
        assert_eq!(mount["readOnly"], true, "{name}");
        mount["mountPath"].as_str().unwrap().to_owned()
    };
    let config = named(&container["env"], "DRAWBRIDGE_CONFIG");
    let file = format!("{}/config.yaml", mounted("config"));
    assert_eq!(config["value"], file);
    let volume = named(&pod["volumes"], "config");
    assert_eq!(volume["configMap"]["name"], "drawbridge-config");
    let key = format!("{}/ledger-key", mounted("ledger-key"));
    let volume = named(&pod["volumes"], "ledger-key");
    assert_eq!(volume["secret"]["secretName"], "drawbridge-ledger");
    for text in [
        INSTALL,
        include_str!("../../../manifests/examples/ledger.yaml"),
    ] {
        assert!(text.contains(&format!("key: {{file: {key}}}")), "{key}");
    }
}
