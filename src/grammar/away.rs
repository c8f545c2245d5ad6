//! `away until DAY to @PERSON`: who decides in somebody's place, and for how long.
//!
//! The person is known by the id in Slack's mention only: a name that was typed could be anybody's.

use super::clauses::{self, set};
use super::problem::{Problem, quoted};
use super::table::{self, Clause};
use super::tokens::{Reader, Token, Word};
use super::{Phrase, Until, day, length, suggest, time_of_day};

const END_HINT: &str = "write `until 2026-12-24`, `until 18:00` or `for 3d`";
const PERSON_HINT: &str = "choose the name from the list that Slack shows";

/// Longest user id that is read. Slack's have 9 to 11 characters and may grow.
const LONGEST_ID: usize = 32;

/// Words that people write where `to` belongs.
const NOT_TO: [&str; 6] = ["with", "via", "by", "too", "delegate", "into"];

/// Reads what follows `away`: the end and the person, in either order.
pub(super) fn read(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Phrase, Problem> {
    let mut until = None;
    let mut to = None;
    while let Some(token) = reader.take() {
        let word = token.word;
        match table::find_clause(word.text()) {
            _ if token.is_arrow() => set(&mut to, person(word, reader)?, word, "the person")?,
            Some(Clause::For) => {
                let length = clauses::length_after(word, reader)?;
                set(&mut until, Until::For(length), word, "the time")?;
            }
            Some(Clause::Until) => set(&mut until, end(word, reader)?, word, "the time")?,
            _ => return Err(unexpected(token, reader)),
        }
    }
    let missing = |what: &str, hint: &str| {
        keyword
            .problem(format!("{} does not say {what}", quoted(keyword.text())))
            .hint(hint)
    };
    let until = until.ok_or_else(|| missing("how long", END_HINT))?;
    let to = to.ok_or_else(|| {
        missing(
            "who decides instead",
            "add `to` and choose the name from the list that Slack shows",
        )
    })?;
    Ok(Phrase::Away { until, to })
}

/// The word after `keyword`, unless another clause begins there.
fn argument<'t>(
    keyword: Word<'_>,
    hint: &str,
    reader: &mut Reader<'t>,
) -> Result<Token<'t>, Problem> {
    let is_clause =
        |next: &Token<'_>| next.is_arrow() || table::find_clause(next.word.text()).is_some();
    let next = reader.peek().filter(|next| !is_clause(next));
    let next = next.ok_or_else(|| {
        keyword
            .problem(format!("nothing follows {}", quoted(keyword.text())))
            .hint(hint)
    })?;
    reader.take();
    Ok(next)
}

