//! `drawbridge explain`: what the rules say to an ask, and why. It reads, and touches nothing: no store, no
//! commit, no message. What was asked before is therefore not counted.

mod people;
mod print;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::picture::{self, Nothing};
use super::{Status, check, complain, plan, say};
use crate::app::planned::{self, Gate};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::netpol::{self, Flow, Snapshot};
use crate::rules::{
    self, AskFacts, End, Explanation, Filled, Principal, Reason, RuleSet, Section, Verdict,
};
use crate::units::Time;

use people::People;
use wanted::Wanted;

/// What an incident is called that only might be. The rules' conditions see it.
const INCIDENT: &str = "incident";

/// What the section is about that says what was left out.
const UNSEEN: &str = "not looked at";

/// What `explain` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// The ask, as typed in chat: "shop/web to orders/db:5432 for 30m because INC-42"; also "using …" and
    /// "emergency …".
    ask: String,
    /// Who asks: the id of a Slack member (`U0DANA`), or a ServiceAccount as `namespace/name`.
    #[arg(long = "as", value_name = "WHO", value_parser = wanted::who)]
    who: Principal,
    /// Folder of YAML or JSON manifests; without it the live cluster is read.
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// Folder of rules; default: `DRAWBRIDGE_RULES`.
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Folder of templates; default: `DRAWBRIDGE_TEMPLATES`, else the embedded ones.
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// The live cluster, where there are several; with manifests, what rules are told it is called.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// As if it was asked in the channel of an incident.
    #[arg(long)]
    incident: bool,
    /// As if it was asked with `emergency` before it.
    #[arg(long)]
    emergency: bool,
    /// A group that WHO is in: `@group`, `#channel` or `oncall:NAME`; repeatable. Only where Slack is not
    /// asked, which is where `SLACK_BOT_TOKEN` is not set.
    #[arg(long, value_name = "GROUP", value_parser = wanted::group)]
    member_of: Vec<String>,
    /// How to print it.
    #[arg(short, long, default_value = "text")]
    output: Form,
}

/// How `explain` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Sentences.
    Text,
    /// One object.
    Json,
}

/// What is told.
struct Answer {
    explanation: Explanation,
    /// The gate in one line, where there would be one.
    gate: Option<String>,
    /// Every rule that was tried, and how it fits.
    considered: Vec<(String, rules::Fit)>,
    /// Whence it is known who is who; `None`: it did not matter.
    people: Option<&'static str>,
}

impl Answer {
    /// Refused by facts, before any rule is asked.
    fn refused(message: String, hint: Option<String>) -> Self {
        Self {
            explanation: Explanation::refused(Reason { message, hint }),
            gate: None,
            considered: Vec::new(),
            people: None,
        }
    }

    fn not_looked_at(&mut self, what: &str) {
        let mut sections = self.explanation.sections.iter_mut();
        if let Some(section) = sections.find(|section| section.about == UNSEEN) {
            section.sentences.push(what.to_owned());
        }
    }
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let env = config::environment();
    let answer = match answer(given, &env, SystemClock.now()) {
        Ok(answer) => answer,
        Err(Nothing(status)) => return status,
    };
    match given.output {
        Form::Text => say(&answer.explanation.to_string()),
        Form::Json => say(&print::json(&answer).to_string()),
    }
    match answer.explanation.verdict {
        Verdict::Allowed(_) => Status::Done,
        Verdict::Refused { .. } => Status::No,
    }
}

/// Tells the person, and stops.
fn misused(problem: &str) -> Nothing {
    complain(problem);
    Nothing(Status::Misused)
}

