//! Large files are read in a time that grows with their size, and no faster.

use std::fmt::Write as _;
use std::time::Instant;

use crate::manifest::read;

/// A pod as clusters print them.
fn pod(n: usize) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-{n}\n  namespace: orders\n  labels:\n    \
         app: web\n    tier: front\n    pod-template-hash: 7d9f\nspec:\n  containers:\n  - name: main\n    \
         image: registry.example.com/orders/web:1.2.3\n    env:\n    - name: HOME\n      value: /home\n    \
         - name: MODE\n      value: \"1\"\n    ports:\n    - name: http\n      containerPort: 8080\n      \
         protocol: TCP\n    resources:\n      limits:\n        cpu: 500m\n        memory: 1Gi\nstatus:\n  \
         phase: Running\n  podIP: 10.0.0.1\n"
    )
}

/// One document a pod.
fn documents(pods: usize) -> String {
    (0..pods).map(|n| format!("---\n{}", pod(n))).collect()
}

/// One document for all, as `kubectl get -o yaml` prints them.
fn list(pods: usize) -> String {
    let mut text = "apiVersion: v1\nkind: List\nitems:\n".to_owned();
    for n in 0..pods {
        for (number, line) in pod(n).lines().enumerate() {
            let lead = if number == 0 { "- " } else { "  " };
            writeln!(text, "{lead}{line}").unwrap();
        }
    }
    text
}

/// The same as `kubectl get -o json` prints them.
fn json(pods: usize) -> String {
    let items: Vec<String> = (0..pods)
        .map(|n| {
            let value: serde_json::Value = serde_saphyr::from_str(&pod(n)).unwrap();
            serde_json::to_string_pretty(&value).unwrap()
        })
        .collect();
    let items = items.join(",\n");
    format!("{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n{items}\n]}}\n")
}

#[test]
fn a_file_of_many_pods_is_read_whole() {
    // Ten times as many for a measurement: 8000 are 5 MB.
    let pods = 800;
    for (form, text) in [
        ("documents", documents(pods)),
        ("list", list(pods)),
        ("json", json(pods)),
    ] {
        let began = Instant::now();
        let read = read("a.yaml", &text);
        println!("{form}: {} bytes in {:?}", text.len(), began.elapsed());
        assert_eq!(read.problems, [], "{form}");
        assert_eq!(read.objects.len(), pods, "{form}");
    }
}
