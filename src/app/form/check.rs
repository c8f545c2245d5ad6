//! What would come of a filled form, and which input a problem is about. Nothing is committed.

use anyhow::Result;

use super::state::State;
use crate::app::asker::Asker;
use crate::app::past::Past;
use crate::app::prepare::prepare;
use crate::app::unread::Stop;
use crate::app::wanted::Wanted;
use crate::app::{Parts, facts};
use crate::grammar::{self, Endpoint, Length, Phrase, TemplateAsk, Terms};
use crate::id::{RequestId, Shard};
use crate::netpol::{self, Unresolved};
use crate::request::{self, Request};
use crate::rules::{self, Demands, GateSpec, InputKind, RuleSet, Template};
use crate::slack::Inbound;
use crate::view::form::{ask as view, id};

/// Values of choices that stand for none begin with it: no endpoint does.
pub(super) const NO_CHOICE: char = '!';

/// Why a form cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The block of the input that it is about; `None`: it is about all of it.
    pub(super) block: Option<String>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn at(block: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            block: Some(block.into()),
            message: message.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// Message and hint in one line.
    pub(super) fn line(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}; {hint}", self.message),
            None => self.message.clone(),
        }
    }
}

/// Reads a form as the text that somebody would have typed.
///
/// # Errors
/// The first input that cannot be read.
pub(super) fn wanted(parts: &Parts, rules: &RuleSet, state: &State) -> Result<Wanted, Fault> {
    let template = rules.template(&state.template).ok_or_else(|| {
        Fault::at(
            id::TEMPLATE,
            format!("there is no template `{}`", state.template),
        )
    })?;
    all_filled(template, state)?;
    no_stand_ins(template, state)?;
    let values = state.values(template);
    let filled = rules::fill(rules, &template.name, &values)
        .map_err(|problem| of_fill(template, &problem))?;
    let terms = terms(parts, state)?;
    if let Some(clash) = values
        .iter()
        .find(|(_, value)| grammar::scrub(value) != **value)
    {
        let message = "credentials and invisible characters cannot be part of it";
        return Err(of_input(template, clash.0, message.to_owned()));
    }
    let text = match &filled.gate {
        GateSpec::Connect { from, to, ports } if is_plain(template) => Phrase::Ask(grammar::Ask {
            from: from.clone(),
            to: to.clone(),
            ports: ports.clone(),
            terms,
        }),
        _ => Phrase::Using(TemplateAsk {
            template: template.name.clone(),
            inputs: values,
            terms,
        }),
    };
    typed(template, state, text)
}

/// INVARIANT (as typed): a form can say nothing that could not be typed, and nothing else than what
/// stands in it: the text must read back as the very same ask.
fn typed(template: &Template, state: &State, phrase: Phrase) -> Result<Wanted, Fault> {
    let text = phrase.to_string();
    let origin = state.origin.clone();
    match (grammar::parse(&text), phrase) {
        (Ok(Phrase::Ask(read)), Phrase::Ask(meant)) if read == meant => {
            Ok(Wanted::plain(read, &text).from(origin))
        }
        (Ok(Phrase::Using(read)), Phrase::Using(meant)) if read == meant => {
            Ok(Wanted::template(read, &text).from(origin))
        }
        _ => {
            let message = "this cannot be written in one line: leave out quotation marks";
            let mut inputs = template.inputs.iter();
            let free = inputs.find(|(_, input)| input.kind == InputKind::String);
            Err(match free {
                Some((name, _)) => of_input(template, name, message.to_owned()),
                None => Fault::at(id::WHY, message),
            })
        }
    }
}

/// Whether its asks are written `SOURCE to TARGET:PORT`.
fn is_plain(template: &Template) -> bool {
    let slots = template.slots();
    template.name == rules::fill::PLAIN
        && (slots.from, slots.to) == (Some("from"), Some("to"))
        && template
            .inputs
            .keys()
            .all(|name| ["from", "to", "port"].contains(&name.as_str()))
}

/// Whether an input may stay empty.
pub(super) fn is_optional(input: &rules::Input) -> bool {
    input.default.is_some() || input.kind == InputKind::Ports
}

fn all_filled(template: &Template, state: &State) -> Result<(), Fault> {
    let mut needed = template
        .inputs
        .iter()
        .filter(|(_, input)| !is_optional(input));
    match needed.find(|(name, input)| state.value(input.kind, name).is_none()) {
        None => Ok(()),
        Some((name, _)) => Err(of_input(template, name, "this is needed".to_owned())),
    }
}

fn no_stand_ins(template: &Template, state: &State) -> Result<(), Fault> {
    let inputs = template.inputs.iter();
    let mut stand_ins = inputs.filter(|(name, input)| {
        let searched = matches!(input.kind, InputKind::Endpoint | InputKind::Workload);
        let value = state.value(input.kind, name);
        searched && value.is_some_and(|value| value.starts_with(NO_CHOICE))
    });
    match stand_ins.next() {
        None => Ok(()),
        Some((name, _)) => {
            let message = "nothing was chosen: type more of its name, or an address";
            Err(of_input(template, name, message.to_owned()))
        }
    }
}

