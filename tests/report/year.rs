//! A simulated year of a company's ledger, from a seed: lines in the order of the chain, made while they are
//! read, so that a hundred thousand requests need no memory. Written as JSON by hand and not with the types
//! of the program, so that nothing here shares a fault with what it tests. Hashes are placeholders: the report
//! does not look at them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};

/// The first day of every year here, a Saturday.
pub(crate) const BEGIN: &str = "2025-11-01T00:00:00Z";
/// The first instant after it.
pub(crate) const END: &str = "2026-11-01T00:00:00Z";

const SECONDS: u64 = 365 * 86_400;
const TEAMS: [&str; 10] = [
    "shop", "orders", "payments", "search", "stock", "mail", "data", "ops", "fraud", "billing",
];
const PARTS: [&str; 8] = [
    "web", "api", "worker", "db", "cache", "queue", "admin", "export",
];
const PORTS: [u16; 5] = [5432, 6379, 8080, 9092, 443];
const PEOPLE: [&str; 12] = [
    "Ana", "Bo", "Cleo", "Dana", "Eli", "Femi", "Gus", "Hana", "Ivo", "Jun", "Kai", "Lea",
];
const FAMILIES: [&str; 5] = ["Adeyemi", "Brandt", "Costa", "Dvořák", "Eriksen"];

/// Random numbers of a seed (`SplitMix64`): the same on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Whether something happens that happens in so many of a thousand cases.
    fn in_thousand(&mut self, cases: u64) -> bool {
        self.below(1_000) < cases
    }

    /// Small numbers often, large ones seldom.
    fn seldom_large(&mut self, n: u64) -> u64 {
        let a = self.below(n);
        let b = self.below(n);
        a * b / n
    }

    /// A wait around `middle`: half of it to ten times.
    fn wait(&mut self, middle: u64) -> u64 {
        let long = if self.in_thousand(120) { 10 } else { 1 };
        middle / 2 + self.below(middle * long)
    }
}

/// One event that will happen: when, in which order, of which document.
type Due = Reverse<(u64, u64, String, String)>;

/// The lines of a year.
pub(crate) struct Year {
    dice: Dice,
    left: u64,
    all: u64,
    due: BinaryHeap<Due>,
    /// Breaks ties, so that events of one instant keep their order.
    order: u64,
    seq: u64,
    numbers: std::collections::HashMap<String, u64>,
    next_ask: Option<u64>,
    extensions: u64,
}

impl Year {
    /// So many requests, drawn from a seed.
    pub(crate) fn of(requests: u64, seed: u64) -> Self {
        let mut year = Self {
            dice: Dice(seed),
            left: requests,
            all: requests,
            due: BinaryHeap::new(),
            order: 0,
            seq: 0,
            numbers: std::collections::HashMap::new(),
            next_ask: None,
            extensions: 0,
        };
        year.tell(
            0,
            "",
            &json!({"event": "ledger_begun", "by": "drawbridge", "chain": "5eed"}),
        );
        year.plan_ask();
        year
    }

    /// When the next request is made: evenly over the year in their order, then moved to working hours.
    fn plan_ask(&mut self) {
        self.next_ask = (self.left > 0).then(|| {
            let nth = self.all - self.left;
            nth * SECONDS / self.all
        });
    }

    fn tell(&mut self, second: u64, document: &str, event: &Value) {
        self.order += 1;
        let due = (second, self.order, document.to_owned(), event.to_string());
        self.due.push(Reverse(due));
    }

