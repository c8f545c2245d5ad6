//! Reads the manifests of a folder. The only part of reading manifests that touches files.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::manifest::{self, Manifests, Problem, Read};

/// Most bytes that are read in all: a cluster of ten thousand pods has a tenth of it.
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// Deepest folder in a folder.
const MAX_DEPTH: usize = 64;

/// Reads every `.yaml`, `.yml` and `.json` file in a folder and the folders in it, in the order of
/// their paths; or one file, whatever its name. Links are followed, but nothing is read twice; hidden
/// folders (`.git`) are left out. A file that is no text or cannot be read is a problem among the
/// others.
///
/// # Errors
/// A folder cannot be read, folders are too deep, or the files are too large together.
pub(super) fn read(dir: &Path) -> Result<Manifests, String> {
    read_within(dir, MAX_BYTES)
}

fn read_within(dir: &Path, max_bytes: u64) -> Result<Manifests, String> {
    let mut search = Search::default();
    search.visit(dir, 0)?;
    let mut manifests = Manifests::default();
    let mut bytes = 0;
    for path in search.files {
        let file = path.display().to_string();
        // Counted before it is read, so that a file of a terabyte costs nothing.
        let size = fs::metadata(&path).map_or(0, |about| about.len());
        bytes += size;
        if bytes > max_bytes {
            let limit = max_bytes / (1024 * 1024);
            return Err(format!(
                "`{}` holds more than {limit} MiB of manifests: name a smaller folder",
                dir.display()
            ));
        }
        manifests.add(match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => manifest::read(&file, &text),
            Ok(Err(_)) => problem(&file, "the file is not UTF-8 text; left out"),
            Err(error) => problem(
                &file,
                &format!("the file cannot be read: {error}; left out"),
            ),
        });
    }
    Ok(manifests)
}

fn problem(file: &str, message: &str) -> Read {
    Read {
        problems: vec![Problem::new(file, 0, message)],
        ..Read::default()
    }
}

/// The files to read.
#[derive(Default)]
struct Search {
    files: Vec<PathBuf>,
    /// Folders and files that were seen, without links: a link to what contains it ends here.
    seen: BTreeSet<PathBuf>,
}

impl Search {
    /// Looks at the path that was asked for, or at a folder in it.
    fn visit(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        let cannot = |error: io::Error| format!("`{}` cannot be read: {error}", path.display());
        let real = fs::canonicalize(path).map_err(cannot)?;
        if !self.seen.insert(real) {
            return Ok(());
        }
        let about = fs::metadata(path).map_err(cannot)?;
        if about.is_file() {
            self.files.push(path.to_owned());
            return Ok(());
        }
        if depth > MAX_DEPTH {
            return Err(format!("`{}` is too deep in folders", path.display()));
        }
        let entries = fs::read_dir(path).map_err(cannot)?;
        let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
        let mut paths = paths.map_err(cannot)?;
        paths.sort();
        paths
            .iter()
            .try_for_each(|below| self.entry(below, depth + 1))
    }

    /// Looks at what is in a folder.
    fn entry(&mut self, path: &Path, depth: usize) -> Result<(), String> {
        match fs::metadata(path) {
            Ok(about) if about.is_dir() && !is_hidden(path) => self.visit(path, depth),
            Ok(about) if about.is_file() && is_manifest(path) => self.visit(path, depth),
            // A link to nothing becomes a problem when it is read.
            Err(_) if is_manifest(path) => {
                self.files.push(path.to_owned());
                Ok(())
            }
            // Other files; also pipes and devices, which might never end.
            _ => Ok(()),
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|end| {
        ["yaml", "yml", "json"]
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: ";

    fn pod(name: &str) -> String {
        format!("{POD}{name}}}\n")
    }

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn names(manifests: &Manifests) -> Vec<String> {
        let key = |object: &crate::netpol::Object| object.key().name;
        manifests.objects.iter().map(key).collect()
    }

    #[test]
    fn files_are_read_in_order_from_every_folder_but_hidden_ones() {
        let folder = folder(&[
            (
                "b/z.JSON",
                br#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"three"}}"#,
            ),
            ("a.yaml", pod("one").as_bytes()),
            ("b/a/x.yml", pod("two").as_bytes()),
            (".git/x.yaml", pod("hidden").as_bytes()),
            ("notes.txt", b"not a manifest"),
        ]);
        let read = read(folder.path()).unwrap();
        assert_eq!(read.problems, []);
        assert_eq!(names(&read), ["one", "two", "three"]);
    }

    #[test]
    fn one_file_may_have_any_name() {
        let folder = folder(&[("dump", pod("one").as_bytes())]);
        let read = read(&folder.path().join("dump")).unwrap();
        assert_eq!(names(&read), ["one"]);
    }

    #[test]
    fn an_empty_folder_holds_nothing_and_a_missing_one_is_an_error() {
        let folder = folder(&[]);
        assert!(read(folder.path()).unwrap().objects.is_empty());
        let missing = read(&folder.path().join("missing")).unwrap_err();
        assert!(missing.contains("missing` cannot be read: "), "{missing}");
    }

    #[test]
    fn what_is_no_text_is_a_problem_with_its_name() {
        let folder = folder(&[("a.yaml", b"\xff\xfe"), ("b.yaml", pod("one").as_bytes())]);
        let read = read(folder.path()).unwrap();
        assert_eq!(names(&read), ["one"]);
        let path = folder.path().join("a.yaml");
        let expected = format!("{}: the file is not UTF-8 text; left out", path.display());
        assert_eq!(read.problems[0].to_string(), expected);
    }

    #[test]
    fn links_are_followed_and_nothing_is_read_twice() {
        use std::os::unix::fs::symlink;
        let folder = folder(&[("real/a.yaml", pod("one").as_bytes())]);
        let at = |name: &str| folder.path().join(name);
        symlink(folder.path(), at("real/loop")).unwrap();
        symlink(at("real"), at("again")).unwrap();
        symlink(at("real/a.yaml"), at("b.yaml")).unwrap();
        symlink(at("nowhere"), at("broken.yaml")).unwrap();
        let read = read(folder.path()).unwrap();
        assert_eq!(names(&read), ["one"]);
        assert_eq!(read.problems.len(), 1);
        assert!(read.problems[0].to_string().contains("broken.yaml: "));
    }

    #[test]
    fn too_much_is_refused_before_it_is_read() {
        let folder = folder(&[("a.yaml", &[b' '; 100]), ("b.yaml", &[b' '; 100])]);
        assert!(read_within(folder.path(), 200).is_ok());
        let refused = read_within(folder.path(), 199).unwrap_err();
        assert!(refused.contains("name a smaller folder"), "{refused}");
    }
}
