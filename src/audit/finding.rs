//! What is wrong with a ledger, and where.

use std::fmt;

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A line that is no record: broken, cut short, or something else.
    Unreadable,
    /// A record whose bytes are not the canonical ones.
    Form,
    /// A record whose contents have another hash than it carries.
    Changed,
    /// A record that does not build on the one before it.
    Replaced,
    /// Records are left out.
    Missing,
    /// The same record twice.
    Doubled,
    /// A record stands behind a later one.
    Reordered,
    /// The numbers of a document's events do not go on.
    Numbering,
    /// The ledger does not begin as it should.
    Beginning,
    /// The end is missing, or is not what it should be.
    End,
    /// Something stands behind the end.
    AfterEnd,
    /// An export without typed texts: nothing in it can be verified.
    LeftOut,
    /// A signed head says something else.
    Head,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In which line of the input, from 1; 0: not in one line.
    pub line: u64,
    /// Which record, where that is known.
    pub seq: Option<u64>,
    /// What kind of fault.
    pub fault: Fault,
    /// What is wrong, for people.
    pub sentence: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.seq) {
            (0, None) => {}
            (0, Some(seq)) => write!(f, "record {seq}: ")?,
            (line, None) => write!(f, "line {line}: ")?,
            (line, Some(seq)) => write!(f, "line {line}, record {seq}: ")?,
        }
        let (expected, found) = (&self.expected, &self.found);
        write!(f, "{} (expected {expected}, found {found})", self.sentence)
    }
}

/// The first characters of something of unknown length, as it can be printed.
pub(super) fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let text = String::from_utf8_lossy(bytes);
    let mut start: String = text
        .chars()
        .take(MOST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().count() > MOST {
        start.push('…');
    }
    format!("`{start}`")
}
