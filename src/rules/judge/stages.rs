//! The stages that an ask must pass, and whether people are there to fill them.

use std::collections::BTreeSet;

use super::assign::{self, Short, Slots};
use super::case::Case;
use super::{Reason, unclear};
use crate::rules::group::Group;
use crate::rules::people::{Roll, UserId};
use crate::rules::problem::counted;
use crate::rules::route::StagePlan;

/// The stages that apply, in order, each of which can be filled.
pub(super) fn plan(case: &Case<'_>) -> Result<Vec<StagePlan>, Vec<Reason>> {
    let plans = applying(case)?;
    if plans.is_empty() {
        return Err(vec![Reason::new(
            format!(
                "no stage of rule `{}` applies to this ask, so nobody could approve it",
                case.rule.name
            ),
            "ask those who look after the rules to leave one stage without a condition",
        )]);
    }
    check_fillable(case, &plans)?;
    Ok(plans)
}

fn applying(case: &Case<'_>) -> Result<Vec<StagePlan>, Vec<Reason>> {
    let mut plans = Vec::new();
    let mut reasons = Vec::new();
    for stage in &case.rule.stages {
        let what = format!("stage `{}`", stage.name);
        match stage
            .when
            .as_ref()
            .map_or(Ok(true), |when| when.holds(case.scope))
        {
            Ok(false) => continue,
            Ok(true) => {}
            // Neither skipping the stage nor demanding it is what its author wrote.
            Err(why) => {
                reasons.push(unclear(
                    case.rule,
                    &format!("the condition of {what}"),
                    &why,
                ));
                continue;
            }
        }
        match case.group(&what, &stage.from) {
            Ok(from) => plans.push(StagePlan {
                name: stage.name.clone(),
                from,
                need: stage.need,
                quiet: stage.quiet.clone(),
                repeat: None,
            }),
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        Ok(plans)
    } else {
        Err(reasons)
    }
}

/// That every stage can be filled by distinct people is found out now, not by waiting in vain.
fn check_fillable(case: &Case<'_>, plans: &[StagePlan]) -> Result<(), Vec<Reason>> {
    let slots: Vec<Slots> = plans
        .iter()
        .map(|plan| Slots {
            need: plan.need,
            people: candidates(plan, case.requester.person(), case.roll),
        })
        .collect();
    // Each stage by itself first: that is the plainer reason.
    let alone: Vec<Reason> = plans
        .iter()
        .zip(&slots)
        .filter(|(plan, slots)| slots.people.len() < plan.need)
        .map(|(plan, slots)| too_few(plan, slots.people.len(), case.roll))
        .collect();
    if !alone.is_empty() {
        return Err(alone);
    }
    assign::fill(&slots).map_err(|short| vec![too_few_together(plans, &short)])
}

/// Everybody who may fill a slot of the stage now; for who is away, who stands in: the two fill one slot
/// between them. INVARIANT (no self-approval): never the requester.
pub(super) fn candidates(
    plan: &StagePlan,
    requester: Option<&UserId>,
    roll: &Roll,
) -> BTreeSet<UserId> {
    let named = plan.from.members(roll).into_iter();
    named
        .chain(plan.quiet.iter().cloned())
        .map(|user| roll.stand_ins.get(&user).cloned().unwrap_or(user))
        .filter(|user| plan.admits(user, requester, roll))
        .collect()
}

/// Groups that the roll does not know, in back-ticks.
pub(super) fn unknown_groups(group: &Group, roll: &Roll) -> Vec<String> {
    let unknown = |key: &String| !roll.groups.contains_key(key);
    let keys = group.keys().zip(group.parts());
    keys.filter(|(key, _)| unknown(key))
        .map(|(_, name)| format!("`{name}`"))
        .collect()
}

fn too_few(plan: &StagePlan, people: usize, roll: &Roll) -> Reason {
    let unknown = unknown_groups(&plan.from, roll);
    let who = match plan.from.names() {
        names if names.is_empty() => "those it names".to_owned(),
        names => names,
    };
    let why = match unknown.as_slice() {
        [] => String::new(),
        _ => format!(
            "; Slack has no group {}, or did not tell who is in it",
            unknown.join(", ")
        ),
    };
    let can = match people {
        0 => "nobody".to_owned(),
        1 => "only 1".to_owned(),
        n => format!("only {n}"),
    };
    Reason::new(
        format!(
            "stage `{}` needs {} of {who}, and {can} can approve{why}",
            plan.name,
            match plan.need {
                1 => "1 person".to_owned(),
                n => format!("{n} people"),
            },
        ),
        "you, guests, bots and deactivated accounts do not count: add people to the group",
    )
}

fn too_few_together(plans: &[StagePlan], short: &Short) -> Reason {
    let names: Vec<String> = short
        .stages
        .iter()
        .filter_map(|index| plans.get(*index))
        .map(|plan| format!("`{}`", plan.name))
        .collect();
    Reason::new(
        format!(
            "stages {} need {} different people, and there {} only {}",
            names.join(" and "),
            short.need,
            if short.people == 1 { "is" } else { "are" },
            counted(short.people, "approver"),
        ),
        "one person fills one slot: add people to one of the groups",
    )
}
