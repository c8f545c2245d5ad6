//! What an apply answered, against what was meant.

use serde_json::json;

use super::*;
use crate::request::fixtures::{attempt, dana_asks};

#[test]
fn only_what_is_stored_whole_and_under_every_mark_is_as_meant() {
    let mut request = dana_asks().request().approved().after(60, attempt());
    request.gate[0].object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"namespace": "orders"},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"]},
    })
    .try_into()
    .unwrap();
    let (object, manifest) = dress(&request).unwrap().remove(0);
    let stored = |change: &dyn Fn(&mut Value)| {
        let mut stored = manifest.clone();
        stored["metadata"]["uid"] = "u".into();
        stored["metadata"]["resourceVersion"] = "7".into();
        stored["metadata"]["creationTimestamp"] = "2026-11-24T03:01:00Z".into();
        change(&mut stored);
        let seen = SeenObject::read(&reference(object).resource(), stored).unwrap();
        as_meant(&seen, object, &manifest)
    };
    assert!(stored(&|_| ()));
    // What others add beside ours is theirs.
    assert!(stored(
        &|it| it["metadata"]["labels"]["team"] = "orders".into()
    ));
    let others: [&dyn Fn(&mut Value); 7] = [
        &|it| it["kind"] = "CiliumNetworkPolicy".into(),
        &|it| it["metadata"]["name"] = "another".into(),
        &|it| it["metadata"]["namespace"] = "another".into(),
        &|it| it["metadata"]["labels"] = json!({}),
        &|it| it["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "argocd".into(),
        &|it| {
            it["metadata"]["annotations"]["drawbridge.dev/expires-at"] =
                "2036-01-01T00:00:00Z".into()
        },
        &|it| it["spec"]["podSelector"] = json!({}),
    ];
    for (n, change) in others.into_iter().enumerate() {
        assert!(!stored(change), "{n}");
    }
}
