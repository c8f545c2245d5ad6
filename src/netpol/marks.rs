//! The marks on every object we apply: from them alone a gate can be told, closed and reported, when
//! the store and the bot that made it are gone.
//!
//! Nothing is ever copied from the target's own labels or annotations: a copied tracking label would
//! make a GitOps controller prune our object.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value, json};

use crate::id::RequestId;
use crate::objects::Manifest;
use crate::units::{Seconds, Time};

/// The label, and its value, that says an object is ours. Nothing else that we install carries it.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "drawbridge");
/// Label: the request's id.
pub const REQUEST: &str = "drawbridge.dev/request";
/// Annotation: when the gate must be gone, RFC 3339 in whole seconds with `Z`.
pub const EXPIRES_AT: &str = "drawbridge.dev/expires-at";
/// Annotation: who asked.
pub const REQUESTED_BY: &str = "drawbridge.dev/requested-by";
/// Annotation: who agreed.
pub const APPROVED_BY: &str = "drawbridge.dev/approved-by";
/// Annotation: the reason given.
pub const REASON: &str = "drawbridge.dev/reason";
/// Annotation: the flow as people read it.
pub const FLOW: &str = "drawbridge.dev/flow";
/// Annotation: `<channel>/<ts>` of the card, so that people can be told though the store was emptied.
pub const CARD: &str = "drawbridge.dev/card";

/// Annotations that keep Argo CD and Flux from pruning the object. Harmless without them.
pub const KEPT_FROM_PRUNING: [(&str, &str); 3] = [
    ("argocd.argoproj.io/compare-options", "IgnoreExtraneous"),
    ("argocd.argoproj.io/sync-options", "Prune=false"),
    ("kustomize.toolkit.fluxcd.io/prune", "disabled"),
];

/// Longest annotation we write, in bytes. The API server allows 256 KiB over all annotations of an
/// object; ours are five free texts, so that this keeps far below it.
pub const MAX_ANNOTATION: usize = 16 * 1024;

/// Longest name of an object (a DNS subdomain, RFC 1123).
const MAX_NAME: usize = 253;

/// What is written on the objects of one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// The request they belong to.
    pub request: RequestId,
    /// When they must be gone; parts of a second are dropped.
    pub expires_at: Time,
    /// Who asked.
    pub requested_by: String,
    /// Who agreed.
    pub approved_by: String,
    /// Why; empty where no reason was given.
    pub reason: String,
    /// The flow as people read it.
    pub flow: String,
    /// `<channel>/<ts>`; `None` where there is no card.
    pub card: Option<String>,
}

/// Marks as found on an object. Anybody may have edited them, so nothing is taken for granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeenMarks {
    /// The request, where the label holds a request id.
    pub request: Option<RequestId>,
    /// The expiry as written; [`effective_expiry`] reads it.
    pub expires_at: Option<String>,
    /// Who asked.
    pub requested_by: Option<String>,
    /// Who agreed.
    pub approved_by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The flow as people read it.
    pub flow: Option<String>,
    /// `<channel>/<ts>` of the card.
    pub card: Option<String>,
}

/// The name of a request's `n`th object (from 1). `suffix` is drawn by the caller and unguessable, so
/// that nobody can have put an object there first; letters other than lower case, and anything
/// else that names cannot hold, are dropped from it.
pub fn object_name(id: &RequestId, n: usize, suffix: &str) -> String {
    let mut name = format!("drawbridge-{id}-{n}-");
    let fitting = suffix
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.extend(fitting.take(MAX_NAME.saturating_sub(name.len())));
    name
}

/// The whole manifest to apply: `object`'s kind, namespace and body under `name`, with all marks. Nothing
/// else of its metadata is taken over.
pub fn dress(object: &Manifest, name: &str, marks: &Marks) -> Value {
    let labels = json!({MANAGED_BY.0: MANAGED_BY.1, REQUEST: marks.request.as_str()});
    let expires = rfc3339(marks.expires_at);
    let texts = [
        (EXPIRES_AT, Some(expires.as_str())),
        (REQUESTED_BY, Some(marks.requested_by.as_str())),
        (APPROVED_BY, Some(marks.approved_by.as_str())),
        (REASON, Some(marks.reason.as_str())),
        (FLOW, Some(marks.flow.as_str())),
        (CARD, marks.card.as_deref()),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)));
    let annotations: Map<String, Value> = texts
        .chain(KEPT_FROM_PRUNING)
        .map(|(key, text)| (key.to_owned(), Value::from(plain(text))))
        .collect();
    let mut dressed = json!({
        "apiVersion": object.kind().api_version(),
        "kind": object.kind().name(),
        "metadata": {
            "name": name,
            "namespace": object.namespace(),
            "labels": labels,
            "annotations": annotations,
        },
    });
    if let Some(fields) = dressed.as_object_mut() {
        let body = object.body();
        fields.extend(body.map(|(field, value)| (field.to_owned(), value.clone())));
    }
    dressed
}

/// Whether an object carries our label.
pub fn is_ours(meta: &ObjectMeta) -> bool {
    let labels = meta.labels.as_ref();
    labels
        .and_then(|l| l.get(MANAGED_BY.0))
        .is_some_and(|value| value == MANAGED_BY.1)
}

/// The marks of an object; `None` when it is not ours.
pub fn read(meta: &ObjectMeta) -> Option<SeenMarks> {
    if !is_ours(meta) {
        return None;
    }
    let annotations = meta.annotations.as_ref();
    let text = |key: &str| annotations.and_then(|all| all.get(key)).cloned();
    let request = meta.labels.as_ref().and_then(|labels| labels.get(REQUEST));
    Some(SeenMarks {
        request: request.and_then(|id| id.parse().ok()),
        expires_at: text(EXPIRES_AT),
        requested_by: text(REQUESTED_BY),
        approved_by: text(APPROVED_BY),
        reason: text(REASON),
        flow: text(FLOW),
        card: text(CARD),
    })
}

/// When an object must be gone: what its annotation says, and never later than `max` after its
/// creation. A missing or unreadable annotation leaves only the maximum.
///
/// INVARIANT (nothing stays open): the creation time is the API server's and cannot be forged, so no
/// edit makes a gate immortal.
pub fn effective_expiry(annotation: Option<&str>, created: Time, max: Seconds) -> Time {
    let latest = max.after(created);
    annotation
        .and_then(|text| chrono::DateTime::parse_from_rfc3339(text.trim()).ok())
        .map_or(latest, |at| latest.min(at.to_utc()))
}

/// RFC 3339 in whole seconds with `Z`. Dropping the rest closes early rather than late.
pub fn rfc3339(at: Time) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Text as an annotation: control characters (line breaks too) become spaces, and a text beyond
/// [`MAX_ANNOTATION`] is cut, ending in `…`.
fn plain(text: &str) -> String {
    const CUT: char = '…';
    let mut out = String::with_capacity(text.len().min(MAX_ANNOTATION));
    for c in text.chars() {
        if out.len() + c.len_utf8() + CUT.len_utf8() > MAX_ANNOTATION {
            out.push(CUT);
            break;
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}
