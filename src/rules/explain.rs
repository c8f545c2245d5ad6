//! Why the rules say what they say to an ask: sentences for people who look after rules or ask under
//! them.
//!
//! Pure, like [`judge`], and by the same parts, so that what is told is what is
//! done. It decides nothing. Whoever may not ask is told which rule governs and no more: what a rule
//! demands is not theirs to probe.

mod assumed;
mod demands;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use super::condition::Scope;
use super::facts::AskFacts;
use super::judge::case::Case;
use super::judge::{Fit, Reason, Verdict, auto, considered, judge, permit};
use super::people::Principal;
use super::roll::Roll;
use super::route::Pass;
use super::set::{Rule, RuleSet};
use super::who::Glob;

/// What the rules say to an ask, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is explained.
    pub verdict: Verdict,
    /// The sentences by what they are about, in the order in which they should be read; none is empty.
    pub sections: Vec<Section>,
}

/// Sentences about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What they are about: `rules`, `limits`, `approval`, `automatic approval`, `emergency`, `verdict`.
    pub about: &'static str,
    /// Lower case, no final period, the author's words in back-ticks.
    pub sentences: Vec<String>,
}

/// How it is known who is in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Slack and the on-call sources were asked.
    Asked,
    /// Nobody was: there are enough people everywhere.
    Assumed,
}

/// Explains the verdict on an ask. The roll must hold whom [`needs`](super::judge::needs) names.
pub fn explain(rules: &RuleSet, requester: &Principal, ask: &AskFacts, roll: &Roll) -> Explanation {
    explained(rules, requester, ask, (roll, Sight::Asked))
}

/// The same where nobody can be asked who is who. The requester is taken for a full member, and is in no
/// groups but those of `told` (keys of [`Roll::groups`]). Whether people could fill the stages is not
/// checked, and the sentences say so.
pub fn explain_unasked(
    rules: &RuleSet,
    requester: &Principal,
    ask: &AskFacts,
    told: &BTreeSet<String>,
) -> Explanation {
    let roll = assumed::roll(rules, requester, ask, told);
    explained(rules, requester, ask, (&roll, Sight::Assumed))
}

impl Explanation {
    /// What facts refuse before any rule is asked.
    pub fn refused(reason: Reason) -> Self {
        let sentences = vec![refusal(&reason)];
        Self {
            verdict: Verdict::Refused {
                rule: None,
                reasons: vec![reason],
            },
            sections: vec![about("verdict", sentences)],
        }
    }
}

/// Why the rule that allowed an ask governs it, and why people are asked: for who asks who would be asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aside {
    /// The rule's condition, which holds; `None`: it has none.
    pub when: Option<String>,
    /// Which limits of the rule's `auto` are not kept, parts of a sentence. Empty where all are, and where
    /// it has none.
    pub not_automatic: Vec<String>,
}

/// What there is to say aside about an ask that this rule allowed. To nobody else: a rule's demands are not
/// theirs to probe.
pub fn aside(rules: &RuleSet, requester: &Principal, ask: &AskFacts, rule: &str) -> Aside {
    let Some(rule) = rules.rule(rule) else {
        return Aside::default();
    };
    let scope = Scope::new(requester, ask);
    let auto = rule.auto.as_ref();
    let limits = auto.map(|auto| auto::limits(rule, auto, ask, &scope));
    Aside {
        when: rule.when.as_ref().map(|when| when.text().to_owned()),
        not_automatic: limits
            .into_iter()
            .flatten()
            .filter_map(Result::err)
            .collect(),
    }
}

fn explained(
    rules: &RuleSet,
    requester: &Principal,
    ask: &AskFacts,
    (roll, sight): (&Roll, Sight),
) -> Explanation {
    let verdict = judge(rules, requester, ask, roll);
    let scope = Scope::new(requester, ask);
    let fits = if rules.sealed() {
        Vec::new()
    } else {
        considered(rules, requester, ask)
    };
    let mut sections = vec![about("rules", tried(rules, ask, &fits))];
    let governs = fits.last().filter(|(_, fit)| *fit == Fit::Governs);
    if let Some(rule) = governs.and_then(|(name, _)| rules.rule(name)) {
        let case = Case {
            rules,
            rule,
            requester,
            ask,
            roll,
            scope: &scope,
        };
        if matches!(verdict, Verdict::Allowed(_)) || may_ask(&case) {
            sections.extend([
                about("limits", demands::limits(&case)),
                about("approval", demands::approval(&case, sight)),
                about("automatic approval", demands::automatic(&case)),
                about("emergency", demands::emergency(&case)),
            ]);
        }
    }
    sections.push(about("verdict", told(&verdict, sight)));
    Explanation { verdict, sections }
}

