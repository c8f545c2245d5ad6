//! The permanent NetworkPolicy that would make a temporary one unnecessary.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Longest name that is still readable; the API server allows 253 bytes.
const LONGEST: usize = 100;

/// What was applied, as the ledger keeps it: `namespace`, `name` and `spec`; of other kinds `apiVersion`, `kind`
/// and whatever they hold.
#[derive(Debug, Deserialize)]
struct Applied {
    namespace: String,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    spec: Value,
}

/// Whether what was applied is of kinds that no permanent NetworkPolicy can stand for.
pub(super) fn is_of_other_kinds(applied: &[Value]) -> bool {
    let kinds = applied.iter().filter_map(|one| one.get("kind"));
    kinds.into_iter().any(|kind| kind != "NetworkPolicy")
}

/// Permanent policies of what was applied for a flow: the same specs under a name that says what they
/// allow, without a mark of ours. What does not read as a NetworkPolicy, with nothing lost, is left out
/// with all of its kin: half a path opens nothing.
pub(super) fn permanent(flow: &str, applied: &str) -> Vec<Value> {
    let applied: Vec<Applied> = serde_json::from_str(applied).unwrap_or_default();
    let base = name(flow);
    let made = applied.iter().map(|applied| one(&base, flow, applied));
    made.collect::<Option<Vec<Value>>>().unwrap_or_default()
}

fn one(base: &str, flow: &str, applied: &Applied) -> Option<Value> {
    if applied.kind.as_deref().unwrap_or("NetworkPolicy") != "NetworkPolicy" {
        return None;
    }
    let types = applied.spec.get("policyTypes")?.as_array()?;
    let side = types.iter().filter_map(Value::as_str).map(side);
    let side: Vec<&str> = side.collect();
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": format!("{base}-{}", side.join("-")),
            "namespace": applied.namespace,
            "annotations": {"kubernetes.io/description": format!("Permanent path {flow}, in place of asking for it each time")},
        },
        "spec": applied.spec,
    });
    let read: NetworkPolicy = serde_json::from_value(policy.clone()).ok()?;
    // A field that the type does not know is lost on the way back: then it was something else.
    (serde_json::to_value(read).ok()? == policy).then_some(policy)
}

const fn side(policy_type: &str) -> &'static str {
    match policy_type.as_bytes() {
        b"Ingress" => "in",
        b"Egress" => "out",
        _ => "other",
    }
}

/// A DNS name that reads like the flow: `allow-shop-web-to-orders-db-5432`.
fn name(flow: &str) -> String {
    let mut name = String::from("allow");
    for word in flow
        .replace("->", " to ")
        .split(|c: char| !c.is_ascii_alphanumeric())
    {
        if !word.is_empty() {
            name.push('-');
            name.push_str(&word.to_ascii_lowercase());
        }
    }
    if name.len() > LONGEST || !flow.is_ascii() {
        // Two flows must not share a name because what tells them apart was cut off.
        let digest = Sha256::digest(flow.as_bytes());
        let tag: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
        name.truncate(LONGEST - tag.len() - 1);
        name = format!("{}-{tag}", name.trim_end_matches('-'));
    }
    name
}

/// The policies as YAML documents, fit for `kubectl apply -f -`.
pub(super) fn yaml(policies: &[Value]) -> String {
    let documents = policies.iter().map(|policy| {
        let text = serde_saphyr::to_string(policy).unwrap_or_default();
        text.trim_end().to_owned()
    });
    documents.collect::<Vec<_>>().join("\n---\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(spec: &Value) -> String {
        json!([{"namespace": "orders", "name": "drawbridge-k7m3xq-1-ab12", "spec": spec}])
            .to_string()
    }

    #[test]
    fn a_permanent_policy_has_a_speaking_name_and_no_mark() {
        let spec = json!({
            "podSelector": {"matchLabels": {"app": "db"}},
            "policyTypes": ["Ingress"],
            "ingress": [{
                "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}},
                          "podSelector": {"matchLabels": {"app": "web"}}}],
                "ports": [{"protocol": "TCP", "port": 5432}],
            }],
        });
        let made = permanent("shop/web -> orders/db:5432", &applied(&spec));
        let text = yaml(&made);
        assert!(
            text.contains("name: allow-shop-web-to-orders-db-5432-in"),
            "{text}"
        );
        assert!(!text.contains("drawbridge"), "{text}");
        let read: NetworkPolicy = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(serde_json::to_value(read.spec).unwrap(), spec);
    }

    #[test]
    fn what_is_no_network_policy_is_not_offered() {
        for spec in [
            json!({}),
            json!({"podSelector": "all", "policyTypes": ["Ingress"]}),
            json!({"podSelector": {}, "policyTypes": ["Ingress"], "endpointSelector": {}}),
            json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"port": "x"}]}),
        ] {
            assert_eq!(
                permanent("a/b -> c/d:1", &applied(&spec)),
                Vec::<Value>::new(),
                "{spec}"
            );
        }
        assert_eq!(permanent("a/b -> c/d:1", "no JSON"), Vec::<Value>::new());
    }

    #[test]
    fn of_other_objects_no_permanent_policy_is_offered() {
        let policy = json!({"namespace": "orders", "name": "x",
                            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}});
        let mut cilium = policy.clone();
        cilium["apiVersion"] = json!("cilium.io/v2");
        cilium["kind"] = json!("CiliumNetworkPolicy");
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "namespace": "orders", "name": "x", "roleRef": {"name": "view"}, "subjects": [],
        });
        for other in [&cilium, &binding] {
            let applied = json!([other]).to_string();
            assert_eq!(permanent("a/b -> c/d:1", &applied), Vec::<Value>::new());
            // Nor for its kin.
            let applied = json!([policy, other]).to_string();
            assert_eq!(permanent("a/b -> c/d:1", &applied), Vec::<Value>::new());
            assert!(is_of_other_kinds(&[policy.clone(), other.clone()]));
        }
        assert!(!is_of_other_kinds(std::slice::from_ref(&policy)));
        let applied = json!([policy]).to_string();
        assert_eq!(permanent("a/b -> c/d:1", &applied).len(), 1);
    }

    #[test]
    fn a_flow_that_is_hostile_is_text_and_nothing_else() {
        let flow = "shop/web\"\n  evil: true\n# -> orders/db:5432";
        let spec = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
        let made = permanent(flow, &applied(&spec));
        let read: Value = serde_saphyr::from_str(&yaml(&made)).unwrap();
        assert_eq!(read, made[0]);
        assert_eq!(
            read["metadata"]["name"],
            "allow-shop-web-evil-true-to-orders-db-5432-in-out"
        );
    }

    #[test]
    fn long_and_foreign_flows_keep_names_apart() {
        let long = |end: &str| {
            name(&format!(
                "{} -> orders/{}{end}",
                "a/b".repeat(40),
                "c".repeat(90)
            ))
        };
        assert_ne!(long("1"), long("2"));
        assert!(long("1").len() <= LONGEST);
        assert_ne!(name("shop/größe -> a/b:1"), name("shop/grüße -> a/b:1"));
    }
}
