//! What holds for the objects of a template whatever their kind: which fields there are, where they are, how
//! many and how large they may be.
//!
//! The same checks read a template's objects, where a text that holds `${` stands for any, and the objects
//! that are to be applied, where none does. They refuse at the ask what the admission policies would refuse at
//! the opening, also where there are none.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Kind, Manifest, NotAManifest, binding, cilium, is_protected, network};

/// Most objects of one gate.
const MAX_OBJECTS: usize = 4;

/// Most bytes of a template's objects together, as JSON.
const MAX_WRITTEN: usize = 16 * 1024;

/// Most bytes of the objects of one gate together, as JSON.
const MAX_FILLED: usize = 64 * 1024;

/// Deepest nesting of one object.
const MAX_DEPTH: usize = 16;

/// Most entries of one list: of rules, peers, ports, hosts.
const MAX_ENTRIES: usize = 32;

/// Longest name of a namespace.
const MAX_NAMESPACE: usize = 63;

/// What is wrong with an object, and what to write instead: lower case, no final period, their words in
/// back-ticks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }
}

impl From<NotAManifest> for Fault {
    fn from(not: NotAManifest) -> Self {
        let kinds = Kind::ALL.map(Kind::name);
        Self::new(not.to_string(), format!("use one of {}", kinds.join(", ")))
    }
}

/// What the configuration bounds objects by.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'a> {
    /// ClusterRoles that a RoleBinding may give.
    pub cluster_roles: &'a BTreeSet<String>,
}

/// How objects are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) bounds: Bounds<'a>,
    /// Whether a text with `${` stands for any value.
    template: bool,
}

impl Look<'_> {
    /// Whether the value is filled in later, so that nothing can be said of it yet.
    pub(super) fn is_open(self, value: &Value) -> bool {
        self.template && value.as_str().is_some_and(|text| text.contains("${"))
    }
}

/// Checks one object of a template, before anything is put into it.
///
/// # Errors
/// What is wrong whatever is put in.
pub fn check_written(object: &Value, bounds: Bounds<'_>) -> Result<Kind, Fault> {
    let look = Look {
        bounds,
        template: true,
    };
    one(object, look)
}

/// Checks a template's objects together, each checked before.
///
/// # Errors
/// There are too many, they are too large, in different namespaces, or equal.
pub fn check_written_together(objects: &[Value]) -> Result<(), Fault> {
    together(objects, MAX_WRITTEN)
}

/// The objects to apply, every bound kept.
///
/// # Errors
/// What is wrong with them, for whoever asked.
pub fn check(objects: &[Value], bounds: Bounds<'_>) -> Result<Vec<Manifest>, Fault> {
    let look = Look {
        bounds,
        template: false,
    };
    together(objects, MAX_FILLED)?;
    let read = objects.iter().map(|object| {
        one(object, look)?;
        Ok(Manifest::try_from(object.clone())?)
    });
    let read = read.collect::<Result<Vec<Manifest>, Fault>>()?;
    let digests: BTreeSet<String> = read.iter().map(Manifest::digest).collect();
    if digests.len() < read.len() {
        return Err(equal());
    }
    Ok(read)
}

fn equal() -> Fault {
    Fault::plain("two of the objects are equal")
}

fn together(objects: &[Value], most: usize) -> Result<(), Fault> {
    if objects.is_empty() {
        return Err(Fault::plain("a gate without objects opens nothing"));
    }
    if objects.len() > MAX_OBJECTS {
        return Err(Fault::new(
            format!("a gate has at most {MAX_OBJECTS} objects"),
            "write several templates",
        ));
    }
    let size: usize = objects.iter().map(|object| object.to_string().len()).sum();
    if size > most {
        return Err(Fault::plain(format!(
            "the objects of a gate have at most {most} bytes"
        )));
    }
    let namespaces = objects.iter().filter_map(|object| {
        let namespace = object.pointer("/metadata/namespace");
        namespace.and_then(Value::as_str)
    });
    let namespaces: BTreeSet<&str> = namespaces.collect();
    let mut named = namespaces.iter();
    if let (Some(one), Some(other)) = (named.next(), named.next()) {
        return Err(Fault::new(
            format!("the objects are in different namespaces, `{one}` and `{other}`"),
            "write one template for each",
        ));
    }
    let mut earlier = objects.iter().enumerate();
    if earlier.any(|(index, object)| objects.iter().take(index).any(|other| other == object)) {
        return Err(equal());
    }
    Ok(())
}

