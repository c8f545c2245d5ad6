//! What people type.

use std::time::Duration;

use chrono::DateTime;
use drawbridge::grammar::{
    Endpoint, LONGEST_REASON, LONGEST_TEXT, ParseError, Ports, Target as To, parse, reason, scrub,
    until_end_of,
};
use drawbridge::id::RequestId;

use super::driver::Target;
use super::seeds::Seeds;

pub(crate) const PHRASES: Target = Target {
    name: "",
    run: phrases,
    seeds: &[
        Seeds::Lines("src/grammar/corpus.txt", "> "),
        Seeds::Lines("src/grammar/corpus.txt", "= "),
    ],
    words: &[
        "shop/web",
        " to ",
        "->",
        "→",
        " for ",
        "30m",
        "1h",
        " on ",
        " because ",
        " until ",
        "18:00",
        "2026-12-24",
        "using ",
        "a=",
        "a=\"",
        "\\",
        ",",
        ":5432",
        "80-90",
        "/udp",
        "`",
        "*",
        "<a://",
        "<@U1|",
        ">",
        "postgres://u:p@",
        "@",
        "?a=",
        "&",
        "[::1]:",
        "1.2.3.4/8",
        "extend k7m3xq",
        "away ",
        "history ",
        "reach ",
        "incident open ",
        "emergency ",
        "%41",
        "approvers ",
        "again ",
        "\n",
        "é",
    ],
    largest: 100_000,
    a_byte: Duration::from_micros(20),
    memory: 4 * 1024 * 1024,
};

fn phrases(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.as_ref();
    match parse(text) {
        Ok(phrase) => {
            assert!(
                text.chars().count() <= LONGEST_TEXT,
                "(bounded) a long text is read"
            );
            let again = parse(&phrase.to_string());
            assert_eq!(again.as_ref(), Ok(&phrase), "(reads back) phrase");
        }
        Err(error) => {
            placed(text, &error);
            if let Some(nearest) = &error.nearest {
                let read = parse(nearest).map(|phrase| phrase.to_string());
                assert_eq!(read.as_ref(), Ok(nearest), "(reads back) nearest");
            }
        }
    }
    parts(text);
    let once = scrub(text);
    assert_eq!(scrub(&once), once, "(settled) scrubbed twice");
}

/// What is refused says where and why.
fn placed(text: &str, error: &ParseError) {
    assert!(text.get(error.span.clone()).is_some(), "(placed) {error:?}");
    assert!(!error.message.is_empty(), "(says why)");
    assert!(
        !error.message.ends_with('.'),
        "(says why) {}",
        error.message
    );
    let pointing = error.pointing(text);
    assert!(pointing.chars().count() < 1_000, "(short) {pointing}");
}

/// What is typed into fields and flags.
fn parts(text: &str) {
    match text.parse::<Endpoint>() {
        Ok(end) => assert_eq!(end.to_string().parse().as_ref(), Ok(&end), "(reads back)"),
        Err(error) => placed(text, &error),
    }
    match text.parse::<To>() {
        Ok(to) => assert_eq!(to.to_string().parse().as_ref(), Ok(&to), "(reads back)"),
        Err(error) => placed(text, &error),
    }
    match text.parse::<Ports>() {
        Ok(ports) => assert_eq!(
            ports.to_string().parse().as_ref(),
            Ok(&ports),
            "(reads back)"
        ),
        Err(error) => placed(text, &error),
    }
    match reason(text) {
        Ok(why) => {
            assert!(why.chars().count() <= LONGEST_REASON, "(bounded) reason");
            assert_eq!(reason(&why).as_ref(), Ok(&why), "(settled) reason");
        }
        Err(error) => placed(text, &error),
    }
    if let Ok(id) = text.parse::<RequestId>() {
        assert_eq!(id.to_string().parse().as_ref(), Ok(&id), "(reads back) id");
    }
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    if let Ok(day) = text.parse() {
        let _ = until_end_of(day, now, Some("Europe/Berlin"));
    }
}
