//! `incident open because TITLE`, `incident close`, `incident timeline`.

use super::clauses::{self, TITLE};
use super::problem::{Problem, quoted};
use super::tokens::{Reader, Word};
use super::{Incident, Phrase, phrase, suggest};

/// What can be done with an incident, with the words that people try instead.
const ACTS: [(&str, &[&str]); 3] = [
    (
        "open",
        &["start", "begin", "new", "declare", "create", "opened"],
    ),
    (
        "close",
        &[
            "end", "stop", "finish", "resolve", "resolved", "done", "over", "closed",
        ],
    ),
    (
        "timeline",
        &["log", "history", "events", "show", "report", "list"],
    ),
];

const HINT: &str = "write `incident open because TITLE`, `incident close` or `incident timeline`";

/// Reads what follows `incident`.
pub(super) fn read(keyword: Word<'_>, reader: &mut Reader<'_>) -> Result<Phrase, Problem> {
    let Some(act) = reader.take() else {
        return Err(keyword
            .problem(format!("{} needs one word more", quoted(keyword.text())))
            .hint(HINT));
    };
    let word = act.word;
    let incident = if word.is("open") {
        // `because` may stand before the title, as before a reason; it is no part of it.
        let title_after = reader
            .peek()
            .map(|next| if next.word.is("because") { next } else { act });
        let title = title_after.map(|token| clauses::text_after(token, TITLE, reader));
        Incident::Open {
            title: title.transpose()?,
        }
    } else if word.is("close") {
        phrase::nothing_more("incident close", reader)?;
        Incident::Close
    } else if word.is("timeline") {
        phrase::nothing_more("incident timeline", reader)?;
        Incident::Timeline
    } else {
        return Err(unknown(word));
    };
    Ok(Phrase::Incident(incident))
}

fn unknown(word: Word<'_>) -> Problem {
    let problem = word.problem(format!("{} is not expected here", quoted(word.text())));
    let typed = word.text().to_ascii_lowercase();
    let other = ACTS
        .iter()
        .find(|(_, instead)| instead.contains(&typed.as_str()))
        .map(|(act, _)| *act);
    let meant = other.or_else(|| suggest::nearest(&typed, ACTS.iter().map(|(act, _)| *act)));
    match meant {
        Some(meant) => problem
            .hint(format!("did you mean `{meant}`?"))
            .replace(meant),
        None => problem.hint(HINT),
    }
}
