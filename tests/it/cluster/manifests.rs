//! What we install.

use serde_json::{Value, json};

use crate::servers::kube::{KubeServer, documents};
use crate::servers::kubectl::rendered;

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

/// One file for those who want one; its comments are lost in rendering.
#[test]
fn install_is_what_the_base_renders_to() {
    let sorted = |text: &str| {
        let mut found = documents(text);
        for one in &mut found {
            // No rules at all are written as nothing, too.
            if one["data"] == json!({}) {
                one.as_object_mut().unwrap().remove("data");
            }
        }
        found.sort_by_key(|one| format!("{} {}", one["kind"], one["metadata"]["name"]));
        found
    };
    let (install, base) = (sorted(INSTALL), sorted(&rendered("manifests/base")));
    for (one, other) in install.iter().zip(&base) {
        assert_eq!(one, other);
    }
    assert_eq!(install.len(), base.len());
}

/// The reaper deletes what carries it.
#[test]
fn nothing_that_we_install_carries_the_label_of_gates() {
    let mut every = all();
    every.extend(documents(&rendered("tests/admission/everything")));
    for manifest in every {
        assert_eq!(marked(&manifest), None, "{manifest}");
    }
    assert!(
        marked(&json!({"metadata": {"labels": {"drawbridge.dev/request": "k7m3xa"}}})).is_some()
    );
}

/// A key of ours, wherever it stands; the expressions of policies hold them in texts.
fn marked(manifest: &Value) -> Option<String> {
    match manifest {
        Value::Object(map) => map.iter().find_map(|(key, value)| {
            let ours = ["app.kubernetes.io/managed-by", "drawbridge.dev/request"];
            let here = ours.contains(&key.as_str()).then(|| key.clone());
            here.or_else(|| marked(value))
        }),
        Value::Array(list) => list.iter().find_map(marked),
        _ => None,
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
    // One of its own: the policies would refuse what other tests write.
    let server = KubeServer::start().await;
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
fn what_is_commented_out_is_what_the_components_add() {
    let pod = |text: &str| {
        let all = documents(text);
        let deployment = all.iter().find(|one| one["kind"] == "Deployment").unwrap();
        let mut pod = deployment["spec"]["template"]["spec"].clone();
        // Kustomize puts what it adds first.
        let container = "/containers/0";
        for list in [
            "/volumes".to_owned(),
            format!("{container}/env"),
            format!("{container}/volumeMounts"),
        ] {
            let list = pod.pointer_mut(&list).unwrap().as_array_mut().unwrap();
            list.sort_by_key(|one| one["name"].to_string());
        }
        pod
    };
    assert_eq!(
        pod(&with_everything()),
        pod(&rendered("tests/admission/configured"))
    );
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