fn answer(given: &Given, env: &BTreeMap<String, String>, now: Time) -> Result<Answer, Nothing> {
    let wanted = Wanted::read(given).map_err(|problem| misused(&problem))?;
    let ceiling = config::online::max_lifetime(env);
    let ceiling = ceiling.map_err(|problems| misused(&problems.to_string()))?;
    let rules = load(given, env)?;
    let filled = rules::fill(&rules, &wanted.template, &wanted.inputs)
        .map_err(|problem| misused(&wanted::hinted(&problem.message, problem.hint.as_deref())))?;
    let folder = given.manifests.as_deref();
    let named = wanted.cluster(given).map_err(|problem| misused(&problem))?;
    let cluster = picture::name(folder, named)?;
    let snapshot = picture::take(folder, named)?;
    let (flow, built) = match planned(&snapshot, &filled) {
        Ok(planned) => planned,
        Err((message, hint)) => return Ok(Answer::refused(message, hint)),
    };
    let duration = wanted.duration(filled.bounds.default, now);
    if duration > ceiling {
        let message = format!("no path may be open for longer than {ceiling}");
        return Ok(Answer::refused(message, Some("ask for less".to_owned())));
    }
    let mut ask = facts(&snapshot, &flow, &built);
    ask.template.clone_from(&wanted.template);
    ask.inputs = rules::inputs(&rules, &wanted.template, &wanted.inputs);
    ask.cluster = cluster;
    ask.duration = duration;
    ask.reason.clone_from(&wanted.terms.reason);
    ask.at = now;
    ask.incident = given.incident.then(|| INCIDENT.to_owned());
    ask.emergency = wanted.emergency(&given.who).map_err(misused)?;
    let mut answer = explained(given, env, &rules, (&ask, &built))?;
    if wanted.names_a_clock() {
        answer.not_looked_at("on whose clock `until` is meant: UTC is taken");
    }
    Ok(answer)
}

/// Templates and rules; broken ones are a fault of the configuration, and nothing can be said by them.
fn load(given: &Given, env: &BTreeMap<String, String>) -> Result<RuleSet, Nothing> {
    let rules = check::folder(env, given.rules.clone(), "DRAWBRIDGE_RULES");
    let Some(rules) = rules else {
        return Err(misused(
            "there are no rules to explain: name their folder with `--rules DIR` or DRAWBRIDGE_RULES",
        ));
    };
    let templates = check::folder(env, given.templates.clone(), "DRAWBRIDGE_TEMPLATES");
    let loaded = check::load(templates.as_deref(), Some(&rules), &check::allowed(env))
        .map_err(|problem| misused(&problem))?;
    if loaded.errors() > 0 {
        return Err(misused(&loaded.report()));
    }
    Ok(loaded.rules)
}

/// The flow and its gate, or why there is none.
fn planned(snapshot: &Snapshot, filled: &Filled) -> Result<(Flow, Gate), (String, Option<String>)> {
    let planned = planned::plan_on(snapshot, &filled.gate);
    let planned = planned.map_err(|problem| (problem.message, problem.hint))?;
    let gate = planned.built;
    let gate = gate.map_err(|no_gate| (no_gate.to_string(), no_gate.hint()))?;
    Ok((planned.flow, gate))
}

/// What the cluster tells of an ask, as the bot sees it too.
fn facts(snapshot: &Snapshot, flow: &Flow, gate: &Gate) -> AskFacts {
    let end = |side: &netpol::Side| {
        let labels = side.namespace().map(|name| snapshot.namespace_labels(name));
        End::of(side, labels.unwrap_or_default())
    };
    let effect = &gate.effect;
    AskFacts {
        from: end(&flow.from),
        to: end(&flow.to),
        ports: flow.ports.clone(),
        opens_pods: effect.to_pods,
        opens_from_pods: effect.from_pods,
        opens_pairs: effect.opens.len(),
        opens_warnings: effect.warnings.len(),
        stated: planned::stated_facts(effect),
        ..AskFacts::default()
    }
}

fn explained(
    given: &Given,
    env: &BTreeMap<String, String>,
    rules: &RuleSet,
    (ask, gate): (&AskFacts, &Gate),
) -> Result<Answer, Nothing> {
    let who = &given.who;
    let people = people::find(env, &rules::needs(rules, who, ask), &given.member_of)?;
    let mut explanation = match &people {
        People::Asked(roll) => rules::explain(rules, who, ask, roll),
        People::Told(groups) => rules::explain_unasked(rules, who, ask, groups),
    };
    let gate = plan::preview(gate);
    // The verdict is read last.
    let verdict = explanation.sections.pop();
    explanation.sections.extend([
        Section {
            about: "gate",
            sentences: vec![gate.clone()],
        },
        Section {
            about: UNSEEN,
            sentences: people.unseen(who),
        },
    ]);
    explanation.sections.extend(verdict);
    Ok(Answer {
        explanation,
        gate: Some(gate),
        considered: rules::considered(rules, who, ask),
        people: Some(people.source()),
    })
}
