//! Selectors as text, as query strings carry them: of labels (`a=b,c!=d,e,!f,g in (h,i)`), and of the two
//! fields that every kind has (`metadata.name=a,metadata.namespace!=b`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::reply::Reply;
use super::route::Call;
use super::world::{meta, texts};

/// What a list or a watch is about, of all that is in its place.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    labels: Selector,
    fields: Fields,
}

impl Selection {
    /// Reads both selectors of a call.
    pub(super) fn of(call: &Call) -> Result<Self, Reply> {
        let bad = |words: String| Reply::bad(&words);
        Ok(Self {
            labels: Selector::parse(call.query("labelSelector")).map_err(bad)?,
            fields: Fields::parse(call.query("fieldSelector")).map_err(bad)?,
        })
    }

    /// Whether it is about this object.
    pub(super) fn selects(&self, object: &Value) -> bool {
        self.labels.matches(&texts(object, "labels")) && self.fields.matches(object)
    }
}

/// A parsed field selector; every term must hold: a field of the metadata, whether it must be that, and
/// the value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields(Vec<(&'static str, bool, String)>);

impl Fields {
    fn parse(text: &str) -> Result<Self, String> {
        let terms = text.split(',').filter(|term| !term.is_empty());
        terms.map(parse_field).collect::<Result<_, _>>().map(Self)
    }

    fn matches(&self, object: &Value) -> bool {
        let holds =
            |(field, is, value): &(&str, bool, String)| (meta(object, field) == value) == *is;
        self.0.iter().all(holds)
    }
}

fn parse_field(term: &str) -> Result<(&'static str, bool, String), String> {
    let (field, is, value) = if let Some((field, value)) = term.split_once("!=") {
        (field, false, value)
    } else if let Some((field, value)) = term.split_once("==") {
        (field, true, value)
    } else {
        let whole = term.split_once('=');
        let (field, value) = whole
            .ok_or_else(|| format!("invalid selector: {term:?}; can't understand {term:?}"))?;
        (field, true, value)
    };
    let field = match field {
        "metadata.name" => "name",
        "metadata.namespace" => "namespace",
        other => {
            return Err(format!(
                "{other:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
            ));
        }
    };
    Ok((field, is, value.to_owned()))
}

/// A parsed selector; every term must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Selector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

impl Selector {
    /// Reads a selector; `Err` says what is wrong, in the server's words.
    fn parse(text: &str) -> Result<Self, String> {
        split(text)
            .into_iter()
            .map(|term| parse_term(term.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether labels fit.
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
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

    #[test]
    fn fields_mean_what_kubernetes_says() {
        let object = serde_json::json!({"metadata": {"name": "web", "namespace": "shop"}});
        let cases = [
            ("", true),
            ("metadata.name=web", true),
            ("metadata.name==web", true),
            ("metadata.name=db", false),
            ("metadata.name!=db,metadata.namespace=shop", true),
            ("metadata.name=web,metadata.namespace=orders", false),
        ];
        for (text, expected) in cases {
            let fields = Fields::parse(text).unwrap();
            assert_eq!(fields.matches(&object), expected, "{text}");
        }
        for wrong in ["metadata.name", "spec.nodeName=a"] {
            assert!(Fields::parse(wrong).is_err(), "{wrong}");
        }
    }
}
