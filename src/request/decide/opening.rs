//! Opening and closing: attempts, their end, and what the cluster answered.

use chrono::SubsecRound;

use super::super::document::{ExtendedBy, GateObject, Grant, Request};
use super::super::facts::{Facts, Outcome, Verified};
use super::super::posts::Notice;
use super::super::record;
use super::super::refusal::Refusal;
use super::super::state::{Attempt, End, State};
use super::{Step, quorum, votes};
use crate::audit::{Actor, Fact};
use crate::netpol::Effect;
use crate::rules::{Pass, Roll, Route, Verdict};
use crate::units::{Seconds, Time};

/// Failures to close after which people are told that operators are needed.
const ALERT_AFTER: u32 = 3;

/// Commits the end before anything is applied: whatever happens later, objects carry it.
pub(super) fn attempt(
    mut step: Step,
    facts: &Facts<'_>,
    objects: Vec<GateObject>,
    effect: &Effect,
) -> Result<Outcome, Refusal> {
    // Without a verdict, or with nothing to apply, the caller is at fault: nothing opens.
    let Some(verdict) = facts.verdict.filter(|_| !objects.is_empty()) else {
        return Err(Refusal::Impossible {
            command: "attempt",
            state: step.next.state.word(),
        });
    };
    if let Verdict::Refused { reasons, .. } = verdict
        && step.next.gate.is_empty()
    {
        return votes::denied_by_rules(step, votes::sentence(reasons));
    }
    if let Some(reason) = objection(&step.next, facts.roll, verdict, effect) {
        return step.end(End::Failed { reason }, Actor::Drawbridge);
    }
    if step.next.gate.is_empty() {
        step.next.gate = objects;
    } else if !same_objects(&step.next.gate, &objects) {
        let reason = "the cluster changed while the path was being opened".to_owned();
        return step.end(End::Failed { reason }, Actor::Drawbridge);
    }
    begin(step)
}

/// Notes the attempt that begins now, with the end that its objects will carry.
fn begin(mut step: Step) -> Result<Outcome, Refusal> {
    let State::Granting {
        since, failures, ..
    } = step.next.state
    else {
        return step.done();
    };
    let at = step.now;
    // An extension begins at its approval and lasts beyond the end that it lengthens.
    let extends = step.next.asked.extends.as_ref();
    let from = extends.map_or(at, |extends| extends.until.max(at));
    let expires_at = whole_second(step.next.length().after(from));
    let names = step
        .next
        .gate
        .iter()
        .map(|o| format!("{}/{}", o.namespace(), o.name))
        .collect();
    let policies = step.next.gate.iter().map(record::policy).collect();
    step.note(
        Actor::Drawbridge,
        Fact::Attempted {
            expires_at,
            objects: names,
            policies,
        },
    );
    let attempt = Some(Attempt { at, expires_at });
    step.next.state = State::Granting {
        since,
        retry_at: at,
        failures,
        attempt,
    };
    step.done()
}

/// Rounded up: the annotation has no fractions, and nobody loses one.
fn whole_second(at: Time) -> Time {
    let whole = at.trunc_subsecs(0);
    if whole == at {
        at
    } else {
        Seconds(1).after(whole)
    }
}

/// Why nothing may be opened as things are now.
fn objection(request: &Request, roll: &Roll, now: &Verdict, effect: &Effect) -> Option<String> {
    let reason = match now {
        Verdict::Refused { reasons, .. } => return Some(votes::sentence(reasons)),
        Verdict::Allowed(route) if !may_pass(request, route, roll) => {
            "the rules ask for other approvals by now"
        }
        Verdict::Allowed(_) if !effect.within(&request.effect) => {
            if effect.stated.is_empty() && request.effect.stated.is_empty() {
                "more would open now than was approved"
            } else {
                "something else would be applied now than was approved"
            }
        }
        Verdict::Allowed(route)
            if route.pass == Pass::Stages && !quorum::all_stages_filled(request, roll) =>
        {
            "an approval no longer counts"
        }
        Verdict::Allowed(_) => return None,
    };
    Some(reason.to_owned())
}

/// Whether the request has what the rules demand now: approvals, or that nothing is demanded of one
/// that was never to be approved by people. INVARIANT (approved): the rules' own word is not enough for
/// a request that was asked under stages, or stages could be lifted behind their approvers' backs.
fn may_pass(request: &Request, route: &Route, roll: &Roll) -> bool {
    let asked_under = request.route.as_ref().map(|route| &route.pass);
    match (&route.pass, asked_under) {
        (Pass::Stages, _) => !route.stages.is_empty() && quorum::fills(request, route, roll),
        (Pass::Automatic { .. }, Some(Pass::Automatic { .. })) => true,
        (Pass::Automatic { .. }, _) => {
            let voted = !request.votes.is_empty() || request.offline.is_some();
            voted && quorum::all_stages_filled(request, roll)
        }
        (Pass::Emergency, _) => request.emergency.is_some(),
    }
}

