//! Space kept back beside the database, so that a full disk cannot keep a path open: it is given
//! up for closing commits and claims, and nothing else is written until it is back.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

/// Room for the write-ahead log to fill once more and be moved into the database file.
const SIZE: usize = 4 * 1024 * 1024;

/// The file that takes the space.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    held: bool,
}

impl Ballast {
    /// At the given path; taken by the first [`Ballast::hold`].
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, held: false }
    }

    /// Takes the space if it is not taken.
    pub(super) fn hold(&mut self) -> std::io::Result<()> {
        if self.held {
            return Ok(());
        }
        let taken = fs::File::create(&self.path).and_then(|mut file| {
            // Written, not just sized: a sparse file takes no space.
            file.write_all(&vec![0_u8; SIZE])?;
            file.sync_all()
        });
        if taken.is_err() {
            self.give_up();
        }
        self.held = taken.is_ok();
        taken
    }

    /// Gives the space back to the disk. A failure shows at the write that wanted the space.
    pub(super) fn give_up(&mut self) {
        self.held = fs::remove_file(&self.path).is_err() && self.held;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_is_taken_once_and_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db.ballast");
        let mut ballast = Ballast::at(path.clone());
        for _ in 0..2 {
            ballast.hold().unwrap();
            ballast.hold().unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len(), 4 * 1024 * 1024);
            ballast.give_up();
            assert!(!path.exists());
        }
    }

    #[test]
    fn space_that_cannot_be_taken_is_told_each_time() {
        let mut ballast = Ballast::at(PathBuf::from("/nowhere/at/all"));
        ballast.hold().unwrap_err();
        ballast.hold().unwrap_err();
    }
}
