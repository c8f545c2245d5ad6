//! Every card and notice, as a reader sees it.

mod ways;

use super::{assert_within_limits, picture, screens};
use crate::netpol::{Finding, Warning};
use crate::request::fixtures::{
    DANA, LEE, MAX, RIA, Town, applied, approve, attempt, binding_says, dana_asks, deny, findings,
    opened, user,
};
use crate::request::{
    Address, Audience, Command, End, Notice, Post, PostKey, PostStatus, Request, Subject,
};
use crate::units::Seconds;
use crate::view::{Message, render};

/// Pictures under headings.
pub(super) struct Gallery(pub(super) String);

impl Gallery {
    pub(super) fn hang(&mut self, heading: &str, message: &Message) {
        assert_within_limits(message);
        self.0 += &format!("== {heading}\n{}\n\n", picture(message));
    }

    fn card(&mut self, heading: &str, request: &Request) {
        let channel = Address::Channel("C1".into());
        let shown = show(request, Subject::Card(Audience::Approvers), channel);
        self.hang(&format!("{heading}, for approvers"), &shown);
        let shown = show(request, Subject::Card(Audience::Requester), direct());
        self.hang(&format!("{heading}, for the requester"), &shown);
    }

    fn notice(&mut self, heading: &str, request: &Request, notice: &Notice) {
        let thread = Address::Under(PostKey(0));
        for (audience, name, to) in [
            (Audience::Requester, "for the requester", direct()),
            (Audience::Approvers, "in the card's thread", thread),
            (
                Audience::Others,
                "for others",
                Address::Channel("C2".into()),
            ),
        ] {
            let shown = show(request, Subject::Notice(notice.clone(), audience), to);
            self.hang(&format!("{heading}, {name}"), &shown);
        }
    }
}

fn direct() -> Address {
    Address::Person(user(DANA))
}

fn show(request: &Request, subject: Subject, to: Address) -> Message {
    let post = Post {
        key: PostKey(9),
        subject,
        to,
        status: PostStatus::Due,
    };
    render(request, &post)
}

fn revoked() -> End {
    End::Revoked {
        by: user(RIA),
        reason: Some("we migrate now".into()),
    }
}

pub(super) fn two_of_two() -> Town {
    dana_asks().need(2).then_security()
}

#[test]
fn cards_show_every_state() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    all.card("pending", &asked);
    let to = Address::Person(user(LEE));
    let direct = show(&asked, Subject::Card(Audience::Approvers), to);
    all.hang("pending, for an approver directly", &direct);
    let two = two_of_two().request();
    let half = two.after(5, approve(LEE, &two));
    all.card("one of two votes, a second stage to come", &half);
    all.card("second stage", &half.after(6, approve(MAX, &half)));
    let by_direct = dana_asks().need(2).without_channel().request();
    let voted = by_direct.after(5, approve(LEE, &by_direct));
    let to = Address::Person(user(LEE));
    let voter = show(&voted, Subject::Card(Audience::Approvers), to);
    all.hang("pending, for one who has approved", &voter);
    let second = half.after(6, approve(MAX, &half));
    let to = Address::Person(user(LEE));
    let earlier = show(&second, Subject::Card(Audience::Approvers), to);
    all.hang("second stage, for an approver of the first", &earlier);
    let warned = dana_asks()
        .warned(Warning::AlsoMatches {
            workloads: vec!["orders/Deployment/db-canary".into()],
        })
        .warned(Warning::WideBlock {
            block: "10.0.0.0/8".into(),
        })
        .warned(Warning::AddressMayBeRewritten)
        .with_way(|way| {
            let more = opened("kube-system/Deployment/coredns", "UDP 53");
            way.effect.opens.push(more);
        });
    all.card("pending with warnings", &warned.request());
    all.card("by a service", &dana_asks().by_service().request());
    all.card("opening", &asked.approved());
    all.card("opening by rule", &dana_asks().without_stages().request());
    let open = asked.opened();
    all.card("open", &open);
    let day = dana_asks().lasting(Seconds::hours(20)).request();
    all.card("open for long", &day.opened());
    all.card("closing", &open.closing(End::Expired));
    all.card("expired", &open.closed(End::Expired));
    all.card("done", &open.closed(End::Done));
    all.card("revoked", &open.closed(revoked()));
    all.card(
        "cancelled while opening",
        &asked.approved().closed(End::Done),
    );
    all.card("refused", &asked.after(5, deny(LEE, &asked)));
    all.card(
        "cancelled",
        &asked.after(5, Command::Cancel { by: user(DANA) }),
    );
    all.card("lapsed", &asked.after(3600, Command::Lapse));
    let failed = End::Failed {
        reason: "more would open now than was approved".into(),
    };
    all.card("failed", &asked.approved().closed(failed));
    insta::assert_snapshot!("cards", all.0);
}

