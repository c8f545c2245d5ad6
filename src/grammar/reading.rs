//! A text read with any reader: cleaned before, and a problem made a whole [`ParseError`] after.

use super::clean::{Clean, LONGEST_TEXT};
use super::problem::{ParseError, Problem};
use super::tokens::{Reader, Word};

/// Edits that are tried one after the other for the nearest valid form: more make it a guess.
const MOST_EDITS: usize = 4;

/// Reads a text with any reader: cleans it before, and completes the error after.
pub(super) fn reading<T: ToString>(
    text: &str,
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Result<T, ParseError> {
    if let Some((limit, _)) = text.char_indices().nth(LONGEST_TEXT) {
        return Err(ParseError {
            span: limit..text.len(),
            message: format!("the text is longer than {LONGEST_TEXT} characters"),
            hint: Some("ask for one path in one line".to_owned()),
            nearest: None,
        });
    }
    let clean = Clean::of(text);
    if clean.is_tangled() {
        return Err(ParseError {
            span: 0..text.len(),
            message: "too many addresses stand inside one another".to_owned(),
            hint: Some("write each address by itself".to_owned()),
            nearest: None,
        });
    }
    read(clean.text()).map_err(|problem| ParseError {
        nearest: nearest(clean.text(), &problem, &read),
        span: clean.to_original(problem.span),
        message: problem.message,
        hint: problem.hint,
    })
}

/// Reads a text that is one word, such as an endpoint in a flag.
pub(super) fn one_word<T: ToString>(
    text: &str,
    read: impl Fn(Word<'_>) -> Result<T, Problem>,
) -> Result<T, ParseError> {
    reading(text, |text| {
        let mut reader = Reader::of_ask(text);
        let word = reader
            .take()
            .map_or_else(|| reader.end(), |token| token.word);
        match reader.peek() {
            Some(next) => Err(next.word.problem("one word is expected here")),
            None => read(word),
        }
    })
}

/// Follows the edits that the problems suggest until the text reads. Its canonical form is the
/// answer: it reads back by construction, and shows how the person was understood.
fn nearest<T: ToString>(
    text: &str,
    problem: &Problem,
    read: impl Fn(&str) -> Result<T, Problem>,
) -> Option<String> {
    let mut text = text.to_owned();
    let mut edit = problem.edit.clone()?;
    for _ in 0..MOST_EDITS {
        text = edit.apply(&text)?;
        match read(&text) {
            Ok(value) => return Some(value.to_string()),
            Err(next) => edit = next.edit?,
        }
    }
    None
}
