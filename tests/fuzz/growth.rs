//! Lists of every kind, long and four times as long: work must grow with the size of an input, never with its
//! square.

use std::time::Duration;

use super::driver::{Target, worked};
use super::{config, ledger, manifests, rules, slack};

/// Made of `n` like parts.
struct Shape {
    name: &'static str,
    target: Target,
    /// Before, each (with `#` for its number), after.
    parts: (&'static str, &'static str, &'static str),
    n: usize,
}

/// Four times the size takes four times the work; the square would be sixteen. What lies between is noise.
const MOST: u32 = 10;

/// Shorter work than this is not compared.
const SHORT: Duration = Duration::from_millis(150);

macro_rules! policy {
    ($spec:literal) => {
        concat!(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x, labels: {app: a}}\n\
             spec: {containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}\n\
             status: {phase: Running, podIP: 10.0.0.9, podIPs: [{ip: 10.0.0.9}]}\n---\n\
             apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: x}\n\
             spec: {podSelector: ",
            $spec
        )
    };
}

macro_rules! rule {
    ($spec:literal) => {
        concat!(
            "apiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {name: r}\nspec:\n  \
             match: {templates: [connect]}\n",
            $spec
        )
    };
}

const fn of(
    target: Target,
    name: &'static str,
    parts: (&'static str, &'static str, &'static str),
    n: usize,
) -> Shape {
    Shape {
        name,
        target,
        parts,
        n,
    }
}

const fn manifest(name: &'static str, parts: (&'static str, &'static str, &'static str)) -> Shape {
    of(manifests::MANIFESTS, name, parts, 400)
}

const fn rule(name: &'static str, parts: (&'static str, &'static str, &'static str)) -> Shape {
    of(rules::RULES, name, parts, 300)
}

