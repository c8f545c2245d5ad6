//! Counting votes: whose still count, and whether they fill what is asked.

use super::super::document::{Request, Vote};
use crate::rules::{Escalation, Right, Roll, Route, StagePlan, UserId};

/// By what right this person may fill a slot of a stage of this request now.
///
/// INVARIANT (no self-approval): never the requester, nor whoever pressed the button for a service or is given
/// a role, and nobody in the place of one of them.
pub(super) fn right(
    request: &Request,
    plan: &StagePlan,
    user: &UserId,
    roll: &Roll,
) -> Option<Right> {
    let requester = request.requester();
    let right = plan.right(user, requester, roll).or_else(|| {
        let escalation = request.route.as_ref()?.escalate.as_ref();
        let escalated = request.is_escalated()
            && Some(user) != requester
            && !plan.gives(user, roll)
            && is_escalated_to(escalation, user, roll);
        escalated.then_some(Right::Escalated)
    });
    let in_place = |right: &Right| matches!(right, Right::StandIn(of) if request.is_behind(of));
    right.filter(|right| !request.is_behind(user) && !in_place(right))
}

/// Whether this person is of the next circle, and counts.
fn is_escalated_to(escalation: Option<&Escalation>, user: &UserId, roll: &Roll) -> bool {
    roll.counts(user) && escalation.is_some_and(|next| next.to.holds(user, roll))
}

/// Who is who, and whom the rules name: what a vote is weighed by.
#[derive(Clone, Copy)]
struct Scale<'a> {
    /// Stages as they were asked, by which votes name theirs: an escalated vote is of its stage only.
    names: &'a [&'a String],
    request: &'a Request,
    escalation: Option<&'a Escalation>,
    roll: &'a Roll,
}

impl Scale<'_> {
    /// Whether a vote counts for this stage now, by the right by which it was given. Who stood in when
    /// they voted need not stand in any more; but the one behind them must still be of the stage.
    fn counts(self, vote: &Vote, plan: &StagePlan) -> bool {
        let may = |user: &UserId| {
            !self.request.is_behind(user) && self.roll.counts(user) && !plan.gives(user, self.roll)
        };
        let of_the_stage = |user: &UserId| may(user) && plan.names(user, self.roll);
        let present = may(&vote.by);
        match &vote.right {
            Right::Own => of_the_stage(&vote.by),
            Right::StandIn(absent) => present && of_the_stage(absent),
            Right::Escalated => {
                let same = self
                    .names
                    .get(vote.stage)
                    .is_some_and(|name| **name == plan.name);
                same && present && is_escalated_to(self.escalation, &vote.by, self.roll)
            }
        }
    }
}

fn names(request: &Request) -> Vec<&String> {
    request.stages().iter().map(|stage| &stage.name).collect()
}

fn scale<'a>(
    request: &'a Request,
    names: &'a [&'a String],
    route: Option<&'a Route>,
    roll: &'a Roll,
) -> Scale<'a> {
    Scale {
        names,
        request,
        escalation: route.and_then(|route| route.escalate.as_ref()),
        roll,
    }
}

/// Votes that still count for a stage, by who is who now, subtracted from what it needs.
pub(super) fn still_needed(request: &Request, roll: &Roll, stage: usize) -> usize {
    let Some(plan) = request.stages().get(stage) else {
        return usize::MAX;
    };
    let names = names(request);
    let scale = scale(request, &names, request.route.as_ref(), roll);
    let votes = request.votes_for(stage);
    let valid = votes.filter(|vote| scale.counts(vote, plan)).count();
    let offline = request.offline_counts(&plan.name, request.route.as_ref());
    plan.need.saturating_sub(valid + usize::from(offline))
}

/// Whether every stage that the request was asked under has the valid votes it needs. INVARIANT
/// (approved) is checked once more with it right before anything is applied.
pub(super) fn all_stages_filled(request: &Request, roll: &Roll) -> bool {
    (0..request.stages().len()).all(|stage| still_needed(request, roll, stage) == 0)
}

/// Whether the votes fill the stages of this route too, each vote at most one slot: the rule may demand
/// more by now than it did when the request was made. Votes move freely between slots that admit the
/// voter, because stages may have been renamed or reordered meanwhile.
pub(super) fn fills(request: &Request, route: &Route, roll: &Roll) -> bool {
    let votes = &request.votes;
    let slots: Vec<&StagePlan> = route
        .stages
        .iter()
        .flat_map(|plan| {
            let offline = request.offline_counts(&plan.name, Some(route));
            let need = plan.need.saturating_sub(usize::from(offline));
            std::iter::repeat_n(plan, need.min(votes.len() + 1))
        })
        .collect();
    let names = names(request);
    let scale = scale(request, &names, Some(route), roll);
    let mut taken: Vec<Option<usize>> = vec![None; votes.len()];
    (0..slots.len()).all(|slot| {
        let mut tried = vec![false; votes.len()];
        place(slot, &slots, (votes, scale), &mut taken, &mut tried)
    })
}

/// Gives the slot a vote, moving votes of earlier slots where that helps (augmenting paths).
fn place(
    slot: usize,
    slots: &[&StagePlan],
    people: (&[Vote], Scale<'_>),
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let (votes, scale) = people;
    let Some(plan) = slots.get(slot) else {
        return false;
    };
    for (at, vote) in votes.iter().enumerate() {
        let seen = tried.get(at).copied().unwrap_or(true);
        if seen || !scale.counts(vote, plan) {
            continue;
        }
        if let Some(mark) = tried.get_mut(at) {
            *mark = true;
        }
        let holder = taken.get(at).copied().flatten();
        let free = holder.is_none_or(|other| place(other, slots, people, taken, tried));
        if free {
            if let Some(place) = taken.get_mut(at) {
                *place = Some(slot);
            }
            return true;
        }
    }
    false
}
