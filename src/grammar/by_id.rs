//! Phrases about one request that say more than its id: `extend`, `revoke`, `review`.

use super::clauses::{self, Free, REASON, REVIEW};
use super::problem::{Problem, quoted};
use super::table::{self, Clause, Entry};
use super::tokens::{Reader, Word};
use super::{Phrase, suggest};
use crate::id::RequestId;
use crate::units::Seconds;

/// Words that people write where `for` belongs in `extend`.
const NOT_FOR: [&str; 5] = ["by", "another", "with", "until", "to"];

/// The id after a keyword.
pub(super) fn id(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<RequestId, Problem> {
    let Some(token) = reader.take() else {
        return Err(keyword
            .problem(format!("{} needs a request's id", quoted(keyword.text())))
            .hint("`mine` lists your requests with their ids"));
    };
    let word = token.word.strip_prefix('#').unwrap_or(token.word);
    word.text().parse().map_err(|_| {
        word.problem(format!("{} is not a request's id", quoted(word.text())))
            .hint("an id has six letters and digits, without 0, 1, i, l and o, such as `k7m3xq`")
    })
}

/// `revoke ID because REASON`
pub(super) fn revoke(
    entry: &Entry,
    keyword: Word<'_>,
    reader: &mut Reader<'_>,
) -> Result<Phrase, Problem> {
    let id = id(keyword, reader)?;
    let reason = because(entry, REASON, reader)?;
    Ok(Phrase::Revoke { id, reason })
}

/// `review ID because TEXT`
pub(super) fn review(
    entry: &Entry,
    keyword: Word<'_>,
    reader: &mut Reader<'_>,
) -> Result<Phrase, Problem> {
    let id = id(keyword, reader)?;
    let words = because(entry, REVIEW, reader)?;
    Ok(Phrase::Review { id, words })
}

/// `extend ID for LENGTH because REASON`; `for` may be left out.
pub(super) fn extend(
    entry: &Entry,
    keyword: Word<'_>,
    reader: &mut Reader<'_>,
) -> Result<Phrase, Problem> {
    let id = id(keyword, reader)?;
    let length = longer(keyword, reader)?;
    let reason = because(entry, REASON, reader)?;
    Ok(Phrase::Extend { id, length, reason })
}

/// How much longer.
fn longer(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Seconds, Problem> {
    let is_because = |word: Word<'_>| table::find_clause(word.text()) == Some(Clause::Because);
    let Some(word) = reader
        .peek()
        .map(|token| token.word)
        .filter(|word| !is_because(*word))
    else {
        return Err(keyword
            .problem(format!("{} does not say how long", quoted(keyword.text())))
            .hint("add a length of time after the id, such as `30m`"));
    };
    reader.take();
    if word.is("for") {
        return clauses::length_after(word, reader);
    }
    if NOT_FOR.iter().any(|other| word.is(other)) {
        return Err(word
            .problem(format!("{} is not expected here", quoted(word.text())))
            .hint("say how much longer, such as `for 30m`")
            .replace("for"));
    }
    clauses::length_from(word, reader).map_err(|problem| match word.strip_prefix('+') {
        Some(rest) if problem.edit.is_none() => problem.edit(word.start()..rest.start(), ""),
        _ => problem,
    })
}

/// The end of the phrase: nothing, or `because …`.
fn because(entry: &Entry, free: Free, reader: &mut Reader<'_>) -> Result<Option<String>, Problem> {
    let Some(token) = reader.take() else {
        return Ok(None);
    };
    let word = token.word;
    let problem = word.problem(format!("{} is not expected here", quoted(word.text())));
    match table::find_clause(word.text()) {
        Some(Clause::Because) => return clauses::text_after(token, free, reader).map(Some),
        Some(_) => {
            return Err(problem.hint(format!("the whole phrase is `{}`", entry.usage)));
        }
        None => {}
    }
    let is_other_word = table::clause_meant_by(word.text()) == Some("because");
    let is_slip = is_other_word || suggest::nearest(word.text(), ["because"]).is_some();
    Err(if is_slip && reader.peek().is_some() {
        problem.hint("did you mean `because`?").replace("because")
    } else {
        problem
            .hint("is `because` missing before it?")
            .edit(word.start()..word.start(), "because ")
    })
}
