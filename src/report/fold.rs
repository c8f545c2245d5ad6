//! Which event changes what.

use super::Report;
use super::course::{Course, seconds};
use super::figures::Outcomes;
use super::names::Name;
use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::units::Time;

/// An event of one document.
#[derive(Clone, Copy)]
pub(super) struct Step<'e> {
    pub(super) id: &'e RequestId,
    pub(super) at: Time,
    pub(super) by: &'e Actor,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Opened,
    Refused,
    Denied,
    Lapsed,
    Cancelled,
    NotOpened,
    Waiting,
}

impl Outcomes {
    pub(super) const fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Opened => &mut self.opened,
            Outcome::Refused => &mut self.refused,
            Outcome::Denied => &mut self.denied,
            Outcome::Lapsed => &mut self.lapsed,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::NotOpened => &mut self.not_opened,
            Outcome::Waiting => &mut self.waiting,
        };
        *count += 1;
    }

    pub(super) const fn add_all(&mut self, other: &Self) {
        self.opened += other.opened;
        self.refused += other.refused;
        self.denied += other.denied;
        self.lapsed += other.lapsed;
        self.cancelled += other.cancelled;
        self.not_opened += other.not_opened;
        self.waiting += other.waiting;
    }
}

impl Report {
    /// Takes in what happened to a document, or to the ledger itself.
    pub(super) fn event(&mut self, document: Option<&RequestId>, event: &Event) {
        let source = &mut self.source;
        source.first = Some(source.first.map_or(event.at, |first| first.min(event.at)));
        source.last = Some(source.last.map_or(event.at, |last| last.max(event.at)));
        let Some(id) = document else {
            return;
        };
        let step = Step {
            id,
            at: event.at,
            by: &event.by,
        };
        match &event.fact {
            Fact::Asked { .. } | Fact::Refused { .. } => self.begun(step, &event.fact),
            Fact::Attempted { policies, .. } => self.attempted(step, policies),
            Fact::Automatic { .. } => self.automatic(step),
            Fact::Emergency {
                seconds, review_by, ..
            } => self.emergency(step, *seconds, *review_by),
            Fact::Reviewed { .. } => self.reviewed(step),
            Fact::Unreviewed => self.unreviewed(step),
            Fact::Opened { .. } => self.opened(step),
            Fact::Closed { why } => self.closed(step, why),
            Fact::Extended { by, .. } => self.extended(step, by),
            fact => self.asked_around(step, fact),
        }
    }

    /// Takes in what happens while a request waits for people.
    fn asked_around(&mut self, step: Step<'_>, fact: &Fact) {
        match fact {
            Fact::StageReached { stage, asked } => self.stage_reached(step, stage, asked),
            Fact::Escalated { asked } => self.escalated(step, asked),
            Fact::Recalled { .. } => self.recalled(step),
            Fact::Approved {
                stage,
                shortened,
                voter,
                ..
            } => {
                if let Actor::Person(by) = step.by {
                    self.voter(&by.0, voter.as_ref());
                    self.approved(step, &by.0, stage, *shortened);
                }
            }
            Fact::ApprovedOffline {
                stage,
                account,
                seconds,
                ..
            } => self.approved(step, account, stage, Some(*seconds)),
            Fact::Denied { voter, .. } => {
                if let Actor::Person(by) = step.by {
                    self.voter(&by.0, voter.as_ref());
                }
                self.denied(step);
            }
            Fact::Granted => self.granted(step),
            Fact::Cancelled => self.over(step, Outcome::Cancelled),
            Fact::Lapsed => self.lapsed(step),
            _ => {}
        }
    }

    /// A request that ended without being open.
    pub(super) fn over(&mut self, step: Step<'_>, outcome: Outcome) {
        match self.courses.remove(step.id) {
            Some(course) => self.settle(&course, outcome),
            None => self.source.headless += 1,
        }
    }

    /// Counts what became of a request.
    pub(super) fn settle(&mut self, course: &Course, outcome: Outcome) {
        if !course.counts {
            return;
        }
        let day = self.choices.day(course.asked_at);
        self.tally.days.entry(day).or_default().add(outcome);
        let rule = self.tally.rules.entry(course.rule).or_default();
        rule.outcomes.add(outcome);
        self.tally.extensions += u64::from(course.extension);
        self.tally.recalled += u64::from(course.recalled);
        if !course.extension {
            let path = self.tally.paths.entry(course.path).or_default();
            path.outcomes.add(outcome);
        }
        if outcome == Outcome::Opened {
            rule.extended += u64::from(course.extended);
            self.tally.extended += u64::from(course.extended);
            let shorter = course.shortened.is_some_and(|given| given < course.asked);
            self.tally.shortened += u64::from(shorter);
        }
    }

    /// Counts what was still on its way when the ledger ended.
    pub(super) fn settle_the_rest(&mut self) {
        for course in std::mem::take(&mut self.courses).into_values() {
            if course.opened_at.is_some() {
                self.tally.still_open += u64::from(course.counts);
                self.settle(&course, Outcome::Opened);
            } else {
                self.settle(&course, Outcome::Waiting);
            }
        }
    }

    /// The number of a cluster's flow.
    pub(super) fn path(&mut self, cluster: &str, flow: &str) -> Name {
        self.names.of(&format!("{cluster}\0{flow}"))
    }

    /// The number of whoever did something.
    pub(super) fn who(&mut self, actor: &Actor) -> Name {
        match actor {
            Actor::Person(user) => self.names.of(&user.0),
            Actor::Service(service) => self.names.of(service),
            Actor::Drawbridge => self.names.of("drawbridge"),
            Actor::ClusterUser => self.names.of("somebody with access to the cluster"),
        }
    }

    /// Remembers what somebody is called.
    fn voter(&mut self, id: &str, voter: Option<&crate::audit::Voter>) {
        if let Some(name) = voter.and_then(|voter| voter.name.as_deref()) {
            let id = self.names.of(id);
            let person = self.tally.people.entry(id).or_default();
            if person.name.as_deref() != Some(name) {
                person.name = Some(name.into());
            }
        }
    }
}

/// Adds the time from one instant to another.
pub(super) fn add(lengths: &mut Vec<u32>, from: Time, to: Time) {
    lengths.push(seconds(from, to));
}
