//! What people do in a storm, and what others change in the cluster.

use super::Sky;
use crate::sim::storm::deed::{Change, Deed};

/// A kind of ask.
struct Kind {
    who: &'static [&'static str],
    /// `{m}` stands for how long.
    text: &'static str,
    /// Who has to press *Approve*, one of each circle.
    approvers: &'static [&'static [&'static str]],
}

const ON_CALL: &[&str] = &["lee", "mia"];
const DEVELOPERS: &[&str] = &["dana", "max"];
const ANYBODY: &[&str] = &[
    "dana", "max", "lee", "mia", "pat", "sam", "kim", "gus", "eve",
];

/// Asks that may be granted.
const GOOD: &[Kind] = &[
    Kind {
        who: &["dana", "max", "lee"],
        text: "shop/web to orders/db:5432 for {m} because INC-42 slow queries",
        approvers: &[ON_CALL],
    },
    Kind {
        who: &["dana", "max", "mia"],
        text: "shop/cart to orders/api:8080 for {m} because INC-7",
        approvers: &[ON_CALL],
    },
    Kind {
        who: &["max"],
        text: "orders/api to payments/api:8080 for {m} because INC-8",
        approvers: &[&["pat", "dana"], &["sam"]],
    },
    Kind {
        who: ON_CALL,
        text: "emergency orders/api to payments/api:8080 for {m} because INC-9 orders are down",
        approvers: &[],
    },
    Kind {
        who: DEVELOPERS,
        text: "using temporary-role-binding namespace=orders user=dana@example.com for {m} because INC-42",
        approvers: &[ON_CALL],
    },
    Kind {
        who: DEVELOPERS,
        text: "using metrics-scrape from=shop/cart target=orders/api for {m} because INC-42",
        approvers: &[ON_CALL],
    },
];

/// Asks that come to nothing.
const BAD: &[Kind] = &[
    Kind {
        who: &["kim", "gus", "eve"],
        text: "shop/web to orders/db:5432 for {m} because INC-42",
        approvers: &[ON_CALL],
    },
    Kind {
        who: DEVELOPERS,
        text: "shop/web to vault/api:8200 for {m} because INC-42",
        approvers: &[ON_CALL],
    },
    Kind {
        who: DEVELOPERS,
        text: "shop/web to orders/nothing:5432 for {m} because INC-42",
        approvers: &[],
    },
    Kind {
        who: ANYBODY,
        text: "open the door, please",
        approvers: &[],
    },
    Kind {
        who: DEVELOPERS,
        text: "shop/web to orders/db:5432 for 9h because INC-42",
        approvers: &[],
    },
];

/// Grants that end while it is still looked on, mostly.
const LENGTHS: &[&str] = &["1m", "1m", "1m", "2m", "2m", "3m", "5m"];

const LABELS: &[&str] = &[
    "Approve",
    "Approve",
    "Deny",
    "I'm done",
    "Extend",
    "Cancel",
    "Ask again",
    "More",
    "Emergency",
];

const WORDS: &[(&str, &str)] = &[
    ("done", ""),
    ("cancel", ""),
    ("revoke", "because it looks wrong"),
    ("extend", "for 1m because INC-43"),
    ("extend", "for 2m because INC-44"),
    ("show", ""),
];

const POLICIES: &[(&str, &str)] = &[
    ("orders", "closed"),
    ("orders", "db-for-api"),
    ("shop", "inside-only"),
    ("payments", "shop-only"),
];

impl Sky {
    /// Everything that people do.
    pub(super) fn people(&mut self) {
        for _ in 0..self.dice.between(1, 4) {
            self.ask();
        }
        for _ in 0..self.dice.between(0, 4) {
            let at = self.sometime();
            self.word(at);
        }
        for _ in 0..self.dice.between(0, 5) {
            let at = self.sometime();
            let who = self.one(ANYBODY, "kim");
            let label = self.one(LABELS, "Approve");
            self.press(at, who, label);
        }
    }

    /// Somebody asks, the right people mostly agree, and often somebody ends it early.
    fn ask(&mut self) {
        let at = self.dice.between(0, self.span / 2);
        let kinds = if self.dice.falls(85) { GOOD } else { BAD };
        let Some(kind) = self.dice.pick(kinds) else {
            return;
        };
        let who = self.one(kind.who, "dana");
        let length = self.one(LENGTHS, "1m");
        let text = kind.text.replace("{m}", length);
        if self.dice.falls(10) {
            let text = text.clone();
            let again = at + self.dice.between(0, 3000);
            self.add(again, Deed::Says { who, text });
        }
        self.add(at, Deed::Says { who, text });
        let mut then = at;
        for circle in kind.approvers {
            if !self.dice.falls(85) {
                break;
            }
            then += self.dice.between(500, 15_000);
            let who = self.one(circle, "lee");
            self.press(then, who, "Approve");
        }
        if self.dice.falls(40) {
            let later = then + self.dice.between(1000, 50_000);
            let label = self.one(&["I'm done", "Extend", "Cancel"], "I'm done");
            self.press(later, who, label);
        }
    }

    fn press(&mut self, at: u64, who: &'static str, label: &'static str) {
        let nth = match self.dice.falls(75) {
            true => 0,
            false => usize::try_from(self.dice.between(0, 4)).unwrap_or_default(),
        };
        let times = if self.dice.falls(15) { 2 } else { 1 };
        let old = self.dice.falls(8);
        self.add(
            at,
            Deed::Presses {
                who,
                label,
                nth,
                times,
                old,
            },
        );
        if matches!(label, "Deny" | "Extend" | "More" | "Ask again") {
            let sent = at + self.dice.between(300, 4000);
            self.add(sent, Deed::Sends { who });
        }
    }

    fn word(&mut self, at: u64) {
        let (verb, tail) = self.one(WORDS, ("done", ""));
        let who = self.one(ANYBODY, "kim");
        let nth = usize::try_from(self.dice.between(0, 3)).unwrap_or_default();
        self.add(
            at,
            Deed::SaysOf {
                who,
                verb,
                nth,
                tail,
            },
        );
    }

    /// Everything that others change in the cluster.
    pub(super) fn others(&mut self) {
        if self.dice.falls(25) {
            let (namespace, name) = self.one(POLICIES, ("orders", "closed"));
            let at = self.sometime();
            let back = at + self.dice.between(500, 40_000);
            for (at, present) in [(at, false), (back, true)] {
                let change = Change::Policy {
                    namespace,
                    name,
                    present,
                };
                self.add(at, Deed::Others(change));
            }
        }
        if self.dice.falls(25) {
            let namespace = self.one(&["orders", "shop", "payments"], "orders");
            for _ in 0..self.dice.between(1, 2) {
                let at = self.sometime();
                let replicas = usize::try_from(self.dice.between(0, 2)).unwrap_or_default();
                let change = Change::Scale {
                    namespace,
                    name: "batch",
                    replicas,
                };
                self.add(at, Deed::Others(change));
            }
        }
        if self.dice.falls(8) {
            let at = self.sometime();
            self.add(at, Deed::Others(Change::GatesGone));
        }
    }
}