/// The id in a mention, `<@U123>` or `<@U123|lee>`.
fn person(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<String, Problem> {
    let first = argument(keyword, PERSON_HINT, reader)?.word;
    let mut end = first.end();
    // The name after the bar may have spaces.
    if first.text().starts_with("<@") && first.text().contains('|') {
        while !reader
            .text()
            .get(first.start()..end)
            .is_some_and(|text| text.ends_with('>'))
        {
            let Some(next) = reader.take() else { break };
            end = next.word.end();
        }
    }
    let typed = reader.text().get(first.start()..end).unwrap_or_default();
    mentioned(typed).ok_or_else(|| {
        let word = Word::new(typed, first.start());
        word.problem(format!("{} is not a mention", quoted(typed)))
            .hint(PERSON_HINT)
    })
}

/// The user's id in a mention. Ids are capitals and digits and begin with `U` or `W`
/// (<https://api.slack.com/changelog/2016-08-11-user-id-format-changes>); nothing else is repaired
/// into one.
fn mentioned(text: &str) -> Option<String> {
    let inside = text.strip_prefix("<@")?.strip_suffix('>')?;
    let id = inside.split('|').next()?;
    let is_id = (2..=LONGEST_ID).contains(&id.len())
        && id.starts_with(['U', 'W'])
        && id
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let is_one = !inside.contains(['<', '>']);
    (is_id && is_one).then(|| id.to_owned())
}

/// What follows `until`: a day or a time of day.
fn end(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Until, Problem> {
    let first = argument(keyword, END_HINT, reader)?.word;
    if let Some(day) = day::read(first.text()) {
        return Ok(Until::Day(day));
    }
    if let Ok((hour, minute)) = time_of_day::read(first) {
        return Ok(Until::Time { hour, minute });
    }
    let typed = in_words(first, reader);
    let problem = typed
        .problem(format!(
            "{} is not a day or a time of day",
            quoted(typed.text())
        ))
        .hint("write a day as in `2026-12-24`, a time of your own clock as in `18:00`");
    // `18` and `12.12` could be either, so only what has a sign of its own is taken for a time.
    let is_like_time = first.text().contains([':', 'h', 'H', 'm', 'M']);
    let time = time_of_day::read(first)
        .err()
        .and_then(|problem| problem.edit);
    Err(match (day::guess(typed.text()), time) {
        (Some(day), _) => problem.replace(day::write(day)),
        (None, Some(edit)) if is_like_time => problem.edit(edit.range, edit.with),
        _ => problem,
    })
}

/// `24 December 2026`: all words of a day, where it seems to be one.
fn in_words<'t>(first: Word<'t>, reader: &mut Reader<'t>) -> Word<'t> {
    let mut end = first.end();
    if day::continues(first.text()) {
        for _ in 1..day::MOST_WORDS {
            let Some(next) = reader
                .peek()
                .filter(|next| day::continues(next.word.text()))
            else {
                break;
            };
            end = next.word.end();
            reader.take();
        }
    }
    let text = reader.text().get(first.start()..end).unwrap_or_default();
    Word::new(text, first.start())
}

/// A word that begins neither the end nor the person.
fn unexpected(token: Token<'_>, reader: &Reader<'_>) -> Problem {
    let word = token.word;
    let problem = word.problem(format!("{} is not expected here", quoted(word.text())));
    let lost = |keyword: &str| {
        problem
            .clone()
            .hint(format!("is `{keyword}` missing before it?"))
            .edit(word.start()..word.start(), format!("{keyword} "))
    };
    let meant = |keyword: &str| {
        problem
            .clone()
            .hint(format!("did you mean `{keyword}`?"))
            .replace(keyword)
    };
    if table::find_clause(word.text()) == Some(Clause::Because) {
        return problem
            .hint("an absence needs no reason")
            .edit(word.start()..reader.text().len(), "");
    }
    if ["and", "or", "&"].iter().any(|join| word.is(join)) {
        return problem.hint("one person decides instead; name one");
    }
    let is_day = |text: &str| day::read(text).or_else(|| day::guess(text)).is_some();
    let text = word.text();
    if text.starts_with('@') || text.starts_with("<@") {
        return lost("to");
    }
    if time_of_day::is_time(text) || is_day(text) {
        return lost("until");
    }
    if length::continues(text) {
        return lost("for");
    }
    let before_mention = reader
        .peek()
        .is_some_and(|next| next.word.text().starts_with("<@"));
    if before_mention && NOT_TO.iter().any(|other| word.is(other)) {
        return meant("to");
    }
    let clause = table::clause_meant_by(text)
        .or_else(|| suggest::nearest(text, ["until", "for"]))
        .filter(|clause| ["until", "for"].contains(clause));
    match clause {
        Some(keyword) => meant(keyword),
        None => problem.hint("after `away` come `until DAY` or `for 3d`, and `to @PERSON`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_mention_of_a_person_names_one() {
        for (text, id) in [
            ("<@U123>", Some("U123")),
            ("<@W0AB|lee>", Some("W0AB")),
            ("<@U123|Lee von Ohm>", Some("U123")),
            ("<@U123|>", Some("U123")),
            ("<@U>", None),
            ("<@u123>", None),
            ("<@B123>", None),
            ("<@U12é>", None),
            ("<@U123", None),
            ("@U123", None),
            ("U123", None),
            ("<#C123>", None),
            ("<!subteam^S123>", None),
            ("<@U123><@U124>", None),
            ("<@U123|a><@U124|b>", None),
            ("<@U1 23>", None),
            ("<@|U123>", None),
            ("", None),
        ] {
            assert_eq!(mentioned(text).as_deref(), id, "{text}");
        }
        assert_eq!(mentioned(&format!("<@U{}>", "1".repeat(LONGEST_ID))), None);
    }
}
