//! The objects that a gate is made of: which kinds there are, what is applied of one, and the digest that
//! an approval binds to.
//!
//! The kinds are a closed list: each needs bounds, words for people, rights and an admission policy, so a
//! kind is never a matter of configuration.
//!
//! # Guarantees
//! Pure: values in, values out. A [`Manifest`] is of a kind that is listed here and has a namespace. What a
//! template may state of an object is bounded by [`check`] in the words of whoever reads them, as the admission
//! policies bound it in the cluster.

mod binding;
mod block;
mod cilium;
mod essence;
mod network;
mod select;
mod shape;

pub use binding::NEVER;
pub use essence::{Essence, Selected, as_yaml};
pub use shape::{Bounds, Fault, check, check_written, check_written_together};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use k8s_openapi::api::networking::v1::NetworkPolicy;

/// A kind that a gate may be made of. INVARIANT (nothing stays open): none is ever taken away, or stored
/// gates of it could not be read any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `networking.k8s.io/v1 NetworkPolicy`.
    NetworkPolicy,
    /// `cilium.io/v2 CiliumNetworkPolicy`.
    CiliumNetworkPolicy,
    /// `rbac.authorization.k8s.io/v1 RoleBinding`.
    RoleBinding,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [
        Self::NetworkPolicy,
        Self::CiliumNetworkPolicy,
        Self::RoleBinding,
    ];

    /// `networking.k8s.io/v1`.
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::NetworkPolicy => "networking.k8s.io/v1",
            Self::CiliumNetworkPolicy => "cilium.io/v2",
            Self::RoleBinding => "rbac.authorization.k8s.io/v1",
        }
    }

    /// `NetworkPolicy`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetworkPolicy => "NetworkPolicy",
            Self::CiliumNetworkPolicy => "CiliumNetworkPolicy",
            Self::RoleBinding => "RoleBinding",
        }
    }

    /// As the API server's paths name it: `networkpolicies`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::NetworkPolicy => "networkpolicies",
            Self::CiliumNetworkPolicy => "ciliumnetworkpolicies",
            Self::RoleBinding => "rolebindings",
        }
    }

    /// `networking.k8s.io`.
    pub const fn group(self) -> &'static str {
        match self {
            Self::NetworkPolicy => "networking.k8s.io",
            Self::CiliumNetworkPolicy => "cilium.io",
            Self::RoleBinding => "rbac.authorization.k8s.io",
        }
    }

    /// Its top-level fields besides `apiVersion`, `kind` and `metadata`.
    pub const fn body(self) -> &'static [&'static str] {
        match self {
            Self::NetworkPolicy | Self::CiliumNetworkPolicy => &["spec"],
            Self::RoleBinding => &["roleRef", "subjects"],
        }
    }

    /// The folder of manifests that gives Drawbridge what it needs for this kind; `None`: the base does.
    pub const fn component(self) -> Option<&'static str> {
        match self {
            Self::NetworkPolicy => None,
            Self::CiliumNetworkPolicy => Some("components/cilium"),
            Self::RoleBinding => Some("components/role-binding-grants"),
        }
    }

    /// The kind of a manifest, by `apiVersion` and `kind` both.
    pub fn of(manifest: &Value) -> Option<Self> {
        let text = |key: &str| manifest.get(key).and_then(Value::as_str);
        let (version, kind) = (text("apiVersion")?, text("kind")?);
        Self::named(version, kind)
    }

    /// The kind with this `apiVersion` and name.
    pub fn named(api_version: &str, name: &str) -> Option<Self> {
        let is = |kind: &Self| kind.api_version() == api_version && kind.name() == name;
        Self::ALL.into_iter().find(is)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The field of a CiliumNetworkPolicy that holds further `spec`s, each of which counts.
const MORE_RULES: &str = "specs";

/// Longest typed part of what an object says, in UTF-16 units: cards cut the middle out of longer ones.
const LONGEST_SAID: usize = 120;

/// Most parts of what an object says: cards count the rest.
const MOST_SAID: usize = 64;

/// Longest object [as people write it](as_yaml), in UTF-16 units: the full view cuts the middle out of longer ones.
pub const LONGEST_SHOWN: usize = 2_500;

/// A part of what a stated object says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Said {
    /// Words of ours.
    Words(String),
    /// Text of a template or of whoever asked: never markup.
    Typed(String),
}

/// Whether no gate is made in this namespace, whatever the rules say: the cluster's own, and Drawbridge's.
pub fn is_protected(namespace: &str) -> bool {
    namespace.starts_with("kube-") || namespace == "drawbridge"
}

/// Digest of an object as the API server stores it, by the kind under which it was listed or read: of whoever
/// edits one that was approved. `None`: it is of no kind that a gate is made of.
pub fn stored_digest(api_version: &str, kind: &str, seen: &Value) -> Option<String> {
    // Items of a list lack both.
    let mut whole = seen.clone();
    let fields = whole.as_object_mut()?;
    fields.insert("apiVersion".to_owned(), api_version.into());
    fields.insert("kind".to_owned(), kind.into());
    Manifest::try_from(whole).ok().map(|stored| stored.digest())
}

/// What is applied of an object: kind, namespace and body. Its name and its marks are put on when it is
/// applied; whatever else its metadata holds is never applied. Kept in documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Manifest {
    kind: Kind,
    namespace: String,
    whole: Value,
}

