//! Forms of lines: fixed words with placeholders in capitals, such as `NAME leaves @GROUP`.
//!
//! The form that people read in the table of [`super::forms`] is the form that is matched here, so
//! the documentation cannot drift from the parser.

/// Placeholders that may stand for several words. Every other stands for exactly one.
const SEVERAL_WORDS: [&str; 4] = ["TEXT", "LABEL", "FLOW", "TROUBLE"];

/// What a line has in place of a form's placeholders, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields<'t>(Vec<&'t str>);

impl Fields<'_> {
    /// The `n`-th field, from 0; empty where the form has fewer.
    pub(super) fn text(&self, n: usize) -> String {
        self.0.get(n).copied().unwrap_or_default().to_owned()
    }
}

/// Reads a line by a form; `None`: it is not of that form. A placeholder reaches to the first place
/// where the fixed words after it stand.
pub(super) fn fit<'t>(form: &str, line: &'t str) -> Option<Fields<'t>> {
    let mut fields = Vec::new();
    let mut rest = line;
    let mut pieces = pieces(form).into_iter().peekable();
    while let Some(piece) = pieces.next() {
        if !is_placeholder(piece) {
            rest = rest.strip_prefix(piece)?;
            continue;
        }
        let end = match pieces.peek() {
            Some(fixed) => rest.find(*fixed)?,
            None => rest.len(),
        };
        let (field, after) = rest.split_at_checked(end)?;
        let one_word = !field.contains(char::is_whitespace);
        if field.is_empty() || !(one_word || SEVERAL_WORDS.contains(&piece)) {
            return None;
        }
        fields.push(field);
        rest = after;
    }
    rest.is_empty().then_some(Fields(fields))
}

/// Fixed words and placeholders, in turn.
fn pieces(form: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = form;
    while let Some(first) = rest.chars().next() {
        let capitals = first.is_ascii_uppercase();
        let end = rest
            .find(|c: char| c.is_ascii_uppercase() != capitals)
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn is_placeholder(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, line: &str) -> Option<Vec<String>> {
        fit(form, line).map(|fields| fields.0.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn placeholders_take_what_stands_in_their_place() {
        let said = read(
            "NAME in #CHANNEL: TEXT",
            "dana in #payments: a to b because INC-1: slow",
        );
        assert_eq!(
            said.unwrap(),
            ["dana", "payments", "a to b because INC-1: slow"]
        );
        let left = read("NAME leaves @GROUP", "lee leaves @oncall");
        assert_eq!(left.unwrap(), ["lee", "oncall"]);
        assert_eq!(
            read("NAME clicks LABEL twice", "dana clicks I'm done twice")
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn other_lines_do_not_fit() {
        for (form, line) in [
            ("NAME in #CHANNEL: TEXT", "dana mentions in #payments: x"),
            ("NAME in #CHANNEL: TEXT", "dana in #payments: "),
            ("NAME leaves @GROUP", "lee leaves @oncall today"),
            ("restart the bot", "restart the bot twice"),
            ("NAME clicks LABEL twice", "lee clicks Approve"),
        ] {
            assert_eq!(read(form, line), None, "{line}");
        }
    }
}
