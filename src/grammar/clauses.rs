//! The clauses after an ask: `on CLUSTER`, `for 30m`, `until 18:00`, `because …`, in any order.

use super::length::{self, LengthError};
use super::problem::{Problem, quoted};
use super::reading::reading;
use super::table::{self, Clause};
use super::tokens::{Reader, Token, Word};
use super::{Length, ParseError, Terms, names, time_of_day};
use crate::units::Seconds;

/// Longest reason in characters: fits a card's line budget and a policy's annotation, and is far
/// longer than any reason that a person reads before pressing a button.
pub const LONGEST_REASON: usize = 500;

/// A text that takes the rest of the line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Free {
    what: &'static str,
    /// What to do where it is empty.
    hint: &'static str,
}

/// The reason of an ask, an extension or a revocation.
pub(super) const REASON: Free = Free {
    what: "reason",
    hint: "say why after `because`; approvers read it",
};
/// The title of an incident.
pub(super) const TITLE: Free = Free {
    what: "title",
    hint: "say after `because` what it is about, or leave `because` out",
};
/// The review of an emergency.
pub(super) const REVIEW: Free = Free {
    what: "review",
    hint: "say after `because` what happened",
};

/// Reads a reason that comes without an ask around it (a form, the HTTP API), by the same rules:
/// trimmed, control characters and line ends as spaces, without credentials, not empty, not long.
///
/// # Errors
/// Empty, or longer than [`LONGEST_REASON`].
pub fn reason(text: &str) -> Result<String, ParseError> {
    reading(text, |text| {
        let word = Word::new(text, 0);
        read_text(word, word, REASON)
    })
}

/// Reads clauses to the end of the text. `unexpected` explains a word that begins none.
pub(super) fn terms<'t>(
    reader: &mut Reader<'t>,
    unexpected: &dyn Fn(&Reader<'t>, Token<'t>, &Terms) -> Problem,
) -> Result<Terms, Problem> {
    let mut terms = Terms::default();
    while let Some(token) = reader.take() {
        let keyword = token.word;
        match table::find_clause(keyword.text()) {
            Some(Clause::For) => {
                let length = length_after(keyword, reader)?;
                set(&mut terms.length, Length::For(length), keyword, "the time")?;
            }
            Some(Clause::Until) => {
                let word = argument(keyword, "a time of day, such as `until 18:00`", reader)?;
                let (hour, minute) = time_of_day::read(word.word)?;
                let length = Length::Until { hour, minute };
                set(&mut terms.length, length, keyword, "the time")?;
            }
            Some(Clause::On) => {
                let name = argument(keyword, "a cluster's name, such as `on prod-eu`", reader)?;
                if is_port_talk(name.word) {
                    return Err(unexpected(reader, name, &terms));
                }
                let cluster = names::cluster(name.word)?;
                set(&mut terms.cluster, cluster, keyword, "the cluster")?;
            }
            Some(Clause::Because) => terms.reason = Some(reason_after(token, reader)?),
            None => return Err(unexpected(reader, token, &terms)),
        }
    }
    Ok(terms)
}

/// `on port 5432` names no cluster.
fn is_port_talk(word: Word<'_>) -> bool {
    word.is("port") || word.is("ports") || word.text().bytes().all(|b| b.is_ascii_digit())
}

/// Everything after `because`.
pub(super) fn reason_after<'t>(
    token: Token<'t>,
    reader: &mut Reader<'t>,
) -> Result<String, Problem> {
    text_after(token, REASON, reader)
}

/// Everything after a token, by the rules of a reason.
pub(super) fn text_after<'t>(
    token: Token<'t>,
    free: Free,
    reader: &mut Reader<'t>,
) -> Result<String, Problem> {
    let rest = reader.take_text_after(token);
    read_text(rest, token.word, free)
}

/// `spot` is where an empty text is pointed out.
fn read_text(rest: Word<'_>, spot: Word<'_>, free: Free) -> Result<String, Problem> {
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let typed = rest.text().trim_start_matches(is_gap);
    let start = rest.end() - typed.len();
    let typed = typed.trim_end_matches(is_gap);
    if typed.is_empty() {
        return Err(spot
            .problem(format!("the {} is empty", free.what))
            .hint(free.hint));
    }
    if let Some((too_far, _)) = typed.char_indices().nth(LONGEST_REASON) {
        let count = typed.chars().count();
        return Err(Problem::new(
            start + too_far..start + typed.len(),
            format!(
                "the {} has {count} characters, {LONGEST_REASON} are the most",
                free.what
            ),
        )
        .hint(format!("give a short {} and link to the rest", free.what)));
    }
    let is_line_end = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    Ok(typed.replace(is_line_end, " "))
}

/// The length after `for`, with all its words.
pub(super) fn length_after<'t>(
    keyword: Word<'t>,
    reader: &mut Reader<'t>,
) -> Result<Seconds, Problem> {
    let first = argument(keyword, "a length of time, such as `for 30m`", reader)?.word;
    length_from(first, reader)
}

/// The length that begins with a word which was just taken.
pub(super) fn length_from<'t>(
    first: Word<'t>,
    reader: &mut Reader<'t>,
) -> Result<Seconds, Problem> {
    let mut end = first.end();
    if length::continues(first.text()) {
        let goes_on = |word: &str| length::continues(word) || length::is_nearly_a_unit(word);
        while let Some(next) = reader.peek().filter(|next| goes_on(next.word.text())) {
            end = next.word.end();
            reader.take();
        }
    }
    let typed = reader.text().get(first.start()..end).unwrap_or_default();
    length::read(typed).map_err(|error| wrong_length(&error, Word::new(typed, first.start())))
}

/// The problem of a word that is no length of time.
fn wrong_length(error: &LengthError, word: Word<'_>) -> Problem {
    let problem = word.problem(error.to_string()).hint(error.hint());
    match error.nearest() {
        Some(nearest) => problem.replace(length::write(nearest)),
        None => problem,
    }
}

/// The word after a keyword.
fn argument<'t>(
    keyword: Word<'t>,
    what: &str,
    reader: &mut Reader<'t>,
) -> Result<Token<'t>, Problem> {
    let is_argument = |next: &Token<'_>| table::find_clause(next.word.text()).is_none();
    match reader.peek().filter(is_argument) {
        Some(next) => {
            reader.take();
            Ok(next)
        }
        None => Err(keyword
            .problem(format!("nothing follows {}", quoted(keyword.text())))
            .hint(format!("add {what}"))),
    }
}

/// Fills a place that can be filled once.
pub(super) fn set<T>(
    place: &mut Option<T>,
    value: T,
    keyword: Word<'_>,
    what: &str,
) -> Result<(), Problem> {
    if place.is_some() {
        return Err(keyword
            .problem(format!("{what} is given twice"))
            .hint("leave one of them out"));
    }
    *place = Some(value);
    Ok(())
}
