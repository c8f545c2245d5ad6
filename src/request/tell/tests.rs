//! Who is told, where, and how often.

use super::*;
use crate::request::Command;
use crate::request::fixtures::{DANA, LEE, MAX, RIA, SAM, Town, approve, dana_asks, user};

/// Subjects and addresses, in order, as short words.
fn posts(request: &Request) -> Vec<String> {
    let word = |post: &Post| {
        let what = match &post.subject {
            Subject::Card(audience) => format!("card for {audience:?}"),
            Subject::Notice(notice, audience) => format!("{notice:?} for {audience:?}"),
        };
        let to = match &post.to {
            Address::Channel(name) => name.clone(),
            Address::Person(user) => user.to_string(),
            Address::Under(key) => format!("under {}", key.0),
            Address::Thread { channel, ts } => format!("{channel}/{ts}"),
        };
        format!("{what} to {to}")
    };
    request.posts.list.iter().map(word).collect()
}

fn told(mut town: Town, told: Vec<Told>) -> Town {
    town = town.with_way(|way| way.told = told);
    town
}

fn group(people: &[&str]) -> Told {
    Told::Group {
        id: "S0TEAM".into(),
        people: people.iter().map(|id| user(id)).collect(),
    }
}

#[test]
fn one_card_in_the_channel_and_one_for_the_requester() {
    let asked = dana_asks().request();
    assert_eq!(
        posts(&asked),
        [
            "card for Approvers to #access-orders",
            "card for Requester to U0DANA"
        ]
    );
}

#[test]
fn without_a_channel_each_approver_has_a_card() {
    let asked = dana_asks().without_channel().then_security().request();
    let cards = ["card for Approvers to U0LEE", "card for Approvers to U0MAX"];
    assert_eq!(posts(&asked)[..2], cards);
    // Max is asked for the second stage too: his card shows it.
    let second = asked.after(5, approve(LEE, &asked));
    assert_eq!(posts(&second)[3..], ["card for Approvers to U0SAM"]);
}

#[test]
fn a_service_gets_no_card() {
    let asked = dana_asks().by_service().request();
    assert_eq!(posts(&asked), ["card for Approvers to #access-orders"]);
}

#[test]
fn who_asked_in_a_thread_is_answered_there() {
    let origin = Origin::Thread {
        channel: "C9".into(),
        ts: "1.2".into(),
    };
    let asked = dana_asks().from(origin).request();
    assert_eq!(posts(&asked)[1], "card for Requester to C9/1.2");
}

#[test]
fn groups_are_told_in_the_thread_with_the_notice_that_mentions_them() {
    let open = dana_asks().request().opened();
    assert_eq!(
        posts(&open)[2..],
        [
            "Granted for Requester to U0DANA",
            "Granted for Approvers to under 0"
        ]
    );
}

#[test]
fn without_a_thread_everybody_is_told_once() {
    let groups = vec![group(&[RIA, SAM]), group(&[RIA, MAX, DANA])];
    let open = told(dana_asks().without_channel(), groups)
        .request()
        .opened();
    let told = posts(&open);
    let others: Vec<_> = told.iter().filter(|post| post.contains("Others")).collect();
    assert_eq!(
        others,
        [
            "Granted for Others to U0RIA",
            "Granted for Others to U0SAM",
            "Granted for Others to U0MAX"
        ]
    );
}

#[test]
fn told_channels_are_told_once() {
    let channel = || Told::Channel("#incidents".into());
    let open = told(dana_asks(), vec![channel(), channel()])
        .request()
        .opened();
    assert_eq!(posts(&open)[4..], ["Granted for Others to #incidents"]);
}

#[test]
fn a_reminder_goes_once_to_the_thread() {
    let reminded = dana_asks().request().after(900, Command::Remind);
    assert_eq!(
        posts(&reminded)[2..],
        ["Reminder(1) for Approvers to under 0"]
    );
}

#[test]
fn without_a_channel_only_those_who_have_not_answered_are_reminded() {
    let asked = dana_asks().without_channel().need(2).request();
    let half = asked.after(5, approve(LEE, &asked));
    let reminded = half.after(900, Command::Remind);
    assert_eq!(
        posts(&reminded)[3..],
        ["Reminder(1) for Approvers to under 1"]
    );
}

#[test]
fn a_card_that_slack_refused_is_no_card_to_write_under() {
    let mut asked = dana_asks().request();
    let code = "channel_not_found".into();
    asked.posts.set(PostKey(0), PostStatus::GivenUp { code });
    assert_eq!(asked.posts.approvers_card(), None);
    asked.ask_directly(0);
    let told = posts(&asked.approved());
    assert!(
        told.iter().all(|post| !post.ends_with("under 0")),
        "{told:?}"
    );
}

#[test]
fn the_mark_names_a_card_that_is_there() {
    let mut asked = dana_asks().request();
    assert_eq!(asked.posts.card_mark(), None);
    let posted = PostStatus::Posted {
        channel: "D1".into(),
        ts: "17.5".into(),
        shows: "x".into(),
    };
    asked.posts.set(PostKey(1), posted);
    assert_eq!(asked.posts.card_mark().as_deref(), Some("D1/17.5"));
}
