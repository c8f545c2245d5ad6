//! Checks `corpus.txt`: a table of texts with what each means, or why it is not understood.

use std::fmt::Write as _;

use crate::grammar::{Asking, Incident, ParseError, Phrase, Until, parse};
use crate::units::Seconds;

const CORPUS: &str = include_str!("../corpus.txt");

/// One text of the corpus with what is expected of it, as it stands in the file.
struct Case {
    line: usize,
    text: String,
    expected: String,
}

/// Blocks that begin with `>`; comments and empty lines between them do not count.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in CORPUS.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(text) = line.strip_prefix('>') {
            cases.push(Case {
                line: index + 1,
                text: unescape(text.strip_prefix(' ').unwrap_or(text)),
                expected: String::new(),
            });
        } else {
            let case = cases.last_mut().expect("the corpus begins with a text");
            writeln!(case.expected, "{line}").unwrap();
        }
    }
    cases
}

/// `\n`, `\t` and `\u{a0}` stand for characters that cannot be seen.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(code) = after.strip_prefix("u{") {
            let (code, after) = code.split_once('}').unwrap();
            out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            rest = after;
        } else {
            let (escaped, after) = after.split_at(1);
            out.push(match escaped {
                "n" => '\n',
                "t" => '\t',
                other => panic!("unknown escape \\{other}"),
            });
            rest = after;
        }
    }
    out + rest
}

/// What the parser answers, in the corpus' notation.
fn answer(text: &str) -> String {
    match parse(text) {
        Ok(phrase) => format!("= {phrase}").trim_end().to_owned() + "\n",
        Err(error) => error_lines(text, &error),
    }
}

fn error_lines(text: &str, error: &ParseError) -> String {
    let spot = &text[error.span.clone()];
    let mut lines = format!("! {}\n^ {}\n", error.message, spot.escape_debug())
        .replace("\\'", "'")
        .replace("\\\"", "\"");
    if let Some(hint) = &error.hint {
        writeln!(lines, "? {hint}").unwrap();
    }
    if let Some(nearest) = &error.nearest {
        writeln!(lines, "~ {nearest}").unwrap();
    }
    lines.replace(" \n", "\n")
}

#[test]
fn every_text_of_the_corpus_gets_its_answer() {
    let mut failures = String::new();
    for case in cases() {
        let answer = answer(&case.text);
        if answer != case.expected {
            let (line, expected) = (case.line, &case.expected);
            writeln!(
                failures,
                "corpus.txt:{line}: {}\nexpected\n{expected}got\n{answer}",
                case.text
            )
            .unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn the_corpus_is_large_and_its_answers_read_back() {
    let cases = cases();
    assert!(cases.len() >= 120, "{} texts", cases.len());
    for case in &cases {
        for line in case.expected.lines() {
            let Some(text) = line.strip_prefix('=').or(line.strip_prefix("~ ")) else {
                continue;
            };
            let text = text.strip_prefix(' ').unwrap_or(text);
            let read = parse(text).map(|phrase| phrase.to_string());
            assert_eq!(read.as_deref(), Ok(text), "corpus.txt:{}", case.line);
        }
    }
}

#[test]
fn the_phrases_of_the_design_mean_what_they_say() {
    let Ok(Phrase::Ask(ask)) = parse("payments/api to orders/db:5432 for 30m because INC-42")
    else {
        panic!("a plain ask");
    };
    assert_eq!(ask.from.namespace(), Some("payments"));
    assert_eq!(ask.ports.map(|ports| ports.0.len()), Some(1));
    assert_eq!(parse(""), Ok(Phrase::Form));
    assert_eq!(parse("help"), Ok(Phrase::Help));
    let id = "k7m3xq".parse().unwrap();
    assert_eq!(parse("show K7M3XQ"), Ok(Phrase::Show(id)));
}

#[test]
fn the_phrases_about_one_request_mean_what_they_say() {
    let id = || "k7m3xq".parse().unwrap();
    let length = Seconds::minutes(30);
    for (text, reason) in [
        ("extend k7m3xq for 30m because INC-42", Some("INC-42")),
        ("extend k7m3xq 30 minutes because INC-42", Some("INC-42")),
        ("extend k7m3xq half an hour", None),
    ] {
        let reason = reason.map(str::to_owned);
        assert_eq!(
            parse(text),
            Ok(Phrase::Extend {
                id: id(),
                length,
                reason
            }),
            "{text}"
        );
    }
    let words = Some("a rollback, as planned".to_owned());
    assert_eq!(
        parse("review k7m3xq because a rollback, as planned"),
        Ok(Phrase::Review { id: id(), words })
    );
    assert_eq!(
        parse("review k7m3xq"),
        Ok(Phrase::Review {
            id: id(),
            words: None
        })
    );
}

#[test]
fn an_absence_says_until_when_and_who_decides_instead() {
    let day = "2026-12-24".parse().unwrap();
    for (text, until) in [
        ("until 2026-12-24", Until::Day(day)),
        (
            "until 18:00",
            Until::Time {
                hour: 18,
                minute: 0,
            },
        ),
        ("for 3 days", Until::For(Seconds::hours(72))),
    ] {
        let to = "U123".to_owned();
        let away = Ok(Phrase::Away { until, to });
        assert_eq!(parse(&format!("away {text} to <@U123>")), away);
        assert_eq!(parse(&format!("away to <@U123|lee> {text}")), away);
    }
    assert_eq!(parse("back"), Ok(Phrase::Back));
}

#[test]
fn an_emergency_holds_the_ask_that_follows() {
    let ask = "shop/web to orders/db:5432 for 30m because INC-42";
    let Ok(Phrase::Ask(plain)) = parse(ask) else {
        panic!("a plain ask");
    };
    assert_eq!(
        parse(&format!("emergency {ask}")),
        Ok(Phrase::Emergency(Asking::Plain(plain)))
    );
    let ask = "using vault-read note=\"a -> b\" for 30m";
    let Ok(Phrase::Using(using)) = parse(ask) else {
        panic!("an ask with a template");
    };
    assert_eq!(
        parse(&format!("Emergency: {ask}")),
        Ok(Phrase::Emergency(Asking::Using(using)))
    );
}

#[test]
fn a_history_and_an_incident_mean_what_they_say() {
    let target = "orders/db".parse::<crate::grammar::Endpoint>().unwrap();
    for (text, since) in [
        ("history orders/db 7d", Some(Seconds::hours(168))),
        ("history orders/db", None),
    ] {
        let target = target.clone();
        assert_eq!(parse(text), Ok(Phrase::History { target, since }), "{text}");
    }
    let opened = |title: Option<&str>| {
        let title = title.map(str::to_owned);
        Ok(Phrase::Incident(Incident::Open { title }))
    };
    assert_eq!(parse("incident open"), opened(None));
    assert_eq!(
        parse("incident open orders are slow"),
        opened(Some("orders are slow"))
    );
    assert_eq!(
        parse("incident open because orders are slow"),
        opened(Some("orders are slow"))
    );
    assert_eq!(
        parse("incident close"),
        Ok(Phrase::Incident(Incident::Close))
    );
    assert_eq!(
        parse("incident timeline"),
        Ok(Phrase::Incident(Incident::Timeline))
    );
    assert_eq!(parse("again"), Ok(Phrase::Again));
}
