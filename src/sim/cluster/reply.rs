//! Answers of the simulated API server, worded as kube-apiserver 1.36.3 words them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::kinds::Kind;

/// A status code and a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub code: u16,
    /// JSON, or a string for the paths that answer in plain text.
    pub body: Value,
}

/// One reason why an object is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    /// `spec.ingress[0].ports[0].port`.
    pub(super) field: String,
    /// `FieldValueInvalid`, …
    pub(super) reason: &'static str,
    /// `Invalid value: 0: must be between 1 and 65535, inclusive`.
    pub(super) message: String,
}

impl Reply {
    /// Success with a body.
    pub(super) fn ok(code: u16, body: Value) -> Self {
        Self { code, body }
    }

    /// A failure without details.
    pub fn failure(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "code": code,
        });
        Self { code, body }
    }

    fn detailed(mut self, details: Value) -> Self {
        if let Some(body) = self.body.as_object_mut() {
            body.insert("details".to_owned(), details);
        }
        self
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        self.body
            .get("message")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn not_served() -> Self {
        Self {
            code: 404,
            body: Value::from("404 page not found\n"),
        }
    }

    pub(super) fn not_found(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.resource());
        Self::failure(404, "NotFound", &message)
            .detailed(json!({"name": name, "group": kind.group, "kind": kind.plural}))
    }

    pub(super) fn bad(message: &str) -> Self {
        Self::failure(400, "BadRequest", message)
    }

    pub(super) fn schema(object: &str, message: &str) -> Self {
        let words = format!("failed to create typed patch object ({object}): {message}");
        Self::failure(500, "", &words)
    }

    pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": {why}",
            kind.resource()
        );
        Self::failure(409, "Conflict", &message)
            .detailed(json!({"name": name, "group": kind.group, "kind": kind.plural}))
    }

    pub(super) fn exists(kind: &Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.resource());
        Self::failure(409, "AlreadyExists", &message)
    }

    pub(super) fn owned_by_others(conflicts: &[(String, String)]) -> Self {
        let message = match conflicts {
            [(owner, field)] => {
                format!("Apply failed with 1 conflict: conflict with {owner}: {field}")
            }
            many => {
                let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
                for (owner, field) in many {
                    owners.entry(owner).or_default().push(field);
                }
                let lists: Vec<String> = owners
                    .iter()
                    .map(|(owner, fields)| {
                        format!("conflicts with {owner}:\n- {}", fields.join("\n- "))
                    })
                    .collect();
                format!(
                    "Apply failed with {} conflicts: {}",
                    many.len(),
                    lists.join("\n")
                )
            }
        };
        let cause = |(owner, field): &(String, String)| {
            json!({"reason": "FieldManagerConflict", "field": field,
                   "message": format!("conflict with {owner}")})
        };
        let causes: Vec<Value> = conflicts.iter().map(cause).collect();
        Self::failure(409, "Conflict", &message).detailed(json!({"causes": causes}))
    }

    pub(super) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        let each: Vec<String> = causes
            .iter()
            .map(|c| format!("{}: {}", c.field, c.message))
            .collect();
        let list = match each.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {list}", kind.qualified());
        let cause = |c: &Cause| json!({"reason": c.reason, "message": c.message, "field": c.field});
        let causes: Vec<Value> = causes.iter().map(cause).collect();
        Self::failure(422, "Invalid", &message).detailed(
            json!({"name": name, "group": kind.group, "kind": kind.name, "causes": causes}),
        )
    }

    pub(super) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        let object = if name.is_empty() {
            kind.resource()
        } else {
            format!("{} \"{name}\"", kind.resource())
        };
        Self::failure(403, "Forbidden", &format!("{object} is forbidden: {why}"))
    }

    pub(super) fn expired(message: &str) -> Self {
        Self::failure(410, "Expired", message)
    }

    pub(super) fn deleted(kind: &Kind, name: &str, uid: &str) -> Self {
        let details = json!({"name": name, "group": kind.group, "kind": kind.plural, "uid": uid});
        let body =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"});
        Self { code: 200, body }.detailed(details)
    }
}

impl Cause {
    pub(super) fn invalid(field: String, value: &Value, why: &str) -> Self {
        Self {
            field,
            reason: "FieldValueInvalid",
            message: format!("Invalid value: {value}: {why}"),
        }
    }

    pub(super) fn required(field: String, why: &str) -> Self {
        let message = if why.is_empty() {
            "Required value".to_owned()
        } else {
            format!("Required value: {why}")
        };
        Self {
            field,
            reason: "FieldValueRequired",
            message,
        }
    }

    pub(super) fn forbidden(field: String, why: &str) -> Self {
        Self {
            field,
            reason: "FieldValueForbidden",
            message: format!("Forbidden: {why}"),
        }
    }

    pub(super) fn unsupported(field: String, value: &Value, supported: &[&str]) -> Self {
        let list: Vec<String> = supported.iter().map(|s| format!("\"{s}\"")).collect();
        let message = format!(
            "Unsupported value: {value}: supported values: {}",
            list.join(", ")
        );
        Self {
            field,
            reason: "FieldValueNotSupported",
            message,
        }
    }

    pub(super) fn too_long(field: &str, bytes: usize) -> Self {
        Self {
            field: field.to_owned(),
            reason: "FieldValueTooLong",
            message: format!("Too long: may not be more than {bytes} bytes"),
        }
    }
}
