//! What needs no server: the page of templates, and README's questions to a folder of manifests.

use super::page::{block, blocks};
use super::reader::Reader;

const TEMPLATES: &str = "templates/README.md";

/// A shop, and orders and a relay for mail that take nothing in.
pub(super) const TOWN: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: orders, labels: {app: db}}
spec: {containers: [{name: db, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: relay, namespace: mail, labels: {app: relay}}
spec: {containers: [{name: relay, ports: [{containerPort: 587}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: mail}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: orders}
spec: {podSelector: {}, policyTypes: [Ingress]}
";

#[test]
fn a_template_of_ones_own_is_checked_and_explained_as_its_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(folder.path(), &[]);
    let own = "## One of your own";
    let template = blocks(TEMPLATES, own, "yaml").remove(0).text;
    reader.writes("templates/send-mail.yaml", &template);
    // As the page says it in a sentence.
    let page = super::page::read(TEMPLATES);
    let (_, rest) = page.split_once("when a rule names it: `").unwrap();
    let (names, _) = rest.split_once('`').unwrap();
    let rule = format!(
        "apiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nmetadata: {{name: mail}}\nspec:\n  {names}\n  \
         requesters: {{slack: {{usergroups: [\"@backend\"]}}}}\n  stages: [{{name: owners, from: {{usergroups: \
         [\"@mail-oncall\"]}}}}]\n"
    );
    reader.writes("rules/mail.yaml", &rule);
    reader.writes("k8s/town.yaml", TOWN);
    let said = reader.follows(&block(TEMPLATES, own, "drawbridge check"));
    assert!(said.contains("no problems"), "{said}");
    assert!(
        said.contains("allowed, once approved by `owners`"),
        "{said}"
    );
    reader.ends();
}

#[test]
fn questions_to_a_folder_of_manifests_are_answered_as_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(folder.path(), &[]);
    reader.writes("k8s/town.yaml", TOWN);
    let rule = super::page::read("manifests/overlays/production/rules/10-orders.yaml");
    reader.writes("rules/10-orders.yaml", &rule);
    let mut all = block("README.md", "# Drawbridge", "drawbridge reach");
    // A flow that is closed is told by the exit status, too: the shell must not end there.
    let lines = all.text.lines().map(|line| match line.contains("--from") {
        true => format!("! {line}\n"),
        false => format!("{line}\n"),
    });
    all.text = lines.collect();
    let said = reader.follows(&all);
    for part in [
        "closed: shop/web -> orders/db",
        "kind: NetworkPolicy",
        "allowed, once approved by `owners`",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    reader.ends();
}
