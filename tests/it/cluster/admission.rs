//! The admission policies of `manifests/` on a real API server: what it refuses to the bot, to everybody
//! else, and to members of the break-glass group.

mod bounds;
mod case;
mod pipe;

use std::collections::BTreeSet;

use kube::api::{DeleteParams, ListParams};
use kube::core::DynamicObject;
use serde_json::Value;

use self::case::{Case, Cases, Person, api, put};
use super::arena::until;
use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::kubectl::{apply, rendered};

/// The base with every component.
const EVERYTHING: &str = "tests/admission/everything";

/// The component that refuses what the base allows.
const LABEL_SCOPE: &str = "label-scope";

/// As others may have applied parts of it before.
const STRICTLY: &[&str] = &["--server-side", "--dry-run=server", "--force-conflicts"];

/// A server of one's own that knows all kinds and lets everybody write gates; without policies.
async fn server() -> KubeServer {
    let server = KubeServer::start().await;
    server
        .apply(include_str!("../../admission/definitions.yaml"))
        .await;
    server
        .apply(include_str!("../../admission/people.yaml"))
        .await;
    let admin = server.client(Who::Admin).await;
    until(async {
        for (group, kind) in [
            ("cilium.io/v2", "CiliumNetworkPolicy"),
            ("monitoring.coreos.com/v1", "ServiceMonitor"),
            ("monitoring.coreos.com/v1", "PrometheusRule"),
        ] {
            let one = serde_json::json!({"apiVersion": group, "kind": kind, "metadata": {}});
            let one: DynamicObject = serde_json::from_value(one).unwrap();
            let api = api(&admin, "default", &one);
            while api.list(&ListParams::default()).await.is_err() {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    server
}

/// The policies that a folder of manifests renders to, with their bindings.
fn policies(folder: &str) -> Vec<Value> {
    let mut found = documents(&rendered(folder));
    found.retain(|one| {
        let kind = one["kind"].as_str().unwrap();
        kind.starts_with("ValidatingAdmissionPolicy")
    });
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Applies documents.
async fn install(server: &KubeServer, policies: &[Value]) {
    let texts: Vec<String> = policies.iter().map(Value::to_string).collect();
    server.apply(&texts.join("\n---\n")).await;
}

#[tokio::test]
async fn every_case_is_answered_as_it_says_in_a_dry_run_and_for_real() {
    let cases = Cases::read();
    let mut stage = Stage::set(&cases).await;
    let all = cases.cases.iter().chain(&cases.component_cases);
    let (late, early): (Vec<_>, Vec<_>) = all
        .enumerate()
        .partition(|(_, case)| case.with.iter().any(|part| part == LABEL_SCOPE));
    assert!(!late.is_empty() && !early.is_empty());
    let policies = policies(EVERYTHING);
    let (scope, rest): (Vec<Value>, Vec<Value>) = policies
        .iter()
        .cloned()
        .partition(|one| one["metadata"]["name"] == "drawbridge-label-scope");
    install(&stage.server, &rest).await;
    stage.play(&early).await;
    install(&stage.server, &scope).await;
    stage.play(&late).await;
    assert_eq!(stage.wrong, [""; 0], "{}", stage.wrong.join("\n"));
    stage.every_rule_was_told(&policies);
}

/// Where the cases play.
struct Stage<'a> {
    cases: &'a Cases,
    server: KubeServer,
    people: Vec<(Person, kube::Client)>,
    /// Cases that went otherwise.
    wrong: Vec<String>,
    /// What was said in refusing.
    told: BTreeSet<String>,
}

impl<'a> Stage<'a> {
    /// Everything that stands there before the policies.
    async fn set(cases: &'a Cases) -> Self {
        let server = server().await;
        let mut people = Vec::new();
        for person in Person::ALL {
            people.push((person, person.client(&server).await));
        }
        let admin = server.client(Who::Admin).await;
        let all = cases.cases.iter().chain(&cases.component_cases);
        for (n, case) in all.enumerate() {
            for part in &case.with {
                let folder = format!("manifests/components/{part}");
                assert!(std::path::Path::new(&folder).is_dir(), "{folder}");
            }
            let place = case.place(n);
            if let Some(labels) = case.labels() {
                let namespace = serde_json::json!({
                    "apiVersion": "v1", "kind": "Namespace",
                    "metadata": {"name": place, "labels": labels},
                });
                server.apply(&namespace.to_string()).await;
            }
            if let Some(there) = cases.there(case) {
                let there_api = api(&admin, &place, &there);
                let put = put(&there_api, &there, false).await;
                assert!(put.is_ok(), "{}: {put:?}", case.name);
                if case.closing {
                    let name = there.metadata.name.as_deref().unwrap();
                    let waiting = DeleteParams::foreground();
                    there_api.delete(name, &waiting).await.unwrap();
                }
            }
        }
        Self {
            cases,
            server,
            people,
            wrong: Vec::new(),
            told: BTreeSet::new(),
        }
    }

    async fn play(&mut self, cases: &[(usize, &Case)]) {
        // Policies take effect a moment after they are there. What never comes is told below.
        let limit = std::time::Duration::from_secs(30);
        tokio::time::timeout(limit, self.in_effect(cases))
            .await
            .ok();
        for (n, case) in cases {
            for dry in [true, false] {
                if let Err(what) = self.tried(case, &case.place(*n), dry).await {
                    let how = if dry { "in a dry run" } else { "for real" };
                    self.wrong.push(format!("{}: {how} it {what}", case.name));
                }
            }
        }
    }

    /// Waits until what must be refused is.
    async fn in_effect(&self, cases: &[(usize, &Case)]) {
        for (n, case) in cases.iter().filter(|(_, case)| case.refused()) {
            let place = case.place(*n);
            while case.judge(&self.act(case, &place, true).await).is_err() {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn act(&self, case: &Case, place: &str, dry: bool) -> Result<(), kube::Error> {
        let (_, client) = self
            .people
            .iter()
            .find(|(person, _)| *person == case.who())
            .unwrap();
        self.cases.act(case, client, (place, dry)).await
    }

    /// Acts, and looks at the answer and at what is there afterwards.
    async fn tried(&mut self, case: &Case, place: &str, dry: bool) -> Result<(), String> {
        let admin = self.server.client(Who::Admin).await;
        let before = self.cases.seen(case, &admin, place).await;
        let answer = self.act(case, place, dry).await;
        let after = self.cases.seen(case, &admin, place).await;
        if let Err(kube::Error::Api(status)) = &answer {
            self.told.insert(status.message.clone());
        }
        case.judge(&answer)?;
        if dry {
            let same = before == after;
            return same
                .then_some(())
                .ok_or_else(|| format!("left behind {after:?}"));
        }
        case.done(before.as_ref(), after.as_ref())
    }

    /// No rule is idle: each was the reason of a refusal. Rules that policies of several kinds share are told
    /// by one of them.
    fn every_rule_was_told(&self, policies: &[Value]) {
        let shared: Vec<&Value> = bounds::rules_of(policies, "drawbridge-gate");
        for policy in policies
            .iter()
            .filter(|one| one["kind"] == "ValidatingAdmissionPolicy")
        {
            let name = policy["metadata"]["name"].as_str().unwrap();
            for rule in policy["spec"]["validations"].as_array().unwrap() {
                if name != "drawbridge-gate" && shared.contains(&rule) {
                    continue;
                }
                let voice = voice(rule);
                let by = format!("ValidatingAdmissionPolicy '{name}' ");
                assert!(
                    self.told
                        .iter()
                        .any(|told| told.contains(&by) && told.contains(voice)),
                    "no case has {name} say `{voice}`"
                );
            }
        }
    }
}

/// What a rule says, or the first words of it where some are filled in.
fn voice(rule: &Value) -> &str {
    match rule["message"].as_str() {
        Some(message) => message,
        None => {
            let expression = rule["messageExpression"].as_str().unwrap();
            expression.split('\'').nth(1).unwrap()
        }
    }
}

#[tokio::test]
async fn every_overlay_is_taken_strictly_and_without_a_warning() {
    let server = server().await;
    let mut folders = vec![EVERYTHING.to_owned()];
    for entry in std::fs::read_dir("manifests/overlays").unwrap() {
        folders.push(entry.unwrap().path().to_str().unwrap().to_owned());
    }
    assert!(folders.len() >= 4, "{folders:?}");
    for folder in folders {
        let output = apply(&server, STRICTLY, &rendered(&folder));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{folder}: {told}");
        assert_eq!(told, "", "{folder}");
    }
    // A misspelt field is found, so the above says something.
    let wrong =
        rendered("manifests/overlays/dev").replace("serviceAccountName", "serviceAcountName");
    let output = apply(&server, STRICTLY, &wrong);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("serviceAcountName"),
        "{told}"
    );
}
