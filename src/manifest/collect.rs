//! What several files hold together.

use std::collections::{BTreeMap, HashMap};

use super::{Found, Problem, Read};
use crate::netpol::{Object, ObjectKey};

/// The objects of several files. Of two objects with the same kind, namespace and name the later
/// counts, and a problem names both places.
#[derive(Debug, Default)]
pub struct Manifests {
    /// Objects, in the order of the files.
    pub objects: Vec<Object>,
    /// See [`Read::skipped`].
    pub skipped: BTreeMap<String, usize>,
    /// See [`Read::problems`].
    pub problems: Vec<Problem>,
    /// Where each object is: its index, and its place.
    seen: HashMap<ObjectKey, Seen>,
}

#[derive(Debug)]
struct Seen {
    index: usize,
    file: String,
    line: u64,
}

impl Manifests {
    /// Adds what a file holds.
    pub fn add(&mut self, read: Read) {
        let Read {
            objects,
            skipped,
            problems,
        } = read;
        self.problems.extend(problems);
        for (kind, count) in skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
        for found in objects {
            self.place(found);
        }
    }

    fn place(&mut self, found: Found) {
        let Found { object, file, line } = found;
        let key = object.key();
        let known = self.seen.get_mut(&key);
        let earlier = known.and_then(|seen| Some((self.objects.get_mut(seen.index)?, seen)));
        let Some((slot, seen)) = earlier else {
            let index = self.objects.len();
            self.objects.push(object);
            self.seen.insert(key, Seen { index, file, line });
            return;
        };
        let message = format!(
            "{} is also at {}:{}; the later one, this, counts",
            super::object::title(&object),
            seen.file,
            seen.line
        );
        self.problems.push(Problem::new(&file, line, &message));
        *slot = object;
        (seen.file, seen.line) = (file, line);
    }
}
