//! Checks of stages: each must be fillable, as far as the files can tell.

use std::collections::BTreeSet;

use super::circle::{Roles, circle_with, users};
use super::rule::{condition, optional};
use super::seconds;
use crate::rules::condition::Condition;
use crate::rules::judge::assign::{self, Slots};
use crate::rules::load::Allowed;
use crate::rules::model::{At, StageSpec};
use crate::rules::people::UserId;
use crate::rules::problem::{Fault, Findings, counted};
use crate::rules::set::{Requesters, Stage};
use crate::units::Seconds;

/// Most stages of a rule, and most people a stage can need.
const MAX_STAGES: usize = 10;
const MAX_NEED: usize = 20;

/// How long somebody may be let pass again: from what a person would notice to a week, after which
/// nobody remembers what was agreed to.
const REPEAT: (Seconds, Seconds) = (Seconds::minutes(1), Seconds::hours(7 * 24));

/// Checks the stages of a rule that somebody may use, or of its incidents, which have roles.
pub(super) fn stages(
    written: &At<Vec<At<StageSpec>>>,
    allowed: &Allowed,
    roles: Option<&Roles>,
    findings: &mut Findings<'_>,
) -> Option<Vec<Stage>> {
    if written.value.len() > MAX_STAGES {
        findings.error(
            written,
            Fault::plain(format!("a rule has at most {MAX_STAGES} stages")),
        );
        return None;
    }
    let mut names = BTreeSet::new();
    let stages: Vec<Option<Stage>> = written
        .value
        .iter()
        .map(|at| {
            let name = &at.value.name;
            if !names.insert(name.value.clone()) {
                let fault = format!("there are two stages `{}`", name.value);
                findings.error(name, Fault::plain(fault));
            }
            stage(&at.value, allowed, roles, findings)
        })
        .collect();
    let stages: Vec<Stage> = stages.into_iter().collect::<Option<_>>()?;
    if !stages.is_empty() && stages.iter().all(|stage| stage.when.is_some()) {
        findings.warn(
            written,
            Fault::new(
                "every stage has a condition: an ask that meets none of them is refused",
                "leave one stage without `when`",
            ),
        );
    }
    Some(stages)
}

fn stage(
    spec: &StageSpec,
    allowed: &Allowed,
    roles: Option<&Roles>,
    findings: &mut Findings<'_>,
) -> Option<Stage> {
    let from = circle_with(&spec.from, allowed, roles, findings);
    let quiet = users(&spec.quiet, findings);
    let when = condition(spec.when.as_ref(), findings);
    let repeat = optional(spec.repeat.as_ref(), |at| repeat(at, findings));
    let need = spec.need.as_ref().map_or(1, |need| need.value);
    if let Some(written) = &spec.need
        && !(1..=MAX_NEED).contains(&need)
    {
        let fault = format!("a stage needs 1 to {MAX_NEED} people, not {need}");
        findings.error(written, Fault::plain(fault));
        return None;
    }
    if spec.name.value.trim().is_empty() {
        findings.error(
            &spec.name,
            Fault::plain("a stage needs a name: cards show it"),
        );
        return None;
    }
    if spec.from.is_empty() && spec.quiet.is_empty() {
        findings.error(
            &spec.name,
            Fault::new(
                format!("nobody can fill stage `{}`", spec.name.value),
                "name a group: `from: {usergroups: [\"@orders-oncall\"]}`",
            ),
        );
        return None;
    }
    Some(Stage {
        name: spec.name.value.clone(),
        from: from?,
        need,
        when: when?,
        quiet: quiet?,
        repeat: repeat?,
    })
}

fn repeat(at: &At<String>, findings: &mut Findings<'_>) -> Option<Seconds> {
    let length = seconds(at, findings)?;
    let (least, most) = REPEAT;
    let fits = (least..=most).contains(&length);
    let fault = || {
        Fault::new(
            format!("`repeat` is {least} to {most}, not {length}"),
            "an approver can always approve once more",
        )
    };
    findings.keep(at, fits.then_some(length).ok_or_else(fault))
}

