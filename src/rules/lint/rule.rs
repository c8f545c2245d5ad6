//! Checks of a rule.

use std::collections::{BTreeMap, BTreeSet};

use super::circle::{channel, circle, tell};
use super::requesters::{check_peers, nobody, requesters};
use super::stage::{check_people, check_sources, stages};
use super::{auto, bounds, emergency, frame, incident, owner};
use crate::rules::condition::{self, Condition};
use crate::rules::load::Allowed;
use crate::rules::model::{AccessRule, At, MatchSpec, RuleSpec, StageSpec};
use crate::rules::problem::{Fault, Findings, suggest};
use crate::rules::set::{Escalate, Requesters, Rule, Stage, Template};
use crate::rules::who::Glob;
use crate::units::Seconds;

/// What a rule is checked against.
#[derive(Debug)]
pub(in crate::rules) struct Known<'a> {
    /// Templates that can be used.
    pub(in crate::rules) templates: &'a BTreeMap<String, Template>,
    /// Names of all templates, those with errors included.
    pub(in crate::rules) template_names: &'a BTreeSet<String>,
    /// What the configuration lets rules name.
    pub(in crate::rules) allowed: &'a Allowed,
}

/// Checks a rule; `None` when it has an error.
pub(in crate::rules) fn rule(
    document: &AccessRule,
    digest: String,
    known: &Known<'_>,
    findings: &mut Findings<'_>,
) -> Option<Rule> {
    let (spec, allowed) = (&document.spec, known.allowed);
    let name = frame(document, findings);
    let templates = templates(&spec.matches, known, findings);
    let governed = governed(templates.as_deref(), known);
    let clusters = clusters(&spec.matches.value, findings);
    let when = condition(spec.matches.value.when.as_ref(), findings);
    inputs(&spec.matches.value, when.as_ref(), &governed, findings);
    let requesters = requesters(&spec.requesters, "under this rule", allowed, findings);
    let guard = when.as_ref().and_then(Option::as_ref);
    let (stages, incident) = approvals(document, requesters.as_ref(), guard, allowed, findings);
    let limits = bounds::limits(&spec.limits, &governed, findings);
    let reason = optional(spec.require.reason.as_ref(), |at| {
        findings.keep(at, condition::pattern(&at.value))
    });
    let channel = optional(spec.channel.as_ref(), |at| channel(at, allowed, findings));
    let tell = tell(&spec.tell, allowed, findings);
    let revokers = circle(&spec.revokers, allowed, findings);
    let waits = waits(spec, allowed, findings);
    let emergency = optional(spec.emergency.as_ref(), |at| {
        emergency::emergency(at, &governed, allowed, findings)
    });
    let auto = optional(spec.auto.as_ref(), |at| {
        auto::auto(at, &governed, limits.and_then(|l| l.max), findings)
    });
    let in_incident = incident.as_ref().and_then(Option::as_deref);
    let asked = (stages.as_deref(), in_incident);
    let services = owner::services(spec, requesters.as_ref(), asked, findings);
    let (lapse, remind, escalate) = waits?;
    let (owner, offline, readers) = services?;
    Some(Rule {
        name: name?,
        digest,
        place: findings.place(&document.metadata.name),
        templates: templates?,
        clusters: clusters?,
        when: when?,
        requesters: requesters?,
        stages: stages?,
        incident: incident?,
        limits: limits?,
        reason: reason?,
        channel: channel?,
        tell: tell?,
        revokers: revokers?,
        lapse,
        remind,
        escalate,
        emergency: emergency?,
        auto: auto?,
        owner,
        offline,
        readers,
    })
}

/// `Some(None)`: not written. `None`: wrong.
pub(super) fn optional<T, U>(
    written: Option<&T>,
    check: impl FnOnce(&T) -> Option<U>,
) -> Option<Option<U>> {
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

/// A warning for an input that the condition reads and a template lacks: such asks are refused.
fn inputs(
    spec: &MatchSpec,
    when: Option<&Option<Condition>>,
    governed: &[&Template],
    findings: &mut Findings<'_>,
) {
    let (Some(at), Some(Some(condition))) = (&spec.when, when) else {
        return;
    };
    for name in condition.inputs() {
        let lacking = governed.iter().find(|t| !t.inputs.contains_key(name));
        if let Some(template) = lacking {
            let fault = Fault::new(
                format!(
                    "template `{}` has no input `{name}`: every ask for it that gets here is refused",
                    template.name
                ),
                format!("say what should happen then: `'{name}' in inputs && …`"),
            );
            findings.warn(at, fault);
        }
    }
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

/// The templates that a rule with these names governs.
fn governed<'a>(templates: Option<&[Glob]>, known: &Known<'a>) -> Vec<&'a Template> {
    let globs = templates.unwrap_or_default();
    let matched = |template: &&Template| globs.iter().any(|glob| glob.matches(&template.name));
    known.templates.values().filter(matched).collect()
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

/// The stages of a rule, and those of its incidents.
type Approvals = (Option<Vec<Stage>>, Option<Option<Vec<Stage>>>);

/// Checks who must agree. INVARIANT (nothing opens unapproved): a rule under which somebody may ask
/// has at least one stage, also in incidents.
fn approvals(
    document: &AccessRule,
    requesters: Option<&Requesters>,
    when: Option<&Condition>,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Approvals {
    let spec = &document.spec;
    let written = spec.stages.as_ref().filter(|at| !at.value.is_empty());
    let usual = match written {
        Some(at) => stages(at, allowed, None, findings),
        None if nobody(&spec.requesters.value) => Some(Vec::new()),
        None => {
            let fault = Fault::new(
                "the rule has no stages: what it allows would open without approval",
                "say who must agree: `stages: [{name: owners, from: {usergroups: [\"@orders-oncall\"]}}]`",
            );
            findings.error(&document.metadata.name, fault);
            None
        }
    };
    let incident = optional(spec.incident.as_ref(), |at| {
        incident::incident(at, allowed, findings)
    });
    let in_incident = spec.incident.as_ref().map(|at| &at.value.stages);
    let both = [
        (spec.stages.as_ref(), usual.as_ref()),
        (in_incident, incident.as_ref().and_then(Option::as_ref)),
    ];
    for (at, stages) in both {
        if let (Some(at), Some(stages)) = (at, stages) {
            check_filled(stages, requesters, at, findings);
            check_sources(stages, when, at, findings);
        }
    }
    (usual, incident)
}

fn check_filled(
    stages: &[Stage],
    requesters: Option<&Requesters>,
    at: &At<Vec<At<StageSpec>>>,
    findings: &mut Findings<'_>,
) {
    if let Some(requesters) = requesters
        && check_people(stages, requesters, at, findings)
    {
        check_peers(stages, requesters, at, findings);
    }
}

/// How long a stage waits, when it reminds, and whom it asks as well.
fn waits(
    spec: &RuleSpec,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<(Seconds, Option<Seconds>, Option<Escalate>)> {
    let waits = bounds::waits(spec, findings);
    let escalate = optional(spec.escalate.as_ref(), |at| {
        bounds::escalate(at, waits.map(|(lapse, _)| lapse), allowed, findings)
    });
    let (lapse, remind) = waits?;
    Some((lapse, remind, escalate?))
}
