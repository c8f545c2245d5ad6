//! Texts that may hold `${…}`: names of groups and channels that depend on the ask's ends.
//!
//! The text is split when it is loaded, and values go in as values: nothing that is inserted is
//! read again. INVARIANT (approvers are not the requester's to choose): only what the cluster says
//! about the two ends can be inserted, and labels only by the keys that the configuration allows.

use std::collections::BTreeSet;

use super::condition::{Insert, Scope};
use super::problem::{Fault, nearest};

/// A text, in pieces.
#[derive(Debug, Clone)]
pub(super) struct Text {
    written: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Insert(Insert),
}

impl Text {
    /// Splits a text and checks what it inserts. `label_keys` are the namespace labels that may be
    /// inserted.
    pub(super) fn compile(written: &str, label_keys: &BTreeSet<String>) -> Result<Self, Fault> {
        let pieces = split(written)?
            .into_iter()
            .map(|part| match part {
                Part::Literal(literal) => Ok(Piece::Literal(literal.to_owned())),
                Part::Expression(expression) => {
                    let insert = Insert::compile(expression)?;
                    check_paths(&insert, label_keys)?;
                    Ok(Piece::Insert(insert))
                }
            })
            .collect::<Result<_, Fault>>()?;
        let written = written.to_owned();
        Ok(Self { written, pieces })
    }

    /// The text, where it is the same for every ask.
    pub(super) fn fixed(&self) -> Option<&str> {
        self.pieces
            .iter()
            .all(|piece| matches!(piece, Piece::Literal(_)))
            .then_some(self.written.as_str())
    }

    /// The text for one ask. Something inserted that is empty is an error: `@${team}-oncall` must not
    /// turn into the group `@-oncall`.
    pub(super) fn value(&self, scope: &Scope) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Insert(insert) => match insert.value(scope)? {
                    value if value.trim().is_empty() => return Err("it is empty".to_owned()),
                    value => text.push_str(&value),
                },
            }
        }
        Ok(text)
    }

    /// Whether it inserts something from this root of the ask (`from`, `to`).
    pub(super) fn inserts(&self, root: &str) -> bool {
        let reads = |insert: &Insert| {
            let roots = insert.paths().iter().filter_map(|path| path.first());
            roots.into_iter().any(|first| first == root)
        };
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Insert(insert) if reads(insert)))
    }

    /// As written.
    pub(super) fn written(&self) -> &str {
        &self.written
    }
}

/// A part of a text with `${…}` in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// To be taken as it is.
    Literal(&'a str),
    /// What stands between `${` and `}`.
    Expression(&'a str),
}

/// Splits a text at its `${…}`. Literal parts may be empty.
pub(super) fn split(text: &str) -> Result<Vec<Part<'_>>, Fault> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (expression, tail) = closing_brace(after)
            .and_then(|end| after.split_at_checked(end))
            .ok_or_else(|| Fault::plain(format!("`{text}` has a `${{` without its `}}`")))?;
        parts.extend([Part::Literal(before), Part::Expression(expression)]);
        rest = tail.strip_prefix('}').unwrap_or(tail);
    }
    parts.push(Part::Literal(rest));
    Ok(parts)
}

/// Where the expression ends: the first `}` that is not inside quotes.
fn closing_brace(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            None if c == '}' => return Some(at),
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Paths that may be inserted, apart from labels.
const INSERTABLE: &[&str] = &["to.namespace", "from.namespace", "cluster", "template"];

fn check_paths(insert: &Insert, label_keys: &BTreeSet<String>) -> Result<(), Fault> {
    for path in insert.paths() {
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["to" | "from", "namespaceLabels", key] => {
                if !label_keys.contains(*key) {
                    return Err(label_fault(key, label_keys));
                }
            }
            _ => {
                let spelled = segments.join(".");
                if !INSERTABLE.contains(&spelled.as_str()) {
                    return Err(Fault::new(
                        format!(
                            "`{spelled}` cannot be inserted: it could be the requester's to choose"
                        ),
                        format!(
                            "insert `to.namespaceLabels.<key>`, `{}`",
                            INSERTABLE.join("`, `")
                        ),
                    ));
                }
            }
        }
    }
    Ok(())
}

fn label_fault(key: &str, label_keys: &BTreeSet<String>) -> Fault {
    let hint = match nearest(key, label_keys.iter().map(String::as_str)) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            "add it to `labelKeys` in the file that DRAWBRIDGE_CONFIG names, if those who label \
                 namespaces may choose who approves"
                .to_owned()
        }
    };
    Fault::new(
        format!("the namespace label `{key}` is not allowed in names"),
        hint,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rules::testing;

    fn keys() -> BTreeSet<String> {
        BTreeSet::from(["team".to_owned(), "app.example.com/team".to_owned()])
    }

    fn scope(labels: &[(&str, &str)]) -> Scope {
        let mut ask = testing::ask();
        ask.to.namespace_labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect::<BTreeMap<_, _>>();
        Scope::new(&testing::person("U0DANA"), &ask)
    }

    #[test]
    fn values_are_inserted_and_never_read_again() {
        let text = Text::compile("@${to.namespaceLabels.team}-oncall", &keys()).unwrap();
        assert_eq!(text.fixed(), None);
        let value = text.value(&scope(&[("team", "${cluster}")])).unwrap();
        assert_eq!(value, "@${cluster}-oncall");
        let dotted = "@${to.namespaceLabels['app.example.com/team']}";
        let text = Text::compile(dotted, &keys()).unwrap();
        let value = text.value(&scope(&[("app.example.com/team", "pay")]));
        assert_eq!(value.unwrap(), "@pay");
    }

    #[test]
    fn a_missing_or_empty_label_names_nobody() {
        let text = Text::compile("@${to.namespaceLabels.team}-oncall", &keys()).unwrap();
        assert_eq!(text.value(&scope(&[])).unwrap_err(), "`team` is missing");
        assert_eq!(
            text.value(&scope(&[("team", "")])).unwrap_err(),
            "it is empty"
        );
    }

    #[test]
    fn what_a_requester_chooses_cannot_name_an_approver() {
        for written in [
            "@${reason}",
            "@${requester.id}",
            "@${to.name}",
            "@${from.name}-x",
            "@${to.namespaceLabels.other}",
            "@${to.namespaceLabels[reason]}",
            "@${string(to.namespaceLabels)}",
            "@${string(ports[0].port)}",
            "@${cluster == 'x' ? reason : 'y'}",
            "@${to.namespaceLabels.team",
            "@${}",
            "@${[reason][0]}",
        ] {
            assert!(Text::compile(written, &keys()).is_err(), "{written}");
        }
    }

    #[test]
    fn plain_text_is_fixed_and_braces_stay() {
        for written in ["@orders-oncall", "#a}b", "$", "a$b{c}"] {
            let text = Text::compile(written, &keys()).unwrap();
            assert_eq!(text.fixed(), Some(written));
            assert_eq!(text.value(&scope(&[])).unwrap(), written);
        }
        let text = Text::compile("${cluster}}-${template}", &keys()).unwrap();
        assert_eq!(text.value(&scope(&[])).unwrap(), "default}-connect");
    }
}
