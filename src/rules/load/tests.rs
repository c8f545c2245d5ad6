//! Reading YAML: places of problems, order, and hostile files.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::audit::RuleRef;
use crate::rules::embedded::{EMBEDDED, embedded};
use crate::rules::problem::report;
use crate::rules::testing::{self, ORDERS};
use crate::rules::{Verdict, judge};

#[test]
fn the_example_and_the_embedded_templates_have_no_problems() {
    let (set, problems) = testing::load(ORDERS);
    assert_eq!(report(&problems), "no problems\n");
    let templates: Vec<&str> = set.templates().map(|t| t.name.as_str()).collect();
    let embedded = EMBEDDED.iter().map(|(file, _)| {
        let name = file.trim_start_matches("templates/");
        name.trim_end_matches(".yaml")
    });
    assert_eq!(templates, embedded.collect::<Vec<_>>());
}

#[test]
fn every_template_in_the_folder_is_embedded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("templates/{}", entry.unwrap().file_name().display()))
        .filter(|file| file.ends_with(".yaml"))
        .collect();
    found.sort();
    let embedded: Vec<&str> = EMBEDDED.iter().map(|(file, _)| *file).collect();
    assert_eq!(found, embedded);
}

/// The example rules, with lines changed.
fn examples(change: impl Fn(&str) -> String) -> (RuleSet, Vec<Problem>) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/examples/rules");
    let mut files = embedded();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        files.push((path.display().to_string(), change(&text)));
    }
    load_allowing(&files, &testing::allowed())
}

#[test]
fn the_example_rules_have_no_problems() {
    let (set, problems) = examples(str::to_owned);
    assert_eq!(report(&problems), "no problems\n");
    assert!(set.rules().len() >= 3);
}

#[test]
fn what_the_example_rules_comment_out_is_good_too() {
    let (set, problems) = examples(|text| {
        let text = text.replace("  # readers: {", "  readers: {");
        text.replace("  # offline: {", "  offline: {")
    });
    let orders = set.rule("orders-jobs").unwrap();
    assert!(orders.readers.contains("audit/reader"));
    assert!(orders.offline.contains("ops/break-glass"));
    // What the comment says of it, `check` says too.
    let told: Vec<&str> = problems.iter().map(|one| one.message.as_str()).collect();
    let [only] = told[..] else { panic!("{told:?}") };
    assert!(
        only.contains("one approval by `ops/break-glass` is enough"),
        "{only}"
    );
}

#[test]
fn the_example_rules_let_the_example_jobs_ask_from_where_they_run() {
    let (set, _) = examples(str::to_owned);
    let job = include_str!("../../../manifests/examples/job.yaml");
    let workflow = include_str!("../../../manifests/examples/github-actions.yaml");
    for text in [job, workflow] {
        assert!(
            text.contains(" to orders/db:5432 for 30m because INC-42"),
            "{text}"
        );
    }
    assert!(job.contains("name: migrate-orders") && job.contains("- self to "));
    assert!(workflow.contains("'ci/runner to "));
    let migrate = testing::service("ci", "migrate");
    let deploy = testing::service("oidc:github", "orders-deploy");
    let from = |namespace: &str, kind: &str, name: &str| {
        let mut ask = testing::ask();
        ask.from.namespace = Some(namespace.to_owned());
        (ask.from.kind, ask.from.name) = (kind.to_owned(), name.to_owned());
        ask
    };
    // What `self` is there: tests/it/examples.rs.
    let job = from("ci", "Pod", "migrate-orders-x7k2p");
    let runner = from("ci", "Deployment", "runner");
    for (by, ask, may) in [
        (&migrate, &job, true),
        (&deploy, &runner, true),
        // Neither from where the other runs, nor from elsewhere.
        (&migrate, &runner, false),
        (&deploy, &job, false),
        (&migrate, &testing::ask(), false),
        (&deploy, &testing::ask(), false),
        (&migrate, &from("ci", "Pod", "other"), false),
        (
            &migrate,
            &from("shop", "Pod", "migrate-orders-x7k2p"),
            false,
        ),
        (&testing::service("ci", "other"), &job, false),
    ] {
        match judge(&set, by, ask, &testing::roll()) {
            Verdict::Allowed(route) => {
                assert!(may, "{by}: {ask:?}");
                assert_eq!(
                    route.owner.map(|owner| owner.0).as_deref(),
                    Some("U024BE7LH")
                );
            }
            Verdict::Refused { rule, reasons } => {
                assert!(!may, "{by}: {reasons:?}");
                assert_eq!(rule.as_deref(), Some("orders"), "{reasons:?}");
            }
        }
    }
    // People are governed by their own rule, wherever the path begins.
    for ask in [&job, &testing::ask()] {
        let verdict = judge(&set, &testing::person("U0DANA"), ask, &testing::roll());
        let Verdict::Allowed(route) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(route.owner, None);
    }
}

