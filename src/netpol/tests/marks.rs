//! Marks are written and read exactly as other programs expect them.

use chrono::TimeDelta;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde_json::{Value, json};

use crate::id::RequestId;
use crate::netpol::marks::{
    MAX_ANNOTATION, Marks, dress, effective_expiry, is_ours, object_name, read,
};
use crate::objects::Manifest;
use crate::units::{Seconds, Time};

fn id() -> RequestId {
    "k7m3xa".parse().unwrap()
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn marks() -> Marks {
    Marks {
        request: id(),
        expires_at: at("2026-11-23T03:42:00.9Z"),
        requested_by: "dana (U0DANA)".into(),
        approved_by: "lee (U0LEE)".into(),
        reason: "INC-42 slow queries".into(),
        flow: "shop/web -> orders/db:5432".into(),
        card: Some("C0PAY/1700000000.000100".into()),
    }
}

fn dressed(marks: &Marks) -> Value {
    let policy: NetworkPolicy = serde_json::from_value(json!({
        "metadata": {"namespace": "orders", "labels": {"argocd.argoproj.io/instance": "x"}},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]},
    }))
    .unwrap();
    dress(&Manifest::from(&policy), "drawbridge-k7m3xa-1-abc", marks)
}

#[test]
fn a_manifest_carries_exactly_the_promised_marks() {
    assert_eq!(
        dressed(&marks()),
        json!({
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {
                "name": "drawbridge-k7m3xa-1-abc",
                "namespace": "orders",
                "labels": {
                    "app.kubernetes.io/managed-by": "drawbridge",
                    "drawbridge.dev/request": "k7m3xa",
                },
                "annotations": {
                    "drawbridge.dev/expires-at": "2026-11-23T03:42:00Z",
                    "drawbridge.dev/requested-by": "dana (U0DANA)",
                    "drawbridge.dev/approved-by": "lee (U0LEE)",
                    "drawbridge.dev/reason": "INC-42 slow queries",
                    "drawbridge.dev/flow": "shop/web -> orders/db:5432",
                    "drawbridge.dev/card": "C0PAY/1700000000.000100",
                    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
                    "argocd.argoproj.io/sync-options": "Prune=false",
                    "kustomize.toolkit.fluxcd.io/prune": "disabled",
                },
            },
            "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]},
        })
    );
}

#[test]
fn what_is_written_is_read_back() {
    let object: NetworkPolicy = serde_json::from_value(dressed(&marks())).unwrap();
    assert!(is_ours(&object.metadata));
    let seen = read(&object.metadata).unwrap();
    assert_eq!(seen.request, Some(id()));
    assert_eq!(seen.expires_at.as_deref(), Some("2026-11-23T03:42:00Z"));
    assert_eq!(seen.reason.as_deref(), Some("INC-42 slow queries"));
    assert_eq!(seen.card.as_deref(), Some("C0PAY/1700000000.000100"));
}

#[test]
fn only_our_own_label_makes_an_object_ours() {
    let read_labels =
        |labels: Value| read(&serde_json::from_value(json!({"labels": labels})).unwrap());
    assert_eq!(read_labels(json!({})), None);
    assert_eq!(
        read_labels(json!({"app.kubernetes.io/managed-by": "Helm"})),
        None
    );
    let damaged = read_labels(json!({
        "app.kubernetes.io/managed-by": "drawbridge", "drawbridge.dev/request": "???",
    }));
    assert_eq!(
        damaged.unwrap().request,
        None,
        "ours, of nobody knows which request"
    );
}

#[test]
fn texts_lose_control_characters_and_excess_but_nothing_else() {
    let mut long = marks();
    long.reason = "a\r\nb\u{7}c @channel <b>".into();
    long.flow = "é".repeat(200_000);
    long.card = None;
    let manifest = dressed(&long);
    let annotations = manifest["metadata"]["annotations"].as_object().unwrap();
    assert_eq!(annotations["drawbridge.dev/reason"], "a  b c @channel <b>");
    let flow = annotations["drawbridge.dev/flow"].as_str().unwrap();
    assert!(flow.len() <= MAX_ANNOTATION && flow.ends_with('…'));
    assert!(!annotations.contains_key("drawbridge.dev/card"));
    let total: usize = annotations
        .iter()
        .map(|(k, v)| k.len() + v.as_str().unwrap().len())
        .sum();
    assert!(
        total < 256 * 1024,
        "the API server's limit over all annotations"
    );
}

#[test]
fn names_fit_whatever_was_drawn() {
    assert_eq!(object_name(&id(), 2, "9f3k"), "drawbridge-k7m3xa-2-9f3k");
    let odd = object_name(&id(), 1, &"Ab./_-9".repeat(200));
    assert_eq!(odd.len(), 253);
    assert!(odd.starts_with("drawbridge-k7m3xa-1-b9b9b9"), "{odd}");
}

#[test]
fn the_effective_expiry_is_never_later_than_the_maximum_after_creation() {
    let created = at("2026-11-23T03:00:00Z");
    let expiry = |text: Option<&str>| {
        let until = effective_expiry(text, created, Seconds::hours(24));
        until - created
    };
    for (annotation, hours) in [
        (Some("2026-11-23T05:00:00Z"), 2),
        (Some("2026-11-23T07:00:00+02:00"), 2),
        (Some("2099-01-01T00:00:00Z"), 24),
        (Some("tomorrow"), 24),
        (Some("2026-02-31T00:00:00Z"), 24),
        (Some(""), 24),
        (None, 24),
        (Some("2026-11-23T02:00:00Z"), -1),
    ] {
        assert_eq!(
            expiry(annotation),
            TimeDelta::hours(hours),
            "{annotation:?}"
        );
    }
    let endless = effective_expiry(None, Time::MAX_UTC, Seconds(u64::MAX));
    assert_eq!(endless, Time::MAX_UTC);
}
