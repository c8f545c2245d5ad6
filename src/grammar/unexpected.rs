//! Explains a word that stands where a clause should begin: a slip, a forgotten keyword, a port
//! that lost its colon, a second target.

use super::problem::{Problem, quoted};
use super::table::{self, CLAUSES, Clause};
use super::tokens::{Reader, Token, Word};
use super::{Terms, length, names, ports, suggest, time_of_day};

const CLAUSE_HINT: &str =
    "after the target come `on CLUSTER`, `for 30m` or `until 18:00`, and `because …`";

/// What is known where the word stands.
pub(super) struct Spot<'r, 't> {
    pub(super) reader: &'r Reader<'t>,
    pub(super) token: Token<'t>,
    /// The target's word, while it has no ports.
    pub(super) bare_target: Option<Word<'t>>,
    pub(super) terms: &'r Terms,
}

/// The explanations, most certain first; the first that fits is given.
const EXPLANATIONS: [fn(&Spot<'_, '_>) -> Option<Problem>; 8] = [
    second_arrow,
    list_with_space,
    lost_port,
    lost_for,
    lost_until,
    |spot| clause_slip(spot.token, spot.reader),
    second_target,
    lost_because,
];

/// Explains the word.
pub(super) fn explain(spot: &Spot<'_, '_>) -> Problem {
    let given = EXPLANATIONS.iter().find_map(|explain| explain(spot));
    given.unwrap_or_else(|| not_expected(spot.token.word).hint(CLAUSE_HINT))
}

fn not_expected(word: Word<'_>) -> Problem {
    word.problem(format!("{} is not expected here", quoted(word.text())))
}

fn second_arrow(spot: &Spot<'_, '_>) -> Option<Problem> {
    spot.token.is_arrow().then(|| {
        not_expected(spot.token.word).hint("one ask opens one path; ask for the second by itself")
    })
}

/// `orders/db:5432, 9187`
fn list_with_space(spot: &Spot<'_, '_>) -> Option<Problem> {
    join_list(spot.reader, spot.token)
}

/// The problem of a list with a space after its comma.
pub(super) fn join_list(reader: &Reader<'_>, token: Token<'_>) -> Option<Problem> {
    let previous = reader.before_last()?;
    let goes_on = previous.ends_with_comma(reader.text())
        && table::find_clause(token.word.text()).is_none()
        && !token.is_arrow();
    goes_on.then(|| {
        not_expected(token.word)
            .hint("lists are written without spaces, such as `5432,9187`; one ask has one target")
            .edit(previous.word.end()..token.word.start(), ",")
    })
}

/// `orders/db 5432`, `orders/db on port 5432`
fn lost_port(spot: &Spot<'_, '_>) -> Option<Problem> {
    let target = spot.bare_target?;
    let word = spot.token.word;
    let (port, after) = if word.is("port") || word.is("ports") {
        (spot.reader.peek()?.word, spot.reader.peek_at(1))
    } else {
        (word, spot.reader.peek())
    };
    let between = spot.reader.text().get(target.end()..port.start())?;
    let only_filler = between.split_whitespace().all(|filler| {
        let filler = filler.trim_matches(':').to_ascii_lowercase();
        ["", "port", "ports", "on", "at"].contains(&filler.as_str())
    });
    // `30m` and `20 minutes` begin with a digit too.
    let is_length = length::read(port.text()).is_ok()
        || after.is_some_and(|next| length::continues(next.word.text()));
    let begins_with_digit = port.text().starts_with(|c: char| c.is_ascii_digit());
    let is_port = begins_with_digit && !is_length && ports::read(port).is_ok();
    (only_filler && is_port).then(|| {
        not_expected(word)
            .hint("the port follows the target after a colon, as in `orders/db:5432`")
            .edit(target.end()..port.end(), format!(":{}", port.text()))
    })
}

/// `orders/db:5432 30m`
fn lost_for(spot: &Spot<'_, '_>) -> Option<Problem> {
    let word = spot.token.word;
    let next = spot.reader.peek().map(|next| next.word);
    let in_words = next.and_then(|next| spot.reader.text().get(word.start()..next.end()));
    let reads = |text: &str| length::read(text).is_ok();
    let fits = spot.terms.length.is_none() && (reads(word.text()) || in_words.is_some_and(reads));
    fits.then(|| lost_keyword(word, "for"))
}

/// `orders/db:5432 18:00`
fn lost_until(spot: &Spot<'_, '_>) -> Option<Problem> {
    let word = spot.token.word;
    let fits = spot.terms.length.is_none() && time_of_day::is_time(word.text());
    fits.then(|| lost_keyword(word, "until"))
}

fn lost_keyword(word: Word<'_>, keyword: &str) -> Problem {
    not_expected(word)
        .hint(format!("is `{keyword}` missing before it?"))
        .edit(word.start()..word.start(), format!("{keyword} "))
}

/// A clause's keyword mistyped, or another word for it: `form 30m`, `in prod-eu`.
pub(super) fn clause_slip(token: Token<'_>, reader: &Reader<'_>) -> Option<Problem> {
    let typed = token.word.text().to_ascii_lowercase();
    let slips = suggest::near(&typed, CLAUSES.iter().map(|clause| clause.word));
    let meant = table::clause_meant_by(&typed);
    let meant = meant
        .into_iter()
        .chain(slips)
        .find(|word| fits(word, reader))?;
    Some(
        not_expected(token.word)
            .hint(format!("did you mean `{meant}`?"))
            .replace(meant),
    )
}

/// Whether what comes next can follow the keyword: `on` is not meant in `no idea what it is`.
fn fits(keyword: &str, reader: &Reader<'_>) -> bool {
    let Some(next) = reader.peek().map(|next| next.word.text()) else {
        return false;
    };
    let is_prose = reader
        .peek_at(1)
        .is_some_and(|word| table::find_clause(word.word.text()).is_none());
    match table::find_clause(keyword) {
        Some(Clause::For) => length::continues(next),
        Some(Clause::Until) => time_of_day::is_time(next),
        Some(Clause::On) => !is_prose && names::is_dns_subdomain(&next.to_ascii_lowercase()),
        Some(Clause::Because) => true,
        None => false,
    }
}

/// `orders/db:5432 and vault/api:8200`
fn second_target(spot: &Spot<'_, '_>) -> Option<Problem> {
    let word = spot.token.word;
    let joins = ["and", "or", "&", "+", "plus"];
    let is_joined = joins.iter().any(|join| word.is(join));
    (is_joined || word.text().contains('/'))
        .then(|| not_expected(word).hint("one ask opens one path; ask for the second by itself"))
}

/// Prose at the end: `orders/db:5432 for 30m INC-42 slow queries`.
fn lost_because(spot: &Spot<'_, '_>) -> Option<Problem> {
    let word = spot.token.word;
    let is_keyword = |token: &Token<'_>| table::find_clause(token.word.text()).is_some();
    let rest = spot.reader.rest();
    let is_ticket = word.text().contains('-') && word.text().contains(|c: char| c.is_ascii_digit());
    let is_prose = (is_ticket || !rest.is_empty()) && !rest.iter().any(is_keyword);
    is_prose.then(|| lost_keyword(word, "because"))
}
