//! Templates that state objects pass only rules that name them in full, and never without people.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::rules::facts::{End, StatedFact};
use crate::rules::people::Person;

/// A template that gives a role.
const ROLE: &str = r#"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: give-view}
spec:
  summary: A role
  inputs:
    user: {type: string, pattern: "[a-z]+@example\\.com"}
  duration: {default: 20m, min: 1m, max: 2h}
  gate:
    objects:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {namespace: orders}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects:
          - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "${user}"}
"#;

/// The template, and rules by name, `match` and what else they say.
fn rules(list: &[(&str, &str, &str)]) -> String {
    let one = |(name, matches, more): &(&str, &str, &str)| {
        format!(
            "---\napiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {{name: {name}}}\nspec:\n  \
             match: {{{matches}}}\n  requesters: {{slack: {{usergroups: [\"@backend\"]}}}}\n  \
             stages: [{{name: owners, from: {{usergroups: [\"@orders-oncall\"]}}}}]\n{more}"
        )
    };
    ROLE.to_owned() + &list.iter().map(one).collect::<String>()
}

fn given() -> AskFacts {
    AskFacts {
        template: "give-view".to_owned(),
        from: End::default(),
        to: End {
            namespace: Some("orders".to_owned()),
            name: "orders".to_owned(),
            kind: "Namespace".to_owned(),
            ..End::default()
        },
        ports: Vec::new(),
        opens_pods: 0,
        opens_warnings: 1,
        stated: vec![StatedFact {
            kind: "RoleBinding".to_owned(),
            name: "view".to_owned(),
            people: ["dana@example.com".to_owned()].into(),
        }],
        inputs: [("user".to_owned(), "dana@example.com".to_owned())].into(),
        ..ask()
    }
}

fn said(list: &[(&str, &str, &str)]) -> String {
    verdict(&rules(list), &dana(), &given(), &roll())
}

#[test]
fn a_rule_that_names_the_template_in_full_lets_it_pass() {
    let named = ("named", "templates: [give-view]", "");
    assert_eq!(
        said(&[named]),
        "allowed by named: owners: 1 of `@orders-oncall`"
    );
}

#[test]
fn a_rule_that_matches_it_by_a_glob_refuses_and_ends_the_search() {
    let named = ("named", "templates: [give-view]", "");
    for glob in ["*", "give-*", "*view", "give-view*"] {
        let matches = format!("templates: [\"{glob}\"]");
        let star = ("star", matches.as_str(), "");
        for list in [&[star][..], &[star, named]] {
            let said = said(list);
            assert!(
                said.starts_with(
                    "refused by star\n- rule `star` comes first and does not name `give-view`: \
                     templates with objects must be named in full"
                ),
                "{glob}: {said}"
            );
        }
        let passes = said(&[named, star]);
        assert!(passes.starts_with("allowed by named"), "{glob}: {passes}");
        // Named in full besides, it is meant.
        let both = format!("templates: [\"{glob}\", give-view]");
        let both = said(&[("both", &both, "")]);
        assert!(both.starts_with("allowed by both"), "{glob}: {both}");
    }
}

#[test]
fn a_rule_by_glob_that_does_not_match_does_not_matter() {
    let elsewhere = (
        "star",
        "templates: [\"*\"], when: \"to.namespace == 'vault'\"",
        "",
    );
    let named = ("named", "templates: [give-view]", "");
    assert!(said(&[elsewhere, named]).starts_with("allowed by named"));
}

#[test]
fn an_ask_of_stated_objects_is_one_also_where_the_template_connects_by_now() {
    let mut ask = given();
    ask.template = "connect".to_owned();
    let star = rules(&[("star", "templates: [\"*\"]", "")]);
    let verdict = verdict(&star, &dana(), &ask, &roll());
    assert!(verdict.starts_with("refused by star"), "{verdict}");
}

#[test]
fn what_is_not_known_is_never_small() {
    for (condition, holds) in [
        ("opens.pods > 10", true),
        ("opens.pods < 3", false),
        ("opens.fromPods <= 1", false),
        ("opens.pairs == 0", false),
        ("opens.known", false),
        ("opens.warnings == 1", true),
        (
            "objects.all(o, o.kind == 'RoleBinding' && o.name == 'view')",
            true,
        ),
        ("objects.exists(o, o.name == 'edit')", false),
        ("inputs.user == 'dana@example.com'", true),
        ("to.kind == 'Namespace'", true),
    ] {
        let matches = format!("templates: [give-view], when: \"{condition}\"");
        let said = said(&[("named", &matches, "")]);
        assert_eq!(said.starts_with("allowed"), holds, "{condition}: {said}");
    }
    // Nobody can say where it comes from, nor which ports it is: no condition may hold by that.
    for condition in ["from.namespace != 'prod'", "ports.all(p, p.port == 443)"] {
        let matches = format!("templates: [give-view], when: \"{condition}\"");
        let said = said(&[("named", &matches, "")]);
        assert!(said.contains("cannot be judged"), "{condition}: {said}");
    }
    // Of a path all of it is known.
    let known =
        "templates: [connect], when: \"opens.known && size(objects) == 0 && opens.pods == 1\"";
    let said = verdict(&rules(&[("path", known, "")]), &dana(), &ask(), &roll());
    assert!(said.starts_with("allowed by path"), "{said}");
}

