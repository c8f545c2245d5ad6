//! Properties of the whole grammar, on generated phrases, on near misses of them, and on noise.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::grammar::{
    Ask, Endpoint, Kind, LONGEST_REASON, LONGEST_TEXT, Length, Phrase, PortAsk, PortRef, Ports,
    Protocol, Target, TemplateAsk, Terms, parse, reason, scrub,
};
use crate::id::{RequestId, Shard};
use crate::units::Seconds;

fn label() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?".prop_filter("an address looks like this", |label| {
        label.contains(|c: char| c.is_ascii_lowercase())
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    // No service: it cannot be a source.
    select(vec![
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::Job,
        Kind::CronJob,
        Kind::Pod,
    ])
}

fn labels() -> impl Strategy<Value = BTreeMap<String, String>> {
    let key = "([a-z]{1,6}\\.[a-z]{1,6}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?";
    btree_map(key, "([A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?)?", 1..4)
}

fn address() -> impl Strategy<Value = Endpoint> {
    let v4 = (any::<[u8; 4]>(), 0..=32_u8).prop_map(|(a, prefix)| (a.into(), prefix));
    let v6 = (any::<[u8; 16]>(), 0..=128_u8).prop_map(|(a, prefix)| (a.into(), prefix));
    prop_oneof![v4, v6].prop_map(|(address, prefix): (std::net::IpAddr, u8)| {
        Endpoint::Address(ipnet::IpNet::new(address, prefix).unwrap().trunc())
    })
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let name = vec(label(), 1..3).prop_map(|labels| labels.join("."));
    prop_oneof![
        (label(), option::of(kind()), name).prop_map(|(namespace, kind, name)| Endpoint::Named {
            namespace,
            kind,
            name
        }),
        (label(), labels()).prop_map(|(namespace, labels)| Endpoint::Labels { namespace, labels }),
        address(),
    ]
}

fn port() -> impl Strategy<Value = PortAsk> {
    let protocol = select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Sctp]);
    let numbered = prop_oneof![
        (1..=u16::MAX).prop_map(PortRef::Number),
        (1..u16::MAX)
            .prop_flat_map(|first| (Just(first), first + 1..=u16::MAX))
            .prop_map(|(first, last)| PortRef::Range(first, last)),
    ];
    let named = "[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5})?".prop_map(PortRef::Name);
    prop_oneof![
        (numbered, protocol.clone()).prop_map(|(port, protocol)| (port, Some(protocol))),
        (named, option::of(protocol)),
    ]
    .prop_map(|(port, protocol)| PortAsk { port, protocol })
}

fn ports() -> impl Strategy<Value = Ports> {
    vec(port(), 1..5).prop_map(Ports::new)
}

fn terms() -> impl Strategy<Value = Terms> {
    let cluster = label();
    let length = prop_oneof![
        (1..=crate::grammar::length::LONGEST.0).prop_map(|n| Length::For(Seconds(n))),
        (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| Length::Until { hour, minute }),
    ];
    let reason = "\\PC{1,60}".prop_filter_map("an empty reason", |text| reason(&text).ok());
    (option::of(cluster), option::of(length), option::of(reason)).prop_map(
        |(cluster, length, reason)| Terms {
            cluster,
            length,
            reason,
        },
    )
}

fn ask() -> impl Strategy<Value = Ask> {
    (endpoint(), endpoint(), option::of(ports()), terms()).prop_map(|(from, to, ports, terms)| {
        Ask {
            from,
            to,
            ports,
            terms,
        }
    })
}

fn template_ask() -> impl Strategy<Value = TemplateAsk> {
    let value = prop_oneof!["[a-z/=\"',;:` ]{0,12}", "\\PC{0,12}"]
        .prop_filter("what was typed has one kind of mark around it", |value| {
            !(value.contains('"') && value.contains('\''))
        });
    let inputs = btree_map("[a-z][a-zA-Z0-9_.-]{0,6}", value, 0..4);
    (label(), inputs, terms()).prop_map(|(template, inputs, terms)| TemplateAsk {
        template,
        inputs,
        terms,
    })
}

fn phrase() -> impl Strategy<Value = Phrase> {
    let id = any::<[u8; 5]>().prop_map(|draw| RequestId::from_draw(draw, Shard::of_key("x")));
    let reason = "[!-~]{1,20}".prop_filter_map("an empty reason", |text| reason(&text).ok());
    prop_oneof![
        4 => ask().prop_map(Phrase::Ask),
        2 => template_ask().prop_map(Phrase::Using),
        1 => ask().prop_map(Phrase::Reach),
        1 => ask().prop_map(Phrase::Approvers),
        1 => select(vec![Phrase::Mine, Phrase::Help]),
        1 => id.clone().prop_map(Phrase::Show),
        1 => id.clone().prop_map(Phrase::Done),
        1 => id.clone().prop_map(Phrase::Cancel),
        1 => (id, option::of(reason)).prop_map(|(id, reason)| Phrase::Revoke { id, reason }),
    ]
}

/// Words that mean something, thrown together in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = select(vec![
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
    ]);
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
