//! What is offered for what was typed, among none, one, a hundred and a thousand.

use super::*;
use crate::netpol::tests::fixtures::{app, cluster, service, workload};
use crate::view::text::units;

fn values(found: &[Choice]) -> Vec<&str> {
    found.iter().map(|choice| choice.value.as_str()).collect()
}

fn many(count: usize) -> Snapshot {
    cluster((0..count).map(|n| app("shop", &format!("web-{n:04}"))))
}

fn sources(snapshot: &Snapshot, typed: &str) -> Vec<Choice> {
    suggest(snapshot, InputKind::Endpoint, End::Source, typed)
}

#[test]
fn nothing_that_matches_is_said_and_cannot_be_meant() {
    for (snapshot, typed, label) in [
        (many(0), "", "nothing runs here"),
        (many(3), "nope", "nothing matches `nope`"),
        (
            many(3),
            "web shop orders",
            "nothing matches `web shop orders`",
        ),
    ] {
        let found = sources(&snapshot, typed);
        assert_eq!((found.len(), found[0].label.as_str()), (1, label));
        assert!(
            found[0].value.parse::<Endpoint>().is_err(),
            "{}",
            found[0].value
        );
        assert!(found[0].value.starts_with(NO_CHOICE));
    }
}

#[test]
fn a_hundred_are_shown_and_of_more_the_first_and_how_many_there_are() {
    for (count, shown, last) in [
        (1, 1, "shop/web-0000"),
        (99, 99, "shop/web-0098"),
        (100, 100, "shop/web-0099"),
        (101, 100, "and 2 more: type to narrow it"),
        (1000, 100, "and 901 more: type to narrow it"),
    ] {
        let found = sources(&many(count), "web");
        assert_eq!(found.len(), shown, "{count}");
        assert_eq!(found.last().unwrap().label, last);
        let is_choice = found.last().unwrap().value.parse::<Endpoint>().is_ok();
        assert_eq!(is_choice, count <= 100);
    }
}

#[test]
fn words_are_found_anywhere_and_the_best_comes_first() {
    let snapshot = cluster([
        app("api-team", "web"),
        app("shop", "api"),
        app("shop", "api-gateway"),
        app("shop", "old-api"),
    ]);
    let found = |typed| sources(&snapshot, typed);
    let api = found("API");
    let expected = [
        "shop/api",
        "shop/api-gateway",
        "api-team/web",
        "shop/old-api",
    ];
    assert_eq!(values(&api), expected);
    assert_eq!(values(&found("shop api old")), ["shop/old-api"]);
    assert_eq!(values(&found("")).len(), 4);
    assert_eq!(values(&found("shop/api"))[0], "shop/api");
}

#[test]
fn what_is_an_end_by_itself_is_offered_as_typed() {
    let snapshot = many(2);
    assert_eq!(values(&sources(&snapshot, "203.0.113.7")), ["203.0.113.7"]);
    assert_eq!(
        values(&sources(&snapshot, "shop/app=web"))[0],
        "shop/app=web"
    );
    assert_eq!(values(&sources(&snapshot, "shop/web-7")), ["shop/web-7"]);
    let inside = suggest(&snapshot, InputKind::Workload, End::Target, "203.0.113.7");
    assert_eq!(inside[0].label, "nothing matches `203.0.113.7`");
    let password = "https://user:secret@10.9.8.7/";
    for choice in sources(&snapshot, password) {
        assert!(!choice.value.contains("secret"), "{}", choice.value);
    }
}

#[test]
fn two_kinds_of_a_name_are_told_apart_and_services_are_targets_only() {
    let snapshot = cluster([
        app("shop", "web-1").owner("StatefulSet", "web"),
        app("shop", "web-2").owner("DaemonSet", "web"),
        workload("StatefulSet", "shop", "web").selects("app", "web-1"),
        workload("DaemonSet", "shop", "web").selects("app", "web-2"),
        service("shop", "front"),
        service("shop", "web"),
    ]);
    let both = ["shop/daemonset/web", "shop/statefulset/web"];
    let targets = suggest(&snapshot, InputKind::Endpoint, End::Target, "");
    assert_eq!(values(&targets), [both[0], "shop/front", both[1]]);
    assert_eq!(values(&sources(&snapshot, "")), both);
}

#[test]
fn whatever_is_typed_slack_takes_the_options() {
    let snapshot = cluster([app(&"n".repeat(63), &"p".repeat(200)), app("shop", "web")]);
    for typed in [
        "",
        "p",
        &"x".repeat(3000),
        "<!channel> `x`",
        "\u{202e}",
        "!more",
    ] {
        for choice in sources(&snapshot, typed) {
            assert!((1..=75).contains(&units(&choice.label)), "{typed}");
            assert!((1..=150).contains(&units(&choice.value)), "{typed}");
        }
    }
    assert_eq!(
        values(&sources(&snapshot, "")),
        ["shop/web"],
        "a cut name is another"
    );
}
