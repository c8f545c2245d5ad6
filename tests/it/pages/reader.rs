//! Somebody who follows a page.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::page::Block;
use crate::e2e::bot::Env;
use crate::servers::kube::binaries;

/// The beginning of a line that is not run, and why.
pub(super) type LeftOut = (&'static str, &'static str);

/// A folder with what a checkout holds of manifests and templates, and a shell in it.
pub(super) struct Reader {
    folder: PathBuf,
    env: Env,
    left_out: &'static [LeftOut],
    met: BTreeSet<&'static str>,
    stand_ins: Vec<(&'static str, String)>,
    used: BTreeSet<&'static str>,
}

impl Reader {
    /// In a folder inside this one.
    pub(super) fn new(parent: &Path, left_out: &'static [LeftOut]) -> Self {
        let folder = parent.join("checkout");
        std::fs::create_dir(&folder).unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        for name in ["manifests", "templates"] {
            let copied = Command::new("cp")
                .arg("-R")
                .arg(repository.join(name))
                .arg(&folder)
                .status();
            assert!(copied.unwrap().success(), "{name}");
        }
        let ours = Path::new(env!("CARGO_BIN_EXE_drawbridge"))
            .parent()
            .unwrap();
        let path = format!(
            "{}:{}:/usr/local/bin:/usr/bin:/bin",
            ours.display(),
            binaries().display()
        );
        let home = folder.to_str().unwrap().to_owned();
        let env = [
            ("PATH", path),
            ("HOME", home),
            ("USER", "omar".to_owned()),
            ("KUBERC", "off".to_owned()),
        ];
        Self {
            folder,
            env: env.map(|(name, value)| (name.to_owned(), value)).into(),
            left_out,
            met: BTreeSet::new(),
            stand_ins: Vec::new(),
            used: BTreeSet::new(),
        }
    }

    /// Where a file of theirs is.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file of theirs.
    pub(super) fn writes(&self, name: &str, text: &str) {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Sets a variable of their shell.
    pub(super) fn exports(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// What they put where the page has this word; it has to be met.
    pub(super) fn reads(&mut self, word: &'static str, value: &str) {
        self.stand_ins.retain(|(known, _)| *known != word);
        self.stand_ins.push((word, value.to_owned()));
    }

    /// Types a block, but for what is left out; what it printed.
    pub(super) fn follows(&mut self, block: &Block) -> String {
        let mut text = String::new();
        for line in block.text.lines() {
            let left = self
                .left_out
                .iter()
                .find(|(begin, _)| line.starts_with(begin));
            match left {
                Some((begin, _)) => {
                    assert!(!line.ends_with(['\\', '|']), "{}: {line}", block.place);
                    self.met.insert(begin);
                }
                None => text += &format!("{line}\n"),
            }
        }
        for (word, value) in &self.stand_ins {
            if text.contains(word) {
                self.used.insert(word);
                text = text.replace(word, value);
            }
        }
        self.types(&text, &block.place)
    }

    /// Runs a script, which must succeed; what it printed.
    pub(super) fn types(&self, script: &str, place: &str) -> String {
        let ran = self.runs(script);
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(
            ran.status.success(),
            "{place}: {}\n{script}\n{said}\n{told}",
            ran.status
        );
        said
    }

    /// Runs a script; what it printed, if it succeeded.
    pub(super) fn tries(&self, script: &str) -> Option<String> {
        let ran = self.runs(script);
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        ran.status.success().then_some(said)
    }

    fn runs(&self, script: &str) -> Output {
        Command::new("sh")
            .args(["-eu", "-c", script])
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// They have followed the page to its end: nothing was named that it does not hold.
    pub(super) fn ends(self) {
        for (begin, why) in self.left_out {
            assert!(self.met.contains(begin), "`{begin}` ({why}) was not met");
        }
        for (word, _) in &self.stand_ins {
            assert!(self.used.contains(word), "`{word}` was not met");
        }
    }
}
