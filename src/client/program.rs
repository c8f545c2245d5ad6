//! The command that is to run while a path is open: looked up before anything is asked, because nobody needs a
//! path for a command that is not there.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// Where programs are looked for where `PATH` is not set (as glibc's `execvp`).
const USUAL: &str = "/bin:/usr/bin";

/// A command whose program was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The file.
    pub(super) file: PathBuf,
    /// As it was written.
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
}

/// Why a command cannot run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProgram {
    /// There is no such file.
    #[error("the command `{0}` is not found")]
    Missing(String),
    /// There is one, and it is not to be executed.
    #[error("the command `{0}` is found, but cannot be executed")]
    Barred(String),
}

impl NoProgram {
    /// The exit status that says the same, as shells write it (POSIX, "Exit Status for Commands").
    pub const fn code(&self) -> u8 {
        match self {
            Self::Missing(_) => 127,
            Self::Barred(_) => 126,
        }
    }

    /// What it means that a program that was found could not be started: it went away, or its interpreter is not
    /// there; or the system does not take it.
    pub fn because(error: &io::Error, program: &Program) -> Self {
        let name = program.name.clone();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(name),
            _ => Self::Barred(name),
        }
    }
}

impl Program {
    /// As it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Finds a command's program as a shell does: as a path where it holds a `/`, else in the folders of `path`
    /// (`PATH`). Nothing where there is no command.
    ///
    /// # Errors
    /// It is not there, or cannot be executed.
    pub fn find(words: &[String], path: Option<&str>) -> Result<Option<Self>, NoProgram> {
        let Some((name, arguments)) = words.split_first() else {
            return Ok(None);
        };
        let file = match name.contains('/') {
            true => named(name)?,
            false => searched(name, path.unwrap_or(USUAL))?,
        };
        Ok(Some(Self {
            file,
            name: name.clone(),
            arguments: arguments.to_vec(),
        }))
    }
}

fn named(name: &str) -> Result<PathBuf, NoProgram> {
    let file = PathBuf::from(name);
    match file.metadata() {
        Ok(what) if what.is_file() && may_run(&file) => Ok(file),
        Err(why) if why.kind() != io::ErrorKind::PermissionDenied => {
            Err(NoProgram::Missing(name.to_owned()))
        }
        _ => Err(NoProgram::Barred(name.to_owned())),
    }
}

/// The first that can be executed; one that cannot hides none behind it.
fn searched(name: &str, path: &str) -> Result<PathBuf, NoProgram> {
    if name.is_empty() {
        return Err(NoProgram::Missing(String::new()));
    }
    // An empty folder is the one that we are in.
    let files = std::env::split_paths(path).map(|folder| Path::new(".").join(folder).join(name));
    let (fit, barred): (Vec<_>, Vec<_>) = files
        .filter(|file| file.is_file())
        .partition(|file| may_run(file));
    match (fit.into_iter().next(), barred.is_empty()) {
        (Some(file), _) => Ok(file),
        (None, true) => Err(NoProgram::Missing(name.to_owned())),
        (None, false) => Err(NoProgram::Barred(name.to_owned())),
    }
}

fn may_run(file: &Path) -> bool {
    access(file, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn find(word: &str, path: &str) -> Result<PathBuf, NoProgram> {
        let words = [word.to_owned(), "--flag".to_owned()];
        let found = Program::find(&words, Some(path))?.unwrap();
        assert_eq!(
            (found.name(), &found.arguments[..]),
            (word, &words[1..]),
            "{found:?}"
        );
        Ok(found.file)
    }

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, mode| {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            file
        };
        let hidden = put("a/both", 0o644);
        let both = put("b/both", 0o755);
        put("b/text", 0o644);
        put("a/folder/in-it", 0o755);
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let path = format!("{}:{}:{}", at("none"), at("a"), at("b"));
        let missing = |name: &str| Err(NoProgram::Missing(name.to_owned()));
        let barred = |name: &str| Err(NoProgram::Barred(name.to_owned()));
        assert_eq!(find("both", &path), Ok(both.clone()));
        assert_eq!(find("text", &path), barred("text"));
        for name in ["nothing", "folder", ""] {
            assert_eq!(find(name, &path), missing(name));
        }
        let both = both.to_str().unwrap();
        assert_eq!(find(both, ""), Ok(PathBuf::from(both)));
        for name in [hidden.to_str().unwrap(), &at("a/folder")] {
            assert_eq!(find(name, &path), barred(name));
        }
        for name in [at("nothing"), format!("{both}/beneath")] {
            assert_eq!(find(&name, &path), missing(&name));
        }
        assert_eq!(Program::find(&[], Some(&path)), Ok(None));
        let shell = Program::find(&["sh".to_owned()], None);
        assert!(shell.unwrap().unwrap().file.ends_with("bin/sh"));
    }
}
