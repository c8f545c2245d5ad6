//! Types, checked by evaluating samples: CEL finds a wrong type only when it gets there, and a rule
//! must not be found wrong on the night it is needed.

use std::collections::BTreeMap;

use cel::common::ast::{Expr, operators};
use cel::{ExecutionError, IdedExpr, Value};

use super::check::{Used, label_of};
use super::scope::{INPUTS, Scope, UNKNOWN_OF_OBJECTS};
use super::{evaluate, explain, type_of};
use crate::grammar::Protocol;
use crate::netpol::flow::PortRange;
use crate::rules::facts::{AskFacts, End, Extending, StatedFact};
use crate::rules::people::{Principal, UserId};
use crate::rules::problem::Fault;
use crate::units::Seconds;

/// What an expression must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Text,
}

/// Evaluates an expression and each operand of its logical operators, because evaluation stops
/// before an operand that does not matter for the sample.
pub(super) fn check(tree: &IdedExpr, used: &Used, want: Kind) -> Result<(), Fault> {
    let labels = labels_read(used);
    let inputs = inputs_read(&used.paths, &used.texts);
    let samples = [
        in_cluster(&labels, &inputs),
        from_outside(&labels, &inputs),
        stated(&labels, &inputs),
    ];
    check_part(tree, &samples, want)
}

/// Whether it fails for a namespace without labels.
pub(super) fn doubt(tree: &IdedExpr, paths: &[Vec<String>]) -> Option<Fault> {
    let nothing = BTreeMap::new();
    let inputs = inputs_read(paths, &[]);
    let bare = [
        in_cluster(&nothing, &inputs),
        from_outside(&nothing, &inputs),
    ];
    let missing = bare.iter().find_map(|scope| match evaluate(tree, scope) {
        Err(ExecutionError::NoSuchKey(key)) => Some(key.to_string()),
        _ => None,
    })?;
    Some(Fault::new(
        format!("where a namespace has no label `{missing}`, every ask that gets here is refused"),
        format!("say what should happen then: `'{missing}' in to.namespaceLabels && …`"),
    ))
}

/// The answer of an expression that reads nothing of the ask.
pub(super) fn answer(tree: &IdedExpr) -> Option<bool> {
    let nothing = BTreeMap::new();
    match evaluate(tree, &in_cluster(&nothing, &nothing)) {
        Ok(Value::Bool(answer)) => Some(answer),
        _ => None,
    }
}

/// Whether it is not false for an ask from an address.
pub(super) fn from_address(tree: &IdedExpr, paths: &[Vec<String>]) -> bool {
    let inputs = inputs_read(paths, &[]);
    !matches!(
        evaluate(tree, &from_outside(&BTreeMap::new(), &inputs)),
        Ok(Value::Bool(false))
    )
}

/// The input that a path reads, if it reads one.
pub(super) fn input_of(path: &[String]) -> Option<&str> {
    match path {
        [root, name, ..] if root == INPUTS => Some(name),
        _ => None,
    }
}

fn check_part(part: &IdedExpr, samples: &[Scope], want: Kind) -> Result<(), Fault> {
    let Expr::Call(call) = &part.expr else {
        return check_value(part, samples, want);
    };
    let operands: Vec<(&IdedExpr, Kind)> = match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, args) => {
            args.iter().map(|arg| (arg, Kind::Bool)).collect()
        }
        (operators::CONDITIONAL, [condition, yes, no]) => {
            vec![(condition, Kind::Bool), (yes, want), (no, want)]
        }
        _ => return check_value(part, samples, want),
    };
    operands
        .into_iter()
        .try_for_each(|(operand, kind)| check_part(operand, samples, kind))?;
    check_value(part, samples, want)
}

fn check_value(part: &IdedExpr, samples: &[Scope], want: Kind) -> Result<(), Fault> {
    samples
        .iter()
        .try_for_each(|scope| match (want, evaluate(part, scope)) {
            (Kind::Bool, Ok(Value::Bool(_))) | (Kind::Text, Ok(Value::String(_))) => Ok(()),
            (Kind::Bool, Ok(other)) => Err(Fault::new(
                format!(
                    "a condition must be true or false, and a part of this is {}",
                    type_of(&other)
                ),
                "compare it with something: `to.namespace == 'orders'`",
            )),
            (Kind::Text, Ok(other)) => Err(Fault::new(
                format!(
                    "what is inserted must be text, and this is {}",
                    type_of(&other)
                ),
                "turn it into text: `string(…)`",
            )),
            (_, Err(error)) if depends_on_ask(&error) => Ok(()),
            (_, Err(error)) => Err(Fault::new(
                format!(
                    "the CEL expression fails for a sample ask: {}",
                    explain(&error)
                ),
                "compare values of the same type, such as `duration > duration('1h')`",
            )),
        })
}

