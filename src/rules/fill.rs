//! A template's inputs, read by their types and put into its gate.
//!
//! INVARIANT (no injection): a template is parsed before any input is known. An input is read as its
//! type, and the value replaces a whole node, or text inside one string; nothing is parsed after.

use std::collections::BTreeMap;

use super::problem::suggest;
use super::set::{Bounds, Gate, Input, InputKind, RuleSet, Slot, Template};
use super::state::Stated;
use crate::grammar::{Ask, Endpoint, Ports};

/// Longest input, in characters: a list of labels has at most a few hundred.
const MAX_INPUT: usize = 1_000;

/// Name of the template that a plain ask uses.
pub const PLAIN: &str = "connect";

/// A template with its inputs filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The template's name.
    pub template: String,
    /// What is to open.
    pub gate: GateSpec,
    /// How long it may last.
    pub bounds: Bounds,
}

/// What is to open.
#[derive(Debug, Clone, PartialEq)]
pub enum GateSpec {
    /// A flow, to be planned for.
    Connect {
        /// Where connections come from.
        from: Endpoint,
        /// Where they go.
        to: Endpoint,
        /// Ports on the target; `None`: its only port.
        ports: Option<Ports>,
    },
    /// Objects to be applied as they are; what the cluster knows is put into them by
    /// [`state`](super::state::state()).
    Objects(Stated),
}

/// Why a template could not be filled: for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FillError {
    /// The input that is wrong, when it is one.
    pub input: Option<String>,
    /// Lower case, no final period, the person's words in back-ticks.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

/// An input that was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Typed {
    Endpoint(Endpoint),
    Ports(Ports),
    Text(String),
}

/// The inputs that a plain ask stands for.
pub fn plain_inputs(ask: &Ask) -> BTreeMap<String, String> {
    let ports = ask
        .ports
        .as_ref()
        .map(|p| ("port".to_owned(), p.to_string()));
    [
        ("from".to_owned(), ask.from.to_string()),
        ("to".to_owned(), ask.to.to_string()),
    ]
    .into_iter()
    .chain(ports)
    .collect()
}

/// Reads the inputs and puts them into the template's gate.
pub fn fill(
    rules: &RuleSet,
    template: &str,
    inputs: &BTreeMap<String, String>,
) -> Result<Filled, FillError> {
    if rules.sealed() {
        return Err(FillError {
            input: None,
            message: "the rules have errors, so nothing can be opened".to_owned(),
            hint: Some("`drawbridge check` shows what is wrong".to_owned()),
        });
    }
    let found = rules.template(template).ok_or_else(|| {
        let names: Vec<&str> = rules.templates().map(|t| t.name.as_str()).collect();
        FillError {
            input: None,
            message: format!("there is no template `{template}`"),
            hint: suggest(template, names.iter().copied()),
        }
    })?;
    fill_template(found, inputs)
}

pub(super) fn fill_template(
    template: &Template,
    inputs: &BTreeMap<String, String>,
) -> Result<Filled, FillError> {
    if let Some(stray) = inputs
        .keys()
        .find(|name| !template.inputs.contains_key(*name))
    {
        return Err(FillError {
            input: Some(stray.clone()),
            message: format!("template `{}` has no input `{stray}`", template.name),
            hint: suggest(stray, template.inputs.keys().map(String::as_str)),
        });
    }
    let values: BTreeMap<&str, Typed> = template
        .inputs
        .iter()
        .filter_map(|(name, input)| {
            let written = inputs.get(name).or(input.default.as_ref());
            match written {
                Some(text) => Some(read(name, input, text).map(|value| (name.as_str(), value))),
                None if input.kind == InputKind::Ports => None,
                None => Some(Err(missing(template, name, input))),
            }
        })
        .collect::<Result<_, _>>()?;
    Ok(Filled {
        template: template.name.clone(),
        gate: fill_gate(&template.gate, &values)?,
        bounds: template.bounds,
    })
}

/// The inputs of a template as given, and the defaults of those that are not: what rules judge by.
pub fn inputs(
    rules: &RuleSet,
    template: &str,
    given: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let template = rules.template(template);
    let known = template.into_iter().flat_map(|template| &template.inputs);
    let defaults = known.filter_map(|(name, input)| Some((name.clone(), input.default.clone()?)));
    let mut all: BTreeMap<String, String> = defaults.collect();
    all.extend(
        given
            .iter()
            .map(|(name, text)| (name.clone(), text.clone())),
    );
    all
}