#[test]
fn rules_are_tried_in_file_name_then_document_order() {
    let named = |name: &str| {
        ORDERS
            .replace("{name: orders}", &format!("{{name: {name}}}"))
            .replace("'orders'", &format!("'{name}'"))
    };
    let files = [
        ("20-b.yaml".to_owned(), named("third")),
        (
            "10-a.yaml".to_owned(),
            format!("{}---\n# then{}", named("first"), named("second")),
        ),
    ];
    let all: Vec<_> = embedded().into_iter().chain(files).collect();
    let (set, problems) = load(&all);
    assert_eq!(report(&problems), "no problems\n");
    let names: Vec<&str> = set.rules().iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["first", "second", "third"]);
    let place = set.rules()[1].place.to_string();
    assert_eq!(place, "10-a.yaml:22:18");
}

#[test]
fn a_digest_changes_with_the_contents_only() {
    let digest = |text: &str| testing::rules(text).rules()[0].digest.clone();
    let original = digest(ORDERS);
    assert_eq!(original.len(), 64);
    let other_order = ORDERS.replace("{max: 2h, open: 3}", "{ open: 3,  max: 2h }  # swapped");
    assert_eq!(digest(&other_order), original);
    assert_ne!(digest(&ORDERS.replace("open: 3", "open: 4")), original);
}

#[test]
fn the_text_of_a_rule_is_the_one_that_its_digest_names() {
    let set = testing::rules(ORDERS);
    let rule = &set.rules()[0];
    let text = set.text_of(&rule.digest).unwrap();
    assert_eq!(digest(text), rule.digest);
    let contents: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(contents["metadata"]["name"], "orders");
    assert!(text.starts_with("{\"apiVersion\":"), "sorted: {text}");
    assert_eq!(set.text_of("0"), None);
}

#[test]
fn a_rule_whose_text_is_too_long_to_be_kept_is_refused() {
    let with = |length: usize| {
        let reason = "x".repeat(length);
        let (set, problems) = testing::load(&ORDERS.replace("INC-[0-9]+", &reason));
        let text = set.texts.values().next().map_or(0, String::len);
        (text, problems)
    };
    let (short, _) = with(0);
    let fits = |length| {
        let (text, problems) = with(length);
        let said = "the rule is longer than 65536 bytes";
        (
            text,
            !problems.iter().any(|problem| problem.message == said),
        )
    };
    assert_eq!(fits(MAX_RULE - short), (MAX_RULE, true));
    assert_eq!(fits(MAX_RULE - short + 1), (MAX_RULE + 1, false));
}

#[test]
fn more_rules_than_a_record_can_name_are_refused() {
    let rules = |count: usize| {
        let named = |n: usize| ORDERS.replace("{name: orders}", &format!("{{name: r{n}}}"));
        let files = (0..count).map(|n| (format!("{n:06}.yaml"), named(n)));
        let (_, problems) = load(&embedded().into_iter().chain(files).collect::<Vec<_>>());
        let errors = problems
            .into_iter()
            .filter(|p| p.severity == Severity::Error);
        errors.map(|problem| problem.message).collect::<Vec<_>>()
    };
    assert_eq!(rules(MAX_RULES), Vec::<String>::new());
    assert_eq!(rules(MAX_RULES + 1), ["there are more than 1500 rules"]);
    let name = RuleRef {
        name: "n".repeat(63),
        digest: "d".repeat(64),
    };
    let all = serde_json::to_string(&vec![name; MAX_RULES]).unwrap();
    // With its frame it fits into a document of the store, of 256 KiB.
    assert!(all.len() < 250 * 1024, "{}", all.len());
}