const fn about(about: &'static str, sentences: Vec<String>) -> Section {
    Section { about, sentences }
}

fn may_ask(case: &Case<'_>) -> bool {
    let template = case.rules.template(&case.ask.template);
    let who = (case.requester, case.ask.cluster.as_str());
    let by_template =
        template.is_none_or(|t| permit::template(t, who, case.roll, case.scope).is_ok());
    by_template && case.permitted().is_ok()
}

/// Each rule that was tried, and why it governs or does not.
fn tried(rules: &RuleSet, ask: &AskFacts, fits: &[(String, Fit)]) -> Vec<String> {
    if rules.sealed() {
        return vec!["no rule is tried: the rules have errors".to_owned()];
    }
    let known = fits
        .iter()
        .filter_map(|(name, fit)| Some((rules.rule(name)?, fit)));
    let mut sentences: Vec<String> = known.map(|(rule, fit)| fitted(rule, ask, fit)).collect();
    let found = |(_, fit): &(String, Fit)| fit.ends_the_search();
    if !fits.last().is_some_and(found) {
        sentences.push("no rule matches, and what no rule matches is refused".to_owned());
    }
    sentences
}

fn fitted(rule: &Rule, ask: &AskFacts, fit: &Fit) -> String {
    let name = &rule.name;
    match fit {
        Fit::Governs => {
            let why = match &rule.when {
                Some(when) => format!("`{}` holds", when.text()),
                None => "it has no condition".to_owned(),
            };
            format!(
                "rule `{name}` ({}) governs: it is for template `{}` on cluster `{}`, and {why}",
                rule.place, ask.template, ask.cluster
            )
        }
        Fit::NotNamed => format!(
            "rule `{name}` ({}) matches and does not name `{}` in full, as it must where a template states \
             objects; no rule after it is tried",
            rule.place, ask.template
        ),
        Fit::OtherTemplate => format!(
            "rule `{name}` is for other templates: {}",
            globs(&rule.templates)
        ),
        Fit::OtherCluster => format!(
            "rule `{name}` is for other clusters: {}",
            globs(&rule.clusters)
        ),
        Fit::ConditionFails(text) => {
            format!("rule `{name}` does not match: `{text}` does not hold")
        }
        Fit::ConditionUnclear(why) => format!(
            "rule `{name}` ({}) cannot be judged, and no rule after it is tried: in its condition, {why}",
            rule.place
        ),
    }
}

fn globs(globs: &[Glob]) -> String {
    let names: Vec<String> = globs.iter().map(|glob| format!("`{}`", glob.0)).collect();
    names.join(", ")
}

fn told(verdict: &Verdict, sight: Sight) -> Vec<String> {
    match verdict {
        Verdict::Allowed(route) => vec![match &route.pass {
            Pass::Stages => {
                let names: Vec<String> = route
                    .stages
                    .iter()
                    .map(|stage| format!("`{}`", stage.name))
                    .collect();
                let names = names.join(", then ");
                match sight {
                    Sight::Asked => format!("allowed, once approved by {names}"),
                    Sight::Assumed => {
                        format!("allowed, once approved by {names}, if people there can approve")
                    }
                }
            }
            Pass::Automatic { why } => format!("allowed at once: {why}"),
            Pass::Emergency => "allowed at once, as an emergency".to_owned(),
        }],
        Verdict::Refused { reasons, .. } => reasons.iter().map(refusal).collect(),
    }
}

fn refusal(reason: &Reason) -> String {
    let message = &reason.message;
    match &reason.hint {
        Some(hint) => format!("refused: {message}; {hint}"),
        None => format!("refused: {message}"),
    }
}

/// Plain text: what a section is about, then its sentences, each on a line of its own.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, section) in self.sections.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", section.about)?;
            for sentence in &section.sentences {
                write!(f, "\n  {sentence}")?;
            }
        }
        Ok(())
    }
}
