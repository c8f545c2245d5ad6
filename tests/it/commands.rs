//! `reach` and `plan` as a person runs them: the binary, a folder, an exit status.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const TOWN: &str = r#"
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
spec: {containers: [{name: c, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: orders}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: skipped}
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_drawbridge"))
            .args(words)
            .arg("--manifests")
            .arg(self.path())
            .output()
            .unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_table_prints_every_ordered_pair_one_object_a_line() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    let output = town.run(&["reach", "-o", "json"]);
    assert_eq!(code(&output), 0);
    let printed: Vec<String> = text(&output).lines().map(str::to_owned).collect();
    let all = r#"{"TCP":["1-65535"],"UDP":["1-65535"],"SCTP":["1-65535"]}"#;
    let none = r#"{"TCP":[],"UDP":[],"SCTP":[]}"#;
    let (db, web) = ("orders/Pod/db", "shop/Deployment/web");
    let line = |from: &str, to: &str, open: &str| {
        format!(r#"{{"from":"{from}","to":"{to}","open":{open}}}"#)
    };
    let expected = [
        (db, db, all),
        (db, web, all),
        (web, db, none),
        (web, web, all),
    ];
    assert_eq!(
        printed,
        expected.map(|(from, to, open)| line(from, to, open))
    );
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("skipped 1 objects") && told.contains("v1/ConfigMap"),
        "{told}"
    );
}

#[test]
fn one_flow_is_answered_with_reasons_and_an_exit_status() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    for (from, to, port, open) in [
        ("shop/web", "orders/db", "5432", false),
        ("shop/web", "orders/db", "5432/tcp", false),
        ("orders/pod/db", "shop/deploy/web", "53/UDP", true),
        ("203.0.113.7", "shop/web", "8080", true),
        ("shop/app=web", "198.51.100.0/24", "443", true),
    ] {
        let flow = [
            "reach", "--from", from, "--to", to, "--port", port, "-o", "json",
        ];
        let output = town.run(&flow);
        let answer = &lines(&output)[0];
        assert_eq!(answer["open"], open, "{from} {to}");
        assert_eq!(code(&output), i32::from(!open), "{from} {to}");
        let blocked = answer["blocked_by"].as_array().unwrap();
        assert_eq!(blocked.is_empty(), open, "{answer}");
        assert!(!answer["why"].as_array().unwrap().is_empty());
    }
    let table = text(&town.run(&["reach", "--from", "shop/web", "--to", "orders/db"]));
    assert!(
        table.starts_with("closed: shop/web -> orders/db, TCP 5432"),
        "{table}"
    );
}

#[test]
fn a_slip_is_told_with_the_nearest_name() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    let output = town.run(&["reach", "--from", "shop/webb", "--to", "orders/db"]);
    assert_eq!(code(&output), 2);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("did you mean `shop/web`?"), "{told}");
    assert_eq!(code(&town.run(&["reach", "--from", "shop/web"])), 2);
    assert_eq!(code(&town.run(&["plan", "shop/web orders/db"])), 2);
}

#[test]
fn a_plan_holds_the_gate_and_what_it_changes() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    let plan = |ask: &str| {
        let output = town.run(&["plan", ask, "-o", "json"]);
        (code(&output), lines(&output).remove(0))
    };
    let (status, granted) = plan("shop/web to orders/db");
    assert_eq!((status, &granted["verdict"]), (0, &"grant".into()));
    assert_eq!(granted["objects"].as_array().unwrap().len(), 1);
    assert_eq!(granted["effect"], "expected");
    assert_eq!(granted["opens"][0]["from"], "shop/Deployment/web");
    assert_eq!(granted["opens"][0]["open"]["TCP"][0], "5432");
    assert_eq!(granted["cuts"], Value::Array(Vec::new()));
    let (status, open) = plan("orders/db to shop/web:8080");
    assert_eq!((status, &open["verdict"]), (0, &"already_open".into()));
    let (status, refused) = plan("orders/nobody to shop/web:8080");
    assert_eq!((status, &refused["verdict"]), (1, &"refused".into()));
    assert_eq!(refused["reason"], "there is nothing called `orders/nobody`");
}

#[test]
fn the_planned_object_opens_the_flow_when_it_is_applied_and_bears_marks_where_wanted() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    let planned = town.run(&["plan", "shop/web to orders/db for 20m because INC-42"]);
    std::fs::write(town.path().join("gate.yaml"), &planned.stdout).unwrap();
    let flow = ["reach", "--from", "shop/web", "--to", "orders/db"];
    assert_eq!(code(&town.run(&flow)), 0);
    std::fs::remove_file(town.path().join("gate.yaml")).unwrap();

    let marked = text(&town.run(&["plan", "shop/web to orders/db because INC-42", "--marks"]));
    for mark in [
        "app.kubernetes.io/managed-by: drawbridge",
        "drawbridge.dev/request:",
        "drawbridge.dev/expires-at:",
        "drawbridge.dev/reason: INC-42",
    ] {
        assert!(marked.contains(mark), "{mark} is missing from {marked}");
    }
}

