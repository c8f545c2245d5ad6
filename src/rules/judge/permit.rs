//! Who may ask: for a template, and under a rule.

use super::{Reason, stages};
use crate::rules::condition::Scope;
use crate::rules::group::Group;
use crate::rules::people::{Account, Principal, Standing, UserId};
use crate::rules::roll::Roll;
use crate::rules::set::{Requesters, Template};
use crate::rules::who::Unnamed;

/// Whether the requester of a path on this cluster is among those named, and who those are for this kind of
/// requester.
pub(super) fn among(
    requesters: &Requesters,
    (requester, cluster): (&Principal, &str),
    roll: &Roll,
    scope: &Scope,
) -> Result<(bool, Group), Unnamed> {
    match requester {
        Principal::Person(user) => {
            let group = requesters.people.group(scope)?;
            Ok((group.holds(user, roll), group))
        }
        Principal::Service { .. } => {
            let services = &requesters.services;
            let group = Group {
                users: services.iter().cloned().collect(),
                ..Group::default()
            };
            let account = Account::of(requester, cluster);
            Ok((account.is_some_and(|a| a.is_in(services, cluster)), group))
        }
    }
}

/// Whether a template lets the requester use it. Judged before any rule: a rule can give no more.
pub(in crate::rules) fn template(
    template: &Template,
    (requester, cluster): (&Principal, &str),
    roll: &Roll,
    scope: &Scope,
) -> Result<(), Reason> {
    let Some(requesters) = &template.requesters else {
        return Ok(());
    };
    let name = &template.name;
    let (named, group) =
        among(requesters, (requester, cluster), roll, scope).map_err(|unnamed| {
            Reason::new(
                format!(
                    "template `{name}` cannot name `{}` in `requesters` for this ask: {}",
                    unnamed.written, unnamed.why
                ),
                "label the namespace, or name the group in the template",
            )
        })?;
    if let Principal::Person(user) = requester {
        member(user, roll)?;
    }
    if named {
        return Ok(());
    }
    let may = match (group.names(), requester) {
        (names, Principal::Person(_)) if names.is_empty() => "cannot be used by people".to_owned(),
        (names, Principal::Service { .. }) if names.is_empty() => {
            "cannot be used by services".to_owned()
        }
        (names, Principal::Person(_)) => format!("may be used by {names} only"),
        (names, Principal::Service { .. }) => format!("may be used by {names} only, of services"),
    };
    let unread = stages::unread(&group, roll);
    Err(Reason::new(
        format!("template `{name}` {may}{unread}"),
        "use another template, or ask one who may use it",
    ))
}

/// Whether a person is a full, active member.
pub(super) fn member(user: &UserId, roll: &Roll) -> Result<(), Reason> {
    let standing = roll.people.get(user).map(|person| person.standing);
    let message = match standing {
        Some(Standing::Member) => return Ok(()),
        Some(Standing::Guest) => "guests cannot ask for access",
        Some(Standing::Stranger) => "people of other organisations cannot ask for access",
        Some(Standing::Bot) => "bots cannot ask for access in Slack",
        Some(Standing::Deactivated) => "the account is deactivated",
        None => "Slack did not tell who you are",
    };
    let hint = match standing {
        None => "try again in a minute",
        Some(Standing::Bot) => "let the service ask over HTTP with its ServiceAccount",
        _ => "ask a full member of this workspace to ask for you",
    };
    Err(Reason::new(message, hint))
}