fn terms(parts: &Parts, state: &State) -> Result<Terms, Fault> {
    let cluster = state.cluster.clone();
    let several = parts.clusters.len() > 1;
    match &cluster {
        None => return Err(Fault::at(id::CLUSTER, "choose a cluster")),
        Some(name) if !parts.clusters.contains_key(name) => {
            return Err(Fault::at(
                id::CLUSTER,
                format!("there is no cluster `{name}`"),
            ));
        }
        Some(_) => {}
    }
    let reason = match state.reason.as_deref().map(grammar::reason) {
        None => None,
        Some(Ok(reason)) => Some(reason),
        Some(Err(error)) => return Err(Fault::at(id::WHY, error.message).hint(error.hint)),
    };
    Ok(Terms {
        cluster: cluster.filter(|_| several),
        length: state.length.map(Length::For),
        reason,
    })
}

/// What would come of an ask.
pub(super) struct Outlook {
    /// As it would be made; its id means nothing.
    pub(super) request: Request,
    /// What its rule demands.
    pub(super) demands: Option<Demands>,
}

/// What would come of a form.
///
/// # Errors
/// The outer one when the world could not be asked; the inner one is the person's.
pub(super) async fn outlook(
    parts: &Parts,
    inbound: &Inbound,
    (rules, state): (&RuleSet, &State),
    wanted: Wanted,
) -> Result<Result<Outlook, Fault>> {
    if let Err(fault) = resolves(parts, rules, state) {
        return Ok(Err(fault));
    }
    let (asked, judged) = match prepare(parts, &Asker::person(inbound), wanted).await {
        Ok(prepared) => prepared,
        Err(Stop::Trouble(error)) => return Err(error),
        // What it says was looked for above: the cluster has changed in between.
        Err(Stop::Tell(why)) => {
            return Ok(Err(Fault {
                block: None,
                message: why.message().text,
                hint: None,
            }));
        }
    };
    let effect = judged
        .as_ref()
        .map(|way| way.effect.clone())
        .unwrap_or_default();
    let past = Past::of(parts, &asked.owner()).await?;
    let ask = facts::of_ask(parts, &asked, &effect, (&past, None))?;
    let demands = rules::demands(rules, &asked.by, &ask);
    let id = RequestId::from_draw([0; 5], Shard::of_key(""));
    let outcome = request::create(request::Ask { id, asked, judged });
    Ok(Ok(Outlook {
        request: outcome.request,
        demands,
    }))
}

/// Whether the ends and ports exist in the cluster as it is now.
fn resolves(parts: &Parts, rules: &RuleSet, state: &State) -> Result<(), Fault> {
    let about_all = |message: String| Fault {
        block: None,
        message,
        hint: None,
    };
    let Some(template) = rules.template(&state.template) else {
        return Err(about_all("there is no such template".to_owned()));
    };
    let cluster = state.cluster.as_deref().unwrap_or_default();
    let snapshot = parts
        .snapshot(cluster)
        .map_err(|_away| about_all(format!("the cluster `{cluster}` cannot be read just now")))?;
    let filled = rules::fill(rules, &template.name, &state.values(template))
        .map_err(|problem| of_fill(template, &problem))?;
    let GateSpec::Connect { from, to, ports } = &filled.gate else {
        return Ok(());
    };
    match netpol::resolve(&snapshot, from, to, ports.as_ref()) {
        Ok(_) => Ok(()),
        Err(problem) => Err(of_unresolved(template, from, &problem)),
    }
}

/// The input that a problem of the flow is about.
fn of_unresolved(template: &Template, from: &Endpoint, problem: &Unresolved) -> Fault {
    let slots = template.slots();
    let about = match problem {
        Unresolved::AmbiguousPort { .. }
        | Unresolved::AmbiguousServicePort { .. }
        | Unresolved::NoPort { .. }
        | Unresolved::UnknownPort { .. } => slots.ports,
        Unresolved::ServiceAsSource { .. } => slots.from,
        Unresolved::NoPodSide { .. } => slots.to,
        // The source is judged first: what fits both is about it.
        _ if names_of(from)
            .iter()
            .any(|name| problem.to_string().contains(&format!("`{name}`"))) =>
        {
            slots.from
        }
        _ => slots.to,
    };
    let fault = match about {
        Some(name) => of_input(template, name, problem.to_string()),
        None => Fault {
            block: None,
            message: problem.to_string(),
            hint: None,
        },
    };
    fault.hint(problem.hint())
}

/// What a problem of this end may call it.
fn names_of(end: &Endpoint) -> Vec<String> {
    let mut names = vec![end.to_string()];
    if let Endpoint::Named {
        namespace, name, ..
    } = end
    {
        names.push(format!("{namespace}/{name}"));
    }
    names.extend(end.namespace().map(ToOwned::to_owned));
    names
}

fn of_fill(template: &Template, problem: &rules::FillError) -> Fault {
    let fault = match &problem.input {
        Some(name) => of_input(template, name, problem.message.clone()),
        None => Fault {
            block: None,
            message: problem.message.clone(),
            hint: None,
        },
    };
    fault.hint(problem.hint.clone())
}

fn of_input(template: &Template, name: &str, message: String) -> Fault {
    let kind = template.inputs.get(name).map(|input| input.kind);
    Fault {
        block: kind.map(|kind| view::input_id(kind, name)),
        message,
        hint: None,
    }
}

/// Inputs that the rule demands otherwise.
pub(super) fn unmet(demands: &Demands) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !demands.reason_fits {
        let like = demands.reason.as_deref().unwrap_or_default();
        let message = format!("rule `{}` demands something like `{like}`", demands.rule);
        faults.push(Fault::at(id::WHY, message));
    }
    if !demands.length_fits {
        let (least, most) = demands.lengths;
        let message = format!("rule `{}` allows {least} to {most}", demands.rule);
        faults.push(Fault::at(id::LENGTH, message));
    }
    faults
}
