//! Conditions: what is allowed, what they mean, and bombs that must fizzle.

use proptest::prelude::*;

use super::*;
use crate::rules::testing;
use crate::units::Seconds;

fn compile(text: &str) -> Result<Condition, Fault> {
    Condition::compile(text)
}

fn scope() -> Scope {
    Scope::new(&testing::person("U0DANA"), &testing::ask())
}

#[test]
fn conditions_of_real_rules_hold_or_fail() {
    let cases = [
        ("to.namespace == 'orders'", true),
        ("from.namespace == to.namespace", false),
        ("duration > duration('1h') || opens.pods > 10", false),
        ("duration <= duration('30m') && opens.pods == 1", true),
        ("to.kind in ['Deployment', 'StatefulSet']", true),
        ("cluster.startsWith('prod-')", false),
        (
            "template == 'connect' && reason.matches('^INC-[0-9]+')",
            true,
        ),
        (
            "requester.kind == 'person' && requester.id != 'U0LEE'",
            true,
        ),
        (
            "'team' in to.namespaceLabels && to.namespaceLabels.team == 'orders'",
            true,
        ),
        (
            "has(to.namespaceLabels.tier) && to.namespaceLabels.tier == 'gold'",
            false,
        ),
        ("to.namespaceLabels['team'] == 'orders'", true),
        (
            "ports.all(p, p.port == 5432 && p.endPort == 5432 && p.protocol == 'TCP')",
            true,
        ),
        ("ports.exists(p, p.port <= 22 && p.endPort >= 22)", false),
        ("size(ports) == 1 ? to.name == 'db' : false", true),
        ("!(to.namespace in ['vault', 'kube-system'])", true),
        ("size(ports) > 3 && ports[3].port == 22", false),
        ("!extension && !emergency && incident == ''", true),
        (
            "opens.fromPods == 0 && opens.pairs == 0 && opens.warnings == 0",
            true,
        ),
    ];
    for (text, expected) in cases {
        let condition = compile(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert_eq!(condition.holds(&scope()), Ok(expected), "{text}");
    }
}

/// Conditions and what is said about them.
const WRONG: &[(&str, &str)] = &[
    ("to.namespce == 'x'", "`to` has no field `namespce`"),
    (
        "target.namespace == 'x'",
        "`target` is not a name that a condition can use",
    ),
    (
        "to.namespace",
        "a condition must be true or false, and a part of this is of type string",
    ),
    (
        "opens.pods > '10'",
        "the CEL expression fails for a sample ask: `>` cannot take int and string",
    ),
    (
        "incident",
        "a condition must be true or false, and a part of this is of type string",
    ),
    (
        "cluster == 'a' || opens.pods",
        "a condition must be true or false, and a part of this is of type int",
    ),
    (
        "cluster == 'a' && to.name > 3",
        "the CEL expression fails for a sample ask: `>` cannot take string and int",
    ),
    (
        "duration > duration('1 hour')",
        "the CEL expression fails for a sample ask: `duration` does not accept what it was given",
    ),
    (
        "cluster == 'x' ? opens.pods : true",
        "a condition must be true or false, and a part of this is of type int",
    ),
    (
        "ports.all(p, p.nr == 3)",
        "the CEL expression fails for a sample ask: `nr` is missing",
    ),
    (
        "to.name.matches('(')",
        "`(` is not a regular expression: unclosed group",
    ),
    (
        "to.name.matches(reason)",
        "the pattern of `matches` must be written in the condition",
    ),
    (
        "matches(to.name, reason)",
        "the pattern of `matches` must be written in the condition",
    ),
    (
        "now() > timestamp('2026-01-01T00:00:00Z')",
        "`now` is not a function that a condition can use",
    ),
    (
        "timestamp('2026-01-01T00:00:00Z') != timestamp(cluster)",
        "`timestamp` is not a function that a condition can use",
    ),
    (
        "{'a': 1}.a == 1",
        "maps and messages cannot be built in a condition",
    ),
    (
        ".to.namespace == 'x'",
        "`.to` is not a name that a condition can use",
    ),
    (
        "type(cluster) == string",
        "`type` is not a function that a condition can use",
    ),
    (
        "to.namespace = 'x'",
        "the CEL expression cannot be read at character 14: token recognition error at: '= '",
    ),
    (
        "",
        "the CEL expression cannot be read at character 1: mismatched input '<EOF>'",
    ),
    (
        "cluster == 'a",
        "the CEL expression cannot be read at character 12: token recognition error at: ''a'",
    ),
];

#[test]
fn what_is_wrong_with_a_condition_is_said_when_it_is_loaded() {
    for (text, message) in WRONG {
        let fault = compile(text).expect_err(text);
        assert_eq!(fault.message, *message, "{text}");
    }
}

#[test]
fn names_that_are_nearly_right_are_suggested() {
    let hint = |text: &str| compile(text).unwrap_err().hint.unwrap_or_default();
    assert_eq!(hint("to.namespce == 'x'"), "did you mean `namespace`?");
    assert_eq!(hint("clster == 'x'"), "did you mean `cluster`?");
    assert_eq!(hint("cluster.startWith('x')"), "did you mean `startsWith`?");
}

#[test]
fn a_label_that_may_be_missing_is_doubted_and_then_refused() {
    let bare = compile("to.namespaceLabels.tier == 'gold'").unwrap();
    let doubt = bare.doubt().unwrap();
    assert!(doubt.message.contains("no label `tier`"), "{doubt:?}");
    assert_eq!(bare.holds(&scope()), Err("`tier` is missing".to_owned()));
    let guarded = compile("has(to.namespaceLabels.tier) && to.namespaceLabels.tier == 'gold'");
    assert_eq!(guarded.unwrap().doubt(), None);
}

#[test]
fn bombs_are_refused_before_they_cost_anything() {
    let list = format!("[{}]", ["1"; 200].join(","));
    let nested = format!("{list}.all(a, {list}.all(b, {list}.all(c, a + b + c > 0)))");
    let chained = format!("['a']{} == []", ".map(x, x + x)".repeat(40));
    let cases = [
        (
            "brackets",
            format!("{}true{}", "(".repeat(10_000), ")".repeat(10_000)),
        ),
        (
            "short brackets",
            format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        ),
        ("open brackets", "(".repeat(1_999)),
        (
            "lists",
            format!("{}1{} == 1", "[".repeat(500), "]".repeat(500)),
        ),
        (
            "calls",
            format!("{}'a'{} > 0", "size(".repeat(300), ")".repeat(300)),
        ),
        ("sums", format!("0{} == 0", "+1".repeat(900))),
        ("indices", format!("ports{}", "[0]".repeat(600))),
        ("choices", format!("{}true", "true?true:".repeat(190))),
        ("comparisons", format!("true{}", "==true".repeat(300))),
        ("loops in loops", nested),
        ("loops after loops", chained),
        (
            "a loop over a loop",
            "[1].map(x, x).map(x, x).all(x, x > 0)".to_owned(),
        ),
        (
            "a large pattern",
            "reason.matches('((a{100}){100}){100}')".to_owned(),
        ),
        ("junk", "a b ".repeat(499)),
        ("quotes", "'\"".repeat(999)),
    ];
    for (name, text) in cases {
        assert!(compile(&text).is_err(), "{name}");
    }
}

#[test]
fn a_condition_has_a_longest_length() {
    let of = |length: usize| format!("{}true", " ".repeat(length - 4));
    assert!(compile(&of(MAX_LENGTH)).is_ok());
    let fault = compile(&of(MAX_LENGTH + 1)).unwrap_err();
    assert_eq!(
        fault.message,
        "the CEL expression has 2001 characters; the limit is 2000"
    );
}

#[test]
fn the_deepest_conditions_allowed_run_on_a_small_stack() {
    let brackets = MAX_DEPTH - 2;
    let cases = [
        format!("{}true{}", "(".repeat(brackets), ")".repeat(brackets)),
        format!("{}true{}", "!(".repeat(brackets), ")".repeat(brackets)),
        format!("0{} == 30", "+1".repeat(30)),
        format!("{}true", "false?false:".repeat(20)),
        format!("true{}", " && true".repeat(200)),
        format!("{}true", "!".repeat(1_900)),
    ];
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let run = move || {
        for text in cases {
            let condition = compile(&text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
            assert_eq!(condition.holds(&scope()), Ok(true), "{text}");
        }
    };
    thread.spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_pattern_that_backtracking_engines_choke_on_is_linear() {
    let condition = compile("reason.matches('^(a+)+$')").unwrap();
    let mut ask = testing::ask();
    ask.reason = Some(format!("{}!", "a".repeat(50_000)));
    let scope = Scope::new(&testing::person("U0DANA"), &ask);
    assert_eq!(condition.holds(&scope), Ok(false));
}

#[test]
fn every_name_is_bound_and_every_bound_field_is_known() {
    for (name, shape) in scope::NAMES {
        let fields: &[&str] = match shape {
            scope::Shape::Plain | scope::Shape::Texts => &[],
            scope::Shape::Fields(fields) | scope::Shape::End(fields) => fields,
        };
        assert!(scope().context().get_variable(name).is_some(), "{name}");
        for field in fields {
            let text = format!("has({name}.{field})");
            assert_eq!(compile(&text).unwrap().holds(&scope()), Ok(true), "{text}");
        }
    }
}

#[test]
fn a_length_of_time_compares_as_one() {
    let mut ask = testing::ask();
    ask.duration = Seconds::hours(2);
    let scope = Scope::new(&testing::service("ci", "deployer"), &ask);
    let long = compile("duration > duration('90m') && requester.id == 'ci/deployer'").unwrap();
    assert_eq!(long.holds(&scope), Ok(true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_ends_the_process(text in "[a-z0-9'\"().,:?!&|=<>+*\\[\\]{} -]{0,120}") {
        if let Ok(condition) = compile(&text) {
            let _ = condition.holds(&scope());
        }
    }

    #[test]
    fn no_mixture_of_real_words_ends_the_process(
        words in prop::collection::vec(prop::sample::select(vec![
            "to.", "from.", "namespace", "namespaceLabels", "ports", "(", ")", "[", "]", "==", "&&", "||",
            "!", "?", ":", "'x'", "1", "-", "+", "in", ".all(p,", ".map(p,", "p", "has(", "duration(", ",",
            "{", "}", "size(", ".matches('a')", "opens.pods", " ",
        ]), 0..60)
    ) {
        if let Ok(condition) = compile(&words.concat()) {
            let _ = condition.holds(&scope());
        }
    }
}
