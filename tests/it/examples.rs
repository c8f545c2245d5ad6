//! What `manifests/examples` holds for jobs, checked by what reads it: the API server, and GitHub's published
//! schema of workflows.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use drawbridge::config;
use kube::api::DynamicObject;
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use crate::servers::kube::{KubeServer, Who, documents};

const JOB: &str = include_str!("../../manifests/examples/job.yaml");

#[tokio::test]
async fn the_api_server_takes_the_job_as_it_stands() {
    let server = KubeServer::shared().await;
    let client = server.client(Who::Admin).await;
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ci}\n";
    server.apply(namespace).await;
    let manifests = documents(JOB);
    let kinds: Vec<&Value> = manifests.iter().map(|manifest| &manifest["kind"]).collect();
    assert_eq!(kinds, ["ServiceAccount", "Job"]);
    for manifest in &manifests {
        assert_eq!(created(&client, manifest).await, Ok(()), "{manifest}");
    }
    // A misspelt field is found, so the above says something.
    let mut wrong = manifests[1].clone();
    wrong["spec"]["template"]["spec"]["serviceAcountName"] = json!("migrate");
    let why = created(&client, &wrong).await.unwrap_err();
    assert!(why.contains("serviceAcountName"), "{why}");
}

/// Creates it in a dry run that knows every field, as it is written: the job itself never runs here.
async fn created(client: &kube::Client, manifest: &Value) -> Result<(), String> {
    let object: DynamicObject = serde_json::from_value(manifest.clone()).unwrap();
    let types = object.types.clone().unwrap();
    let kind = ApiResource::from_gvk(&GroupVersionKind::try_from(&types).unwrap());
    let path = format!(
        "/{}/namespaces/ci/{}?dryRun=All&fieldValidation=Strict",
        match types.api_version.as_str() {
            "v1" => "api/v1".to_owned(),
            group => format!("apis/{group}"),
        },
        kind.plural
    );
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(manifest).unwrap())
        .unwrap();
    let answer = client.request::<Value>(request).await;
    answer.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn the_job_sends_a_token_that_is_good_for_the_bot_alone() {
    let job = &documents(JOB)[1]["spec"]["template"]["spec"];
    let source = &job["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
    assert_eq!(source["audience"], "drawbridge");
    let main = &job["containers"][0];
    let mount = main["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let env = |name: &str| {
        let all = main["env"].as_array().unwrap();
        let found = all.iter().find(|one| one["name"] == name).unwrap();
        found["value"].as_str().unwrap().to_owned()
    };
    let token = Path::new(mount).join(source["path"].as_str().unwrap());
    assert_eq!(Path::new(&env("DRAWBRIDGE_TOKEN_FILE")), token);
    let pairs = ["DRAWBRIDGE_SERVER", "DRAWBRIDGE_TOKEN_FILE"];
    let pairs: BTreeMap<_, _> = pairs.map(|name| (name.to_owned(), env(name))).into();
    assert!(config::client::read(&pairs, None, None).is_ok());
    // The words are the program's: it says what it cannot do, not that it does not know them.
    let words = main["command"].as_array().unwrap().iter().skip(1);
    let words: Vec<&str> = words.map(|word| word.as_str().unwrap()).collect();
    let ran = run(&words);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(said.contains("token cannot be read"), "{said}");
}

/// The program, with a token file that is not there, beside the job's own program.
fn run(words: &[&str]) -> Output {
    let image = tempfile::tempdir().unwrap();
    let migrate = image.path().join("migrate");
    std::fs::write(&migrate, "").unwrap();
    std::fs::set_permissions(&migrate, Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    command.env_clear().args(words).current_dir(&image);
    command.env("DRAWBRIDGE_TOKEN_FILE", "/no/such/token");
    command.output().unwrap()
}

#[test]
fn the_workflow_is_one_by_the_published_schema() {
    let workflow = example("github-actions.yaml");
    let text = std::fs::read_to_string(&workflow).unwrap();
    let ran = checked(&workflow);
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stdout)
    );
    for needed in [
        "id-token: write",
        "&audience=$DRAWBRIDGE_SERVER\"",
        "drawbridge request ",
    ] {
        assert!(text.contains(needed), "{needed}");
    }
    // A misspelt key is found, so the above says something.
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(&wrong, text.replace("runs-on:", "run-on:")).unwrap();
    assert!(!checked(&wrong).status.success());
}

#[test]
fn the_issuers_are_read_as_they_stand() {
    let path = example("oidc.yaml").to_str().unwrap().to_owned();
    let env = BTreeMap::from([("DRAWBRIDGE_CONFIG".to_owned(), path)]);
    assert_eq!(config::look(&env), Vec::new());
}

#[test]
fn the_workflows_token_is_for_the_audience_that_the_issuer_must_have() {
    let read = |name: &str| documents(&std::fs::read_to_string(example(name)).unwrap()).remove(0);
    let workflow = read("github-actions.yaml");
    let server = &workflow["jobs"]["migrate"]["env"]["DRAWBRIDGE_SERVER"];
    assert!(server.is_string(), "{workflow}");
    assert_eq!(&read("oidc.yaml")["oidc"]["github"]["audience"], server);
}

