//! What a story cannot get away with.

mod forms;
mod recorded;

use super::{Played, parse, play};
use crate::cli::simulate::paused_runtime;
use crate::sim::town::Plan;

fn try_to_tell(lines: &str) -> anyhow::Result<Played> {
    let story = parse(&format!("town default\n{lines}"))?;
    paused_runtime()?.block_on(play(&story, &plan(), &mut |_| {}))
}

fn plan() -> Plan {
    Plan::in_memory(1)
}

fn told(lines: &str) -> Played {
    try_to_tell(lines).unwrap()
}

/// `line: message` of each failure.
fn failures(lines: &str) -> Vec<String> {
    let failures = told(lines).failures.into_iter();
    failures
        .map(|f| format!("{}: {}", f.line, f.message))
        .collect()
}

const ASKED: &str = "dana in #payments: shop/web to orders/db:5432 for 10m because INC-42\n";
const OPEN: &str = "lee clicks Approve\n";

#[test]
fn what_is_not_as_expected_is_told_with_its_line_and_stands_in_the_transcript() {
    let played = told(&format!(
        "{ASKED}expect state active, one card\nexpect notice to lee: hello\ndana clicks Cancel"
    ));
    let messages: Vec<_> = played
        .failures
        .iter()
        .map(|f| (f.line, &*f.message))
        .collect();
    assert_eq!(
        messages,
        [
            (3, "the newest request is pending"),
            (4, "nothing there says `hello`, only: "),
        ]
    );
    let noted = "NOT AS EXPECTED: the newest request is pending";
    assert!(played.transcript.contains(noted), "{}", played.transcript);
}

#[test]
fn a_gate_that_is_left_open_fails_the_story_unless_it_says_so() {
    let open = failures(&format!("{ASKED}{OPEN}"));
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(
        open.iter()
            .all(|failure| failure.contains("is left in the cluster"))
    );
    let excused = failures(&format!("this story leaves gates open\n{ASKED}{OPEN}"));
    assert_eq!(excused, [""; 0]);
}

#[test]
fn a_gate_that_closes_late_fails_the_story_unless_it_says_so() {
    let late = format!("{ASKED}{OPEN}break the cluster\nafter 11m\nmend the cluster\nafter 20s");
    let told = failures(&late);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .all(|failure| failure.contains("outlived its end by"))
    );
    assert_eq!(
        failures(&format!("this story closes late\n{late}")),
        [""; 0]
    );
}

#[test]
fn messages_that_are_not_current_fail_the_story() {
    let silent = failures(&format!("{ASKED}break slack\nafter 61m"));
    let [only] = &silent[..] else {
        panic!("{silent:?}")
    };
    assert!(only.contains("are not current"), "{only}");
}

#[test]
fn expectations_look_at_what_the_last_line_brought() {
    let card = "expect channel #access-orders: Open `shop/web`\n";
    let later = failures(&format!("{ASKED}{card}dana clicks Cancel\n{card}"));
    assert_eq!(later.len(), 1, "{later:?}");
    assert!(
        later[0].starts_with("5: nothing there says"),
        "{}",
        later[0]
    );
}

#[test]
fn a_story_that_asks_for_the_impossible_is_an_error() {
    let error = try_to_tell("zoe clicks Approve").unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "line 2: zoe clicks Approve: zoe sees no button `Approve`"
    );
}
