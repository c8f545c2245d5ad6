//! Checks of stages: each must be fillable, as far as the files can tell.

use std::collections::BTreeSet;

use super::circle::{circle, users};
use super::rule::condition;
use super::unsupported;
use crate::rules::judge::assign::{self, Slots};
use crate::rules::model::{At, StageSpec};
use crate::rules::people::UserId;
use crate::rules::problem::{Fault, Findings, counted};
use crate::rules::set::{Requesters, Stage};

/// Most stages of a rule, and most people a stage can need.
const MAX_STAGES: usize = 10;
const MAX_NEED: usize = 20;

/// Checks the stages of a rule that somebody may use.
pub(super) fn stages(
    written: &At<Vec<At<StageSpec>>>,
    label_keys: &BTreeSet<String>,
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
            stage(at, label_keys, findings)
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
    at: &At<StageSpec>,
    label_keys: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) -> Option<Stage> {
    let spec = &at.value;
    unsupported::stage(spec, findings);
    let from = circle(&spec.from, label_keys, findings);
    let quiet = users(&spec.quiet, findings);
    let when = condition(spec.when.as_ref(), findings);
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
    })
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
