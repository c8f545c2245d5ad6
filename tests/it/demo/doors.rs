//! The town's other doors, with tools that know nothing of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::visitor::Visitor;

fn address(visitor: &Visitor, of: &str) -> String {
    let address = visitor.now(|seen| seen.sections["town"]["addresses"][of].clone());
    address.as_str().expect("it has an address").to_owned()
}

/// What kubectl prints: the one that `tests/servers/kube.sh` builds.
fn kubectl(visitor: &Visitor, words: &[&str]) -> String {
    let program = program();
    assert!(
        program.is_file(),
        "no kubectl at {}: run tests/servers/kube.sh once",
        program.display()
    );
    let home = tempfile::tempdir().unwrap();
    let done = Command::new(program)
        .args(["--server", &address(visitor, "kubernetes")])
        .args(words)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let (out, errors) = [&done.stdout, &done.stderr]
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .into();
    assert!(done.status.success(), "kubectl {words:?}: {errors}");
    out
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests are told where servers are"
)]
fn program() -> PathBuf {
    let given = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let dir =
        given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/kube"));
    dir.join("kubectl")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_reads_the_towns_cluster() {
    let visitor = Visitor::of_the_town().await;
    let policies = kubectl(&visitor, &["get", "netpol", "--all-namespaces"]);
    for policy in [
        "orders      closed",
        "shop        inside-only",
        "vault       sealed",
    ] {
        assert!(policies.contains(policy), "{policies}");
    }
    let yaml = kubectl(
        &visitor,
        &["get", "netpol", "closed", "-n", "orders", "-o", "yaml"],
    );
    assert!(yaml.contains("podSelector: {}"), "{yaml}");
    let described = kubectl(
        &visitor,
        &["describe", "networkpolicy", "closed", "-n", "orders"],
    );
    assert!(described.contains("isolated for ingress"), "{described}");
    let kinds = kubectl(
        &visitor,
        &["api-resources", "--api-group=networking.k8s.io"],
    );
    assert!(kinds.contains("netpol"), "{kinds}");
    let pods = kubectl(&visitor, &["get", "pods", "-A", "-o", "name"]);
    assert_eq!(pods.lines().count(), 11, "{pods}");

    visitor
        .says(
            "dana",
            "payments",
            "/access shop/web to orders/db:5432 for 30m because INC-42",
        )
        .await;
    visitor.presses("lee", "Approve").await;
    visitor.sees_gates(1).await;
    let ours = [
        "get",
        "netpol",
        "-A",
        "-l",
        "app.kubernetes.io/managed-by=drawbridge",
        "-o",
        "json",
    ];
    let gates: Value = serde_json::from_str(&kubectl(&visitor, &ours)).unwrap();
    assert_eq!(gates["items"].as_array().unwrap().len(), 2, "{gates}");
    // An administrator's hand is not stayed either.
    let name = gates["items"][0]["metadata"]["name"].as_str().unwrap();
    let namespace = gates["items"][0]["metadata"]["namespace"].as_str().unwrap();
    kubectl(&visitor, &["delete", "netpol", name, "-n", namespace]);
    visitor.sees_gates(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slacks_web_api_answers_as_strictly_as_in_every_test() {
    let visitor = Visitor::of_the_town().await;
    let slack = address(&visitor, "slack");
    let call = async |method: &str, token: &str| {
        let request = Request::post(format!("{slack}/{method}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::default())
            .unwrap();
        visitor.sends(request).await.1
    };
    assert_eq!(
        call("auth.test", "xoxb-town-bot").await["user"],
        "drawbridge"
    );
    assert_eq!(
        call("auth.test", "xoxb-other").await["error"],
        json!("invalid_auth")
    );
    assert_eq!(
        call("chat.dance", "xoxb-town-bot").await["error"],
        json!("unknown_method")
    );
}
