//! Properties of the whole grammar, on generated phrases, on near misses of them, and on noise.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{endpoint, phrase, ports};
use crate::grammar::{LONGEST_REASON, LONGEST_TEXT, Target, parse, reason, scrub};

/// Words that mean something.
const WORDS: [&str; 58] = [
    "shop/web",
    "orders/db:5432",
    "db.orders.svc:5432",
    "203.0.113.7/24",
    "[2001:db8::1]:443",
    "shop/app=web,tier=",
    "postgres://u:p@db/x",
    "<http://db.orders|db.orders>",
    "to",
    "->",
    "→",
    "for",
    "form",
    "until",
    "on",
    "because",
    "becuase",
    "using",
    "mine",
    "show",
    "k7m3xq",
    "extend",
    "emergency",
    "again",
    "history",
    "incident",
    "open",
    "close",
    "away",
    "back",
    "review",
    "2026-12-24",
    "24 Dec 2026",
    "24.12.2026",
    "<@U123>",
    "<@U123|lee",
    "@lee",
    "30m",
    "20",
    "minutes",
    "half",
    "18:00",
    "6pm",
    "prod",
    "a=b",
    "a=\"b",
    "c\"",
    "a=",
    "=",
    ",",
    "5432,",
    "9187",
    ":",
    "`",
    "é",
    "please",
    "reach",
    "-5m",
];

/// Such words, thrown together in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = select(&WORDS[..]);
    vec((words, select(vec![" ", "", "\n", "\u{a0}", ", "])), 0..12).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(word, gap)| [word, gap])
            .collect()
    })
}

/// A phrase with one slip of the finger.
fn near_miss() -> impl Strategy<Value = String> {
    let slip = prop_oneof![Just(String::new()), "[ /:.,=@<>`\"a-z0-9→é-]"];
    (phrase(), any::<prop::sample::Index>(), 0..3_usize, slip).prop_map(
        |(phrase, place, removed, inserted)| {
            let text: Vec<char> = phrase.to_string().chars().collect();
            let place = place.index(text.len() + 1);
            let after = (place + removed).min(text.len());
            let (head, tail) = (&text[..place], &text[after..]);
            head.iter().collect::<String>() + &inserted + &tail.iter().collect::<String>()
        },
    )
}