fn one(object: &Value, look: Look<'_>) -> Result<Kind, Fault> {
    if depth(object) > MAX_DEPTH {
        return Err(Fault::plain(format!(
            "an object nests at most {MAX_DEPTH} levels deep"
        )));
    }
    let Some(kind) = Kind::of(object) else {
        let text = |key: &str| {
            let text = object.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if api_version.is_empty() || kind.is_empty() {
            return Err(Fault::plain("each object needs `apiVersion` and `kind`"));
        }
        return Err(NotAManifest::Kind { api_version, kind }.into());
    };
    let mut known = vec!["apiVersion", "kind", "metadata"];
    known.extend(kind.body());
    exactly(object, kind.name(), &known)?;
    let metadata = object.get("metadata").unwrap_or(&Value::Null);
    let Some(fields) = metadata.as_object() else {
        return Err(Fault::plain("`metadata` of an object holds a `namespace`"));
    };
    if let Some(stray) = fields.keys().find(|key| *key != "namespace") {
        return Err(Fault::new(
            format!("`metadata` of an object holds `{stray}`: only `namespace` is yours to write"),
            "take it out, Drawbridge names and marks its objects",
        ));
    }
    namespace(fields.get("namespace").unwrap_or(&Value::Null), look)?;
    let body = |field: &str| object.get(field).unwrap_or(&Value::Null);
    match kind {
        Kind::NetworkPolicy => network::check(body("spec"), look)?,
        Kind::CiliumNetworkPolicy => cilium::check(body("spec"), look)?,
        Kind::RoleBinding => binding::check(body("roleRef"), body("subjects"), look)?,
    }
    Ok(kind)
}

fn depth(value: &Value) -> usize {
    // No deeper than what was read, which its readers bound.
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}

fn namespace(value: &Value, look: Look<'_>) -> Result<(), Fault> {
    if look.is_open(value) {
        return Ok(());
    }
    let name = value.as_str().unwrap_or_default();
    if !is_dns_label(name) {
        return Err(Fault::plain(format!(
            "`metadata.namespace` is the name of a namespace, not `{}`",
            shown(value)
        )));
    }
    if is_protected(name) {
        return Err(Fault::plain(format!(
            "no gates in the protected namespace `{name}`"
        )));
    }
    Ok(())
}

/// A label as of RFC 1123: what namespaces are named by.
pub(super) fn is_dns_label(text: &str) -> bool {
    let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    !text.is_empty()
        && text.len() <= MAX_NAMESPACE
        && text.bytes().all(fits)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// A value in a message: a text as it is, anything else as JSON, cut.
pub(super) fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let plain = text.chars().take(60);
    plain
        .map(|c| if c.is_control() || c == '`' { ' ' } else { c })
        .collect()
}

/// An object with no other fields than these; `what` names it in messages.
pub(super) fn only<'v>(
    value: &'v Value,
    what: &str,
    known: &[&str],
) -> Result<&'v Map<String, Value>, Fault> {
    let names = || -> String {
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let Some(fields) = value.as_object() else {
        return Err(Fault::plain(format!("`{what}` holds {}", names())));
    };
    let mut stray = fields.keys().filter(|key| !known.contains(&key.as_str()));
    match stray.next() {
        None => Ok(fields),
        Some(stray) => Err(Fault::new(
            format!("`{what}` of a gate cannot hold `{stray}`"),
            format!("it holds {}", names()),
        )),
    }
}

/// An object with exactly these fields.
pub(super) fn exactly<'v>(
    value: &'v Value,
    what: &str,
    known: &[&str],
) -> Result<&'v Map<String, Value>, Fault> {
    let fields = only(value, what, known)?;
    match known.iter().find(|name| !fields.contains_key(**name)) {
        None => Ok(fields),
        Some(missing) => Err(Fault::plain(format!("`{what}` lacks `{missing}`"))),
    }
}

/// A list that is not empty, nor longer than anybody needs.
pub(super) fn entries<'v>(value: Option<&'v Value>, what: &str) -> Result<&'v [Value], Fault> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice);
    match list {
        Some([]) | None => Err(Fault::plain(format!("`{what}` is a list of at least one"))),
        Some(list) if list.len() > MAX_ENTRIES => Err(Fault::plain(format!(
            "`{what}` is a list of at most {MAX_ENTRIES}"
        ))),
        Some(list) => Ok(list),
    }
}

/// A text that a template must write out, because what it means must not be anybody's to choose.
pub(super) fn literal<'v>(value: &'v Value, what: &str) -> Result<&'v str, Fault> {
    match value.as_str() {
        Some(text) if text.contains("${") => Err(Fault::plain(format!(
            "`{what}` must be written out, not `{}`",
            shown(value)
        ))),
        Some(text) => Ok(text),
        None => Err(Fault::plain(format!(
            "`{what}` is a text, not `{}`",
            shown(value)
        ))),
    }
}
