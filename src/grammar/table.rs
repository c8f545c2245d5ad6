//! Every phrase and clause there is: usage, examples, meaning.
//!
//! The parser takes its keywords and suggestions from here, and `help` and the README their text,
//! so what is told and what is understood cannot drift apart. It holds words only: how the rest of
//! a phrase is read is the readers' business.

mod phrases;

use std::fmt::Write as _;

pub use self::phrases::PHRASES;

/// One phrase.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The word that begins it; empty for a plain ask. Phrases with the same first word stand one
    /// behind the other.
    pub word: &'static str,
    /// Its form, with placeholders in capitals.
    pub usage: &'static str,
    /// Texts that parse.
    pub examples: &'static [&'static str],
    /// What it does, as the second half of a sentence.
    pub meaning: &'static str,
    /// Other words that people try instead; never understood, only answered with "did you mean".
    pub(super) instead: &'static [&'static str],
    pub(super) verb: Verb,
}

/// What a phrase's first word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Ask,
    Using,
    Mine,
    Show,
    Done,
    Cancel,
    Revoke,
    Reach,
    Approvers,
    Help,
    Extend,
    Again,
    History,
    Emergency,
    Incident,
    Away,
    Back,
    Review,
}

impl Entry {
    /// The example that `help` shows; `None` where no example is typed the way it is read, because
    /// chat turns a chosen name into a mention.
    pub fn example(&self) -> Option<&'static str> {
        let is_typed = |example: &&&str| !example.contains("<@");
        self.examples.iter().find(is_typed).copied()
    }
}

/// One clause of an ask.
#[derive(Debug, Clone, Copy)]
pub struct ClauseEntry {
    /// Its keyword.
    pub word: &'static str,
    /// Its form, with placeholders in capitals.
    pub usage: &'static str,
    /// What it says.
    pub meaning: &'static str,
    pub(super) instead: &'static [&'static str],
    pub(super) clause: Clause,
}

/// What an ask may add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    For,
    Until,
    On,
    Because,
}

/// The clauses of an ask. Their order is free, but `because` takes the rest of the line.
pub static CLAUSES: [ClauseEntry; 4] = [
    ClauseEntry {
        word: "on",
        usage: "on CLUSTER",
        meaning: "names the cluster, where there are several",
        instead: &["in", "at", "cluster"],
        clause: Clause::On,
    },
    ClauseEntry {
        word: "for",
        usage: "for 30m",
        meaning: "says how long: `20s`, `30m`, `2h`, `1d`, `1h30m` or words",
        instead: &["during"],
        clause: Clause::For,
    },
    ClauseEntry {
        word: "until",
        usage: "until 18:00",
        meaning: "says when the path closes, on your own clock",
        instead: &["til", "till"],
        clause: Clause::Until,
    },
    ClauseEntry {
        word: "because",
        usage: "because REASON",
        meaning: "says why; it takes the rest of the line",
        instead: &["reason", "cause", "cuz", "bc", "since", "due"],
        clause: Clause::Because,
    },
];

/// Polite beginnings: the ask itself follows.
pub(super) static LEAD_INS: [&str; 12] = [
    "please", "open", "allow", "grant", "give", "permit", "request", "access", "connect", "from",
    "let", "ask",
];

/// The phrase that begins with this word, in any case.
pub(super) fn find(word: &str) -> Option<&'static Entry> {
    let is = |entry: &&Entry| !entry.word.is_empty() && word.eq_ignore_ascii_case(entry.word);
    PHRASES.iter().find(is)
}

/// The clause that begins with this word, in any case.
pub(super) fn find_clause(word: &str) -> Option<Clause> {
    let entry = CLAUSES
        .iter()
        .find(|entry| word.eq_ignore_ascii_case(entry.word));
    entry.map(|entry| entry.clause)
}

/// The clause that people mean by another word: `till`, `cuz`.
pub(super) fn clause_meant_by(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let meant = CLAUSES
        .iter()
        .find(|clause| clause.instead.contains(&word.as_str()));
    meant.map(|clause| clause.word)
}

/// What `help` answers: every phrase with its meaning and an example, in plain lines.
pub fn help() -> String {
    let mut text = String::new();
    for entry in &PHRASES {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n    {}", entry.usage, entry.meaning);
    }
    text.push_str("\nan ask may add, in any order:\n");
    for clause in &CLAUSES {
        let _ = writeln!(text, "{}\n    {}", clause.usage, clause.meaning);
    }
    text.push_str("\nfor example:\n");
    for example in PHRASES.iter().filter_map(Entry::example) {
        let _ = writeln!(text, "    {example}");
    }
    text
}

/// The phrases and clauses as Markdown tables, as the README shows them.
pub fn markdown() -> String {
    let mut text = String::from("| phrase | what it does |\n|---|---|\n");
    let phrases = PHRASES.iter().map(|entry| (entry.usage, entry.meaning));
    for (usage, meaning) in phrases {
        let _ = writeln!(text, "| `{usage}` | {meaning} |");
    }
    text.push_str("\n| an ask may add | |\n|---|---|\n");
    let clauses = CLAUSES.iter().map(|clause| (clause.usage, clause.meaning));
    for (usage, meaning) in clauses {
        let _ = writeln!(text, "| `{usage}` | {meaning} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::parse;
    use std::collections::BTreeSet;

    #[test]
    fn every_example_is_understood_as_its_own_phrase() {
        for entry in &PHRASES {
            assert!(!entry.examples.is_empty(), "{}", entry.usage);
            for example in entry.examples {
                let phrase = parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
                let begins = phrase.to_string();
                assert!(begins.starts_with(entry.word), "{example}: {begins}");
            }
        }
    }

    #[test]
    fn every_clause_s_usage_can_follow_an_ask() {
        for clause in &CLAUSES {
            let text = format!("shop/web to orders/db {}", clause.usage);
            assert!(parse(&text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_word_means_one_thing() {
        let mut words = BTreeSet::new();
        let mut first: Vec<&str> = PHRASES.iter().map(|entry| entry.word).collect();
        first.dedup();
        let instead = PHRASES.iter().flat_map(|entry| entry.instead);
        for word in first
            .iter()
            .chain(instead)
            .chain(&LEAD_INS)
            .chain(CLAUSES.iter().map(|clause| &clause.word))
        {
            assert!(words.insert(*word), "{word} is there twice");
        }
    }

    #[test]
    fn help_and_readme_name_every_phrase() {
        for text in [help(), markdown()] {
            for usage in PHRASES.iter().map(|entry| entry.usage) {
                assert!(text.contains(usage), "{usage}");
            }
        }
    }

    #[test]
    fn help_shows_no_example_with_a_mention_in_it() {
        assert!(!help().contains("<@"), "{}", help());
    }

    #[test]
    fn a_usage_is_one_cell_of_a_table() {
        for entry in &PHRASES {
            assert!(
                !entry.usage.contains('|') && !entry.meaning.contains('|'),
                "{}",
                entry.usage
            );
        }
    }

    #[test]
    fn a_word_that_people_try_instead_is_answered_with_the_phrase() {
        for entry in &PHRASES {
            for instead in entry.instead {
                let error = parse(instead).unwrap_err();
                let hint = format!("did you mean `{}`?", entry.word);
                assert_eq!(error.hint, Some(hint), "{instead}");
            }
        }
    }
}
