//! Checks of who may ask: under a rule, or with a template.

use std::collections::BTreeSet;

use super::circle::{circle, services};
use crate::rules::load::Allowed;
use crate::rules::model::{At, RequestersSpec};
use crate::rules::people::UserId;
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::{Requesters, Stage};
use crate::rules::who::Circle;

/// Checks who may ask; `under` says with what, for the sentence when nobody may.
pub(super) fn requesters(
    at: &At<RequestersSpec>,
    under: &str,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Requesters> {
    let people = circle(&at.value.slack, allowed, findings);
    let services = services(&at.value.service_accounts, findings);
    if nobody(&at.value) {
        findings.warn(
            at,
            Fault::new(
                format!("nobody may ask {under}: every ask that it matches is refused"),
                "name who may ask: `requesters: {slack: {usergroups: [\"@backend\"]}}`",
            ),
        );
    }
    Some(Requesters {
        people: people?,
        services: services?,
    })
}

/// Whether nobody is named at all.
pub(super) const fn nobody(spec: &RequestersSpec) -> bool {
    spec.slack.is_empty() && spec.service_accounts.is_empty()
}

/// Peers who approve each other are sometimes meant, and sometimes a copied line.
pub(super) fn check_peers<T>(
    stages: &[Stage],
    requesters: &Requesters,
    at: &At<T>,
    findings: &mut Findings<'_>,
) {
    if stages.is_empty() || !requesters.services.is_empty() {
        return;
    }
    if stages.iter().all(|stage| peers(stage, &requesters.people)) {
        findings.warn(
            at,
            Fault::new(
                "whoever may ask may also approve what the others ask for",
                "name a stage of other people, unless that is meant",
            ),
        );
    }
}

/// Whether a stage is filled by exactly those who may ask. The quiet count with the rest where all are
/// named by id; beside a group it cannot be told whether they are in it.
fn peers(stage: &Stage, asking: &Circle) -> bool {
    if stage.quiet.is_empty() {
        return stage.from.same_as(asking);
    }
    let approving: BTreeSet<&UserId> = stage.from.users.iter().chain(&stage.quiet).collect();
    stage.from.only_users() && asking.only_users() && approving == asking.users.iter().collect()
}
