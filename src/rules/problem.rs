//! What is wrong with a rules or templates file, and where: `file:line:column: severity: message`.
//!
//! A problem is for the author of the file. It never decides by itself: the loader seals a rule set
//! that has errors, so that nothing can be opened under rules that say less than was meant.

use std::fmt;

use serde::Serialize;

use super::model::At;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rules cannot be used.
    Error,
    /// The rules can be used, but probably say something that was not meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A spot in a file that the loader was given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file's name, as given to the loader.
    pub file: String,
    /// From 1; 0 where the spot is the file as a whole.
    pub line: u64,
    /// In characters, from 1; 0 where the spot is the line as a whole.
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something an author should change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// Whether the rules can be used all the same.
    pub severity: Severity,
    /// What is wrong: lower case, no final period, the author's words in back-ticks.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// One line: `rules/10-orders.yaml:7:11: error: message; hint`.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place, self.severity, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// What was wrong and what to write instead, before it is known where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// See [`Problem::message`].
    pub message: String,
    /// See [`Problem::hint`].
    pub hint: Option<String>,
}

impl Fault {
    /// A fault with something to do about it.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    /// A fault whose message says it all.
    pub fn plain(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }
}

/// Collects the problems of one YAML document.
#[derive(Debug)]
pub(super) struct Findings<'a> {
    file: &'a str,
    /// Lines of the file before the document.
    before: u64,
    list: &'a mut Vec<Problem>,
}

impl<'a> Findings<'a> {
    pub(super) const fn new(file: &'a str, before: u64, list: &'a mut Vec<Problem>) -> Self {
        Self { file, before, list }
    }

    /// The file, and how many of its lines come before this document.
    pub(super) fn origin(&self) -> (String, u64) {
        (self.file.to_owned(), self.before)
    }

    /// Where a value of this document stands in its file.
    pub(super) fn place<T>(&self, at: &At<T>) -> Place {
        self.place_at(at.referenced.line(), at.referenced.column())
    }

    /// The same for a line and column counted within the document.
    pub(super) fn place_at(&self, line: u64, column: u64) -> Place {
        Place {
            file: self.file.to_owned(),
            line: self.before + line,
            column,
        }
    }

    pub(super) fn error<T>(&mut self, at: &At<T>, fault: Fault) {
        let place = self.place(at);
        self.push(place, Severity::Error, fault);
    }

    pub(super) fn warn<T>(&mut self, at: &At<T>, fault: Fault) {
        let place = self.place(at);
        self.push(place, Severity::Warning, fault);
    }

    pub(super) fn push(&mut self, place: Place, severity: Severity, fault: Fault) {
        self.list.push(Problem {
            place,
            severity,
            message: fault.message,
            hint: fault.hint,
        });
    }

    /// Keeps the value, or notes why there is none.
    pub(super) fn keep<V, T>(&mut self, at: &At<T>, value: Result<V, Fault>) -> Option<V> {
        value.map_err(|fault| self.error(at, fault)).ok()
    }
}

/// Whether the rules can be used: no problem is an error.
pub fn usable(problems: &[Problem]) -> bool {
    problems
        .iter()
        .all(|problem| problem.severity != Severity::Error)
}

/// What `drawbridge check` prints: one line a problem in file order, then one line that sums up.
pub fn report(problems: &[Problem]) -> String {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort();
    let mut text: String = sorted.iter().map(|p| format!("{p}\n")).collect();
    let errors = problems
        .iter()
        .filter(|p| p.severity == Severity::Error)
        .count();
    let warnings = problems.len() - errors;
    text.push_str(&match (errors, warnings) {
        (0, 0) => "no problems\n".to_owned(),
        _ => format!(
            "{}, {}\n",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    });
    text
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// Longest word that may be a slip for another, in bytes: longer than any name that rules hold.
const LONGEST_MEANT: usize = 256;

/// The known word nearest to what was written, when one is near enough to be meant.
pub(super) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Comparing costs time and memory by the product of the lengths.
    if written.len() > LONGEST_MEANT {
        return None;
    }
    // A third of the letters: `to.namespce` finds `namespace`, `db` finds nothing.
    let allowed = (written.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(written, word), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, word)| word)
}

/// `did you mean `x`?`, else the whole list: ``one of `a`, `b` ``.
pub(super) fn suggest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(word) = nearest(written, known.clone()) {
        return Some(format!("did you mean `{word}`?"));
    }
    let words: Vec<String> = known.into_iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => None,
        [only] => Some(format!("there is only {only}")),
        _ => Some(format!("there are {}", words.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_longer_than_any_name_means_no_other() {
        let name = "n".repeat(LONGEST_MEANT);
        let slip = format!("{}m", "n".repeat(LONGEST_MEANT - 1));
        assert_eq!(nearest(&slip, [name.as_str()]), Some(name.as_str()));
        assert_eq!(nearest(&format!("{name}n"), [name.as_str()]), None);
        // Compared with a dozen names, this would take gigabytes.
        let pasted = "n".repeat(10_000_000);
        assert_eq!(nearest(&pasted, ["connect"; 12]), None);
    }
}
