//! `SECURITY.md` lists what bounds every entrance, and the tests that hold it: none may be named that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::TARGETS;
use super::seeds::folder;

#[test]
fn every_limit_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let (_, page) = page.split_once("\n## Limits\n").unwrap();
    let (page, _) = page.split_once("\n## ").unwrap();
    let sources = [folder(&root.join("src")), folder(&root.join("tests/it"))].concat();
    let sources = sources.iter().map(|file| String::from_utf8_lossy(file));
    let sources: Vec<_> = sources.filter(|text| text.contains("fn ")).collect();
    let targets: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let mut named = 0;
    for row in rows.skip(1) {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for test in tests.split(", ").map(|name| name.trim_matches('`')) {
            let function = format!("fn {test}(");
            let is_there = sources.iter().any(|text| text.contains(&function));
            assert!(is_there || targets.contains(test), "`{test}` in {row}");
            named += 1;
        }
    }
    assert!(named > 30, "{named} tests are named");
}
