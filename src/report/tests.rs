//! Reports of small ledgers: what a simulated year (`tests/report.rs`) has nothing of.

use serde_json::{Value, json};

use super::figures::Review;
use super::*;

/// A ledger that is written down event by event, at seconds of one day.
#[derive(Default)]
pub(super) struct Book(Vec<String>);

impl Book {
    pub(super) fn tell(mut self, second: i64, document: &str, by: &str, event: Value) -> Self {
        let mut event = event;
        event["at"] = json!(day() + chrono::TimeDelta::seconds(second));
        event["by"] = match by {
            "drawbridge" => json!(by),
            service if service.contains('/') && !service.contains(' ') => {
                json!({"service": service})
            }
            person => json!({"person": person}),
        };
        let seq = self.0.len() + 1;
        let record = json!({"document": document, "number": 1, "seq": seq, "prev": "", "hash": "", "event": event});
        self.0.push(record.to_string());
        self
    }

    pub(super) fn ask(self, second: i64, document: &str, flow: &str) -> Self {
        let asked = json!({"event": "asked", "flow": flow, "cluster": "east", "seconds": 600,
            "rule": "orders", "rule_digest": "", "typed_reason": null});
        self.tell(second, document, "U0DANA", asked)
    }

    pub(super) fn reach(self, second: i64, document: &str, asked: &[&str]) -> Self {
        let reached = json!({"event": "stage_reached", "stage": "owners", "asked": asked});
        self.tell(second, document, "drawbridge", reached)
    }

    pub(super) fn opened(self, second: i64, document: &str) -> Self {
        let granted = self.tell(second, document, "drawbridge", json!({"event": "granted"}));
        let opened = json!({"event": "opened", "expires_at": day()});
        granted.tell(second, document, "drawbridge", opened)
    }

    pub(super) fn closed(self, second: i64, document: &str, why: &str) -> Self {
        let closed = json!({"event": "closed", "why": why});
        self.tell(second, document, "drawbridge", closed)
    }

    pub(super) fn report(&self) -> Report {
        let choices = Choices {
            traffic: true,
            ..Choices::between(day(), day() + chrono::TimeDelta::days(1))
        };
        let mut report = Report::new(choices);
        self.0.iter().for_each(|line| report.line(line));
        report
    }

    pub(super) fn figures(&self) -> Figures {
        self.report().finish()
    }
}

pub(super) fn day() -> Time {
    "2026-11-02T00:00:00Z".parse().unwrap()
}

const FLOW: &str = "shop/web -> orders/db:5432";