    /// Everything that happens to the next request.
    fn ask(&mut self, at: u64) {
        let id = id_of(self.all - self.left);
        let at = working(at);
        let dice = &mut self.dice;
        let (from, to) = (dice.seldom_large(80), dice.seldom_large(40));
        // A quarter of the paths go out of use in spring.
        let to = if to % 4 == 3 && at > SECONDS / 2 {
            to - 1
        } else {
            to
        };
        let team = TEAMS[to as usize % TEAMS.len()];
        let path = Path::new(from, to);
        let asker = format!("U0ASK{:03}", dice.seldom_large(400));
        let by = if dice.in_thousand(80) {
            json!({"service": format!("ci/{team}-deploy")})
        } else {
            json!({"person": asker})
        };
        if dice.in_thousand(60) {
            let refused = json!({"event": "refused", "by": by, "flow": path.flow, "cluster": path.cluster,
                "because": "no rule allows that", "typed_reason": "please"});
            self.tell(at, &id, &refused);
            return;
        }
        let asked = [1_800, 1_800, 3_600, 7_200, 28_800][dice.below(5) as usize];
        let two = to % 3 == 0;
        let stages: &[&str] = if two {
            &["owners", "security"]
        } else {
            &["owners"]
        };
        let event = json!({"event": "asked", "by": by, "flow": path.flow, "cluster": path.cluster, "seconds": asked,
            "rule": team, "rule_digest": format!("{to:064x}"), "typed_reason": "INC-42: looking into a slow query",
            "template": "connect", "stages": stages});
        self.tell(at, &id, &event);
        self.decide(
            at + 1,
            &id,
            &Case {
                path,
                team,
                asked,
                stages,
                by,
                extends: false,
            },
        );
    }

    fn decide(&mut self, at: u64, id: &str, case: &Case<'_>) {
        let drawbridge = json!("drawbridge");
        let lot = self.dice.below(1_000);
        match lot {
            0..230 if case.stages.len() == 1 => {
                let automatic = json!({"event": "automatic", "by": drawbridge, "because": "within the rule's limits"});
                self.tell(at, id, &automatic);
                self.open(at, id, case, case.asked);
            }
            985.. => self.emergency(at, id, case),
            _ => self.stages(at, id, case, lot),
        }
    }

    fn emergency(&mut self, at: u64, id: &str, case: &Case<'_>) {
        let given = case.asked.min(3_600);
        let review_by = at + 86_400;
        let event = json!({"event": "emergency", "by": case.by, "skipped": case.stages, "seconds": given,
            "review_by": time(review_by)});
        self.tell(at, id, &event);
        self.open(at, id, case, given);
        let reviewer = approver(case.team, self.dice.below(4));
        match self.dice.below(10) {
            0 => {
                self.tell(
                    review_by + 86_400,
                    id,
                    &json!({"event": "unreviewed", "by": "drawbridge"}),
                );
            }
            n => {
                let late = if n == 1 { 90_000 } else { 20_000 };
                let event =
                    json!({"event": "reviewed", "by": {"person": reviewer}, "typed_words": "fine"});
                self.tell(at + late, id, &event);
            }
        }
    }

    fn stages(&mut self, at: u64, id: &str, case: &Case<'_>, lot: u64) {
        let mut now = at;
        let mut given = case.asked;
        for stage in case.stages {
            let group = if *stage == "security" {
                "security"
            } else {
                case.team
            };
            let many = if group == "security" { 3 } else { 4 };
            let asked: Vec<String> = (0..many).map(|n| approver(group, n)).collect();
            let event = json!({"event": "stage_reached", "by": "drawbridge", "stage": stage, "asked": asked});
            self.tell(now, id, &event);
            match lot {
                // Nobody answers; or not to the second stage.
                900..950 => {
                    self.tell(
                        now + 1_800,
                        id,
                        &json!({"event": "reminded", "by": "drawbridge"}),
                    );
                    self.tell(
                        now + 14_400,
                        id,
                        &json!({"event": "lapsed", "by": "drawbridge"}),
                    );
                    return;
                }
                950..965 => {
                    self.tell(now + 60, id, &json!({"event": "cancelled", "by": case.by}));
                    return;
                }
                _ => {}
            }
            // The first of a group answers most.
            let n = self.dice.seldom_large(many);
            let voter = json!({"team": "T0TOWN", "name": name(group, n), "email": format!("{}@example.com", approver(group, n))});
            now += self
                .dice
                .wait(if group == "security" { 1_500 } else { 420 });
            let person = json!({"person": approver(group, n)});
            if (965..985).contains(&lot) {
                let denied = json!({"event": "denied", "by": person, "because": null, "typed_reason": "not now", "voter": voter});
                self.tell(now, id, &denied);
                return;
            }
            let mut approved =
                json!({"event": "approved", "by": person, "stage": stage, "voter": voter});
            if lot.is_multiple_of(17) && case.asked > 1_800 {
                given = 1_800;
                approved["shortened"] = json!(given);
            }
            self.tell(now, id, &approved);
        }
        self.open(now, id, case, given);
    }

