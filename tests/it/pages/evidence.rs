//! What SECURITY.md tells auditors to run.

use super::page::{block, read};
use super::reader::Reader;

const PAGE: &str = "SECURITY.md";
const HEADING: &str = "## Auditors' questions, and the command that answers";

/// Runs every command of the table; the reader has `heads.jsonl`, `rules`, `k8s`, and a gate is open.
pub(super) fn all_is_answered(reader: &mut Reader) {
    reader.follows(&block(PAGE, HEADING, "ledger export"));
    let page = read(PAGE);
    let (_, table) = page.split_once(HEADING).unwrap();
    let facts = read("src/audit/fact.rs");
    let mut ran = 0;
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        // Code stands between back-ticks: every second part. Two words name a command, and do not give it.
        for code in line.split('`').skip(1).step_by(2) {
            let words: Vec<&str> = code.split_whitespace().collect();
            let program = words.first().copied().unwrap_or_default();
            if !["drawbridge", "jq", "kubectl"].contains(&program) || words.len() < 3 {
                continue;
            }
            for name in code.split("event == \"").skip(1) {
                let (name, _) = name.split_once('"').unwrap();
                assert!(facts.contains(&variant(name)), "there is no event `{name}`");
            }
            let said = reader.follows(&super::page::Block {
                place: PAGE.to_owned(),
                text: format!("{code}\n"),
            });
            // Events that did not happen here are none, what needs a pod is left out, a page goes to a file.
            let silent = program == "jq" || code.contains(" exec ") || code.contains(" > ");
            assert!(silent || !said.trim().is_empty(), "{code}");
            ran += 1;
        }
    }
    assert!(ran > 15, "{ran}");
}

/// `rules_changed` as the enumeration writes it, at the beginning of a line.
fn variant(name: &str) -> String {
    let parts = name.split('_').map(|part| {
        let (first, rest) = part.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    });
    format!("\n    {}", parts.collect::<String>())
}