/// Whether a text would do as this input.
pub(super) fn check_value(name: &str, input: &Input, text: &str) -> Result<(), FillError> {
    read(name, input, text).map(|_| ())
}

fn missing(template: &Template, name: &str, input: &Input) -> FillError {
    FillError {
        input: Some(name.to_owned()),
        message: format!("template `{}` needs `{name}`", template.name),
        hint: Some(format!("add `{name}=` with {}", example(input))),
    }
}

fn example(input: &Input) -> String {
    let described = input.description.as_ref().map(|text| format!(" ({text})"));
    format!(
        "something like `{}`{}",
        input.kind.example(),
        described.unwrap_or_default()
    )
}

fn read(name: &str, input: &Input, text: &str) -> Result<Typed, FillError> {
    let wrong = |message: String, hint: Option<String>| FillError {
        input: Some(name.to_owned()),
        message,
        hint: hint.or_else(|| Some(format!("give {}", example(input)))),
    };
    if text.chars().count() > MAX_INPUT {
        return Err(wrong(
            format!("`{name}` is longer than {MAX_INPUT} characters"),
            None,
        ));
    }
    let end = |accepts: fn(&Endpoint) -> bool| {
        let end = text
            .parse::<Endpoint>()
            .map_err(|error| wrong(format!("`{name}`: {}", error.message), error.hint))?;
        if accepts(&end) {
            return Ok(Typed::Endpoint(end));
        }
        let meant = match input.kind {
            InputKind::Cidr => "an address",
            _ => "inside the cluster",
        };
        Err(wrong(format!("`{name}`: `{text}` is not {meant}"), None))
    };
    match input.kind {
        InputKind::Endpoint => end(|_| true),
        InputKind::Workload => end(|end| end.namespace().is_some()),
        InputKind::Cidr => end(|end| matches!(end, Endpoint::Address(_))),
        InputKind::Ports => text
            .parse::<Ports>()
            .map(Typed::Ports)
            .map_err(|error| wrong(format!("`{name}`: {}", error.message), error.hint)),
        InputKind::String => match &input.pattern {
            Some(pattern) if !pattern.is_match(text) => {
                let hint = format!("it must look like `{}`", pattern.as_str());
                Err(wrong(
                    format!("`{name}`: `{text}` does not fit"),
                    Some(hint),
                ))
            }
            _ => Ok(Typed::Text(text.to_owned())),
        },
    }
}

fn fill_gate(gate: &Gate, values: &BTreeMap<&str, Typed>) -> Result<GateSpec, FillError> {
    match gate {
        Gate::Connect { from, to, ports } => Ok(GateSpec::Connect {
            from: end(from, values)?,
            to: end(to, values)?,
            ports: ports.as_ref().and_then(|slot| fill_ports(slot, values)),
        }),
        Gate::Objects {
            objects,
            cluster_roles,
        } => {
            let values = values.iter();
            let values = values.map(|(name, value)| ((*name).to_owned(), value.clone()));
            Ok(GateSpec::Objects(Stated {
                objects: objects.clone(),
                values: values.collect(),
                cluster_roles: cluster_roles.clone(),
            }))
        }
    }
}

fn end(slot: &Slot<Endpoint>, values: &BTreeMap<&str, Typed>) -> Result<Endpoint, FillError> {
    match slot {
        Slot::Literal(end) => Ok(end.clone()),
        Slot::Input(name) => match values.get(name.as_str()) {
            Some(Typed::Endpoint(end)) => Ok(end.clone()),
            _ => Err(unfilled(name)),
        },
    }
}

fn fill_ports(slot: &Slot<Ports>, values: &BTreeMap<&str, Typed>) -> Option<Ports> {
    match slot {
        Slot::Literal(ports) => Some(ports.clone()),
        Slot::Input(name) => match values.get(name.as_str()) {
            Some(Typed::Ports(ports)) => Some(ports.clone()),
            _ => None,
        },
    }
}

fn unfilled(name: &str) -> FillError {
    FillError {
        input: Some(name.to_owned()),
        message: format!("`{name}` is needed here and was not given"),
        hint: None,
    }
}

#[cfg(test)]
mod tests;
