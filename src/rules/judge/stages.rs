//! The stages that an ask must pass, and whether people are there to fill them.

use std::collections::BTreeSet;

use super::assign::{self, Short, Slots};
use super::case::Case;
use super::{Reason, unclear};
use crate::rules::condition::Scope;
use crate::rules::facts::AskFacts;
use crate::rules::group::{Group, channel_key, oncall_key, roll_key};
use crate::rules::people::UserId;
use crate::rules::problem::counted;
use crate::rules::roll::Roll;
use crate::rules::route::StagePlan;
use crate::rules::set::Stage;

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

/// The stages that an emergency skips. Nobody waits for them, so it does not matter whether anybody could
/// fill them; one that cannot be judged counts, because those who are skipped are told. One that cannot
/// be named is left out: there is nobody to tell.
pub(super) fn skipped(case: &Case<'_>) -> Vec<StagePlan> {
    let stages = case.stages().iter();
    let met = stages.filter(|stage| applies(stage, case.scope).unwrap_or(true));
    met.filter_map(|stage| Some(planned(stage, case.group("", &stage.from).ok()?, case.ask)))
        .collect()
}

/// Whether an ask meets a stage's condition, or why that cannot be told.
pub(in crate::rules) fn applies(stage: &Stage, scope: &Scope) -> Result<bool, String> {
    let when = stage.when.as_ref();
    when.map_or(Ok(true), |when| when.holds(scope))
}

pub(in crate::rules) fn planned(stage: &Stage, from: Group, ask: &AskFacts) -> StagePlan {
    StagePlan {
        name: stage.name.clone(),
        from,
        need: stage.need,
        quiet: stage.quiet.clone(),
        repeat: stage.repeat,
        given: ask.given(),
    }
}

fn applying(case: &Case<'_>) -> Result<Vec<StagePlan>, Vec<Reason>> {
    let mut plans = Vec::new();
    let mut reasons = Vec::new();
    for stage in case.stages() {
        let what = format!("stage `{}`", stage.name);
        match applies(stage, case.scope) {
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
            Ok(from) => plans.push(planned(stage, from, case.ask)),
            Err(reason) => reasons.push(reason),
        }
    }
    if reasons.is_empty() {
        Ok(plans)
    } else {
        Err(reasons)
    }
}

/// That every stage can be filled by distinct people is found out now, not by waiting in vain. While Slack
/// is away it cannot be told who is where; then a service that the rule names for that may still help.
fn check_fillable(case: &Case<'_>, plans: &[StagePlan]) -> Result<(), Vec<Reason>> {
    if case.ask.slack_away && !case.rule.offline.is_empty() {
        return Ok(());
    }
    let slots: Vec<Slots> = plans
        .iter()
        .map(|plan| Slots {
            need: plan.need,
            people: candidates(plan, case.human(), case.roll),
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
pub(in crate::rules) fn candidates(
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

/// What the roll does not know of a group: what Slack did not tell, and which on-call sources did not
/// answer, in back-ticks.
fn unknown(group: &Group, roll: &Roll) -> (Vec<String>, Vec<String>) {
    let known = |key: &String| roll.groups.contains_key(key);
    let tick = |name: &String| format!("`{name}`");
    let handles = group.usergroups.iter().filter(|h| !known(&roll_key(h)));
    let channels = group.channels.iter().filter(|c| !known(&channel_key(c)));
    let oncall = group.oncall.iter().filter(|o| !known(&oncall_key(o)));
    (
        handles.chain(channels).map(tick).collect(),
        oncall.map(tick).collect(),
    )
}

/// The end of a sentence about a group of which parts could not be read; empty when all could.
pub(super) fn unread(group: &Group, roll: &Roll) -> String {
    told(group, roll, |names| {
        format!("; Slack did not tell who is in {names}")
    })
}

fn told(group: &Group, roll: &Roll, slack: impl Fn(&str) -> String) -> String {
    let (groups, oncall) = unknown(group, roll);
    let mut text = String::new();
    if !groups.is_empty() {
        text.push_str(&slack(&groups.join(", ")));
    }
    if !oncall.is_empty() {
        let names = oncall.join(", ");
        text.push_str(&format!("; it is not known who is on call for {names}"));
    }
    text
}

fn too_few(plan: &StagePlan, people: usize, roll: &Roll) -> Reason {
    let who = match plan.from.names() {
        names if names.is_empty() => "those it names".to_owned(),
        names => names,
    };
    let why = told(&plan.from, roll, |names| {
        format!("; Slack has no group {names}, or did not tell who is in it")
    });
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
        match plan.given.is_empty() {
            true => {
                "you, guests, bots and deactivated accounts do not count: add people to the group"
            }
            false => {
                "you, whoever is given a role or has no address that Slack tells (`users:read.email`), guests, bots \
                 and deactivated accounts do not count: add people to the group"
            }
        },
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