/// Notes stages that are named from the source and meet asks from addresses, which have no namespace
/// and so no labels: those asks would be refused, which is seldom meant.
pub(super) fn check_sources<T>(
    stages: &[Stage],
    when: Option<&Condition>,
    at: &At<T>,
    findings: &mut Findings<'_>,
) {
    // What the rule's own condition says of the source is trusted to be such a guard.
    if when.is_some_and(|when| when.reads("from")) {
        return;
    }
    let guards = |when: &Condition| when.reads("from") && !when.lets_addresses_pass();
    let met =
        |stage: &&Stage| stage.from.inserts("from") && !stage.when.as_ref().is_some_and(guards);
    for stage in stages.iter().filter(met) {
        findings.warn(
            at,
            Fault::new(
                format!(
                    "stage `{}` is named from the source: where that is an address, the ask is refused",
                    stage.name
                ),
                "let it apply to sources in the cluster: `when: \"from.namespace != '' && …\"`",
            ),
        );
    }
}

/// Notes where the stages cannot be filled by distinct people, as far as people are named by id.
/// Returns whether they may be fillable.
pub(super) fn check_people<T>(
    stages: &[Stage],
    requesters: &Requesters,
    at: &At<T>,
    findings: &mut Findings<'_>,
) -> bool {
    let fixed: Vec<&Stage> = stages
        .iter()
        .filter(|stage| stage.when.is_none() && stage.from.only_users())
        .collect();
    if let Some(short) = shortage(&fixed, None) {
        findings.error(at, short);
        return false;
    }
    if !requesters.services.is_empty() || !requesters.people.only_users() {
        return true;
    }
    let asking = &requesters.people.users;
    let stuck: Vec<&UserId> = asking
        .iter()
        .filter(|user| shortage(&fixed, Some(user)).is_some())
        .collect();
    let Some(first) = stuck.first() else {
        return true;
    };
    let fault = Fault::new(
        format!("nobody else could approve what `{first}` asks for"),
        "nobody approves their own request: name one more approver",
    );
    if stuck.len() == asking.len() {
        findings.error(at, fault);
        return false;
    }
    findings.warn(at, fault);
    true
}

/// The fewest approvals that fill these stages for some ask; `None`: there are no stages.
pub(super) fn fewest(stages: &[Stage]) -> Option<usize> {
    let needs = |always: bool| {
        let some = stages.iter();
        some.filter(move |stage| stage.when.is_none() == always)
            .map(|stage| stage.need)
    };
    match needs(true).sum::<usize>() {
        0 => needs(false).min(),
        sum => Some(sum),
    }
}

/// Whether the stages that are named by id cannot be filled without this person.
pub(super) fn hinge_on(stages: &[Stage], person: &UserId) -> bool {
    let fixed = stages.iter();
    let fixed: Vec<&Stage> = fixed
        .filter(|stage| stage.when.is_none() && stage.from.only_users())
        .collect();
    shortage(&fixed, Some(person)).is_some()
}

/// Why these stages cannot be filled, when `requester` asks.
fn shortage(stages: &[&Stage], requester: Option<&UserId>) -> Option<Fault> {
    let slots: Vec<Slots> = stages
        .iter()
        .map(|stage| Slots {
            need: stage.need,
            people: stage
                .from
                .users
                .iter()
                .chain(&stage.quiet)
                .filter(|user| Some(*user) != requester)
                .cloned()
                .collect(),
        })
        .collect();
    let short = assign::fill(&slots).err()?;
    let names: Vec<String> = short
        .stages
        .iter()
        .filter_map(|index| stages.get(*index))
        .map(|stage| format!("`{}`", stage.name))
        .collect();
    Some(Fault::new(
        format!(
            "the rule names {} for stage {}, where {} different people are needed",
            counted(short.people, "approver"),
            names.join(" and "),
            short.need,
        ),
        "one person fills one slot: name more people, or a user group",
    ))
}
