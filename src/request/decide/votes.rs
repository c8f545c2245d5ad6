//! Approvals, denials and revocations: who counts, and what a vote leads to.

use super::super::document::{Request, Vote};
use super::super::facts::{Facts, Outcome, Terms};
use super::super::posts::Notice;
use super::super::record;
use super::super::refusal::Refusal;
use super::super::state::State;
use super::{Step, quorum};
use crate::audit::{Actor, Fact, Voter};
use crate::rules::judge::Reason;
use crate::rules::{Right, Roll, UserId, Verdict};
use crate::units::Time;

/// A verified person pressed a button on the card of a waiting request.
#[derive(Clone)]
pub(super) struct Click {
    pub(super) by: UserId,
    pub(super) face: u32,
    pub(super) stage: usize,
}

pub(super) fn approve(
    mut step: Step,
    facts: &Facts<'_>,
    click: Click,
    terms: Terms,
) -> Result<Outcome, Refusal> {
    let right = may_decide(&step.next, facts, &click)?;
    slot_is_free(&step.next, &click.by, &right)?;
    // The rules may have changed since the ask: a request that they refuse now is denied, whoever
    // clicked. INVARIANT (approved) relies on it.
    let verdict = facts.verdict.ok_or(Refusal::Impossible {
        command: "approve",
        state: step.next.state.word(),
    })?;
    if let Verdict::Refused { reasons, .. } = verdict {
        return denied_by_rules(step, sentence(reasons));
    }
    if let Some(shorter) = terms.shorter {
        let asked = step.next.length();
        if shorter >= asked || shorter.0 == 0 {
            return Err(Refusal::NotShorter { asked });
        }
        step.next.shortened = Some(shorter);
    }
    let lasts_until = lasting(&step, &click, &right, terms)?;
    let voter = record::voter(facts.roll, &click.by);
    count(&mut step, click.clone(), (right, lasts_until), voter);
    if quorum::still_needed(&step.next, facts.roll, click.stage) > 0 {
        return step.done();
    }
    next_stage_or_grant(step, facts.roll, click.stage)
}

/// Until when the approval counts for later asks too.
fn lasting(
    step: &Step,
    click: &Click,
    right: &Right,
    terms: Terms,
) -> Result<Option<Time>, Refusal> {
    if !terms.repeat {
        return Ok(None);
    }
    let stage = step.next.stages().get(click.stage);
    let repeat = stage.and_then(|stage| stage.repeat);
    // Who votes in somebody's place, or because nobody else answered, does so this once.
    let repeat = repeat.filter(|_| *right == Right::Own);
    let repeat = repeat.ok_or(Refusal::NoRepeat)?;
    Ok(Some(repeat.after(step.now)))
}

fn count(
    step: &mut Step,
    click: Click,
    (right, lasts_until): (Right, Option<Time>),
    voter: Option<Voter>,
) {
    let stage = step.next.stages().get(click.stage);
    let fact = Fact::Approved {
        stage: stage.map(|s| s.name.clone()).unwrap_or_default(),
        right: match &right {
            Right::Own => None,
            Right::StandIn(absent) => Some(format!("stands in for {absent}")),
            Right::Escalated => Some("escalated".to_owned()),
        },
        shortened: step.next.shortened,
        lasts_until,
        voter,
    };
    step.note(Actor::Person(click.by.clone()), fact);
    step.next.votes.push(Vote {
        by: click.by,
        stage: click.stage,
        at: step.now,
        right,
        lasts_until,
        given_on: None,
    });
    step.next.posts.touch();
}

/// One person fills one slot, and who is away and who stands in for them are one.
fn slot_is_free(request: &Request, by: &UserId, right: &Right) -> Result<(), Refusal> {
    if request.votes.iter().any(|vote| vote.by == *by) {
        return Err(Refusal::AlreadyApproved);
    }
    let taken = request.votes.iter().any(|vote| {
        let theirs = matches!(&vote.right, Right::StandIn(absent) if absent == by);
        let behind = matches!(right, Right::StandIn(absent)
            if vote.by == *absent || vote.right == *right);
        theirs || behind
    });
    if taken {
        return Err(Refusal::SlotTaken);
    }
    Ok(())
}

/// Asks the next stage that earlier approvals do not fill already, or begins to open.
pub(super) fn next_stage_or_grant(
    mut step: Step,
    roll: &Roll,
    stage: usize,
) -> Result<Outcome, Refusal> {
    let stages = step.next.stages().len();
    let open = (stage + 1..stages).find(|at| quorum::still_needed(&step.next, roll, *at) > 0);
    let Some(next) = open else {
        step.grant();
        return step.done();
    };
    step.become_(State::Pending {
        stage: next,
        since: step.now,
        reminders: 0,
        escalated: false,
    });
    step.next.posts.offered = step.next.posts.face;
    step.next.ask_stage(next);
    if let Some(reached) = step.next.stage_reached(next) {
        step.note(Actor::Drawbridge, reached);
    }
    step.done()
}

