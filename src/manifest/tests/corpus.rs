//! Checks `tests/corpus/manifests`: each case is a file that holds manifests and what is read from
//! them. How a case is written is told in the folder's README.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::manifest::object::title;
use crate::manifest::{Manifests, read};

/// The lines after `=== name`, for each, in the order of the case.
fn sections(case: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in case.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            sections.push((name.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = sections.last_mut() {
            text.push_str(line);
        }
    }
    sections
}

/// What is read from the files of a case, in the corpus' notation.
fn answer(files: &[(String, String)]) -> String {
    let mut manifests = Manifests::default();
    for (name, text) in files {
        manifests.add(read(name, text));
    }
    let mut answer = String::new();
    for problem in &manifests.problems {
        writeln!(answer, "{problem}").unwrap();
    }
    for object in &manifests.objects {
        writeln!(answer, "read {}", title(object)).unwrap();
    }
    for (kind, count) in &manifests.skipped {
        writeln!(answer, "skipped {count} {kind}").unwrap();
    }
    answer
}

#[test]
fn every_case_of_the_corpus_reads_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/manifests");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() > 20, "the corpus was not found");
    let mut wrong = String::new();
    for path in paths {
        let mut files = sections(&fs::read_to_string(&path).unwrap());
        let (name, expected) = files.pop().unwrap();
        assert_eq!(name, "expected", "{}", path.display());
        let got = answer(&files);
        if got != expected {
            let name = path.file_name().unwrap().display();
            writeln!(wrong, "--- {name}\nexpected\n{expected}got\n{got}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
