//! What the manifests repeat: constants of the program in the policies' expressions, the base's rules in the
//! components', copies of files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use drawbridge::config::vars::VARS;
use drawbridge::id::{ALPHABET, ID_LENGTH, RequestId};
use drawbridge::netpol::marks;
use drawbridge::rules;
use regex::Regex;
use serde_json::Value;

use super::case::Person;
use crate::servers::kube::documents;

const GATE: &str = include_str!("../../../../manifests/base/admission/gate.yaml");
const RESERVED: &str = include_str!("../../../../manifests/base/admission/reserved.yaml");
const REAPER: &str = include_str!("../../../../manifests/components/reaper-cronjob/admission.yaml");
const SCOPE: &str = include_str!("../../../../manifests/components/label-scope/admission.yaml");
const CILIUM: &str = include_str!("../../../../manifests/components/cilium/admission.yaml");
const BINDINGS: &str =
    include_str!("../../../../manifests/components/role-binding-grants/admission.yaml");

/// The rules of the policy of this name.
pub(super) fn rules_of<'a>(documents: &'a [Value], name: &str) -> Vec<&'a Value> {
    let policy = documents
        .iter()
        .find(|one| one["kind"] == "ValidatingAdmissionPolicy" && one["metadata"]["name"] == name);
    let rules = &policy.unwrap()["spec"]["validations"];
    rules.as_array().unwrap().iter().collect()
}

/// The policy of a file; its binding stands beside it.
fn policy(text: &str) -> Value {
    let [policy, binding] = &documents(text)[..] else {
        panic!("{text}")
    };
    assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
    policy.clone()
}

/// All expressions of a policy.
fn expressions(policy: &Value) -> String {
    let mut found = String::new();
    for part in ["matchConditions", "variables", "validations"] {
        for one in policy["spec"][part].as_array().into_iter().flatten() {
            for key in ["expression", "messageExpression"] {
                found += one[key].as_str().unwrap_or_default();
                found.push('\n');
            }
        }
    }
    found
}

fn all() -> String {
    [GATE, RESERVED, REAPER, SCOPE, CILIUM, BINDINGS]
        .iter()
        .map(|text| expressions(&policy(text)))
        .collect()
}

/// What the first group of the pattern finds.
fn found<'a>(pattern: &str, text: &'a str) -> BTreeSet<&'a str> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text);
    found.map(|one| one.get(1).unwrap().as_str()).collect()
}

#[test]
fn the_policies_name_the_marks_that_the_program_writes() {
    let all = all();
    let (label, value) = marks::MANAGED_BY;
    let key = r"'((?:drawbridge\.dev|app\.kubernetes\.io)/[a-z-]+)'";
    let gate = expressions(&policy(GATE));
    let named = found(key, &gate);
    let written = [
        label,
        marks::REQUEST,
        marks::EXPIRES_AT,
        marks::REQUESTED_BY,
        marks::APPROVED_BY,
    ];
    assert_eq!(named, BTreeSet::from(written));
    let mut known = BTreeSet::from(written);
    // The label of namespaces that opt in; nothing in the program reads it.
    known.insert("drawbridge.dev/gates");
    assert_eq!(found(key, &all), known);
    let ours = format!("[?'{label}'].orValue('') == '{value}'");
    let times = |text: &str| all.matches(text).count();
    assert_eq!(times(&ours), times(label), "compared with something else");
}

#[test]
fn a_request_id_in_the_policies_is_what_the_program_draws() {
    let gate = expressions(&policy(GATE));
    let id = found(r"request\.matches\('([^']+)'\)", &gate);
    let name = found(r"metadata\.name\.matches\('([^']+)'\)", &gate);
    let (id, name) = (id.first().unwrap(), name.first().unwrap());
    let fits = Regex::new(id).unwrap();
    for letter in 0_u8..=127 {
        let text = String::from(char::from(letter)).repeat(ID_LENGTH);
        assert_eq!(fits.is_match(&text), ALPHABET.contains(&letter), "{text:?}");
    }
    for length in [ID_LENGTH - 1, ID_LENGTH + 1] {
        assert!(!fits.is_match(&"a".repeat(length)), "{length}");
    }
    let request: RequestId = "k7m3xa".parse().unwrap();
    for n in [1, 9, 10, 123] {
        let drawn = marks::object_name(&request, n, "abcdefghjk");
        assert!(Regex::new(name).unwrap().is_match(&drawn), "{drawn}");
    }
}

#[test]
fn the_longest_life_is_the_same_wherever_it_is_said() {
    const NAME: &str = "DRAWBRIDGE_MAX_LIFETIME";
    let default = VARS.iter().find(|var| var.name == NAME).unwrap().default;
    let longest = default.unwrap();
    assert_eq!(
        found(r"duration\('([^']+)'\)", &all()),
        // The minute is for clocks that differ.
        BTreeSet::from([longest, "1m"])
    );
    for (file, text) in [
        (
            "deployment",
            include_str!("../../../../manifests/base/deployment.yaml"),
        ),
        (
            "cron job",
            include_str!("../../../../manifests/components/reaper-cronjob/cron-job.yaml"),
        ),
        (
            "install",
            include_str!("../../../../manifests/install.yaml"),
        ),
    ] {
        let set = found(&format!(r"name: {NAME}\s+value: (\S+)"), text);
        let set: Vec<&str> = set.iter().map(|value| value.trim_matches('"')).collect();
        assert_eq!(set, [longest], "{file}");
    }
}

