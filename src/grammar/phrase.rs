//! Reads a whole phrase: which one it is, and what it says.

use super::endpoint::{self, Side};
use super::problem::{Problem, quoted};
use super::table::{self, Entry, LEAD_INS, PHRASES, Verb};
use super::tokens::{Reader, Token, Word};
use super::unexpected::{self, Spot};
use super::{Ask, Asking, Phrase, TemplateAsk, Terms};
use super::{away, by_id, clauses, incident, inputs, suggest};

const ASK_HINT: &str = "write `SOURCE to TARGET`, such as `shop/web to orders/db:5432`";

/// Reads a cleaned text.
pub(super) fn read(text: &str) -> Result<Phrase, Problem> {
    let mut reader = Reader::of_ask(text);
    let Some(first) = reader.peek() else {
        return Ok(Phrase::Form);
    };
    let word = first.word.text();
    if let Some(entry) = table::find(word) {
        reader.take();
        return by_verb(entry, first.word, reader);
    }
    if begins_an_ask(first, &reader) {
        return ask(&mut reader).map(Phrase::Ask);
    }
    unknown(first, reader)
}

fn by_verb(entry: &Entry, keyword: Word<'_>, mut reader: Reader<'_>) -> Result<Phrase, Problem> {
    let reader = &mut reader;
    let phrase = match entry.verb {
        // Whoever calls for help is not corrected.
        Verb::Help => return Ok(Phrase::Help),
        Verb::Ask => return ask(reader).map(Phrase::Ask),
        Verb::Using => return using(keyword, 1, reader).map(Phrase::Using),
        Verb::Reach => return ask(reader).map(Phrase::Reach),
        Verb::Approvers => return ask(reader).map(Phrase::Approvers),
        Verb::Emergency => return emergency(keyword, reader).map(Phrase::Emergency),
        Verb::Incident => return incident::read(keyword, reader),
        Verb::Away => return away::read(keyword, reader),
        Verb::Extend => return by_id::extend(entry, keyword, reader),
        Verb::Revoke => return by_id::revoke(entry, keyword, reader),
        Verb::Review => return by_id::review(entry, keyword, reader),
        Verb::History => return history(entry, keyword, reader),
        Verb::Show => Phrase::Show(by_id::id(keyword, reader)?),
        Verb::Done => Phrase::Done(by_id::id(keyword, reader)?),
        Verb::Cancel => Phrase::Cancel(by_id::id(keyword, reader)?),
        Verb::Mine => Phrase::Mine,
        Verb::Again => Phrase::Again,
        Verb::Back => Phrase::Back,
    };
    nothing_more(entry.usage, reader)?;
    Ok(phrase)
}

/// `using TEMPLATE …`, where the text's first `words` words have been read.
fn using(keyword: Word<'_>, words: usize, reader: &Reader<'_>) -> Result<TemplateAsk, Problem> {
    // Inputs are cut otherwise than the words of an ask.
    let mut reader = Reader::of_inputs(reader.text());
    for _ in 0..words {
        reader.take();
    }
    inputs::read(keyword, &mut reader)
}

