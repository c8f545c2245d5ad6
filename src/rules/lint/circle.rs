//! Checks of who is named: people, groups, channels, on-call sources, services.

use std::collections::{BTreeMap, BTreeSet};

use crate::rules::load::Allowed;
use crate::rules::model::{At, CircleSpec};
use crate::rules::people::{ELSEWHERE, UserId};
use crate::rules::problem::{Fault, Findings, nearest, suggest};
use crate::rules::text::Text;
use crate::rules::who::{Circle, is_channel, is_handle, is_id};

/// The roles of an incident by name; `None` inside where a role itself is wrong.
pub(super) type Roles = BTreeMap<String, Option<Circle>>;

/// Checks a circle of people. `None` when a name is wrong.
pub(super) fn circle(
    spec: &CircleSpec,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Circle> {
    circle_with(spec, allowed, None, findings)
}

/// Checks a circle that may name roles, if there are any.
pub(super) fn circle_with(
    spec: &CircleSpec,
    allowed: &Allowed,
    roles: Option<&Roles>,
    findings: &mut Findings<'_>,
) -> Option<Circle> {
    let handles = texts(&spec.usergroups, allowed, is_handle, findings, |written| {
        Fault::new(
            format!("`{written}` is not the handle of a user group"),
            "write it like `@orders-oncall`",
        )
    });
    let users = users(&spec.users, findings);
    let channels = texts(&spec.channels, allowed, is_channel, findings, channel_fault);
    let oncall = oncall(&spec.oncall, allowed, findings);
    let roles = roles_named(&spec.roles, roles, findings);
    let mut circle = Circle {
        handles: handles?,
        users: users?,
        channels: channels?,
        oncall: oncall?,
    };
    for role in roles? {
        circle.extend(role);
    }
    Some(circle)
}

/// Checks people that are named by id.
pub(super) fn users(written: &[At<String>], findings: &mut Findings<'_>) -> Option<Vec<UserId>> {
    all(written, |at| {
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
}

/// Checks ServiceAccounts, `namespace/name`; of another cluster than the path's with `cluster:` before it.
pub(super) fn services(
    written: &[At<String>],
    findings: &mut Findings<'_>,
) -> Option<BTreeSet<String>> {
    let is_name = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
    };
    let is_account = |text: &str| {
        let parts = text.split_once('/');
        parts.is_some_and(|(namespace, name)| is_name(namespace) && is_name(name))
    };
    let services = all(written, |at| {
        let fits = match at.value.split_once(':') {
            None => is_account(&at.value),
            Some((ELSEWHERE, rest)) => is_elsewhere(rest),
            Some((cluster, account)) => is_name(cluster) && is_account(account),
        };
        let fault = || {
            Fault::new(
                format!("`{}` is not a ServiceAccount", at.value),
                "write it like `ci/deployer`, or `prod-us:ci/deployer` for one of another cluster",
            )
        };
        findings.keep(at, fits.then(|| at.value.clone()).ok_or_else(fault))
    });
    Some(services?.into_iter().collect())
}

/// Whether it names an issuer, and a subject in that issuer's own words.
fn is_elsewhere(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '`';
    let parts = text.split_once('/');
    parts.is_some_and(|(issuer, subject)| {
        !issuer.is_empty() && !subject.is_empty() && text.chars().all(plain)
    })
}

/// Checks a channel that is written to.
pub(super) fn channel(
    at: &At<String>,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Text> {
    let text = checked_text(&at.value, allowed, is_channel, channel_fault);
    findings.keep(at, text)
}

/// Checks who is told: groups, channels, people.
pub(super) fn tell(
    written: &[At<String>],
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Vec<Text>> {
    let fits = |name: &str| {
        is_channel(name) || is_id(name, &['U', 'W']) || (name.starts_with('@') && is_handle(name))
    };
    texts(written, allowed, fits, findings, |written| {
        Fault::new(
            format!("`{written}` is neither a user group nor a channel"),
            "write it like `@orders-team` or `#incidents`",
        )
    })
}

fn channel_fault(written: &str) -> Fault {
    Fault::new(
        format!("`{written}` is not a channel"),
        "write it like `#access-orders`, or as the channel's id (`C…`)",
    )
}

fn oncall(
    written: &[At<String>],
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Vec<String>> {
    all(written, |at| {
        let known = allowed.oncall.iter().map(String::as_str);
        let fault = || {
            let hint = match nearest(&at.value, known.clone()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "add it to `onCall` in the file that DRAWBRIDGE_CONFIG names".to_owned(),
            };
            Fault::new(format!("there is no on-call source `{}`", at.value), hint)
        };
        let found = allowed.oncall.contains(&at.value);
        findings.keep(at, found.then(|| at.value.clone()).ok_or_else(fault))
    })
}

/// The circles of the roles named; a role that is wrong itself was told where it is written.
fn roles_named<'a>(
    written: &[At<String>],
    roles: Option<&'a Roles>,
    findings: &mut Findings<'_>,
) -> Option<Vec<&'a Circle>> {
    all(written, |at| {
        let found = match roles {
            None => Err(Fault::new(
                "roles can only fill stages of `incident`",
                "name people, groups, channels or on-call sources here",
            )),
            Some(roles) => roles.get(&at.value).ok_or_else(|| Fault {
                message: format!("the incident has no role `{}`", at.value),
                hint: suggest(&at.value, roles.keys().map(String::as_str)).or_else(|| {
                    Some(format!(
                        "say who that is: `roles: {{{}: {{usergroups: […]}}}}`",
                        at.value
                    ))
                }),
            }),
        };
        findings.keep(at, found)?.as_ref()
    })
}

/// Checks each, so that every problem is told; `None` when one is wrong.
fn all<'a, T>(
    written: &'a [At<String>],
    check: impl FnMut(&'a At<String>) -> Option<T>,
) -> Option<Vec<T>> {
    let checked: Vec<Option<T>> = written.iter().map(check).collect();
    checked.into_iter().collect()
}

fn texts(
    written: &[At<String>],
    allowed: &Allowed,
    fits: impl Fn(&str) -> bool,
    findings: &mut Findings<'_>,
    fault: impl Fn(&str) -> Fault,
) -> Option<Vec<Text>> {
    all(written, |at| {
        let text = checked_text(&at.value, allowed, &fits, &fault);
        findings.keep(at, text)
    })
}

fn checked_text(
    written: &str,
    allowed: &Allowed,
    fits: impl Fn(&str) -> bool,
    fault: impl Fn(&str) -> Fault,
) -> Result<Text, Fault> {
    let text = Text::compile(written, &allowed.label_keys)?;
    match text.fixed() {
        Some(fixed) if !fits(fixed) => Err(fault(written)),
        _ => Ok(text),
    }
}
