//! Words that know where they stand, and the reader that hands them out one by one.

use std::ops::Range;

use super::problem::Problem;

/// Characters that people, editors and chat put around a word.
const OPENING: [char; 8] = ['`', '"', '\'', '“', '”', '‘', '’', '('];
/// The same after a word, and the punctuation that ends it.
const CLOSING: [char; 16] = [
    '`', '"', '\'', '“', '”', '‘', '’', ')', ',', ';', '.', '!', '?', ':', '…', '。',
];
/// Quotation marks that hold an input's value together, with their closing halves.
const QUOTES: [(char, char); 5] = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’')];
/// Arrows as one character; `->`, `-->` and `=>` are found by their `>`.
const ARROWS: [char; 6] = ['→', '⇒', '⟶', '⟹', '➜', '➔'];

/// A stretch of the cleaned text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'t> {
    text: &'t str,
    start: usize,
}

impl<'t> Word<'t> {
    pub(super) fn new(text: &'t str, start: usize) -> Self {
        Self { text, start }
    }

    pub(super) fn text(self) -> &'t str {
        self.text
    }

    pub(super) fn start(self) -> usize {
        self.start
    }

    pub(super) fn end(self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn span(self) -> Range<usize> {
        self.start..self.end()
    }

    /// Whether this is the keyword, in any case.
    pub(super) fn is(self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    pub(super) fn problem(self, message: impl Into<String>) -> Problem {
        Problem::new(self.span(), message)
    }

    /// What comes before and after the first `separator`.
    pub(super) fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        let after_start = self.end() - after.len();
        Some((Self::new(before, self.start), Self::new(after, after_start)))
    }

    /// What comes before and after the last `separator`.
    pub(super) fn rsplit_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.rsplit_once(separator)?;
        let after_start = self.end() - after.len();
        Some((Self::new(before, self.start), Self::new(after, after_start)))
    }

    /// The parts between separators.
    pub(super) fn split(self, separator: char) -> impl Iterator<Item = Self> {
        let mut start = self.start;
        self.text.split(separator).map(move |part| {
            let word = Self::new(part, start);
            start += part.len() + separator.len_utf8();
            word
        })
    }

    /// The word without `prefix`, where it has it.
    pub(super) fn strip_prefix(self, prefix: char) -> Option<Self> {
        let rest = self.text.strip_prefix(prefix)?;
        Some(Self::new(rest, self.end() - rest.len()))
    }

    fn trim(self, opening: &[char], closing: &[char]) -> Self {
        let rest = self.text.trim_start_matches(opening);
        let start = self.end() - rest.len();
        let mut text = rest.trim_end_matches(closing);
        // `2001:db8::` ends with colons of its own.
        if rest
            .get(text.len()..)
            .is_some_and(|cut| cut.starts_with("::"))
        {
            text = rest.get(..text.len() + 2).unwrap_or(text);
        }
        Self::new(text, start)
    }
}

/// A word freed from the punctuation around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) word: Word<'t>,
    /// End of the word with its punctuation.
    pub(super) raw_end: usize,
}

impl Token<'_> {
    /// `to`, `->`, `→`, `=>`.
    pub(super) fn is_arrow(&self) -> bool {
        let text = self.word.text();
        self.word.is("to") || arrow_in(text) == Some(0..text.len())
    }

    /// Whether a list seems to go on after this word: `5432, 9187`.
    pub(super) fn ends_with_comma(&self, text: &str) -> bool {
        text.get(self.word.end()..self.raw_end)
            .is_some_and(|cut| cut.contains(','))
    }
}

/// Hands out the tokens of a text.
#[derive(Debug, Clone)]
pub(super) struct Reader<'t> {
    text: &'t str,
    tokens: Vec<Token<'t>>,
    next: usize,
}

impl<'t> Reader<'t> {
    /// Cuts at white space and around arrows.
    pub(super) fn of_ask(text: &'t str) -> Self {
        let text = unwrapped(text);
        let tokens = chunks(text, char::is_whitespace)
            .flat_map(around_arrows)
            .filter_map(token)
            .collect();
        Self::new(text, tokens)
    }

    /// Cuts at white space outside quoted values (`note="two words"`); values stay as typed.
    pub(super) fn of_inputs(text: &'t str) -> Self {
        let text = unwrapped(text);
        let mut place = Place::Name;
        let tokens = chunks(text, |c| {
            place = place.after(c);
            place == Place::Gap
        })
        .filter_map(|chunk| {
            if chunk.text().contains('=') {
                let word = chunk.trim(&[], &[',', ';']);
                let raw_end = chunk.end();
                Some(Token { word, raw_end })
            } else {
                token(chunk)
            }
        })
        .collect();
        Self::new(text, tokens)
    }

