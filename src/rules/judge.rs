//! Which rule governs an ask, and what it says: [`judge`].
//!
//! INVARIANT (nothing opens unapproved): [`Verdict::Allowed`] is given only where the template lets the
//! requester use it, a rule matches, the requester is a full member (or a service) that the rule names,
//! every bound is kept, and one of these is so:
//! - [`Pass::Stages`](super::Pass): at least one stage applies, and distinct people other than the
//!   requester can fill all of them now.
//! - [`Pass::Automatic`](super::Pass): the rule has `auto`, and every limit that it writes is kept.
//! - [`Pass::Emergency`](super::Pass): a full member whom the rule's `emergency` names wants it. Then the
//!   requester may also be one of those, the emergency's own longest grant counts instead of the
//!   rule's, and any reason will do.
//!
//! Whatever cannot be told for sure is refused, with the reason.

pub mod assign;
pub(super) mod auto;
pub(super) mod case;
mod emergency;
pub(super) mod length;
mod outlook;
pub(super) mod permit;
pub(super) mod stages;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::condition::Scope;
use super::facts::AskFacts;
use super::people::{Principal, UserId};
use super::roll::Roll;
use super::route::Route;
use super::set::{Rule, RuleSet, Template};
use super::who::Circle;
pub use outlook::{Demands, decides_offline, demands, may_declare, open_to, owner};

use case::Case;

/// What the rules say to an ask.
#[expect(
    clippy::large_enum_variant,
    reason = "one verdict lives at a time, and nothing keeps lists of them"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The request may go this way.
    Allowed(Route),
    /// It may not.
    Refused {
        /// The rule that governed, if one did.
        rule: Option<String>,
        /// Everything that stands in the way; never empty.
        reasons: Vec<Reason>,
    },
}

/// Why an ask is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Lower case, no final period, the person's words in back-ticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Reason {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

/// Judges an ask by the first rule that matches it.
pub fn judge(rules: &RuleSet, requester: &Principal, ask: &AskFacts, roll: &Roll) -> Verdict {
    let scope = Scope::new(requester, ask);
    if let Some(template) = rules.template(&ask.template).filter(|_| !rules.sealed)
        && let Err(reason) = permit::template(template, (requester, &ask.cluster), roll, &scope)
    {
        return refused(None, vec![reason]);
    }
    match governing(rules, ask, &scope) {
        Err((rule, reason)) => refused(rule, vec![reason]),
        Ok(None) => refused(None, vec![no_rule(rules, requester, ask, roll, &scope)]),
        Ok(Some(rule)) => {
            let case = Case {
                rules,
                rule,
                requester,
                ask,
                roll,
                scope: &scope,
            };
            match case.decide() {
                Ok(route) => Verdict::Allowed(route),
                Err(reasons) => refused(Some(rule), reasons),
            }
        }
    }
}

/// Whom the shell must know to judge an ask: keys of [`Roll::groups`], and people by id. The members
/// of the groups belong into [`Roll::people`] too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// Keys of groups.
    pub groups: BTreeSet<String>,
    /// People named by id, the requester included.
    pub users: BTreeSet<UserId>,
}

/// Whom [`judge`] will ask the roll about: those that the template and the governing rule name, who may
/// open at once and whom to escalate to included.
pub fn needs(rules: &RuleSet, requester: &Principal, ask: &AskFacts) -> Needs {
    let scope = Scope::new(requester, ask);
    let mut needs = Needs {
        users: requester.person().cloned().into_iter().collect(),
        ..Needs::default()
    };
    needs.users.extend(ask.emergency.clone());
    let template = rules.template(&ask.template);
    if let Some(requesters) = template.and_then(|t| t.requesters.as_ref()) {
        needs.add(&requesters.people, &scope);
    }
    if let Ok(Some(rule)) = governing(rules, ask, &scope) {
        for circle in rule.people() {
            needs.add(circle, &scope);
        }
        for stage in rule.stages_for(ask.incident.as_deref()) {
            needs.add(&stage.from, &scope);
            needs.users.extend(stage.quiet.iter().cloned());
        }
    }
    needs
}

impl Needs {
    /// Adds a circle; one that cannot be named for this ask has nobody to ask about.
    fn add(&mut self, circle: &Circle, scope: &Scope) {
        let group = circle.group(scope).unwrap_or_default();
        self.groups.extend(group.keys());
        self.users.extend(group.users.into_iter().map(UserId));
    }
}

/// How a rule relates to an ask, for explanations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is the first that matches.
    Governs,
    /// It is for other templates.
    OtherTemplate,
    /// It is for other clusters.
    OtherCluster,
    /// Its condition, as written, does not hold.
    ConditionFails(String),
    /// Its condition cannot be judged, for this reason; the ask is refused.
    ConditionUnclear(String),
    /// It would govern, and names the template by a glob only, which states objects; the ask is refused.
    NotNamed,
}

impl Fit {
    /// Whether no rule after it is tried.
    pub(super) const fn ends_the_search(&self) -> bool {
        matches!(
            self,
            Self::Governs | Self::ConditionUnclear(_) | Self::NotNamed
        )
    }
}

