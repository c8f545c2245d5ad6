//! Nothing that a file may hold makes the reader panic, and what a policy says does not depend on how
//! it is written.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::manifest::{Manifests, read, with_pods};
use crate::netpol::{Object, Snapshot, table};

/// Manifests as people write them: the corpus of policies, and what we install ourselves.
fn real() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in ["tests/corpus/netpol", "tests/corpus/manifests", "manifests"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                texts.push(fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(texts.len() > 60, "the manifests were not found");
    texts.sort();
    texts
}

/// Reads a text all the way, under names of both kinds, and judges what came of it.
fn all_the_way(text: &str) {
    let mut manifests = Manifests::default();
    manifests.add(read("a.yaml", text));
    manifests.add(read("b.json", text));
    for problem in &manifests.problems {
        assert!(!problem.to_string().contains('\n'));
    }
    let snapshot = Snapshot::from_objects(with_pods(manifests.objects));
    let mut pairs = 0;
    table(&snapshot).each(|_| pairs += 1);
    let workloads = table(&snapshot).workloads().count();
    assert_eq!(pairs, workloads * workloads);
}

/// One change of a text: some of it replaced by a word that means something.
fn changed(text: &str, changes: &[(Index, usize, &str)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for (at, length, word) in changes {
        let start = at.index(chars.len() + 1);
        let end = (start + length).min(chars.len());
        chars.splice(start..end, word.chars());
    }
    chars.into_iter().collect()
}

fn word() -> impl Strategy<Value = &'static str> {
    select(vec![
        "",
        "\n",
        "  ",
        "\t",
        ":",
        ": ",
        "- ",
        "---\n",
        "...\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "'",
        "&a ",
        "*a",
        "<<: ",
        "!!binary ",
        "!!int ",
        "|\n",
        ">",
        "?",
        "~",
        "0",
        "-1",
        "99999999999",
        "1e999",
        ".nan",
        "yes",
        "#",
        "%",
        "\\u",
        "\u{feff}",
        "\u{0}",
        "é",
        "kind",
        "List",
        "items: ",
        "null",
    ])
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..400)) {
        all_the_way(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_signs_make_the_reader_panic(text in "[\\[\\]{}:,&*!|>'\"#%@`?~ \na-c0-9.-]{0,200}") {
        all_the_way(&text);
    }

    #[test]
    fn no_change_of_a_manifest_makes_the_reader_panic(
        text in select(real()),
        changes in vec((any::<Index>(), 0..6_usize, word()), 1..6),
    ) {
        all_the_way(&changed(&text, &changes));
    }

    #[test]
    fn an_object_written_as_yaml_or_json_reads_the_same(text in select(real())) {
        let objects = read("a.yaml", &text).objects;
        let json: Vec<String> = objects.iter().filter_map(|f| as_json(&f.object)).collect();
        let again = read("a.json", &json.join("\n")).objects;
        let again: Vec<String> = again.iter().filter_map(|f| as_json(&f.object)).collect();
        prop_assert_eq!(json, again);
    }
}

fn as_json(object: &Object) -> Option<String> {
    match object {
        Object::Namespace(o) => serde_json::to_string(o),
        Object::Pod(o) => serde_json::to_string(o),
        Object::Policy(o) => serde_json::to_string(o),
        Object::Deployment(o) => serde_json::to_string(o),
        _ => return None,
    }
    .ok()
}
