//! Checks of how asks that belong to an incident differ: other stages, filled by roles.

use super::circle::{Roles, circle};
use super::stage::stages;
use crate::rules::load::Allowed;
use crate::rules::model::{At, IncidentSpec};
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::Stage;

/// Checks the stages of incidents, their roles resolved.
///
/// INVARIANT (nothing opens unapproved): an incident changes who agrees, never whether somebody does.
pub(super) fn incident(
    at: &At<IncidentSpec>,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Vec<Stage>> {
    let spec = &at.value;
    let mut roles = Roles::new();
    for (name, people) in &spec.roles {
        let circle = circle(&people.value, allowed, findings);
        if people.value.is_empty() {
            let fault = Fault::new(
                format!("role `{name}` names nobody"),
                "name people: `{users: [U…]}` or `{oncall: [orders]}`",
            );
            findings.error(people, fault);
        }
        roles.insert(name.clone(), circle.filter(|_| !people.value.is_empty()));
    }
    if spec.stages.value.is_empty() {
        let fault = Fault::new(
            "the incident has no stages: what it allows would open without approval",
            "say who must agree, or use `emergency` for who may open at once",
        );
        findings.error(&spec.stages, fault);
        return None;
    }
    let stages = stages(&spec.stages, allowed, Some(&roles), findings);
    stages.filter(|_| roles.values().all(Option::is_some))
}
