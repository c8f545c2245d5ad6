//! Defaults and validation of RoleBindings, and who may hand out a role, as the real API server has them.
//!
//! Source: kubernetes/pkg/apis/rbac/validation/validation.go and
//! pkg/registry/rbac/rolebinding/policybased/storage.go, compared with a running 1.36 by the contract suite.

use serde_json::{Value, json};

use super::faults::Faults;
use super::kinds::BINDINGS;
use super::reply::{Cause, Reply};
use super::route::{Call, Verb};
use super::world::meta;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Fills in the groups that go without saying.
pub(super) fn default(binding: &mut Value) {
    let fill = |map: Option<&mut Value>, group: &str| {
        if let Some(map) = map.and_then(Value::as_object_mut) {
            map.entry("apiGroup").or_insert_with(|| json!(group));
        }
    };
    fill(binding.get_mut("roleRef"), GROUP);
    let subjects = binding.get_mut("subjects").and_then(Value::as_array_mut);
    for subject in subjects.into_iter().flatten() {
        if matches!(text(subject, "kind"), "User" | "Group") {
            fill(Some(subject), GROUP);
        }
    }
}

/// Why a binding is invalid; `before`: as it was, if it was there.
pub(super) fn problems(binding: &Value, before: Option<&Value>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let role = binding.get("roleRef").cloned().unwrap_or_default();
    if let Some(was) = before.and_then(|before| before.get("roleRef"))
        && *was != role
    {
        causes.push(Cause::invalid(
            "roleRef".to_owned(),
            &role,
            "cannot change roleRef",
        ));
    }
    if text(&role, "apiGroup") != GROUP {
        let is = json!(text(&role, "apiGroup"));
        causes.push(Cause::unsupported(
            "roleRef.apiGroup".to_owned(),
            &is,
            &[GROUP],
        ));
    }
    if !matches!(text(&role, "kind"), "Role" | "ClusterRole") {
        let is = json!(text(&role, "kind"));
        let kinds = ["ClusterRole", "Role"];
        causes.push(Cause::unsupported("roleRef.kind".to_owned(), &is, &kinds));
    }
    if text(&role, "name").is_empty() {
        causes.push(Cause::required("roleRef.name".to_owned(), ""));
    }
    let subjects = binding.get("subjects").and_then(Value::as_array);
    for (n, subject) in subjects.into_iter().flatten().enumerate() {
        causes.extend(wrong_with(subject, &format!("subjects[{n}]")));
    }
    causes
}

fn wrong_with(subject: &Value, at: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    if text(subject, "name").is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    }
    match text(subject, "kind") {
        "User" | "Group" if text(subject, "apiGroup") != GROUP => {
            let is = json!(text(subject, "apiGroup"));
            causes.push(Cause::unsupported(format!("{at}.apiGroup"), &is, &[GROUP]));
        }
        "User" | "Group" => {}
        "ServiceAccount" if text(subject, "namespace").is_empty() => {
            causes.push(Cause::required(format!("{at}.namespace"), ""));
        }
        "ServiceAccount" => {}
        other => {
            let kinds = ["Group", "ServiceAccount", "User"];
            let kind = format!("{at}.kind");
            causes.push(Cause::unsupported(kind, &json!(other), &kinds));
        }
    }
    causes
}

/// Whether the caller may hand out the role of this binding: without `bind` nobody gives what they do not have
/// themselves. Only the bot's way of writing is asked about: everybody else here is an administrator.
pub(super) fn escalation(faults: &Faults, call: &Call, binding: &Value) -> Result<(), Reply> {
    let bound = call.kind.plural == BINDINGS && call.verb == Verb::Apply;
    let place = call.namespace.as_deref();
    if !bound || faults.may("bind", "clusterroles", place) {
        return Ok(());
    }
    let why = "user \"system:serviceaccount:drawbridge:drawbridge\" (groups=[\"system:serviceaccounts\" \
               \"system:serviceaccounts:drawbridge\" \"system:authenticated\"]) is attempting to grant RBAC \
               permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}";
    Err(Reply::forbidden(call.kind, meta(binding, "name"), why))
}

fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of.get(field).and_then(Value::as_str).unwrap_or_default()
}
