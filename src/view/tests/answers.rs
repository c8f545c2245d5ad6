//! Every private answer, as a reader sees it.

use super::gallery::{Gallery, two_of_two};
use super::picture;
use crate::grammar::ParseError;
use crate::request::fixtures::{EVE, LEE, dana_asks, deny};
use crate::request::{End, Origin, Refusal};
use crate::rules::Standing;
use crate::view::say;

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
    let route = two_of_two().request().route.unwrap();
    let crowds = two_of_two().request().crowds;
    all.hang("approvers", &say::approvers(&route, &crowds));
    let none = dana_asks().without_stages().request().route.unwrap();
    all.hang("approvers: nobody asked", &say::approvers(&none, &[]));
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
