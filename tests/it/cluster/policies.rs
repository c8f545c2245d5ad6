//! NetworkPolicies as the API server stores and refuses them, word for word in every arena.

use drawbridge::cluster::ClusterError;
use serde_json::{Value, json};

use super::arena::{Arena, contract};

contract!(
    specs_are_stored_with_the_servers_defaults,
    wrong_specs_are_refused_in_the_servers_words,
    wrong_metadata_is_refused,
    fields_that_we_stop_applying_go_away,
);

async fn specs_are_stored_with_the_servers_defaults(arena: Arena) {
    let cases = [
        (
            json!({}),
            json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
        ),
        (
            json!({"podSelector": {}, "ingress": [], "egress": [{"ports": [], "to": []}], "policyTypes": []}),
            json!({"podSelector": {}, "egress": [{}], "policyTypes": ["Ingress", "Egress"]}),
        ),
        (
            json!({"podSelector": {"matchLabels": {}, "matchExpressions": []}, "ingress": [{}]}),
            json!({"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}),
        ),
        (
            json!({"podSelector": {}, "ingress": [{"ports": [{"port": 80}, {"port": "http", "protocol": "UDP"}],
                   "from": [{"podSelector": {}, "namespaceSelector": {}}]}]}),
            json!({"podSelector": {}, "ingress": [{"ports": [{"port": 80, "protocol": "TCP"},
                   {"port": "http", "protocol": "UDP"}],
                   "from": [{"podSelector": {}, "namespaceSelector": {}}]}], "policyTypes": ["Ingress"]}),
        ),
        (
            json!({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                   "ports": [{"port": 80, "endPort": 90}]}], "policyTypes": ["Egress"]}),
            json!({"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
                   "ports": [{"port": 80, "endPort": 90, "protocol": "TCP"}]}], "policyTypes": ["Egress"]}),
        ),
    ];
    for (n, (spec, stored)) in cases.into_iter().enumerate() {
        let mut gate = arena.gate(n);
        gate["spec"] = spec;
        let applied = arena.bot.apply(&gate, None).await.unwrap();
        assert_eq!(applied.seen.manifest["spec"], stored);
    }
}

async fn wrong_specs_are_refused_in_the_servers_words(arena: Arena) {
    for (spec, words) in wrong_specs() {
        let mut gate = arena.gate(0);
        gate["spec"] = spec.clone();
        let refused = arena.bot.apply(&gate, None).await;
        let Err(ClusterError::Invalid(said)) = refused else {
            panic!("{spec}: {refused:?}")
        };
        assert!(
            said.contains(words),
            "{spec}\nsaid     {said}\nexpected {words}"
        );
    }
    assert_eq!(arena.bot.read(&arena.at(0)).await.unwrap(), None);
}

fn port(port: Value) -> Value {
    json!({"podSelector": {}, "ingress": [{"ports": [port]}]})
}

fn peer(peer: Value) -> Value {
    json!({"podSelector": {}, "ingress": [{"from": [peer]}]})
}

fn block(block: Value) -> Value {
    peer(json!({"ipBlock": block}))
}

fn term(term: Value) -> Value {
    json!({"podSelector": {"matchExpressions": [term]}})
}

