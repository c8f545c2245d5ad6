//! Opening at once: who may, for whom, and for how long.

use insta::assert_snapshot;

use super::*;
use crate::rules::facts::Extending;
use crate::rules::route::Pass;

/// The example rule with an emergency for `@sre`, who are Kim.
fn rule() -> String {
    let emergency =
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 45m, tell: \"#incidents\", review: 24h}";
    with(
        ORDERS,
        "  lapse: 1h\n",
        &format!("  {emergency}\n  lapse: 1h\n"),
    )
}

fn by(user: &str) -> AskFacts {
    AskFacts {
        emergency: Some(UserId(user.to_owned())),
        ..ask()
    }
}

#[test]
fn somebody_named_opens_at_once_for_themselves_or_for_who_may_ask() {
    for (who, requester) in [("U0KIM", "U0KIM"), ("U0KIM", "U0DANA")] {
        let verdict = judge(
            &testing::rules(&rule()),
            &person(requester),
            &by(who),
            &roll(),
        );
        let Verdict::Allowed(route) = verdict else {
            panic!("{}", told(&verdict));
        };
        assert_eq!(route.pass, Pass::Emergency);
        assert_eq!(route.max, Seconds::minutes(45));
        assert_eq!(route.emergency.unwrap().tell, "#incidents");
        let skipped: Vec<&str> = route.stages.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(skipped, ["owners"]);
    }
    let service = verdict(&rule(), &service("ci", "deployer"), &by("U0KIM"), &roll());
    assert!(service.starts_with("allowed"), "{service}");
}

#[test]
fn the_way_is_offered_while_an_ordinary_ask_waits() {
    let route = route(&rule(), &ask());
    assert_eq!(route.pass, Pass::Stages);
    let plan = route.emergency.unwrap();
    assert_eq!(plan.by.usergroups, ["@sre"]);
    assert_eq!(
        (plan.max, plan.review),
        (Seconds::minutes(45), Seconds::hours(24))
    );
    assert_eq!(super::route(ORDERS, &ask()).emergency, None);
}

#[test]
fn everybody_else_is_told_to_ask_in_the_usual_way() {
    assert_snapshot!(verdict(ORDERS, &dana(), &by("U0KIM"), &roll()), @r#"
    refused by orders
    - rule `orders` has no emergency access
      ask without the emergency: the approvers are asked then
    "#);
    assert_snapshot!(verdict(&rule(), &dana(), &by("U0DANA"), &roll()), @r#"
    refused by orders
    - only `@sre` may open this at once under rule `orders`
      ask without the emergency: the approvers are asked then
    "#);
    assert_snapshot!(verdict(&rule(), &person("U0SAM"), &by("U0KIM"), &roll()), @r#"
    refused by orders
    - rule `orders` does not let you ask for this: only `@backend` may
      ask one of them to ask, or those who look after the rules
    "#);
    let mut unread = roll();
    unread.groups.remove("sre");
    assert_snapshot!(verdict(&rule(), &dana(), &by("U0KIM"), &unread), @r#"
    refused by orders
    - only `@sre` may open this at once under rule `orders`; Slack did not tell who is in `@sre`
      ask without the emergency: the approvers are asked then
    "#);
    for standing in [Standing::Guest, Standing::Deactivated] {
        let mut roll = roll();
        set_standing(&mut roll, "U0KIM", standing);
        let told = verdict(&rule(), &dana(), &by("U0KIM"), &roll);
        assert!(told.contains("only `@sre` may open this at once"), "{told}");
        let own = verdict(&rule(), &person("U0KIM"), &by("U0KIM"), &roll);
        assert!(own.starts_with("refused"), "{own}");
    }
}

#[test]
fn who_stands_in_for_somebody_named_may_not() {
    let mut roll = roll();
    roll.stand_ins
        .insert(UserId("U0KIM".into()), UserId("U0LEE".into()));
    let told = verdict(&rule(), &dana(), &by("U0LEE"), &roll);
    assert!(told.starts_with("refused"), "{told}");
}

#[test]
fn a_length_and_a_reason_are_demanded_and_nothing_else() {
    let wrong = AskFacts {
        duration: Seconds::minutes(46),
        reason: Some("  ".to_owned()),
        ..by("U0KIM")
    };
    assert_snapshot!(verdict(&rule(), &dana(), &wrong, &roll()), @r#"
    refused by orders
    - an emergency needs a reason
      add `because …`, or ask without the emergency: the approvers are asked then
    - 46 min is longer than the 45 min that `emergency` of rule `orders` allows
      ask for 1 min to 45 min, or ask without the emergency: the approvers are asked then
    "#);
    let short = AskFacts {
        duration: Seconds(59),
        ..by("U0KIM")
    };
    assert_snapshot!(verdict(&rule(), &dana(), &short, &roll()), @r#"
    refused by orders
    - 59 s is shorter than the 1 min that template `connect` allows
      ask for 1 min to 45 min, or ask without the emergency: the approvers are asked then
    "#);
    let busy = AskFacts {
        reason: Some("all is down".to_owned()),
        open_requests: 9,
        recent_asks: 9,
        ..by("U0KIM")
    };
    let limited = with(&rule(), "open: 3", "open: 3, perMinute: 2");
    let told = verdict(&limited, &dana(), &busy, &roll());
    assert!(told.starts_with("allowed"), "{told}");
}

#[test]
fn an_emergency_lasts_no_longer_by_being_extended() {
    let extended = AskFacts {
        extends: Some(Extending {
            emergency: false,
            within: true,
            so_far: Seconds::minutes(30),
            automatic: 0,
        }),
        ..by("U0KIM")
    };
    assert_snapshot!(verdict(&rule(), &dana(), &extended, &roll()), @r#"
    refused by orders
    - 30 min more after 30 min is longer than the 45 min that `emergency` of rule `orders` allows
      extend it by 1 min to 15 min, or ask without the emergency: the approvers are asked then
    "#);
}

#[test]
fn stages_that_are_skipped_need_not_be_fillable_or_nameable() {
    let empty = with(&rule(), "@orders-oncall", "@empty");
    let told = verdict(&empty, &dana(), &by("U0KIM"), &roll());
    assert_eq!(told, "allowed by orders: owners: 1 of `@empty`");
    let unnamed = with(
        &rule(),
        "@orders-oncall",
        "@${to.namespaceLabels.team}-oncall",
    );
    let mut bare = by("U0KIM");
    bare.to.namespace_labels.clear();
    let told = verdict(&unnamed, &dana(), &bare, &roll());
    assert_eq!(told, "allowed by orders: ");
}

#[test]
fn an_emergency_is_not_approved_by_the_rule_itself() {
    let auto = with(&rule(), "  lapse: 1h\n", "  auto: {max: 2h}\n  lapse: 1h\n");
    assert_eq!(
        match judge(&testing::rules(&auto), &dana(), &by("U0KIM"), &roll()) {
            Verdict::Allowed(route) => route.pass,
            refused => panic!("{}", told(&refused)),
        },
        Pass::Emergency
    );
    let told = verdict(&auto, &dana(), &by("U0DANA"), &roll());
    assert!(told.starts_with("refused"), "{told}");
}
