//! Reads scenario files, line by line. Every error names the line and what could stand there.

use super::forms::{self, EXPECTATIONS, PLAIN_EXPECTATIONS, acts};
use super::story::{Act, Expectation, Line, Story};
use crate::grammar::length;
use crate::units::Seconds;

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct StoryError {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong and what could stand there.
    pub message: String,
}

/// Reads a whole file. Blank lines and lines that start with `#` mean nothing.
///
/// # Errors
/// The first line that is not understood.
pub fn parse(text: &str) -> Result<Story, StoryError> {
    let mut lines = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let line = index + 1;
        let read = read_line(line, trimmed);
        lines.push(read.map_err(|message| StoryError { line, message })?);
    }
    if matches!(
        lines.first(),
        Some(Line {
            act: Act::Town(_),
            ..
        })
    ) {
        return Ok(Story { lines });
    }
    let message = "a story begins with `town default`".to_owned();
    Err(StoryError {
        line: lines.first().map_or(1, |line| line.number),
        message,
    })
}

fn read_line(number: usize, text: &str) -> Result<Line, String> {
    let (after, rest) = read_after(text)?;
    let act = match rest.strip_prefix("expect ") {
        _ if rest.is_empty() => Act::Wait,
        Some(expected) => Act::Expect(read_expectations(expected)?),
        None => forms::read(acts(), rest).unwrap_or_else(|| Err(unknown(rest)))?,
    };
    Ok(Line {
        number,
        text: text.to_owned(),
        after,
        act,
    })
}

/// `after 25m REST`
fn read_after(text: &str) -> Result<(Option<Seconds>, &str), String> {
    let Some(rest) = text.strip_prefix("after ") else {
        return Ok((None, text));
    };
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let length = length::read(word).map_err(|error| format!("`after {word}`: {error}"))?;
    Ok((Some(length), rest.trim()))
}

fn read_expectations(text: &str) -> Result<Vec<Expectation>, String> {
    // A text at the end may hold commas: such a form takes the whole line.
    if let Some(read) = forms::read(EXPECTATIONS, text) {
        return Ok(vec![read?]);
    }
    let parts = text.split(", ").map(str::trim);
    let plain = |part| {
        let unknown = || Err(unknown(&format!("expect {part}")));
        forms::read(PLAIN_EXPECTATIONS, part).unwrap_or_else(unknown)
    };
    parts.map(plain).collect()
}

/// Every form there is: a newcomer finds the right one faster in a list than by guessing.
fn unknown(text: &str) -> String {
    let acts = acts().map(|form| form.usage.to_owned());
    let expectations = EXPECTATIONS.iter().chain(PLAIN_EXPECTATIONS);
    let expectations = expectations.map(|form| format!("expect {}", form.usage));
    let all: Vec<String> = acts
        .chain(expectations)
        .map(|usage| format!("  {usage}"))
        .collect();
    format!(
        "`{text}` is not understood; a line is one of\n{}",
        all.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::super::forms::Form;
    use super::super::story::Way;
    use super::*;

    #[test]
    fn the_story_of_the_design_is_read() {
        let story = parse(
            "town default\n\
             # a remark\n\
             dana in #payments: shop/web to orders/db:5432 for 30m because INC-42: slow\n\
             lee clicks Approve\n\
             expect open shop/web to orders/db:5432, closed shop/web to vault/api:8200\n\
             after 25m expect notice to dana: 5 min left, really\n\
             after 5m\n",
        )
        .unwrap();
        assert_eq!(story.lines.len(), 6);
        assert_eq!(story.lines[4].after, Some(Seconds::minutes(25)));
        assert!(matches!(&story.lines[1].act,
            Act::Say { way: Way::Command(_), text, .. } if text.ends_with("INC-42: slow")));
        assert!(matches!(&story.lines[3].act, Act::Expect(list) if list.len() == 2));
        assert!(matches!(&story.lines[4].act, Act::Expect(list)
            if matches!(&list[..], [Expectation::Notice { text, .. }] if text == "5 min left, really")));
        assert_eq!(story.lines[5].act, Act::Wait);
    }

    /// Were a form hidden by one before it, its example would be read as that one.
    #[test]
    fn every_example_is_read_by_its_own_form() {
        fn check<'a, T: std::fmt::Debug + PartialEq + 'static>(
            forms: impl Iterator<Item = &'a Form<T>> + Clone,
        ) {
            for form in forms.clone() {
                let alone = forms::read([form], form.example);
                let alone = alone.unwrap_or_else(|| panic!("not of its form: {}", form.example));
                assert_eq!(
                    forms::read(forms.clone(), form.example),
                    Some(alone),
                    "{}",
                    form.example
                );
            }
        }
        check(acts());
        check(EXPECTATIONS.iter());
        check(PLAIN_EXPECTATIONS.iter());
    }

    #[test]
    fn errors_name_the_line_and_what_could_stand_there() {
        let cases = [
            (
                "dana in #x: hi",
                "line 1: a story begins with `town default`",
            ),
            (
                "town default\n\nlee dances",
                "line 3: `lee dances` is not understood",
            ),
            (
                "town default\nexpect sunshine",
                "line 2: `expect sunshine` is not understood",
            ),
            (
                "town default\nbreak everything",
                "line 2: `everything` cannot break: try `slack`",
            ),
            (
                "town default\nthe weekly digest goes to #incidents at noon",
                "line 2: `noon` is no time",
            ),
            (
                "town default\nafter soon expect one card",
                "line 2: `after soon`",
            ),
            (
                "town default\nexpect gates: many",
                "line 2: `many` is no number",
            ),
        ];
        for (text, start) in cases {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.starts_with(start), "{message}");
        }
        let unknown = parse("town default\nlee dances").unwrap_err().to_string();
        assert!(unknown.contains("\n  NAME clicks LABEL\n"), "{unknown}");
    }
}
