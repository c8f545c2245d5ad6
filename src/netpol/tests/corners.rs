//! The corner cases of the NetworkPolicy API: one file each under `tests/corpus/netpol`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::fixtures::{Fixture, app, namespace, pod, protocol_of, read_object, snapshot};
use crate::netpol::evaluate::{End, Evaluator, passages};
use crate::netpol::snapshot::{Object, Snapshot};
use crate::netpol::{PortRange, PortSet};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    says: String,
    certainty: Certainty,
    source: String,
    world: Option<String>,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    policies: Vec<Value>,
    answers: BTreeMap<String, Answer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Certainty {
    Spec,
    E2e,
    Usual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Open,
    Closed,
    /// It cannot be told.
    Unknown,
}

/// How many cases there must be at least: a lost folder must not pass.
const AT_LEAST: usize = 108;

fn base_world() -> Vec<Fixture> {
    let names = ["a/web", "a/cli", "a/oth", "b/cli", "b/oth", "c/cli"];
    let pods = names.iter().zip(1..).map(|(path, n)| {
        let (namespace, name) = path.split_once('/').unwrap();
        app(namespace, name)
            .port("http", 8080)
            .port_of("UDP", "dns", 53)
            .ip(&format!("10.244.0.{n}"))
    });
    let namespaces = [
        namespace("a").label("team", "red"),
        namespace("b").label("team", "blue").label("env", "prod"),
        namespace("c"),
    ];
    namespaces.into_iter().chain(pods).collect()
}

/// Pods beyond the base world that several cases share.
fn more(world: &str) -> Vec<Fixture> {
    let labelled = |name: &str, labels: &[(&str, &str)]| {
        labels
            .iter()
            .fold(pod("a", name), |pod, (k, v)| pod.label(k, v))
    };
    match world {
        "labelled" => vec![
            labelled("prod", &[("app", "x"), ("env", "prod")]),
            labelled("dev", &[("app", "x"), ("env", "dev")]),
            labelled("none", &[("app", "x")]),
            labelled("blank", &[("app", "x"), ("env", "")]),
            labelled("half", &[("env", "prod")]),
        ],
        "nodes" => vec![
            // The base world's a/web again, placed on a node.
            app("a", "web")
                .port("http", 8080)
                .ip("10.244.0.1")
                .node("n1", "192.168.250.1"),
            app("a", "hostweb")
                .ip("192.168.250.2")
                .node("n2", "192.168.250.2")
                .host_network(),
            app("a", "hostcli")
                .ip("192.168.250.2")
                .node("n2", "192.168.250.2")
                .host_network(),
            app("a", "samenode")
                .ip("192.168.250.1")
                .node("n1", "192.168.250.1")
                .host_network(),
        ],
        other => panic!("no world called {other}"),
    }
}

fn build_world(case: &Case) -> Snapshot {
    let more = case.world.as_deref().map(more).unwrap_or_default();
    let fixtures = base_world().into_iter().chain(more).map(Object::from);
    let policies = case.policies.iter().enumerate().map(|(n, spec)| {
        read_object(json!({
            "kind": "NetworkPolicy",
            "metadata": {"namespace": "a", "name": format!("p{n}")},
            "spec": spec,
        }))
    });
    let objects = case.objects.iter().cloned().map(read_object);
    snapshot(fixtures.chain(policies).chain(objects))
}

fn end<'a>(snapshot: &'a Snapshot, text: &str) -> End<'a> {
    if let Some(ip) = text.strip_prefix("ip:") {
        let ip: std::net::IpAddr = ip.parse().unwrap();
        return End::Address(ip.into());
    }
    let (namespace, name) = text.split_once('/').unwrap();
    let found = snapshot.running(namespace).find(|pod| pod.name == name);
    End::Pod(found.unwrap_or_else(|| panic!("no pod {text}")))
}

/// Answers `a/cli -> a/web TCP/8080`.
fn answer(snapshot: &Snapshot, question: &str) -> Answer {
    let (from, rest) = question.split_once(" -> ").unwrap();
    let (to, port) = rest.rsplit_once(' ').unwrap();
    let (protocol, number) = port.split_once('/').unwrap();
    let probe = PortRange::single(protocol_of(protocol), number.parse().unwrap());

    let evaluator = Evaluator::baseline(snapshot);
    let from = evaluator.party(end(snapshot, from));
    let to = evaluator.party(end(snapshot, to));
    let judged = passages(&[from], &[to])[0].both();
    if judged.open.covers(&PortSet::from_iter([probe])) {
        Answer::Open
    } else if judged.unsure.covers(&PortSet::from_iter([probe])) {
        Answer::Unknown
    } else {
        Answer::Closed
    }
}

#[test]
fn every_corner_case_is_answered_as_its_source_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/netpol");
    let mut wrong = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        cases += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let case: Case = serde_saphyr::from_str(&text)
            .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        assert!(!case.answers.is_empty(), "{}: asks nothing", path.display());
        let world = build_world(&case);
        for (question, expected) in &case.answers {
            if answer(&world, question) != *expected {
                let Case {
                    says,
                    certainty,
                    source,
                    ..
                } = &case;
                wrong.push(format!(
                    "{}: {question} must be {expected:?}: {says} ({certainty:?}: {source})",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        cases >= AT_LEAST,
        "only {cases} cases in {}",
        folder.display()
    );
}
