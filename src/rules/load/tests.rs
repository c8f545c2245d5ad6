//! Reading YAML: places of problems, order, and hostile files.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::rules::problem::report;
use crate::rules::testing::{self, ORDERS};

#[test]
fn the_example_and_the_embedded_templates_have_no_problems() {
    let (set, problems) = testing::load(ORDERS);
    assert_eq!(report(&problems), "no problems\n");
    let templates: Vec<&str> = set.templates().map(|t| t.name.as_str()).collect();
    assert_eq!(templates, ["connect", "debug-ingress"]);
}

#[test]
fn every_template_in_the_folder_is_embedded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("templates/{}", entry.unwrap().file_name().display()))
        .collect();
    found.sort();
    let embedded: Vec<&str> = EMBEDDED.iter().map(|(file, _)| *file).collect();
    assert_eq!(found, embedded);
}

#[test]
fn the_example_rules_have_no_problems() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/examples/rules");
    let mut files = embedded();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        files.push((
            path.display().to_string(),
            std::fs::read_to_string(&path).unwrap(),
        ));
    }
    let (set, problems) = load_allowing(&files, &testing::allowed());
    assert_eq!(report(&problems), "no problems\n");
    assert!(set.rules().len() >= 3);
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
