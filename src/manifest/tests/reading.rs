//! What is read, and from where, beyond what the corpus shows.

use crate::manifest::{Problem, Read, read};
use crate::netpol::Object;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n";

#[test]
fn an_object_knows_its_file_and_line() {
    let found = read("x/a.yaml", &format!("# one\n---\n{POD}---\n\n{POD}")).objects;
    let places: Vec<(&str, u64)> = found.iter().map(|f| (f.file.as_str(), f.line)).collect();
    assert_eq!(places, [("x/a.yaml", 3), ("x/a.yaml", 8)]);
}

#[test]
fn an_extension_keeps_every_field() {
    let text = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n\
                metadata: {name: a, namespace: b, labels: {c: d}}\nspec: {new: [1, 2.5, null, yes]}\n";
    let read = read("a.yaml", text);
    let Object::Extension(extension) = &read.objects[0].object else {
        panic!("{read:?}");
    };
    assert_eq!(extension.group, "cilium.io");
    assert_eq!(extension.metadata.namespace.as_deref(), Some("b"));
    assert_eq!(
        extension.body,
        serde_json::json!({
            "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
            "metadata": {"name": "a", "namespace": "b", "labels": {"c": "d"}},
            "spec": {"new": [1, 2.5, null, true]},
        })
    );
}

#[test]
fn a_long_text_named_by_many_aliases_is_refused() {
    let text = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        "*a, ".repeat(9_000)
    );
    let problems = read("a.yaml", &text).problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn labels_may_be_named_by_hundreds_of_aliases() {
    let mut text = format!("apiVersion: v1\nkind: PodList\nitems:\n- {}", "metadata: ");
    text += "{name: p, labels: &l {app: a}}\n";
    for n in 0..500 {
        text += &format!("- metadata: {{name: p{n}, labels: *l}}\n");
    }
    let read = read("a.yaml", &text);
    assert_eq!((read.objects.len(), read.problems.len()), (501, 0));
}

#[test]
fn many_comments_are_no_reason_to_refuse() {
    let comments = "    # because\n".repeat(500);
    let text = format!("apiVersion: v1\nkind: Pod\nmetadata:\n{comments}  name: web\n");
    assert_eq!(read("a.yaml", &text).objects.len(), 1);
}

#[test]
fn the_deepest_document_fits_on_a_small_stack() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("{\"a\": ", "}")] {
        for depth in [100, 119, 125, 1000, 100_000] {
            let text = format!("x: {}1{}\n", open.repeat(depth), close.repeat(depth));
            read("a.yaml", &text);
            read("a.json", text.strip_prefix("x: ").unwrap());
        }
    }
    let schema: String = (0..110)
        .map(|depth| format!("{}a:\n", "  ".repeat(depth)))
        .collect();
    assert_eq!(read("a.yaml", &schema).problems, []);
}

#[test]
fn a_flood_of_problems_is_counted() {
    let read = read("a.yaml", &"---\n- x\n".repeat(1500));
    assert_eq!(read.problems.len(), 1001);
    assert_eq!(
        read.problems[1000].to_string(),
        "a.yaml: 500 more problems are not listed"
    );
}

#[test]
fn merging_adds_up() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n1\n";
    let mut both = Read::default();
    both.merge(read("a.yaml", config));
    both.merge(read("b.yaml", &format!("{config}---\n{POD}")));
    assert_eq!(both.objects.len(), 1);
    assert_eq!(both.skipped["v1/ConfigMap"], 2);
    assert_eq!(both.problems.len(), 2);
}

#[test]
fn a_problem_is_one_short_line() {
    let problem = Problem::new("a.yaml", 3, &format!("a\nb\u{1b}[2J{}", "x".repeat(1000)));
    let line = problem.to_string();
    assert!(line.starts_with("a.yaml:3: a\u{fffd}b\u{fffd}[2Jxx"));
    assert_eq!(line.chars().count(), "a.yaml:3: ".len() + 401);
}