    fn new(text: &'t str, tokens: Vec<Token<'t>>) -> Self {
        Self {
            text,
            tokens,
            next: 0,
        }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn take(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?;
        self.next += 1;
        Some(token)
    }

    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.peek_at(0)
    }

    /// The token after `skip` further ones.
    pub(super) fn peek_at(&self, skip: usize) -> Option<Token<'t>> {
        self.tokens.get(self.next + skip).copied()
    }

    /// The token before the one that was taken last.
    pub(super) fn before_last(&self) -> Option<Token<'t>> {
        self.tokens.get(self.next.checked_sub(2)?).copied()
    }

    /// What is left, without moving on.
    pub(super) fn rest(&self) -> &[Token<'t>] {
        self.tokens.get(self.next..).unwrap_or_default()
    }

    /// The text after `token`, as typed; no tokens are left then.
    pub(super) fn take_text_after(&mut self, token: Token<'t>) -> Word<'t> {
        self.next = self.tokens.len();
        let start = token.raw_end;
        Word::new(self.text.get(start..).unwrap_or_default(), start)
    }

    /// The empty word at the end of the text: the spot where something is missing.
    pub(super) fn end(&self) -> Word<'t> {
        let end = self.text.trim_end().len();
        Word::new(self.text.get(end..end).unwrap_or_default(), end)
    }
}

/// The quotation mark that closes what `c` opens.
pub(super) fn closing_quote(c: char) -> Option<char> {
    QUOTES
        .into_iter()
        .find(|(opening, _)| *opening == c)
        .map(|(_, closing)| closing)
}

/// The text without the marks that close it, where one pair is around the whole of it: they are no
/// part of the reason. The opening marks stay, so that no place moves; the first word loses them.
fn unwrapped(text: &str) -> &str {
    let trimmed = text.trim_end();
    let opened = text.trim_start();
    let Some(opening) = opened.chars().next() else {
        return text;
    };
    let Some(closing) = closing_quote(opening) else {
        return text;
    };
    let inside = opened.trim_start_matches(opening).trim_end();
    let inner = inside.trim_end_matches(closing);
    let is_around_all = inner.len() < inside.len() && !inner.contains([opening, closing]);
    if is_around_all {
        trimmed.trim_end_matches(closing)
    } else {
        text
    }
}

/// Where in an input a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Gap,
    /// Before the first `=`.
    Name,
    /// Right after the first `=`, where a quotation mark begins a quoted value.
    Equals,
    Value,
    /// In a quoted value that ends with this mark.
    Quoted(char),
}

impl Place {
    fn after(self, c: char) -> Self {
        match self {
            Self::Quoted(closing) if c == closing => Self::Value,
            Self::Quoted(closing) => Self::Quoted(closing),
            _ if c.is_whitespace() => Self::Gap,
            Self::Gap | Self::Name if c == '=' => Self::Equals,
            Self::Gap | Self::Name => Self::Name,
            Self::Equals => closing_quote(c).map_or(Self::Value, Self::Quoted),
            Self::Value => Self::Value,
        }
    }
}

/// The stretches between gaps.
fn chunks(text: &str, is_gap: impl FnMut(char) -> bool) -> impl Iterator<Item = Word<'_>> {
    let mut start = 0;
    text.split(is_gap)
        .map(move |part| {
            // The pieces lie one behind the other with one gap character between them.
            let word = Word::new(part, start);
            let gap = text.get(word.end()..).and_then(|rest| rest.chars().next());
            start = word.end() + gap.map_or(0, char::len_utf8);
            word
        })
        .filter(|word| !word.text().is_empty())
}

fn around_arrows(chunk: Word<'_>) -> Vec<Word<'_>> {
    let part = |range: Range<usize>| {
        let text = chunk.text().get(range.clone()).unwrap_or_default();
        Word::new(text, chunk.start() + range.start)
    };
    match arrow_in(chunk.text()) {
        Some(arrow) => vec![
            part(0..arrow.start),
            part(arrow.clone()),
            part(arrow.end..chunk.text().len()),
        ],
        None => vec![chunk],
    }
}

/// The first arrow in a text.
fn arrow_in(text: &str) -> Option<Range<usize>> {
    let head = text.find(|c| c == '>' || ARROWS.contains(&c))?;
    let c = text.get(head..)?.chars().next()?;
    let end = head + c.len_utf8();
    if c != '>' {
        return Some(head..end);
    }
    let shaft = text.get(..head)?.trim_end_matches(['-', '=']).len();
    (shaft < head).then_some(shaft..end)
}

/// The token of a chunk; `None` for punctuation that stands alone.
fn token(chunk: Word<'_>) -> Option<Token<'_>> {
    let word = chunk.trim(&OPENING, &CLOSING);
    (!word.text().is_empty()).then_some(Token {
        word,
        raw_end: chunk.end(),
    })
}

#[cfg(test)]
mod tests;
