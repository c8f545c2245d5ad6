//! `using TEMPLATE key=value …`: the inputs of a template, as typed.

use std::collections::BTreeMap;

use super::clauses;
use super::problem::{Problem, quoted};
use super::table;
use super::tokens::{Reader, Token, Word, closing_quote};
use super::{TemplateAsk, Terms, names, unexpected};

/// Reads what follows `using`.
pub(super) fn read(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<TemplateAsk, Problem> {
    let is_name = |token: &Token<'_>| table::find_clause(token.word.text()).is_none();
    let name = reader.peek().filter(is_name).ok_or_else(|| {
        keyword
            .problem("a template's name is missing")
            .hint("write `using TEMPLATE NAME=VALUE`, such as `using connect from=shop/web`")
    })?;
    reader.take();
    let template = names::template(name.word)?;
    let mut inputs = BTreeMap::new();
    while let Some(token) = reader.peek() {
        if table::find_clause(token.word.text()).is_some() {
            break;
        }
        reader.take();
        let (key, value) = input(token, reader)?;
        if inputs.contains_key(key) {
            return Err(token
                .word
                .problem(format!("the input {} is given twice", quoted(key)))
                .hint("leave one of them out"));
        }
        inputs.insert(key.to_owned(), value.to_owned());
    }
    let terms = clauses::terms(reader, &late_word)?;
    Ok(TemplateAsk {
        template,
        inputs,
        terms,
    })
}

/// An input's name and value.
fn input<'t>(token: Token<'t>, reader: &Reader<'t>) -> Result<(&'t str, &'t str), Problem> {
    let word = token.word;
    let Some((key, value)) = word.split_once('=') else {
        return Err(no_input(token, reader));
    };
    if !is_input_name(key.text()) {
        return Err(key
            .problem(format!("{} is not an input's name", quoted(key.text())))
            .hint("inputs are written `name=value`, without spaces around `=`"));
    }
    if value.text().is_empty() {
        return Err(without_value(key, token, reader));
    }
    Ok((key.text(), unquoted(value)?))
}

/// `key= value`, or nothing after the `=`.
fn without_value(key: Word<'_>, token: Token<'_>, reader: &Reader<'_>) -> Problem {
    let problem = token
        .word
        .problem(format!("the input {} has no value", quoted(key.text())))
        .hint("write `name=value` without spaces, or `name=\"\"` for an empty value");
    let is_value = |next: &Token<'_>| {
        !next.word.text().contains('=') && table::find_clause(next.word.text()).is_none()
    };
    match reader.peek().filter(is_value) {
        Some(value) => problem.edit(token.word.end()..value.word.start(), ""),
        None => problem,
    }
}

fn no_input(token: Token<'_>, reader: &Reader<'_>) -> Problem {
    let next = reader.peek().map(|next| next.word);
    if let Some(equals) = next.filter(|next| next.text().starts_with('=')) {
        return without_value(token.word, token, reader).edit(token.word.end()..equals.start(), "");
    }
    unexpected::clause_slip(token, reader).unwrap_or_else(|| {
        let word = token.word;
        word.problem(format!("{} is not an input", quoted(word.text())))
            .hint("inputs are written `name=value`, after the template's name")
    })
}

fn late_word(reader: &Reader<'_>, token: Token<'_>, _: &Terms) -> Problem {
    no_input(token, reader).hint("inputs come before `on`, `for` and `because`")
}

/// A letter, then letters, digits, `_`, `-` and `.`.
fn is_input_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

fn unquoted(value: Word<'_>) -> Result<&str, Problem> {
    let Some(closing) = value.text().chars().next().and_then(closing_quote) else {
        return Ok(value.text());
    };
    let inside = value.text().chars().next().map_or(0, char::len_utf8);
    value
        .text()
        .get(inside..)
        .and_then(|rest| rest.strip_suffix(closing))
        .filter(|rest| !rest.contains(closing))
        .ok_or_else(|| {
            value
                .problem("a quotation mark is not closed")
                .hint("close it at the end of the value, as in `note=\"two words\"`")
        })
}

/// An input as it is typed, with quotation marks where the value needs them.
pub(super) fn write(key: &str, value: &str) -> String {
    let needs_quotes = value.is_empty()
        || value.contains(char::is_whitespace)
        || value.ends_with([',', ';'])
        || value.starts_with(|c: char| closing_quote(c).is_some());
    if !needs_quotes {
        return format!("{key}={value}");
    }
    // A value that was typed never holds both marks: one of them was around it.
    let mark = if value.contains('"') { '\'' } else { '"' };
    format!("{key}={mark}{value}{mark}")
}