/// Every rule up to the one that governs (or all, when none does), and why it does or does not.
pub fn considered(rules: &RuleSet, requester: &Principal, ask: &AskFacts) -> Vec<(String, Fit)> {
    let scope = Scope::new(requester, ask);
    let mut list = Vec::new();
    for rule in &rules.rules {
        let fit = fit(rules, rule, ask, &scope);
        let last = fit.ends_the_search();
        list.push((rule.name.clone(), fit));
        if last {
            break;
        }
    }
    list
}

/// INVARIANT (nothing by chance): a template that states objects passes only a rule that names it in full. A
/// rule that matches it by a glob was written for paths, as a way through or as a guard; either way it ends the
/// search, and the ask is refused.
fn fit(rules: &RuleSet, rule: &Rule, ask: &AskFacts, scope: &Scope) -> Fit {
    match matched(rule, ask, scope) {
        Fit::Governs if states_objects(rules, ask) && !rule.names(&ask.template) => Fit::NotNamed,
        fit => fit,
    }
}

/// Whether its template states objects, or did when it was asked.
fn states_objects(rules: &RuleSet, ask: &AskFacts) -> bool {
    let template = rules.template(&ask.template);
    !ask.is_known() || template.is_some_and(Template::states_objects)
}

fn matched(rule: &Rule, ask: &AskFacts, scope: &Scope) -> Fit {
    if !rule
        .templates
        .iter()
        .any(|glob| glob.matches(&ask.template))
    {
        return Fit::OtherTemplate;
    }
    if !rule.clusters.iter().any(|glob| glob.matches(&ask.cluster)) {
        return Fit::OtherCluster;
    }
    let Some(when) = &rule.when else {
        return Fit::Governs;
    };
    match when.holds(scope) {
        Ok(true) => Fit::Governs,
        Ok(false) => Fit::ConditionFails(when.text().to_owned()),
        Err(why) => Fit::ConditionUnclear(why),
    }
}

/// The first rule that matches. A rule whose condition cannot be judged stops the search: it might
/// have been the one.
fn governing<'a>(
    rules: &'a RuleSet,
    ask: &AskFacts,
    scope: &Scope,
) -> Result<Option<&'a Rule>, (Option<&'a Rule>, Reason)> {
    if rules.sealed {
        let reason = Reason::new(
            "the rules have errors, so nothing can be opened",
            "tell those who look after the rules: `drawbridge check` shows what is wrong",
        );
        return Err((None, reason));
    }
    for rule in &rules.rules {
        match fit(rules, rule, ask, scope) {
            Fit::Governs => return Ok(Some(rule)),
            Fit::NotNamed => return Err((Some(rule), not_named(rule, ask))),
            Fit::ConditionUnclear(why) => {
                return Err((Some(rule), unclear(rule, "its condition", &why)));
            }
            Fit::OtherTemplate | Fit::OtherCluster | Fit::ConditionFails(_) => {}
        }
    }
    Ok(None)
}

fn refused(rule: Option<&Rule>, reasons: Vec<Reason>) -> Verdict {
    Verdict::Refused {
        rule: rule.map(|rule| rule.name.clone()),
        reasons,
    }
}

fn not_named(rule: &Rule, ask: &AskFacts) -> Reason {
    Reason::new(
        format!(
            "rule `{}` comes first and does not name `{}`: templates with objects must be named in full",
            rule.name, ask.template
        ),
        "tell those who look after the rules: name it in that rule, or put a rule that does before it",
    )
}

fn unclear(rule: &Rule, what: &str, why: &str) -> Reason {
    Reason::new(
        format!(
            "rule `{}` cannot be judged for this ask: in {what}, {why}",
            rule.name
        ),
        format!("tell those who look after the rules: see {}", rule.place),
    )
}

/// The refusal when no rule matches, with the rules that would let this requester ask.
fn no_rule(
    rules: &RuleSet,
    requester: &Principal,
    ask: &AskFacts,
    roll: &Roll,
    scope: &Scope,
) -> Reason {
    let message = format!(
        "no rule is for `{}` from `{}` to `{}` on `{}`",
        ask.template,
        ask.from.label(),
        ask.to.label(),
        ask.cluster
    );
    let mine: Vec<String> = rules
        .rules
        .iter()
        .filter(|rule| names(rule, (requester, &ask.cluster), roll, scope))
        .map(|rule| {
            let templates: Vec<&str> = rule.templates().collect();
            format!("`{}` ({})", rule.name, templates.join(", "))
        })
        .collect();
    let hint = match mine.as_slice() {
        [] => "no rule names you: ask those who look after the rules".to_owned(),
        _ => format!("rules that you may ask under: {}", mine.join(", ")),
    };
    Reason::new(message, hint)
}

/// Whether the rule names the requester among those who may ask.
fn names(rule: &Rule, requester: (&Principal, &str), roll: &Roll, scope: &Scope) -> bool {
    let among = permit::among(&rule.requesters, requester, roll, scope);
    among.is_ok_and(|(named, _)| named)
}
