//! What is told for asks of every fate.

use insta::assert_snapshot;

use super::*;
use crate::rules::people::UserId;
use crate::rules::testing::{self, ORDERS, ask, person, roll};
use crate::units::Seconds;

fn with(text: &str, written: &str, instead: &str) -> String {
    assert!(text.contains(written), "{written}");
    text.replacen(written, instead, 1)
}

/// Two rules that do not match before the example rule, which has every field.
fn full() -> String {
    let vault = with(
        ORDERS,
        "to.namespace == 'orders'",
        "to.namespace == 'vault'",
    );
    let vault = with(&vault, "{name: orders}", "{name: vault}");
    let debug = with(ORDERS, "[connect]", "[debug-ingress]");
    let debug = with(&debug, "{name: orders}", "{name: debug}");
    let prod = with(ORDERS, "[\"*\"]", "[\"prod-*\", test]");
    let prod = with(&prod, "{name: orders}", "{name: prod}");
    let fields = r##"  lapse: 1h
  escalate: {after: 30m, to: {usergroups: ["@sre"]}}
  emergency: {by: {usergroups: ["@sre"]}, max: 45m, tell: "#incidents", review: 24h}
  auto: {max: 20m, perDay: 3, when: "opens.pods == 1"}
  incident: {stages: [{name: commander, from: {oncall: [orders]}}]}
"##;
    let orders = with(ORDERS, "  lapse: 1h\n", fields);
    let orders = with(&orders, "need: 1}", "need: 1, quiet: [U0KIM], repeat: 24h}");
    let orders = with(&orders, "open: 3", "open: 3, perMinute: 5");
    [vault, debug, prod, orders].join("---")
}

fn explained(rules: &str, who: &str, ask: &AskFacts) -> Explanation {
    explain(&testing::rules(rules), &person(who), ask, &roll())
}

/// The sentences of one section.
fn part(explanation: &Explanation, about: &str) -> String {
    let section = explanation.sections.iter().find(|s| s.about == about);
    section.map_or_else(String::new, |section| section.sentences.join("\n"))
}