const SHAPES: &[Shape] = &[
    manifest(
        "blocks",
        (
            policy!("{}, ingress: [{from: ["),
            "{ipBlock: {cidr: 10.#.0.0/16}},",
            "]}]}\n",
        ),
    ),
    manifest(
        "excepted blocks",
        (
            policy!("{}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ["),
            "10.#.0.0/16,",
            "]}}]}]}\n",
        ),
    ),
    manifest(
        "ports",
        (policy!("{}, ingress: [{ports: ["), "{port: #},", "]}]}\n"),
    ),
    manifest(
        "ranges",
        (
            policy!("{}, ingress: [{ports: ["),
            "{port: #, endPort: 65000},",
            "]}]}\n",
        ),
    ),
    manifest(
        "named ports",
        (policy!("{}, ingress: [{ports: ["), "{port: p#},", "]}]}\n"),
    ),
    manifest(
        "peers",
        (
            policy!("{}, ingress: [{from: ["),
            "{podSelector: {matchLabels: {app: a#}}},",
            "]}]}\n",
        ),
    ),
    manifest(
        "rules of a policy",
        (
            policy!("{}, egress: ["),
            "{to: [{ipBlock: {cidr: 10.#.0.0/16}}], ports: [{port: #}]},",
            "]}\n",
        ),
    ),
    manifest(
        "expressions",
        (
            policy!("{matchExpressions: ["),
            "{key: k#, operator: NotIn, values: [a]},",
            "]}, ingress: []}\n",
        ),
    ),
    manifest(
        "values",
        (
            policy!("{matchExpressions: [{key: app, operator: In, values: ["),
            "a#,",
            "]}]}, ingress: []}\n",
        ),
    ),
    manifest(
        "labels",
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x, labels: {",
            "k#: v,",
            "}}\n",
        ),
    ),
    manifest(
        "unknown fields",
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\nspec: {containers: [],",
            "k#: v,",
            "}\n",
        ),
    ),
    manifest(
        "documents",
        (
            "",
            "---\nkind: Other\napiVersion: a/v1\nmetadata: {name: o#}\n",
            "",
        ),
    ),
    manifest(
        "objects of one name",
        (
            "",
            "---\nkind: Namespace\napiVersion: v1\nmetadata: {name: o}\n# #\n",
            "",
        ),
    ),
    manifest(
        "ports of a service",
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: x}\nspec: {selector: {app: a}, ports: [",
            "{name: p#, port: #},",
            "]}\n",
        ),
    ),
    manifest(
        "ports of a container",
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: b, namespace: x}\nspec: {containers: [{name: c, image: i, ports: [",
            "{name: p#, containerPort: #},",
            "]}]}\n",
        ),
    ),
    manifest(
        "a list's items",
        (
            "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[",
            "{\"kind\":\"Other\",\"apiVersion\":\"a/v1\"},",
            "{}]}",
        ),
    ),
    rule(
        "people",
        (rule!("  requesters: {slack: {users: ["), "U0#,", "]}}\n"),
    ),
    rule(
        "groups",
        (
            rule!("  requesters: {slack: {usergroups: ["),
            "'@g#',",
            "]}}\n",
        ),
    ),
    rule(
        "templates named",
        (rule!("  spec:\n    match: {templates: ["), "t#,", "]}\n"),
    ),
    rule("unknown fields of a rule", (rule!(""), "  f#: 1\n", "")),
    of(
        rules::RULES,
        "rules of one name",
        (
            "",
            "---\napiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {name: r}\nspec: {match: {templates: [connect], when: \"to.namespace == 'n#'\"}}\n",
            "",
        ),
        40,
    ),
    of(
        slack::COMMANDS,
        "fields of a form",
        ("", "f#=v&", "text=x"),
        2_000,
    ),
    of(
        slack::INTERACTIONS,
        "inputs of a view",
        (
            "{\"type\":\"view_submission\",\"user\":{\"id\":\"U1\"},\"trigger_id\":\"t\",\"view\":{\"id\":\"V\",\"state\":{\"values\":{",
            "\"b#\":{\"a#\":{\"value\":\"x\"}},",
            "\"b\":{}}}}}",
        ),
        1_000,
    ),
    of(
        slack::EVENTS,
        "elements of blocks",
        (
            "{\"type\":\"event_callback\",\"event_id\":\"E\",\"event\":{\"type\":\"message\",\"channel_type\":\"im\",\"user\":\"U1\",\"channel\":\"D1\",\"text\":\"mine\",\"blocks\":[",
            "{\"type\":\"section\",\"n\":#},",
            "{}]}}",
        ),
        1_000,
    ),
    of(
        ledger::LEDGER,
        "records",
        (
            "",
            "{\"document\":\"k7m3xa\",\"event\":{\"at\":\"2026-03-02T09:00:00Z\",\"by\":\"drawbridge\",\"event\":\"asked\"},\"hash\":\"\",\"number\":#,\"prev\":\"\",\"seq\":#}\n",
            "",
        ),
        200,
    ),
    of(
        config::SETTINGS,
        "variables",
        ("", "DRAWBRIDGE_F#=1\n", "\n\n"),
        200,
    ),
];

impl Shape {
    fn text(&self, n: usize) -> String {
        let (before, each, after) = self.parts;
        let parts = (1..=n).map(|n| each.replace('#', &n.to_string()));
        format!("{before}{}{after}", parts.collect::<String>())
    }

    /// What `n` parts take.
    fn work(&self, n: usize) -> Duration {
        let text = self.text(n);
        let begun = worked();
        (self.target.run)(text.as_bytes());
        worked().saturating_sub(begun)
    }

    /// Why its work grows too fast, if it does each time.
    fn steep(&self) -> Option<String> {
        let mut seen = None;
        for _ in 0..3 {
            let (less, more) = (self.work(self.n), self.work(4 * self.n));
            println!("{}: {less:?}, four times as many {more:?}", self.name);
            if more <= SHORT || more <= less * MOST {
                return None;
            }
            seen = Some(format!("{}: {less:?}, {more:?}", self.name));
        }
        seen
    }
}

#[test]
fn work_grows_with_the_size_of_a_list_and_not_with_its_square() {
    super::driver::alone(|| {
        let steep: Vec<String> = SHAPES.iter().filter_map(Shape::steep).collect();
        assert!(steep.is_empty(), "{steep:#?}");
    });
}