#[test]
fn it_is_never_automatic() {
    let auto = "  auto: {max: 2h, when: \"cluster == 'default'\"}\n";
    let text = rules(&[("named", "templates: [give-view]", auto)]);
    for warnings in [0, 1] {
        let ask = AskFacts {
            opens_warnings: warnings,
            ..given()
        };
        let verdict = judge(&testing::rules(&text), &dana(), &ask, &roll());
        let Verdict::Allowed(route) = verdict else {
            panic!("{}", told(&verdict));
        };
        assert_eq!(
            route.pass,
            crate::rules::Pass::Stages,
            "{warnings} warnings"
        );
    }
}

#[test]
fn whoever_is_given_the_role_does_not_approve_it() {
    let set = rules(&[("named", "templates: [give-view]", "")]);
    let mut ask = given();
    ask.stated[0].people = ["max@example.com".to_owned()].into();
    let mut roll = roll();
    let addressed = roll.people.iter().map(|person| {
        let email = Some(format!("{}@example.org", person.name));
        Arc::new(Person {
            email,
            ..person.clone()
        })
    });
    roll.people = addressed.collect();
    roll.groups.insert(
        "orders-oncall".to_owned(),
        Arc::new([UserId("U0MAX".to_owned())].into()),
    );
    assert!(verdict(&set, &dana(), &ask, &roll).starts_with("allowed"));
    let max = roll.people.get_mut(&UserId("U0MAX".to_owned())).unwrap();
    max.email = Some("max@example.com".to_owned());
    let told = verdict(&set, &dana(), &ask, &roll);
    assert!(told.contains("nobody can approve"), "{told}");
    assert!(told.contains("whoever is given a role"), "{told}");
}

#[test]
fn only_rules_that_name_it_offer_it() {
    let offered = |matches: &str| {
        let set = testing::rules(&rules(&[("r", matches, "")]));
        let user = UserId("U0DANA".to_owned());
        let open = open_to(&set, &user, &roll());
        open.iter()
            .any(|(template, _)| template.name == "give-view")
    };
    assert!(offered("templates: [give-view]"));
    assert!(!offered("templates: [\"*\"]"));
}

#[test]
fn explanations_tell_of_it() {
    let set = testing::rules(&rules(&[("star", "templates: [\"*\"]", "")]));
    let told = crate::rules::explain(&set, &dana(), &given(), &roll()).to_string();
    assert!(
        told.contains("matches and does not name `give-view` in full"),
        "{told}"
    );
    assert!(!told.contains("no rule matches"), "{told}");
}

proptest! {
    #[test]
    fn whatever_the_rules_it_is_governed_by_the_first_match_and_that_names_it_in_full(
        picks in prop::collection::vec((0usize..7, any::<bool>(), any::<bool>()), 1..6),
    ) {
        const LISTS: [&str; 7] = [
            "\"*\"", "\"give-*\"", "give-view", "connect", "connect, give-view", "\"conn*\"", "\"*\", give-view",
        ];
        let written = picks.iter().enumerate().map(|(n, (list, here, cluster))| {
            let when = if *here { "to.namespace == 'orders'" } else { "to.namespace == 'vault'" };
            let cluster = if *cluster { "default" } else { "other" };
            let list = LISTS[*list];
            (format!("r{n}"), format!("templates: [{list}], clusters: [{cluster}], when: \"{when}\""))
        });
        let written: Vec<(String, String)> = written.collect();
        let list: Vec<(&str, &str, &str)> =
            written.iter().map(|(name, matches)| (name.as_str(), matches.as_str(), "")).collect();
        let matches = |(list, here, cluster): &(usize, bool, bool)| {
            *here && *cluster && !matches!(list, 3 | 5)
        };
        let first = picks.iter().position(matches);
        let in_full = first.is_some_and(|n| matches!(picks[n].0, 2 | 4 | 6));
        let (set, _) = testing::load(&rules(&list));
        match judge(&set, &dana(), &given(), &roll()) {
            Verdict::Allowed(route) => {
                prop_assert!(in_full);
                prop_assert_eq!(route.rule, format!("r{}", first.unwrap()));
            }
            Verdict::Refused { .. } => prop_assert!(!in_full),
        }
    }
}
