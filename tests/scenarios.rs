//! Every story in `tests/scenarios` as a test: played twice on a manual clock, with everything as the
//! story expects, and with the transcript that is stored beside it.
//!
//! `UPDATE_TRANSCRIPTS=1 cargo test --test scenarios` writes the transcripts anew; read the difference
//! before committing it, as the people in the story would.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use drawbridge::cli::simulate;
use drawbridge::sim::scenario::{Played, manual};
use serde_json::Value;
use similar::TextDiff;

#[path = "stories/list.rs"]
#[macro_use]
mod list;

#[expect(dead_code, reason = "the corpus needs more of a step than its texts")]
#[path = "versions/recorder.rs"]
mod recorder;
#[path = "versions/shown.rs"]
mod shown;

use recorder::Tape;

stories!(tell);

#[test]
fn every_file_belongs_to_a_story_that_is_tested() {
    let strangers: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| match name.rsplit_once('.') {
            Some((story, "txt" | "transcript")) => !STORIES.contains(&story),
            _ => name != "README.md",
        })
        .collect();
    assert!(
        strangers.is_empty(),
        "name them in tests/stories/list.rs, or remove them: {strangers:?}"
    );
}

#[test]
fn every_story_says_first_why_it_is_told() {
    for name in STORIES {
        let text = fs::read_to_string(file(name, "txt")).unwrap();
        assert!(text.starts_with("# "), "{name}.txt begins without a remark");
    }
}

#[test]
fn the_manual_is_what_the_parser_reads() {
    assert_stored(&folder().join("README.md"), &manual::page());
}

/// Plays a story twice, once with a store that writes down what is committed if that is possible, and compares.
fn tell(name: &str) {
    let path = file(name, "txt");
    let of = |played: anyhow::Result<Played>| match played {
        Ok(played) => played,
        Err(error) => panic!("{}: {error:#}", path.display()),
    };
    let tape = Tape::default();
    let played = of(simulate::play(&path, None));
    let again = match recorder::goes_back(&recorder::story(name).unwrap()) {
        true => of(simulate::play(&path, None)),
        false => of(recorder::play(name, &tape).map(|(played, _)| played)),
    };
    assert!(
        played == again,
        "the story went another way the second time:\n{}",
        difference(&played.transcript, &again.transcript)
    );
    let failures: Vec<String> = played
        .failures
        .iter()
        .map(|failure| format!("{}:{}: {}", path.display(), failure.line, failure.message))
        .collect();
    assert!(
        failures.is_empty(),
        "\n{}\n\n{}",
        failures.join("\n"),
        played.transcript
    );
    assert_stored(&file(name, "transcript"), &played.transcript);
    assert_in_the_corpus(&tape);
}

/// Later versions are tried with the corpus of this one (`tests/versions`), so it has to show all that stories show.
fn assert_in_the_corpus(tape: &Tape) {
    static CORPUS: LazyLock<(BTreeSet<String>, BTreeSet<String>)> = LazyLock::new(in_the_corpus);
    let (documents, events) = &*CORPUS;
    let (mut written, mut told) = (BTreeSet::new(), BTreeSet::new());
    for step in tape.taken() {
        shown::shown(&serde_json::from_str(&step.body).unwrap(), "", &mut written);
        for event in &step.events {
            shown::fields(&serde_json::from_str(event).unwrap(), &mut told);
        }
    }
    let new: Vec<_> = written
        .difference(documents)
        .chain(told.difference(events))
        .collect();
    assert!(
        new.is_empty(),
        "tests/versions/add makes a corpus that shows this too: {new:?}"
    );
}

/// What the corpus of this version shows, of documents and of events.
fn in_the_corpus() -> (BTreeSet<String>, BTreeSet<String>) {
    let folder = Path::new("tests/versions").join(env!("CARGO_PKG_VERSION"));
    let (mut documents, mut events) = (BTreeSet::new(), BTreeSet::new());
    for line in values(&folder.join("documents.jsonl")) {
        shown::shown(&line["body"], "", &mut documents);
        let told = line["events"].as_array().unwrap();
        told.iter()
            .for_each(|event| shown::fields(event, &mut events));
    }
    for ledger in fs::read_dir(folder.join("ledgers")).unwrap() {
        for line in values(&ledger.unwrap().path()) {
            shown::fields(&line["event"], &mut events);
        }
    }
    (documents, events)
}

fn values(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read = |line: &str| serde_json::from_str(line).unwrap();
    text.lines().map(read).collect()
}

fn folder() -> PathBuf {
    Path::new("tests/scenarios").to_owned()
}

fn file(name: &str, end: &str) -> PathBuf {
    folder().join(format!("{name}.{end}"))
}

/// Compares with a stored text, or stores the text when asked to.
fn assert_stored(path: &Path, text: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own switch, no setting of the product"
    )]
    let update = std::env::var("UPDATE_TRANSCRIPTS").is_ok_and(|wish| wish == "1");
    if update {
        fs::write(path, text).unwrap();
        return;
    }
    let stored = fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == text,
        "{} is not what is stored; UPDATE_TRANSCRIPTS=1 stores it:\n{}",
        path.display(),
        difference(&stored, text)
    );
}

/// Lines only in the first (`-`) and only in the second (`+`), with two lines around them.
fn difference(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(2)
        .to_string()
}
