//! Checks of a rule.

use std::collections::{BTreeMap, BTreeSet};

use super::circle::{channel, circle, services, tell};
use super::stage::{check_people, stages};
use super::{frame, seconds, unsupported};
use crate::rules::condition::{self, Condition};
use crate::rules::model::{AccessRule, At, MatchSpec, RequestersSpec, RuleSpec};
use crate::rules::problem::{Fault, Findings, suggest};
use crate::rules::set::{Requesters, Rule, Stage, Template};
use crate::rules::who::Glob;
use crate::units::Seconds;

/// How long a stage waits for an answer where the rule does not say.
const LAPSE: Seconds = Seconds::hours(1);

/// When people are reminded where the rule does not say: what users of comparable tools settled on.
const REMIND: Seconds = Seconds::minutes(15);

/// What a rule is checked against.
#[derive(Debug)]
pub(in crate::rules) struct Known<'a> {
    /// Templates that can be used.
    pub(in crate::rules) templates: &'a BTreeMap<String, Template>,
    /// Names of all templates, those with errors included.
    pub(in crate::rules) template_names: &'a BTreeSet<String>,
    /// Namespace labels that may be inserted into names.
    pub(in crate::rules) label_keys: &'a BTreeSet<String>,
}

/// Checks a rule; `None` when it has an error.
pub(in crate::rules) fn rule(
    document: &AccessRule,
    digest: String,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Rule> {
    let spec = &document.spec;
    let name = frame(document, findings);
    unsupported::rule(spec, findings);
    let templates = templates(&spec.matches, known, findings);
    let clusters = clusters(&spec.matches.value, findings);
    let when = condition(spec.matches.value.when.as_ref(), findings);
    let requesters = requesters(&spec.requesters, known, findings);
    let stages = rule_stages(document, known, findings);
    if let (Some(requesters), Some(stages), Some(at)) = (&requesters, &stages, &spec.stages)
        && check_people(stages, requesters, at, findings)
    {
        check_peers(stages, requesters, at, findings);
    }
    let max = max(spec, templates.as_deref(), known, findings);
    let open = open(spec, findings);
    let reason = reason(spec, findings);
    let channel = optional(spec.channel.as_ref(), |at| {
        channel(at, known.label_keys, findings)
    });
    let tell = tell(&spec.tell, known.label_keys, findings);
    let revokers = circle(&spec.revokers, known.label_keys, findings);
    let waits = waits(spec, findings);
    let (lapse, remind) = waits?;
    Some(Rule {
        name: name?,
        digest,
        place: findings.place(&document.metadata.name),
        templates: templates?,
        clusters: clusters?,
        when: when?,
        requesters: requesters?,
        stages: stages?,
        max: max?,
        open: open?,
        reason: reason?,
        channel: channel?,
        tell: tell?,
        revokers: revokers?,
        lapse,
        remind,
    })
}

/// `Some(None)`: not written. `None`: wrong.
fn optional<T, U>(written: Option<&T>, check: impl FnOnce(&T) -> Option<U>) -> Option<Option<U>> {
    match written {
        None => Some(None),
        Some(value) => check(value).map(Some),
    }
}

/// Checks a condition, where there is one.
pub(super) fn condition(
    written: Option<&At<String>>,
    findings: &mut Findings<'_>,
) -> Option<Option<Condition>> {
    optional(written, |at| {
        let condition = findings.keep(at, Condition::compile(&at.value))?;
        if let Some(doubt) = condition.doubt() {
            findings.warn(at, doubt);
        }
        Some(condition)
    })
}

fn templates(
    at: &At<MatchSpec>,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Vec<Glob>> {
    let written = &at.value.templates;
    if written.value.is_empty() {
        findings.error(
            written,
            Fault::new(
                "a rule without templates governs nothing",
                "name them, or write `\"*\"`",
            ),
        );
        return None;
    }
    let globs: Vec<Option<Glob>> = written
        .value
        .iter()
        .map(|name| {
            let glob = Glob(name.value.clone());
            let found = known.template_names.iter().any(|known| glob.matches(known));
            let fault = || Fault {
                message: format!("there is no template `{}`", name.value),
                hint: suggest(&name.value, known.template_names.iter().map(String::as_str)),
            };
            findings.keep(name, found.then_some(glob).ok_or_else(fault))
        })
        .collect();
    globs.into_iter().collect()
}

fn clusters(spec: &MatchSpec, findings: &mut Findings<'_>) -> Option<Vec<Glob>> {
    let Some(written) = &spec.clusters else {
        return Some(vec![Glob("*".to_owned())]);
    };
    if written.value.is_empty() {
        let fault = Fault::new(
            "a rule without clusters governs nothing",
            "name them, or leave `clusters` out for every cluster",
        );
        findings.error(written, fault);
        return None;
    }
    let globs = written.value.iter().map(|at| Glob(at.value.clone()));
    Some(globs.collect())
}

fn requesters(
    at: &At<RequestersSpec>,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Requesters> {
    let people = circle(&at.value.slack, known.label_keys, findings);
    let services = services(&at.value.service_accounts, findings);
    if nobody(&at.value) {
        findings.warn(
            at,
            Fault::new(
                "nobody may ask under this rule: every ask that it matches is refused",
                "name who may ask: `requesters: {slack: {usergroups: [\"@backend\"]}}`",
            ),
        );
    }
    Some(Requesters {
        people: people?,
        services: services?,
    })
}

fn nobody(spec: &RequestersSpec) -> bool {
    spec.slack.is_empty() && spec.service_accounts.is_empty()
}

/// INVARIANT (nothing opens unapproved): a rule under which somebody may ask has at least one stage.
fn rule_stages(
    document: &AccessRule,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Vec<Stage>> {
    let spec = &document.spec;
    let written = spec.stages.as_ref().filter(|at| !at.value.is_empty());
    match written {
        Some(at) => stages(at, known.label_keys, findings),
        None if nobody(&spec.requesters.value) => Some(Vec::new()),
        None => {
            let fault = Fault::new(
                "the rule has no stages: what it allows would open without approval",
                "say who must agree: `stages: [{name: owners, from: {usergroups: [\"@orders-oncall\"]}}]`",
            );
            findings.error(&document.metadata.name, fault);
            None
        }
    }
}

/// Peers who approve each other are sometimes meant, and sometimes a copied line.
fn check_peers<T>(
    stages: &[Stage],
    requesters: &Requesters,
    at: &At<T>,
    findings: &mut Findings<'_>,
) {
    if stages.is_empty() || !requesters.services.is_empty() {
        return;
    }
    let peers = stages
        .iter()
        .all(|stage| stage.quiet.is_empty() && stage.from.same_as(&requesters.people));
    if peers {
        findings.warn(
            at,
            Fault::new(
                "whoever may ask may also approve what the others ask for",
                "name a stage of other people, unless that is meant",
            ),
        );
    }
}

fn max(
    spec: &RuleSpec,
    templates: Option<&[Glob]>,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Option<Seconds>> {
    optional(spec.limits.max.as_ref(), |at| {
        let max = seconds(at, findings)?;
        let governed = known.templates.values().filter(|template| {
            let globs = templates.unwrap_or_default();
            globs.iter().any(|glob| glob.matches(&template.name))
        });
        let mut usable = true;
        for template in governed {
            usable &= check_max(max, template, at, findings);
        }
        usable.then_some(max)
    })
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
        findings.error(
            at,
            Fault::plain(format!(
                "template `{name}` starts at {}: under a limit of {max} nothing could be granted",
                bounds.min
            )),
        );
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

fn open(spec: &RuleSpec, findings: &mut Findings<'_>) -> Option<Option<usize>> {
    optional(spec.limits.open.as_ref(), |at| {
        if at.value == 0 {
            let hint = "for a rule that refuses everything, write `requesters: {}`";
            findings.error(
                at,
                Fault::new("a limit of 0 open requests allows none", hint),
            );
            return None;
        }
        Some(at.value)
    })
}

fn reason(spec: &RuleSpec, findings: &mut Findings<'_>) -> Option<Option<regex::Regex>> {
    optional(spec.require.reason.as_ref(), |at| {
        findings.keep(at, condition::pattern(&at.value))
    })
}

/// How long a stage waits, and when it reminds.
fn waits(spec: &RuleSpec, findings: &mut Findings<'_>) -> Option<(Seconds, Option<Seconds>)> {
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
