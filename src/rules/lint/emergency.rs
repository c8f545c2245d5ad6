//! Checks of who may open at once.

use super::bounds::shorter_max;
use super::circle::{channel, circle};
use super::seconds;
use crate::rules::load::Allowed;
use crate::rules::model::{At, EmergencySpec};
use crate::rules::problem::{Fault, Findings};
use crate::rules::set::{Emergency, Template};
use crate::units::Seconds;

/// The shortest time to review in: nobody reviews in the middle of an emergency.
const MIN_REVIEW: Seconds = Seconds::hours(1);

/// Checks it for a rule that governs these templates.
pub(super) fn emergency(
    at: &At<EmergencySpec>,
    governed: &[&Template],
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Emergency> {
    let spec = &at.value;
    let by = circle(&spec.by, allowed, findings);
    let max = shorter_max(&spec.max, governed, None, findings);
    let tell = channel(&spec.tell, allowed, findings);
    let review = review(&spec.review, findings);
    if spec.by.is_empty() {
        let fault = Fault::new(
            "nobody may open at once: the emergency names nobody",
            "name who may: `by: {usergroups: [\"@sre\"]}`",
        );
        findings.error(at, fault);
        return None;
    }
    Some(Emergency {
        by: by?,
        max: max?,
        tell: tell?,
        review: review?,
    })
}

fn review(at: &At<String>, findings: &mut Findings<'_>) -> Option<Seconds> {
    let review = seconds(at, findings)?;
    let fault = || {
        Fault::new(
            format!("{review} is too short to review in"),
            format!("give at least {MIN_REVIEW}; `24h` is usual"),
        )
    };
    findings.keep(
        at,
        (review >= MIN_REVIEW).then_some(review).ok_or_else(fault),
    )
}