/// Whether an error says something about the sample only, and another operand may guard against it.
fn depends_on_ask(error: &ExecutionError) -> bool {
    match error {
        ExecutionError::UndeclaredReference(name) => UNKNOWN_OF_OBJECTS.contains(&name.as_str()),
        other => matches!(
            other,
            ExecutionError::IndexOutOfBounds(_)
                | ExecutionError::DivisionByZero(_)
                | ExecutionError::RemainderByZero(_)
                | ExecutionError::Overflow(..)
        ),
    }
}

/// Every label that the expression could look up, with a value that is text and also a number.
fn labels_read(used: &Used) -> BTreeMap<String, String> {
    let spelled = used.paths.iter().filter_map(|path| label_of(path));
    let written = used.texts.iter().map(String::as_str);
    spelled
        .chain(written)
        .map(|key| (key.to_owned(), "1".to_owned()))
        .collect()
}

/// Every input that the expression could look up, likewise.
fn inputs_read(paths: &[Vec<String>], texts: &[String]) -> Texts {
    let spelled = paths.iter().filter_map(|path| input_of(path));
    let written = texts.iter().map(String::as_str);
    spelled
        .chain(written)
        .map(|name| (name.to_owned(), "1".to_owned()))
        .collect()
}

type Texts = BTreeMap<String, String>;

fn in_cluster(labels: &Texts, inputs: &Texts) -> Scope {
    let person = Principal::Person(UserId("U0SAMPLE".to_owned()));
    let ask = AskFacts {
        from: end("shop", "web", labels),
        inputs: inputs.clone(),
        ..sample(labels)
    };
    Scope::new(&person, &ask)
}

/// An ask of a template that states objects: it has no source and no ports.
fn stated(labels: &Texts, inputs: &Texts) -> Scope {
    let person = Principal::Person(UserId("U0SAMPLE".to_owned()));
    let namespace = End {
        kind: "Namespace".to_owned(),
        ..end("orders", "orders", labels)
    };
    let ask = AskFacts {
        from: End {
            namespace_labels: labels.clone(),
            ..End::default()
        },
        to: namespace,
        ports: Vec::new(),
        stated: vec![StatedFact {
            kind: "RoleBinding".to_owned(),
            name: "view".to_owned(),
            people: [].into(),
        }],
        inputs: inputs.clone(),
        opens_warnings: 1,
        ..sample(labels)
    };
    Scope::new(&person, &ask)
}

fn from_outside(labels: &Texts, inputs: &Texts) -> Scope {
    let service = Principal::Service {
        namespace: "ci".to_owned(),
        name: "deployer".to_owned(),
    };
    let ask = AskFacts {
        from: End {
            name: "203.0.113.7/32".to_owned(),
            kind: "Address".to_owned(),
            namespace_labels: labels.clone(),
            namespace: None,
        },
        inputs: inputs.clone(),
        reason: Some("INC-42".to_owned()),
        extends: Some(Extending {
            emergency: false,
            within: true,
            so_far: Seconds::minutes(30),
            automatic: 0,
        }),
        incident: Some("inc-42".to_owned()),
        emergency: Some(UserId("U0SAMPLE".to_owned())),
        ..sample(labels)
    };
    Scope::new(&service, &ask)
}

fn sample(labels: &BTreeMap<String, String>) -> AskFacts {
    let port = |protocol, first, last| PortRange {
        protocol,
        first,
        last,
    };
    AskFacts {
        template: "connect".to_owned(),
        cluster: "default".to_owned(),
        from: End::default(),
        to: end("orders", "db", labels),
        ports: vec![port(Protocol::Tcp, 5432, 5432), port(Protocol::Udp, 53, 60)],
        duration: Seconds::minutes(30),
        reason: None,
        opens_pods: 3,
        opens_from_pods: 2,
        opens_pairs: 1,
        ..AskFacts::default()
    }
}

fn end(namespace: &str, name: &str, labels: &BTreeMap<String, String>) -> End {
    End {
        namespace: Some(namespace.to_owned()),
        name: name.to_owned(),
        kind: "Deployment".to_owned(),
        namespace_labels: labels.clone(),
    }
}
