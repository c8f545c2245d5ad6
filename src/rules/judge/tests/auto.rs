//! What is approved without asking anybody, and what is not.

use insta::assert_snapshot;

use super::*;
use crate::rules::facts::{AutoUse, Extending};
use crate::rules::route::Pass;

/// The example rule with this `auto`.
fn rule(auto: &str) -> String {
    with(
        ORDERS,
        "  lapse: 1h\n",
        &format!("  auto: {auto}\n  lapse: 1h\n"),
    )
}

/// Why an ask is approved by the rule itself; empty where people are asked.
fn why(rule: &str, ask: &AskFacts) -> String {
    match route(rule, ask) {
        Route {
            pass: Pass::Automatic { why },
            stages,
            ..
        } if stages.is_empty() => why,
        Route {
            pass: Pass::Stages,
            stages,
            ..
        } if !stages.is_empty() => String::new(),
        other => panic!("{other:?}"),
    }
}

fn automatic(rule: &str, ask: &AskFacts) -> bool {
    !why(rule, ask).is_empty()
}

fn at(time: &str) -> AskFacts {
    AskFacts {
        at: time.parse().unwrap(),
        ..ask()
    }
}

fn uses(rule: &str, times: &[&str]) -> Vec<AutoUse> {
    let one = |time: &&str| AutoUse {
        rule: rule.to_owned(),
        at: time.parse().unwrap(),
    };
    times.iter().map(one).collect()
}

