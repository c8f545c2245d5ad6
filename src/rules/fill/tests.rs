//! Inputs become typed values, and nothing a person types changes the shape of a gate.

use std::sync::LazyLock;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::grammar::Terms;
use crate::rules::embedded;
use crate::rules::load::load;
use crate::rules::testing;
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

proptest! {
    #[test]
    fn no_input_makes_filling_panic(from in ".{0,40}", to in "[a-z0-9/.:,=-]{0,40}", port in "[a-z0-9/,-]{0,20}") {
        let _ = shipped("connect", &[("from", &from), ("to", &to), ("port", &port)]);
    }
}