    fn open(&mut self, at: u64, id: &str, case: &Case<'_>, given: u64) {
        let by = "drawbridge";
        self.tell(at, id, &json!({"event": "granted", "by": by}));
        let ends = at + given;
        let attempted = json!({"event": "attempted", "by": by, "expires_at": time(ends),
            "objects": [format!("{}/drawbridge-{id}", case.team)], "policies": case.path.policies()});
        self.tell(at, id, &attempted);
        if self.dice.in_thousand(5) {
            self.tell(
                at + 5,
                id,
                &json!({"event": "not_opened", "by": by, "problem": "the API server refused"}),
            );
            self.tell(
                at + 90,
                id,
                &json!({"event": "closed", "by": by, "why": "not_opened"}),
            );
            return;
        }
        let opened = at + 1 + self.dice.below(2);
        self.tell(
            opened,
            id,
            &json!({"event": "opened", "by": by, "expires_at": time(ends)}),
        );
        let extend = !case.extends && self.dice.in_thousand(40);
        let (closed, why) = match self.dice.below(100) {
            _ if extend => (ends, "expired"),
            0..35 => (opened + 60 + self.dice.below(given), "done"),
            35..38 => (opened + 30 + self.dice.below(given), "revoked"),
            38..39 => (opened + 10, "withdrawn"),
            _ => (ends, "expired"),
        };
        let (closed, why) = if closed < ends {
            (closed, why)
        } else {
            (ends, "expired")
        };
        if extend {
            self.extend(ends, id, case);
        }
        if why == "expired" {
            self.tell(
                ends.saturating_sub(300).max(opened),
                id,
                &json!({"event": "warned", "by": by}),
            );
        }
        self.tell(
            closed,
            id,
            &json!({"event": "closing", "by": by, "why": why, "typed_reason": null}),
        );
        self.tell(
            closed + 1,
            id,
            &json!({"event": "closed", "by": by, "why": why}),
        );
    }

    /// A request of its own that goes on after this one's end.
    fn extend(&mut self, ends: u64, id: &str, case: &Case<'_>) {
        self.extensions += 1;
        let next = id_of(1_000_000 + self.extensions);
        let at = ends - 240;
        let asked = json!({"event": "asked", "by": case.by, "flow": case.path.flow, "cluster": case.path.cluster,
            "seconds": 1_800, "rule": case.team, "rule_digest": format!("{:064x}", 1), "typed_reason": null,
            "template": "connect", "stages": case.stages, "extends": id});
        self.tell(at, &next, &asked);
        let longer = Case {
            asked: 1_800,
            extends: true,
            ..case.clone()
        };
        self.tell(
            at + 1,
            &next,
            &json!({"event": "automatic", "by": "drawbridge", "because": "an extension"}),
        );
        let extended = json!({"event": "extended", "by": "drawbridge", "extension": next, "until": time(ends + 1_800)});
        self.tell(at + 1, id, &extended);
        self.open(at + 1, &next, &longer, 1_800);
    }
}

