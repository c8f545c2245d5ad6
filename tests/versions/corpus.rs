//! The stored corpus: `tests/fuzz` takes it as seeds too.

use std::fs;
use std::path::{Path, PathBuf};

use drawbridge::units::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// The largest that the corpus of one version may be, in bytes.
pub(crate) const MOST: u64 = 400_000;

/// A document as it was written, with what was told of it in the same step.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// In which story.
    pub(crate) story: String,
    /// When.
    pub(crate) at: Time,
    /// The key that it is listed under.
    pub(crate) owner: String,
    /// The document, byte for byte.
    pub(crate) body: Box<RawValue>,
    /// Its events of that step.
    pub(crate) events: Vec<Box<RawValue>>,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from("tests/versions")
}

/// Every released version, and the one that is being made.
pub(crate) fn versions() -> Vec<PathBuf> {
    let all = fs::read_dir(root()).unwrap();
    let all = all.map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = all.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// The lines of a file of every version, with where they stand.
pub(crate) fn lines(file: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for folder in versions() {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let numbered = (1..).zip(text.lines());
        all.extend(numbered.map(|(n, line)| (format!("{}:{n}", path.display()), line.to_owned())));
    }
    assert!(!all.is_empty(), "{file}: nothing to read");
    all
}

/// Every document of every version.
pub(crate) fn documents() -> Vec<(String, Kept)> {
    let read = |(place, line): (String, String)| {
        let kept = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{place}: {e}"));
        (place, kept)
    };
    lines("documents.jsonl").into_iter().map(read).collect()
}

/// The ledgers of every version.
pub(crate) fn ledgers() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for folder in versions() {
        for path in files(&folder.join("ledgers")) {
            let text = fs::read_to_string(&path).unwrap();
            all.push((path, text));
        }
    }
    all
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// One line for each file: its SHA-256 and its path.
pub(crate) fn digests() -> String {
    let mut lines = String::new();
    for path in versions().iter().flat_map(|folder| files(folder)) {
        let digest = Sha256::digest(fs::read(&path).unwrap());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = path.strip_prefix(root()).unwrap();
        lines.push_str(&format!("{hex}  {}\n", path.display()));
    }
    lines
}
