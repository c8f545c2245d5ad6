//! Approvals, denials and revocations: who counts, and what a vote leads to.

use super::super::document::{Request, Vote};
use super::super::facts::{Facts, Outcome};
use super::super::posts::Notice;
use super::super::refusal::Refusal;
use super::super::state::State;
use super::{Step, quorum};
use crate::audit::{Actor, Fact};
use crate::rules::judge::Reason;
use crate::rules::{UserId, Verdict};

/// A verified person pressed a button on the card of a waiting request.
pub(super) struct Click {
    pub(super) by: UserId,
    pub(super) face: u32,
    pub(super) stage: usize,
}

pub(super) fn approve(mut step: Step, facts: &Facts<'_>, click: Click) -> Result<Outcome, Refusal> {
    may_decide(&step.next, facts, &click)?;
    if step.next.votes.iter().any(|vote| vote.by == click.by) {
        return Err(Refusal::AlreadyApproved);
    }
    // The rules may have changed since the ask: a request that they refuse now is denied, whoever
    // clicked. INVARIANT (approved) relies on it.
    let verdict = facts.verdict.ok_or(Refusal::Impossible {
        command: "approve",
        state: step.next.state.word(),
    })?;
    if let Verdict::Refused { reasons, .. } = verdict {
        return denied_by_rules(step, sentence(reasons));
    }
    let now = step.now;
    let stage_name = step
        .next
        .stages()
        .get(click.stage)
        .map(|s| s.name.clone())
        .unwrap_or_default();
    step.note(
        Actor::Person(click.by.clone()),
        Fact::Approved { stage: stage_name },
    );
    step.next.votes.push(Vote {
        by: click.by,
        stage: click.stage,
        at: now,
    });
    step.next.posts.touch();
    if quorum::still_needed(&step.next, facts.roll, click.stage) > 0 {
        return step.done();
    }
    next_stage_or_grant(step, click.stage)
}

fn next_stage_or_grant(mut step: Step, stage: usize) -> Result<Outcome, Refusal> {
    let now = step.now;
    let next = stage + 1;
    if next < step.next.stages().len() {
        step.become_(State::Pending {
            stage: next,
            since: now,
            reminders: 0,
        });
        step.next.posts.offered = step.next.posts.face;
        step.next.ask_stage(next);
        return step.done();
    }
    step.note(Actor::Drawbridge, Fact::Granted);
    step.become_(State::Granting {
        since: now,
        retry_at: now,
        failures: 0,
        attempt: None,
    });
    step.done()
}

pub(super) fn deny(
    mut step: Step,
    facts: &Facts<'_>,
    click: Click,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    may_decide(&step.next, facts, &click)?;
    let fact = Fact::Denied {
        because: None,
        typed_reason: reason.clone(),
    };
    step.note(Actor::Person(click.by.clone()), fact);
    step.become_(State::Denied {
        by: Some(click.by),
        reason,
    });
    step.next.tell(&Notice::Denied);
    step.done()
}

/// The rules as they are now refuse the request.
pub(super) fn denied_by_rules(mut step: Step, sentence: String) -> Result<Outcome, Refusal> {
    let fact = Fact::Denied {
        because: Some(sentence.clone()),
        typed_reason: None,
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

/// Whether this person may decide on the waiting stage, having seen this picture of the card.
fn may_decide(request: &Request, facts: &Facts<'_>, click: &Click) -> Result<(), Refusal> {
    let standing = facts
        .roll
        .people
        .get(&click.by)
        .map(|person| person.standing);
    if !facts.roll.counts(&click.by) {
        return Err(Refusal::DoesNotCount { standing });
    }
    if request.asked.by.person() == Some(&click.by) {
        return Err(Refusal::OwnRequest);
    }
    let Some(stage) = request.stages().get(click.stage) else {
        return Err(Refusal::Stale);
    };
    if !stage.admits(&click.by, request.asked.by.person(), facts.roll) {
        return Err(Refusal::NotAnApprover {
            stage: stage.name.clone(),
        });
    }
    // A picture from an earlier stage asked for something else; one from the future is forged.
    let seen = request.posts.offered..=request.posts.face;
    if seen.contains(&click.face) {
        Ok(())
    } else {
        Err(Refusal::Stale)
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
        .any(|stage| stage.admits(by, None, facts.roll));
    if approved || revoker || approver {
        Ok(())
    } else {
        Err(Refusal::NotARevoker)
    }
}
