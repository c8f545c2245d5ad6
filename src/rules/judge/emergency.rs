//! An ask that somebody wants opened at once, without the approvals that the rule demands.
//!
//! INVARIANT (emergency by name): only where the governing rule has `emergency`, by a full member whom
//! it names, for a requester who may ask or is one of them, with a reason, and no longer than it says.

use super::case::Case;
use super::{Reason, length, permit, stages};
use crate::rules::group::Group;
use crate::rules::people::{Principal, UserId};
use crate::rules::route::{Pass, Route};
use crate::rules::set::Emergency;

/// What to do instead.
const ORDINARY: &str = "ask without the emergency: the approvers are asked then";

/// The way to go at once, or everything that stands in it.
pub(super) fn decide(case: &Case<'_>, who: &UserId) -> Result<Route, Vec<Reason>> {
    let emergency = permitted(case, who).map_err(|reason| vec![reason])?;
    let mut reasons: Vec<Reason> = has_reason(case).into_iter().collect();
    let whose = format!("`emergency` of rule `{}`", case.rule.name);
    let max = length::longest(case, Some(emergency.max), &whose);
    let max = max.map_err(|reason| reasons.push(ordinary(reason)));
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let skipped = stages::skipped(case);
    case.route(Pass::Emergency, skipped, max.unwrap_or_default())
}

fn permitted<'a>(case: &Case<'a>, who: &UserId) -> Result<&'a Emergency, Reason> {
    let rule = case.rule;
    let Some(emergency) = &rule.emergency else {
        return Err(Reason::new(
            format!("rule `{}` has no emergency access", rule.name),
            ORDINARY,
        ));
    };
    let by = case.group("`emergency`", &emergency.by).map_err(ordinary)?;
    if !case.roll.counts(who) || !by.holds(who, case.roll) {
        return Err(Reason::new(
            format!(
                "only {} may open this at once under rule `{}`{}",
                by.names(),
                rule.name,
                stages::unread(&by, case.roll)
            ),
            ORDINARY,
        ));
    }
    requester(case, &by)?;
    Ok(emergency)
}

/// The requester is one whom the rule lets ask, or one who could open it by themselves.
fn requester(case: &Case<'_>, by: &Group) -> Result<(), Reason> {
    if let Principal::Person(user) = case.requester {
        permit::member(user, case.roll)?;
        if by.holds(user, case.roll) {
            return Ok(());
        }
    }
    case.permitted()
}

/// Any reason will do: a ticket may not exist yet. None at all would leave nothing to review.
fn has_reason(case: &Case<'_>) -> Option<Reason> {
    let reason = case.ask.reason.as_deref().unwrap_or_default();
    reason.trim().is_empty().then(|| {
        Reason::new(
            "an emergency needs a reason",
            format!("add `because …`, or {ORDINARY}"),
        )
    })
}

/// The reason with the way that is left.
fn ordinary(reason: Reason) -> Reason {
    let hint = match reason.hint {
        Some(hint) => format!("{hint}, or {ORDINARY}"),
        None => ORDINARY.to_owned(),
    };
    Reason::new(reason.message, hint)
}
