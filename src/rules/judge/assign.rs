//! Whether stages can be filled by distinct people: one person fills one slot, over all stages.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::people::UserId;

/// The slots of one stage and who may fill them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    /// How many distinct people must.
    pub need: usize,
    /// Who may.
    pub people: BTreeSet<UserId>,
}

/// Stages that together need more people than they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Short {
    /// Indices of the stages.
    pub stages: BTreeSet<usize>,
    /// How many people they need together.
    pub need: usize,
    /// How many people may fill any of them.
    pub people: usize,
}

/// Finds people for all slots, or a smallest reason why there are none (Hall's condition, which
/// holds exactly when every slot can be filled: what augmenting from a free slot can reach).
pub fn fill(stages: &[Slots]) -> Result<(), Short> {
    let cap = cap(stages);
    let slots = stages
        .iter()
        .enumerate()
        .flat_map(|(stage, slots)| std::iter::repeat_n(stage, slots.need.min(cap)));
    let mut held = Held::new();
    for stage in slots {
        let mut seen = BTreeSet::new();
        if !augment(stage, stages, &mut held, &mut seen) {
            return Err(short(stage, stages, &held, &seen));
        }
    }
    Ok(())
}

/// Who fills a slot of which stage.
type Held<'a> = BTreeMap<&'a UserId, usize>;

/// A stage cannot use more slots than there are people in all, plus one to be found short.
fn cap(stages: &[Slots]) -> usize {
    let everybody: BTreeSet<&UserId> = stages.iter().flat_map(|s| &s.people).collect();
    everybody.len() + 1
}

/// Gives the stage one more person, moving others between stages where that helps.
fn augment<'a>(
    stage: usize,
    stages: &'a [Slots],
    held: &mut Held<'a>,
    seen: &mut BTreeSet<&'a UserId>,
) -> bool {
    let Some(slots) = stages.get(stage) else {
        return false;
    };
    for person in &slots.people {
        if !seen.insert(person) {
            continue;
        }
        let free = match held.get(person).copied() {
            None => true,
            Some(holder) => augment(holder, stages, held, seen),
        };
        if free {
            held.insert(person, stage);
            return true;
        }
    }
    false
}

fn short<'a>(
    stage: usize,
    stages: &[Slots],
    held: &Held<'a>,
    seen: &BTreeSet<&'a UserId>,
) -> Short {
    let involved: BTreeSet<usize> = seen
        .iter()
        .filter_map(|person| held.get(*person).copied())
        .chain([stage])
        .collect();
    let need = involved
        .iter()
        .filter_map(|index| stages.get(*index))
        .fold(0_usize, |sum, slots| sum.saturating_add(slots.need));
    Short {
        stages: involved,
        need,
        people: seen.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slots(need: usize, people: &[u8]) -> Slots {
        let people = people.iter().map(|n| UserId(format!("U{n}"))).collect();
        Slots { need, people }
    }

    #[test]
    fn one_person_fills_one_slot() {
        let short = fill(&[slots(1, &[1]), slots(1, &[1])]).unwrap_err();
        assert_eq!((short.need, short.people), (2, 1));
        assert_eq!(short.stages, BTreeSet::from([0, 1]));
    }

    #[test]
    fn people_are_moved_where_they_are_needed() {
        // The first person could take the first slot, but is the only one for the second.
        assert_eq!(fill(&[slots(1, &[1, 2]), slots(1, &[1])]), Ok(()));
        let chain = [slots(1, &[1, 2]), slots(1, &[2, 3]), slots(2, &[1, 2, 3])];
        assert_eq!(fill(&chain).unwrap_err().need, 4);
    }

    #[test]
    fn only_the_stages_that_are_short_are_blamed() {
        let short = fill(&[slots(1, &[7, 8]), slots(2, &[1])]).unwrap_err();
        assert_eq!(short.stages, BTreeSet::from([1]));
        assert_eq!((short.need, short.people), (2, 1));
        let huge = fill(&[slots(usize::MAX, &[1])]).unwrap_err();
        assert_eq!(huge.people, 1);
    }

    /// The slow truth: tries every person for every slot.
    fn possible(slots: &[BTreeSet<UserId>], used: &mut BTreeSet<UserId>) -> bool {
        let Some((first, rest)) = slots.split_first() else {
            return true;
        };
        first.iter().any(|person| {
            if !used.insert(person.clone()) {
                return false;
            }
            let found = possible(rest, used);
            used.remove(person);
            found
        })
    }

    proptest! {
        #[test]
        fn the_answer_is_that_of_trying_everything(
            stages in prop::collection::vec((1usize..3, prop::collection::btree_set(0u8..5, 0..4)), 0..4)
        ) {
            let stages: Vec<Slots> = stages
                .iter()
                .map(|(need, people)| slots(*need, &people.iter().copied().collect::<Vec<_>>()))
                .collect();
            let each: Vec<BTreeSet<UserId>> = stages
                .iter()
                .flat_map(|s| std::iter::repeat_n(s.people.clone(), s.need))
                .collect();
            let found = fill(&stages);
            prop_assert_eq!(found.is_ok(), possible(&each, &mut BTreeSet::new()));
            if let Err(short) = found {
                let union: BTreeSet<&UserId> =
                    short.stages.iter().flat_map(|i| &stages[*i].people).collect();
                prop_assert_eq!(union.len(), short.people);
                prop_assert!(short.need > short.people);
            }
        }
    }
}
