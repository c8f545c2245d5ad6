//! Takes out of a text what must never be stored or does not belong to what was typed:
//! credentials, the wrappers that Slack puts around links, and invisible characters.
//!
//! Everything else in this module works on the cleaned text, so no value, message, hint or
//! suggestion can carry a password: there is no later place that would have to remember it.
//! Positions in the cleaned text are mapped back, so that errors point into what was typed.

mod credentials;

use std::ops::Range;

/// Longest text that is read, in characters: what Slack lets a person type into one message.
pub const LONGEST_TEXT: usize = 4_000;

/// How often a text is cleaned before it counts as hostile: each time takes off every wrapper and login that
/// shows, so only what was put inside one another on purpose needs more.
const MOST_PASSES: usize = 20;

/// The text without credentials, link wrappers and invisible characters: what callers may store
/// or show. [`super::parse()`] drops the same by itself. A text longer than [`LONGEST_TEXT`] ends
/// with the last whole word before that; of one with more wrappers inside one another than anybody pastes
/// nothing is left.
pub fn scrub(text: &str) -> String {
    Clean::of(text).text
}

/// A cleaned text that knows where each of its bytes came from.
#[derive(Debug)]
pub(super) struct Clean {
    text: String,
    /// For each byte of `text`, its place in the original.
    origin: Vec<usize>,
    /// Length of the original in bytes.
    original_len: usize,
    /// It could not be cleaned within [`MOST_PASSES`], so nothing of it is kept.
    tangled: bool,
}

impl Clean {
    /// Cleans until nothing is left to clean: taking a wrapper off can lay a credential bare.
    pub(super) fn of(text: &str) -> Self {
        let read = readable(text);
        let mut clean = Self {
            text: read.to_owned(),
            origin: (0..read.len()).collect(),
            original_len: text.len(),
            tangled: false,
        };
        for _ in 0..MOST_PASSES {
            let cuts = cuts(&clean.text);
            if cuts.is_empty() {
                return clean;
            }
            clean.cut(&cuts);
        }
        Self {
            text: String::new(),
            origin: Vec::new(),
            tangled: true,
            ..clean
        }
    }

    /// Whether so many wrappers stand inside one another that nothing of the text was kept.
    pub(super) const fn is_tangled(&self) -> bool {
        self.tangled
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place in the original of a span of the cleaned text.
    pub(super) fn to_original(&self, span: Range<usize>) -> Range<usize> {
        let at = |index: usize| self.origin.get(index).copied().unwrap_or(self.original_len);
        if span.is_empty() {
            return at(span.start)..at(span.start);
        }
        // The end is the byte after the last kept one, not the start of the next kept one:
        // otherwise a span before a cut would cover what was cut.
        at(span.start)..at(span.end - 1) + 1
    }

    /// The place in the cleaned text of a span of the original.
    pub(super) fn of_original(&self, span: Range<usize>) -> Range<usize> {
        let at = |place: usize| self.origin.partition_point(|origin| *origin < place);
        at(span.start)..at(span.end).max(at(span.start))
    }

    fn cut(&mut self, cuts: &[Range<usize>]) {
        let mut kept = vec![true; self.text.len()];
        for cut in cuts {
            if let Some(flags) = kept.get_mut(cut.clone()) {
                flags.fill(false);
            }
        }
        let is_kept = |index: usize| kept.get(index).copied().unwrap_or(true);
        self.text = self
            .text
            .char_indices()
            .filter(|(index, _)| is_kept(*index))
            .map(|(_, c)| c)
            .collect();
        let mut index = 0..kept.len();
        self.origin.retain(|_| index.next().is_none_or(is_kept));
    }
}

/// The part of a text that is looked at. It ends between two words: half a login has no `@` to be
/// known by.
fn readable(text: &str) -> &str {
    let Some((limit, _)) = text.char_indices().nth(LONGEST_TEXT) else {
        return text;
    };
    let head = text.get(..limit).unwrap_or_default();
    let end = head.rfind(char::is_whitespace).unwrap_or(0);
    head.get(..end).unwrap_or_default()
}

/// Everything to cut from a text in one pass, on character boundaries; may overlap.
fn cuts(text: &str) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    for segment in segments(text) {
        let part = text.get(segment.clone()).unwrap_or_default();
        let credentials = credentials::find(part);
        cuts.extend(credentials.map(|cut| segment.start + cut.start..segment.start + cut.end));
    }
    cuts.extend(links(text).flat_map(|link| {
        [
            link.outer.start..link.shown.start,
            link.shown.end..link.outer.end,
        ]
    }));
    let unseen = text.char_indices().filter(|(_, c)| is_invisible(*c));
    cuts.extend(unseen.map(|(at, c)| at..at + c.len_utf8()));
    cuts
}

/// Zero-width and direction-changing characters: they come along in pastes, and could make an
/// approver read another text than the one that counts. Joiners stay, because emoji and several
/// scripts need them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

/// A Slack link: `<https://db.orders|db.orders>` or `<https://db.orders>`.
struct Link {
    outer: Range<usize>,
    url: Range<usize>,
    label: Option<Range<usize>>,
    /// What stands for the link in the cleaned text: what the person saw, if that is an address,
    /// else the URL (so that a link called "dashboard" keeps its address in a reason).
    shown: Range<usize>,
}

/// The links of a text, in order. Mentions (`<@U…>`, `<#C…>`, `<!…>`) are none.
fn links(text: &str) -> impl Iterator<Item = Link> {
    text.match_indices('<').filter_map(|(open, _)| {
        let start = open + 1;
        // A bracket that opens inside is the one that counts.
        let inside = text.get(start..)?.split(['<', '>']).next()?;
        let end = start + inside.len();
        text.get(end..)?.strip_prefix('>')?;
        let (url, label) = match inside.split_once('|') {
            Some((url, label)) => (url, Some(label)),
            None => (inside, None),
        };
        let scheme_ends = url.find(':')?;
        let is_link = url.get(scheme_ends..)?.starts_with("://")
            || ["mailto", "tel"].contains(&url.get(..scheme_ends)?);
        if !is_link || url.contains(char::is_whitespace) {
            return None;
        }
        let url = start..start + url.len();
        let reads_as_address =
            |label: &str| label.contains(['/', '.', ':']) && !label.contains(char::is_whitespace);
        let shows_label = label.is_some_and(reads_as_address);
        let label = label.map(|label| end - label.len()..end);
        Some(Link {
            outer: open..end + 1,
            shown: label.clone().filter(|_| shows_label).unwrap_or(url.clone()),
            url,
            label,
        })
    })
}

/// The stretches in which a credential can stand: the parts of links, and words between them.
fn segments(text: &str) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut done = 0;
    for link in links(text) {
        words(text, done..link.outer.start, &mut segments);
        segments.push(link.url);
        segments.extend(link.label);
        done = link.outer.end;
    }
    words(text, done..text.len(), &mut segments);
    segments
}

fn words(text: &str, within: Range<usize>, into: &mut Vec<Range<usize>>) {
    let mut start = within.start;
    let part = text.get(within).unwrap_or_default();
    for word in part.split_inclusive(char::is_whitespace) {
        into.push(start..start + word.trim_end().len());
        start += word.len();
    }
}

#[cfg(test)]
mod tests;
