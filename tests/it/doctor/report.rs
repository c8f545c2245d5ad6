//! Runs `doctor` and reads what it says.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::e2e::bot::Env;
use crate::e2e::plan::SECRETS;

/// What it said as JSON, and how it ended.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) code: i32,
    findings: Vec<Value>,
}

/// Runs `doctor -o json` with these words behind, and holds what is true of every report.
pub(super) async fn doctor(env: &Env, more: &[&str]) -> Report {
    let args = [&["doctor", "-o", "json"], more].concat();
    let (code, printed) = run(env, &args).await;
    let report: Value = serde_json::from_str(&printed).expect(&printed);
    let findings = report["findings"].as_array().unwrap().clone();
    let failing = findings.iter().any(|finding| finding["state"] == "fail");
    assert_eq!(report["ok"], !failing, "{report:#}");
    assert!(matches!((code, failing), (0, false) | (1 | 2, true)));
    for finding in &findings {
        let is_well = finding["state"] == "ok";
        assert_eq!(finding["mend"].is_null(), is_well, "{finding:#}");
    }
    Report { code, findings }
}

/// Runs the binary to its end; its exit status and what it printed on the standard output.
pub(super) async fn run(env: &Env, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(args)
        .env_clear()
        .envs(env)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (printed, log) = (text(output.stdout), text(output.stderr));
    for secret in secrets(env) {
        assert!(!printed.contains(&secret), "a secret in {printed}");
        assert!(!log.contains(&secret), "a secret in {log}");
    }
    (output.status.code().unwrap(), printed)
}

/// Everything secret that it is given; an address that Slack gives out is a permission, so it is one too.
fn secrets(env: &Env) -> Vec<String> {
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).into();
    secrets.push("ticket=".to_owned());
    let file = env.get("KUBECONFIG").map(std::fs::read_to_string);
    let kubeconfig: Value = serde_json::from_str(&file.unwrap().unwrap()).unwrap();
    let token = kubeconfig["users"][0]["user"]["token"].as_str();
    secrets.extend(token.map(str::to_owned));
    secrets
}

impl Report {
    /// `check: state` of every line of an area, in order.
    pub(super) fn area(&self, area: &str) -> Vec<String> {
        let of = self.findings.iter().filter(|f| f["area"] == area);
        of.map(|f| format!("{}: {}", text(&f["check"]), text(&f["state"])))
            .collect()
    }

    /// What was found by a check, its state before it.
    pub(super) fn told(&self, check: &str) -> Vec<String> {
        let of = self.findings.iter().filter(|f| f["check"] == check);
        of.map(|f| format!("{}: {}", text(&f["state"]), text(&f["why"])))
            .collect()
    }

    /// What is to be done about a check, everything in one text.
    pub(super) fn mends(&self, check: &str) -> String {
        let of = self.findings.iter().filter(|f| f["check"] == check);
        let mends: Vec<&str> = of.filter_map(|f| f["mend"].as_str()).collect();
        mends.join("\n")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