pub(super) fn deny(
    step: Step,
    facts: &Facts<'_>,
    click: Click,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    may_deny(&step.next, facts, &click)?;
    let voter = record::voter(facts.roll, &click.by);
    denied_by(step, (click.by, voter), reason)
}

/// Somebody said no.
pub(super) fn denied_by(
    mut step: Step,
    (by, voter): (UserId, Option<Voter>),
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    let fact = Fact::Denied {
        because: None,
        typed_reason: reason.clone(),
        voter,
    };
    step.note(Actor::Person(by.clone()), fact);
    let by = Some(by);
    step.become_(State::Denied { by, reason });
    step.next.tell(&Notice::Denied);
    step.done()
}

/// What was closed by somebody is not opened again by an approval given before.
pub(super) fn forget_all(mut step: Step) -> Step {
    for vote in &mut step.next.votes {
        vote.lasts_until = None;
    }
    step
}

/// An approver takes back that their approval counts for later asks; a revoker takes back all of them.
pub(super) fn forget(mut step: Step, facts: &Facts<'_>, by: UserId) -> Result<Outcome, Refusal> {
    let now = step.now;
    let route = step.next.route.as_ref();
    let revoker =
        facts.roll.counts(&by) && route.is_some_and(|route| route.revokers.holds(&by, facts.roll));
    let lasts = |vote: &&mut Vote| {
        (vote.by == by || revoker) && vote.lasts_until.is_some_and(|at| at > now)
    };
    let forgotten = step.next.votes.iter_mut().filter(lasts);
    let forgotten = forgotten.map(|vote| vote.lasts_until = None).count();
    if forgotten == 0 {
        return Err(Refusal::NothingToForget);
    }
    step.note(Actor::Person(by), Fact::Forgotten);
    step.next.posts.touch();
    step.done()
}

/// The rules as they are now refuse the request.
pub(super) fn denied_by_rules(mut step: Step, sentence: String) -> Result<Outcome, Refusal> {
    let fact = Fact::Denied {
        because: Some(sentence.clone()),
        typed_reason: None,
        voter: None,
    };
    step.note(Actor::Drawbridge, fact);
    step.become_(State::Denied {
        by: None,
        reason: Some(sentence),
    });
    step.next.tell(&Notice::Denied);
    step.done()
}

/// The first reason of a refusal: the one people are told.
pub(super) fn sentence(reasons: &[Reason]) -> String {
    let first = reasons.first().map(|reason| reason.message.clone());
    first.unwrap_or_else(|| "the rules do not allow it any more".to_owned())
}

/// By what right this person may decide on the waiting stage, having seen this picture of the card.
fn may_decide(request: &Request, facts: &Facts<'_>, click: &Click) -> Result<Right, Refusal> {
    let standing = facts
        .roll
        .people
        .get(&click.by)
        .map(|person| person.standing);
    if !facts.roll.counts(&click.by) {
        return Err(Refusal::DoesNotCount { standing });
    }
    if request.is_behind(&click.by) {
        return Err(Refusal::OwnRequest);
    }
    let Some(stage) = request.stages().get(click.stage) else {
        return Err(Refusal::Stale);
    };
    let right = quorum::right(request, stage, &click.by, facts.roll);
    let given = stage.gives(&click.by, facts.roll) && stage.names(&click.by, facts.roll);
    if right.is_none() && !given {
        let stage = stage.name.clone();
        return Err(Refusal::NotAnApprover { stage });
    }
    // A picture from an earlier stage asked for something else; one from the future is forged.
    let seen = request.posts.offered..=request.posts.face;
    if !seen.contains(&click.face) {
        return Err(Refusal::Stale);
    }
    right.ok_or(Refusal::GivenToYou)
}

/// Whether this person may say no: whoever may say yes, and whoever is given a role by it.
fn may_deny(request: &Request, facts: &Facts<'_>, click: &Click) -> Result<(), Refusal> {
    match may_decide(request, facts, click) {
        Ok(_) | Err(Refusal::GivenToYou) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Whether this person may close the path: one of those who approved it, or a revoker of the rule,
/// as long as they still count.
pub(super) fn may_revoke(request: &Request, facts: &Facts<'_>, by: &UserId) -> Result<(), Refusal> {
    if !facts.roll.counts(by) {
        let standing = facts.roll.people.get(by).map(|person| person.standing);
        return Err(Refusal::DoesNotCount { standing });
    }
    let approved = request.votes.iter().any(|vote| vote.by == *by);
    let revoker = request
        .route
        .as_ref()
        .is_some_and(|r| r.revokers.holds(by, facts.roll));
    let approver = request
        .stages()
        .iter()
        .any(|stage| stage.concerns(by, facts.roll));
    if approved || revoker || approver {
        Ok(())
    } else {
        Err(Refusal::NotARevoker)
    }
}
