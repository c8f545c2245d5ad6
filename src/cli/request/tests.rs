//! What is printed, and which status it means.

use clap::Parser as _;
use serde_json::json;

use super::print::{course, first, plain};
use super::*;
use crate::client::Problem;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    given: Given,
}

fn given(words: &[&str]) -> Given {
    Line::try_parse_from([&["request"], words].concat())
        .unwrap()
        .given
}

#[test]
fn a_command_and_a_probe_wait_for_the_opening() {
    for (words, waits, probe) in [
        (&["a to b"][..], false, None),
        (&["a to b", "--wait"], true, None),
        (&["a to b", "--probe"], true, Some("")),
        (&["a to b", "--probe=db:5432"], true, Some("db:5432")),
        (&["a to b", "--", "psql", "--help"], true, None),
    ] {
        let given = given(words);
        assert_eq!(
            (given.waits(), given.probe.as_deref()),
            (waits, probe),
            "{words:?}"
        );
        let minutes = if waits { 15 } else { 1 };
        assert_eq!(given.patience(), Seconds::minutes(minutes).std());
    }
    let given = given(&[
        "a to b",
        "--probe",
        "--timeout",
        "2m",
        "--",
        "psql",
        "-o",
        "json",
    ]);
    assert_eq!(given.patience(), Seconds::minutes(2).std());
    assert_eq!(given.command, ["psql", "-o", "json"]);
}

#[test]
fn keys_are_what_a_header_carries() {
    for (text, good) in [
        ("job-1/attempt:2", true),
        ("", false),
        ("two words", false),
        ("line\nbreak", false),
        ("ü", false),
        (&"k".repeat(128), true),
        (&"k".repeat(129), false),
    ] {
        assert_eq!(key(text).is_ok(), good, "{text}");
    }
}

#[test]
fn the_exit_status_tells_a_no_from_misuse_and_from_being_away() {
    let said = |status| {
        Trouble::Said(Problem {
            status,
            ours: true,
            ..Problem::default()
        })
    };
    let page = |status| {
        Trouble::Said(Problem {
            status,
            ..Problem::default()
        })
    };
    for (trouble, expected) in [
        (said(400), Status::Misused),
        (said(401), Status::Misused),
        (said(403), Status::No),
        (said(404), Status::No),
        (said(409), Status::No),
        (said(413), Status::Misused),
        (said(422), Status::Misused),
        (said(429), Status::Unavailable),
        (said(500), Status::Unavailable),
        (said(503), Status::Unavailable),
        (page(302), Status::Misused),
        // Another program's: whatever it says, it is not the bot that says no.
        (page(401), Status::Unavailable),
        (page(403), Status::Unavailable),
        (page(404), Status::Unavailable),
        (page(502), Status::Unavailable),
        (Trouble::Late, Status::Unavailable),
        (Trouble::Unreachable(String::new()), Status::Unavailable),
        (
            Trouble::Unconnected {
                origin: String::new(),
                why: String::new(),
            },
            Status::Unavailable,
        ),
        (Trouble::Words, Status::Unavailable),
        (Trouble::Token(String::new()), Status::Misused),
        (Trouble::NoId(String::new()), Status::Misused),
    ] {
        assert_eq!(status(&trouble), expected, "{trouble:?}");
    }
}

#[test]
fn a_line_says_how_far_a_request_is() {
    for (told, expected) in [
        (
            json!({"id": "k7m3xq", "state": "pending",
                   "stages": [{"name": "owners", "need": 1, "approved": 0, "waiting": true}]}),
            "k7m3xq pending: owners (0 of 1)",
        ),
        (
            json!({"id": "k7m3xq", "state": "active", "expires_at": "2026-11-26T12:00:00Z"}),
            "k7m3xq active until 2026-11-26T12:00:00Z",
        ),
        (
            json!({"id": "k7m3xq", "state": "refused", "detail": "no\u{1b}[2J rule\nis for it"}),
            "k7m3xq refused: no [2J rule is for it",
        ),
        (
            json!({"id": "k7m3xq", "state": "granting"}),
            "k7m3xq granting",
        ),
    ] {
        assert_eq!(course(&serde_json::from_value(told).unwrap()), expected);
    }
    assert_eq!(plain("a\u{9b}b\r\u{7f}"), "a b  ");
}

#[test]
fn the_first_line_also_says_what_was_asked_and_who_answers_for_it() {
    for (more, expected) in [
        (
            json!({"flow": "shop/web -> orders/db:5432", "cluster": "prod-eu", "owner": "U0SAM"}),
            "k7m3xq granting; shop/web -> orders/db:5432 in prod-eu, owner U0SAM",
        ),
        (
            json!({"flow": "shop/web\u{1b}[2J -> orders/db:5432", "cluster": "prod\neu", "owner": null}),
            "k7m3xq granting; shop/web [2J -> orders/db:5432 in prod eu",
        ),
        (json!({}), "k7m3xq granting"),
    ] {
        let mut told = json!({"id": "k7m3xq", "state": "granting"});
        for (name, value) in more.as_object().unwrap() {
            told[name] = value.clone();
        }
        assert_eq!(first(&serde_json::from_value(told).unwrap()), expected);
    }
}
