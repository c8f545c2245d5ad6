//! Checks of a template.

use std::collections::BTreeMap;

use regex::Regex;

use super::objects::objects;
use super::requesters::requesters;
use super::rule::optional;
use super::{frame, seconds};
use crate::grammar;
use crate::rules::condition;
use crate::rules::fill::check_value;
use crate::rules::load::Allowed;
use crate::rules::model::{AccessTemplate, At, ConnectSpec, DurationSpec, InputSpec, TemplateSpec};
use crate::rules::problem::{Fault, Findings, suggest};
use crate::rules::set::{Bounds, Gate, Input, InputKind, Slot, Template};
use crate::rules::text::{Part, split};

/// Inputs by name, those that are wrong included: a gate may name them all the same.
pub(super) type Inputs<'a> = BTreeMap<&'a str, Option<InputKind>>;

/// Checks a template; `None` when it has an error.
pub(in crate::rules) fn template(
    document: &AccessTemplate,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Template> {
    let name = frame(document, findings);
    let spec = &document.spec;
    let kinds = kinds(&spec.inputs, findings);
    let bounds = bounds(&spec.duration, findings);
    let gate = gate(spec, &kinds, allowed, findings);
    let requesters = optional(spec.requesters.as_ref(), |at| {
        requesters(at, "with this template", allowed, findings)
    });
    let inputs: Vec<Option<(String, Input)>> = spec
        .inputs
        .iter()
        .map(|(name, input)| {
            let kind = kinds.get(name.as_str()).copied().flatten()?;
            Some((name.clone(), self::input(name, kind, input, findings)?))
        })
        .collect();
    Some(Template {
        name: name?,
        summary: spec.summary.clone(),
        inputs: inputs.into_iter().collect::<Option<_>>()?,
        bounds: bounds?,
        gate: gate?,
        requesters: requesters?,
        place: findings.place(&document.metadata.name),
    })
}

fn kinds<'a>(inputs: &'a BTreeMap<String, InputSpec>, findings: &mut Findings<'_>) -> Inputs<'a> {
    inputs
        .iter()
        .map(|(name, input)| {
            let written = &input.kind.value;
            let kind = InputKind::ALL.into_iter().find(|k| k.name() == written);
            let found = kind.ok_or_else(|| Fault {
                message: format!("`{written}` is not a type of input"),
                hint: suggest(written, InputKind::ALL.map(InputKind::name)),
            });
            (name.as_str(), findings.keep(&input.kind, found))
        })
        .collect()
}

fn input(
    name: &str,
    kind: InputKind,
    spec: &InputSpec,
    findings: &mut Findings<'_>,
) -> Option<Input> {
    let pattern = match &spec.pattern {
        None => None,
        Some(at) if kind != InputKind::String => {
            let fault = format!(
                "only a `string` can have a pattern, and this is `{}`",
                kind.name()
            );
            findings.error(at, Fault::plain(fault));
            return None;
        }
        Some(at) => Some(findings.keep(at, whole_pattern(&at.value))?),
    };
    let input = Input {
        kind,
        default: spec.default.as_ref().map(|at| at.value.clone()),
        description: spec.description.clone(),
        pattern,
    };
    if let Some(at) = &spec.default {
        let checked = check_value(name, &input, &at.value);
        findings.keep(
            at,
            checked.map_err(|e| Fault {
                message: e.message,
                hint: e.hint,
            }),
        )?;
    }
    Some(input)
}

/// A pattern for the whole of a text, not for a part of it.
fn whole_pattern(written: &str) -> Result<Regex, Fault> {
    condition::pattern(written)?;
    condition::pattern(&format!("^(?:{written})$"))
}

fn bounds(at: &At<DurationSpec>, findings: &mut Findings<'_>) -> Option<Bounds> {
    let spec = &at.value;
    let default = seconds(&spec.default, findings);
    let min = seconds(&spec.min, findings);
    let max = seconds(&spec.max, findings);
    let bounds = Bounds {
        default: default?,
        min: min?,
        max: max?,
    };
    if bounds.min > bounds.max {
        findings.error(&spec.max, Fault::plain("`max` is shorter than `min`"));
        return None;
    }
    if !(bounds.min..=bounds.max).contains(&bounds.default) {
        let fault = format!("`default` is not between {} and {}", bounds.min, bounds.max);
        findings.error(&spec.default, Fault::plain(fault));
        return None;
    }
    Some(bounds)
}

fn gate(
    spec: &TemplateSpec,
    inputs: &Inputs<'_>,
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Gate> {
    let at = &spec.gate;
    match (&at.value.connect, &at.value.objects) {
        (Some(connect), None) => self::connect(connect, inputs, findings),
        (None, Some(list)) => {
            let patterns = |name: &str| {
                let input = spec.inputs.get(name);
                input.is_some_and(|input| input.pattern.is_some())
            };
            objects(list, (inputs, &patterns), allowed, findings)
        }
        _ => {
            findings.error(at, Fault::plain("a gate is either `connect` or `objects`"));
            None
        }
    }
}

fn connect(spec: &ConnectSpec, inputs: &Inputs<'_>, findings: &mut Findings<'_>) -> Option<Gate> {
    use InputKind::{Cidr, Endpoint, Ports, Workload};
    let ends = [Endpoint, Workload, Cidr];
    let from = slot(&spec.from, inputs, &ends, |text: &str| {
        text.parse::<grammar::Endpoint>()
    });
    let to = slot(&spec.to, inputs, &ends, |text: &str| {
        text.parse::<grammar::Endpoint>()
    });
    let from = findings.keep(&spec.from, from);
    let to = findings.keep(&spec.to, to);
    let ports = match &spec.ports {
        None => None,
        Some(at) => Some(findings.keep(
            at,
            slot(at, inputs, &[Ports], |text: &str| {
                text.parse::<grammar::Ports>()
            }),
        )?),
    };
    Some(Gate::Connect {
        from: from?,
        to: to?,
        ports,
    })
}

/// One end or the ports of a flow: `${input}`, or a text that is read now. A mixture is refused,
/// because it would have to be read after something was put into it.
fn slot<T>(
    at: &At<String>,
    inputs: &Inputs<'_>,
    allowed: &[InputKind],
    read: impl Fn(&str) -> Result<T, grammar::ParseError>,
) -> Result<Slot<T>, Fault> {
    let written = &at.value;
    match split(written)?.as_slice() {
        [Part::Literal(text)] => read(text).map(Slot::Literal).map_err(|error| Fault {
            message: error.message,
            hint: error.hint,
        }),
        [Part::Literal(""), Part::Expression(name), Part::Literal("")] => {
            let kind = known(name, inputs)?;
            if kind.is_some_and(|kind| !allowed.contains(&kind)) {
                let names: Vec<&str> = allowed.iter().map(|kind| kind.name()).collect();
                return Err(Fault::new(
                    format!("the input `{name}` has the wrong type for this field"),
                    format!("it takes an input of type `{}`", names.join("` or `")),
                ));
            }
            Ok(Slot::Input((*name).to_owned()))
        }
        _ => Err(Fault::new(
            format!("`{written}` mixes text and an input"),
            "use the whole input, `${name}`, or text without one",
        )),
    }
}

/// The type of an input that a gate names; `None` inside where the input itself is wrong.
pub(super) fn known(name: &str, inputs: &Inputs<'_>) -> Result<Option<InputKind>, Fault> {
    inputs.get(name).copied().ok_or_else(|| Fault {
        message: format!("the template has no input `{name}`"),
        hint: suggest(name, inputs.keys().copied()),
    })
}
