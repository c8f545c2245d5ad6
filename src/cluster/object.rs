//! Names of objects in a cluster, and objects as the API server showed them.
//!
//! Any kind: a gate may be a NetworkPolicy or what a template says. Values only, no calls.

use std::collections::BTreeMap;

use kube::core::{ApiResource, GroupVersionKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ClusterError;
use crate::id::RequestId;
use crate::netpol::marks;
use crate::units::Time;

/// Which object. Kept in request documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `networking.k8s.io/v1`.
    pub api_version: String,
    /// `NetworkPolicy`.
    pub kind: String,
    /// `networkpolicies`; without it, it is derived from the kind by Kubernetes' usual rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plural: Option<String>,
    /// Gates are always namespaced.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The API server's identity of this very object, once known: a name can be used again, a uid
    /// never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

impl ObjectRef {
    /// A NetworkPolicy, uid not known.
    pub fn policy(namespace: &str, name: &str) -> Self {
        Self {
            api_version: "networking.k8s.io/v1".to_owned(),
            kind: "NetworkPolicy".to_owned(),
            plural: None,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: None,
        }
    }

    /// What a manifest names; `None` when it lacks kind, apiVersion, namespace or name.
    pub fn of_manifest(manifest: &Value) -> Option<Self> {
        let text = |pointer: &str| Some(manifest.pointer(pointer)?.as_str()?.to_owned());
        Some(Self {
            api_version: text("/apiVersion")?,
            kind: text("/kind")?,
            plural: None,
            namespace: text("/metadata/namespace")?,
            name: text("/metadata/name")?,
            uid: text("/metadata/uid"),
        })
    }

    /// The same, with the uid that the API server gave it.
    pub fn with_uid(mut self, uid: impl Into<String>) -> Self {
        self.uid = Some(uid.into());
        self
    }

    /// How the API server's paths name the kind.
    pub(crate) fn resource(&self) -> ApiResource {
        let (group, version) = self
            .api_version
            .split_once('/')
            .unwrap_or(("", self.api_version.as_str()));
        let kind = GroupVersionKind::gvk(group, version, &self.kind);
        match &self.plural {
            Some(plural) => ApiResource::from_gvk_with_plural(&kind, plural),
            None => ApiResource::from_gvk(&kind),
        }
    }
}

/// `orders/NetworkPolicy/drawbridge-k7m3xq-0-…`.
impl std::fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind, self.name)
    }
}

/// An object as the API server showed it.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenObject {
    /// Which; the uid is known.
    pub at: ObjectRef,
    /// Its version, opaque; a precondition for deleting it.
    pub resource_version: String,
    /// Set by the server and not forgeable: what bounds the lifetime whatever annotations say.
    pub created: Time,
    /// Somebody asked for its deletion and a finalizer holds it: it still has its effect.
    pub deleting: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The whole object.
    pub manifest: Value,
}

impl SeenObject {
    /// Reads an object. List items lack kind and apiVersion, so the kind is given.
    ///
    /// # Errors
    /// [`ClusterError::Unreadable`] when the metadata every stored object has is missing.
    pub(crate) fn read(kind: &ApiResource, manifest: Value) -> Result<Self, ClusterError> {
        let meta: Meta = manifest
            .get("metadata")
            .cloned()
            .map_or_else(|| Ok(Meta::default()), serde_json::from_value)
            .map_err(|e| ClusterError::Unreadable(e.into()))?;
        let created = meta
            .creation_timestamp
            .ok_or_else(|| ClusterError::Unreadable(anyhow::anyhow!("no creationTimestamp")))?;
        Ok(Self {
            at: ObjectRef {
                api_version: kind.api_version.clone(),
                kind: kind.kind.clone(),
                plural: Some(kind.plural.clone()),
                namespace: meta.namespace,
                name: meta.name,
                uid: Some(meta.uid),
            },
            resource_version: meta.resource_version,
            created,
            deleting: meta.deletion_timestamp.is_some(),
            labels: meta.labels,
            annotations: meta.annotations,
            manifest,
        })
    }

    /// The object's uid; never empty for what an API server sent.
    pub fn uid(&self) -> &str {
        self.at.uid.as_deref().unwrap_or_default()
    }

    /// The request that its label names.
    pub fn request(&self) -> Option<RequestId> {
        self.labels.get(marks::REQUEST)?.parse().ok()
    }

    /// Whether it carries our managed-by label.
    pub fn is_managed(&self) -> bool {
        let (key, value) = marks::MANAGED_BY;
        self.labels.get(key).is_some_and(|v| v == value)
    }

    /// Whether it waits for somebody else before it goes. What waits for the garbage collector alone
    /// (`kubectl delete --cascade=foreground`, `orphan`) goes with one more delete in the background.
    pub fn is_held(&self) -> bool {
        let finalizers = self.manifest.pointer("/metadata/finalizers");
        let mut finalizers = finalizers.and_then(Value::as_array).into_iter().flatten();
        self.deleting && !finalizers.all(|one| one == "foregroundDeletion" || one == "orphan")
    }

    /// Whether it bears our marks and a name that fits them: what we may delete without knowing its
    /// uid.
    pub fn bears_our_marks(&self) -> bool {
        let named_after = |id: RequestId| self.at.name.starts_with(&format!("drawbridge-{id}-"));
        self.is_managed() && self.request().is_some_and(named_after)
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    namespace: String,
    name: String,
    uid: String,
    resource_version: String,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn seen(name: &str, labels: Value) -> SeenObject {
        let manifest = json!({"metadata": {
            "namespace": "orders", "name": name, "uid": "u", "resourceVersion": "7",
            "creationTimestamp": "2026-11-23T17:24:47Z", "labels": labels,
        }});
        SeenObject::read(&ObjectRef::policy("", "").resource(), manifest).unwrap()
    }

    #[test]
    fn an_object_is_ours_when_label_and_name_agree() {
        let ours = json!({"app.kubernetes.io/managed-by": "drawbridge", "drawbridge.dev/request": "k7m3xq"});
        let no_request = json!({"app.kubernetes.io/managed-by": "drawbridge"});
        assert!(seen("drawbridge-k7m3xq-0-abc", ours.clone()).bears_our_marks());
        assert!(!seen("drawbridge-aaaaaa-0-abc", ours.clone()).bears_our_marks());
        assert!(!seen("theirs", ours).bears_our_marks());
        assert!(!seen("drawbridge-k7m3xq-0-abc", no_request).bears_our_marks());
    }

    #[test]
    fn kinds_name_their_paths() {
        assert_eq!(
            ObjectRef::policy("a", "b").resource().plural,
            "networkpolicies"
        );
        let other = ObjectRef {
            api_version: "cilium.io/v2".into(),
            kind: "CiliumNetworkPolicy".into(),
            ..ObjectRef::policy("a", "b")
        };
        let resource = other.resource();
        assert_eq!(
            (resource.group.as_str(), resource.plural.as_str()),
            ("cilium.io", "ciliumnetworkpolicies")
        );
    }

    #[test]
    fn an_object_without_creation_time_is_not_believed() {
        let manifest = json!({"metadata": {"name": "x"}});
        let read = SeenObject::read(&ObjectRef::policy("", "").resource(), manifest);
        assert!(matches!(read, Err(ClusterError::Unreadable(_))));
    }
}
