//! The gates that `doctor` rehearses: two as the bot makes them, and some that nobody should get.

use serde_json::{Value, json};

use crate::netpol::marks::{
    APPROVED_BY, EXPIRES_AT, FLOW, MANAGED_BY, REASON, REQUEST, REQUESTED_BY, rfc3339,
};
use crate::units::{Seconds, Time};

/// How much less than the hard maximum the longest good gate lasts: the server counts from its own clock.
const MARGIN: u64 = 60;

/// What is wrong with a gate (nothing, for the first two), and the gate.
pub(super) fn all(namespace: &str, now: Time, max: Seconds) -> Vec<(Option<&'static str>, Value)> {
    let lasting = |length: Seconds| rfc3339(length.after(now));
    let good = || gate(namespace, &lasting(Seconds(max.0.min(600))));
    let with = |path: &str, value: Value| {
        let mut gate = good();
        if let Some(place) = gate.pointer_mut(path) {
            *place = value;
        }
        gate
    };
    let longest = Seconds(max.0.saturating_sub(MARGIN));
    let annotations = "/metadata/annotations";
    let too_long = lasting(Seconds(max.0.saturating_add(86_400)));
    let world = json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]);
    let mut held = good();
    if let Some(meta) = held.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        let finalizers = json!(["drawbridge.dev/doctor"]);
        meta.insert("finalizers".to_owned(), finalizers);
    }
    vec![
        (None, good()),
        // The hard maximum and the policies' must agree: what people may ask for must be taken.
        (None, gate(namespace, &lasting(longest))),
        (Some("without an expiry"), with(annotations, json!({}))),
        (
            Some("that stays a day longer than the hard maximum"),
            gate(namespace, &too_long),
        ),
        (Some("that a finalizer holds"), held),
        (
            Some("for every pod of the namespace"),
            with("/spec/podSelector", json!({})),
        ),
        (
            Some("open to the whole world"),
            with("/spec/ingress/0/from", world),
        ),
        (
            Some("on every port"),
            with("/spec/ingress/0/ports", json!([])),
        ),
    ]
}

/// A gate for no pod: nothing has this label, should it ever be written.
fn gate(namespace: &str, expires_at: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            // The name and marks of a request that there is not.
            "name": "drawbridge-zzzzzz-1-doctor",
            "namespace": namespace,
            "labels": {
                MANAGED_BY.0: MANAGED_BY.1,
                REQUEST: "zzzzzz",
            },
            "annotations": {
                EXPIRES_AT: expires_at,
                REQUESTED_BY: "doctor",
                APPROVED_BY: "doctor",
                REASON: "a rehearsal that is never written",
                FLOW: "nothing",
            },
        },
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "drawbridge-doctor"}},
            "policyTypes": ["Ingress"],
            // RFC 5737: an address of documentation.
            "ingress": [{
                "from": [{"ipBlock": {"cidr": "192.0.2.7/32"}}],
                "ports": [{"protocol": "TCP", "port": 5432}],
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_gate_differs_from_the_good_one() {
        let now = Time::from_timestamp(1_790_000_000, 0).unwrap();
        let all = all("orders", now, Seconds::hours(24));
        let (good, bad) = all.split_at(2);
        assert!(good.iter().all(|(wrong, _)| wrong.is_none()));
        assert_eq!(bad.len(), 6);
        for (wrong, manifest) in bad {
            assert!(wrong.is_some());
            assert!(good.iter().all(|(_, fine)| fine != manifest), "{wrong:?}");
        }
    }
}
