//! What no roll and no ask can get out of [`judge`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::rules::people::{Person, Standing};
use crate::rules::testing::{self, ORDERS, ask};
use crate::units::Seconds;

/// The example rule, needing one or two of the owners.
fn rules(need: usize) -> &'static RuleSet {
    static ONE: LazyLock<RuleSet> = LazyLock::new(|| testing::rules(ORDERS));
    static TWO: LazyLock<RuleSet> =
        LazyLock::new(|| testing::rules(&ORDERS.replace("need: 1", "need: 2")));
    if need == 1 { &ONE } else { &TWO }
}

const PEOPLE: [&str; 4] = ["U0A", "U0B", "U0C", "U0D"];

fn rolls() -> impl Strategy<Value = Roll> {
    let standings = prop::sample::select(vec![
        Standing::Member,
        Standing::Member,
        Standing::Member,
        Standing::Guest,
        Standing::Deactivated,
    ]);
    let people = prop::collection::vec(prop::option::weighted(0.9, standings), PEOPLE.len());
    let group = prop::option::weighted(
        0.9,
        prop::collection::btree_set(prop::sample::select(&PEOPLE), 0..4),
    );
    (people, prop::collection::vec(group, 3)).prop_map(|(standings, groups)| {
        let person = |(id, standing): (&str, Option<Standing>)| {
            let id = UserId(id.to_owned());
            let person = Person {
                id: id.clone(),
                team: None,
                name: String::new(),
                zone: None,
                standing: standing?,
            };
            Some((id, person))
        };
        let names = ["backend", "orders-oncall", "security"];
        let groups = names.into_iter().zip(groups).filter_map(|(name, members)| {
            let members = members?
                .into_iter()
                .map(|id| UserId(id.to_owned()))
                .collect();
            Some((name.to_owned(), members))
        });
        Roll {
            people: PEOPLE
                .into_iter()
                .zip(standings)
                .filter_map(person)
                .collect(),
            groups: groups.collect::<BTreeMap<_, _>>(),
            ..Roll::default()
        }
    })
}

/// Whether distinct people other than the requester can be found, by trying everybody.
fn approvable(route: &Route, who: &UserId, roll: &Roll) -> bool {
    fn pick(slots: &[&crate::rules::StagePlan], used: &mut Vec<UserId>, roll: &Roll) -> bool {
        let Some((stage, rest)) = slots.split_first() else {
            return true;
        };
        PEOPLE
            .iter()
            .map(|id| UserId((*id).to_owned()))
            .any(|person| {
                if used.contains(&person) || !stage.admits(&person, None, roll) {
                    return false;
                }
                used.push(person);
                let found = pick(rest, used, roll);
                used.pop();
                found
            })
    }
    let slots: Vec<_> = route
        .stages
        .iter()
        .flat_map(|stage| std::iter::repeat_n(stage, stage.need))
        .collect();
    pick(&slots, &mut vec![who.clone()], roll)
}

proptest! {
    #[test]
    fn allowed_means_permitted_bounded_and_approvable(
        roll in rolls(),
        who in prop::sample::select(&PEOPLE),
        need in 1usize..3,
        seconds in prop::sample::select(vec![0u64, 59, 60, 1_800, 3_600, 3_601, 7_200, 7_201, u64::MAX]),
        pods in prop::sample::select(vec![0usize, 10, 11, usize::MAX]),
        open in 0usize..5,
        reason in prop::option::of("(INC-[0-9]{1,3}|[a-z ]{0,8})"),
    ) {
        let ask = AskFacts {
            duration: Seconds(seconds),
            opens_pods: pods,
            open_requests: open,
            reason: reason.clone(),
            ..ask()
        };
        let who = UserId(who.to_owned());
        match judge(rules(need), &Principal::Person(who.clone()), &ask, &roll) {
            Verdict::Allowed(route) => {
                prop_assert!(roll.counts(&who));
                prop_assert!(roll.groups["backend"].contains(&who));
                prop_assert!((60..=7_200).contains(&seconds));
                prop_assert!(open < 3);
                prop_assert!(reason.unwrap_or_default().contains("INC-"));
                prop_assert_eq!(route.stages.len(), if seconds > 3_600 || pods > 10 { 2 } else { 1 });
                prop_assert!(approvable(&route, &who, &roll));
            }
            Verdict::Refused { reasons, .. } => {
                prop_assert!(!reasons.is_empty());
                for reason in reasons {
                    prop_assert!(!reason.message.ends_with('.'));
                    prop_assert!(reason.hint.is_some());
                }
            }
        }
    }

    #[test]
    fn an_ask_that_meets_everything_is_allowed(roll in rolls(), who in prop::sample::select(&PEOPLE)) {
        let user = UserId(who.to_owned());
        let permitted = roll.counts(&user)
            && roll.groups.get("backend").is_some_and(|members| members.contains(&user));
        let others = roll.groups.get("orders-oncall").is_some_and(|members| {
            members.iter().any(|member| *member != user && roll.counts(member))
        });
        let verdict = judge(rules(1), &Principal::Person(user), &ask(), &roll);
        prop_assert_eq!(matches!(verdict, Verdict::Allowed(_)), permitted && others);
    }
}
