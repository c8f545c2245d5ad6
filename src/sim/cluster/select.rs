//! Label selectors as text, as query strings carry them: `a=b,c!=d,e,!f,g in (h,i)`.

use std::collections::BTreeMap;

/// A parsed selector; every term must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads a selector; `Err` says what is wrong, in the server's words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        split(text)
            .into_iter()
            .map(|term| parse_term(term.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether labels fit.
    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|term| match term {
            Term::In(key, values) => labels.get(key).is_some_and(|v| values.contains(v)),
            // An object without the key is "not in".
            Term::NotIn(key, values) => labels.get(key).is_none_or(|v| !values.contains(v)),
            Term::Exists(key) => labels.contains_key(key),
            Term::Absent(key) => !labels.contains_key(key),
        })
    }
}

/// Splits at commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).collect()
}

fn parse_term(term: &str) -> Result<Term, String> {
    let one = |key: &str, value: &str| (key.trim().to_owned(), vec![value.trim().to_owned()]);
    if let Some((key, list)) = term.split_once(" notin ") {
        return Ok(Term::NotIn(key.trim().to_owned(), values(list)));
    }
    if let Some((key, list)) = term.split_once(" in ") {
        return Ok(Term::In(key.trim().to_owned(), values(list)));
    }
    if let Some((key, value)) = term.split_once("!=") {
        let (key, values) = one(key, value);
        return Ok(Term::NotIn(key, values));
    }
    if let Some((key, value)) = term.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        if value.contains('=') {
            return Err("unable to parse requirement: found '=', expected: identifier".to_owned());
        }
        let (key, values) = one(key, value);
        return Ok(Term::In(key, values));
    }
    Ok(match term.strip_prefix('!') {
        Some(key) => Term::Absent(key.trim().to_owned()),
        None => Term::Exists(term.to_owned()),
    })
}

fn values(list: &str) -> Vec<String> {
    let inner = list.trim().trim_start_matches('(').trim_end_matches(')');
    inner.split(',').map(|v| v.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_mean_what_kubernetes_says() {
        let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
        let cases = [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app=db", false),
            ("app!=db", true),
            ("tier!=db", true),
            ("app", true),
            ("!app", false),
            ("app in (db, web)", true),
            ("app notin (web),x", false),
            ("app=web,tier", false),
        ];
        for (text, expected) in cases {
            let selector = Selector::parse(text).unwrap();
            assert_eq!(selector.matches(&labels), expected, "{text}");
        }
        assert!(Selector::parse("a===").is_err());
    }
}