/// Objects that a template states: what is applied is shown, and that nobody computed what it gives.
#[test]
fn cards_and_notices_of_stated_objects() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().stating(binding_says()).request();
    all.card("pending", &asked);
    let more = crate::view::form::more(&asked, 1, &user(LEE));
    all.0 += &format!("== more\n{}\n\n", screens::picture(&more));
    let open = asked.opened();
    all.card("open", &open);
    all.notice("granted", &open, &Notice::Granted);
    let closing = open.closing(End::Expired);
    all.notice("cannot close", &closing, &Notice::CannotClose);
    for why in [End::Expired, End::Removed] {
        let notice = Notice::Ended(why.clone());
        all.notice(
            &format!("ended: {}", why.word()),
            &open.closed(why),
            &notice,
        );
    }
    insta::assert_snapshot!("stated_objects", all.0);
}

#[test]
fn notices_of_the_grant() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    let open = asked.opened();
    let left = Seconds(298);
    let warned = open.after(1560, Command::Warn);
    all.notice("granted", &open, &Notice::Granted);
    all.notice(
        "granted, later closing",
        &open.closing(End::Done),
        &Notice::Granted,
    );
    all.notice(
        "granted, later expired",
        &open.closed(End::Expired),
        &Notice::Granted,
    );
    all.notice("warning", &warned, &Notice::Warning { left });
    all.notice(
        "warning, later done",
        &open.closed(End::Done),
        &Notice::Warning { left },
    );
    let withdrawn = End::Withdrawn {
        reason: "the policy that isolated `orders/db` was deleted".into(),
    };
    for why in [End::Expired, End::Done, revoked(), withdrawn, End::Removed] {
        let notice = Notice::Ended(why.clone());
        all.notice(
            &format!("ended: {}", why.word()),
            &open.closed(why),
            &notice,
        );
    }
    let failed = End::Failed {
        reason: "the cluster did not take the policies in time".into(),
    };
    let approved = asked.approved();
    for why in [End::Done, revoked(), failed] {
        let notice = Notice::Ended(why.clone());
        let heading = format!("never opened: {}", why.word());
        all.notice(&heading, &approved.closed(why), &notice);
    }
    let closing = open.closing(End::Expired);
    all.notice("cannot close", &closing, &Notice::CannotClose);
    let closed = open.closed(End::Expired);
    all.notice("cannot close, later closed", &closed, &Notice::CannotClose);
    let service = dana_asks().by_service().request().opened();
    all.notice("granted to a service", &service, &Notice::Granted);
    insta::assert_snapshot!("notices_of_the_grant", all.0);
}

