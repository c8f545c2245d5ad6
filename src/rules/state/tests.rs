//! Nothing a person types becomes anything but text where the template puts it.

use std::sync::LazyLock;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::rules::fill::{GateSpec, fill};
use crate::rules::load;
use crate::rules::set::RuleSet;

/// A template of one object for each kind, in one namespace.
const TEMPLATES: &str = r#"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: role}
spec:
  summary: A role
  inputs:
    namespace: {type: string, pattern: "[a-z-]{1,63}"}
    user: {type: string, pattern: ".{0,300}"}
  duration: {default: 20m, min: 1m, max: 2h}
  gate:
    objects:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {namespace: "${namespace}"}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects:
          - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "oidc:${user}"}
---
apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: names}
spec:
  summary: Names and blocks
  inputs:
    from: {type: endpoint}
    host: {type: string, pattern: "[a-z.]+"}
    block: {type: cidr, default: 203.0.113.7}
    port: {type: ports}
  duration: {default: 20m, min: 1m, max: 2h}
  gate:
    objects:
      - apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata: {namespace: "${from.namespace}"}
        spec:
          enableDefaultDeny: {ingress: false, egress: false}
          endpointSelector: "${from.selector}"
          egress:
            - toFQDNs: [{matchName: "${host}"}]
              toPorts: [{ports: "${port.cilium}"}]
      - apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {namespace: "${from.namespace}"}
        spec:
          podSelector: "${from.selector}"
          policyTypes: [Egress]
          egress:
            - to: [{ipBlock: {cidr: "${block}"}}]
              ports: "${port.networkPolicy}"
"#;

fn rules() -> &'static RuleSet {
    static RULES: LazyLock<RuleSet> = LazyLock::new(|| {
        let (set, problems) = load(&[("t.yaml".to_owned(), TEMPLATES.to_owned())]);
        assert!(!set.sealed(), "{problems:#?}");
        set
    });
    &RULES
}

fn side(namespace: &str) -> Side {
    Side {
        label: format!("{namespace}/web"),
        at: SideRef::Pods {
            namespace: namespace.to_owned(),
            selector: LabelSelector {
                match_labels: Some([("app".to_owned(), "web".to_owned())].into()),
                match_expressions: Some(Vec::new()),
            },
            pods: vec!["web-1".to_owned()],
            workloads: vec![format!("{namespace}/Deployment/web")],
        },
        by_labels: false,
    }
}

fn stated(template: &str, inputs: &[(&str, &str)]) -> Result<Stated, FillError> {
    let inputs = inputs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    match fill(rules(), template, &inputs.collect())?.gate {
        GateSpec::Objects(stated) => Ok(stated),
        other => panic!("{other:?}"),
    }
}

fn objects(template: &str, inputs: &[(&str, &str)]) -> Result<Vec<Value>, FillError> {
    let stated = stated(template, inputs)?;
    let sides: BTreeMap<String, Side> = stated
        .ends()
        .map(|(name, end)| (name.to_owned(), side(end.namespace().unwrap())))
        .collect();
    let objects = state(&stated, &sides)?;
    Ok(objects.into_iter().map(Value::from).collect())
}

#[test]
fn each_path_becomes_what_it_stands_for() {
    let filled = objects(
        "names",
        &[
            ("from", "shop/web"),
            ("host", "api.example.com"),
            ("port", "443,53/udp,8000-8010"),
        ],
    )
    .unwrap();
    let web = json!({"matchLabels": {"app": "web"}});
    assert_eq!(filled[0]["metadata"], json!({"namespace": "shop"}));
    assert_eq!(filled[0]["spec"]["endpointSelector"], web);
    assert_eq!(
        filled[0]["spec"]["egress"][0],
        json!({
            "toFQDNs": [{"matchName": "api.example.com"}],
            "toPorts": [{"ports": [
                {"port": "53", "protocol": "UDP"},
                {"port": "443", "protocol": "TCP"},
                {"port": "8000", "protocol": "TCP", "endPort": 8010},
            ]}],
        })
    );
    assert_eq!(filled[1]["spec"]["podSelector"], web);
    assert_eq!(
        filled[1]["spec"]["egress"][0],
        json!({
            "to": [{"ipBlock": {"cidr": "203.0.113.7/32"}}],
            "ports": [
                {"port": 53, "protocol": "UDP"},
                {"port": 443, "protocol": "TCP"},
                {"port": 8000, "protocol": "TCP", "endPort": 8010},
            ],
        })
    );
}

#[test]
fn what_cannot_be_put_in_is_said() {
    let names = |from, port: Option<&str>| {
        let mut inputs = vec![("from", from), ("host", "api.example.com")];
        inputs.extend(port.map(|port| ("port", port)));
        objects("names", &inputs).unwrap_err().message
    };
    assert_eq!(
        names("203.0.113.7", Some("443")),
        "`from` is not inside the cluster"
    );
    assert_eq!(
        names("shop/web", None),
        "`port` is needed here and was not given"
    );
    assert_eq!(
        names("shop/web", Some("https")),
        "`port`: there is nobody here whose port `https` could be"
    );
    assert_eq!(
        names("kube-system/web", Some("443")),
        "no gates in the protected namespace `kube-system`"
    );
}

#[test]
fn only_what_the_objects_name_is_looked_for() {
    let given = [("from", "shop/web"), ("host", "a.b"), ("port", "1")];
    let stated = stated("names", &given).unwrap();
    let ends: Vec<&str> = stated.ends().map(|(name, _)| name).collect();
    assert_eq!(ends, ["from"]);
}

/// Keys and kinds of nodes, without the texts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(fields) => fields.iter().map(|(k, v)| (k.clone(), shape(v))).collect(),
        Value::String(_) => Value::from("text"),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn no_input_changes_anything_but_its_own_text(any in ".{0,60}", odd in "[${}a-z:\\[\\]\"',@-]{0,40}") {
        static PLAIN: LazyLock<Value> = LazyLock::new(|| {
            let given = [("namespace", "orders"), ("user", "dana")];
            objects("role", &given).unwrap().remove(0)
        });
        for typed in [any, odd] {
            let Ok(filled) = objects("role", &[("namespace", "orders"), ("user", &typed)]) else {
                continue;
            };
            prop_assert_eq!(shape(&filled[0]), shape(&PLAIN));
            let mut back = filled[0].clone();
            let name = back.pointer_mut("/subjects/0/name").unwrap();
            let whole = format!("oidc:{typed}");
            prop_assert_eq!(name.as_str(), Some(whole.as_str()));
            *name = "oidc:dana".into();
            prop_assert_eq!(&back, &*PLAIN);
        }
    }
}
