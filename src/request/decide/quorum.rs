//! Counting votes: whose still count, and whether they fill what is asked.

use super::super::document::{Request, Vote};
use crate::rules::{Roll, StagePlan};

/// Votes that still count for a stage, by who is who now, subtracted from what it needs.
pub(super) fn still_needed(request: &Request, roll: &Roll, stage: usize) -> usize {
    let Some(plan) = request.stages().get(stage) else {
        return usize::MAX;
    };
    let votes = request.votes_for(stage);
    let requester = request.asked.by.person();
    let counted = votes.filter(|vote| plan.admits(&vote.by, requester, roll));
    let valid = counted.count();
    plan.need.saturating_sub(valid)
}

/// Whether every stage that the request was asked under has the valid votes it needs. INVARIANT
/// (approved) is checked once more with it right before anything is applied.
pub(super) fn all_stages_filled(request: &Request, roll: &Roll) -> bool {
    (0..request.stages().len()).all(|stage| still_needed(request, roll, stage) == 0)
}

/// Whether the votes fill these stages too, each vote at most one slot: the rule may demand more by
/// now than it did when the request was made. Votes move freely between slots that admit the voter,
/// because stages may have been renamed or reordered meanwhile.
pub(super) fn fills(votes: &[Vote], stages: &[StagePlan], roll: &Roll) -> bool {
    let slots: Vec<&StagePlan> = stages
        .iter()
        .flat_map(|plan| std::iter::repeat_n(plan, plan.need.min(votes.len() + 1)))
        .collect();
    let mut taken: Vec<Option<usize>> = vec![None; votes.len()];
    (0..slots.len()).all(|slot| {
        let mut tried = vec![false; votes.len()];
        place(slot, &slots, (votes, roll), &mut taken, &mut tried)
    })
}

/// Gives the slot a vote, moving votes of earlier slots where that helps (augmenting paths).
fn place(
    slot: usize,
    slots: &[&StagePlan],
    people: (&[Vote], &Roll),
    taken: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    let (votes, roll) = people;
    let Some(plan) = slots.get(slot) else {
        return false;
    };
    for (at, vote) in votes.iter().enumerate() {
        let seen = tried.get(at).copied().unwrap_or(true);
        if seen || !plan.admits(&vote.by, None, roll) {
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
