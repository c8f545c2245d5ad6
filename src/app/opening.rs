//! All that precedes an opening: a stored request against the world as it is now. The rules' word is asked for
//! again, the gate is planned again and dressed for apply; nothing is applied here.

use anyhow::{Context, Result};

use super::{Parts, facts, planned};
use crate::cluster::{ClusterError, ObjectRef};
use crate::netpol::{Marks, marks};
use crate::objects::{Kind, Manifest};
use crate::request::{Command, GateObject, Request, State};
use crate::rules::{Roll, Verdict};

/// What the rules say of this request now, and the people that the answer rests on.
///
/// # Errors
/// Slack, the store or the cluster could not be asked.
pub async fn rules_now(parts: &Parts, request: &Request) -> Result<(Roll, Verdict)> {
    facts::at_apply(parts, request)
        .await
        .context("reading people and rules")
}

/// The gate as it would be built now, as a command for the core.
///
/// # Errors
/// The cluster's picture is not there yet.
pub fn plan_again(parts: &Parts, request: &Request) -> Result<Command, ClusterError> {
    let snapshot = parts.snapshot(&request.asked.cluster)?;
    Ok(match planned::gate_of(parts, &snapshot, request) {
        Ok(gate) => {
            let objects = gate.objects.into_iter().enumerate();
            let named = |(index, object): (usize, Manifest)| GateObject {
                name: marks::object_name(&request.id, index + 1, &parts.entropy.suffix()),
                object,
                uid: None,
                stored: None,
            };
            Command::Attempt {
                objects: objects.map(named).collect(),
                effect: gate.effect,
            }
        }
        Err(reason) => Command::CannotOpen { reason },
    })
}

/// Who answers for the opening: those who approved, who opened it at once, or the rule by name
/// (`rule/dev`).
fn answers_for_it(request: &Request) -> String {
    let votes = request.votes.iter().map(|vote| vote.by.0.clone());
    let offline = request.offline.iter().map(|vote| vote.by.to_string());
    let approvers: Vec<String> = votes.chain(offline).collect();
    match (&request.emergency, &request.route) {
        (Some(emergency), _) => emergency.by.0.clone(),
        (None, Some(route)) if approvers.is_empty() => format!("rule/{}", route.rule),
        _ => approvers.join(","),
    }
}

/// Whether an object is one that approvers saw. INVARIANT (approved): of stated objects exactly those whose
/// digests the card had, looked at once more right before they are applied; of paths NetworkPolicies only.
fn is_approved(request: &Request, object: &GateObject) -> bool {
    let stated = &request.effect.stated;
    if stated.is_empty() {
        return object.object.kind() == Kind::NetworkPolicy;
    }
    let digest = object.object.digest();
    stated.iter().any(|shown| shown.digest == digest)
}

/// The manifests to apply for the committed attempt, marks and all.
///
/// # Errors
/// When no attempt was committed, or an object is none that was approved: a fault of ours, refused rather than
/// applied.
pub fn dress(request: &Request) -> Result<Vec<(&GateObject, serde_json::Value)>, ClusterError> {
    let State::Granting {
        attempt: Some(attempt),
        ..
    } = &request.state
    else {
        return Err(ClusterError::Invalid("no attempt was committed".to_owned()));
    };
    if let Some(other) = request.gate.iter().find(|one| !is_approved(request, one)) {
        let problem = format!("`{}` is not what was approved", other.name);
        return Err(ClusterError::Invalid(problem));
    }
    let (from, to) = request.path();
    let marks = Marks {
        request: request.id.clone(),
        expires_at: attempt.expires_at,
        requested_by: request.asked.by.to_string(),
        approved_by: answers_for_it(request),
        reason: request.asked.reason.clone().unwrap_or_default(),
        flow: format!("{from} -> {to}"),
        card: request.posts.card_mark(),
    };
    let dressed = request
        .gate
        .iter()
        .map(|object| (object, marks::dress(&object.object, &object.name, &marks)));
    Ok(dressed.collect())
}

/// How an object of a gate is named towards the cluster adapter.
pub fn reference(object: &GateObject) -> ObjectRef {
    let kind = object.object.kind();
    ObjectRef {
        api_version: kind.api_version().to_owned(),
        kind: kind.name().to_owned(),
        plural: Some(kind.plural().to_owned()),
        namespace: object.namespace().to_owned(),
        name: object.name.clone(),
        uid: object.uid.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::netpol::StatedObject;
    use crate::request::fixtures::{attempt, dana_asks};

    fn binding(role: &str) -> Manifest {
        let whole = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"namespace": "orders", "labels": {"a": "b"}, "finalizers": ["a/b"]},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana"}],
        });
        whole.try_into().unwrap()
    }

    #[test]
    fn only_objects_that_were_approved_are_dressed_and_nothing_of_their_metadata_is_kept() {
        let mut request = dana_asks().request().approved().after(60, attempt());
        assert!(dress(&request).is_ok());
        // Approved as a path: nothing but NetworkPolicies.
        request.gate.truncate(1);
        request.gate[0].object = binding("view");
        assert!(matches!(dress(&request), Err(ClusterError::Invalid(_))));
        request.effect.stated = vec![StatedObject {
            kind: "RoleBinding".to_owned(),
            namespace: "orders".to_owned(),
            name: "view".to_owned(),
            says: Vec::new(),
            people: std::collections::BTreeSet::new(),
            digest: binding("view").digest(),
            whole: String::new(),
        }];
        let dressed = dress(&request).unwrap();
        let metadata = &dressed[0].1["metadata"];
        assert_eq!(metadata.get("finalizers"), None);
        assert_eq!(metadata["labels"].get("a"), None);
        assert_eq!(
            metadata["labels"]["app.kubernetes.io/managed-by"],
            "drawbridge"
        );
        request.gate[0].object = binding("edit");
        assert!(matches!(dress(&request), Err(ClusterError::Invalid(_))));
    }
}
