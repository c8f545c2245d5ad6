//! The typed context that conditions are evaluated in.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, Value};

use crate::netpol::flow::PortRange;
use crate::rules::facts::{AskFacts, End, StatedFact};
use crate::rules::people::Principal;

/// What a name holds, as far as it is known before an ask is.
pub(super) enum Shape {
    /// Text, a number or a length of time.
    Plain,
    /// Exactly these fields.
    Fields(&'static [&'static str]),
    /// These fields, the last of which is a map of labels.
    End(&'static [&'static str]),
    /// Texts by names that are not known here.
    Texts,
}

const END: Shape = Shape::End(&["namespace", "name", "kind", LABELS]);

/// The field of an end that holds its namespace's labels.
pub(super) const LABELS: &str = "namespaceLabels";

/// The name that holds an ask's inputs.
pub(super) const INPUTS: &str = "inputs";

/// What numbers of pods and pairs are where they are not known. INVARIANT (unknown is never small): more than
/// any condition would take for few.
const NOT_KNOWN: usize = 1_000_000_000;

/// Names that are not bound where a template states objects, because nobody can tell: a condition that asks for
/// one of them is unclear, and refuses.
pub(in crate::rules) const UNKNOWN_OF_OBJECTS: [&str; 2] = ["from", "ports"];

/// Every name a condition can use. [`Scope::new`] binds exactly these.
pub(super) const NAMES: &[(&str, Shape)] = &[
    ("from", END),
    ("to", END),
    ("ports", Shape::Plain),
    ("cluster", Shape::Plain),
    ("template", Shape::Plain),
    ("duration", Shape::Plain),
    ("reason", Shape::Plain),
    ("requester", Shape::Fields(&["id", "kind"])),
    (
        "opens",
        Shape::Fields(&["pods", "fromPods", "pairs", "warnings", "known"]),
    ),
    ("objects", Shape::Plain),
    (INPUTS, Shape::Texts),
    ("extension", Shape::Plain),
    ("incident", Shape::Plain),
    ("emergency", Shape::Plain),
];

/// The standard functions; building them takes longer than evaluating a condition.
static ENV: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));

/// One ask, bound to the names that conditions use.
pub struct Scope(Context<'static, 'static>);

impl Scope {
    /// Binds an ask.
    pub fn new(requester: &Principal, ask: &AskFacts) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENV));
        let values: [(&str, Value); 14] = [
            ("from", end(&ask.from)),
            ("to", end(&ask.to)),
            ("ports", ports(&ask.ports)),
            ("cluster", ask.cluster.as_str().into()),
            ("template", ask.template.as_str().into()),
            ("duration", Value::Duration(ask.duration.delta())),
            ("reason", ask.reason.as_deref().unwrap_or_default().into()),
            ("requester", principal(requester)),
            ("opens", opens(ask)),
            ("objects", objects(ask)),
            (INPUTS, labels(&ask.inputs)),
            ("extension", Value::Bool(ask.extends.is_some())),
            (
                "incident",
                ask.incident.as_deref().unwrap_or_default().into(),
            ),
            ("emergency", Value::Bool(ask.emergency.is_some())),
        ];
        let unknown = |name: &str| !ask.is_known() && UNKNOWN_OF_OBJECTS.contains(&name);
        for (name, value) in values.into_iter().filter(|(name, _)| !unknown(name)) {
            context.add_variable_from_value(name, value);
        }
        Self(context)
    }

    pub(super) const fn context(&self) -> &Context<'static, 'static> {
        &self.0
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

fn end(end: &End) -> Value {
    map([
        (
            "namespace",
            end.namespace.as_deref().unwrap_or_default().into(),
        ),
        ("name", end.name.as_str().into()),
        ("kind", end.kind.as_str().into()),
        (LABELS, labels(&end.namespace_labels)),
    ])
}

fn labels(labels: &BTreeMap<String, String>) -> Value {
    let entries: HashMap<String, Value> = labels
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    entries.into()
}

fn ports(ports: &[PortRange]) -> Value {
    let one = |range: &PortRange| {
        map([
            ("port", i64::from(range.first).into()),
            ("endPort", i64::from(range.last).into()),
            ("protocol", range.protocol.name().into()),
        ])
    };
    Value::List(Arc::new(ports.iter().map(one).collect()))
}

fn principal(requester: &Principal) -> Value {
    let kind = match requester {
        Principal::Person(_) => "person",
        Principal::Service { .. } => "service",
    };
    map([("id", requester.to_string().into()), ("kind", kind.into())])
}

fn opens(ask: &AskFacts) -> Value {
    let known = ask.is_known();
    let number = |n: usize| count(if known { n } else { NOT_KNOWN });
    map([
        ("pods", number(ask.opens_pods)),
        ("fromPods", number(ask.opens_from_pods)),
        ("pairs", number(ask.opens_pairs)),
        ("warnings", count(ask.opens_warnings)),
        ("known", Value::Bool(known)),
    ])
}

fn objects(ask: &AskFacts) -> Value {
    let one = |object: &StatedFact| {
        map([
            ("kind", object.kind.as_str().into()),
            ("name", object.name.as_str().into()),
        ])
    };
    Value::List(Arc::new(ask.stated.iter().map(one).collect()))
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    let entries: HashMap<String, Value> = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    entries.into()
}

fn count(n: usize) -> Value {
    i64::try_from(n).unwrap_or(i64::MAX).into()
}
