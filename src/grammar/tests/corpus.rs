//! Checks `corpus.txt`: a table of texts with what each means, or why it is not understood.

use std::fmt::Write as _;

use crate::grammar::{ParseError, Phrase, parse};

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
        Ok(phrase) => format!("= {phrase}\n"),
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
            let Some(text) = line.strip_prefix("= ").or(line.strip_prefix("~ ")) else {
                continue;
            };
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
    assert_eq!(parse(""), Ok(Phrase::Help));
    let id = "k7m3xq".parse().unwrap();
    assert_eq!(parse("show K7M3XQ"), Ok(Phrase::Show(id)));
}
