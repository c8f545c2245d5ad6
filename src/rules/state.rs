//! A template's own objects: what may stand between `${` and `}` in them, and what comes in its place.
//!
//! INVARIANT (no injection): what a person typed stays inside the text that it was put into. Only what the
//! cluster knows (a selector) and lists of ports that were read become anything but text, and they replace a
//! whole value. Keys are never filled.

mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::fill::{FillError, Typed};
use super::problem::Fault;
use super::set::InputKind;
use super::text::{Part, split};
use crate::grammar::Endpoint;
use crate::netpol::flow::{Side, SideRef};
use crate::objects::{self, Bounds, Manifest};
use written::{cilium_port, list, policy_port, selected};

/// Objects of a template, with the inputs that go into them.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    pub(super) objects: Vec<Value>,
    pub(super) values: BTreeMap<String, Typed>,
    /// Which ClusterRoles may be given, by the configuration under which the template was loaded.
    pub(super) cluster_roles: BTreeSet<String>,
}

impl Stated {
    /// The inputs inside the cluster that the objects name, to be found in it: by name.
    pub fn ends(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        let mut named = BTreeSet::new();
        let _ = self.objects.iter().try_for_each(|object| {
            each_text(object, &mut |text| {
                for part in split(text)? {
                    if let Part::Expression(expression) = part {
                        named.insert(path(expression).0);
                    }
                }
                Ok(())
            })
        });
        let values = self.values.iter();
        values.filter_map(move |(name, value)| match value {
            Typed::Endpoint(end) if end.namespace().is_some() => named
                .contains(name.as_str())
                .then_some((name.as_str(), end)),
            _ => None,
        })
    }
}

/// The objects to apply: inputs put in, every bound kept. `sides` are the [ends](Stated::ends), as they are in
/// the cluster.
///
/// # Errors
/// What cannot be put in, or what is wrong with the objects then.
pub fn state(stated: &Stated, sides: &BTreeMap<String, Side>) -> Result<Vec<Manifest>, FillError> {
    let known = Known {
        values: &stated.values,
        sides,
    };
    let filled = stated.objects.iter().map(|object| known.fill(object));
    let filled = filled.collect::<Result<Vec<Value>, FillError>>()?;
    let bounds = Bounds {
        cluster_roles: &stated.cluster_roles,
    };
    let manifests = objects::check(&filled, bounds).map_err(|fault| FillError {
        input: None,
        message: fault.message,
        hint: fault.hint,
    })?;
    if manifests.iter().all(Manifest::can_be_shown) {
        return Ok(manifests);
    }
    Err(FillError {
        input: None,
        message: "this is too long to be shown whole to those who approve it".to_owned(),
        hint: Some("ask for less at once".to_owned()),
    })
}

/// What an input becomes in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `${x}`
    Itself,
    /// `${x.namespace}`
    Namespace,
    /// `${x.selector}`
    Selector,
    /// `${x.networkPolicy}`
    NetworkPolicy,
    /// `${x.cilium}`
    Cilium,
}

impl Form {
    const NAMED: [(&'static str, Self); 4] = [
        ("namespace", Self::Namespace),
        ("selector", Self::Selector),
        ("networkPolicy", Self::NetworkPolicy),
        ("cilium", Self::Cilium),
    ];

    /// Whether it replaces a whole value, and is no text.
    const fn is_whole(self) -> bool {
        matches!(self, Self::Selector | Self::NetworkPolicy | Self::Cilium)
    }
}

/// `from.selector` in two: the input, and what of it.
fn path(expression: &str) -> (&str, Option<&str>) {
    match expression.split_once('.') {
        Some((name, field)) => (name, Some(field)),
        None => (expression, None),
    }
}

/// Reads what stands between `${` and `}`.
fn read(expression: &str) -> Result<(&str, Form), Fault> {
    let (name, field) = path(expression);
    let Some(field) = field else {
        return Ok((name, Form::Itself));
    };
    let found = Form::NAMED.into_iter().find(|(word, _)| *word == field);
    found.map(|(_, form)| (name, form)).ok_or_else(|| {
        let known = Form::NAMED.map(|(word, _)| format!("`${{{name}.{word}}}`"));
        Fault::new(
            format!("`${{{expression}}}` is nothing that can be put into an object"),
            format!("there are {}", known.join(", ")),
        )
    })
}

/// An input as far as a template tells of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    pub(super) kind: InputKind,
    pub(super) has_pattern: bool,
}

/// Checks one text of an object: what is put into it fits there.
pub(super) fn check_text<'a>(
    text: &str,
    given: impl Fn(&str) -> Result<Option<Given>, Fault> + 'a,
) -> Result<(), Fault> {
    let parts = split(text)?;
    let whole = matches!(
        parts.as_slice(),
        [Part::Literal(""), Part::Expression(_), Part::Literal("")]
    );
    for part in parts {
        let Part::Expression(expression) = part else {
            continue;
        };
        let (name, form) = read(expression)?;
        let Some(input) = given(name)? else {
            continue;
        };
        check_form(name, form, input)?;
        if !whole && (form != Form::Itself || input.kind != InputKind::String) {
            return Err(Fault::new(
                format!("`{text}` mixes text and an input"),
                "only an input of type `string` can stand within a text",
            ));
        }
    }
    Ok(())
}

