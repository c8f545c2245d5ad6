//! Where real inputs come from: the target's folder, and files of the repository.

use std::fs;
use std::path::Path;

/// A source of seeds, by its path in the repository.
#[derive(Clone, Copy)]
pub(crate) enum Seeds {
    /// Every file below a folder, whole.
    Files(&'static str),
    /// One file, whole.
    File(&'static str),
    /// Lines of a file that begin so, each without that beginning.
    Lines(&'static str, &'static str),
    /// Made by a function, such as what the code itself writes.
    Made(fn() -> Vec<Vec<u8>>),
}

impl Seeds {
    pub(crate) fn read(&self) -> Vec<Vec<u8>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        match self {
            Self::Files(path) => folder(&root.join(path)),
            Self::File(path) => vec![fs::read(root.join(path)).unwrap()],
            Self::Lines(path, begin) => {
                let text = fs::read_to_string(root.join(path)).unwrap();
                let lines = text.lines().filter_map(|line| line.strip_prefix(begin));
                lines.map(|line| line.as_bytes().to_vec()).collect()
            }
            Self::Made(make) => make(),
        }
    }
}

/// Every file below a folder, in the order of names; none if it does not exist.
pub(crate) fn folder(path: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| match path.is_dir() {
            true => folder(path),
            false => vec![fs::read(path).unwrap()],
        })
        .collect()
}