#[test]
fn what_decides_and_cannot_be_judged_is_never_called_open() {
    let calico = "apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\n\
                  metadata: {name: g}\nspec: {selector: all(), types: [Ingress]}\n";
    let town = Folder::with(&[("town.yaml", TOWN), ("calico.yaml", calico)]);
    let output = town.run(&["plan", "orders/db to shop/web:8080", "-o", "json"]);
    let plan = &lines(&output)[0];
    assert_eq!((code(&output), &plan["verdict"]), (1, &"refused".into()));
    assert_eq!(plan["effect"], "unknown");
    assert!(
        plan["reason"]
            .as_str()
            .unwrap()
            .contains("GlobalNetworkPolicy.projectcalico.org/g")
    );
}

#[test]
fn bad_input_gets_a_clear_message_and_what_can_be_answered_is() {
    let empty = Folder::with(&[]);
    let output = empty.run(&["reach", "-o", "json"]);
    assert_eq!((code(&output), output.stdout.len()), (0, 0));
    let broken = Folder::with(&[("a.yaml", TOWN), ("b.yaml", "kind: [\n")]);
    let output = broken.run(&["reach", "-o", "json"]);
    assert_eq!((code(&output), lines(&output).len()), (0, 4));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("b.yaml:"), "{told}");
    let missing = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(["reach", "--manifests", "/no/such/folder"])
        .output()
        .unwrap();
    assert_eq!(code(&missing), 2);
}

const RULES: &str = r##"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: orders}
spec:
  match: {templates: [connect], when: "to.namespace == 'orders'"}
  requesters: {slack: {usergroups: ["@backend"]}, serviceAccounts: ["ci/deployer"]}
  stages: [{name: owners, from: {usergroups: ["@orders-oncall"]}}]
  limits: {max: 2h}
"##;

fn explain(town: &Folder, rules: &Folder, words: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    for name in ["SLACK_BOT_TOKEN", "DRAWBRIDGE_RULES", "DRAWBRIDGE_CONFIG"] {
        command.env_remove(name);
    }
    command
        .arg("explain")
        .args(words)
        .args([Path::new("--manifests"), town.path()])
        .args([Path::new("--rules"), rules.path()])
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

/// Words, environment, exit status, start of the last line.
type Explained<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], i32, &'a str);

#[test]
fn an_explanation_ends_with_the_verdict_and_its_exit_status() {
    let town = Folder::with(&[("town.yaml", TOWN)]);
    let rules = Folder::with(&[("orders.yaml", RULES)]);
    let ask = "shop/web to orders/db for 30m";
    let dana = ["--as", "U0DANA", "--member-of", "@backend"];
    let long = ["shop/web to orders/db for 3h", "--as", "ci/deployer"];
    let away = [
        ("SLACK_BOT_TOKEN", "xoxb-1"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api"),
    ];
    #[rustfmt::skip]
    let cases: [Explained<'_>; 6] = [
        (&[&[ask][..], &dana].concat(), &[], 0, "allowed, once approved by `owners`"),
        (&[ask, "--as", "ci/deployer"], &[], 0, "allowed, once approved by `owners`"),
        (&long, &[], 1, "refused: 3 h is longer than the 2 h"),
        (&[ask, "--as", "U0EVE"], &[], 1, "refused: rule `orders` does not let you ask"),
        (&[ask, "--as", "dana"], &[], 2, ""),
        (&[ask, "--as", "U0DANA"], &away, 3, ""),
    ];
    for (words, env, status, last) in cases {
        let output = explain(&town, &rules, words, env);
        let told = text(&output);
        assert_eq!(code(&output), status, "{words:?}: {told}");
        let line = told.lines().last().unwrap_or_default().trim();
        assert!(line.starts_with(last), "{words:?}: {line}");
        assert_eq!(told.is_empty(), last.is_empty(), "{words:?}");
    }
    let output = explain(
        &town,
        &rules,
        &[ask, "--as", "ci/deployer", "-o", "json"],
        &[],
    );
    let told = &lines(&output)[0];
    assert_eq!(
        (&told["verdict"], &told["rule"]),
        (&"allowed".into(), &"orders".into())
    );
    assert_eq!(told["considered"][0]["fit"], "governs");
}
