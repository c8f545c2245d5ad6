//! Who is asked, who answers, who does not.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, rest, section, table, text, words};
use crate::report::chart::{Bar, Ink, Scale, bars};
use crate::report::figures::{Figures, Person};
use crate::report::words::{count, length_or_none, number, percent};

const BARS: usize = 12;

const KEY: [(Ink, &str); 3] = [
    (Ink::Good, "answered"),
    (
        Ink::Rest,
        "somebody else answered first, or it ended otherwise",
    ),
    (Ink::Slow, "nobody answered: the request lapsed"),
];

pub(super) fn people(figures: &Figures, top: usize) -> Markup {
    let people = &figures.people;
    let everyone = &people.everyone;
    let asked: Vec<&Person> = everyone.iter().filter(|person| person.asked > 0).collect();
    let lapsing = sorted(everyone, |person| person.lapsed);
    let answering = sorted(everyone, Person::answered);
    let caption = "Those who are asked most, and what came of it";
    let body = html! {
        @if everyone.is_empty() {
            p { "Nobody was asked for anything in this period." }
        } @else {
            p { (load(&asked)) }
            @if !asked.is_empty() {
                (chart("people-chart", caption, &says(caption, &asked), &KEY, &bars(&drawn(&asked), Scale::Count)))
                (listing("Asked most", &asked, top))
            }
            // A list that is the one above it tells nothing new.
            @if !answering.is_empty() && answering != asked { (listing("Answering most", &answering, top)) }
            @if !lapsing.is_empty() && lapsing != asked && lapsing != answering { (listing("Asked most often in vain", &lapsing, top)) }
        }
        @if people.asked_not_known > 0 {
            p.unknown {
                "Not known: who was asked for " (count(people.asked_not_known, "request", "requests"))
                ". Older records do not say."
            }
        }
    };
    section(
        "people",
        "Who is asked, and who answers",
        "How the work of approving is shared. Where few people are asked for most of it, add others to their group; \
         where many requests lapse with the same people, ask somebody else instead of them.",
        &body,
    )
}

fn sorted(everyone: &[Person], by: impl Fn(&Person) -> u64) -> Vec<&Person> {
    let mut people: Vec<&Person> = everyone.iter().filter(|person| by(person) > 0).collect();
    people.sort_by_key(|person| std::cmp::Reverse(by(person)));
    people
}

/// How much of the work the busiest tenth has.
fn load(asked: &[&Person]) -> String {
    let all: u64 = asked.iter().map(|person| person.asked).sum();
    if asked.is_empty() {
        return "Not known: who was asked.".to_owned();
    }
    let who = count(asked.len() as u64, "person was", "people were");
    let times = count(all, "time", "times");
    // A tenth of fewer is less than one of them.
    if asked.len() < 10 {
        return format!("{who} asked, {times} in all.");
    }
    let tenth = asked.len().div_ceil(10);
    let theirs: u64 = asked.iter().take(tenth).map(|person| person.asked).sum();
    let theirs = percent(theirs, all);
    format!("{who} asked, {times} in all; the busiest tenth of them had {theirs} of that.")
}

fn drawn(asked: &[&Person]) -> Vec<Bar> {
    let shown = asked.iter().take(BARS);
    let bars = shown.map(|person| {
        let name = called(person, asked);
        // Who answers without having been asked (a new member, an escalation) is not in the bar.
        let answered = person
            .answered()
            .min(person.asked - person.lapsed.min(person.asked));
        let rest = person.asked.saturating_sub(answered + person.lapsed);
        Bar {
            name,
            parts: vec![
                (Ink::Good, answered),
                (Ink::Rest, rest),
                (Ink::Slow, person.lapsed),
            ],
            reaches: None,
            says: number(person.asked),
        }
    });
    bars.collect()
}

/// Their name; with the id, where another person has the same.
fn called(person: &Person, among: &[&Person]) -> String {
    let Some(name) = &person.name else {
        return person.id.clone();
    };
    let same = among.iter().filter(|other| other.name == person.name);
    match same.count() {
        0 | 1 => name.clone(),
        _ => format!("{name} ({})", person.id),
    }
}

fn listing(caption: &str, people: &[&Person], top: usize) -> Markup {
    let rows: Vec<_> = people
        .iter()
        .take(top)
        .map(|person| {
            vec![
                who(person),
                cell(person.asked),
                cell(person.approved),
                cell(person.denied),
                cell(person.lapsed),
                words(&percent(person.lapsed, person.asked)),
                words(&length_or_none(person.answer.median_seconds)),
                cell(person.reviewed),
            ]
        })
        .collect();
    let columns = [
        text("person"),
        digits("asked"),
        digits("approved"),
        digits("denied"),
        digits("lapsed"),
        digits("share that lapsed"),
        digits("median until their answer"),
        digits("emergencies reviewed"),
    ];
    table(caption, &columns, &rows, rest(people, top))
}

fn who(person: &Person) -> Markup {
    html! {
        @if let Some(name) = &person.name { (name) " " span.faint { (person.id) } } @else { (person.id) }
    }
}

fn says(caption: &str, asked: &[&Person]) -> String {
    let first = asked.iter().take(3).map(|person| {
        let name = called(person, asked);
        format!(
            "{name}: asked {}, answered {}, lapsed {}",
            number(person.asked),
            number(person.answered()),
            number(person.lapsed)
        )
    });
    let first: Vec<String> = first.collect();
    format!(
        "{caption}. {}. The table below has all numbers.",
        first.join("; ")
    )
}
