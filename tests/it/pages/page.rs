//! Blocks of code in a page.

use std::path::Path;

/// One block: where it begins, and what is in it.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) place: String,
    pub(super) text: String,
}

/// The text of a file of the repository.
pub(super) fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The blocks of a language below a heading (`## Looking`), in order; without a heading, of the whole page.
pub(super) fn blocks(file: &str, heading: &str, language: &str) -> Vec<Block> {
    let level = depth(heading);
    let mut found: Vec<Block> = Vec::new();
    let mut below = heading.is_empty();
    // How far the fence is indented, and whether the block is one of ours.
    let mut fence: Option<(usize, bool)> = None;
    for (number, line) in read(file).lines().enumerate() {
        let bare = line.trim_start();
        match (bare.strip_prefix("```"), fence) {
            (Some(word), None) => {
                let ours = below && word == language;
                if ours {
                    let place = format!("{file}:{}", number + 2);
                    let text = String::new();
                    found.push(Block { place, text });
                }
                fence = Some((line.len() - bare.len(), ours));
            }
            (Some(_), Some(_)) => fence = None,
            (None, Some((indent, true))) => {
                let text = &mut found.last_mut().unwrap().text;
                *text += line.get(indent..).unwrap_or_default();
                text.push('\n');
            }
            (None, None) if depth(line) > 0 => {
                below = line == heading || (below && depth(line) > level);
            }
            _ => {}
        }
    }
    assert!(!found.is_empty(), "{file}: nothing below `{heading}`");
    found
}

/// The one block below a heading that holds these words.
pub(super) fn block(file: &str, heading: &str, words: &str) -> Block {
    let mut all = blocks(file, heading, "sh");
    all.retain(|block| block.text.contains(words));
    assert_eq!(all.len(), 1, "{file}: {heading}: {words}");
    all.remove(0)
}

fn depth(line: &str) -> usize {
    line.chars().take_while(|c| *c == '#').count()
}

#[test]
fn blocks_are_found_below_their_heading_and_without_their_indent() {
    let found = blocks("README.md", "## Installing", "sh");
    assert_eq!(found[0].text, "drawbridge slack-manifest\n");
    let all = blocks("README.md", "", "sh");
    assert!(all.len() > found.len());
    // A comment in a block is no heading.
    let looking = blocks("manifests/operations.md", "## Looking", "sh");
    assert_eq!(looking.len(), 1);
}
