//! Emergencies: opened at once by those whom the rule names, told loudly, reviewed afterwards.

use super::super::alarms::LAST_CHASE;
use super::super::document::{Emergency, Request, Review};
use super::super::facts::{Facts, Outcome};
use super::super::posts::Notice;
use super::super::refusal::Refusal;
use super::{Step, votes};
use crate::audit::{Actor, Fact};
use crate::rules::{Pass, Right, StagePlan, UserId, Verdict};

/// Opens a waiting path at once.
///
/// INVARIANT (approved): only on the word of the rules as they are now that this person may.
pub(super) fn open(mut step: Step, facts: &Facts<'_>, by: UserId) -> Result<Outcome, Refusal> {
    let impossible = Refusal::Impossible {
        command: "emergency",
        state: step.next.state.word(),
    };
    if !facts.roll.counts(&by) {
        let standing = facts.roll.people.get(&by).map(|person| person.standing);
        return Err(Refusal::DoesNotCount { standing });
    }
    let route = match facts.verdict.ok_or_else(|| impossible.clone())? {
        Verdict::Refused { reasons, .. } => {
            let reason = votes::sentence(reasons);
            return Err(Refusal::NoEmergency { reason });
        }
        Verdict::Allowed(route) if route.pass == Pass::Emergency => route.clone(),
        Verdict::Allowed(_) => return Err(impossible),
    };
    let plan = route.emergency.clone().ok_or(impossible)?;
    if !plan.by.holds(&by, facts.roll) {
        let reason = "the rule does not name you for emergencies".to_owned();
        return Err(Refusal::NoEmergency { reason });
    }
    step.next.shortened = Some(step.next.length().min(plan.max));
    if let Some(own) = &mut step.next.route {
        own.pass = Pass::Emergency;
        own.emergency = Some(plan);
    }
    step.next.break_glass(by.clone(), step.now);
    let fact = step.next.emergency_fact();
    step.note(Actor::Person(by), fact);
    step.grant();
    step.next.tell_emergency();
    step.done()
}

/// Somebody other than those who opened it has looked at it.
pub(super) fn review(
    mut step: Step,
    facts: &Facts<'_>,
    by: UserId,
    words: Option<String>,
) -> Result<Outcome, Refusal> {
    let no = |reason| Err(Refusal::NoReview { reason });
    let Some(emergency) = &step.next.emergency else {
        return no("this was no emergency, so there is nothing to review");
    };
    if emergency.review.is_some() {
        return no("this emergency was reviewed already");
    }
    if emergency.by == by || step.next.is_behind(&by) {
        return no("whoever asked for it or opened it cannot review it");
    }
    if step.next.gives(&by, facts.roll) {
        return no("whoever was given a role by it cannot review it");
    }
    if !looks_for_itself(&step.next, facts, &by) {
        return no("those who would have been asked review it, and the rule's revokers");
    }
    let at = step.now;
    if let Some(emergency) = &mut step.next.emergency {
        let (by, words) = (by.clone(), words.clone());
        emergency.review = Some(Review { by, at, words });
    }
    step.note(Actor::Person(by), Fact::Reviewed { typed_words: words });
    step.next.posts.touch();
    step.next.tell(&Notice::Reviewed);
    step.done()
}

/// Whether this person is of the stages in their own right, or a revoker: who stands in for somebody may
/// be a friend of whoever opened it.
fn looks_for_itself(request: &Request, facts: &Facts<'_>, by: &UserId) -> bool {
    let requester = request.requester();
    let own = |stage: &StagePlan| stage.right(by, requester, facts.roll) == Some(Right::Own);
    let route = request.route.as_ref();
    let revoker = route.is_some_and(|route| route.revokers.holds(by, facts.roll));
    facts.roll.counts(by) && (revoker || request.stages().iter().any(own))
}

/// Asks for the review again. After the last time the ledger says that it never came.
pub(super) fn chase(mut step: Step) -> Result<Outcome, Refusal> {
    let impossible = Refusal::Impossible {
        command: "chase",
        state: step.next.state.word(),
    };
    if !step.next.awaits_review() {
        return Err(impossible);
    }
    let Some(emergency) = &mut step.next.emergency else {
        return Err(impossible);
    };
    emergency.chased = emergency.chased.saturating_add(1);
    let times = emergency.chased;
    if times > LAST_CHASE {
        step.note(Actor::Drawbridge, Fact::Unreviewed);
        return step.done();
    }
    step.note(Actor::Drawbridge, Fact::Chased);
    step.next.posts.touch();
    step.next.tell(&Notice::ReviewWanted(times));
    step.next.tell_alarmed(&Notice::ReviewWanted(times));
    step.done()
}

impl super::super::Request {
    /// Notes who opened it at once, and until when that must be reviewed. The channel that hears of
    /// emergencies hears of the end too.
    pub(in crate::request) fn break_glass(&mut self, by: UserId, at: crate::units::Time) {
        let plan = self.route.as_ref().and_then(|r| r.emergency.clone());
        let Some(plan) = plan else {
            return;
        };
        self.emergency = Some(Emergency {
            by,
            at,
            review_by: plan.review.after(at),
            chased: 0,
            review: None,
        });
        let channel = super::super::document::Told::Channel(plan.tell);
        if !self.told.contains(&channel) {
            self.told.push(channel);
        }
    }

    /// What the ledger keeps of it.
    pub(in crate::request) fn emergency_fact(&self) -> Fact {
        let skipped = self.stages().iter().map(|stage| stage.name.clone());
        let review_by = self
            .emergency
            .as_ref()
            .map_or(self.asked.at, |e| e.review_by);
        Fact::Emergency {
            skipped: skipped.collect(),
            seconds: self.length(),
            review_by,
        }
    }
}
