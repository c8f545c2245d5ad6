//! Checks of who is named: people, groups, services, channels.

use std::collections::BTreeSet;

use crate::rules::model::{At, CircleSpec};
use crate::rules::people::UserId;
use crate::rules::problem::{Fault, Findings};
use crate::rules::text::Text;
use crate::rules::who::{Circle, is_handle};

/// Checks a circle of people. `None` when a name is wrong.
pub(super) fn circle(
    spec: &CircleSpec,
    label_keys: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) -> Option<Circle> {
    let handles: Vec<Option<Text>> = spec
        .usergroups
        .iter()
        .map(|at| {
            let text = checked_text(&at.value, label_keys, is_handle, || {
                Fault::new(
                    format!("`{}` is not the handle of a user group", at.value),
                    "write it like `@orders-oncall`",
                )
            });
            findings.keep(at, text)
        })
        .collect();
    let users = users(&spec.users, findings);
    Some(Circle {
        handles: handles.into_iter().collect::<Option<_>>()?,
        users: users?,
    })
}

/// Checks people that are named by id.
pub(super) fn users(written: &[At<String>], findings: &mut Findings<'_>) -> Option<Vec<UserId>> {
    let users: Vec<Option<UserId>> = written
        .iter()
        .map(|at| {
            let id = is_id(&at.value, &['U', 'W'])
                .then(|| UserId(at.value.clone()))
                .ok_or_else(|| {
                    Fault::new(
                        format!("`{}` is not a Slack member id", at.value),
                        "copy the member id (`U…`) from their Slack profile: names can be changed",
                    )
                });
            findings.keep(at, id)
        })
        .collect();
    users.into_iter().collect()
}

/// Checks ServiceAccounts, `namespace/name`.
pub(super) fn services(
    written: &[At<String>],
    findings: &mut Findings<'_>,
) -> Option<BTreeSet<String>> {
    let is_name = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    };
    let services: Vec<Option<String>> = written
        .iter()
        .map(|at| {
            let fits = at
                .value
                .split_once('/')
                .is_some_and(|(namespace, name)| is_name(namespace) && is_name(name));
            let fault = || {
                Fault::new(
                    format!("`{}` is not a ServiceAccount", at.value),
                    "write it like `ci/deployer`: namespace and name",
                )
            };
            findings.keep(at, fits.then(|| at.value.clone()).ok_or_else(fault))
        })
        .collect();
    services.into_iter().collect()
}

/// Checks where a card goes.
pub(super) fn channel(
    at: &At<String>,
    label_keys: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) -> Option<Text> {
    let text = checked_text(&at.value, label_keys, is_channel, || {
        Fault::new(
            format!("`{}` is not a channel", at.value),
            "write it like `#access-orders`, or as the channel's id (`C…`)",
        )
    });
    findings.keep(at, text)
}

/// Checks who is told: groups, channels, people.
pub(super) fn tell(
    written: &[At<String>],
    label_keys: &BTreeSet<String>,
    findings: &mut Findings<'_>,
) -> Option<Vec<Text>> {
    let fits = |name: &str| {
        is_channel(name) || is_id(name, &['U', 'W']) || (name.starts_with('@') && is_handle(name))
    };
    let texts: Vec<Option<Text>> = written
        .iter()
        .map(|at| {
            let text = checked_text(&at.value, label_keys, fits, || {
                Fault::new(
                    format!("`{}` is neither a user group nor a channel", at.value),
                    "write it like `@orders-team` or `#incidents`",
                )
            });
            findings.keep(at, text)
        })
        .collect();
    texts.into_iter().collect()
}

fn checked_text(
    written: &str,
    label_keys: &BTreeSet<String>,
    fits: impl Fn(&str) -> bool,
    fault: impl FnOnce() -> Fault,
) -> Result<Text, Fault> {
    let text = Text::compile(written, label_keys)?;
    match text.fixed() {
        Some(fixed) if !fits(fixed) => Err(fault()),
        _ => Ok(text),
    }
}

fn is_channel(name: &str) -> bool {
    let named = name.strip_prefix('#').is_some_and(is_handle);
    named || is_id(name, &['C', 'G'])
}

/// A Slack id: a letter for what it is, then letters and digits.
fn is_id(text: &str, kinds: &[char]) -> bool {
    let Some(rest) = text.strip_prefix(kinds) else {
        return false;
    };
    rest.len() >= 2
        && rest
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
