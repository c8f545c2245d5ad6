//! Every reason for a refusal, and what an allowed ask must go through.

use std::sync::Arc;

use insta::assert_snapshot;

use super::*;
use crate::rules::people::Standing;
use crate::rules::testing::{self, ORDERS, ask, person, roll, service, set_standing};
use crate::units::Seconds;

mod auto;
mod emergency;
mod objects;
mod ways;

fn with(text: &str, written: &str, instead: &str) -> String {
    assert!(text.contains(written), "{written}");
    text.replacen(written, instead, 1)
}

/// Everything a person would read of a verdict.
fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allowed(route) => {
            let stage = |s: &super::super::route::StagePlan| {
                format!("{}: {} of {}", s.name, s.need, s.from.names())
            };
            let stages: Vec<String> = route.stages.iter().map(stage).collect();
            format!("allowed by {}: {}", route.rule, stages.join("; "))
        }
        Verdict::Refused { rule, reasons } => {
            let mut text = format!("refused by {}", rule.as_deref().unwrap_or("no rule"));
            for Reason { message, hint } in reasons {
                text.push_str(&format!(
                    "\n- {message}\n  {}",
                    hint.as_deref().unwrap_or("")
                ));
            }
            text
        }
    }
}

fn verdict(rules: &str, who: &Principal, ask: &AskFacts, roll: &Roll) -> String {
    told(&judge(&testing::rules(rules), who, ask, roll))
}

fn dana() -> Principal {
    person("U0DANA")
}

fn route(rules: &str, ask: &AskFacts) -> Route {
    match judge(&testing::rules(rules), &dana(), ask, &roll()) {
        Verdict::Allowed(route) => route,
        refused => panic!("{}", told(&refused)),
    }
}

#[test]
fn an_ask_within_a_rule_gets_its_way_to_go() {
    let route = route(ORDERS, &ask());
    assert_eq!(route.rule, "orders");
    assert_eq!(route.digest.len(), 64);
    assert_eq!(
        (route.max, route.lapse),
        (Seconds::hours(2), Seconds::hours(1))
    );
    assert_eq!(route.remind, Some(Seconds::minutes(15)));
    assert_eq!(route.channel.as_deref(), Some("#access-orders"));
    assert_eq!(route.tell, ["@orders-team"]);
    assert_eq!(route.revokers.usergroups, ["@orders-team"]);
    let stages: Vec<&str> = route.stages.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        stages,
        ["owners"],
        "security joins only for long or wide access"
    );
}

#[test]
fn a_stage_with_a_condition_applies_where_it_holds() {
    for change in [
        (|ask: &mut AskFacts| ask.duration = Seconds::minutes(61)) as fn(&mut AskFacts),
        |ask| ask.opens_pods = 11,
    ] {
        let mut wide = ask();
        change(&mut wide);
        let stages = route(ORDERS, &wide).stages;
        let stages: Vec<&str> = stages.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(stages, ["owners", "security"]);
    }
}

#[test]
fn what_the_rule_leaves_out_has_defaults() {
    let bare = with(ORDERS, "  lapse: 1h\n  remind: 15m\n", "");
    let bare = with(&bare, "  limits: {max: 2h, open: 3}\n", "");
    let bare = with(&bare, "  channel: \"#access-orders\"\n", "");
    let route = route(&bare, &ask());
    assert_eq!(
        (route.lapse, route.remind),
        (Seconds::hours(1), Some(Seconds::minutes(15)))
    );
    assert_eq!((route.max, route.channel), (Seconds::hours(4), None));
}

