//! How long people wait, by rule and by stage.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, rest, section, table, text, words};
use crate::report::chart::{Bar, Ink, Picture, Scale, bars};
use crate::report::figures::Figures;
use crate::report::spread::Spread;
use crate::report::words::{count, length, length_or_none};

/// Bars in a chart.
const BARS: usize = 12;

const KEY: [(Ink, &str); 2] = [
    (Ink::Good, "median: half of all wait less"),
    (Ink::Rest, "up to the line: nine of ten wait less"),
];

pub(super) fn waits(figures: &Figures, top: usize) -> Markup {
    let answers = &figures.answers;
    let body = html! {
        @if answers.decision.count == 0 {
            p { "Nobody had to decide about anything in this period." }
        } @else {
            p {
                "Half of " (count(answers.decision.count, "decided request", "decided requests")) " had a first answer within "
                (length_or_none(answers.first_answer.median_seconds)) " and a decision within "
                (length_or_none(answers.decision.median_seconds)) "; nine of ten were decided within "
                (length_or_none(answers.decision.p90_seconds)) "."
            }
            (by_rule(figures, top))
            (by_stage(figures, top))
        }
        @if answers.stages_not_known > 0 {
            p.unknown {
                "Not known: when the stages of " (count(answers.stages_not_known, "answered request", "answered requests"))
                " began. Older records do not say; the times by rule hold them, those by stage do not."
            }
        }
    };
    section(
        "waits",
        "Waiting for an answer",
        "How long people wait from their request to the first answer and to the decision. Where the line reaches \
         far beyond the bar, some wait much longer than usual: name more approvers for that stage, remind earlier, \
         or let it escalate.",
        &body,
    )
}

fn by_rule(figures: &Figures, top: usize) -> Markup {
    let rules = &figures.answers.by_rule;
    let shown = rules
        .iter()
        .take(BARS)
        .map(|rule| (rule.rule.clone(), &rule.decision));
    let caption = "From the request to its decision, by rule";
    let rows: Vec<_> = rules
        .iter()
        .take(top)
        .map(|rule| {
            let mut row = vec![words(&rule.rule)];
            row.extend(spread(&rule.first_answer));
            row.extend(spread(&rule.decision).into_iter().skip(1));
            row
        })
        .collect();
    let columns = [
        text("rule"),
        digits("answered"),
        digits("first answer: median"),
        digits("nine of ten within"),
        digits("decision: median"),
        digits("nine of ten within"),
    ];
    html! {
        (chart("waits-rules", caption, &says(caption, rules.iter().map(|r| (r.rule.as_str(), &r.decision))), &KEY, &picture(shown)))
        (table("Waits by rule", &columns, &rows, rest(rules, top)))
    }
}

fn by_stage(figures: &Figures, top: usize) -> Markup {
    let stages = &figures.answers.by_stage;
    let name = |rule: &str, stage: &str| format!("{rule} · {stage}");
    let shown = stages.iter().take(BARS);
    let shown = shown.map(|stage| (name(&stage.rule, &stage.stage), &stage.first_answer));
    let rows: Vec<_> = stages
        .iter()
        .take(top)
        .map(|stage| {
            let mut row = vec![words(&name(&stage.rule, &stage.stage))];
            row.extend([cell(stage.reached), cell(stage.lapsed)]);
            row.extend(spread(&stage.first_answer).into_iter().skip(1));
            row.extend(spread(&stage.decision).into_iter().skip(1));
            row
        })
        .collect();
    let columns = [
        text("rule · stage"),
        digits("reached"),
        digits("nobody answered"),
        digits("first answer: median"),
        digits("nine of ten within"),
        digits("stage decided: median"),
        digits("nine of ten within"),
    ];
    let caption = "From reaching a stage to its first answer, by stage";
    let labelled = stages.iter().map(|s| (s.stage.as_str(), &s.first_answer));
    html! {
        @if !stages.is_empty() {
            h3 { "By stage" }
            p { "A stage is one layer of approval of a rule: the owners of a service, for example, then security." }
            (chart("waits-stages", caption, &says(caption, labelled), &KEY, &picture(shown)))
            (table("Waits by stage", &columns, &rows, rest(stages, top)))
        }
    }
}

/// Count, median and 90th percentile as cells.
fn spread(spread: &Spread) -> Vec<Markup> {
    let lengths = [spread.median_seconds, spread.p90_seconds].map(length_or_none);
    let mut cells = vec![cell(spread.count)];
    cells.extend(lengths.iter().map(|text| words(text)));
    cells
}

fn picture<'s>(shown: impl Iterator<Item = (String, &'s Spread)>) -> Vec<Picture> {
    let drawn = shown.filter_map(|(name, spread)| {
        let (median, p90) = spread.median_seconds.zip(spread.p90_seconds)?;
        Some(Bar {
            name,
            parts: vec![(Ink::Good, median)],
            reaches: Some(p90),
            says: format!("{}, {}", length(median), length(p90)),
        })
    });
    bars(&drawn.collect::<Vec<_>>(), Scale::Time)
}

/// What is read out in place of a chart: its first three bars.
fn says<'s>(caption: &str, spreads: impl Iterator<Item = (&'s str, &'s Spread)>) -> String {
    let first = spreads.take(3).map(|(name, spread)| {
        let [median, p90] = [spread.median_seconds, spread.p90_seconds].map(length_or_none);
        format!("{name}: median {median}, nine of ten within {p90}")
    });
    let first: Vec<String> = first.collect();
    format!(
        "{caption}. {}. The table below has all numbers.",
        first.join("; ")
    )
}
