//! What is said of objects that a template must not state.

use insta::assert_snapshot;

use super::{reported, with};

const TEMPLATE: &str = r#"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: objects}
spec:
  summary: Objects
  inputs:
    from: {type: workload}
    to: {type: endpoint, default: shop/db}
    port: {type: ports, default: "443"}
    block: {type: cidr, default: 203.0.113.0/24}
    host: {type: string, pattern: "[a-z.]+"}
    any: {type: string}
  duration: {default: 30m, min: 1m, max: 8h}
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
            - toCIDR: ["${block}"]
              toPorts: [{ports: "${port.cilium}"}]
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {namespace: "${from.namespace}"}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects:
          - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "${host}"}
"#;

#[test]
fn a_good_one_is_not_complained_about() {
    assert_eq!(reported(TEMPLATE), "");
    let mixed = with(TEMPLATE, "name: \"${host}\"", "name: \"oidc:${host}\"");
    assert_eq!(reported(&mixed), "");
}

#[test]
fn objects_that_are_wrong() {
    let place = "        metadata: {namespace: \"${from.namespace}\"}\n        roleRef";
    let placed = |metadata: &str| format!("        metadata: {metadata}\n        roleRef");
    let edits: Vec<(&str, String)> = vec![
        ("kind: RoleBinding", "kind: Role".into()),
        (
            "apiVersion: rbac.authorization.k8s.io/v1",
            "apiVersion: v1".into(),
        ),
        ("kind: RoleBinding", "nokind: RoleBinding".into()),
        (
            place,
            placed("{namespace: \"${from.namespace}\", labels: {a: b}}"),
        ),
        (place, placed("{namespace: \"${from.namespace}\", name: x}")),
        (place, placed("{namespace: \"${to.namespace}\"}")),
        (place, placed("{namespace: kube-system}")),
        ("name: \"${host}\"}", "name: \"${any}\"}".into()),
        ("name: \"${host}\"}", "name: \"${hots}\"}".into()),
        ("name: \"${host}\"}", "name: \"${from}\"}".into()),
        ("name: \"${host}\"}", "name: \"${host.selector}\"}".into()),
        ("name: \"${host}\"}", "name: \"x-${block}\"}".into()),
        (
            "name: \"${host}\"}",
            "name: \"x-${from.namespace}\"}".into(),
        ),
        ("name: \"${host}\"}", "\"${host}\": x}".into()),
        ("name: \"${host}\"}", "name: \"${host\"}".into()),
        ("name: view", "name: edit".into()),
        ("name: view", "name: cluster-admin".into()),
        ("name: view", "name: \"${host}\"".into()),
        ("kind: User", "kind: Group".into()),
        ("egress: false", "egress: true".into()),
        ("egress: false", "egress: \"${host}\"".into()),
        (
            "endpointSelector: \"${from.selector}\"",
            "endpointSelector: {}".into(),
        ),
        (
            "endpointSelector: \"${from.selector}\"",
            "endpointSelector: \"${from.labels}\"".into(),
        ),
        ("\"${port.cilium}\"", "\"${port}\"".into()),
        (
            "[{matchName: \"${host}\"}]",
            "[{matchPattern: \"*\"}]".into(),
        ),
        ("toCIDR: [\"${block}\"]", "toEntities: [world]".into()),
        ("toCIDR: [\"${block}\"]", "toCIDR: [0.0.0.0/0]".into()),
    ];
    let told = edits.iter().map(|(written, instead)| {
        let said = reported(&with(TEMPLATE, written, instead));
        format!("{}\n{said}\n", instead.trim())
    });
    assert_snapshot!(told.collect::<String>());
}

#[test]
fn a_rule_that_reads_an_input_which_its_template_lacks_is_doubtful() {
    let rule = |when: &str| {
        format!(
            "{TEMPLATE}---\napiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {{name: r}}\n\
             spec:\n  match: {{templates: [objects], when: \"{when}\"}}\n  \
             requesters: {{slack: {{usergroups: [\"@backend\"]}}}}\n  \
             stages: [{{name: owners, from: {{usergroups: [\"@orders-oncall\"]}}}}]\n  channel: \"#a\"\n"
        )
    };
    assert_eq!(reported(&rule("inputs.host == 'a'")), "");
    let told = reported(&rule("inputs.hots == 'a'"));
    assert!(
        told.contains("warning: template `objects` has no input `hots`"),
        "{told}"
    );
    let told = reported(&rule("inputs.host > 1"));
    assert!(told.contains("error"), "{told}");
}

#[test]
fn a_rule_that_asks_for_what_is_not_known_of_objects_is_doubtful() {
    let rule = |when: &str, stage: &str| {
        format!(
            "{TEMPLATE}---\napiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {{name: r}}\n\
             spec:\n  match: {{templates: [objects, connect], when: \"{when}\"}}\n  \
             requesters: {{slack: {{usergroups: [\"@backend\"]}}}}\n  stages:\n    \
             - {{name: owners, from: {{usergroups: [\"@orders-oncall\"]}}}}\n    \
             - {{name: more, from: {{usergroups: [\"@security\"]}}, when: \"{stage}\"}}\n  channel: \"#a\"\n"
        )
    };
    let fine = "to.namespace == 'shop'";
    assert_eq!(reported(&rule(fine, fine)), "");
    assert_eq!(
        reported(&rule(fine, "!opens.known || from.namespace == 'prod'")),
        ""
    );
    for (when, stage, name) in [
        ("from.namespace == 'shop'", fine, "from"),
        (fine, "ports.exists(p, p.port == 22)", "ports"),
    ] {
        let told = reported(&rule(when, stage));
        let warning = format!("warning: `{name}` is not known of `objects`");
        assert!(told.contains(&warning), "{told}");
    }
    // Only these two names are unknown; whatever else nothing knows is an error.
    let told = reported(&rule(fine, "startsWith(to.namespace, 'x')"));
    assert!(told.contains("error"), "{told}");
}