#[test]
fn the_record_says_which_limits_it_was_within() {
    let all = rule(
        "{when: \"opens.pods == 1\", max: 30m, perDay: 3, extensions: 1, hours: {from: \"09:00\", to: \"18:00\", zone: Europe/Berlin, days: [mon]}}",
    );
    // 2026-06-01 is a Monday; Berlin is two hours ahead.
    let mut ask = at("2026-06-01T08:15:00Z");
    ask.automatic = uses("orders", &["2026-06-01T07:30:00Z"]);
    assert_snapshot!(why(&all, &ask), @r#"within `auto` of rule `orders`: 30 min of at most 30 min, 2 of 3 today, 10:15 is within mon 09:00–18:00 (Europe/Berlin), `opens.pods == 1` holds"#);
    ask.extends = Some(Extending {
        emergency: false,
        within: true,
        so_far: Seconds::minutes(30),
        automatic: 0,
    });
    assert_snapshot!(why(&all, &ask), @r#"within `auto` of rule `orders`: 30 min of at most 30 min, 2 of 3 today, 10:15 is within mon 09:00–18:00 (Europe/Berlin), `opens.pods == 1` holds, extension 1 of 1"#);
}

#[test]
fn each_limit_keeps_what_is_outside_from_passing() {
    type Change = fn(&mut AskFacts);
    let cases: [(&str, Change, bool); 10] = [
        ("{max: 30m}", |_| {}, true),
        ("{max: 29m}", |_| {}, false),
        ("{when: \"opens.pods == 1\"}", |_| {}, true),
        (
            "{when: \"opens.pods == 1\"}",
            |ask| ask.opens_pods = 2,
            false,
        ),
        (
            "{when: \"to.namespaceLabels.tier == 'dev'\"}",
            |_| {},
            false,
        ),
        ("{max: 1h, when: \"opens.pods == 2\"}", |_| {}, false),
        ("{max: 1h}", |ask| ask.opens_warnings = 1, false),
        ("{max: 1h}", |ask| ask.incident = Some("i".into()), true),
        ("{perDay: 1}", |_| {}, true),
        ("{extensions: 5}", |_| {}, false),
    ];
    for (auto, change, expected) in cases {
        let mut ask = ask();
        change(&mut ask);
        assert_eq!(automatic(&rule(auto), &ask), expected, "{auto}");
    }
}

#[test]
fn a_day_is_counted_by_the_calendar_of_the_hours_zone_and_by_rule() {
    let utc = rule("{perDay: 2}");
    let berlin = rule("{perDay: 2, hours: {from: \"00:00\", to: \"24:00\", zone: Europe/Berlin}}");
    let mut ask = at("2026-06-01T22:30:00Z");
    let same_day = ["2026-06-01T00:00:00Z", "2026-06-01T21:59:59Z"];
    for (used, in_utc, in_berlin) in [
        (uses("orders", &same_day), false, true),
        (uses("orders", &same_day[1..]), true, true),
        (uses("other", &same_day), true, true),
        (
            uses("orders", &["2026-05-31T23:59:59Z", "2026-06-01T12:00:00Z"]),
            true,
            true,
        ),
        (
            uses("orders", &["2026-06-01T22:00:00Z", "2026-06-01T22:10:00Z"]),
            false,
            false,
        ),
    ] {
        ask.automatic = used;
        assert_eq!(automatic(&utc, &ask), in_utc, "{:?}", ask.automatic);
        assert_eq!(automatic(&berlin, &ask), in_berlin, "{:?}", ask.automatic);
    }
}

#[test]
fn hours_begin_with_their_first_minute_and_end_before_their_last() {
    let office =
        rule("{hours: {from: \"09:00\", to: \"18:00\", zone: Europe/Berlin, days: [mon]}}");
    for (time, expected) in [
        ("2026-06-01T06:59:59Z", false),
        ("2026-06-01T07:00:00Z", true),
        ("2026-06-01T15:59:59Z", true),
        ("2026-06-01T16:00:00Z", false),
        ("2026-06-02T08:00:00Z", false),
    ] {
        assert_eq!(automatic(&office, &at(time)), expected, "{time}");
    }
}

#[test]
fn extensions_are_automatic_only_as_often_as_is_written() {
    let extension = |automatic| AskFacts {
        extends: Some(Extending {
            emergency: false,
            within: true,
            so_far: Seconds::minutes(30),
            automatic,
        }),
        ..ask()
    };
    for (auto, before, expected) in [
        ("{max: 1h}", 0, false),
        ("{max: 1h, extensions: 0}", 0, false),
        ("{max: 1h, extensions: 1}", 0, true),
        ("{max: 1h, extensions: 1}", 1, false),
        ("{max: 20m, extensions: 1}", 0, false),
        ("{extensions: 2}", 1, true),
        ("{extensions: 2}", 2, false),
    ] {
        let found = automatic(&rule(auto), &extension(before));
        assert_eq!(found, expected, "{auto} after {before}");
    }
}

#[test]
fn what_cannot_be_counted_is_neither_automatic_nor_within_a_number() {
    let uncounted = AskFacts {
        uncounted: true,
        ..ask()
    };
    let daily = rule("{perDay: 5}");
    let told = verdict(&daily, &dana(), &uncounted, &roll());
    assert!(told.starts_with("refused by orders"), "{told}");
    assert!(
        told.contains("more often in two days than can be counted"),
        "{told}"
    );
    let unlimited = with(&daily, "limits: {max: 2h, open: 3}", "limits: {max: 2h}");
    assert!(!automatic(&unlimited, &uncounted));
    assert!(automatic(&unlimited, &ask()));
}

#[test]
fn an_automatic_ask_is_refused_like_any_other() {
    let auto = rule("{max: 2h}");
    let wrong = AskFacts {
        reason: None,
        open_requests: 3,
        ..ask()
    };
    let told = verdict(&auto, &dana(), &wrong, &roll());
    assert!(
        told.starts_with("refused by orders\n- you have 3"),
        "{told}"
    );
    let other = verdict(&auto, &person("U0SAM"), &ask(), &roll());
    assert!(
        other.starts_with("refused by orders\n- rule `orders` does not let"),
        "{other}"
    );
}

#[test]
fn where_nobody_is_asked_it_does_not_matter_that_nobody_could_answer() {
    let nobody = with(&rule("{max: 30m}"), "@orders-oncall", "@empty");
    assert!(automatic(&nobody, &ask()));
    let longer = AskFacts {
        duration: Seconds::minutes(31),
        ..ask()
    };
    let told = verdict(&nobody, &dana(), &longer, &roll());
    assert!(told.contains("nobody can approve"), "{told}");
}