#[test]
fn what_rules_name_outright_is_known_before_any_ask() {
    let rule = ORDERS
        .replace(
            "\"@security\"",
            "\"@Security\", \"@${to.namespaceLabels.team}-leads\"",
        )
        .replace("need: 1}", "need: 1, quiet: [U0KIM]}");
    let set = testing::rules(&rule);
    let groups: Vec<String> = set.groups_named().into_iter().collect();
    assert_eq!(
        groups,
        ["backend", "orders-oncall", "orders-team", "security"]
    );
    let users: Vec<String> = set.users_named().into_iter().map(|user| user.0).collect();
    assert_eq!(users, ["U0KIM"]);
}

#[test]
fn documents_are_split_where_yaml_splits_them() {
    let text = "# only a comment\n---\na: 1\n--- # again\nb: |\n  ---\n  c\n---\n...\n---\nc: 2";
    let parts: Vec<(u64, &str)> = documents(text);
    assert_eq!(
        parts,
        [
            (1, "---\na: 1\n"),
            (3, "--- # again\nb: |\n  ---\n  c\n"),
            (9, "---\nc: 2"),
        ]
    );
    assert_eq!(documents("a: 1\r\n---\r\nb: 2\r\n").len(), 2);
    assert_eq!(documents("---x: 1\n").len(), 1);
    assert!(documents("\n# nothing\n---\n---\n").is_empty());
}

#[test]
fn yaml_bombs_are_refused_before_they_cost_anything() {
    let laughs: String = (1..12)
        .map(|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(",")
            )
        })
        .collect();
    let bombs = [
        (
            "aliases",
            format!("kind: AccessRule\na0: &a0 [x]\n{laughs}"),
        ),
        (
            "brackets",
            format!("kind: AccessRule\nspec: {}", "[".repeat(100_000)),
        ),
        (
            "braces",
            format!("kind: AccessRule\nspec: {}", "{a: ".repeat(100_000)),
        ),
        (
            "indents",
            (0..2_000)
                .map(|n| format!("{}a:\n", " ".repeat(n)))
                .take(600)
                .collect(),
        ),
        (
            "items",
            format!("kind: AccessRule\nspec: [{}]", "1,".repeat(200_000)),
        ),
        ("size", "#".repeat(MAX_FILE + 1)),
        ("dashes", "- ".repeat(50_000)),
        ("self", "kind: AccessRule\nspec: &s {a: *s}".to_owned()),
        ("quotes", "kind: \"".to_owned()),
        ("tags", "kind: !!binary AccessRule".to_owned()),
    ];
    for (name, text) in bombs {
        let (set, problems) = testing::load(&text);
        assert!(set.sealed(), "{name}");
        assert!(problems.len() < 5, "{name}");
        assert!(
            problems.iter().all(|p| p.message.chars().count() < 200),
            "{name}"
        );
    }
}

#[test]
fn a_report_sums_up() {
    let (_, problems) = testing::load(
        &ORDERS
            .replace("max: 2h", "max: 8h")
            .replace("1h\n", "soon\n"),
    );
    assert_snapshot!(report(&problems), @r#"
    r.yaml:11:17: warning: template `connect` ends at 4 h: the longer limit has no effect; raise the template's `max`, or lower the limit
    r.yaml:16:10: error: `soon` is not a length of time; write it like `30m`, `4h` or `1h30m`
    1 error, 1 warning
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_makes_the_loader_panic(
        text in "[a-zA-Z0-9:{}\\[\\]\"'#@$&*!|>%\\n -]{0,200}"
    ) {
        let (set, problems) = testing::load(&text);
        prop_assert_eq!(set.sealed(), !usable(&problems));
    }

    #[test]
    fn no_damage_to_a_rule_makes_the_loader_panic(at in 0usize..700, cut in 1usize..40, put in ".{0,3}") {
        let text: Vec<char> = ORDERS.chars().collect();
        let kept = text.iter().take(at).copied().chain(put.chars());
        let text: String = kept.chain(text.iter().skip(at + cut).copied()).collect();
        let (set, problems) = testing::load(&text);
        prop_assert_eq!(set.sealed(), !usable(&problems));
    }
}