/// What holds for every answer to every text.
fn check(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(phrase) => {
            let again = parse(&phrase.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&phrase), "{:?} as {}", text, phrase);
        }
        Err(error) => {
            prop_assert!(
                text.get(error.span.clone()).is_some(),
                "{:?} {:?}",
                text,
                error
            );
            prop_assert!(!error.message.is_empty() && !error.message.ends_with('.'));
            let pointing = error.pointing(text);
            prop_assert_eq!(pointing.lines().count(), 2, "{:?}", pointing);
            if let Some(nearest) = &error.nearest {
                let read = parse(nearest).map(|phrase| phrase.to_string());
                prop_assert_eq!(read.as_ref(), Ok(nearest), "nearest to {:?}", text);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_canonical_form_parses_back_to_the_same_phrase(phrase in phrase()) {
        let text = phrase.to_string();
        // Values that only look like credentials or links are dropped; no typed phrase has them.
        prop_assume!(scrub(&text) == text);
        prop_assert_eq!(parse(&text), Ok(phrase), "{}", text);
    }

    #[test]
    fn endpoints_and_ports_parse_alone(endpoint in endpoint(), ports in option::of(ports())) {
        prop_assert_eq!(endpoint.to_string().parse(), Ok(endpoint.clone()));
        if let Some(ports) = &ports {
            prop_assert_eq!(ports.to_string().parse(), Ok(ports.clone()));
        }
        let target = Target { endpoint, ports };
        prop_assert_eq!(target.to_string().parse(), Ok(target));
    }

    #[test]
    fn noise_gets_a_well_formed_answer(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn printable_noise_after_an_ask_gets_a_well_formed_answer(text in "\\PC{0,40}") {
        check(&text)?;
        check(&format!("shop/web to orders/db {text}"))?;
        check(&format!("using connect {text}"))?;
        for begin in ["extend k7m3xq", "history orders/db", "emergency", "incident", "review k7m3xq"] {
            check(&format!("{begin} {text}"))?;
        }
        for begin in ["incident open", "away", "away to", "away until", "away to <@U1", "away for"] {
            check(&format!("{begin} {text}"))?;
        }
    }

    #[test]
    fn any_order_of_words_gets_a_well_formed_answer(text in soup()) {
        check(&text)?;
    }

    #[test]
    fn near_misses_get_a_well_formed_answer(text in near_miss()) {
        check(&text)?;
    }

    #[test]
    fn scrubbing_twice_changes_nothing(text in prop_oneof![soup(), "[a-z:/@?<>|=.& ]{0,40}"]) {
        let once = scrub(&text);
        prop_assert_eq!(scrub(&once), once.clone());
    }
}

/// Every way to paste a login, around a password that begins with "hush" and ends with "psst".
fn login(scheme: &str, inside: &str) -> String {
    let secret = format!("Hush{inside}Psst");
    match scheme {
        // A word with `://` in it is taken for a URL; no password without a scheme is found there.
        "" => format!("dana:{}@db.orders:5432", secret.replace("://", "")),
        scheme => format!("{scheme}://dana:{secret}@db.orders:5432/x?sslmode=require"),
    }
}

proptest! {
    #[test]
    fn credentials_never_leave_the_parser(
        scheme in select(vec!["", "postgres", "https", "redis", "jdbc:postgresql", "mongodb+srv"]),
        inside in "[A-Za-z0-9:@/?#%!$&*+,=._~-]{0,12}",
        place in select(vec![
            "LOGIN to orders/db", "shop/web to LOGIN", "shop/web to LOGIN form 30m",
            "shop/web to `LOGIN` for 30m", "shop/web LOGIN", "LOGIN", "show LOGIN",
            "shop/web to <LOGIN>", "shop/web to orders/db because LOGIN is slow",
            "shop/web to orders/db LOGIN", "shop/web to orders/db on LOGIN", "hello LOGIN",
            "using connect to=LOGIN", "using connect to=\"LOGIN\" x", "using LOGIN",
            "revoke k7m3xq because \"LOGIN\"", "extend LOGIN", "reach shop/web to (LOGIN)",
            "extend k7m3xq LOGIN", "extend k7m3xq 30m LOGIN", "history LOGIN", "history orders/db LOGIN",
            "emergency LOGIN", "emergency shop/web to LOGIN", "emergency using x to=LOGIN",
            "incident LOGIN", "incident open LOGIN is slow", "incident open because LOGIN",
            "away LOGIN", "away until LOGIN to <@U1>", "away to LOGIN", "away to <@LOGIN>",
            "away to <@U1|LOGIN> for 3d", "review k7m3xq LOGIN", "review k7m3xq because LOGIN", "back LOGIN",
        ]),
    ) {
        let text = place.replace("LOGIN", &login(scheme, &inside));
        let answer = parse(&text);
        let pointing = answer.as_ref().err().map(|error| error.pointing(&text));
        let written = answer.as_ref().ok().map(ToString::to_string);
        let seen = format!("{answer:?} {pointing:?} {written:?} {}", scrub(&text)).to_lowercase();
        prop_assert!(!seen.contains("hush") && !seen.contains("psst"), "{} {}", text, seen);
    }
}

#[test]
fn a_reason_is_cut_off_by_an_error_and_not_silently() {
    let text = |length| format!("shop/web to orders/db because {}", "é".repeat(length));
    assert!(parse(&text(LONGEST_REASON)).is_ok());
    let error = parse(&text(LONGEST_REASON + 12)).unwrap_err();
    assert_eq!(
        error.message,
        "the reason has 512 characters, 500 are the most"
    );
    assert_eq!(&text(LONGEST_REASON + 12)[error.span], "é".repeat(12));
    assert_eq!(reason(" a\nb\u{7} ").as_deref(), Ok("a b"));
    assert!(reason(" \n ").is_err());
}

#[test]
fn a_text_that_no_one_typed_is_refused_at_once() {
    let text = "é".repeat(LONGEST_TEXT + 6_000);
    let error = parse(&text).unwrap_err();
    assert_eq!(error.span, 2 * LONGEST_TEXT..text.len());
    assert_eq!(error.nearest, None);
    assert!(error.pointing(&text).len() < 1_000);
    // Deeply nested wrappers are the slowest text there is to clean.
    let nested = "<a://".repeat(LONGEST_TEXT / 6) + &">".repeat(LONGEST_TEXT / 6);
    assert!(parse(&nested).is_err());
}
