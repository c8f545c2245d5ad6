//! What is wrong with a manifest, and where: `file:line: message`.

use std::fmt;

/// Longest message, in characters: a manifest's own words are quoted, and may be long.
const MAX_MESSAGE: usize = 400;

/// Something in a manifest that the API server would refuse, or that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, as given to the reader.
    pub file: String,
    /// From 1; 0 where the problem is the file as a whole.
    pub line: u64,
    /// What is wrong: one line, lower case, no final period, the author's words in back-ticks.
    pub message: String,
}

impl Problem {
    /// A problem at a line; 0 for the file as a whole.
    pub fn new(file: &str, line: u64, message: &str) -> Self {
        Self {
            file: file.to_owned(),
            line,
            message: printable(message),
        }
    }
}

/// A text with a manifest's words in it, as it may be printed: characters that could move a terminal's
/// cursor are replaced, and what is of unreasonable length is cut.
pub(super) fn printable(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut chars = text.chars().map(plain);
    let mut short: String = chars.by_ref().take(MAX_MESSAGE).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}
