//! Defaults and validation of NetworkPolicies, as the real API server has them.
//!
//! Source: kubernetes/pkg/apis/networking/v1/defaults.go, compared case by case with a running 1.36
//! by the contract suite; what is valid is the core's [`check`].

use serde_json::{Value, json};

use super::fields;
use super::reply::Cause;
use crate::netpol::check::{self, Fault, Wrong};

/// Fills in what the server fills in, and drops what it does not store (empty lists).
pub(super) fn default(policy: &mut Value) {
    let mut spec = policy.get("spec").cloned().unwrap_or_else(|| json!({}));
    default_spec(&mut spec);
    fields::set(policy, &["spec".to_owned()], spec);
}

fn default_spec(spec: &mut Value) {
    tidy(spec);
    let Some(map) = spec.as_object_mut() else {
        return;
    };
    let egress = map.get("egress").is_some();
    map.entry("podSelector").or_insert_with(|| json!({}));
    // Ingress always, Egress only where there are egress rules.
    map.entry("policyTypes").or_insert_with(|| {
        if egress {
            json!(["Ingress", "Egress"])
        } else {
            json!(["Ingress"])
        }
    });
    for direction in ["ingress", "egress"] {
        for rule in list_mut(map.get_mut(direction)) {
            for port in list_mut(rule.get_mut("ports")) {
                if let Some(port) = port.as_object_mut() {
                    port.entry("protocol").or_insert_with(|| json!("TCP"));
                }
            }
        }
    }
}

/// The stored form has no nulls, no empty lists and no empty label maps; empty selectors and empty
/// rules mean something and stay.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(tidy);
            map.retain(|key, v| match v {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(inner) => key != "matchLabels" || !inner.is_empty(),
                _ => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Everything that makes a policy invalid.
pub(super) fn problems(policy: &Value) -> Vec<Cause> {
    check::faults(policy).into_iter().map(Cause::from).collect()
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        let field = fault.field;
        match fault.wrong {
            Wrong::Invalid { value, why } => Self::invalid(field, &value, why),
            Wrong::Required { why } => Self::required(field, why),
            Wrong::Forbidden { why } => Self::forbidden(field, why),
            Wrong::Unsupported { value, supported } => Self::unsupported(field, &value, supported),
        }
    }
}

fn list_mut(value: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    value.and_then(Value::as_array_mut).into_iter().flatten()
}
