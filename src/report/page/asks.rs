//! Asks over time and what became of them.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, numbers_of, rest, section, table, text, words};
use super::{cut_off, start, step_name};
use crate::report::chart::{Ink, Series, columns};
use crate::report::figures::{Asks, Figures, Outcomes};
use crate::report::words::{count, percent};

const KEY: [(Ink, &str); 5] = [
    (Ink::Good, "opened"),
    (Ink::No, "denied by a person"),
    (Ink::Slow, "nobody answered"),
    (Ink::Rule, "refused by rules or facts"),
    (Ink::Rest, "other: taken back, not opened, waiting"),
];

const COLUMNS: [(&str, bool); 9] = [
    text(""),
    digits("requests"),
    digits("opened"),
    digits("denied"),
    digits("nobody answered"),
    digits("refused by rules or facts"),
    digits("taken back"),
    digits("not opened"),
    digits("waiting"),
];

/// Of a rule: whatever is refused at once is refused before a rule governs.
const OF_A_RULE: [(&str, bool); 8] = [
    text(""),
    digits("requests"),
    digits("opened"),
    digits("denied"),
    digits("nobody answered"),
    digits("taken back"),
    digits("not opened"),
    digits("waiting"),
];

pub(super) fn asks(figures: &Figures, top: usize) -> Markup {
    let asks = &figures.asks;
    let step = figures.period.step;
    let starts = asks.over_time.iter().map(|then| start(step, then.start));
    let (labels, names): (Vec<String>, Vec<String>) = starts.unzip();
    let layer = |ink, of: fn(&Outcomes) -> u64| Series {
        ink,
        values: asks
            .over_time
            .iter()
            .map(|then| of(&then.outcomes))
            .collect(),
    };
    let series = [
        layer(Ink::Good, |o| o.opened),
        layer(Ink::No, |o| o.denied),
        layer(Ink::Slow, |o| o.lapsed),
        layer(Ink::Rule, |o| o.refused),
        layer(Ink::Rest, |o| o.cancelled + o.not_opened + o.waiting),
    ];
    let rows: Vec<_> = names
        .iter()
        .zip(&asks.over_time)
        .map(|(name, then)| row(name, &then.outcomes))
        .collect();
    let caption = format!(
        "Requests per {}, by what became of them{}",
        step_name(step),
        cut_off(step)
    );
    let body = html! {
        p { (sentence(&asks.outcomes)) }
        (chart("asks-chart", &caption, &format!("{caption}: columns. {}", sentence(&asks.outcomes)), &KEY, &columns(&labels, &series)))
        (numbers_of(&caption, &COLUMNS, &rows, 0))
        (by_rule(asks, top))
    };
    section(
        "asks",
        "Requests over time",
        "How often access was asked for, and how that ended. Look for steps: a new colour or a sudden rise is a \
         rule that changed, a team that is blocked, or an incident.",
        &body,
    )
}

fn by_rule(asks: &Asks, top: usize) -> Markup {
    let shown = asks.by_rule.iter().take(top).map(|rule| {
        let of = &rule.outcomes;
        let mut row = vec![words(&rule.rule), cell(of.total())];
        row.extend(of.of_a_rule().map(|(_, value)| cell(value)));
        row
    });
    let rows: Vec<_> = shown.collect();
    let refused = asks.outcomes.refused;
    html! {
        @if !rows.is_empty() {
            (table("Requests by governing rule", &OF_A_RULE, &rows, rest(&asks.by_rule, top)))
            @if refused > 0 {
                p.more { (count(refused, "request was", "requests were")) " refused before a rule governed." }
            }
        }
    }
}

fn row(name: &str, outcomes: &Outcomes) -> Vec<Markup> {
    let numbers = [
        outcomes.total(),
        outcomes.opened,
        outcomes.denied,
        outcomes.lapsed,
        outcomes.refused,
        outcomes.cancelled,
        outcomes.not_opened,
        outcomes.waiting,
    ];
    let mut row = vec![words(name)];
    row.extend(numbers.map(cell));
    row
}

fn sentence(outcomes: &Outcomes) -> String {
    let all = outcomes.total();
    let part = |value| percent(value, all);
    format!(
        "Of {}, {} opened, {} were denied by a person, {} ended unanswered and {} were refused by rules or facts.",
        count(all, "request", "requests"),
        part(outcomes.opened),
        part(outcomes.denied),
        part(outcomes.lapsed),
        part(outcomes.refused)
    )
}
