//! Every phrase and clause there is: usage, examples, meaning.
//!
//! The parser takes its keywords and suggestions from here, and `help` and the README their text,
//! so what is told and what is understood cannot drift apart. A phrase that this version does not
//! have is in `NOT_YET`, where it is named honestly and never shown as available.

use std::fmt::Write as _;

/// One phrase.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The word that begins it; empty for a plain ask.
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

/// A phrase that is planned but not in this version.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotYet {
    pub(super) word: &'static str,
    pub(super) do_instead: &'static str,
    /// Whether what follows the word reads as a phrase of its own that does nearly the same.
    pub(super) rest_is_a_phrase: bool,
}

/// The phrases, in the order in which `help` lists them.
pub static PHRASES: [Entry; 10] = [
    Entry {
        word: "",
        usage: "SOURCE to TARGET:PORT for LENGTH because REASON",
        examples: &[
            "payments/api to orders/db:5432 for 30m because INC-42 slow queries",
            "203.0.113.7 -> payments/deploy/api:8080 for 20 minutes because vendor trace",
            "shop/app=web,tier=front → orders/db:5432,9187/tcp until 18:00 because INC-42",
        ],
        meaning: "asks for a path between two workloads",
        instead: &[],
        verb: Verb::Ask,
    },
    Entry {
        word: "using",
        usage: "using TEMPLATE NAME=VALUE … for LENGTH because REASON",
        examples: &["using connect from=shop/web to=orders/db port=5432 for 45m because INC-42"],
        meaning: "asks for a kind of access with inputs of its own",
        instead: &["template", "with"],
        verb: Verb::Using,
    },
    Entry {
        word: "mine",
        usage: "mine",
        examples: &["mine"],
        meaning: "lists your requests",
        instead: &["list", "ls", "my", "requests"],
        verb: Verb::Mine,
    },
    Entry {
        word: "show",
        usage: "show ID",
        examples: &["show k7m3xq"],
        meaning: "shows one request",
        instead: &["get", "describe", "status", "info"],
        verb: Verb::Show,
    },
    Entry {
        word: "done",
        usage: "done ID",
        examples: &["done k7m3xq"],
        meaning: "closes your path before its time",
        instead: &["close", "end", "stop", "finish", "finished"],
        verb: Verb::Done,
    },
    Entry {
        word: "cancel",
        usage: "cancel ID",
        examples: &["cancel k7m3xq"],
        meaning: "takes your waiting request back",
        instead: &["abort", "withdraw"],
        verb: Verb::Cancel,
    },
    Entry {
        word: "revoke",
        usage: "revoke ID because REASON",
        examples: &["revoke k7m3xq because the work is done"],
        meaning: "closes somebody's path, for those who may",
        instead: &["kill", "remove", "delete"],
        verb: Verb::Revoke,
    },
    Entry {
        word: "reach",
        usage: "reach SOURCE to TARGET:PORT",
        examples: &["reach shop/web to orders/db:5432"],
        meaning: "tells what is open now, and why",
        instead: &["check", "test", "can", "why"],
        verb: Verb::Reach,
    },
    Entry {
        word: "approvers",
        usage: "approvers SOURCE to TARGET:PORT",
        examples: &["approvers shop/web to orders/db:5432 for 2h"],
        meaning: "tells who would be asked",
        instead: &["who", "owners", "approver"],
        verb: Verb::Approvers,
    },
    Entry {
        word: "help",
        usage: "help",
        examples: &["help", ""],
        meaning: "shows these phrases",
        instead: &["usage", "man", "commands"],
        verb: Verb::Help,
    },
];

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

/// Phrases that this version does not have, with what to do instead.
pub(super) static NOT_YET: [NotYet; 5] = [
    NotYet {
        word: "extend",
        do_instead: "ask for the same path again before it closes; the two may overlap",
        rest_is_a_phrase: false,
    },
    NotYet {
        word: "again",
        do_instead: "type the whole ask once more",
        rest_is_a_phrase: false,
    },
    NotYet {
        word: "history",
        do_instead: "`mine` lists your requests, `show ID` shows one",
        rest_is_a_phrase: false,
    },
    NotYet {
        word: "emergency",
        do_instead: "ask in the usual way; `approvers SOURCE to TARGET` tells whom to call",
        rest_is_a_phrase: true,
    },
    NotYet {
        word: "incident",
        do_instead: "ask in the usual way and name the incident after `because`",
        rest_is_a_phrase: false,
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

/// The planned phrase that begins with this word, in any case.
pub(super) fn find_not_yet(word: &str) -> Option<&'static NotYet> {
    let is = |entry: &&NotYet| word.eq_ignore_ascii_case(entry.word);
    NOT_YET.iter().find(is)
}

/// The clause that begins with this word, in any case.
pub(super) fn find_clause(word: &str) -> Option<Clause> {
    let entry = CLAUSES
        .iter()
        .find(|entry| word.eq_ignore_ascii_case(entry.word));
    entry.map(|entry| entry.clause)
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
    for example in PHRASES
        .iter()
        .flat_map(|entry| entry.examples.iter().take(1))
    {
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
        let phrases = PHRASES
            .iter()
            .flat_map(|e| e.instead.iter().chain([&e.word]));
        for word in phrases
            .chain(NOT_YET.iter().map(|entry| &entry.word))
            .chain(&LEAD_INS)
            .chain(CLAUSES.iter().map(|clause| &clause.word))
        {
            assert!(words.insert(*word), "{word} is there twice");
        }
    }

    #[test]
    fn help_and_readme_name_every_phrase_and_nothing_that_does_not_work() {
        for text in [help(), markdown()] {
            for usage in PHRASES.iter().map(|entry| entry.usage) {
                assert!(text.contains(usage), "{usage}");
            }
            for entry in &NOT_YET {
                assert!(!text.contains(entry.word), "{}", entry.word);
            }
        }
    }
}