/// What cannot be part of a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAManifest {
    /// Of no kind that a gate may be made of.
    #[error("`{kind}` of `{api_version}` is not a kind that a gate may be made of")]
    Kind {
        /// Its `apiVersion`; empty where it has none.
        api_version: String,
        /// Its `kind`; empty where it has none.
        kind: String,
    },
    /// It is in no namespace.
    #[error("an object without a namespace")]
    Namespace,
}

impl Manifest {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its fields besides `apiVersion`, `kind` and `metadata`, in the order of [`Kind::body`].
    pub fn body(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let fields = self.kind.body().iter();
        fields.filter_map(|field| Some((*field, self.whole.get(*field)?)))
    }

    /// Kind, namespace and body, and nothing else.
    pub fn essence(&self) -> Value {
        let mut essence = Map::new();
        essence.insert("apiVersion".to_owned(), self.kind.api_version().into());
        essence.insert("kind".to_owned(), self.kind.name().into());
        essence.insert("namespace".to_owned(), self.namespace.clone().into());
        let body = self.body();
        essence.extend(body.map(|(field, value)| (field.to_owned(), value.clone())));
        // No template states it; somebody who adds it to a CiliumNetworkPolicy adds rules.
        if let Some(more) = self.whole.get(MORE_RULES) {
            essence.insert(MORE_RULES.to_owned(), more.clone());
        }
        Value::Object(essence)
    }

    /// The canonical form (RFC 8785) of its [essence](Self::essence).
    pub fn canonical(&self) -> String {
        let essence = self.essence();
        let canonical = serde_json_canonicalizer::to_string(&essence);
        // Every value of this type has a canonical form; the other is as telling, if not as standard.
        canonical.unwrap_or_else(|_| essence.to_string())
    }

    /// SHA-256, hex, of its [canonical form](Self::canonical). INVARIANT (approved): an approval of stated
    /// objects covers exactly those with these digests.
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.canonical().as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a card shows all of it. INVARIANT (approved): nobody is asked to approve what is cut out of the
    /// middle of a text, or counted as "and more".
    pub fn can_be_shown(&self) -> bool {
        let says = self.says(None).says;
        let fits = |said: &Said| match said {
            Said::Words(_) => true,
            Said::Typed(text) => text.encode_utf16().count() <= LONGEST_SAID,
        };
        says.len() <= MOST_SAID
            && says.iter().all(fits)
            && as_yaml(&self.canonical()).encode_utf16().count() <= LONGEST_SHOWN
    }

    /// As a NetworkPolicy, where it is one.
    pub fn as_policy(&self) -> Option<NetworkPolicy> {
        if self.kind != Kind::NetworkPolicy {
            return None;
        }
        serde_json::from_value(self.whole.clone()).ok()
    }

    /// Whether what the API server stores is what was to be applied, no more and no less: what somebody adds on
    /// the way in is nothing that was approved. A NetworkPolicy is compared with the server's own reading of it,
    /// because the server adds defaults; of what [`check`] lets through, it adds none to other kinds.
    pub fn is_stored_as(&self, seen: &Value) -> bool {
        match self.kind {
            Kind::NetworkPolicy => {
                let spec = seen.get("spec").cloned().unwrap_or_default();
                let ours = self.as_policy().and_then(|policy| policy.spec);
                serde_json::from_value(spec).is_ok_and(|spec| ours == Some(spec))
            }
            Kind::CiliumNetworkPolicy | Kind::RoleBinding => {
                let same = |field: &str| self.whole.get(field) == seen.get(field);
                same(MORE_RULES) && self.kind.body().iter().all(|field| same(field))
            }
        }
    }
}

impl TryFrom<Value> for Manifest {
    type Error = NotAManifest;

    fn try_from(whole: Value) -> Result<Self, NotAManifest> {
        let text = |key: &str| {
            let text = whole.get(key).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let kind = Kind::of(&whole).ok_or_else(|| NotAManifest::Kind {
            api_version: text("apiVersion"),
            kind: text("kind"),
        })?;
        let namespace = whole.pointer("/metadata/namespace");
        let namespace = namespace
            .and_then(Value::as_str)
            .filter(|it| !it.is_empty());
        let namespace = namespace.ok_or(NotAManifest::Namespace)?.to_owned();
        Ok(Self {
            kind,
            namespace,
            whole,
        })
    }
}

impl From<Manifest> for Value {
    fn from(manifest: Manifest) -> Self {
        manifest.whole
    }
}

/// A policy as it was planned; a missing namespace stays empty, and the API server refuses it.
impl From<&NetworkPolicy> for Manifest {
    fn from(policy: &NetworkPolicy) -> Self {
        let namespace = policy.metadata.namespace.clone().unwrap_or_default();
        let mut whole = json!({
            "apiVersion": Kind::NetworkPolicy.api_version(),
            "kind": Kind::NetworkPolicy.name(),
            "metadata": {"namespace": namespace},
        });
        if let (Some(fields), Some(spec)) = (whole.as_object_mut(), &policy.spec)
            && let Ok(spec) = serde_json::to_value(spec)
        {
            fields.insert("spec".to_owned(), spec);
        }
        Self {
            kind: Kind::NetworkPolicy,
            namespace,
            whole,
        }
    }
}

#[cfg(test)]
mod tests;
