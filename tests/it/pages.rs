//! What pages tell to type, typed: the `sh` blocks are taken out of a page as they stand and run by a shell that
//! has `drawbridge`, `kubectl` and the system's own programs, with real servers. Where a block holds what only its
//! reader knows (an id, a key), the test says what stands for it; what cannot be run without pods or a cloud is
//! named with the reason, and a name that no page meets fails.

mod apart;
mod evidence;
mod installed;
mod installing;
mod kubelet;
mod manifests;
mod operations;
mod page;
mod reader;

use self::page::blocks;

/// Below which headings a test here follows every block.
const FOLLOWED: &[(&str, &str)] = &[
    ("README.md", "## Installing"),
    ("manifests/README.md", "# Manifests"),
    ("manifests/operations.md", "## Looking"),
    ("manifests/operations.md", "## Upgrading"),
    ("manifests/operations.md", "## What to back up"),
    ("manifests/operations.md", "## Restoring"),
    ("manifests/operations.md", "## Rotating keys"),
    (
        "manifests/operations.md",
        "## Something opened that should not be",
    ),
    ("manifests/operations.md", "## The bot is down"),
    (
        "manifests/operations.md",
        "## The bot itself is the incident",
    ),
    (
        "SECURITY.md",
        "## Auditors' questions, and the command that answers",
    ),
    ("templates/README.md", "## One of your own"),
];

/// How the blocks begin that are run elsewhere, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("cargo run --release -- demo", "tests/it/demo"),
    ("tests/run", "continuous integration runs it"),
    ("drawbridge reach --manifests", "apart.rs"),
    (
        "drawbridge request \"self ",
        "tests/it/e2e/own_pod.rs, tests/it/e2e/jobs.rs",
    ),
    (
        "drawbridge ledger verify --head heads.jsonl",
        "evidence.rs, as SECURITY.md has it",
    ),
    (
        "cosign verify",
        "needs the registry: release.yml runs it on what it signed",
    ),
];

#[test]
fn every_block_of_a_page_is_run_by_a_test() {
    let mut followed: Vec<String> = Vec::new();
    for (file, heading) in FOLLOWED {
        followed.extend(blocks(file, heading, "sh").into_iter().map(|one| one.place));
    }
    let mut met = Vec::new();
    let mut pages: Vec<&str> = FOLLOWED.iter().map(|(file, _)| *file).collect();
    pages.dedup();
    for block in pages.iter().flat_map(|file| blocks(file, "", "sh")) {
        if !followed.contains(&block.place) {
            let known = ELSEWHERE
                .iter()
                .find(|(begin, _)| block.text.starts_with(begin));
            met.push(known.unwrap_or_else(|| panic!("{}: run by no test", block.place)));
        }
    }
    for (begin, place) in ELSEWHERE {
        let here = met.iter().any(|(known, _)| known == begin);
        assert!(here, "`{begin}` ({place}) is on no page");
    }
}