/// The requester is warned of the coming end.
pub(super) fn warn(mut step: Step) -> Result<Outcome, Refusal> {
    let grant = step.next.grant.as_ref();
    let expires_at = grant.map_or(step.now, |grant| grant.expires_at);
    let left = (expires_at - step.now).num_seconds().max(0).unsigned_abs();
    step.note(Actor::Drawbridge, Fact::Warned);
    step.become_(State::Active { warned: true });
    step.next.tell(&Notice::Warning {
        left: Seconds(left),
    });
    step.done()
}

/// Another request goes on after this one's end: nobody needs to be warned of it.
pub(super) fn extended(mut step: Step, by: ExtendedBy) -> Result<Outcome, Refusal> {
    if step.next.extended.as_ref() == Some(&by) {
        return step.done();
    }
    let (id, until) = (by.id.clone(), by.until);
    step.note(Actor::Drawbridge, Fact::Extended { by: id, until });
    step.next.extended = Some(by);
    if matches!(step.next.state, State::Active { .. }) {
        step.next.state = State::Active { warned: true };
    }
    step.next.posts.touch();
    step.done()
}

fn same_objects(old: &[GateObject], new: &[GateObject]) -> bool {
    old.len() == new.len()
        && old
            .iter()
            .zip(new)
            .all(|(a, b)| a.object.essence() == b.object.essence())
}

pub(super) fn applied(mut step: Step, seen: &[Verified]) -> Result<Outcome, Refusal> {
    let State::Granting {
        since,
        failures,
        attempt: Some(attempt),
        ..
    } = step.next.state.clone()
    else {
        return Err(Refusal::Impossible {
            command: "applied",
            state: step.next.state.word(),
        });
    };
    let verified = |object: &GateObject| seen.iter().any(|one| one.name == object.name);
    if !step.next.gate.iter().all(verified) {
        // "Open" is never said of a path of which a part was not seen.
        return Err(Refusal::Impossible {
            command: "applied",
            state: step.next.state.word(),
        });
    }
    for object in &mut step.next.gate {
        let found = seen.iter().find(|one| one.name == object.name);
        object.uid = found.map(|one| one.uid.clone());
        object.stored = found.and_then(|one| one.stored.clone());
    }
    let now = step.now;
    if !attempt.is_fresh(now) {
        // Verified too late: the same objects get a new end.
        step.next.state = State::Granting {
            since,
            retry_at: now,
            failures,
            attempt: None,
        };
        return step.done();
    }
    let expires_at = attempt.expires_at;
    step.next.grant = Some(Grant {
        opened_at: now,
        expires_at,
    });
    step.note(Actor::Drawbridge, Fact::Opened { expires_at });
    step.become_(State::Active { warned: false });
    step.next.tell(&Notice::Granted);
    step.next.tell_others(&Notice::Granted);
    step.done()
}

pub(super) fn not_applied(
    mut step: Step,
    problem: String,
    again: bool,
) -> Result<Outcome, Refusal> {
    let State::Granting {
        since, failures, ..
    } = step.next.state
    else {
        return step.done();
    };
    step.note(
        Actor::Drawbridge,
        Fact::NotOpened {
            problem: problem.clone(),
        },
    );
    if !again {
        return step.end(End::Failed { reason: problem }, Actor::Drawbridge);
    }
    let failures = failures + 1;
    let retry_at = backoff(failures).after(step.now);
    step.next.state = State::Granting {
        since,
        retry_at,
        failures,
        attempt: None,
    };
    step.done()
}

pub(super) fn closed(mut step: Step, why: End) -> Result<Outcome, Refusal> {
    let now = step.now;
    step.note(
        Actor::Drawbridge,
        Fact::Closed {
            why: why.word().to_owned(),
        },
    );
    let opened = step.next.grant.is_some();
    if let End::Failed { reason } = &why {
        let reason = reason.clone();
        step.become_(State::Failed { reason });
    } else {
        step.become_(State::Ended {
            why: why.clone(),
            at: now,
        });
    }
    step.next.tell(&Notice::Ended(why.clone()));
    if opened {
        step.next.tell_others(&Notice::Ended(why));
    }
    step.done()
}

pub(super) fn not_closed(mut step: Step, problem: String) -> Result<Outcome, Refusal> {
    let State::Ending {
        why,
        since,
        failures,
        ..
    } = step.next.state.clone()
    else {
        return step.done();
    };
    let failures = failures + 1;
    let retry_at = backoff(failures).after(step.now);
    // An outage of hours must not fill the ledger: the first failures, then ever fewer.
    if failures.is_power_of_two() {
        step.note(Actor::Drawbridge, Fact::NotClosed { problem });
    }
    step.next.state = State::Ending {
        why,
        since,
        retry_at,
        failures,
    };
    if failures == ALERT_AFTER {
        step.next.posts.touch();
        step.next.tell(&Notice::CannotClose);
        // The rule's channel is paged, also where its card is elsewhere.
        step.next.tell_alarmed(&Notice::CannotClose);
    }
    step.done()
}

/// 1, 2, 4, then at most 8 s: short, because after an outage of the API server everything must be
/// closed within 15 s of its return.
fn backoff(failures: u32) -> Seconds {
    Seconds(1 << failures.saturating_sub(1).min(3))
}
