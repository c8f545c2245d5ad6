//! Typed text that wants to be more than text, and texts that are far too long.

use proptest::prelude::*;

use super::{assert_within_limits, picture};
use crate::grammar::ParseError;
use crate::netpol::{Finding, Opened, Said, StatedObject, Warning};
use crate::request::fixtures::{DANA, LEE, dana_asks, deny, user};
use crate::request::{
    Address, Audience, Command, End, Notice, Post, PostKey, PostStatus, Request, Subject,
};
use crate::units::{Seconds, Time};
use crate::view::{Message, parse_value, render, say, text};

const HOSTILE: [&str; 10] = [
    "<!channel> <!here> <!everyone>",
    "<http://x.example|Approve>",
    "<@U0LEE> approved this <!subteam^S1>",
    "`*_~ ``` *Approved* by _lee_ :white_check_mark:",
    "@channel @here @everyone",
    "line\nbreak\r\n*Approved* by <@U0LEE>\u{2028}x\u{0}y\u{1b}[31m",
    "\u{202e}evorppA\u{202c} \u{2066}x\u{2069} z\u{200b}e\u{200d}r\u{feff}o",
    "&lt;!channel&gt; &amp; & < >",
    "${reason} {{reason}} {time} <!date^0^{time}|never>",
    "👩‍💻 شرح مشکل 中文 𝒳",
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(&HOSTILE[..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[<>&`*@!|^a-z \n]{0,80}",
        1 => (proptest::sample::select(&HOSTILE[..]), 100_usize..200)
            .prop_map(|(text, n)| text.repeat(n)),
    ]
}

/// A request in which whatever can be a text is that text.
fn full_of(text: &str) -> Request {
    dana_asks()
        .because(text)
        .then_security()
        .warned(Warning::AlsoMatches {
            workloads: vec![text.to_owned(); 12],
        })
        .warned(Warning::WideBlock {
            block: text.to_owned(),
        })
        .with_asked(|asked| {
            asked.cluster = text.to_owned();
            asked.text = text.to_owned();
            asked.flow.from.label = text.to_owned();
            asked.flow.to.label = text.to_owned();
        })
        .with_way(|way| {
            let pair = Opened {
                from: text.to_owned(),
                to: text.to_owned(),
                ports: vec![text.to_owned(); 12],
            };
            way.effect.opens = vec![pair; 12];
            way.route.rule = text.to_owned();
            way.route.channel = Some(text.to_owned());
            for (stage, crowd) in way.route.stages.iter_mut().zip(&mut way.crowds) {
                stage.name = text.to_owned();
                stage.from.users = vec![LEE.to_owned(), text.to_owned()];
                crowd.people.extend(vec![user(text); 12]);
                crowd.groups.push((text.to_owned(), text.to_owned()));
            }
        })
        .request()
}

/// The same of an object that a template states: a person or a host may be called anything.
fn stated(text: &str) -> Request {
    let object = StatedObject {
        kind: text.to_owned(),
        namespace: text.to_owned(),
        name: text.to_owned(),
        says: vec![Said::Words(text.to_owned()), Said::Typed(text.to_owned())],
        people: std::collections::BTreeSet::from([text.to_owned()]),
        digest: text.to_owned(),
        whole: format!("{{\"kind\": {text:?}}}"),
    };
    dana_asks()
        .stating(Vec::new())
        .warned(Warning::NotComputed {
            kinds: vec![text.to_owned(); 12],
        })
        .with_way(|way| way.effect.stated = vec![object; 4])
        .request()
}

/// The request in each state that a few commands lead to.
fn lives(request: &Request, text: &str) -> Vec<Request> {
    let open = {
        let mut open = request.clone();
        open.state = crate::request::State::Active { warned: false };
        open.grant = Some(crate::request::Grant {
            opened_at: Time::UNIX_EPOCH,
            expires_at: Time::MAX_UTC,
        });
        open
    };
    let reason = text.to_owned();
    let revoked = End::Revoked {
        by: user(LEE),
        reason: Some(reason.clone()),
    };
    let mut lives = vec![
        request.clone(),
        request.after(5, deny(LEE, request)),
        request.after(5, Command::Cancel { by: user(DANA) }),
        request.after(3600, Command::Lapse),
        open.closing(End::Expired),
        open.closed(revoked),
        open.closed(End::Withdrawn { reason }),
    ];
    let mut denied = request.clone();
    denied.state = crate::request::State::Denied {
        by: None,
        reason: Some(text.to_owned()),
    };
    let mut told = open.clone();
    told.told_of = vec![opens_more(text), not_open(text)];
    lives.extend([denied, open, told]);
    lives
}

fn opens_more(text: &str) -> Finding {
    let pair = Opened {
        from: text.to_owned(),
        to: text.to_owned(),
        ports: vec![text.to_owned(); 12],
    };
    Finding::OpensMore {
        pairs: vec![pair; 12],
    }
}

fn not_open(text: &str) -> Finding {
    Finding::NotOpen {
        why: vec![text.to_owned(); 12],
    }
}

fn subjects(text: &str) -> Vec<Subject> {
    let mut all = Vec::new();
    for audience in [Audience::Approvers, Audience::Requester, Audience::Others] {
        all.push(Subject::Card(audience));
        let failed = End::Failed {
            reason: text.to_owned(),
        };
        for notice in [
            Notice::Granted,
            Notice::Warning {
                left: Seconds(u64::MAX),
            },
            Notice::Ended(failed),
            Notice::Ended(End::Expired),
            Notice::Denied,
            Notice::Lapsed,
            Notice::Cancelled,
            Notice::Reminder(u32::MAX),
            Notice::NextStage(0),
            Notice::NextStage(usize::MAX),
            Notice::CannotClose,
            Notice::Changed(opens_more(text)),
            Notice::Changed(not_open(text)),
        ] {
            all.push(Subject::Notice(notice, audience));
        }
    }
    all
}

fn addresses() -> [Address; 3] {
    let person = Address::Person(user(LEE));
    [
        Address::Channel("C1".into()),
        person,
        Address::Under(PostKey(0)),
    ]
}

fn shown(request: &Request, subject: Subject, to: Address) -> Message {
    let post = Post {
        key: PostKey(1),
        subject,
        to,
        status: PostStatus::Due,
    };
    render(request, &post)
}

/// Every post and every answer about a request.
fn everything_about(request: &Request, text: &str) -> Vec<Message> {
    let mut all = Vec::new();
    for life in lives(request, text) {
        for subject in subjects(text) {
            let posts = addresses().map(|to| shown(&life, subject.clone(), to));
            all.extend(posts);
        }
        all.extend(answers_about(life));
    }
    all
}

fn answers_about(request: Request) -> [Message; 4] {
    let route = request.route.clone().unwrap();
    let typed = request.asked.text.clone();
    let aside = crate::rules::Aside {
        when: Some(typed.clone()),
        not_automatic: vec![typed],
    };
    [
        say::show(&request),
        say::asked(&request),
        say::approvers(&route, &request.crowds, &aside),
        say::mine(&vec![request; 21]),
    ]
}

fn answers_to(text: &str, start: usize, length: usize) -> Vec<Message> {
    let error = ParseError {
        span: start..start.saturating_add(length),
        message: text.to_owned(),
        hint: Some(text.to_owned()),
        nearest: Some(text.to_owned()),
    };
    let sentences = vec![text.to_owned(); 30];
    let reach = say::ReachAnswer {
        from: text,
        to: text,
        open: false,
        blocked_by: &sentences,
        why: &sentences,
    };
    vec![
        say::parse_error(text, &error),
        say::refused(text, Some(text)),
        say::reach(&reach),
    ]
}

#[test]
fn a_reason_of_ten_thousand_characters_is_cut_and_everything_else_stays() {
    let asked = dana_asks().because(&"very slow ".repeat(1000)).request();
    for message in everything_about(&asked, "x") {
        assert_within_limits(&message);
    }
    let to = Address::Channel("C1".into());
    let shown = picture(&shown(&asked, Subject::Card(Audience::Approvers), to));
    assert!(
        shown.contains("very slow…\n") || shown.contains("very…\n"),
        "{shown}"
    );
    assert!(shown.contains("[Approve"), "{shown}");
}

#[test]
fn hostile_texts_are_shown_as_typed_and_nothing_more() {
    for hostile in HOSTILE {
        let mut about = everything_about(&full_of(hostile), hostile);
        about.extend(everything_about(&stated(hostile), hostile));
        for message in about.into_iter().chain(answers_to(hostile, 3, 4)) {
            assert_within_limits(&message);
            assert!(!picture(&message).contains(['\u{202e}', '\u{200b}', '\u{0}', '\u{1b}']));
        }
    }
}

#[test]
fn a_fake_approve_link_stays_text() {
    let asked = dana_asks().because("<http://x.example|Approve>").request();
    let post = asked.posts.approvers_card().unwrap();
    let shown = picture(&render(&asked, post));
    assert!(
        shown.contains("> Why: <http://x.example|Approve>"),
        "{shown}"
    );
    assert!(
        shown.contains("· &lt;http://x.example|Approve&gt;"),
        "{shown}"
    );
}

#[test]
fn notifications_hold_who_path_cluster_duration_and_reason_in_120_characters() {
    let long = "a-very-long-name-that-somebody-found-clear";
    let asked = dana_asks()
        .because("INC-4711 the payment provider times out and nobody knows why it does")
        .with_asked(|asked| {
            asked.cluster = format!("{long}-cluster");
            asked.flow.from.label = format!("shop/{long}");
            asked.flow.to.label = format!("orders/{long}");
            asked.duration = Seconds::minutes(95);
        })
        .request();
    let post = asked.posts.approvers_card().unwrap();
    let shown = render(&asked, post).text;
    assert_eq!(
        shown,
        "Approve? · <@U0DANA> · shop/a-ve…nd-clear → orders/a-…ear:5432 · a-very-lon…r-cluster · \
         1 h 35 min · INC-4711 the payme…"
    );
    assert!(text::units(&shown) <= 120);
}

#[test]
fn whoever_is_let_in_is_shown_as_typed() {
    let says = |name: &str| vec![Said::Words("for".to_owned()), Said::Typed(name.to_owned())];
    for (name, seen) in [
        ("<!channel>", "`&lt;!channel&gt;`"),
        ("api.\u{202e}moc.elpmaxe", "`api.moc.elpmaxe`"),
        ("a`*b*`", "`a'*b*'`"),
    ] {
        let asked = dana_asks().stating(says(name)).request();
        let shown = picture(&shown(
            &asked,
            Subject::Card(Audience::Approvers),
            Address::Channel("C1".into()),
        ));
        assert!(
            shown.contains(&format!("RoleBinding: for {seen}")),
            "{shown}"
        );
        assert!(shown.contains("*not computed*"), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_message_keeps_the_limits_and_stays_ours(
        text in any_text(),
        life in any::<prop::sample::Index>(),
        subject in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let lives = lives(&full_of(&text), &text);
        let life = life.get(&lives);
        let subjects = subjects(&text);
        let message = shown(life, subject.get(&subjects).clone(), to.get(&addresses()).clone());
        assert_within_limits(&message);
        assert_within_limits(&message.short());
        prop_assert!(text::units(&message.text) <= 120, "{}", message.text);
    }

    #[test]
    fn every_answer_keeps_the_limits(
        text in any_text(),
        start in 0_usize..300,
        length in 0_usize..20,
    ) {
        for message in answers_to(&text, start, length) {
            assert_within_limits(&message);
        }
    }

    #[test]
    fn forged_values_are_read_without_a_panic(value in any_text()) {
        if let Some((id, face)) = parse_value(&value) {
            let printed = format!("{id}.{face}");
            prop_assert_eq!(parse_value(&printed), Some((id, face)));
        }
    }
}
