//! Checks of lengths and counts: what a rule limits, against what its templates allow.

use super::circle::circle;
use super::rule::optional;
use super::seconds;
use crate::rules::load::Allowed;
use crate::rules::model::{At, EscalateSpec, LimitsSpec, RuleSpec};
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::{Escalate, Limits, Template};
use crate::units::Seconds;

/// How long a stage waits for an answer where the rule does not say.
const LAPSE: Seconds = Seconds::hours(1);

/// When people are reminded where the rule does not say: what users of comparable tools settled on.
const REMIND: Seconds = Seconds::minutes(15);

/// Checks the limits of a rule that governs these templates.
pub(super) fn limits(
    spec: &LimitsSpec,
    governed: &[&Template],
    findings: &mut Findings<'_>,
) -> Option<Limits> {
    let max = optional(spec.max.as_ref(), |at| {
        let max = seconds(at, findings)?;
        let mut usable = true;
        for template in governed {
            usable &= check_max(max, template, at, findings);
        }
        usable.then_some(max)
    });
    let open = optional(spec.open.as_ref(), |at| {
        count(at, "a limit of 0 open requests allows none", findings)
    });
    let per_minute = optional(spec.per_minute.as_ref(), |at| {
        count(at, "a limit of 0 requests a minute allows none", findings)
    });
    Some(Limits {
        max: max?,
        open: open?,
        per_minute: per_minute?,
    })
}

fn count(at: &At<usize>, zero: &str, findings: &mut Findings<'_>) -> Option<usize> {
    let hint = "for a rule that refuses everything, write `requesters: {}`";
    let checked = (at.value > 0).then_some(at.value);
    findings.keep(at, checked.ok_or_else(|| Fault::new(zero, hint)))
}

/// Compares a rule's longest grant with what a template says. `false`: nothing could be granted.
fn check_max(
    max: Seconds,
    template: &Template,
    at: &At<String>,
    findings: &mut Findings<'_>,
) -> bool {
    let (name, bounds) = (&template.name, template.bounds);
    if max < bounds.min {
        findings.error(at, starts_later(max, template));
        return false;
    }
    if max > bounds.max {
        findings.warn(
            at,
            Fault::new(
                format!(
                    "template `{name}` ends at {}: the longer limit has no effect",
                    bounds.max
                ),
                "raise the template's `max`, or lower the limit",
            ),
        );
    } else if max < bounds.default {
        findings.warn(
            at,
            Fault::new(
                format!(
                    "template `{name}` takes {} when no duration is asked for, which this limit refuses",
                    bounds.default
                ),
                "lower the template's `default`, or raise the limit",
            ),
        );
    }
    true
}

fn starts_later(max: Seconds, template: &Template) -> Fault {
    Fault::plain(format!(
        "template `{}` starts at {}: under a limit of {max} nothing could be granted",
        template.name, template.bounds.min
    ))
}

/// Checks the longest grant of a shorter way (`auto`, `emergency`), against the templates governed and
/// the longest grant of the rule where that counts too.
pub(super) fn shorter_max(
    at: &At<String>,
    governed: &[&Template],
    rule: Option<Seconds>,
    findings: &mut Findings<'_>,
) -> Option<Seconds> {
    let max = seconds(at, findings)?;
    if let Some(template) = governed.iter().find(|t| max < t.bounds.min) {
        findings.error(at, starts_later(max, template));
        return None;
    }
    if let Some(limit) = rule.filter(|limit| max > *limit) {
        let fault = format!("the rule's `limits` end at {limit}: the longer limit has no effect");
        findings.warn(at, Fault::new(fault, "raise `limits.max`, or lower this"));
    } else if let Some(template) = governed.iter().find(|t| max > t.bounds.max) {
        let fault = format!(
            "template `{}` ends at {}: the longer limit has no effect",
            template.name, template.bounds.max
        );
        let hint = "raise the template's `max`, or lower this";
        findings.warn(at, Fault::new(fault, hint));
    }
    Some(max)
}

/// How long a stage waits, and when it reminds.
pub(super) fn waits(
    spec: &RuleSpec,
    findings: &mut Findings<'_>,
) -> Option<(Seconds, Option<Seconds>)> {
    let lapse = optional(spec.lapse.as_ref(), |at| seconds(at, findings));
    let remind = optional(spec.remind.as_ref(), |at| seconds(at, findings));
    let lapse = lapse?.unwrap_or(LAPSE);
    if let (Some(at), Some(Some(remind))) = (&spec.remind, remind)
        && remind >= lapse
    {
        let fault =
            format!("a reminder after {remind} never comes: the request lapses after {lapse}");
        findings.warn(at, Fault::plain(fault));
    }
    let remind = remind?.unwrap_or(REMIND);
    Some((lapse, (remind < lapse).then_some(remind)))
}

/// Whom to ask as well, and when; `lapse` is when it is too late.
pub(super) fn escalate(
    at: &At<EscalateSpec>,
    lapse: Option<Seconds>,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Escalate> {
    let spec = &at.value;
    let after = seconds(&spec.after, findings);
    let to = circle(&spec.to, allowed, findings);
    if spec.to.is_empty() {
        let fault = Fault::new(
            "the escalation names nobody",
            "say whom to ask then: `to: {usergroups: [\"@platform-leads\"]}`",
        );
        findings.error(at, fault);
        return None;
    }
    if let (Some(after), Some(lapse)) = (after, lapse)
        && after >= lapse
    {
        let fault = Fault::new(
            format!("an escalation after {after} never comes: the request lapses after {lapse}"),
            "escalate earlier, or raise `lapse`",
        );
        findings.error(&spec.after, fault);
        return None;
    }
    Some(Escalate {
        after: after?,
        to: to?,
    })
}
