//! Names kept once: rules, paths, stages and people are few, and the events that name them many.

use std::collections::HashMap;

/// A name by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

impl Name {
    /// Its place among all names, for tallies.
    pub(super) const fn place(self) -> usize {
        self.0 as usize
    }
}

/// Every name that was met.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: HashMap<Box<str>, Name>,
    texts: Vec<Box<str>>,
}

impl Names {
    /// The number of a name.
    pub(super) fn of(&mut self, text: &str) -> Name {
        if let Some(name) = self.known.get(text) {
            return *name;
        }
        // Four thousand million names do not fit into any ledger that this reads.
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.known.insert(text.into(), name);
        name
    }

    /// The name of a number.
    pub(super) fn text(&self, name: Name) -> &str {
        self.texts.get(name.place()).map_or("", |text| text)
    }
}
