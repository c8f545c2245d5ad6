//! One of every fact, and ledgers made of them.

use serde_json::json;

use super::chain::{Head, Linked, link, link_own};
use super::{Actor, End, Event, Fact, RuleRef, SettingRef, Voter};
use crate::id::{RequestId, Shard};
use crate::rules::{TeamId, UserId};
use crate::units::{Seconds, Time};

pub(crate) const CHAIN: &str = "5ca1ab1e00000000000000000000000f";

fn user(id: &str) -> UserId {
    UserId(id.to_owned())
}

pub(crate) fn at(seconds: u64) -> Time {
    Seconds(seconds).after("2026-03-02T09:00:00Z".parse().unwrap())
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// One of each; `asked`, `opened` and so on with everything filled.
#[expect(clippy::too_many_lines, reason = "a table: one row per fact")]
pub(crate) fn facts() -> Vec<Fact> {
    let id: RequestId = "k7m3xq".parse().unwrap();
    let voter = Some(Voter {
        team: Some(TeamId(text("T0ACME"))),
        email: Some(text("lee@example.org")),
        name: Some(text("Lee \u{1F309} \"the bridge\"")),
    });
    let mut all = vec![
        Fact::Asked {
            flow: text("shop/web to orders/db:5432"),
            cluster: text("prod-eu"),
            seconds: Seconds::minutes(30),
            rule: text("orders"),
            rule_digest: "ab".repeat(32),
            typed_reason: Some(text("INC-42 =slow\tqueries\u{7f}\u{2028}")),
            template: text("connect"),
            stages: vec![text("owners")],
            extends: Some(id.clone()),
        },
        Fact::Refused {
            flow: text("a/b to c/d:1"),
            cluster: text("prod-eu"),
            because: text("no rule"),
            typed_reason: None,
        },
        Fact::Approved {
            stage: text("owners"),
            right: Some(text("escalated")),
            shortened: Some(Seconds(60)),
            lasts_until: Some(at(1)),
            voter: voter.clone(),
        },
        Fact::Granted,
        Fact::Denied {
            because: Some(text("rules")),
            typed_reason: Some(text("use the replica")),
            voter,
        },
        Fact::Cancelled,
        Fact::Lapsed,
        Fact::Reminded,
        Fact::Attempted {
            expires_at: at(7),
            objects: vec![text("orders/drawbridge-k7m3xq-1")],
            policies: vec![json!({"spec": {"ports": [{"port": 5432, "endPort": -1}], "x": null}})],
        },
        Fact::Attempted {
            expires_at: at(7),
            objects: vec![text("orders/drawbridge-k7m3xq-1")],
            policies: vec![json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "namespace": "orders", "name": "drawbridge-k7m3xq-1",
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"}],
            })],
        },
        Fact::Opened { expires_at: at(9) },
        Fact::NotOpened {
            problem: text("away"),
        },
        Fact::Warned,
        Fact::Closing {
            why: text("done"),
            typed_reason: Some(text("thanks")),
        },
        Fact::NotClosed {
            problem: text("away"),
        },
        Fact::Closed { why: text("done") },
        Fact::Automatic {
            because: text("small"),
        },
        Fact::Recalled {
            stage: text("owners"),
            by: user("U0LEE"),
            on: id.clone(),
        },
        Fact::Forgotten,
        Fact::Escalated {
            asked: vec![user("U0MIA")],
        },
        Fact::Emergency {
            skipped: vec![text("owners")],
            seconds: Seconds(900),
            review_by: at(86_400),
        },
        Fact::Chased,
        Fact::Reviewed {
            typed_words: Some(text("fine")),
        },
        Fact::Unreviewed,
        Fact::Extended {
            by: id.clone(),
            until: at(99),
        },
        Fact::Away {
            to: user("U0LEE"),
            until: at(99),
        },
        Fact::Back,
    ];
    all.extend(later_facts(id));
    all
}

