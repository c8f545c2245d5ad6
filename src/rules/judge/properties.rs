//! What no roll and no ask can get out of [`judge`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::rules::facts::{AutoUse, Extending};
use crate::rules::people::{Person, Standing};
use crate::rules::route::Pass;
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
    (people, prop::collection::vec(group, 4)).prop_map(|(standings, groups)| {
        let person = |(id, standing): (&str, Option<Standing>)| {
            Some(Arc::new(Person {
                id: UserId(id.to_owned()),
                team: None,
                name: String::new(),
                zone: None,
                email: None,
                standing: standing?,
            }))
        };
        let names = ["backend", "orders-oncall", "security", "sre"];
        let groups = names.into_iter().zip(groups).filter_map(|(name, members)| {
            let members = members?.into_iter().map(|id| UserId(id.to_owned()));
            Some((name.to_owned(), Arc::new(members.collect())))
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

/// The example rule with `auto` and an emergency for `@sre`.
fn with_ways() -> &'static RuleSet {
    static WAYS: LazyLock<RuleSet> = LazyLock::new(|| {
        let fields = r##"  auto: {when: "opens.pods == 1", max: 30m, perDay: 2, extensions: 1, hours: {from: "22:00", to: "06:00", zone: Europe/Berlin, days: [fri]}}
  emergency: {by: {usergroups: ["@sre"]}, max: 45m, tell: "#incidents", review: 24h}
  lapse: 1h
"##;
        testing::rules(&ORDERS.replace("  lapse: 1h\n", fields))
    });
    &WAYS
}

/// Moments, whether they are within the hours of [`with_ways`], and the day of June 2026 in Berlin.
/// The 5th is a Friday.
const MOMENTS: [(&str, bool, u32); 5] = [
    ("2026-06-05T19:59:59Z", false, 5),
    ("2026-06-05T20:00:00Z", true, 5),
    ("2026-06-05T22:30:00Z", true, 6),
    ("2026-06-06T04:00:00Z", false, 6),
    ("2026-06-06T20:30:00Z", false, 6),
];

/// An ask, and what of it the oracle must know besides.
#[derive(Debug, Clone)]
struct Drawn {
    ask: AskFacts,
    in_hours: bool,
    used_today: usize,
}

fn asks() -> impl Strategy<Value = Drawn> {
    let seconds = prop::sample::select(vec![59u64, 60, 1_800, 1_801, 2_700, 2_701, 7_200]);
    let extends = prop::option::of((
        prop::sample::select(vec![0u64, 900, 5_400, u64::MAX]),
        0usize..3,
    ));
    let uses = prop::collection::vec((any::<bool>(), 0..MOMENTS.len()), 0..4);
    let emergency = prop::option::of(prop::sample::select(&PEOPLE));
    let reason = prop::option::of(prop::sample::select(vec!["", " ", "all down", "INC-7"]));
    let counts = (1usize..3, 0usize..2);
    (
        seconds,
        0..MOMENTS.len(),
        extends,
        uses,
        emergency,
        reason,
        counts,
    )
        .prop_map(
            |(seconds, moment, extends, uses, emergency, reason, (pods, warnings))| {
                let (at, in_hours, today) = MOMENTS[moment];
                let ours = |(ours, use_at): &(bool, usize)| *ours && MOMENTS[*use_at].2 == today;
                let used_today = uses.iter().filter(|used| ours(used)).count();
                let used = |(ours, use_at): (bool, usize)| AutoUse {
                    rule: if ours { "orders" } else { "other" }.to_owned(),
                    at: MOMENTS[use_at].0.parse().unwrap(),
                };
                let ask = AskFacts {
                    duration: Seconds(seconds),
                    at: at.parse().unwrap(),
                    opens_pods: pods,
                    opens_warnings: warnings,
                    automatic: uses.into_iter().map(used).collect(),
                    extends: extends.map(|(so_far, automatic)| Extending {
                        emergency: false,
                        within: true,
                        so_far: Seconds(so_far),
                        automatic,
                    }),
                    emergency: emergency.map(|id| UserId((*id).to_owned())),
                    reason: reason.map(str::to_owned),
                    ..ask()
                };
                Drawn {
                    ask,
                    in_hours,
                    used_today,
                }
            },
        )
}

/// Whether every limit that the rule writes is kept: written out once more, the slow way.
fn within_auto(drawn: &Drawn) -> bool {
    let ask = &drawn.ask;
    ask.emergency.is_none()
        && ask.opens_pods == 1
        && ask.opens_warnings == 0
        && ask.duration.0 <= 1_800
        && drawn.used_today < 2
        && drawn.in_hours
        && ask.extends.is_none_or(|extends| extends.automatic == 0)
}

fn holds(roll: &Roll, group: &str, user: &UserId) -> bool {
    roll.counts(user) && roll.groups.get(group).is_some_and(|all| all.contains(user))
}

/// Whether the length is kept: what was granted before counts.
fn fits(ask: &AskFacts, most: u64) -> bool {
    let before = ask.extends.map_or(0, |extends| extends.so_far.0);
    ask.duration.0 >= 60 && before.saturating_add(ask.duration.0) <= most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn every_pass_is_within_what_the_rule_writes(
        roll in rolls(),
        who in prop::sample::select(&PEOPLE),
        drawn in asks(),
    ) {
        let who = UserId(who.to_owned());
        let ask = &drawn.ask;
        let reason = ask.reason.as_deref().unwrap_or_default();
        let may_ask = holds(&roll, "backend", &who);
        let ordinary = may_ask && reason.contains("INC-") && fits(ask, 7_200);
        match judge(with_ways(), &Principal::Person(who.clone()), ask, &roll) {
            Verdict::Allowed(route) => match route.pass {
                Pass::Stages => {
                    prop_assert!(ask.emergency.is_none() && ordinary && !within_auto(&drawn));
                    prop_assert!(!route.stages.is_empty() && approvable(&route, &who, &roll));
                }
                Pass::Automatic { why } => {
                    prop_assert!(ordinary && within_auto(&drawn), "{why}");
                    prop_assert!(route.stages.is_empty());
                }
                Pass::Emergency => {
                    let by = ask.emergency.as_ref().unwrap();
                    prop_assert!(holds(&roll, "sre", by));
                    prop_assert!(may_ask || holds(&roll, "sre", &who));
                    prop_assert!(fits(ask, 2_700) && !reason.trim().is_empty());
                    prop_assert_eq!(route.max, Seconds(2_700));
                }
            },
            Verdict::Refused { reasons, .. } => {
                prop_assert!(!(ordinary && within_auto(&drawn)), "{reasons:?}");
                prop_assert!(reasons.iter().all(|reason| reason.hint.is_some()));
                if let Some(by) = &ask.emergency {
                    let named = holds(&roll, "sre", by) && (may_ask || holds(&roll, "sre", &who));
                    let kept = fits(ask, 2_700) && !reason.trim().is_empty();
                    prop_assert!(!(named && kept), "{reasons:?}");
                }
            }
        }
    }
}
