//! What the cluster knows and ports that were read, as objects write them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::{Map, Value, json};

use crate::grammar::{PortAsk, PortRef, Ports, Protocol};
use crate::rules::fill::FillError;

/// A selector as Kubernetes writes it, without what is empty.
pub(super) fn selected(selector: &LabelSelector) -> Value {
    let mut written = Map::new();
    if let Some(labels) = selector.match_labels.as_ref().filter(|all| !all.is_empty()) {
        written.insert("matchLabels".to_owned(), json!(labels));
    }
    let expressions = selector.match_expressions.as_ref();
    if let Some(expressions) = expressions.filter(|all| !all.is_empty()) {
        written.insert("matchExpressions".to_owned(), json!(expressions));
    }
    Value::Object(written)
}

pub(super) fn list(
    name: &str,
    ports: &Ports,
    one: impl Fn(&str, &PortAsk) -> Result<Value, FillError>,
) -> Result<Value, FillError> {
    ports.0.iter().map(|port| one(name, port)).collect()
}

pub(super) fn policy_port(name: &str, ask: &PortAsk) -> Result<Value, FillError> {
    let protocol = ask.protocol.unwrap_or(Protocol::Tcp).name();
    match &ask.port {
        PortRef::Number(port) => Ok(json!({"protocol": protocol, "port": port})),
        PortRef::Range(first, last) => {
            Ok(json!({"protocol": protocol, "port": first, "endPort": last}))
        }
        PortRef::Name(port) => match ask.protocol {
            Some(_) => Ok(json!({"protocol": protocol, "port": port})),
            // Only a target could tell whether it is TCP.
            None => Err(named(name, port)),
        },
    }
}

pub(super) fn cilium_port(name: &str, ask: &PortAsk) -> Result<Value, FillError> {
    let protocol = ask.protocol.unwrap_or(Protocol::Tcp).name();
    match &ask.port {
        PortRef::Number(port) => Ok(json!({"protocol": protocol, "port": port.to_string()})),
        PortRef::Range(first, last) => {
            Ok(json!({"protocol": protocol, "port": first.to_string(), "endPort": last}))
        }
        PortRef::Name(port) => Err(named(name, port)),
    }
}

fn named(input: &str, port: &str) -> FillError {
    FillError {
        input: Some(input.to_owned()),
        message: format!("`{input}`: there is nobody here whose port `{port}` could be"),
        hint: Some("give its number".to_owned()),
    }
}
