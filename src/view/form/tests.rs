//! Every form as its reader sees it, and within Slack's limits whatever the texts.

use super::super::screen::Screen;
use super::super::tests::screens::{assert_screen_within_limits, picture};
use super::*;
use crate::netpol::Warning;
use crate::request::fixtures::{
    DANA, EVE, LEE, MAX, RIA, Town, approve, at, dana_asks, deny as denial, opened, user,
};
use crate::request::{Command, End, Extends, Request, State};
use crate::rules::EmergencyPlan;
use crate::rules::{Group, InputKind};
use crate::units::Seconds;

/// Pictures under headings.
struct Gallery(String);

impl Gallery {
    fn hang(&mut self, heading: &str, screen: &Screen) {
        assert_screen_within_limits(screen);
        self.0 += &format!("== {heading}\n{}\n\n", picture(screen));
    }

    fn more(&mut self, heading: &str, request: &Request, whom: &str) {
        let shown = more(request, request.posts.face, &user(whom));
        self.hang(&format!("more, {heading}"), &shown);
    }
}

fn emergency() -> Town {
    dana_asks().with_way(|way| {
        way.route.emergency = Some(EmergencyPlan {
            by: Group {
                users: vec![DANA.into()],
                ..Group::default()
            },
            max: Seconds::minutes(20),
            tell: "#incidents".into(),
            review: Seconds::hours(24),
        });
        way.route.pass = crate::rules::Pass::Emergency;
        way.emergency = Some(user(DANA));
    })
}

#[test]
fn small_forms_show_what_they_are_about() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    all.hang("deny", &deny(&asked, asked.posts.face));
    let gone = asked.after(5, denial(LEE, &asked));
    all.hang("deny, decided meanwhile", &deny(&gone, 1));
    let open = asked.opened();
    all.hang("extend", &extend(&open));
    let long = dana_asks().lasting(Seconds::minutes(95)).request().opened();
    all.hang("extend, less is left than was asked before", &extend(&long));
    let odd = dana_asks()
        .lasting(Seconds::minutes(117))
        .request()
        .opened();
    all.hang("extend, three minutes are left", &extend(&odd));
    let whole = dana_asks().lasting(Seconds::hours(2)).request().opened();
    all.hang("extend, nothing is left", &extend(&whole));
    let second = dana_asks()
        .with_asked(|asked| {
            asked.extends = Some(Extends {
                emergency: false,
                within: true,
                id: "abcdea".parse().unwrap(),
                until: at(600),
                so_far: Seconds::minutes(45),
                automatic: 0,
            });
        })
        .request();
    all.hang("extend, the second time", &extend(&second.opened()));
    all.hang("extend, too late", &extend(&open.closed(End::Expired)));
    let emergency = emergency().request().opened();
    all.hang("review", &review(&emergency));
    all.hang("review, of no emergency", &review(&open));
    insta::assert_snapshot!("small_forms", all.0);
}

#[test]
fn more_shows_everything_and_asks_only_who_may_answer() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().request();
    all.more("for one who is asked", &asked, LEE);
    all.more("for somebody else", &asked, EVE);
    all.more("for the requester", &asked, DANA);
    let two = dana_asks()
        .need(2)
        .then_security()
        .lasting(Seconds::hours(2))
        .warned(Warning::AddressMayBeRewritten)
        .with_way(|way| {
            way.route.stages[0].repeat = Some(Seconds::hours(24));
            let more = opened("kube-system/Deployment/coredns", "UDP 53");
            way.effect.opens.push(more);
        })
        .request();
    all.more("an approval may count again", &two, LEE);
    let half = two.after(5, approve(LEE, &two));
    all.more("for one who has approved", &half, LEE);
    let second = half.after(6, approve(MAX, &half));
    all.more("second stage, for one of the first", &second, LEE);
    all.more("open", &asked.opened(), LEE);
    all.more("refused", &asked.after(5, denial(LEE, &asked)), LEE);
    insta::assert_snapshot!("more", all.0);
}

