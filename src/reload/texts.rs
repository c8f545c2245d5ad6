//! Reads folders of templates and rules. Whatever cannot be read is an error: rules with a file missing
//! would say less than was written.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Folders;
use crate::rules;

/// Files by name, with their contents.
pub type Texts = Vec<(String, String)>;

/// The templates and rules of these folders; without a folder of templates the embedded ones.
///
/// # Errors
/// A folder or file cannot be read.
pub fn read(folders: &Folders) -> Result<Texts, String> {
    let mut files = match &folders.templates {
        Some(folder) => read_folder(folder)?,
        None => rules::embedded(),
    };
    if let Some(folder) = &folders.rules {
        files.extend(read_folder(folder)?);
    }
    Ok(files)
}

/// The YAML files of a folder, by name. Links are followed: a ConfigMap's files are links.
fn read_folder(folder: &Path) -> Result<Texts, String> {
    let cannot = |error: std::io::Error| format!("`{}` cannot be read: {error}", folder.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
            Ok((path.display().to_string(), text))
        })
        .collect()
}

/// Names texts: the first 16 hex digits of the SHA-256 of names and contents, each with its length.
pub fn digest(texts: &Texts) -> String {
    let mut hash = Sha256::new();
    for part in texts.iter().flat_map(|(name, text)| [name, text]) {
        hash.update(part.len().to_string());
        hash.update(":");
        hash.update(part);
    }
    let hash = hash.finalize();
    hash.iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing into a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