/// `drawbridge check` on the example rules, with this file of `DRAWBRIDGE_CONFIG`: its status, and what it
/// printed.
fn check(config: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    command.env_clear().env("DRAWBRIDGE_CONFIG", config);
    command.args(["check", "--rules"]).arg(example("rules"));
    let ran = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "");
    (
        ran.status.code(),
        String::from_utf8_lossy(&ran.stdout).trim().to_owned(),
    )
}

#[test]
fn check_reads_the_whole_configuration_and_never_says_no_problems_after_one() {
    let clean = (Some(0), "no problems".to_owned());
    assert_eq!(check(&example("config.yaml")), clean);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("all.yaml");
    for (section, status, word) in [
        ("alerts: platform", 1, "error: `DRAWBRIDGE_CONFIG` `alerts`"),
        (
            "digest: {channel: x}",
            1,
            "error: `DRAWBRIDGE_CONFIG` `digest`",
        ),
        ("ledger: {keep: 3}", 1, "problem with `ledger.keep`"),
        (
            "oidc: {github: {issuer: 'https://x', subjects: [{match: 'a:b', as: a}]}}",
            0,
            "warning: the issuer `github`: its audience `drawbridge`",
        ),
    ] {
        std::fs::write(&file, format!("labelKeys: [team]\n{section}\n")).unwrap();
        let (code, told) = check(&file);
        assert_eq!(code, Some(status), "{section}: {told}");
        assert!(
            told.starts_with(file.to_str().unwrap()),
            "{section}: {told}"
        );
        assert!(told.contains(word), "{section}: {told}");
        assert!(!told.contains("no problems"), "{section}: {told}");
    }
}

/// A cluster in which the example job runs beside another pod, and the database that it asks for.
fn town_of_the_job(folder: &Path) {
    let job = &documents(JOB)[1];
    let pod = |namespace: &str, name: &str, owner: Option<(&str, &str)>, labels: &Value| {
        let owners = owner.map(|(kind, name)| {
            json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": "u", "controller": true})
        });
        let owners: Vec<Value> = owners.into_iter().collect();
        let ports = json!([{"containerPort": 5432}]);
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners,
            },
            "spec": {"containers": [{"name": "main", "image": "x", "ports": ports}]},
        })
    };
    let name = job["metadata"]["name"].as_str().unwrap();
    let labels = &job["spec"]["template"]["metadata"]["labels"];
    let others = json!({"app": "other"});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ci"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "orders"}}),
        pod("ci", &format!("{name}-x7k2p"), Some(("Job", name)), labels),
        pod("ci", "other", None, &others),
        pod(
            "orders",
            "db-0",
            Some(("StatefulSet", "db")),
            &json!({"app": "db"}),
        ),
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "closed", "namespace": "orders"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }),
    ];
    for (n, object) in objects.iter().enumerate() {
        std::fs::write(folder.join(format!("{n}.json")), object.to_string()).unwrap();
    }
}

#[test]
fn the_example_rules_let_the_job_ask_from_its_own_pod_and_from_no_other() {
    let job = &documents(JOB)[1]["spec"]["template"]["spec"];
    let line = job["containers"][0]["command"][2].as_str().unwrap();
    let rest = line.strip_prefix("self ").unwrap();
    let account = format!("ci/{}", job["serviceAccountName"].as_str().unwrap());
    let folder = tempfile::tempdir().unwrap();
    town_of_the_job(folder.path());
    let asked_from = |source: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
        command.env_clear();
        command.env("DRAWBRIDGE_CONFIG", example("config.yaml"));
        command.args(["explain", &format!("{source} {rest}"), "--as", &account]);
        command.arg("--manifests").arg(folder.path());
        command.arg("--rules").arg(example("rules"));
        let ran = command.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "{said}");
        (ran.status.code(), said)
    };
    // As the bot reads `self`.
    let (code, said) = asked_from("ci/pod/migrate-orders-x7k2p");
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("allowed, once approved by `owners`"),
        "{said}"
    );
    let (code, said) = asked_from("ci/other");
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("rule `orders` does not let you ask"),
        "{said}"
    );
}

fn example(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/examples");
    folder.join(name)
}

/// By the schema that the pinned check-jsonschema brings along.
pub(crate) fn checked(workflow: &Path) -> Output {
    Command::new(tool("check-jsonschema"))
        .args(["--builtin-schema", "vendor.github-workflows"])
        .arg(workflow)
        .output()
        .unwrap()
}

/// A program that tests/servers/schemathesis.sh installs.
pub(crate) fn tool(name: &str) -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/schemathesis");
    let program = installed.join("venv/bin").join(name);
    assert!(
        installed.join("installed-from").exists() && program.exists(),
        "{name} is not installed: run tests/servers/schemathesis.sh"
    );
    program
}