#[test]
fn the_policies_name_the_accounts_that_are_installed() {
    let all = all();
    let named = found(r"'(system:serviceaccount:[^']+)'", &all);
    let accounts = [
        include_str!("../../../../manifests/base/access/service-account.yaml"),
        include_str!("../../../../manifests/components/reaper-cronjob/access.yaml"),
    ]
    .map(|text| {
        let account = documents(text).swap_remove(0);
        assert_eq!(account["kind"], "ServiceAccount");
        let part = |key: &str| account["metadata"][key].as_str().unwrap().to_owned();
        let (namespace, name) = (part("namespace"), part("name"));
        assert!(all.contains(&format!("'{namespace}']")), "not protected");
        format!("system:serviceaccount:{namespace}:{name}")
    });
    assert_eq!(named, accounts.iter().map(String::as_str).collect());
    // The cases act as them.
    assert_eq!(accounts[0], Person::Bot.identity().0);
    assert_eq!(accounts[1], Person::Reaper.identity().0);
}

#[test]
fn gates_of_other_kinds_are_bound_as_network_policies_are() {
    let base = policy(GATE);
    let rules = base["spec"]["validations"].as_array().unwrap();
    // Marks, ends and places come first; what follows is about the kind.
    let shared = rules
        .iter()
        .position(|rule| rule["message"] == "a gate has no owners")
        .unwrap();
    let unchanged = &rules[shared + 1];
    assert_eq!(
        unchanged["expression"],
        "request.operation != 'UPDATE' || object.spec == oldObject.spec"
    );
    for other in [CILIUM, BINDINGS].map(policy) {
        let name = &other["metadata"]["name"];
        for part in ["matchConditions", "variables", "failurePolicy"] {
            assert_eq!(other["spec"][part], base["spec"][part], "{name}: {part}");
        }
        let own = other["spec"]["validations"].as_array().unwrap();
        assert_eq!(own[..=shared], rules[..=shared], "{name}");
        assert_eq!(own[shared + 1]["message"], unchanged["message"], "{name}");
    }
    let cilium = policy(CILIUM);
    assert_eq!(&cilium["spec"]["validations"][shared + 1], unchanged);
}

/// Nothing fails open, and every refusal is told as one.
#[test]
fn every_policy_denies_and_fails_closed() {
    for text in [GATE, RESERVED, REAPER, SCOPE, CILIUM, BINDINGS] {
        let found = documents(text);
        let spec = &found[0]["spec"];
        assert_eq!(spec["failurePolicy"], "Fail");
        assert_eq!(spec["paramKind"], Value::Null);
        for rule in spec["validations"].as_array().unwrap() {
            assert_eq!(rule["reason"], "Forbidden", "{rule}");
        }
        let actions = &found[1]["spec"]["validationActions"];
        assert_eq!(actions, &serde_json::json!(["Deny", "Audit"]));
    }
}

#[test]
fn the_roles_that_may_be_given_are_those_that_may_be_bound() {
    let access = include_str!("../../../../manifests/components/role-binding-grants/access.yaml");
    let mut bound = BTreeSet::new();
    for document in documents(access) {
        for rule in document["rules"].as_array().into_iter().flatten() {
            let verbs = rule["verbs"].as_array().unwrap();
            assert!(!verbs.contains(&"escalate".into()) && !verbs.contains(&"*".into()));
            if verbs.contains(&"bind".into()) {
                let names = rule["resourceNames"].as_array().unwrap().clone();
                bound.extend(
                    names
                        .into_iter()
                        .map(|name| name.as_str().unwrap().to_owned()),
                );
            }
        }
    }
    let expressions = expressions(&policy(BINDINGS));
    let listed = found(r"object\.roleRef\.name in \[([^\]]+)\]", &expressions);
    let listed = found(r"'([^']+)'", listed.first().unwrap());
    assert_eq!(listed, bound.iter().map(String::as_str).collect());
}

/// YAML files of a folder, by name.
fn yaml(folder: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name != "kustomization.yaml")
        .collect();
    found.sort();
    found
}

#[test]
fn the_component_of_templates_holds_all_of_them_as_they_are() {
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let (copies, originals) = (yaml("manifests/components/templates"), yaml("templates"));
    let names = |files: &[(String, PathBuf)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&copies), names(&originals));
    for ((name, copy), (_, original)) in copies.iter().zip(&originals) {
        assert_eq!(read(copy), read(original), "{name}");
    }
    let listed = include_str!("../../../../manifests/components/templates/kustomization.yaml");
    let listed = documents(listed).swap_remove(0);
    assert_eq!(
        listed["configMapGenerator"][0]["files"],
        serde_json::json!(names(&copies))
    );
}

#[test]
fn the_rules_of_the_overlays_can_be_used() {
    // Who tries it out may be alone in a group: there the warning is meant.
    for (folder, found) in [
        ("manifests/overlays/dev", "0 errors, 1 warning\n"),
        ("manifests/overlays/production/rules", "no problems\n"),
    ] {
        let mut files = rules::embedded();
        let ours = |name: &str| name.contains("rules") || folder.ends_with("rules");
        for (name, path) in yaml(folder).into_iter().filter(|(name, _)| ours(name)) {
            files.push((name, std::fs::read_to_string(path).unwrap()));
        }
        let (set, problems) = rules::load(&files);
        let report = rules::report(&problems);
        assert!(report.ends_with(found), "{folder}: {report}");
        assert!(!set.rules().is_empty(), "{folder}");
    }
}