#[expect(clippy::too_many_lines, reason = "a table: one row per fact")]
fn later_facts(id: RequestId) -> Vec<Fact> {
    vec![
        Fact::IncidentOpened {
            channel: text("C0INC"),
            typed_title: Some(text("down")),
        },
        Fact::IncidentClosed {
            channel: text("C0INC"),
        },
        Fact::Observed {
            findings: vec![text("cuts a/b")],
        },
        Fact::StageReached {
            stage: text("owners"),
            asked: vec![user("U0LEE")],
        },
        Fact::ApprovedOffline {
            stage: text("owners"),
            account: text("ops/breakglass"),
            token_id: text("JWTID=1"),
            seconds: Seconds(60),
        },
        Fact::RuleKept {
            rule: text("orders"),
            digest: "cd".repeat(32),
            typed_text: text("{\"a\":1.5}"),
        },
        Fact::RulesChanged {
            rules: vec![RuleRef {
                name: text("orders"),
                digest: "cd".repeat(32),
            }],
        },
        Fact::Reaped {
            cluster: text("prod-eu"),
            objects: vec![text("orders/x")],
            request: Some(id.clone()),
            because: text("overdue"),
        },
        Fact::WentBack {
            was: text("active"),
            revision: 9,
        },
        Fact::EventsLost {
            request: id.clone(),
            kept: 3,
            recorded: 5,
        },
        Fact::LedgerWentBack {
            seq: 9,
            hash: "ef".repeat(32),
        },
        Fact::LedgerBegun { chain: text(CHAIN) },
        Fact::HeadSigned {
            seq: 1,
            hash: "ef".repeat(32),
            key: "12".repeat(32),
            line: Some(text("{\"seq\":1}")),
        },
        Fact::Trimmed {
            seq: 1,
            hash: "ef".repeat(32),
            chain: Some(text(CHAIN)),
        },
        Fact::TurnedAway {
            typed_ask: text("shop/nobody to *orders*/db"),
            typed_because: text("no workload `shop/nobody`"),
        },
        Fact::Forbidden {
            request: id,
            attempt: text("approve"),
            because: text("Only owners may decide here"),
        },
        Fact::Configured {
            version: text("0.1.0"),
            settings: vec![SettingRef {
                name: text("DRAWBRIDGE_RULES"),
                digest: "cd".repeat(32),
            }],
        },
    ]
}

pub(crate) fn event(seconds: u64, fact: Fact) -> Event {
    Event {
        at: at(seconds),
        by: Actor::Person(user("U0DANA")),
        fact,
    }
}

/// A ledger of `n` records in which twenty documents take turns, all facts among them.
pub(crate) fn ledger(n: u64) -> Vec<Linked> {
    ledger_on(CHAIN, n)
}

/// As [`ledger`], of another name, and so with other hashes.
pub(crate) fn ledger_on(chain: &str, n: u64) -> Vec<Linked> {
    let chain = text(chain);
    let mut made = vec![
        link_own(
            &Head::origin(),
            &Event {
                at: at(0),
                by: Actor::Drawbridge,
                fact: Fact::LedgerBegun { chain },
            },
        )
        .unwrap(),
    ];
    let begins = |fact: &Fact| matches!(fact, Fact::LedgerBegun { .. });
    let facts: Vec<Fact> = facts().into_iter().filter(|fact| !begins(fact)).collect();
    let shard = Shard::all().next().unwrap();
    for seq in 2..=n {
        let turn = usize::try_from(seq).unwrap();
        let document = RequestId::from_draw([(seq % 20) as u8, 1, 2, 3, 4], shard);
        let number = (seq - 2) / 20 + 1;
        let event = event(seq, facts[turn % facts.len()].clone());
        let event = serde_json::to_value(event).unwrap();
        let head = made.last().unwrap().head.clone();
        made.push(link(&head, Some(&document), number, event).unwrap());
    }
    made
}

/// The same as an export: lines with line ends, the end line last.
pub(crate) fn export(ledger: &[Linked]) -> Vec<Vec<u8>> {
    let first = &ledger.first().unwrap().record;
    let before = Head {
        seq: first.seq - 1,
        hash: first.prev.clone(),
    };
    let end = End::of(CHAIN, &before, &ledger.last().unwrap().head).unwrap();
    let lines = ledger.iter().map(|linked| linked.line.clone());
    lines
        .chain([end.line().unwrap()])
        .map(|line| format!("{line}\n").into_bytes())
        .collect()
}