fn check_form(name: &str, form: Form, input: Given) -> Result<(), Fault> {
    use InputKind::{Cidr, Endpoint, Ports, String, Workload};
    let wanted = match (input.kind, form) {
        (String, Form::Itself) if !input.has_pattern => {
            return Err(Fault::new(
                format!("the input `{name}` has no pattern, and is put into an object"),
                "add `pattern` so that nothing unexpected fits",
            ));
        }
        (String | Cidr, Form::Itself)
        | (Workload | Endpoint, Form::Namespace | Form::Selector)
        | (Ports, Form::NetworkPolicy | Form::Cilium) => return Ok(()),
        (String | Cidr, _) => format!("`${{{name}}}`"),
        (Workload | Endpoint, _) => format!("`${{{name}.namespace}}` or `${{{name}.selector}}`"),
        (Ports, _) => format!("`${{{name}.networkPolicy}}` or `${{{name}.cilium}}`"),
    };
    let field = Form::NAMED.iter().find(|(_, one)| *one == form);
    let written = match field {
        Some((word, _)) => format!("{name}.{word}"),
        None => name.to_owned(),
    };
    let article = if input.kind == Endpoint { "an" } else { "a" };
    let kind = match input.kind {
        Ports => "a list of ports".to_owned(),
        other => format!("{article} {}", other.name()),
    };
    Err(Fault::new(
        format!("`${{{written}}}` does not fit: `{name}` is {kind}"),
        format!("write {wanted}"),
    ))
}

/// Does something with every text of a value; keys are not among them, and must hold no `${`.
pub(super) fn each_text<'v>(
    value: &'v Value,
    with: &mut impl FnMut(&'v str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    match value {
        Value::String(text) => with(text),
        Value::Array(items) => items.iter().try_for_each(|item| each_text(item, with)),
        Value::Object(fields) => fields.iter().try_for_each(|(key, item)| {
            if key.contains("${") {
                return Err(Fault::new(
                    format!("`{key}` is the name of a field, and nothing can be put into it"),
                    "write it out",
                ));
            }
            each_text(item, with)
        }),
        _ => Ok(()),
    }
}

/// Everything that can be put in.
struct Known<'a> {
    values: &'a BTreeMap<String, Typed>,
    sides: &'a BTreeMap<String, Side>,
}

impl Known<'_> {
    /// Puts values into every text; keys stay as they are.
    fn fill(&self, node: &Value) -> Result<Value, FillError> {
        match node {
            Value::String(text) => self.text(text),
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::Object(fields) => {
                let filled = fields
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), self.fill(item)?)));
                Ok(Value::Object(
                    filled.collect::<Result<Map<_, _>, FillError>>()?,
                ))
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&self, text: &str) -> Result<Value, FillError> {
        let wrong = |fault: Fault| FillError {
            input: None,
            message: fault.message,
            hint: fault.hint,
        };
        let parts = split(text).map_err(wrong)?;
        if let [
            Part::Literal(""),
            Part::Expression(expression),
            Part::Literal(""),
        ] = parts.as_slice()
        {
            let (name, form) = read(expression).map_err(wrong)?;
            return self.value(name, form);
        }
        let mut filled = String::new();
        for part in parts {
            match part {
                Part::Literal(literal) => filled.push_str(literal),
                Part::Expression(expression) => {
                    let (name, form) = read(expression).map_err(wrong)?;
                    match self.value(name, form)? {
                        Value::String(text) if !form.is_whole() => filled.push_str(&text),
                        _ => return Err(misplaced(name)),
                    }
                }
            }
        }
        Ok(Value::String(filled))
    }

    fn value(&self, name: &str, form: Form) -> Result<Value, FillError> {
        let value = self.values.get(name);
        match (value, form) {
            (None, _) => Err(FillError {
                input: Some(name.to_owned()),
                message: format!("`{name}` is needed here and was not given"),
                hint: Some(format!("add `{name}=`")),
            }),
            (Some(Typed::Text(text)), Form::Itself) => Ok(Value::from(text.as_str())),
            // Objects take addresses as blocks, also single ones.
            (Some(Typed::Endpoint(Endpoint::Address(block))), Form::Itself) => {
                Ok(Value::from(block.trunc().to_string()))
            }
            (Some(Typed::Endpoint(end)), Form::Namespace) => match end.namespace() {
                Some(namespace) => Ok(Value::from(namespace)),
                None => Err(outside(name)),
            },
            (Some(Typed::Endpoint(_)), Form::Selector) => match self.sides.get(name) {
                Some(Side {
                    at: SideRef::Pods { selector, .. },
                    ..
                }) => Ok(selected(selector)),
                _ => Err(outside(name)),
            },
            (Some(Typed::Ports(ports)), Form::NetworkPolicy) => list(name, ports, policy_port),
            (Some(Typed::Ports(ports)), Form::Cilium) => list(name, ports, cilium_port),
            _ => Err(misplaced(name)),
        }
    }
}

fn outside(name: &str) -> FillError {
    FillError {
        input: Some(name.to_owned()),
        message: format!("`{name}` is not inside the cluster"),
        hint: Some("name a workload".to_owned()),
    }
}

/// Loading refuses such templates; should one slip through, it opens nothing.
fn misplaced(name: &str) -> FillError {
    FillError {
        input: Some(name.to_owned()),
        message: format!("`{name}` does not fit where the template puts it"),
        hint: Some("tell those who look after the templates".to_owned()),
    }
}

#[cfg(test)]
mod tests;
