//! Every story once more under each hardship: with every lane step done twice, with the first answer
//! to every call lost, and with a crash after every commit.
//!
//! Everything a story expects must come true and every promise must be kept. What people see in the
//! end may differ from the plain story only as `hardship/differences.rs` says, and where
//! `hardship/exceptions.rs` names the story and the reason.

#![cfg(test)]

#[path = "hardship/differences.rs"]
mod differences;
#[path = "hardship/exceptions.rs"]
mod exceptions;
#[path = "stories/list.rs"]
#[macro_use]
mod list;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};

use drawbridge::cli::simulate;
use drawbridge::sim::scenario::Played;
use drawbridge::sim::town::Hardship;

mod repeat {
    fn tell(name: &str) {
        super::tell(name, super::Hardship::Repeat);
    }
    stories!(tell);
}

mod lose_answers {
    fn tell(name: &str) {
        super::tell(name, super::Hardship::LoseAnswers);
    }
    stories!(tell);
}

mod crash {
    fn tell(name: &str) {
        super::tell(name, super::Hardship::CrashAfterCommits);
    }
    stories!(tell);
}

/// Plays a story plainly and under the hardship, and compares. Every exception must be needed: one
/// whose story goes as any other has to be taken out of the table.
fn tell(name: &str, hardship: Hardship) {
    let path = Path::new("tests/scenarios").join(format!("{name}.txt"));
    let excepted = exceptions::of(name, hardship);
    let wrong = match simulate::play(&path, Some(hardship)) {
        Ok(hard) => unlike(&path, &play(&path), &hard, hardship),
        Err(error) => vec![format!("{}: {error:#}", path.display())],
    };
    match (excepted, wrong.is_empty()) {
        (None, true) | (Some(_), false) => {}
        (None, false) => panic!("\n{}\n", wrong.join("\n")),
        (Some(reason), true) => panic!("{name} needs no exception any more: {reason}"),
    }
}

/// The plain story, played once for all hardships.
fn play(path: &Path) -> Played {
    static PLAYED: LazyLock<Mutex<HashMap<PathBuf, Arc<OnceLock<Played>>>>> =
        LazyLock::new(Mutex::default);
    let cell = Arc::clone(PLAYED.lock().unwrap().entry(path.to_owned()).or_default());
    cell.get_or_init(|| play_now(path)).clone()
}

fn play_now(path: &Path) -> Played {
    match simulate::play(path, None) {
        Ok(played) => played,
        Err(error) => panic!("{}: {error:#}", path.display()),
    }
}

fn unlike(path: &Path, plain: &Played, hard: &Played, hardship: Hardship) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let failures = hard.failures.iter().filter(|failure| {
        let line = lines[failure.line - 1];
        !differences::may_be_unanswered(line, hard, hardship)
    });
    let mut wrong: Vec<String> = failures
        .map(|failure| format!("{}:{}: {}", path.display(), failure.line, failure.message))
        .collect();
    wrong.extend(differences::between(plain, hard, hardship));
    if !wrong.is_empty() {
        wrong.push(hard.transcript.clone());
    }
    wrong
}