/// A spec, and words of its refusal.
type Wrong = (Value, &'static str);

fn wrong_specs() -> Vec<Wrong> {
    [
        wrong_shapes(),
        wrong_ports(),
        wrong_ranges(),
        wrong_peers(),
        wrong_selectors_and_types(),
    ]
    .concat()
}

fn wrong_shapes() -> Vec<Wrong> {
    vec![
        (json!({"foo": 1}), ".spec.foo: field not declared in schema"),
        (
            json!({"ingress": [{"bar": 1}]}),
            ".spec.ingress[0].bar: field not declared in schema",
        ),
        (
            json!({"ingress": {"bar": 1}}),
            ".spec.ingress: expected list, got",
        ),
        (
            json!({"podSelector": []}),
            ".spec.podSelector: expected map, got",
        ),
    ]
}

fn wrong_ports() -> Vec<Wrong> {
    vec![
        (
            port(json!({"endPort": "90"})),
            "endPort: expected numeric (int or float), got",
        ),
        (
            port(json!({"port": 0})),
            "spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            port(json!({"port": 70000})),
            "Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (
            port(json!({"port": "Bad_Name"})),
            "Invalid value: \"Bad_Name\": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            port(json!({"port": "80"})),
            "Invalid value: \"80\": must contain at least one letter (a-z)",
        ),
        (
            port(json!({"port": "a--b"})),
            "must not contain consecutive hyphens",
        ),
        (
            port(json!({"port": "-a"})),
            "must not begin or end with a hyphen",
        ),
        (
            port(json!({"port": "abcdefghijklmnop"})),
            "must be no more than 15 characters",
        ),
    ]
}

fn wrong_ranges() -> Vec<Wrong> {
    vec![
        (
            port(json!({"port": 80, "protocol": "ICMP"})),
            "protocol: Unsupported value: \"ICMP\": supported values: \"TCP\", \"UDP\", \"SCTP\"",
        ),
        (
            port(json!({"port": 80, "endPort": 70})),
            "endPort: Invalid value: 80: must be greater than or equal to `port`",
        ),
        (
            port(json!({"endPort": 70})),
            "endPort: Invalid value: 70: may not be specified when `port` is not specified",
        ),
        (
            port(json!({"port": "http", "endPort": 70})),
            "may not be specified when `port` is non-numeric",
        ),
        (
            port(json!({"port": 80, "endPort": 70000})),
            "endPort: Invalid value: 70000: must be between 1 and 65535",
        ),
    ]
}

fn wrong_peers() -> Vec<Wrong> {
    vec![
        (
            peer(json!({})),
            "spec.ingress[0].from[0]: Required value: must specify a peer",
        ),
        (
            peer(json!({"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}})),
            "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
        ),
        (
            block(json!({})),
            "spec.ingress[0].from[0].ipBlock.cidr: Required value",
        ),
        (
            block(json!({"cidr": "10.0.0.1/8"})),
            "Invalid value: \"10.0.0.1/8\": must not have bits set beyond the prefix length",
        ),
        (
            block(json!({"cidr": "10.0.0.300/8"})),
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
        (
            block(json!({"cidr": "10.0.0.0"})),
            "must be a valid CIDR value",
        ),
        (
            block(json!({"cidr": "010.0.0.0/8"})),
            "must not have leading 0s in IP or prefix length",
        ),
        (
            block(json!({"cidr": "10.0.0.0/8", "except": ["11.0.0.0/8"]})),
            "except[0]: Invalid value: \"11.0.0.0/8\": must be a strict subset of `cidr`",
        ),
        (
            block(json!({"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]})),
            "must be a strict subset of `cidr`",
        ),
    ]
}

fn wrong_selectors_and_types() -> Vec<Wrong> {
    vec![
        (
            json!({"policyTypes": ["Foo"]}),
            "spec.policyTypes[0]: Unsupported value: \"Foo\": supported values: \"Ingress\", \"Egress\"",
        ),
        (
            json!({"policyTypes": ["Ingress", "Egress", "Ingress"]}),
            "may not specify more than two policyTypes",
        ),
        (
            json!({"podSelector": {"matchLabels": {"a b": "x"}}}),
            "spec.podSelector.matchLabels: Invalid value: \"a b\": name part must consist of",
        ),
        (
            json!({"podSelector": {"matchLabels": {"ab": "x y"}}}),
            "spec.podSelector.matchLabels: Invalid value: \"x y\": a valid label must be",
        ),
        (
            term(json!({"key": "a", "operator": "In"})),
            "spec.podSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            term(json!({"key": "a", "operator": "Exists", "values": ["x"]})),
            "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            term(json!({"key": "a", "operator": "Foo", "values": ["x"]})),
            "operator: Invalid value: \"Foo\": not a valid selector operator",
        ),
    ]
}

async fn wrong_metadata_is_refused(arena: Arena) {
    let cases = [
        (
            "labels",
            json!({"x": "bad value"}),
            "metadata.labels: Invalid value: \"bad value\"",
        ),
        (
            "labels",
            json!({"bad key": "v"}),
            "metadata.labels: Invalid value: \"bad key\": name part",
        ),
        (
            "labels",
            json!({"x": "a".repeat(64)}),
            "must be no more than 63 bytes",
        ),
        (
            "annotations",
            json!({"bad key": "v"}),
            "metadata.annotations: Invalid value: \"bad key\"",
        ),
        (
            "annotations",
            json!({"a": "x".repeat(262_145)}),
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
    ];
    for (part, value, words) in cases {
        let mut gate = arena.gate(0);
        gate["metadata"][part] = value;
        let refused = arena.bot.apply(&gate, None).await;
        let Err(ClusterError::Invalid(said)) = refused else {
            panic!("{words}: {refused:?}")
        };
        assert!(said.contains(words), "said {said}\nexpected {words}");
    }
    let mut gate = arena.gate(0);
    gate["metadata"]["name"] = json!("Not_A_Name");
    let refused = arena.bot.apply(&gate, None).await;
    let Err(ClusterError::Invalid(said)) = refused else {
        panic!("{refused:?}")
    };
    assert!(
        said.contains("a lowercase RFC 1123 subdomain must consist of"),
        "{said}"
    );
}

async fn fields_that_we_stop_applying_go_away(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let mut less = arena.gate(0);
    less["metadata"]["annotations"] = json!({"drawbridge.dev/reason": "x"});
    less["spec"]["egress"] = json!([{}]);
    less["spec"].as_object_mut().unwrap().remove("ingress");
    let now = arena.bot.apply(&less, Some(&applied.uid)).await.unwrap();
    assert_eq!(
        now.seen.manifest["metadata"]["annotations"],
        json!({"drawbridge.dev/reason": "x"})
    );
    assert_eq!(
        now.seen.manifest["spec"],
        json!({"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "egress": [{}]})
    );
}
