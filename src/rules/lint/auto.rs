//! Checks of what is approved without asking anybody.
//!
//! INVARIANT (automatic within limits): an `auto` without a limit, or whose only limit always holds,
//! is an error: it would approve everything.

use super::bounds::shorter_max;
use super::rule::optional;
use crate::rules::condition::Condition;
use crate::rules::hours::{self, Hours};
use crate::rules::model::{At, AutoSpec, HoursSpec};
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::{Auto, Template};
use crate::units::Seconds;

/// Checks it for a rule that governs these templates and ends at `limit`.
pub(super) fn auto(
    at: &At<AutoSpec>,
    governed: &[&Template],
    limit: Option<Seconds>,
    findings: &mut Findings<'_>,
) -> Option<Auto> {
    let spec = &at.value;
    // No doubt is told: where it cannot be judged, people are asked.
    let when = optional(spec.when.as_ref(), |at| {
        findings.keep(at, Condition::compile(&at.value))
    });
    let max = optional(spec.max.as_ref(), |at| {
        shorter_max(at, governed, limit, findings)
    });
    let per_day = optional(spec.per_day.as_ref(), |at| {
        let fault = || {
            Fault::new(
                "a limit of 0 a day approves nothing",
                "leave `auto` out when nothing is to be approved without asking",
            )
        };
        let checked = (at.value > 0).then_some(at.value);
        findings.keep(at, checked.ok_or_else(fault))
    });
    let hours = optional(spec.hours.as_ref(), |at| hours(&at.value, findings));
    let auto = Auto {
        when: when?,
        max: max?,
        per_day: per_day?,
        hours: hours?,
        extensions: spec.extensions.as_ref().map(|at| at.value),
    };
    findings.keep(at, limited(auto))
}

/// Whether it limits anything.
fn limited(auto: Auto) -> Result<Auto, Fault> {
    let hint = "write at least one of `when`, `max`, `perDay`, `hours`, `extensions`";
    let always = auto.when.as_ref().and_then(Condition::constant);
    if always == Some(false) {
        return Err(Fault::new(
            "the condition never holds: `auto` approves nothing",
            "leave `auto` out when nothing is to be approved without asking",
        ));
    }
    let other = auto.max.is_some() || auto.per_day.is_some() || auto.hours.is_some();
    let bounded = match (&auto.when, always) {
        (Some(_), None) => true,
        (Some(_), _) => other,
        // By itself it is for extensions alone.
        (None, _) => other || auto.extensions.is_some_and(|count| count > 0),
    };
    if bounded {
        return Ok(auto);
    }
    Err(Fault::new(
        "`auto` has no limit: it would approve everything",
        hint,
    ))
}

fn hours(spec: &HoursSpec, findings: &mut Findings<'_>) -> Option<Hours> {
    let from = findings.keep(&spec.from, hours::minute(&spec.from.value));
    let to = findings.keep(&spec.to, hours::minute(&spec.to.value));
    let zone = findings.keep(&spec.zone, hours::zone(&spec.zone.value));
    let days = optional(spec.days.as_ref(), |at| {
        if at.value.is_empty() {
            let hint = "name days, or leave `days` out for every day";
            findings.error(at, Fault::new("hours on no day never come", hint));
            return None;
        }
        let days: Vec<_> = at
            .value
            .iter()
            .map(|day| findings.keep(day, hours::weekday(&day.value)))
            .collect();
        days.into_iter().collect::<Option<Vec<_>>>()
    });
    let (from, to) = (from?, to?);
    if from.is_end_of_day() {
        let fault = Fault::new("hours cannot begin at `24:00`", "write `00:00`");
        findings.error(&spec.from, fault);
        return None;
    }
    if from == to {
        let fault = Fault::new(
            format!("hours from `{from}` to `{to}` are no time or all of it"),
            "for whole days write `from: \"00:00\", to: \"24:00\"`",
        );
        findings.error(&spec.to, fault);
        return None;
    }
    Some(Hours {
        from,
        to,
        zone: zone?,
        days: days?.unwrap_or_default(),
    })
}