impl Iterator for Year {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        // What happens before the next request can be told.
        while let Some(next) = self.next_ask {
            let first = self.due.peek().map(|Reverse((second, ..))| *second);
            if first.is_some_and(|second| second < next) {
                break;
            }
            self.ask(next);
            self.left -= 1;
            self.plan_ask();
        }
        let Reverse((second, _, document, event)) = self.due.pop()?;
        self.seq += 1;
        let (head, number) = if document.is_empty() {
            (String::new(), 0)
        } else {
            let number = self.numbers.entry(document.clone()).or_insert(0);
            *number += 1;
            let number = *number;
            if event.contains("\"closed\"") || event.contains("\"lapsed\"") {
                self.numbers.remove(&document);
            }
            (format!("\"document\":\"{document}\","), number)
        };
        let seq = self.seq;
        let event = event.replacen('{', &format!("{{\"at\":\"{}\",", time(second)), 1);
        Some(format!(
            "{{{head}\"event\":{event},\"hash\":\"{seq:064x}\",\"number\":{number},\"prev\":\"{:064x}\",\"seq\":{seq}}}",
            seq - 1
        ))
    }
}

#[derive(Clone)]
struct Case<'a> {
    path: Path,
    team: &'a str,
    asked: u64,
    stages: &'a [&'a str],
    by: Value,
    extends: bool,
}

#[derive(Clone)]
struct Path {
    flow: String,
    cluster: &'static str,
    from: (&'static str, &'static str),
    to: (&'static str, &'static str),
    port: u16,
}

impl Path {
    fn new(from: u64, to: u64) -> Self {
        let part = |n: u64| (TEAMS[n as usize % 10], PARTS[(n / 10) as usize % 8]);
        let (source, target) = (part(from), part(to));
        let port = PORTS[to as usize % PORTS.len()];
        Self {
            flow: format!(
                "{}/{} -> {}/{}:{port}",
                source.0, source.1, target.0, target.1
            ),
            cluster: if to.is_multiple_of(7) { "west" } else { "east" },
            from: source,
            to: target,
            port,
        }
    }

    fn policies(&self) -> Value {
        json!([{
            "namespace": self.to.0, "name": "drawbridge-in",
            "spec": {
                "podSelector": {"matchLabels": {"app": self.to.1}},
                "policyTypes": ["Ingress"],
                "ingress": [{
                    "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.from.0}},
                              "podSelector": {"matchLabels": {"app": self.from.1}}}],
                    "ports": [{"port": self.port, "protocol": "TCP"}],
                }],
            },
        }])
    }
}

/// Six letters and digits, other ones for every number.
fn id_of(n: u64) -> String {
    const DIGITS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let base = DIGITS.len() as u64;
    // A fixed stride that shares no factor with the number of ids, so that neighbours look different.
    let mut rest = n * 7_919 % base.pow(6);
    let mut id = String::new();
    for _ in 0..6 {
        id.push(char::from(DIGITS[(rest % base) as usize]));
        rest /= base;
    }
    id
}

fn approver(group: &str, n: u64) -> String {
    format!("U0{}{n}", group.to_uppercase())
}

fn name(group: &str, n: u64) -> String {
    let place = group.bytes().map(u64::from).sum::<u64>() + n * 5;
    let first = PEOPLE[place as usize % PEOPLE.len()];
    format!(
        "{first} {}",
        FAMILIES[(place / 3) as usize % FAMILIES.len()]
    )
}

fn begin() -> DateTime<Utc> {
    BEGIN.parse().unwrap()
}

/// Most people work on weekdays from 8 to 18 o'clock: nights and most of weekends are moved there.
fn working(second: u64) -> u64 {
    let at = begin() + TimeDelta::seconds(second as i64);
    let weekend = at.weekday().number_from_monday() > 5;
    let night = !(8..18).contains(&at.hour());
    let days = if weekend && !second.is_multiple_of(9) {
        2
    } else {
        0
    };
    let hours = if night { 10 } else { 0 };
    (second + days * 86_400 + hours * 3_600).min(SECONDS - 1)
}

fn time(second: u64) -> String {
    let at = begin() + TimeDelta::seconds(second as i64);
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