/// What follows `emergency`: an ask in either form.
fn emergency(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Asking, Problem> {
    let Some(first) = reader.peek() else {
        return Err(keyword
            .problem(format!("{} needs an ask", quoted(keyword.text())))
            .hint("write it before the whole ask, as in `emergency shop/web to orders/db:5432`"));
    };
    if first.word.is("using") {
        return using(first.word, 2, reader).map(Asking::Using);
    }
    let is_lead_in = LEAD_INS.iter().any(|lead_in| first.word.is(lead_in));
    match reader.peek_at(1) {
        Some(second) if is_lead_in && !second.is_arrow() => Err(first
            .word
            .problem(format!(
                "{} is not expected here",
                quoted(first.word.text())
            ))
            .hint(format!("begin with the source: {ASK_HINT}"))
            .edit(first.word.start()..second.word.start(), "")),
        _ => ask(reader).map(Asking::Plain),
    }
}

/// `history TARGET 7d`
fn history(entry: &Entry, keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Phrase, Problem> {
    const FILLERS: [&str; 5] = ["for", "since", "last", "past", "of"];
    let Some(token) = reader.take() else {
        return Err(keyword
            .problem(format!("{} needs a target", quoted(keyword.text())))
            .hint("write `history TARGET`, such as `history orders/db 7d`"));
    };
    let word = token.word;
    let target = endpoint::read(word, Side::Target(None))?;
    if target.ports.is_some() {
        return Err(word
            .problem("a history has no port")
            .hint("it tells about all ports of the target; leave the port out")
            .replace(target.endpoint.to_string()));
    }
    let since = match reader.take().map(|token| token.word) {
        None => None,
        Some(filler) if FILLERS.iter().any(|other| filler.is(other)) => {
            let end = reader.peek().map_or(filler.end(), |next| next.word.start());
            return Err(filler
                .problem(format!("{} is not expected here", quoted(filler.text())))
                .hint(format!("the whole phrase is `{}`", entry.usage))
                .edit(filler.start()..end, ""));
        }
        Some(first) => Some(clauses::length_from(first, reader).map_err(|problem| {
            let is_bare = first.text().bytes().all(|b| b.is_ascii_digit());
            // Nobody looks back by the minute.
            if is_bare {
                problem.replace(format!("{}d", first.text()))
            } else {
                problem
            }
        })?),
    };
    nothing_more(entry.usage, reader)?;
    let target = target.endpoint;
    Ok(Phrase::History { target, since })
}

/// `shop/web …` or `shop to …`: only endpoints have such characters, and only a source is
/// followed by an arrow.
fn begins_an_ask(first: Token<'_>, reader: &Reader<'_>) -> bool {
    let is_endpoint = is_like_endpoint(first.word.text()) && !is_slash_command(first.word);
    let before_arrow = reader.peek_at(1).is_some_and(|second| second.is_arrow());
    is_endpoint || before_arrow || first.is_arrow()
}

fn is_like_endpoint(text: &str) -> bool {
    text.contains(['/', '.', ':', '=', '['])
}

/// `/access`, pasted with the ask.
fn is_slash_command(word: Word<'_>) -> bool {
    word.strip_prefix('/')
        .is_some_and(|name| !name.text().is_empty() && !is_like_endpoint(name.text()))
}

/// A first word that begins nothing: an empty courtesy, a slip, or the half of an endpoint.
fn unknown(first: Token<'_>, mut reader: Reader<'_>) -> Result<Phrase, Problem> {
    let word = first.word;
    let problem = word.problem(format!("{} begins no phrase", quoted(word.text())));
    let is_lead_in = LEAD_INS.iter().any(|lead_in| word.is(lead_in)) || is_slash_command(word);
    if let Some(second) = reader.peek_at(1).filter(|_| is_lead_in) {
        return Err(problem
            .hint(format!("begin with the source: {ASK_HINT}"))
            .edit(word.start()..second.word.start(), ""));
    }
    if let Some(meant) = verb_slip(word.text()) {
        let problem = problem
            .clone()
            .hint(format!("did you mean `{meant}`?"))
            .replace(meant);
        let repaired = problem.edit.as_ref().and_then(|e| e.apply(reader.text()));
        // Where the repair leads nowhere, `shop web to orders/db` is no slip of `show`; but a word
        // before a whole endpoint is no half of one.
        let helps = repaired.is_some_and(|text| read(&text).is_ok());
        let before_endpoint = reader
            .peek_at(1)
            .is_some_and(|second| is_like_endpoint(second.word.text()));
        if helps || before_endpoint || !reader.rest().iter().any(Token::is_arrow) {
            return Err(problem);
        }
    }
    if reader.rest().iter().any(Token::is_arrow) {
        return ask(&mut reader).map(Phrase::Ask);
    }
    Err(problem.hint(format!("{ASK_HINT}; `help` lists all phrases")))
}

/// The phrase's word that was meant by another.
fn verb_slip(word: &str) -> Option<&'static str> {
    let typed = word.to_ascii_lowercase();
    let other = PHRASES
        .iter()
        .find(|entry| entry.instead.contains(&typed.as_str()))
        .map(|entry| entry.word);
    let words = PHRASES.iter().map(|entry| entry.word);
    other.or_else(|| suggest::nearest(&typed, words.filter(|word| !word.is_empty())))
}

/// Refuses words after a phrase that is whole.
pub(super) fn nothing_more(usage: &str, reader: &Reader<'_>) -> Result<(), Problem> {
    let Some(next) = reader.peek() else {
        return Ok(());
    };
    Err(next
        .word
        .problem(format!("{} is not expected here", quoted(next.word.text())))
        .hint(format!("the whole phrase is `{usage}`"))
        .edit(next.word.start()..reader.text().len(), ""))
}

/// `SOURCE to TARGET:PORT` and its clauses.
fn ask(reader: &mut Reader<'_>) -> Result<Ask, Problem> {
    let first = reader.take();
    let Some(source) = first.filter(|token| !token.is_arrow()) else {
        let spot = first.map_or_else(|| reader.end(), |token| token.word);
        return Err(spot.problem("the source is missing").hint(ASK_HINT));
    };
    let from = endpoint::read(source.word, Side::Source)
        .map_err(|problem| join_source(problem, source, reader))?
        .endpoint;
    arrow(reader)?;
    let is_target = |token: &Token<'_>| table::find_clause(token.word.text()).is_none();
    let Some(token) = reader.take().filter(is_target) else {
        return Err(target_missing(reader.end()));
    };
    let target = endpoint::read(token.word, Side::Target(from.namespace()))
        .map_err(|problem| join_target(problem, token, reader))?;
    let bare_target = target.ports.is_none().then_some(token.word);
    let terms =
        clauses::terms(reader, &|reader: &Reader<'_>,
                                 token: Token<'_>,
                                 terms: &Terms| {
            unexpected::explain(&Spot {
                reader,
                token,
                bare_target,
                terms,
            })
        })?;
    Ok(Ask {
        from,
        to: target.endpoint,
        ports: target.ports,
        terms,
    })
}

fn target_missing(spot: Word<'_>) -> Problem {
    spot.problem("the target is missing").hint(ASK_HINT)
}

/// Takes the arrow between source and target.
fn arrow(reader: &mut Reader<'_>) -> Result<(), Problem> {
    const SLIPS: [&str; 8] = ["-", "--", "–", "—", ">", "into", "towards", "too"];
    let Some(token) = reader.take() else {
        return Err(target_missing(reader.end()));
    };
    if token.is_arrow() {
        return Ok(());
    }
    if let Some(problem) = unexpected::join_list(reader, token) {
        return Err(problem);
    }
    let word = token.word;
    let problem = word
        .problem("`to` is missing between source and target")
        .hint(ASK_HINT);
    let is_slip = SLIPS.iter().any(|slip| word.is(slip)) || word.is("ot") || word.is("tp");
    Err(if is_slip {
        problem.replace("to")
    } else if is_like_endpoint(word.text()) {
        problem.edit(word.start()..word.start(), "to ")
    } else {
        problem
    })
}

/// `shop web to …`: the slash between namespace and name was forgotten.
fn join_source(problem: Problem, source: Token<'_>, reader: &Reader<'_>) -> Problem {
    let before_arrow = reader.peek_at(1).is_some_and(|token| token.is_arrow());
    match reader
        .peek()
        .filter(|next| before_arrow && !next.is_arrow())
    {
        Some(name) => join(problem, source.word, name.word),
        None => problem,
    }
}

/// `… to orders db:5432`
fn join_target(problem: Problem, target: Token<'_>, reader: &Reader<'_>) -> Problem {
    match reader.peek() {
        Some(name) if name.word.text().contains(':') => join(problem, target.word, name.word),
        _ => problem,
    }
}

fn join(problem: Problem, namespace: Word<'_>, name: Word<'_>) -> Problem {
    let is_plain = |word: Word<'_>| {
        let text = word.text();
        !text.contains('/') && text.starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    if is_like_endpoint(namespace.text()) || !is_plain(namespace) || !is_plain(name) {
        return problem;
    }
    problem.edit(namespace.end()..name.start(), "/")
}
