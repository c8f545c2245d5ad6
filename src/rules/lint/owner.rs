//! Checks of what a rule says about services: who answers for them, who approves without Slack, who reads.

use std::collections::BTreeSet;

use super::circle::{services as accounts, users};
use super::stage::{fewest, hinge_on};
use crate::rules::model::{AccountsSpec, At, RuleSpec};
use crate::rules::people::UserId;
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::{Requesters, Stage};

/// Owner, services that approve without Slack, services that read.
type Services = (Option<UserId>, BTreeSet<String>, BTreeSet<String>);

/// Checks it, with the usual stages and those of incidents; `None` where a name is wrong.
pub(super) fn services(
    spec: &RuleSpec,
    requesters: Option<&Requesters>,
    (stages, incident): (Option<&[Stage]>, Option<&[Stage]>),
    findings: &mut Findings<'_>,
) -> Option<Services> {
    let owner = match &spec.owner {
        None => Some(None),
        Some(at) => owner(at, requesters, stages, findings).map(Some),
    };
    let offline = named(spec.offline.as_ref(), "may approve without Slack", findings);
    let readers = named(spec.readers.as_ref(), "may read", findings);
    if let (Some(at), Some(offline), Some(requesters)) = (&spec.offline, &offline, requesters) {
        check_others(at, offline, requesters, findings);
        check_alone(at, offline, [stages, incident], findings);
    }
    Some((owner?, offline?, readers?))
}

fn owner(
    at: &At<String>,
    requesters: Option<&Requesters>,
    stages: Option<&[Stage]>,
    findings: &mut Findings<'_>,
) -> Option<UserId> {
    let owner = users(std::slice::from_ref(at), findings)?
        .into_iter()
        .next()?;
    let requesters = requesters?;
    if requesters.services.is_empty() {
        let fault = Fault::new(
            "the owner answers for services, and no service may ask under this rule",
            "name services in `requesters`, or take the owner out",
        );
        findings.warn(at, fault);
    } else if stages.is_some_and(|stages| hinge_on(stages, &owner)) {
        let fault = Fault::new(
            format!("nobody but the owner `{owner}` could approve what services ask"),
            "who answers for a service approves nothing of it: name one more approver",
        );
        findings.error(at, fault);
        return None;
    }
    Some(owner)
}

/// Some services; written, there is at least one.
fn named(
    at: Option<&At<AccountsSpec>>,
    what: &str,
    findings: &mut Findings<'_>,
) -> Option<BTreeSet<String>> {
    let Some(at) = at else {
        return Some(BTreeSet::new());
    };
    let named = accounts(&at.value.service_accounts, findings)?;
    if named.is_empty() {
        let fault = Fault::new(
            format!("no service is named that {what}"),
            "write it like `{serviceAccounts: [\"ops/break-glass\"]}`, or take it out",
        );
        findings.error(at, fault);
        return None;
    }
    Some(named)
}

/// Nobody approves their own request, also not without Slack.
fn check_others(
    at: &At<AccountsSpec>,
    offline: &BTreeSet<String>,
    requesters: &Requesters,
    findings: &mut Findings<'_>,
) {
    let asks = |name: &String| requesters.services.contains(name);
    let others = !requesters.people.is_empty() || requesters.services.len() > 1;
    if let Some(own) = offline.iter().find(|name| asks(name)) {
        let fault = Fault::new(
            format!("`{own}` may ask, and approves nothing that it asks for itself"),
            "name an account for this alone",
        );
        if others {
            findings.warn(at, fault);
        } else {
            findings.error(at, fault);
        }
    }
}

/// A vote without Slack is the account's, not a person's: that nobody approves their own request is known of
/// accounts only. Where one approval is enough, whoever gets a token of it can let themselves in.
fn check_alone(
    at: &At<AccountsSpec>,
    offline: &BTreeSet<String>,
    [usual, incident]: [Option<&[Stage]>; 2],
    findings: &mut Findings<'_>,
) {
    let alone = |stages: Option<&[Stage]>| stages.and_then(fewest) == Some(1);
    let when = match (alone(usual), alone(incident)) {
        (true, _) => "while Slack is away",
        (false, true) => "in an incident while Slack is away",
        (false, false) => return,
    };
    let names: Vec<String> = offline.iter().map(|name| format!("`{name}`")).collect();
    let fault = Fault::new(
        format!(
            "{when} one approval by {} is enough: whoever gets such a token could open what they asked for \
             themselves",
            names.join(" or ")
        ),
        "require a second approval (`need: 2`, or one more stage), or keep the token from all who may ask",
    );
    findings.warn(at, fault);
}