#[test]
fn who_may_not_ask_is_told_who_may() {
    assert_snapshot!(verdict(ORDERS, &person("U0SAM"), &ask(), &roll()), @r#"
    refused by orders
    - rule `orders` does not let you ask for this: only `@backend` may
      ask one of them to ask, or those who look after the rules
    "#);
    assert_snapshot!(verdict(ORDERS, &service("ci", "other"), &ask(), &roll()), @r#"
    refused by orders
    - rule `orders` does not let you ask for this: of services only `ci/deployer` may
      ask those who look after the rules
    "#);
    let mut unread = roll();
    unread.groups.remove("backend");
    assert_snapshot!(verdict(ORDERS, &dana(), &ask(), &unread), @r#"
    refused by orders
    - rule `orders` does not let you ask for this: only `@backend` may; Slack did not tell who is in `@backend`
      ask one of them to ask, or those who look after the rules
    "#);
    let none = with(
        ORDERS,
        "{slack: {usergroups: [\"@backend\"]}, serviceAccounts: [\"ci/deployer\"]}",
        "{}",
    );
    assert_snapshot!(verdict(&none, &dana(), &ask(), &roll()), @r#"
    refused by orders
    - rule `orders` does not let you ask for this: nobody may
      ask those who look after the rules
    "#);
}

#[test]
fn only_full_members_may_ask() {
    let mut told = String::new();
    for standing in [
        Standing::Guest,
        Standing::Stranger,
        Standing::Bot,
        Standing::Deactivated,
    ] {
        let mut roll = roll();
        set_standing(&mut roll, "U0DANA", standing);
        told.push_str(&verdict(ORDERS, &dana(), &ask(), &roll));
        told.push('\n');
    }
    let mut unknown = roll();
    let others = roll().people.into_iter();
    unknown.people = others.filter(|one| one.id.0 != "U0DANA").collect();
    told.push_str(&verdict(ORDERS, &dana(), &ask(), &unknown));
    assert_snapshot!(told, @r#"
    refused by orders
    - guests cannot ask for access
      ask a full member of this workspace to ask for you
    refused by orders
    - people of other organisations cannot ask for access
      ask a full member of this workspace to ask for you
    refused by orders
    - bots cannot ask for access in Slack
      let the service ask over HTTP with its ServiceAccount
    refused by orders
    - the account is deactivated
      ask a full member of this workspace to ask for you
    refused by orders
    - Slack did not tell who you are
      try again in a minute
    "#);
}

#[test]
fn a_service_that_is_named_may_ask_and_needs_the_same_approval() {
    assert_snapshot!(verdict(ORDERS, &service("ci", "deployer"), &ask(), &roll()), @r#"allowed by orders: owners: 1 of `@orders-oncall`"#);
    // A person cannot pass for a service by having its name as an id.
    assert_snapshot!(verdict(ORDERS, &person("ci/deployer"), &ask(), &roll()), @r#"
    refused by orders
    - Slack did not tell who you are
      try again in a minute
    "#);
}

#[test]
fn every_bound_that_is_broken_is_told_at_once() {
    let wrong = AskFacts {
        duration: Seconds::hours(3),
        reason: None,
        open_requests: 3,
        ..ask()
    };
    assert_snapshot!(verdict(ORDERS, &dana(), &wrong, &roll()), @r#"
    refused by orders
    - you have 3 unfinished requests; rule `orders` allows 3
      end or cancel one first: `mine` lists them
    - rule `orders` demands a reason
      add `because …` with something like `INC-[0-9]+`
    - 3 h is longer than the 2 h that rule `orders` allows
      ask for 1 min to 2 h
    "#);
}

#[test]
fn a_length_out_of_bounds_is_refused_with_the_bounds() {
    let of = |seconds| AskFacts {
        duration: Seconds(seconds),
        ..ask()
    };
    assert_snapshot!(verdict(ORDERS, &dana(), &of(59), &roll()), @r#"
    refused by orders
    - 59 s is shorter than the 1 min that template `connect` allows
      ask for 1 min to 2 h
    "#);
    assert_snapshot!(verdict(ORDERS, &dana(), &of(2 * 3600 + 1), &roll()), @r#"
    refused by orders
    - 2 h 1 s is longer than the 2 h that rule `orders` allows
      ask for 1 min to 2 h
    "#);
    let unlimited = with(ORDERS, "max: 2h, ", "");
    assert_snapshot!(verdict(&unlimited, &dana(), &of(5 * 3600), &roll()), @r#"
    refused by orders
    - 5 h is longer than the 4 h that template `connect` allows
      ask for 1 min to 4 h
    "#);
    for seconds in [60, 2 * 3600] {
        let verdict = verdict(ORDERS, &dana(), &of(seconds), &roll());
        assert!(verdict.starts_with("allowed"), "{verdict}");
    }
}

#[test]
fn a_reason_must_have_what_is_demanded() {
    let because = |reason: &str| AskFacts {
        reason: Some(reason.to_owned()),
        ..ask()
    };
    assert_snapshot!(verdict(ORDERS, &dana(), &because("slow queries"), &roll()), @r#"
    refused by orders
    - the reason does not have what rule `orders` demands
      add `because …` with something like `INC-[0-9]+`
    "#);
    let late = verdict(ORDERS, &dana(), &because("see INC-7 please"), &roll());
    assert!(late.starts_with("allowed"), "{late}");
}

#[test]
fn no_rule_for_an_ask_names_those_that_there_are() {
    let mut elsewhere = ask();
    elsewhere.to.namespace = Some("vault".to_owned());
    assert_snapshot!(verdict(ORDERS, &dana(), &elsewhere, &roll()), @r#"
    refused by no rule
    - no rule is for `connect` from `shop/web` to `vault/db` on `default`
      rules that you may ask under: `orders` (connect)
    "#);
    assert_snapshot!(verdict(ORDERS, &person("U0SAM"), &elsewhere, &roll()), @r#"
    refused by no rule
    - no rule is for `connect` from `shop/web` to `vault/db` on `default`
      no rule names you: ask those who look after the rules
    "#);
    assert_snapshot!(told(&judge(&RuleSet::default(), &dana(), &ask(), &roll())), @r#"
    refused by no rule
    - no rule is for `connect` from `shop/web` to `orders/db` on `default`
      no rule names you: ask those who look after the rules
    "#);
}

#[test]
fn the_first_rule_that_matches_governs_also_when_it_refuses() {
    let strict = with(ORDERS, "\"@backend\"", "\"@sre\"");
    let second = with(ORDERS, "{name: orders}", "{name: second}");
    let both = format!("{strict}---{second}");
    assert!(verdict(&both, &dana(), &ask(), &roll()).starts_with("refused by orders"));
    let fits = considered(&testing::rules(&both), &dana(), &ask());
    assert_eq!(fits, [("orders".to_owned(), Fit::Governs)]);
}

#[test]
fn why_other_rules_do_not_govern_is_told() {
    let debug = with(ORDERS, "templates: [connect]", "templates: [debug-ingress]");
    let prod = with(ORDERS, "clusters: [\"*\"]", "clusters: [\"prod-*\"]");
    let vault = with(
        ORDERS,
        "to.namespace == 'orders'",
        "to.namespace == 'vault'",
    );
    let all = [
        (debug, "debug"),
        (prod, "prod"),
        (vault, "vault"),
        (ORDERS.to_owned(), "last"),
    ];
    let text: Vec<String> = all
        .iter()
        .map(|(text, name)| with(text, "{name: orders}", &format!("{{name: {name}}}")))
        .collect();
    let fits = considered(&testing::rules(&text.join("---")), &dana(), &ask());
    let fits: Vec<Fit> = fits.into_iter().map(|(_, fit)| fit).collect();
    let fails = Fit::ConditionFails("to.namespace == 'vault'".to_owned());
    assert_eq!(
        fits,
        [Fit::OtherTemplate, Fit::OtherCluster, fails, Fit::Governs]
    );
}

#[test]
fn a_condition_that_cannot_be_judged_stops_the_search() {
    let unclear = with(
        ORDERS,
        "to.namespace == 'orders'",
        "to.namespaceLabels.tier == 'gold'",
    );
    let open = with(ORDERS, "{name: orders}", "{name: open}");
    let both = format!("{unclear}---{open}");
    assert_snapshot!(verdict(&both, &dana(), &ask(), &roll()), @r#"
    refused by orders
    - rule `orders` cannot be judged for this ask: in its condition, `tier` is missing
      tell those who look after the rules: see r.yaml:4:18
    "#);
    let stage = with(
        ORDERS,
        "opens.pods > 10",
        "to.namespaceLabels.tier == 'gold'",
    );
    assert_snapshot!(verdict(&stage, &dana(), &ask(), &roll()), @r#"
    refused by orders
    - rule `orders` cannot be judged for this ask: in the condition of stage `security`, `tier` is missing
      tell those who look after the rules: see r.yaml:4:18
    "#);
}

#[test]
fn a_stage_that_nobody_could_fill_is_found_when_asked() {
    let of = |handle: &str| with(ORDERS, "@orders-oncall", handle);
    assert_snapshot!(verdict(&of("@empty"), &dana(), &ask(), &roll()), @r#"
    refused by orders
    - stage `owners` needs 1 person of `@empty`, and nobody can approve
      you, guests, bots and deactivated accounts do not count: add people to the group
    "#);
    assert_snapshot!(verdict(&of("@gone"), &dana(), &ask(), &roll()), @r#"
    refused by orders
    - stage `owners` needs 1 person of `@gone`, and nobody can approve; Slack has no group `@gone`, or did not tell who is in it
      you, guests, bots and deactivated accounts do not count: add people to the group
    "#);
    let two = with(&of("@orders-team"), "need: 1", "need: 2");
    assert_snapshot!(verdict(&two, &dana(), &ask(), &roll()), @r#"
    refused by orders
    - stage `owners` needs 2 people of `@orders-team`, and only 1 can approve
      you, guests, bots and deactivated accounts do not count: add people to the group
    "#);
    let mut away = roll();
    set_standing(&mut away, "U0MAX", Standing::Deactivated);
    assert_snapshot!(verdict(&of("@orders-team"), &dana(), &ask(), &away), @r#"
    refused by orders
    - stage `owners` needs 1 person of `@orders-team`, and nobody can approve
      you, guests, bots and deactivated accounts do not count: add people to the group
    "#);
}

#[test]
fn nobody_approves_their_own_request() {
    let mut only_dana = roll();
    let team = BTreeSet::from([UserId("U0DANA".into())]);
    only_dana
        .groups
        .insert("orders-oncall".to_owned(), Arc::new(team));
    let refused = verdict(ORDERS, &dana(), &ask(), &only_dana);
    assert!(refused.contains("nobody can approve"), "{refused}");
    let for_lee = verdict(ORDERS, &person("U0LEE"), &ask(), &only_dana);
    assert!(for_lee.starts_with("allowed"), "{for_lee}");
}

#[test]
fn one_person_cannot_fill_two_stages() {
    let mut both = roll();
    let max = Arc::new(BTreeSet::from([UserId("U0MAX".into())]));
    both.groups.insert("orders-oncall".to_owned(), max.clone());
    both.groups.insert("security".to_owned(), max);
    let long = AskFacts {
        duration: Seconds::hours(2),
        ..ask()
    };
    assert_snapshot!(verdict(ORDERS, &dana(), &long, &both), @r#"
    refused by orders
    - stages `owners` and `security` need 2 different people, and there is only 1 approver
      one person fills one slot: add people to one of the groups
    "#);
}

#[test]
fn quiet_people_count_as_approvers() {
    let quiet = with(
        ORDERS,
        "[\"@orders-oncall\"]}, need: 1",
        "[\"@empty\"]}, quiet: [U0KIM]",
    );
    let route = route(&quiet, &ask());
    let stage = route.stages.first().unwrap();
    assert!(stage.admits(&UserId("U0KIM".into()), None, &roll()));
    assert!(stage.pinged(None, &roll()).is_empty());
}

#[test]
fn a_rule_of_which_no_stage_applies_opens_nothing() {
    let optional = with(ORDERS, "need: 1}", "when: \"opens.pods > 5\"}");
    assert_snapshot!(verdict(&optional, &dana(), &ask(), &roll()), @r#"
    refused by orders
    - no stage of rule `orders` applies to this ask, so nobody could approve it
      ask those who look after the rules to leave one stage without a condition
    "#);
}

#[test]
fn groups_are_named_from_the_target() {
    let by_label = with(
        ORDERS,
        "@orders-oncall",
        "@${to.namespaceLabels.team}-oncall",
    );
    let by_label = with(
        &by_label,
        "\"#access-orders\"",
        "\"#access-${to.namespace}\"",
    );
    let route = route(&by_label, &ask());
    assert_eq!(
        route.stages.first().unwrap().from.usergroups,
        ["@orders-oncall"]
    );
    assert_eq!(route.channel.as_deref(), Some("#access-orders"));
    let mut bare = ask();
    bare.to.namespace_labels.clear();
    assert_snapshot!(verdict(&by_label, &dana(), &bare, &roll()), @r#"
    refused by orders
    - rule `orders` cannot name `@${to.namespaceLabels.team}-oncall` in stage `owners` for this ask: `team` is missing
      label the namespace, or name the group in the rule
    "#);
    bare.to
        .namespace_labels
        .insert("team".to_owned(), "a b".to_owned());
    assert_snapshot!(verdict(&by_label, &dana(), &bare, &roll()), @r#"
    refused by orders
    - rule `orders` cannot name `@${to.namespaceLabels.team}-oncall` in stage `owners` for this ask: `@a b-oncall` cannot be a user group
      label the namespace, or name the group in the rule
    "#);
}

#[test]
fn what_a_judgement_needs_to_know_is_said_before() {
    let rule = with(
        ORDERS,
        "@orders-oncall\"]}",
        "@${to.namespaceLabels.team}-OnCall\"]}, quiet: [U0KIM]",
    );
    let other = with(ORDERS, "'orders'", "'vault'");
    let other = with(
        &with(&other, "{name: orders}", "{name: vault}"),
        "@backend",
        "@vault",
    );
    let needs = needs(
        &testing::rules(&format!("{other}---{rule}")),
        &dana(),
        &ask(),
    );
    let groups: Vec<&str> = needs.groups.iter().map(String::as_str).collect();
    assert_eq!(
        groups,
        ["backend", "orders-oncall", "orders-team", "security"]
    );
    let users: Vec<&str> = needs.users.iter().map(|user| user.0.as_str()).collect();
    assert_eq!(users, ["U0DANA", "U0KIM"]);
}

#[test]
fn rules_with_errors_open_nothing_at_all() {
    let broken = with(ORDERS, "{name: orders}", "{name: first}");
    let broken = with(&broken, "lapse: 1h", "lapse: soon");
    let (set, _) = testing::load(&format!("{broken}---{ORDERS}"));
    assert_eq!(
        set.rules().len(),
        1,
        "the second rule alone would have allowed it"
    );
    assert_snapshot!(told(&judge(&set, &dana(), &ask(), &roll())), @r#"
    refused by no rule
    - the rules have errors, so nothing can be opened
      tell those who look after the rules: `drawbridge check` shows what is wrong
    "#);
}

#[test]
fn an_unknown_template_is_refused() {
    let any = with(ORDERS, "templates: [connect]", "templates: [\"*\"]");
    let odd = AskFacts {
        template: "conect".to_owned(),
        ..ask()
    };
    assert_snapshot!(verdict(&any, &dana(), &odd, &roll()), @r#"
    refused by orders
    - there is no template `conect`
      did you mean `connect`?
    "#);
}

#[test]
fn what_a_rule_demands_of_the_words_is_told_before_it_refuses() {
    let rules = testing::rules(ORDERS);
    let demands = |ask: &AskFacts| demands(&rules, &dana(), ask).unwrap();
    let fit = demands(&ask());
    assert_eq!(fit.reason.as_deref(), Some("INC-[0-9]+"));
    assert_eq!(fit.lengths, (Seconds::minutes(1), Seconds::hours(2)));
    assert!(fit.reason_fits && fit.length_fits);
    for (reason, seconds, fits) in [
        (None, 1800, (false, true)),
        (Some("slow"), 1800, (false, true)),
        (Some("INC-1"), 59, (true, false)),
        (Some("INC-1"), 7200, (true, true)),
        (Some("INC-1"), 7201, (true, false)),
    ] {
        let mut ask = ask();
        ask.reason = reason.map(ToOwned::to_owned);
        ask.duration = Seconds(seconds);
        let told = demands(&ask);
        assert_eq!((told.reason_fits, told.length_fits), fits, "{ask:?}");
    }
    let mut elsewhere = ask();
    elsewhere.to.namespace = Some("vault".to_owned());
    assert_eq!(super::demands(&rules, &dana(), &elsewhere), None);
}

#[test]
fn templates_are_listed_for_those_whom_a_rule_names() {
    let rules = testing::rules(ORDERS);
    let listed = |user: &str, roll: &Roll| -> Vec<(String, Vec<String>)> {
        let open = open_to(&rules, &UserId(user.to_owned()), roll);
        let names = |rules: Vec<&Rule>| rules.iter().map(|rule| rule.name.clone()).collect();
        open.into_iter()
            .map(|(template, rules)| (template.name.clone(), names(rules)))
            .collect()
    };
    let connect = [("connect".to_owned(), vec!["orders".to_owned()])];
    assert_eq!(listed("U0DANA", &roll()), connect);
    assert!(listed("U0KIM", &roll()).is_empty());
    assert!(
        listed("U0DANA", &Roll::default()).is_empty(),
        "nothing is known"
    );
}

#[test]
fn a_template_says_which_inputs_are_its_ends() {
    let rules = testing::rules(ORDERS);
    let slots = |name: &str| rules.template(name).unwrap().slots();
    let ends = |from, to| crate::rules::Slots {
        from: Some(from),
        to: Some(to),
        ports: Some("port"),
    };
    assert_eq!(slots("connect"), ends("from", "to"));
    assert_eq!(slots("debug-ingress"), ends("from", "target"));
}
