//! Reads folders of templates and rules. Whatever cannot be read is an error: rules with a file missing
//! would say less than was written.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Folders;
use crate::rules;

/// Most that the files of one folder may hold together, in bytes: a ConfigMap has at most one MiB. What is
/// larger is another folder than was meant, and is read again every few seconds.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

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
    let mut room = MOST_BYTES;
    paths
        .into_iter()
        .map(|path| {
            let text = read_file(&path, room)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
            room = room.saturating_sub(text.len() as u64);
            Ok((path.display().to_string(), text))
        })
        .collect()
}

/// Reads a file that has no more than `room` bytes.
fn read_file(path: &Path, room: u64) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?
        .take(room.saturating_add(1))
        .read_to_string(&mut text)?;
    match read as u64 <= room {
        true => Ok(text),
        false => Err(io::Error::other(format!(
            "the folder holds more than {MOST_BYTES} bytes of YAML"
        ))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_folder_have_room_together_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let half = usize::try_from(MOST_BYTES / 2).unwrap();
        let write = |name: &str, size| std::fs::write(folder.path().join(name), "#".repeat(size));
        write("a.yaml", half).unwrap();
        write("b.yaml", half).unwrap();
        let read = || read_folder(folder.path());
        assert_eq!(read().map(|texts| texts.len()), Ok(2));
        write("c.yaml", 1).unwrap();
        let said = read().unwrap_err();
        assert!(
            said.contains("c.yaml` cannot be read: the folder holds more"),
            "{said}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_device_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("a.yaml")).unwrap();
        assert!(read_folder(folder.path()).is_err());
    }
}
