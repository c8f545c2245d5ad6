//! Every value that the grammar can write, for properties. Nothing is checked here.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::grammar::{
    Ask, Asking, Endpoint, Incident, Kind, Length, Phrase, PortAsk, PortRef, Ports, Protocol,
    TemplateAsk, Terms, Until, reason,
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

pub(super) fn endpoint() -> impl Strategy<Value = Endpoint> {
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

pub(super) fn ports() -> impl Strategy<Value = Ports> {
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

fn id() -> impl Strategy<Value = RequestId> + Clone {
    any::<[u8; 5]>().prop_map(|draw| RequestId::from_draw(draw, Shard::of_key("x")))
}

fn words() -> impl Strategy<Value = String> + Clone {
    prop_oneof!["[!-~]{1,20}", "(because|to|for|\\PC| ){1,9}"]
        .prop_filter_map("an empty reason", |text| reason(&text).ok())
}

fn seconds() -> impl Strategy<Value = Seconds> + Clone {
    (1..=crate::grammar::length::LONGEST.0).prop_map(Seconds)
}

fn until() -> impl Strategy<Value = Until> {
    let day = (2000..=2199_i32, 1..=366_u32).prop_filter_map("no such day", |(year, day)| {
        chrono::NaiveDate::from_yo_opt(year, day)
    });
    prop_oneof![
        seconds().prop_map(Until::For),
        (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| Until::Time { hour, minute }),
        day.prop_map(Until::Day),
    ]
}

fn incident() -> impl Strategy<Value = Incident> {
    prop_oneof![
        option::of(words()).prop_map(|title| Incident::Open { title }),
        select(vec![Incident::Close, Incident::Timeline]),
    ]
}

/// The phrases that came after the first version.
fn later_phrase() -> impl Strategy<Value = Phrase> {
    prop_oneof![
        ask().prop_map(|ask| Phrase::Emergency(Asking::Plain(ask))),
        template_ask().prop_map(|ask| Phrase::Emergency(Asking::Using(ask))),
        (id(), seconds(), option::of(words())).prop_map(|(id, length, reason)| Phrase::Extend {
            id,
            length,
            reason
        }),
        (endpoint(), option::of(seconds()))
            .prop_map(|(target, since)| Phrase::History { target, since }),
        incident().prop_map(Phrase::Incident),
        (until(), "[UW][A-Z0-9]{1,11}").prop_map(|(until, to)| Phrase::Away { until, to }),
        (id(), option::of(words())).prop_map(|(id, words)| Phrase::Review { id, words }),
        select(vec![Phrase::Again, Phrase::Back, Phrase::Form]),
    ]
}

pub(super) fn phrase() -> impl Strategy<Value = Phrase> {
    let id = id();
    let reason = words();
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
        8 => later_phrase(),
    ]
}
