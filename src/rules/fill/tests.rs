//! Inputs become typed values, and nothing a person types changes the shape of a gate.

use std::sync::LazyLock;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::grammar::Terms;
use crate::rules::load::load;
use crate::rules::model::AccessTemplate;
use crate::rules::problem::Findings;
use crate::rules::testing;
use crate::rules::{embedded, lint};
use crate::units::Seconds;

fn inputs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn shipped(template: &str, pairs: &[(&str, &str)]) -> Result<Filled, FillError> {
    static SET: LazyLock<RuleSet> = LazyLock::new(|| load(&embedded()).0);
    fill(&SET, template, &inputs(pairs))
}

fn refused(template: &str, pairs: &[(&str, &str)]) -> String {
    let error = shipped(template, pairs).unwrap_err();
    format!("{error}; {}", error.hint.as_deref().unwrap_or_default())
}

/// A template as its text says, also where this version would refuse it.
fn template(text: &str) -> Template {
    let document: AccessTemplate = serde_saphyr::from_str(text).unwrap();
    let mut problems = Vec::new();
    let template = lint::template(
        &document,
        &testing::allowed(),
        &mut Findings::new("t.yaml", 0, &mut problems),
    );
    template.unwrap_or_else(|| panic!("{problems:?}"))
}

#[test]
fn a_plain_ask_fills_the_template_connect() {
    let ask = Ask {
        from: "shop/web".parse::<Endpoint>().unwrap(),
        to: "orders/db".parse::<Endpoint>().unwrap(),
        ports: Some("5432,9187/udp".parse::<Ports>().unwrap()),
        terms: Terms::default(),
    };
    let set = load(&embedded()).0;
    let filled = fill(&set, PLAIN, &plain_inputs(&ask)).unwrap();
    let gate = GateSpec::Connect {
        from: ask.from.clone(),
        to: ask.to.clone(),
        ports: ask.ports.clone(),
    };
    assert_eq!((filled.template.as_str(), filled.gate), ("connect", gate));
    assert_eq!(filled.bounds.default, Seconds::minutes(30));
    let without = Ask { ports: None, ..ask };
    let filled = fill(&set, PLAIN, &plain_inputs(&without)).unwrap();
    assert!(matches!(filled.gate, GateSpec::Connect { ports: None, .. }));
}

#[test]
fn inputs_are_of_their_types() {
    let debug = |pairs| refused("debug-ingress", pairs);
    assert_snapshot!(debug(&[("from", "shop/web"), ("target", "shop/web")]), @r#"`from`: `shop/web` is not an address; give something like `203.0.113.7` or `203.0.113.0/24` (the tool's address as the cluster sees it)"#);
    assert_snapshot!(debug(&[("from", "203.0.113.7"), ("target", "203.0.113.7")]), @r#"`target`: `203.0.113.7` is not inside the cluster; give something like `shop/web` (the workload; all containers of its pods)"#);
    assert_snapshot!(debug(&[("from", "203.0.113.7"), ("target", "shop/web"), ("port", "0")]), @"`port`: `0` is not a port number; port numbers go from 1 to 65535");
    let ok = shipped(
        "debug-ingress",
        &[("from", "203.0.113.7"), ("target", "shop/web")],
    );
    assert!(ok.is_ok());
}

#[test]
fn names_that_do_not_fit_are_corrected() {
    assert_snapshot!(refused("conect", &[]), @r#"there is no template `conect`; did you mean `connect`?"#);
    assert_snapshot!(refused("connect", &[("from", "shop/web"), ("too", "orders/db")]), @r#"template `connect` has no input `too`; did you mean `to`?"#);
    assert_snapshot!(refused("connect", &[("from", "shop/web")]), @r#"template `connect` needs `to`; add `to=` with something like `shop/web` or `203.0.113.7` (where they go)"#);
    let long = "a".repeat(1_001);
    assert_snapshot!(refused("connect", &[("from", &long), ("to", "orders/db")]), @r#"`from` is longer than 1000 characters; give something like `shop/web` or `203.0.113.7` (where connections come from)"#);
}

#[test]
fn rules_with_errors_fill_nothing() {
    let (set, _) = testing::load("kind: Nothing");
    let pairs = inputs(&[("from", "shop/web"), ("to", "orders/db")]);
    let error = fill(&set, "connect", &pairs).unwrap_err();
    assert_eq!(
        error.message,
        "the rules have errors, so nothing can be opened"
    );
}

const OBJECTS: &str = r#"
kind: AccessTemplate
metadata: {name: objects}
spec:
  summary: Objects as they are
  inputs:
    from: {type: cidr}
    port: {type: ports, default: "8080"}
    tier: {type: string, pattern: "[a-z]+", default: front}
    note: {type: string}
  duration: {default: 20m, min: 1m, max: 2h}
  gate:
    objects:
      - apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        spec:
          port: "${port}"
          cidr: "${from}"
          labels: {tier: "${tier}", "${tier}": x}
          text: "from ${from} to ${tier}: ${note}"
          kept: [1, true, null]
"#;

#[test]
fn a_whole_text_keeps_its_type_and_others_become_text() {
    let pairs = inputs(&[("from", "203.0.113.7"), ("note", "hello")]);
    let filled = fill_template(&template(OBJECTS), &pairs).unwrap();
    let expected = json!({
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "spec": {
            "port": 8080,
            "cidr": "203.0.113.7/32",
            "labels": {"tier": "front", "${tier}": "x"},
            "text": "from 203.0.113.7/32 to front: hello",
            "kept": [1, true, null],
        },
    });
    assert_eq!(filled.gate, GateSpec::Objects(vec![expected]));
}

#[test]
fn a_pattern_is_for_the_whole_text() {
    for tier in ["front\nkind: Secret", "front-1", "x front", ""] {
        let pairs = inputs(&[("from", "203.0.113.7"), ("note", ""), ("tier", tier)]);
        let error = fill_template(&template(OBJECTS), &pairs).unwrap_err();
        assert_eq!(error.input.as_deref(), Some("tier"), "{tier}");
    }
}

/// The shape of a document: its keys and kinds of nodes.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), shape(v))).collect(),
        Value::String(_) => Value::from("text"),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn no_input_changes_anything_but_its_own_text(note in ".{0,60}", odd in "[${}a-z:\\[\\]\"'\\n]{0,40}") {
        static TEMPLATE: LazyLock<Template> = LazyLock::new(|| template(OBJECTS));
        let gate = |note: &str| {
            let pairs = inputs(&[("from", "203.0.113.7"), ("note", note)]);
            match fill_template(&TEMPLATE, &pairs).unwrap().gate {
                GateSpec::Objects(objects) => Value::Array(objects),
                other => panic!("{other:?}"),
            }
        };
        for typed in [note, odd] {
            let filled = gate(&typed);
            prop_assert_eq!(shape(&filled), shape(&gate("")));
            let text = format!("from 203.0.113.7/32 to front: {typed}");
            prop_assert_eq!(filled[0]["spec"]["text"].as_str(), Some(text.as_str()));
        }
    }

    #[test]
    fn no_input_makes_filling_panic(from in ".{0,40}", to in "[a-z0-9/.:,=-]{0,40}", port in "[a-z0-9/,-]{0,20}") {
        let _ = shipped("connect", &[("from", &from), ("to", &to), ("port", &port)]);
    }
}