#[test]
fn what_is_no_next_record_is_counted_and_left_out() {
    let book = Book::default().ask(1, "aaaaaa", FLOW);
    let mut report = book.report();
    report.line(&book.0[0]);
    report.line("");
    report.line(r#"{"kind":"drawbridge.ledger.end","seq":1}"#);
    report.line(r#"{"kind":"something else","seq":2}"#);
    report.line(r#"{"seq":2,"document":"aaaaaa","number":2,"prev":"","hash":"","event":{"event":"from a later version"}}"#);
    report.line("no JSON");
    let later = Book::default()
        .ask(1, "", FLOW)
        .closed(2, "bbbbbb", "expired");
    report.line(&later.0[1].replace("\"seq\":2", "\"seq\":3"));
    let figures = report.finish();
    let source = &figures.source;
    assert_eq!(
        (
            source.records,
            source.repeated,
            source.unreadable,
            source.headless
        ),
        (6, 1, 3, 1)
    );
    assert_eq!((figures.asks.total, figures.asks.outcomes.waiting), (1, 1));
}

#[test]
fn an_escalation_asks_more_people_and_silence_is_theirs_too() {
    let book = Book::default()
        .ask(0, "aaaaaa", FLOW)
        .reach(0, "aaaaaa", &["U0LEE", "U0KIM"])
        .tell(
            100,
            "aaaaaa",
            "drawbridge",
            json!({"event": "escalated", "asked": ["U0BOSS", "U0KIM"]}),
        )
        .tell(
            160,
            "aaaaaa",
            "U0BOSS",
            json!({"event": "approved", "stage": "owners", "voter": {"name": "Bo Costa"}}),
        )
        .tell(900, "aaaaaa", "drawbridge", json!({"event": "lapsed"}));
    let figures = book.figures();
    let people = &figures.people.everyone;
    let told: Vec<_> = people
        .iter()
        .map(|p| {
            (
                p.id.as_str(),
                p.asked,
                p.approved,
                p.lapsed,
                p.answer.median_seconds,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("U0BOSS", 1, 1, 0, Some(60)),
            ("U0KIM", 1, 0, 1, None),
            ("U0LEE", 1, 0, 1, None)
        ]
    );
    assert_eq!(people[0].name.as_deref(), Some("Bo Costa"));
    assert_eq!(figures.answers.by_stage[0].lapsed, 1);
}

#[test]
fn an_offline_approval_is_an_answer_of_its_account() {
    let offline = json!({"event": "approved_offline", "stage": "owners", "account": "ops/pager", "token_id": "t1", "seconds": 300});
    let book = Book::default()
        .ask(0, "aaaaaa", FLOW)
        .reach(0, "aaaaaa", &["U0LEE"])
        .tell(50, "aaaaaa", "ops/pager", offline)
        .opened(51, "aaaaaa")
        .closed(351, "aaaaaa", "expired");
    let figures = book.figures();
    let pager = figures
        .people
        .everyone
        .iter()
        .find(|p| p.id == "ops/pager")
        .unwrap();
    assert_eq!((pager.asked, pager.approved), (0, 1));
    assert_eq!(figures.answers.first_answer.median_seconds, Some(50));
    let open = &figures.open;
    assert_eq!(
        (open.asked_seconds, open.given_seconds, open.open_seconds),
        (600, 300, 300)
    );
}

#[test]
fn what_older_records_do_not_say_is_not_known() {
    let book = Book::default()
        .ask(0, "aaaaaa", FLOW)
        .tell(
            70,
            "aaaaaa",
            "U0LEE",
            json!({"event": "approved", "stage": "owners"}),
        )
        .opened(71, "aaaaaa")
        .closed(99, "aaaaaa", "done")
        .ask(200, "bbbbbb", FLOW)
        .tell(900, "bbbbbb", "drawbridge", json!({"event": "lapsed"}));
    let figures = book.figures();
    assert_eq!(figures.answers.decision.median_seconds, Some(71));
    assert_eq!(
        (
            figures.answers.stages_not_known,
            figures.people.asked_not_known
        ),
        (1, 2)
    );
    assert!(figures.answers.by_stage.is_empty());
}

#[test]
fn every_review_has_its_state() {
    let emergency = |by: i64| json!({"event": "emergency", "skipped": ["owners"], "seconds": 300, "review_by": day() + chrono::TimeDelta::seconds(by)});
    let mut book = Book::default();
    for (id, by) in [
        ("aaaaaa", 500),
        ("bbbbbb", 500),
        ("cccccc", 500),
        ("dddddd", 500),
        ("eeeeee", 90_000),
    ] {
        book = book
            .ask(0, id, FLOW)
            .tell(1, id, "U0DANA", emergency(by))
            .opened(2, id)
            .closed(300, id, "incident_closed");
    }
    let reviewed = json!({"event": "reviewed", "typed_words": "fine"});
    let figures = book
        .tell(400, "aaaaaa", "U0LEE", reviewed.clone())
        .tell(600, "bbbbbb", "U0LEE", reviewed)
        .tell(700, "cccccc", "drawbridge", json!({"event": "unreviewed"}))
        .figures();
    let each = &figures.emergencies.each;
    let state = |id: &str| {
        each.iter()
            .find(|one| one.id.as_str() == id)
            .unwrap()
            .review
    };
    for (id, review) in [
        ("aaaaaa", Review::Done),
        ("bbbbbb", Review::Late),
        ("cccccc", Review::Never),
        ("dddddd", Review::Overdue),
        ("eeeeee", Review::Open),
    ] {
        assert_eq!(state(id), review, "{id}");
        assert_eq!(serde_json::to_value(review).unwrap(), review.word());
    }
    assert_eq!(figures.open.ended.incident_closed, 5);
    // Nobody decided: an emergency is no wait for an answer.
    assert_eq!(figures.answers.decision.count, 0);
}

#[test]
fn a_grant_is_unused_only_where_the_flows_would_have_shown_it() {
    let flows = [
        "shop/web -> orders/db:5432",
        "shop/web -> orders/db:6379",
        "shop/web -> mail/smtp:25",
    ];
    let mut book = Book::default();
    for (id, flow) in ["aaaaaa", "bbbbbb", "cccccc"].into_iter().zip(flows) {
        book = book
            .ask(0, id, flow)
            .opened(100, id)
            .closed(200, id, "expired");
    }
    let seen = |second: i64, verdict: &str, port: u16| {
        json!({"flow": {
            "time": day() + chrono::TimeDelta::seconds(second), "verdict": verdict,
            "source": {"namespace": "shop", "pod_name": "web-7d9f8c6b5-x2x4z", "workloads": [{"name": "web"}]},
            "destination": {"namespace": "orders", "pod_name": "db-0"},
            "l4": {"TCP": {"destination_port": port}},
        }})
        .to_string()
    };
    let mut report = book.report();
    // The second path's only packet was dropped, and one came before it was open.
    for line in [
        seen(50, "FORWARDED", 6379),
        seen(150, "FORWARDED", 5432),
        seen(151, "DROPPED", 6379),
        seen(300, "DROPPED", 1),
        "no flow".to_owned(),
    ] {
        report.traffic(&line);
    }
    let unused = report.finish().unused.unwrap();
    assert_eq!((unused.flows, unused.unreadable), (4, 1));
    assert_eq!(
        (unused.judged, unused.never_used, unused.not_known),
        (2, 1, 1)
    );
    assert_eq!(unused.paths[0].flow, flows[1]);
    assert_eq!(book.figures().unused, None);
}

/// A host's name reads like a pasted NAME.NAMESPACE, and what reads like a path would be called unused.
#[test]
fn what_is_no_network_policy_is_never_called_unused_and_has_no_draft() {
    let flow = "shop/app=web -> api.example.com:443";
    let cilium = json!({"event": "attempted", "expires_at": day(), "objects": ["shop/x"], "policies": [{
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "namespace": "shop", "name": "x",
        "spec": {"endpointSelector": {"matchLabels": {"app": "web"}}},
    }]});
    let mut book = Book::default();
    for (n, id) in ["aaaaaa", "bbbbbb", "cccccc"].into_iter().enumerate() {
        let at = i64::try_from(n).unwrap() * 10;
        book = book
            .ask(at, id, flow)
            .tell(at + 1, id, "drawbridge", cilium.clone())
            .opened(at + 2, id)
            .closed(at + 3, id, "expired");
    }
    let mut report = book.report();
    for second in [0, 80_000] {
        let seen = json!({
            "time": day() + chrono::TimeDelta::seconds(second), "verdict": "FORWARDED",
            "source": {"namespace": "shop", "pod_name": "web-0", "labels": ["k8s:app=web"]},
            "destination": {"namespace": "example", "pod_name": "api-0", "workloads": [{"name": "api"}]},
            "l4": {"TCP": {"destination_port": 80}},
        });
        report.traffic(&seen.to_string());
    }
    let figures = report.finish();
    let unused = figures.unused.unwrap();
    assert_eq!(
        (unused.judged, unused.never_used, unused.not_known),
        (0, 0, 3)
    );
}

#[test]
fn an_extension_is_no_ask_for_the_path_whatever_says_so() {
    // Older records say it only on the request that was lengthened.
    let book = Book::default()
        .ask(0, "aaaaaa", FLOW)
        .opened(1, "aaaaaa")
        .ask(500, "bbbbbb", FLOW)
        .opened(501, "bbbbbb")
        .tell(
            501,
            "aaaaaa",
            "drawbridge",
            json!({"event": "extended", "extension": "bbbbbb", "until": day()}),
        )
        .closed(601, "aaaaaa", "expired")
        .closed(1_200, "bbbbbb", "expired");
    let figures = book.figures();
    assert_eq!((figures.asks.total, figures.asks.extensions), (2, 1));
    assert_eq!(
        (figures.paths[0].asks, figures.paths[0].open_seconds),
        (1, 1_299)
    );
    assert_eq!((figures.open.extended, figures.open.compared), (1, 1));
}

#[test]
fn a_request_counts_when_it_was_asked_whatever_came_later() {
    let book = Book::default()
        .ask(-10, "aaaaaa", FLOW)
        .opened(100, "aaaaaa")
        .ask(86_399, "bbbbbb", FLOW)
        .opened(86_500, "bbbbbb")
        .closed(90_000, "bbbbbb", "done")
        .ask(86_400, "cccccc", FLOW);
    let figures = book.figures();
    assert_eq!(
        (
            figures.asks.total,
            figures.open.opened,
            figures.open.ended.done
        ),
        (1, 1, 1)
    );
    assert_eq!(
        figures.paths[0].last_asked,
        day() + chrono::TimeDelta::seconds(86_399)
    );
}
