//! Approvals that were given for the same requester and path before, and still stand.

use super::asked::Asked;
use super::document::{Request, Vote};
use super::state::{End, State};
use crate::netpol::Effect;
use crate::rules::{Right, Roll, Route};

/// Votes of earlier requests that count for a new ask too.
///
/// INVARIANT (approved): a vote stands only for the same requester, cluster, template and path, for no
/// more than it saw (what opens, and for how long), under a stage of the same name in the same rule that
/// lets approvals count again, by somebody who may fill that stage now in their own right; and each
/// person fills one slot. What somebody ended takes every approval before it along.
pub fn standing_votes(
    before: &[Request],
    asked: &Asked,
    effect: &Effect,
    route: &Route,
    roll: &Roll,
) -> Vec<Vote> {
    let mut votes: Vec<Vote> = Vec::new();
    let same = before.iter().filter(|old| is_same(&old.asked, asked));
    let soured = same.filter(|old| was_ended_by_somebody(old));
    let soured = soured.map(|old| old.asked.at).max();
    let alike = before.iter().filter(|old| {
        let later = soured.is_none_or(|at| at < old.asked.at);
        later && covers(old, asked, effect, route)
    });
    for (old, vote) in alike.flat_map(|old| old.votes.iter().map(move |vote| (old, vote))) {
        let lasts = vote.lasts_until.is_some_and(|until| until > asked.at);
        let known = votes.iter().any(|other| other.by == vote.by);
        let Some(stage) = stage_for(old, vote, route).filter(|_| lasts && !known) else {
            continue;
        };
        let plan = route.stages.get(stage);
        let filled = votes.iter().filter(|other| other.stage == stage).count();
        let requester = asked.by.person().or(route.owner.as_ref());
        let pressed = asked.pressed_by.as_ref() == Some(&vote.by);
        let fits = plan.filter(|_| !pressed).is_some_and(|plan| {
            filled < plan.need && plan.right(&vote.by, requester, roll) == Some(Right::Own)
        });
        if fits {
            votes.push(Vote {
                stage,
                lasts_until: None,
                given_on: Some(old.id.clone()),
                ..vote.clone()
            });
        }
    }
    votes
}

/// Whether both ask for the same path, for the same requester.
fn is_same(was: &Asked, asked: &Asked) -> bool {
    was.by == asked.by
        && was.cluster == asked.cluster
        && was.template == asked.template
        && was.flow.from.label == asked.flow.from.label
        && was.flow.to.label == asked.flow.to.label
        && was.flow.ports == asked.flow.ports
}

/// Whether somebody said no to the request, or ended it before its time, or had to: what was approved
/// until then is not opened again without asking.
const fn was_ended_by_somebody(request: &Request) -> bool {
    matches!(
        request.state,
        State::Denied { .. }
            | State::Ending {
                why: End::Revoked { .. } | End::Removed | End::Withdrawn { .. },
                ..
            }
            | State::Ended {
                why: End::Revoked { .. } | End::Removed | End::Withdrawn { .. },
                ..
            }
    )
}

/// Whether an approval of the old request saw all that the new one asks for.
fn covers(old: &Request, asked: &Asked, effect: &Effect, route: &Route) -> bool {
    is_same(&old.asked, asked)
        && asked.duration <= old.length()
        && effect.within(&old.effect)
        && old.route.as_ref().is_some_and(|was| was.rule == route.rule)
}

/// The stage of the new route that an old vote's stage is called.
fn stage_for(old: &Request, vote: &Vote, route: &Route) -> Option<usize> {
    let name = &old.stages().get(vote.stage)?.name;
    let same = |plan: &crate::rules::StagePlan| plan.name == *name && plan.repeat.is_some();
    route.stages.iter().position(same)
}
