//! What breaks in a storm: a few classes of faults, each a few times.

use std::time::Duration;

use chrono::TimeDelta;

use super::Sky;
use crate::sim::cluster::{Fault as ClusterFault, On, Verb};
use crate::sim::slack::{Fault as SlackFault, Mishap};
use crate::sim::storm::deed::Deed;
use crate::sim::storm::fault::{Class, Far, Fault};
use crate::sim::town::links::{Slip, Way};

/// Faults go on while the last grants end, in milliseconds after people stopped acting.
const AFTERWARDS: u64 = 60_000;

/// Most that a replica's clock is off by, in milliseconds.
const OFF: u64 = 2_000;

const METHODS: &[&str] = &[
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.replies",
    "users.info",
    "*",
];

impl Sky {
    /// Everything else that breaks: nothing in one storm of ten, up to four classes in the others.
    pub(super) fn faults(&mut self) {
        if self.dice.falls(10) {
            return;
        }
        let others = |class: &Class| *class != Class::StoreFull;
        let mut classes: Vec<Class> = Class::ALL.into_iter().filter(others).collect();
        for _ in 0..self.dice.between(1, 4) {
            let last = classes.len().saturating_sub(1);
            let at = usize::try_from(self.dice.between(0, u64::try_from(last).unwrap_or(0)));
            let class = classes.swap_remove(at.unwrap_or_default());
            for _ in 0..self.dice.between(1, 3) {
                self.fault_of(class);
            }
        }
    }

    /// A store that fills up, in calm storms too. Drawn last and by itself, so that everything else in the storm of a
    /// seed is what it was before there was this.
    pub(super) fn full_store(&mut self) {
        if self.dice.falls(8) {
            self.fault_of(Class::StoreFull);
        }
    }

    fn fault_of(&mut self, class: Class) {
        let at = self.dice.between(0, self.span + AFTERWARDS);
        let n = usize::from(self.dice.falls(50));
        match class {
            Class::Crash => self.crash(at, n),
            Class::Partition => self.partition(at, n),
            Class::Skew => {
                let mut off = || {
                    let by = i64::try_from(self.dice.between(0, 2 * OFF)).unwrap_or_default();
                    TimeDelta::milliseconds(by - i64::try_from(OFF).unwrap_or_default())
                };
                self.clocks = [off(), off()];
            }
            Class::StoreAnswers => {
                let slips = [Slip::Refused, Slip::AnswerLost, Slip::Twice, Slip::Uncopied];
                let slip = self.one(&slips, Slip::Twice);
                let times = self.times(6);
                self.fault(at, Fault::Store(n, slip, times));
            }
            Class::StoreAway => {
                self.for_a_while(at, 20_000, Fault::StoreAway(true), Fault::StoreAway(false));
            }
            Class::StoreFull => {
                self.for_a_while(at, 60_000, Fault::StoreFull(true), Fault::StoreFull(false));
            }
            Class::LastSecond => {
                let before = self.dice.between(100, 1000);
                self.go_back(at, before, class);
            }
            Class::Failover => {
                let before = self.dice.between(1000, 20_000);
                self.go_back(at, before, class);
            }
            Class::Emptied => self.fault(at, Fault::Emptied),
            Class::SlackAnswers => self.slack(at),
            Class::SlackAway if self.dice.falls(40) => self.fault(at, Fault::SocketsBreak),
            Class::SlackAway => {
                self.for_a_while(at, 30_000, Fault::SlackAway(true), Fault::SlackAway(false));
            }
            Class::Deliveries => self.deliveries(at),
            Class::ClusterAnswers => self.cluster(at),
            Class::ClusterAway if self.dice.falls(30) => self.fault(at, Fault::WatchesBreak),
            Class::ClusterAway => {
                let (away, back) = (Fault::ClusterAway(true), Fault::ClusterAway(false));
                self.for_a_while(at, 40_000, away, back);
            }
        }
    }

    fn fault(&mut self, at: u64, fault: Fault) {
        self.add(at, Deed::Fault(fault));
    }

    fn for_a_while(&mut self, at: u64, longest: u64, broken: Fault, whole: Fault) {
        let until = at + self.dice.between(50, longest);
        self.fault(at, broken);
        self.fault(until, whole);
    }

    fn times(&mut self, most: u64) -> usize {
        usize::try_from(self.dice.between(1, most)).unwrap_or(1)
    }

    /// At an instant, or after so many touches of the outside.
    fn crash(&mut self, at: u64, n: usize) {
        let dies = match self.dice.falls(25) {
            true => Fault::Dies(n),
            false => Fault::DiesAfter(n, self.dice.between(1, 60)),
        };
        let again = at + self.dice.between(200, 30_000);
        self.fault(at, dies);
        self.fault(again, Fault::Starts(n));
    }

    fn partition(&mut self, at: u64, n: usize) {
        let whom = Some(n).filter(|_| self.dice.falls(75));
        let far = self.one(&[Far::Store, Far::Api, Far::Slack], Far::Store);
        let way = match far {
            // Silence at Slack's other end is among Slack's own faults.
            Far::Slack => Way::Cut,
            _ => self.one(&[Way::Cut, Way::Silent], Way::Cut),
        };
        let (broken, whole) = (
            Fault::Line(whom, far, way),
            Fault::Line(whom, far, Way::Whole),
        );
        self.for_a_while(at, 25_000, broken, whole);
    }

    fn go_back(&mut self, at: u64, before: u64, class: Class) {
        self.fault(at.saturating_sub(before), Fault::Copied(class));
        self.fault(at, Fault::GoesBack(class));
    }

    fn slack(&mut self, at: u64) {
        let faults = [
            SlackFault::RateLimited(Some(self.dice.between(1, 20))),
            SlackFault::RateLimited(None),
            SlackFault::ServerError,
            SlackFault::Code("internal_error"),
            SlackFault::NoAnswer,
            SlackFault::Cut,
            SlackFault::CutAfter,
            SlackFault::CutAfter,
        ];
        let fault = self.dice.pick(&faults).cloned();
        let method = self.one(METHODS, "*");
        let times = self.times(4);
        self.fault(
            at,
            Fault::Slack(method, times, fault.unwrap_or(SlackFault::Cut)),
        );
    }

    fn deliveries(&mut self, at: u64) {
        let times = self.times(3);
        let mishaps = [Mishap::Lost, Mishap::AnswerLost];
        let fault = match self.dice.falls(40) {
            true => Fault::Twice(times),
            false => Fault::Deliveries(times, self.one(&mishaps, Mishap::AnswerLost)),
        };
        self.fault(at, fault);
    }

    fn cluster(&mut self, at: u64) {
        let slow = Duration::from_millis(self.dice.between(10, 3000));
        let faults = [
            ClusterFault::Status(503),
            ClusterFault::Status(429),
            ClusterFault::Status(500),
            ClusterFault::LostAnswer,
            ClusterFault::LostAnswer,
            ClusterFault::Broken,
            ClusterFault::Slow(slow),
            ClusterFault::Hang,
        ];
        let calls = [
            On::Calls,
            On::Verb(Verb::Apply),
            On::Verb(Verb::Delete),
            On::Verb(Verb::List),
            On::Watches,
        ];
        let fault = self.one(&faults, ClusterFault::Broken);
        let on = self.one(&calls, On::Calls);
        let times = self.times(3);
        self.fault(at, Fault::Cluster(times, on, fault));
    }
}
