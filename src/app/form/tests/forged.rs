//! Forms that nobody could have filled in, and what is read of notes and texts.

use super::*;

/// A screen as somebody could forge it.
fn forged(notes: &str, entered: &[(&str, &str)]) -> OnScreen {
    let entered = entered.iter().map(|(action, text)| {
        let one = crate::slack::Entered::One((*text).to_owned());
        ((*action).to_owned(), one)
    });
    OnScreen {
        id: "V1".into(),
        root: "V1".into(),
        hash: String::new(),
        callback: id::ASK.into(),
        notes: notes.into(),
        is_home: false,
        entered: entered.collect(),
    }
}

/// A template with a text input.
fn with_notes() -> crate::rules::RuleSet {
    let note = "apiVersion: drawbridge.dev/v1alpha1\nkind: AccessTemplate\nmetadata: {name: note}\n\
        spec:\n  summary: x\n  inputs: {from: {type: endpoint}, to: {type: workload}, note: {type: string}}\n  \
        duration: {default: 30m, min: 1m, max: 4h}\n  \
        gate: {connect: {from: \"${from}\", to: \"${to}\"}}\n";
    let mut files = crate::rules::embedded();
    files.push(("note.yaml".to_owned(), note.to_owned()));
    let (rules, problems) = crate::rules::load(&files);
    assert!(rules.template("note").is_some(), "{problems:?}");
    rules
}

type Entries = Vec<(&'static str, &'static str)>;

/// What is in the form, and the input that is marked.
fn wrong_forms() -> Vec<(Entries, &'static str)> {
    let long: &str = "y".repeat(600).leak();
    let (from, to) = ("in.endpoint.from", "in.workload.to");
    vec![
        (
            vec![(from, "!none"), (to, "orders/db"), ("in.string.note", "x")],
            from,
        ),
        (
            vec![(from, "shop/web"), (to, "!more"), ("in.string.note", "x")],
            to,
        ),
        (
            vec![
                (from, "shop/web to orders/db"),
                (to, "orders/db"),
                ("in.string.note", "x"),
            ],
            from,
        ),
        (
            vec![
                (from, "shop/web"),
                (to, "203.0.113.7"),
                ("in.string.note", "x"),
            ],
            to,
        ),
        (vec![(to, "orders/db")], from),
        (
            vec![(from, "shop/web"), (to, "orders/db")],
            "in.string.note",
        ),
        (
            vec![
                (from, "shop/web"),
                (to, "orders/db"),
                ("in.string.note", "a\" to=vault/api x='b"),
            ],
            "in.string.note",
        ),
        (
            vec![
                (from, "shop/web"),
                (to, "orders/db"),
                ("in.string.note", "x"),
                ("cluster", "elsewhere"),
            ],
            id::CLUSTER,
        ),
        (
            vec![
                (from, "shop/web"),
                (to, "orders/db"),
                ("in.string.note", "x"),
                (id::WHY, long),
            ],
            id::WHY,
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_form_says_nothing_that_could_not_be_typed() {
    let scene = Scene::open().await;
    let parts = scene.0.parts().unwrap();
    parts.put_in_force(Arc::new(with_notes()));
    for (mut entered, block) in wrong_forms() {
        entered.push((id::TEMPLATE, "note"));
        let screen = forged("", &entered);
        let inbound = Inbound {
            key: "forged".to_owned(),
            by: crate::rules::UserId(scene.0.slack.person("dana").unwrap().id),
            team: None,
            what: crate::slack::What::OpenedHome,
        };
        let Ack::Wrong(marked) = submitted(&parts, &inbound, &screen).await.unwrap() else {
            panic!("{entered:?}");
        };
        let blocks: Vec<&str> = marked.keys().map(String::as_str).collect();
        assert_eq!(blocks, [block], "{marked:?}");
    }
    assert!(scene.newest().await.is_none());
    scene.close().await;
}

fn prefilled(text: &str) -> State {
    let files = crate::rules::embedded();
    let (rules, problems) = crate::rules::load(&files);
    assert!(!rules.sealed(), "{problems:?}");
    let mut state = State {
        template: "connect".into(),
        cluster: Some("prod-eu".into()),
        inputs: BTreeMap::new(),
        length: None,
        reason: None,
        origin: Origin::Direct,
    };
    prefill::put(&rules, &mut state, Prefill::Text(text.to_owned()));
    state
}

#[test]
fn whatever_can_be_read_of_a_text_is_in_the_form() {
    for (text, from, to, port, reason) in [
        (
            "shop/web to orders/db:5432 form 30m because INC-42",
            Some("shop/web"),
            Some("orders/db"),
            Some("5432"),
            Some("INC-42"),
        ),
        (
            "please give shop/web access orders/db:5432 asap for 10m because INC-42",
            Some("shop/web"),
            Some("orders/db"),
            Some("5432"),
            Some("INC-42"),
        ),
        ("hello there", None, None, None, None),
        ("", None, None, None, None),
    ] {
        let state = prefilled(text);
        let value = |name: &str, kind| state.value(kind, name);
        assert_eq!(value("from", InputKind::Endpoint), from, "{text}");
        assert_eq!(value("to", InputKind::Endpoint), to, "{text}");
        assert_eq!(value("port", InputKind::Ports), port, "{text}");
        assert_eq!(state.reason.as_deref(), reason, "{text}");
    }
}

#[test]
fn notes_come_back_fit_and_name_only_threads() {
    let screen = |notes: String| forged(&notes, &[]);
    let mut state = prefilled("shop/web to orders/db:5432");
    state.origin = Origin::Thread {
        channel: "C0PAY".into(),
        ts: "1767603600.000100".into(),
    };
    let read = |notes: String| state::origin_of(&screen(notes));
    assert_eq!(read(state.notes()), state.origin);
    let id = form::ask::input_id(InputKind::String, "note");
    state.inputs.insert(id, "x".repeat(4000));
    assert!(state.notes().len() <= 3000);
    assert_eq!(read(state.notes()), state.origin);
    for forged in [
        "",
        "[]",
        "{",
        r#"{"thread":["U0LEE","1.1"]}"#,
        r#"{"thread":["C1","now"]}"#,
        r#"{"thread":["C1/../x","1.1"]}"#,
        r#"{"thread":["C1"]}"#,
    ] {
        assert_eq!(read(forged.to_owned()), Origin::Direct, "{forged}");
    }
}
