//! Rules, templates, and the conditions and patterns in them.

use std::collections::BTreeMap;
use std::time::Duration;

use drawbridge::grammar::Protocol;
use drawbridge::netpol::flow::PortRange;
use drawbridge::rules::condition::{Condition, Insert, Scope, pattern};
use drawbridge::rules::facts::{AskFacts, End};
use drawbridge::rules::load::Allowed;
use drawbridge::rules::{
    Principal, Roll, RuleSet, UserId, embedded, fill, judge, load_allowing, report,
};
use drawbridge::units::Seconds;

use super::driver::Target;
use super::seeds::Seeds;

pub(crate) const RULES: Target = Target {
    name: "",
    run: rules,
    seeds: &[
        Seeds::Files("manifests/examples/rules"),
        Seeds::Files("templates"),
        Seeds::File("src/sim/town/rules.yaml"),
    ],
    words: &[
        "---\n",
        "- ",
        "*a ",
        "&a ",
        "<<: ",
        "{",
        "[",
        "\"",
        "'",
        "${",
        "${to.namespace}",
        "}",
        "@",
        "need: 1\n",
        "kind: AccessRule\n",
        "a: b\n",
        "\n",
        "when: ",
        "#",
        "'@a', ",
        "1h",
        "*",
        "- {name: a, from: {usergroups: ['@a']}}\n",
        "|\n  ",
        "(a{1000}){1000}",
        "null",
        "!!str ",
    ],
    largest: 100_000,
    a_byte: Duration::from_micros(200),
    memory: 64 * 1024 * 1024,
};

pub(crate) const CONDITIONS: Target = Target {
    name: "",
    run: conditions,
    seeds: &[Seeds::Lines(
        "tests/fuzz/corpus/conditions_and_patterns/lines.txt",
        "",
    )],
    words: &[
        "to.",
        "from.",
        "namespace",
        "ports",
        ".all(p, ",
        ".exists(p, ",
        ".map(p, ",
        "p.port",
        "(",
        ")",
        "[",
        "]",
        "!",
        "-",
        "&&",
        "||",
        "?",
        ":",
        "+",
        "*",
        "%",
        "==",
        " in ",
        "'a'",
        "\"",
        "'''",
        "duration('1h')",
        "duration",
        "matches('",
        "(a{99}){99}",
        "\\p{L}",
        "size(",
        "string(",
        "int(",
        "reason",
        "inputs['a']",
        "opens.pods",
        "9223372036854775807",
        "1u",
        "1.5",
        "has(",
        "b'a'",
        "{'a': 1}",
        "timestamp(",
        "a.b.c",
        ".",
        "//",
        "\\u0000",
    ],
    largest: 20_000,
    a_byte: Duration::from_micros(100),
    memory: 32 * 1024 * 1024,
};

fn facts() -> AskFacts {
    let end = |namespace: &str, name: &str| End {
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        ..End::default()
    };
    AskFacts {
        template: "connect".to_owned(),
        cluster: "default".to_owned(),
        from: end("shop", "web"),
        to: end("orders", "db"),
        ports: vec![PortRange {
            protocol: Protocol::Tcp,
            first: 5432,
            last: 5432,
        }],
        duration: Seconds::minutes(30),
        reason: Some("INC-42 slow (queries)".to_owned()),
        ..AskFacts::default()
    }
}

fn dana() -> Principal {
    Principal::Person(UserId("U0DANA".to_owned()))
}

fn loaded(text: &str) -> (RuleSet, String) {
    let mut files = embedded();
    // The one that rules are written for: all of them would be most of the work.
    files.retain(|(name, _)| name.contains("connect"));
    files.push(("r.yaml".to_owned(), text.to_owned()));
    let allowed = Allowed {
        label_keys: ["team".to_owned()].into(),
        ..Allowed::default()
    };
    let (set, problems) = load_allowing(&files, &allowed);
    let lines = 1 + text.lines().count() as u64;
    for problem in problems
        .iter()
        .filter(|problem| problem.place.file == "r.yaml")
    {
        assert!(problem.place.line <= lines, "(placed) {problem} of {lines}");
        assert!(!problem.message.is_empty(), "(says why)");
    }
    (set, report(&problems))
}

fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (set, said) = loaded(&text);
    for rule in set.rules() {
        assert!(set.text_of(&rule.digest).is_some(), "(kept) {}", rule.name);
    }
    let (again, repeated) = loaded(&text);
    assert_eq!(said, repeated, "(the same again)");
    assert_eq!(set.sealed(), again.sealed(), "(the same again)");
    let verdict = judge(&set, &dana(), &facts(), &Roll::default());
    assert!(!format!("{verdict:?}").is_empty());
    let names: Vec<String> = set.templates().map(|one| one.name.clone()).collect();
    for name in names {
        let inputs = [("from", "shop/web"), ("to", "orders/db"), ("port", "5432")];
        let inputs = inputs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let filled = fill(&set, &name, &BTreeMap::from(inputs));
        assert!(
            !set.sealed() || filled.is_err(),
            "(sealed rules open nothing)"
        );
    }
}

fn conditions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let scope = Scope::new(&dana(), &facts());
    match Condition::compile(&text) {
        Ok(condition) => {
            assert_eq!(condition.text(), text, "(reads back)");
            let holds = condition.holds(&scope);
            assert_eq!(condition.holds(&scope), holds, "(the same again)");
            let _ = (
                condition.constant(),
                condition.doubt(),
                condition.lets_addresses_pass(),
            );
        }
        Err(fault) => assert!(fault.message.len() < 2_000, "(short) {}", fault.message),
    }
    if let Ok(insert) = Insert::compile(&text) {
        let _ = insert.value(&scope);
    }
    match pattern(&text) {
        Ok(pattern) => drop(pattern.is_match("INC-42 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")),
        Err(fault) => assert!(fault.message.len() < 2_000, "(short) {}", fault.message),
    }
}
