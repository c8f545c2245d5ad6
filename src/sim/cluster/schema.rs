//! The shapes of what gates are made of: which fields exist and of which type.

use serde_json::{Map, Value};

use super::kinds::Kind;

/// What may stand at a place.
#[derive(Debug)]
enum Shape {
    /// A map with these fields and no others.
    Fields(&'static [(&'static str, Shape)]),
    /// A map of texts.
    Texts,
    /// A list.
    List(&'static Shape),
    Text,
    Number,
    /// Number or text, as a port is.
    Either,
    /// Not looked at.
    Any,
}

const SELECTOR: Shape = Shape::Fields(&[
    ("matchLabels", Shape::Texts),
    (
        "matchExpressions",
        Shape::List(&Shape::Fields(&[
            ("key", Shape::Text),
            ("operator", Shape::Text),
            ("values", Shape::List(&Shape::Text)),
        ])),
    ),
]);

const PORTS: Shape = Shape::List(&Shape::Fields(&[
    ("port", Shape::Either),
    ("endPort", Shape::Number),
    ("protocol", Shape::Text),
]));

const PEERS: Shape = Shape::List(&Shape::Fields(&[
    ("podSelector", SELECTOR),
    ("namespaceSelector", SELECTOR),
    (
        "ipBlock",
        Shape::Fields(&[("cidr", Shape::Text), ("except", Shape::List(&Shape::Text))]),
    ),
]));

const METADATA: Shape = Shape::Fields(&[
    ("annotations", Shape::Texts),
    ("creationTimestamp", Shape::Any),
    ("deletionGracePeriodSeconds", Shape::Any),
    ("deletionTimestamp", Shape::Any),
    ("finalizers", Shape::List(&Shape::Text)),
    ("generateName", Shape::Text),
    ("generation", Shape::Any),
    ("labels", Shape::Texts),
    ("managedFields", Shape::Any),
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("ownerReferences", Shape::Any),
    ("resourceVersion", Shape::Text),
    ("selfLink", Shape::Text),
    ("uid", Shape::Text),
]);

/// <https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/>
const POLICY: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("podSelector", SELECTOR),
            ("policyTypes", Shape::List(&Shape::Text)),
            (
                "ingress",
                Shape::List(&Shape::Fields(&[("ports", PORTS), ("from", PEERS)])),
            ),
            (
                "egress",
                Shape::List(&Shape::Fields(&[("ports", PORTS), ("to", PEERS)])),
            ),
        ]),
    ),
]);

/// <https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/role-binding-v1/>
const BINDING: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", METADATA),
    (
        "roleRef",
        Shape::Fields(&[
            ("apiGroup", Shape::Text),
            ("kind", Shape::Text),
            ("name", Shape::Text),
        ]),
    ),
    (
        "subjects",
        Shape::List(&Shape::Fields(&[
            ("apiGroup", Shape::Text),
            ("kind", Shape::Text),
            ("name", Shape::Text),
            ("namespace", Shape::Text),
        ])),
    ),
]);

/// The fields of Cilium's own definition, one level deep:
/// <https://docs.cilium.io/en/stable/network/kubernetes/policy/>
const CILIUM: Shape = Shape::Fields(&[
    ("apiVersion", Shape::Text),
    ("kind", Shape::Text),
    ("metadata", METADATA),
    (
        "spec",
        Shape::Fields(&[
            ("description", Shape::Text),
            ("egress", Shape::List(&Shape::Any)),
            ("egressDeny", Shape::List(&Shape::Any)),
            ("enableDefaultDeny", Shape::Any),
            ("endpointSelector", SELECTOR),
            ("ingress", Shape::List(&Shape::Any)),
            ("ingressDeny", Shape::List(&Shape::Any)),
            ("labels", Shape::Any),
            ("log", Shape::Any),
            ("nodeSelector", SELECTOR),
        ]),
    ),
    ("specs", Shape::List(&Shape::Any)),
    ("status", Shape::Any),
]);

