//! Manifests: the text of YAML and JSON files, read into the objects that a snapshot is made of.
//!
//! Pure: files are read by the command line. Three things must never happen: that a policy which
//! cannot be read vanishes without a problem, that one bad document takes the rest of its file with
//! it, and that a text, whatever it holds, costs more than a small multiple of its size.
//!
//! From the bottom up: `text` splits a file and parses its documents into trees that know their
//! lines (`node`); `decode` turns a tree into one of Kubernetes' types; `kinds` says which kinds are
//! read and as what; `object` takes lists apart and checks what it finds; [`Manifests`] puts files
//! together; [`with_pods`] adds the pods that workloads would have.

mod collect;
mod decode;
mod kinds;
mod node;
mod object;
mod pods;
mod problem;
mod text;

use std::collections::BTreeMap;

use crate::netpol::Object;
pub use collect::Manifests;
pub use pods::with_pods;
pub use problem::Problem;

/// Stack for reading a file, in bytes: the deepest document takes up to 3 MiB in an unoptimised build,
/// more than a thread may have. Only what is used is ever backed by memory.
const STACK: usize = 16 * 1024 * 1024;

/// An object and where it stands.
#[derive(Debug, Clone)]
pub struct Found {
    /// The object.
    pub object: Object,
    /// The file, as it was named to [`read`].
    pub file: String,
    /// The line that it begins at, from 1.
    pub line: u64,
}

/// What one file holds.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// Objects, in the order of the file.
    pub objects: Vec<Found>,
    /// How many objects of kinds that are not read, by `apiVersion/kind`; `?` where a document says
    /// neither.
    pub skipped: BTreeMap<String, usize>,
    /// Everything that is wrong, in the order of the file. An object that a problem says was left out
    /// is not among the objects; an object with a wrong value is.
    pub problems: Vec<Problem>,
}

impl Read {
    /// Adds what another file holds. Duplicates are [`Manifests`]' to find.
    pub fn merge(&mut self, other: Self) {
        self.objects.extend(other.objects);
        self.problems.extend(other.problems);
        for (kind, count) in other.skipped {
            *self.skipped.entry(kind).or_default() += count;
        }
    }
}

/// Reads the objects in a text: YAML documents, JSON documents one after the other, lists of either.
/// `file` names the text in problems.
pub fn read(file: &str, text: &str) -> Read {
    stacker::grow(STACK, || read_here(file, text))
}

fn read_here(file: &str, text: &str) -> Read {
    let mut walk = object::Walk::new(file);
    for document in text::documents(text) {
        let parsed = text::parse(&document, &mut |node| walk.document(node));
        if let Err(fault) = parsed {
            let message = format!("the document is left out: {}", fault.message);
            walk.problem(fault.line, &message);
        }
    }
    walk.finish()
}

#[cfg(test)]
mod tests;