#[test]
fn notices_of_what_changed() {
    let mut all = Gallery(String::new());
    let observe = |request: &Request, findings: Vec<Finding>| {
        request.after(600, Command::Observe { findings })
    };
    let open = dana_asks().request().opened();
    let seen = observe(&open, findings());
    for (heading, found) in ["opens more", "not open"].into_iter().zip(findings()) {
        let notice = Notice::Changed(found);
        all.notice(heading, &seen, &notice);
        all.notice(
            &format!("{heading}, later as approved again"),
            &observe(&seen, Vec::new()),
            &notice,
        );
        let closed = seen.closed(End::Done);
        all.notice(&format!("{heading}, later closed"), &closed, &notice);
    }
    insta::assert_snapshot!("notices_of_what_changed", all.0);
}

#[test]
fn notices_of_the_decision() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    let two = two_of_two().request();
    let half = two.after(5, approve(LEE, &two));
    let second = half.after(6, approve(MAX, &half));
    all.notice("reminder", &asked, &Notice::Reminder(1));
    all.notice("reminder of the second vote", &half, &Notice::Reminder(1));
    let open = asked.opened();
    all.notice("reminder, later opened", &open, &Notice::Reminder(1));
    all.notice("next stage", &second, &Notice::NextStage(1));
    let by = user(DANA);
    let cancelled = second.after(9, Command::Cancel { by });
    all.notice(
        "next stage, later cancelled",
        &cancelled,
        &Notice::NextStage(1),
    );
    all.notice(
        "refused",
        &asked.after(5, deny(LEE, &asked)),
        &Notice::Denied,
    );
    all.notice(
        "lapsed",
        &second.after(4000, Command::Lapse),
        &Notice::Lapsed,
    );
    all.notice("cancelled", &cancelled, &Notice::Cancelled);
    insta::assert_snapshot!("notices_of_the_decision", all.0);
}

#[test]
fn only_cards_with_a_warning_ask_back() {
    let card = |town: Town| {
        let to = Address::Channel("C1".into());
        picture(&show(
            &town.request(),
            Subject::Card(Audience::Approvers),
            to,
        ))
    };
    assert!(!card(dana_asks()).contains("asks back"));
    assert!(card(dana_asks().warned(Warning::AddressMayBeRewritten)).contains("asks back"));
}

#[test]
fn every_notice_of_an_expiry_says_expired_and_no_early_end_does() {
    let open = dana_asks().request().opened();
    for why in [End::Expired, End::Done, revoked(), End::Removed] {
        let closed = open.closed(why.clone());
        for audience in [Audience::Requester, Audience::Approvers, Audience::Others] {
            let notice = Subject::Notice(Notice::Ended(why.clone()), audience);
            let shown = picture(&show(&closed, notice, direct())).to_lowercase();
            assert_eq!(shown.contains("expired"), why == End::Expired, "{shown}");
            assert!(shown.contains("closed"), "{shown}");
            assert!(shown.contains("connections may survive"), "{shown}");
        }
    }
}

#[test]
fn a_post_changes_only_when_the_request_visibly_did() {
    let asked = dana_asks().request();
    let granting = asked.approved();
    let attempted = granting.after(60, attempt());
    let open = attempted.after(61, applied());
    let warned = open.after(1560, Command::Warn);
    let digest = |request: &Request, subject: &Subject| {
        crate::view::digest(&show(request, subject.clone(), direct()))
    };
    let card = Subject::Card(Audience::Approvers);
    assert_ne!(digest(&asked, &card), digest(&granting, &card));
    assert_eq!(digest(&granting, &card), digest(&attempted, &card));
    let granted = Subject::Notice(Notice::Granted, Audience::Requester);
    assert_eq!(digest(&open, &granted), digest(&warned, &granted));
    assert_ne!(
        digest(&open, &granted),
        digest(&open.closing(End::Done), &granted)
    );
}

#[test]
fn the_short_form_keeps_the_buttons() {
    let asked = dana_asks().request();
    let to = Address::Channel("C1".into());
    let short = show(&asked, Subject::Card(Audience::Approvers), to).short();
    assert_within_limits(&short);
    let picture = picture(&short);
    assert!(
        picture.contains("[Approve k7m3xa.1] [Deny k7m3xa.1]"),
        "{picture}"
    );
}
