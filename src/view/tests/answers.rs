//! Every private answer, as a reader sees it.

use super::gallery::{Gallery, two_of_two};
use super::picture;
use crate::grammar::ParseError;
use crate::request::fixtures::{EVE, LEE, dana_asks, deny};
use crate::request::{End, Origin, Refusal};
use crate::rules::{Aside, EmergencyPlan, Group, Standing};
use crate::units::Seconds;
use crate::view::{replies, say};

#[test]
fn private_answers() {
    let mut all = Gallery(String::new());
    let wrong = ParseError {
        span: 9..12,
        message: "expected `to`, found `too`".into(),
        hint: Some("write `SOURCE to TARGET:PORT`".into()),
        nearest: Some("shop/web to orders/db:5432".into()),
    };
    let typed = "shop/web too orders/db:5432";
    all.hang("wrong words", &say::parse_error(typed, &wrong));
    let end = ParseError {
        span: 8..8,
        message: "the target is missing".into(),
        hint: None,
        nearest: None,
    };
    all.hang("wrong at the end", &say::parse_error("shop/web", &end));
    let far = ParseError {
        span: 300..303,
        ..wrong
    };
    all.hang("far away", &say::parse_error(&"x".repeat(400), &far));
    let refused = say::refused("no rule lets you ask for `vault`", Some("ask @platform"));
    all.hang("refused by rule", &refused);
    for refusal in [
        Refusal::OwnRequest,
        Refusal::Over { state: "ended" },
        Refusal::DoesNotCount {
            standing: Some(Standing::Guest),
        },
    ] {
        all.hang("a click that counts for nothing", &say::unchanged(&refusal));
    }
    all.hang("unknown request", &say::unknown(&"k7m3xb".parse().unwrap()));
    let table = [
        (
            "SOURCE to TARGET[:PORT] [for TIME] [because …]",
            "shop/web to orders/db:5432",
            "ask",
        ),
        ("mine", "mine", "your requests"),
    ];
    all.hang("help", &say::help(&table));
    all.hang("working", &say::working());
    all.hang("sorry", &say::sorry(Some(&"k7m3xa".parse().unwrap())));
    all.hang("sorry, nothing begun", &say::sorry(None));
    insta::assert_snapshot!("private_answers", all.0);
}

fn hang_approvers(all: &mut Gallery) {
    let route = two_of_two().request().route.unwrap();
    let crowds = two_of_two().request().crowds;
    all.hang(
        "approvers",
        &say::approvers(&route, &crowds, &Aside::default()),
    );
    let aside = Aside {
        when: Some("to.namespace == 'orders'".into()),
        not_automatic: vec!["1 h is longer than 15 min".into()],
    };
    let mut urgent = route.clone();
    urgent.emergency = Some(EmergencyPlan {
        by: Group {
            usergroups: vec!["@security".into()],
            ..Group::default()
        },
        max: Seconds::minutes(15),
        tell: "#incidents".into(),
        review: Seconds::hours(4),
    });
    all.hang(
        "approvers: other ways",
        &say::approvers(&urgent, &crowds, &aside),
    );
    let none = dana_asks().without_stages().request().route.unwrap();
    all.hang(
        "approvers: nobody asked",
        &say::approvers(&none, &[], &Aside::default()),
    );
}

#[test]
fn private_answers_about_requests() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    let thread = Origin::Thread {
        channel: "C9".into(),
        ts: "1.2".into(),
    };
    all.hang("asked", &say::asked(&asked));
    all.hang(
        "asked in a thread",
        &say::asked(&dana_asks().from(thread).request()),
    );
    all.hang(
        "asked, directly",
        &say::asked(&dana_asks().without_channel().request()),
    );
    let by_id = dana_asks().with_way(|way| way.route.channel = Some("C0ACCESS".into()));
    all.hang("asked, channel by id", &say::asked(&by_id.request()));
    all.hang(
        "approved by rule",
        &say::asked(&dana_asks().without_stages().request()),
    );
    let open = asked.opened();
    all.hang("show: waiting", &say::show(&asked));
    all.hang("show: open", &say::show(&open));
    all.hang(
        "show: refused",
        &say::show(&asked.after(5, deny(LEE, &asked))),
    );
    all.hang("mine: none", &say::mine(&[]));
    let some = [asked.clone(), open.clone(), open.closed(End::Expired)];
    all.hang("mine", &say::mine(&some));
    all.hang("mine: many", &say::mine(&vec![asked; 30]));
    hang_approvers(&mut all);
    let closed = say::ReachAnswer {
        from: "shop/web",
        to: "orders/db:5432",
        open: false,
        blocked_by: &["ingress of `orders/db` by policy `orders/default-deny`".into()],
        why: &[],
    };
    all.hang("reach: closed", &say::reach(&closed));
    let open = say::ReachAnswer {
        open: true,
        blocked_by: &[],
        why: &["no policy selects `orders/db`".into()],
        ..closed
    };
    all.hang("reach: open", &say::reach(&open));
    insta::assert_snapshot!("private_answers_about_requests", all.0);
}

#[test]
fn a_stranger_is_never_named_among_those_asked() {
    let asked = picture(&say::asked(&dana_asks().without_channel().request()));
    assert!(!asked.contains(EVE));
}

#[test]
fn broken_rules_are_told_with_their_first_problems_as_plain_text() {
    let line =
        |n: usize| format!("rules/x.yaml:{n}:1: error: `<!channel>` is *wrong*; <http://x|y>");
    let problems: Vec<String> = (1..9).map(line).collect();
    let broken = replies::rules_broken(&problems);
    super::assert_within_limits(&broken);
    let shown = picture(&broken);
    assert!(
        shown.contains("| rules/x.yaml:5:1: error: `<!channel>` is *wrong*"),
        "{shown}"
    );
    assert!(!shown.contains("x.yaml:6"), "{shown}");
    let first =
        "text: The changed rules are broken · the last good ones stay in force: rules/x.yaml:1";
    assert!(shown.starts_with(first), "{shown}");
    super::assert_within_limits(&replies::rules_broken(&[]));
    super::assert_within_limits(&replies::rules_broken(&vec!["<@U1> `".repeat(900); 20]));
    let mended = picture(&replies::rules_mended("0123456789abcdef"));
    assert!(
        mended.contains("good again") && mended.contains("`0123456789abcdef`"),
        "{mended}"
    );
}

#[test]
fn the_form_is_offered_where_it_may_help() {
    for (text, offered) in [
        ("shop/web too orders/db:5432", true),
        ("using connect from", true),
        ("hello", true),
        ("revoke x", false),
        ("Show", false),
        ("reach shop/web", false),
        ("", false),
    ] {
        let error = crate::grammar::ParseError {
            span: 0..0,
            message: "x".into(),
            hint: None,
            nearest: None,
        };
        let shown = super::picture(&crate::view::say::parse_error(text, &error));
        assert_eq!(shown.contains("[Fill in the form"), offered, "{text}");
    }
}
