//! Circles of every kind, incidents, extensions, the pace of asking, templates with requesters.

use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::rules::facts::Extending;
use crate::rules::problem::report;

#[test]
fn members_of_channels_and_whoever_is_on_call_fill_stages() {
    for (circle, people) in [
        ("{channels: [\"#Ops\"]}", ["U0KIM"].as_slice()),
        ("{oncall: [orders]}", &["U0MAX"]),
        (
            "{channels: [\"#ops\"], oncall: [orders], users: [U0SAM]}",
            &["U0KIM", "U0MAX", "U0SAM"],
        ),
    ] {
        let rule = with(ORDERS, "{usergroups: [\"@orders-oncall\"]}", circle);
        let route = route(&rule, &ask());
        let pinged = route.stages[0].pinged(None, &roll());
        let ids: Vec<&str> = pinged.iter().map(|user| user.0.as_str()).collect();
        assert_eq!(ids, people, "{circle}");
    }
    let gone = "{channels: [\"#gone\"], oncall: [orders]}";
    let rule = with(ORDERS, "{usergroups: [\"@orders-oncall\"]}", gone);
    let mut silent = roll();
    silent.groups.remove("oncall:orders");
    assert_snapshot!(verdict(&rule, &dana(), &ask(), &silent), @r#"
    refused by orders
    - stage `owners` needs 1 person of `#gone`, `on call for orders`, and nobody can approve; Slack has no group `#gone`, or did not tell who is in it; it is not known who is on call for `orders`
      you, guests, bots and deactivated accounts do not count: add people to the group
    "#);
    let odd = with(
        ORDERS,
        "{usergroups: [\"@orders-oncall\"]}",
        "{channels: [\"#${to.namespaceLabels.team}\"]}",
    );
    let mut spaced = ask();
    spaced
        .to
        .namespace_labels
        .insert("team".into(), "a b".into());
    assert_snapshot!(verdict(&odd, &dana(), &spaced, &roll()), @r#"
    refused by orders
    - rule `orders` cannot name `#${to.namespaceLabels.team}` in stage `owners` for this ask: `#a b` cannot be a channel
      label the namespace, or name the group in the rule
    "#);
}

#[test]
fn an_incident_asks_its_own_stages() {
    let rule = with(
        ORDERS,
        "  lapse: 1h\n",
        "  incident: {stages: [{name: commander, from: {roles: [commander], users: [U0LEE]}, need: 2}], roles: {commander: {oncall: [orders]}}}\n  lapse: 1h\n",
    );
    let in_incident = AskFacts {
        incident: Some("inc-7".to_owned()),
        ..ask()
    };
    let stages = |rule: &str, ask: &AskFacts| {
        let stages = route(rule, ask).stages;
        let told = stages
            .iter()
            .map(|s| format!("{} of {}", s.name, s.from.names()));
        told.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(
        stages(&rule, &in_incident),
        "commander of `on call for orders`, `U0LEE`"
    );
    assert_eq!(stages(&rule, &ask()), "owners of `@orders-oncall`");
    assert_eq!(stages(ORDERS, &in_incident), "owners of `@orders-oncall`");
    let needs = |ask: &AskFacts| needs(&testing::rules(&rule), &dana(), ask);
    assert!(needs(&in_incident).groups.contains("oncall:orders"));
    assert!(needs(&in_incident).users.contains(&UserId("U0LEE".into())));
    assert!(!needs(&ask()).groups.contains("oncall:orders"));
}

#[test]
fn what_a_stage_and_an_escalation_say_goes_into_the_route() {
    let rule = with(ORDERS, "need: 1}", "need: 1, repeat: 24h}");
    let rule = with(
        &rule,
        "  lapse: 1h\n",
        "  lapse: 1h\n  escalate: {after: 30m, to: {usergroups: [\"@sre\"]}}\n",
    );
    let route = route(&rule, &ask());
    assert_eq!(route.stages[0].repeat, Some(Seconds::hours(24)));
    let escalate = route.escalate.unwrap();
    assert_eq!(escalate.after, Seconds::minutes(30));
    assert_eq!(escalate.to.usergroups, ["@sre"]);
}

#[test]
fn what_was_granted_before_counts_for_extensions() {
    let extension = |so_far: u64, minutes: u64| AskFacts {
        duration: Seconds::minutes(minutes),
        extends: Some(Extending {
            emergency: false,
            within: true,
            so_far: Seconds::minutes(so_far),
            automatic: 0,
        }),
        ..ask()
    };
    let verdict = |ask: &AskFacts| verdict(ORDERS, &dana(), ask, &roll());
    assert!(verdict(&extension(90, 30)).starts_with("allowed"));
    assert_snapshot!(verdict(&extension(90, 31)), @r#"
    refused by orders
    - 31 min more after 1 h 30 min is longer than the 2 h that rule `orders` allows
      extend it by 1 min to 30 min
    "#);
    assert_snapshot!(verdict(&extension(120, 30)), @r#"
    refused by orders
    - 30 min more after 2 h is longer than the 2 h that rule `orders` allows
      let it close, and ask for the path again
    "#);
    let endless = AskFacts {
        extends: Some(Extending {
            emergency: false,
            within: true,
            so_far: Seconds(u64::MAX),
            automatic: 0,
        }),
        ..ask()
    };
    assert!(verdict(&endless).starts_with("refused"));
}

#[test]
fn asking_too_often_is_refused_for_a_minute() {
    let rule = with(ORDERS, "open: 3", "open: 3, perMinute: 2");
    let recent = |recent_asks| AskFacts {
        recent_asks,
        ..ask()
    };
    assert!(verdict(&rule, &dana(), &recent(1), &roll()).starts_with("allowed"));
    assert_snapshot!(verdict(&rule, &dana(), &recent(2), &roll()), @r#"
    refused by orders
    - you asked 2 times in the last minute; rule `orders` allows 2
      wait a minute, then ask again
    "#);
}

#[test]
fn a_stage_may_be_named_from_the_source() {
    let source = "{name: source owners, from: {usergroups: [\"@${from.namespaceLabels.team}-oncall\"]}, when: \"from.namespace != '' && from.namespace != to.namespace\"}";
    let rule = with(
        ORDERS,
        "    - {name: security",
        &format!("    - {source}\n    - {{name: security"),
    );
    let mut pay = roll();
    let kim = BTreeSet::from([UserId("U0KIM".into())]);
    pay.groups.insert("pay-oncall".into(), Arc::new(kim));
    let mut other = ask();
    other
        .from
        .namespace_labels
        .insert("team".into(), "pay".into());
    assert_eq!(
        verdict(&rule, &dana(), &other, &pay),
        "allowed by orders: owners: 1 of `@orders-oncall`; source owners: 1 of `@pay-oncall`"
    );
    let mut within = other.clone();
    within.from.namespace = Some("orders".into());
    assert_eq!(
        verdict(&rule, &dana(), &within, &pay),
        "allowed by orders: owners: 1 of `@orders-oncall`"
    );
    let mut outside = other.clone();
    outside.from = crate::rules::facts::End {
        name: "203.0.113.7/32".into(),
        kind: "Address".into(),
        ..Default::default()
    };
    assert_eq!(
        verdict(&rule, &dana(), &outside, &pay),
        "allowed by orders: owners: 1 of `@orders-oncall`"
    );
    let unguarded = with(&rule, "from.namespace != '' && ", "");
    assert_snapshot!(verdict(&unguarded, &dana(), &outside, &pay), @r#"
    refused by orders
    - rule `orders` cannot name `@${from.namespaceLabels.team}-oncall` in stage `source owners` for this ask: `team` is missing
      label the namespace, or name the group in the rule
    "#);
    let needs = needs(&testing::rules(&rule), &dana(), &other);
    assert!(needs.groups.contains("pay-oncall"));
}

/// Verdicts for a template `connect` that only these may use.
fn restricted(requesters: &str, who: &Principal, roll: &Roll) -> String {
    let mut files = testing::files(ORDERS);
    for (_, text) in &mut files {
        if text.contains("{name: connect}") || text.contains("name: connect\n") {
            *text = with(
                text,
                "\nspec:\n",
                &format!("\nspec:\n  requesters: {requesters}\n"),
            );
        }
    }
    let (set, problems) = crate::rules::load_allowing(&files, &testing::allowed());
    assert!(!set.sealed(), "{}", report(&problems));
    assert!(
        set.templates()
            .any(|template| template.requesters.is_some())
    );
    told(&judge(&set, who, &ask(), roll))
}

#[test]
fn a_template_may_be_for_some_only_before_any_rule_is_looked_at() {
    let sre = "{slack: {usergroups: [\"@sre\"]}}";
    assert_snapshot!(restricted(sre, &dana(), &roll()), @r#"
    refused by no rule
    - template `connect` may be used by `@sre` only
      use another template, or ask one who may use it
    "#);
    assert_snapshot!(restricted(sre, &service("ci", "deployer"), &roll()), @r#"
    refused by no rule
    - template `connect` cannot be used by services
      use another template, or ask one who may use it
    "#);
    let services = "{serviceAccounts: [\"ci/deployer\"]}";
    assert_snapshot!(restricted(services, &dana(), &roll()), @r#"
    refused by no rule
    - template `connect` cannot be used by people
      use another template, or ask one who may use it
    "#);
    assert_snapshot!(restricted(services, &service("ci", "other"), &roll()), @r#"
    refused by no rule
    - template `connect` may be used by `ci/deployer` only, of services
      use another template, or ask one who may use it
    "#);
    assert!(restricted(services, &service("ci", "deployer"), &roll()).starts_with("allowed"));
    let backend = "{slack: {usergroups: [\"@backend\"]}}";
    assert!(restricted(backend, &dana(), &roll()).starts_with("allowed"));
    let mut guest = roll();
    set_standing(&mut guest, "U0DANA", Standing::Guest);
    assert_snapshot!(restricted(backend, &dana(), &guest), @r#"
    refused by no rule
    - guests cannot ask for access
      ask a full member of this workspace to ask for you
    "#);
    let mut unread = roll();
    unread.groups.remove("sre");
    assert_snapshot!(restricted(sre, &dana(), &unread), @r#"
    refused by no rule
    - template `connect` may be used by `@sre` only; Slack did not tell who is in `@sre`
      use another template, or ask one who may use it
    "#);
}

#[test]
fn everybody_whom_a_judgement_asks_about_is_listed() {
    let rule = with(
        ORDERS,
        "  lapse: 1h\n",
        "  lapse: 1h\n  escalate: {after: 30m, to: {channels: [\"#Ops\", C0LEADS]}}\n  emergency: {by: {usergroups: [\"@sre\"], users: [U0SAM]}, max: 1h, tell: \"#incidents\", review: 24h}\n",
    );
    let rule = with(
        &rule,
        "{usergroups: [\"@orders-oncall\"]}",
        "{oncall: [orders]}",
    );
    let asked = AskFacts {
        emergency: Some(UserId("U0KIM".into())),
        ..ask()
    };
    let needs = needs(&testing::rules(&rule), &dana(), &asked);
    let groups: Vec<&str> = needs.groups.iter().map(String::as_str).collect();
    let expected = [
        "#C0LEADS",
        "#ops",
        "backend",
        "oncall:orders",
        "orders-team",
        "security",
        "sre",
    ];
    assert_eq!(groups, expected);
    let users: Vec<&str> = needs.users.iter().map(|user| user.0.as_str()).collect();
    assert_eq!(users, ["U0DANA", "U0KIM", "U0SAM"]);
    let named: Vec<String> = testing::rules(&rule).groups_named().into_iter().collect();
    assert_eq!(named, expected);
}
