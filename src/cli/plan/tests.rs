//! Templates that state objects are planned like any other: what would be applied is printed, and what it
//! gives is called not computed.

use serde_json::json;

use super::*;
use crate::netpol::tests::fixtures::{app, cluster};

const ROLE: &str =
    "using temporary-role-binding namespace=orders user=dana@example.com for 1h because INC-42";

fn planned(text: &str, marked: bool) -> Plan {
    let ask = read(text).unwrap();
    make(
        &cluster([app("orders", "db"), app("shop", "web")]),
        &ask,
        marked,
    )
}

#[test]
fn a_role_is_planned_as_it_would_be_applied() {
    let plan = planned(ROLE, false);
    assert_eq!((plan.verdict, plan.effect), ("grant", "unknown"));
    assert_eq!(
        plan.objects,
        [json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "drawbridge-plan-1", "namespace": "orders"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"},
            ],
        })]
    );
    let yaml = as_yaml(&plan);
    assert!(
        yaml.starts_with(
            "# grant: applies as written RoleBinding in orders: ClusterRole view for dana@example.com; what \
             these give is not computed: RoleBinding\n# not computed; cuts nothing; effect unknown\n---\n"
        ),
        "{yaml}"
    );
    let told = as_json(&plan);
    assert_eq!((&told["opens"], &told["cuts"]), (&json!([]), &json!([])));
}

#[test]
fn with_marks_it_can_be_applied_by_hand_and_closed_by_the_reaper() {
    let plan = planned(ROLE, true);
    let marks = &plan.objects[0]["metadata"];
    assert_eq!(
        marks["labels"]["app.kubernetes.io/managed-by"],
        "drawbridge"
    );
    assert_eq!(
        marks["annotations"]["drawbridge.dev/flow"],
        "dana@example.com → orders as view"
    );
}

#[test]
fn what_a_template_cannot_state_is_refused() {
    for (text, word) in [
        ("namespace=kube-system user=dana@example.com", "protected"),
        (
            "namespace=nowhere user=dana@example.com",
            "no namespace `nowhere`",
        ),
    ] {
        let plan = planned(&format!("using temporary-role-binding {text}"), false);
        assert_eq!(plan.verdict, "refused");
        assert!(plan.reason.contains(word), "{}", plan.reason);
        assert!(plan.objects.is_empty());
    }
    let wrong = read("using temporary-role-binding namespace=orders user=system:admin");
    assert!(wrong.err().unwrap().contains("does not fit"));
}
