//! What a reader found wrong, and how a [`ParseError`] shows its spot.

use std::ops::Range;

use super::clean::Clean;

/// Longest word that is repeated in a message, in characters; the spot shows the rest.
const LONGEST_ECHO: usize = 40;

/// Widest line that [`ParseError::pointing`] prints, in characters: fits a phone held sideways.
const LINE: usize = 72;

/// Characters kept before the spot when a text is wider than [`LINE`].
const BEFORE_SPOT: usize = 24;

/// A fault in the cleaned text, with the one edit that would repair it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where, in bytes of the cleaned text.
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) hint: Option<String>,
    /// A guess at what was meant. It is only shown if the edited text reads well.
    pub(super) edit: Option<Edit>,
}

/// Replaces a stretch of the cleaned text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) with: String,
}

impl Problem {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            hint: None,
            edit: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Repaired by writing `with` in place of `range`.
    pub(super) fn edit(mut self, range: Range<usize>, with: impl Into<String>) -> Self {
        self.edit = Some(Edit {
            range,
            with: with.into(),
        });
        self
    }

    /// Repaired by writing `with` in place of the spot.
    pub(super) fn replace(self, with: impl Into<String>) -> Self {
        let span = self.span.clone();
        self.edit(span, with)
    }
}

impl Edit {
    /// The edited text, or `None` where the range does not fit it.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let before = text.get(..self.range.start)?;
        let after = text.get(self.range.end..)?;
        Some(format!("{before}{}{after}", self.with))
    }
}

/// A person's word in back-ticks, cut when long, without back-ticks of its own.
pub(super) fn quoted(word: &str) -> String {
    let mut shown: String = word.chars().take(LONGEST_ECHO).map(plain).collect();
    if word.chars().nth(LONGEST_ECHO).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn plain(c: char) -> char {
    match c {
        '`' => '\'',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// Why a text was not understood: where, why, and the nearest text that would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// Byte range of the spot in the text that was given to [`super::parse()`], on character
    /// boundaries. It may cover a password: show it with [`ParseError::pointing`] only.
    pub span: Range<usize>,
    /// The reason: lower case, no final period, the person's words in back-ticks.
    pub message: String,
    /// What to do next, when something can be said.
    pub hint: Option<String>,
    /// The nearest valid form of the whole text ("did you mean"), when there is one.
    pub nearest: Option<String>,
}

impl ParseError {
    /// The text with carets under the spot, for a monospace block. `text` is the text that was
    /// given to [`super::parse()`]; credentials are left out, long texts are cut around the spot.
    pub fn pointing(&self, text: &str) -> String {
        let clean = Clean::of(text);
        let span = clean.of_original(self.span.clone());
        let count = |part: Option<&str>| part.unwrap_or_default().chars().count();
        let start = count(clean.text().get(..span.start));
        let length = count(clean.text().get(span)).max(1);
        let (from, line) = window(clean.text(), start);
        let column = start.saturating_sub(from);
        let carets = length.min(line.chars().count().saturating_sub(column).max(1));
        format!("{line}\n{}{}", " ".repeat(column), "^".repeat(carets))
    }
}

/// The part of a text that is shown for a spot, and the character it begins with.
fn window(text: &str, spot: usize) -> (usize, String) {
    let length = text.chars().count();
    let from = if length <= LINE {
        0
    } else {
        spot.saturating_sub(BEFORE_SPOT).min(length - LINE)
    };
    let shown = |(column, c): (usize, char)| match c {
        _ if column == 0 && from > 0 => '…',
        _ if column + 1 == LINE && from + LINE < length => '…',
        c if c.is_whitespace() => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let visible = text.chars().skip(from).take(LINE);
    (from, visible.enumerate().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(span: Range<usize>) -> ParseError {
        ParseError {
            span,
            message: String::new(),
            hint: None,
            nearest: None,
        }
    }

    #[test]
    fn carets_stand_under_the_spot_in_characters_not_bytes() {
        let text = "é/web tö x";
        let at = text.find("tö").unwrap();
        assert_eq!(
            error(at..at + "tö".len()).pointing(text),
            "é/web tö x\n      ^^"
        );
    }

    #[test]
    fn the_end_of_the_text_can_be_pointed_at() {
        assert_eq!(error(3..3).pointing("a\nb"), "a b\n   ^");
        assert_eq!(error(0..0).pointing(""), "\n^");
    }

    #[test]
    fn a_long_text_is_cut_around_the_spot() {
        let text = format!("{} here {}", "a".repeat(200), "b".repeat(200));
        let shown = error(201..205).pointing(&text);
        let (line, carets) = shown.split_once('\n').unwrap();
        assert_eq!(line.chars().count(), LINE);
        assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
        assert_eq!(
            line.find("here").map(|at| line[..at].chars().count()),
            carets.find('^')
        );
    }

    #[test]
    fn pointing_leaves_credentials_out() {
        let text = "postgres://user:secret@db x";
        let at = text.find('x').unwrap();
        assert_eq!(
            error(at..at + 1).pointing(text),
            "postgres://db x\n              ^"
        );
    }

    #[test]
    fn echoed_words_are_short_and_cannot_close_their_back_ticks() {
        assert_eq!(quoted("a`b"), "`a'b`");
        assert_eq!(quoted(&"x".repeat(50)), format!("`{}…`", "x".repeat(40)));
    }
}