#[test]
fn an_ask_that_waits_for_approval_is_explained_in_full() {
    assert_snapshot!(explained(&full(), "U0DANA", &ask()), @r#"
    rules
      rule `vault` does not match: `to.namespace == 'vault'` does not hold
      rule `debug` is for other templates: `debug-ingress`
      rule `prod` is for other clusters: `prod-*`, `test`
      rule `orders` (r.yaml:55:18) governs: it is for template `connect` on cluster `default`, and `to.namespace == 'orders'` holds
    limits
      a path may stay open for 2 h at most
      at most 3 requests may be unfinished; there are 0
      at most 5 requests may be made within a minute; there were 0
      the reason must have something like `INC-[0-9]+`
      a stage waits for 1 h, reminds after 15 min, asks `@sre` as well after 30 min
    approval
      stage `owners` asks 1 of `@orders-oncall`, quietly also `U0KIM` (3 can approve now), who may let it pass again for 1 d
      stage `security` is skipped: `duration > duration('1h') || opens.pods > 10` does not hold
    automatic approval
      people are asked, because a limit is not kept
      not kept: 30 min is longer than 20 min
      kept: 1 of 3 today
      kept: `opens.pods == 1` holds
    emergency
      `@sre` may open at once for 45 min at most, with any reason; `#incidents` hears of it, and it must be reviewed within 1 d
    verdict
      allowed, once approved by `owners`
    "#);
}

#[test]
fn each_fate_has_its_verdict_and_its_reasons() {
    let short = AskFacts {
        duration: Seconds::minutes(20),
        ..ask()
    };
    let automatic = explained(&full(), "U0DANA", &short);
    assert_snapshot!(part(&automatic, "automatic approval"), @r#"
    every limit is kept: nobody is asked
    kept: 20 min of at most 20 min
    kept: 1 of 3 today
    kept: `opens.pods == 1` holds
    "#);
    assert_snapshot!(part(&automatic, "verdict"), @r#"allowed at once: within `auto` of rule `orders`: 20 min of at most 20 min, 1 of 3 today, `opens.pods == 1` holds"#);
    let urgent = AskFacts {
        emergency: Some(UserId("U0KIM".to_owned())),
        ..ask()
    };
    let emergency = explained(&full(), "U0KIM", &urgent);
    assert_snapshot!(part(&emergency, "verdict"), @r#"allowed at once, as an emergency"#);
    let in_incident = AskFacts {
        incident: Some("inc-7".to_owned()),
        ..ask()
    };
    assert_snapshot!(part(&explained(&full(), "U0DANA", &in_incident), "approval"), @r#"
    the stages are those of incidents: `inc-7`
    stage `commander` asks 1 of `on call for orders` (1 can approve now)
    "#);
    let long = AskFacts {
        duration: Seconds::hours(3),
        ..ask()
    };
    let refused = explained(&full(), "U0DANA", &long);
    assert_snapshot!(part(&refused, "limits"), @r#"
    3 h is longer than the 2 h that rule `orders` allows
    at most 3 requests may be unfinished; there are 0
    at most 5 requests may be made within a minute; there were 0
    the reason must have something like `INC-[0-9]+`
    a stage waits for 1 h, reminds after 15 min, asks `@sre` as well after 30 min
    "#);
    assert_snapshot!(part(&refused, "approval"), @r#"
    stage `owners` asks 1 of `@orders-oncall`, quietly also `U0KIM` (3 can approve now), who may let it pass again for 1 d
    stage `security` asks 1 of `@security` (1 can approve now) because `duration > duration('1h') || opens.pods > 10` holds
    "#);
    assert_snapshot!(part(&refused, "verdict"), @r#"refused: 3 h is longer than the 2 h that rule `orders` allows; ask for 1 min to 2 h"#);
}

#[test]
fn who_may_not_ask_is_not_told_what_is_demanded() {
    assert_snapshot!(explained(ORDERS, "U0SAM", &ask()), @r#"
    rules
      rule `orders` (r.yaml:4:18) governs: it is for template `connect` on cluster `default`, and `to.namespace == 'orders'` holds
    verdict
      refused: rule `orders` does not let you ask for this: only `@backend` may; ask one of them to ask, or those who look after the rules
    "#);
}

#[test]
fn where_no_rule_governs_that_is_told() {
    let mut elsewhere = ask();
    elsewhere.to.namespace = Some("shop".to_owned());
    assert_snapshot!(part(&explained(ORDERS, "U0DANA", &elsewhere), "rules"), @r#"
    rule `orders` does not match: `to.namespace == 'orders'` does not hold
    no rule matches, and what no rule matches is refused
    "#);
    let unclear = with(
        ORDERS,
        "to.namespace == 'orders'",
        "to.namespaceLabels.tier == 'gold'",
    );
    assert_snapshot!(part(&explained(&unclear, "U0DANA", &ask()), "rules"), @r#"rule `orders` (r.yaml:4:18) cannot be judged, and no rule after it is tried: in its condition, `tier` is missing"#);
    let (sealed, _) = testing::load(&with(ORDERS, "lapse: 1h", "lapse: soon"));
    let told = explain(&sealed, &person("U0DANA"), &ask(), &roll());
    assert_snapshot!(told, @r#"
    rules
      no rule is tried: the rules have errors
    verdict
      refused: the rules have errors, so nothing can be opened; tell those who look after the rules: `drawbridge check` shows what is wrong
    "#);
}

#[test]
fn stages_that_cannot_be_judged_or_named_are_told() {
    let unclear = with(
        ORDERS,
        "opens.pods > 10",
        "to.namespaceLabels.tier == 'gold'",
    );
    let unnamed = with(&unclear, "@orders-oncall", "@${to.namespaceLabels.team}");
    let mut bare = ask();
    bare.to.namespace_labels.clear();
    assert_snapshot!(part(&explained(&unnamed, "U0DANA", &bare), "approval"), @r#"
    stage `owners` cannot be named: in `@${to.namespaceLabels.team}`, `team` is missing
    stage `security` cannot be judged: in its condition, `tier` is missing
    "#);
}

#[test]
fn what_is_told_is_what_is_judged() {
    for (rules, who) in [(full(), "U0DANA"), (ORDERS.to_owned(), "U0SAM")] {
        let told = explained(&rules, who, &ask());
        let set = testing::rules(&rules);
        assert_eq!(told.verdict, judge(&set, &person(who), &ask(), &roll()));
        assert!(told.sections.iter().all(|s| !s.sentences.is_empty()));
    }
}

fn unasked(rules: &str, who: &Principal, ask: &AskFacts, told: &[&str]) -> Explanation {
    let told = told.iter().map(|key| (*key).to_owned()).collect();
    explain_unasked(&testing::rules(rules), who, ask, &told)
}

#[test]
fn where_nobody_is_asked_stages_are_not_called_unfillable() {
    let dana = person("U0DANA");
    let explanation = unasked(&full(), &dana, &ask(), &["backend"]);
    assert!(matches!(explanation.verdict, Verdict::Allowed(_)));
    let approval = part(&explanation, "approval");
    assert!(
        approval.starts_with("stage `owners` asks 1 of `@orders-oncall`")
            && approval.contains("(who can approve now is not checked)"),
        "{approval}"
    );
    assert_eq!(
        part(&explanation, "verdict"),
        "allowed, once approved by `owners`, if people there can approve"
    );
}

#[test]
fn where_nobody_is_asked_the_requester_is_in_the_groups_that_were_told_and_no_others() {
    let dana = person("U0DANA");
    for told in [&[][..], &["orders-oncall"], &["security", "sre"]] {
        let explanation = unasked(&full(), &dana, &ask(), told);
        let verdict = part(&explanation, "verdict");
        assert!(
            verdict.starts_with("refused: rule `orders` does not let you ask"),
            "{told:?}: {verdict}"
        );
        assert_eq!(part(&explanation, "approval"), "", "{told:?}");
    }
    let deployer = testing::service("ci", "deployer");
    let explanation = unasked(ORDERS, &deployer, &ask(), &[]);
    assert!(matches!(explanation.verdict, Verdict::Allowed(_)));
}

#[test]
fn where_nobody_is_asked_nobody_approves_their_own_request_either() {
    let own = with(
        ORDERS,
        r#"{usergroups: ["@orders-oncall"]}, need: 1"#,
        "{users: [U0DANA]}",
    );
    let explanation = unasked(&own, &person("U0DANA"), &ask(), &["backend"]);
    let verdict = part(&explanation, "verdict");
    assert!(
        verdict.contains("stage `owners` needs 1 person of `U0DANA`, and nobody can approve"),
        "{verdict}"
    );
}

#[test]
fn who_would_be_asked_is_told_why_the_rule_governs_and_why_it_asks() {
    let rules = testing::rules(&full());
    let (dana, ask) = (person("U0DANA"), ask());
    let told = aside(&rules, &dana, &ask, "orders");
    assert_eq!(told.when.as_deref(), Some("to.namespace == 'orders'"));
    assert_eq!(told.not_automatic, ["30 min is longer than 20 min"]);
    let short = AskFacts {
        duration: Seconds::minutes(20),
        ..ask
    };
    let told = aside(&rules, &dana, &short, "orders");
    assert_eq!(told.not_automatic, [] as [String; 0]);
    assert_eq!(aside(&rules, &dana, &short, "nobody"), Aside::default());
}