/// Of kinds without a shape nothing is looked at.
fn shape_of(kind: &Kind) -> Option<&'static Shape> {
    match (kind.group, kind.plural) {
        ("networking.k8s.io", "networkpolicies") => Some(&POLICY),
        ("rbac.authorization.k8s.io", "rolebindings") => Some(&BINDING),
        ("cilium.io", "ciliumnetworkpolicies") => Some(&CILIUM),
        _ => None,
    }
}

/// A place where an object does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Misfit {
    /// A field that does not exist, with its path (`.spec.foo`).
    Unknown(String),
    /// A value of another type.
    Type(String),
}

/// The first place where an object does not fit its kind.
pub(super) fn misfit(kind: &Kind, object: &Value) -> Option<Misfit> {
    fit(shape_of(kind)?, object, "")
}

fn fit(shape: &Shape, value: &Value, path: &str) -> Option<Misfit> {
    if value.is_null() {
        return None;
    }
    let expected =
        |what: &str, got: &Value| Some(Misfit::Type(format!("{path}: expected {what}, got {got}")));
    match (shape, value) {
        (Shape::Any, _)
        | (Shape::Text | Shape::Either, Value::String(_))
        | (Shape::Number | Shape::Either, Value::Number(_)) => None,
        (Shape::Fields(fields), Value::Object(map)) => fields_fit(fields, map, path),
        (Shape::Texts, Value::Object(map)) => map
            .iter()
            .find_map(|(key, v)| fit(&Shape::Text, v, &format!("{path}.{key}"))),
        (Shape::List(of), Value::Array(items)) => items
            .iter()
            .enumerate()
            .find_map(|(n, item)| fit(of, item, &format!("{path}[{n}]"))),
        (Shape::Fields(_) | Shape::Texts, got) => expected("map", got),
        (Shape::List(_), got) => expected("list", got),
        (Shape::Text, got) => expected("string", got),
        (Shape::Number, got) => expected("numeric (int or float)", got),
        (Shape::Either, got) => expected("string or number", got),
    }
}

fn fields_fit(
    fields: &[(&'static str, Shape)],
    map: &Map<String, Value>,
    path: &str,
) -> Option<Misfit> {
    map.iter().find_map(|(key, value)| {
        let at = format!("{path}.{key}");
        match fields.iter().find(|(name, _)| name == key) {
            Some((_, shape)) => fit(shape, value, &at),
            None => Some(Misfit::Unknown(at)),
        }
    })
}

/// Drops fields that do not exist, as a lenient POST does.
pub(super) fn prune(kind: &Kind, object: &mut Value) {
    if let Some(shape) = shape_of(kind) {
        trim(shape, object);
    }
}

fn trim(shape: &Shape, value: &mut Value) {
    match (shape, value) {
        (Shape::Fields(fields), Value::Object(map)) => {
            map.retain(|key, _| fields.iter().any(|(name, _)| name == key));
            for (name, shape) in *fields {
                if let Some(inner) = map.get_mut(*name) {
                    trim(shape, inner);
                }
            }
        }
        (Shape::List(of), Value::Array(items)) => items.iter_mut().for_each(|i| trim(of, i)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_fields_and_wrong_types_are_named_by_path() {
        let cases = [
            (
                json!({"spec": {"foo": 1}}),
                Some(Misfit::Unknown(".spec.foo".into())),
            ),
            (
                json!({"spec": {"ingress": [{"bar": 1}]}}),
                Some(Misfit::Unknown(".spec.ingress[0].bar".into())),
            ),
            (
                json!({"spec": {"ingress": {"bar": 1}}}),
                Some(Misfit::Type(
                    ".spec.ingress: expected list, got {\"bar\":1}".into(),
                )),
            ),
            (
                json!({"spec": {"ingress": [{"ports": [{"port": "http"}, {"port": 1}]}]}}),
                None,
            ),
            (json!({"spec": {"podSelector": null}}), None),
        ];
        let kind = Kind::at("networking.k8s.io", "v1", "networkpolicies").unwrap();
        for (policy, expected) in cases {
            assert_eq!(misfit(kind, &policy), expected, "{policy}");
        }
    }
}