/// Inputs of a screen by id.
fn inputs(screen: &Screen) -> Vec<String> {
    let view = serde_json::to_value(screen).unwrap();
    let blocks = view["blocks"].as_array().unwrap().iter();
    let inputs = blocks.filter(|block| block["type"] == "input");
    inputs
        .map(|input| input["block_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn nothing_is_asked_of_those_whose_answer_would_not_count() {
    let repeating = dana_asks()
        .with_way(|way| {
            way.route.stages[0].repeat = Some(Seconds::hours(24));
            way.route.stages[0].quiet = vec![user(RIA)];
        })
        .request();
    for (whom, asked) in [
        (LEE, true),
        (MAX, true),
        (RIA, true),
        (DANA, false),
        (EVE, false),
    ] {
        let shown = inputs(&more(&repeating, 1, &user(whom)));
        let expected: &[&str] = if asked {
            &[id::LENGTH, id::REPEAT]
        } else {
            &[]
        };
        assert_eq!(shown, expected, "{whom}");
    }
    let open = repeating.opened();
    assert!(inputs(&more(&open, 1, &user(LEE))).is_empty());
    assert!(inputs(&review(&open)).is_empty());
    assert!(inputs(&extend(&repeating)).is_empty());
    assert_eq!(inputs(&extend(&open)), [id::LENGTH, id::WHY]);
}

#[test]
fn notes_name_a_request_and_a_picture_and_come_back() {
    let request = dana_asks().request();
    let noted = notes(&request, 7);
    assert_eq!(parse_notes(&noted), Some((request.id, 7)));
    for forged in ["", "k7m3xa", "k7m3xa.7.7", "{}"] {
        assert_eq!(parse_notes(forged), None, "{forged}");
    }
}

#[test]
fn the_longest_texts_fit() {
    let hostile = "<!channel> `x` & <http://x|y> 👩‍💻 \u{202e}".repeat(60);
    let request = dana_asks()
        .then_security()
        .because(&hostile)
        .lasting(Seconds::hours(3))
        .with_asked(|asked| {
            asked.text = hostile.clone();
            asked.cluster = hostile.clone();
            asked.flow.from.label = hostile.clone();
            asked.flow.to.label = hostile.clone();
        })
        .with_way(|way| {
            let mut pair = opened(&hostile, &hostile);
            pair.ports = vec![hostile.clone(); 12];
            way.effect.opens = vec![pair; 150];
            way.route.rule = hostile.clone();
            way.route.max = Seconds::hours(20);
            for stage in &mut way.route.stages {
                stage.name = hostile.clone();
                stage.repeat = Some(Seconds::hours(24));
            }
        })
        .request();
    let mut open = request.clone();
    open.state = State::Active { warned: false };
    open.grant = Some(crate::request::Grant {
        opened_at: at(0),
        expires_at: at(600),
    });
    open.emergency = Some(crate::request::Emergency {
        by: user(&hostile),
        at: at(0),
        review_by: at(900),
        chased: 0,
        review: None,
    });
    let cancelled = request.after(5, Command::Cancel { by: user(DANA) });
    for request in [&request, &open, &cancelled] {
        for screen in [
            deny(request, u32::MAX),
            more(request, u32::MAX, &user(LEE)),
            extend(request),
            review(request),
        ] {
            assert_screen_within_limits(&screen);
            assert!(!picture(&screen).contains('\u{202e}'));
        }
    }
}

fn ask_form() -> ask::AskForm {
    let blank = |name: &str, kind, optional, value: Option<&str>| ask::Blank {
        name: name.into(),
        kind,
        description: Some("where connections come from".into()),
        optional,
        value: value.map(Into::into),
        example: Some("5432".into()),
    };
    ask::AskForm {
        templates: vec![
            (
                "connect".into(),
                "Let one workload reach another on a port".into(),
            ),
            ("debug-ingress".into(), "Let an outside tool in".into()),
        ],
        template: "connect".into(),
        clusters: vec!["prod-eu".into(), "prod-us".into()],
        cluster: Some("prod-eu".into()),
        inputs: vec![
            blank("from", InputKind::Endpoint, false, Some("shop/web")),
            blank("to", InputKind::Endpoint, false, None),
            blank("port", InputKind::Ports, true, None),
            blank("note", InputKind::String, false, Some("two words")),
        ],
        lengths: (Seconds::minutes(1), Seconds::hours(2), Seconds::minutes(30)),
        length: None,
        reason: None,
        pattern: Some("INC-[0-9]+".into()),
        preview: ask::Preview::Waiting,
        notes: "{}".into(),
    }
}

#[test]
fn the_ask_form_shows_what_would_come_of_it() {
    let mut all = Gallery(String::new());
    all.hang("ask", &super::ask(&ask_form()));
    let would = |request: Request| ask::AskForm {
        templates: Vec::new(),
        clusters: Vec::new(),
        length: Some(Seconds::minutes(45)),
        reason: Some("INC-42".into()),
        preview: ask::Preview::Would(Box::new(request)),
        ..ask_form()
    };
    let two = dana_asks().need(2).then_security();
    let two = two.warned(Warning::AddressMayBeRewritten);
    all.hang("ask, would be asked", &super::ask(&would(two.request())));
    let automatic = dana_asks().without_stages().request();
    all.hang("ask, approved by the rule", &super::ask(&would(automatic)));
    let wrong = ask::AskForm {
        preview: ask::Preview::Wrong {
            message: "there is nothing called `orders/bd`".into(),
            hint: Some("did you mean `orders/db`?".into()),
        },
        ..ask_form()
    };
    all.hang("ask, wrong", &super::ask(&wrong));
    insta::assert_snapshot!("ask", all.0);
}

#[test]
fn the_home_tab_shows_what_waits_and_what_is_theirs() {
    let mut all = Gallery(String::new());
    all.hang(
        "home, of somebody new",
        &super::home(&home::Home::default()),
    );
    all.hang("home, of a guest", &home::closed());
    let asked = dana_asks().request();
    let full = home::Home {
        waiting: vec![asked.clone(), dana_asks().need(2).request()],
        waiting_cut: true,
        own: vec![
            asked.clone(),
            asked.approved(),
            asked.opened(),
            asked.opened().closing(End::Done),
            asked.opened().closed(End::Expired),
            asked.after(5, denial(LEE, &asked)),
        ],
        may_ask: vec![(
            "connect".into(),
            "Let one workload reach another".into(),
            vec!["orders".into()],
        )],
    };
    all.hang("home", &super::home(&full));
    insta::assert_snapshot!("home", all.0);
}

#[test]
fn the_fullest_form_and_home_fit() {
    let hostile = "<!channel> `x` & <http://x|y> 👩‍💻 \u{202e}".repeat(60);
    let request = dana_asks()
        .need(2)
        .then_security()
        .because(&hostile)
        .warned(Warning::WideBlock {
            block: hostile.clone(),
        })
        .with_asked(|asked| {
            asked.cluster = hostile.clone();
            asked.flow.from.label = hostile.clone();
            asked.flow.to.label = hostile.clone();
        })
        .request();
    let done = request.after(5, denial(LEE, &request));
    let mut own = vec![request.clone(); 40];
    own.extend(vec![done; 40]);
    let full = home::Home {
        waiting: vec![request.clone(); 40],
        waiting_cut: true,
        own,
        may_ask: vec![(hostile.clone(), hostile.clone(), vec![hostile.clone(); 40]); 40],
    };
    let home = super::home(&full);
    assert_screen_within_limits(&home);
    let last = picture(&home);
    assert!(
        last.lines().last().unwrap().contains("/access help"),
        "nothing was cut off"
    );
    assert!(last.contains("and 34 more"), "{last}");
    let mut form = ask_form();
    form.templates = (0..150)
        .map(|n| (format!("t{n}"), hostile.clone()))
        .collect();
    form.clusters = (0..150).map(|n| format!("c{n}")).collect();
    form.reason = Some(hostile.clone());
    form.pattern = Some(hostile.clone());
    form.notes = "n".repeat(4000);
    form.preview = ask::Preview::Would(Box::new(request));
    for blank in &mut form.inputs {
        blank.value = Some(hostile.clone());
        blank.description = Some(hostile.clone());
        blank.example = Some(hostile.clone());
    }
    assert_screen_within_limits(&super::ask(&form));
}

#[test]
fn the_id_of_an_input_holds_its_kind_and_comes_back() {
    for kind in InputKind::ALL {
        let id = ask::input_id(kind, "from.x-y");
        assert_eq!(ask::parse_input_id(&id), Some((kind, "from.x-y")));
    }
    for other in ["", "in.", "in.x.from", "in.ports.", "why", "in.endpoint"] {
        assert_eq!(ask::parse_input_id(other), None, "{other}");
    }
}
