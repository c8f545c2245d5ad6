//! Time open against time asked, and how grants end.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, numbers_of, rest, section, table, text, words};
use crate::report::chart::{Bar, Ink, Scale, bars};
use crate::report::figures::{Figures, OpenTime};
use crate::report::words::{count, hours, length_or_none, number, percent};

pub(super) fn grants(figures: &Figures, top: usize) -> Markup {
    let open = &figures.open;
    let body = html! {
        @if open.opened == 0 {
            p { "No path was opened in this period." }
        } @else {
            (compared(open))
            h3 { "How they ended" }
            (ended(open))
            (by_rule(open, top))
        }
    };
    section(
        "open",
        "Time open against time asked",
        "How much of the time that people ask for they need. Where most end their access early, the usual length is \
         too long: lower the template's default; where many extend, it is too short.",
        &body,
    )
}

fn compared(open: &OpenTime) -> Markup {
    let labels: Vec<String> = (0..11).map(share_label).collect();
    let caption = "Closed grants by the share of the time asked for that they were open";
    let rows: Vec<_> = labels
        .iter()
        .zip(open.share)
        .map(|(label, count)| {
            vec![
                words(label),
                cell(count),
                words(&percent(count, open.compared)),
            ]
        })
        .collect();
    // Bars, because each has its label beside it, on a phone too.
    let drawn = labels.iter().zip(open.share).map(|(label, count)| Bar {
        name: label.clone(),
        parts: vec![(Ink::Good, count)],
        reaches: None,
        says: number(count),
    });
    let drawn: Vec<Bar> = drawn.collect();
    let sentence = format!(
        "{} were open for {} of {} asked for ({}).",
        count(open.compared, "closed grant", "closed grants"),
        hours(open.open_seconds),
        hours(open.asked_seconds),
        percent(open.open_seconds, open.asked_seconds)
    );
    html! {
        p {
            (sentence) " " (count(open.shortened, "was", "were")) " given less than asked, which leaves "
            (hours(open.given_seconds)) " given. Extensions are left out of the comparison: they begin before the "
            "time that they lengthen is over. “All of it” is what ended because its time was over, or at most 5 seconds "
            "before that."
        }
        @if open.compared > 0 {
            (chart("open-chart", caption, &format!("{caption}. {sentence}"), &[], &bars(&drawn, Scale::Count)))
            (numbers_of(caption, &[text("share of the time asked"), digits("grants"), digits("of all")], &rows, 0))
        }
    }
}

/// `0–10 %`, … , `all`.
fn share_label(tenth: usize) -> String {
    if tenth == 10 {
        "all of it".to_owned()
    } else {
        format!("{}–{} %", tenth * 10, (tenth + 1) * 10)
    }
}

fn ended(open: &OpenTime) -> Markup {
    let ended = &open.ended;
    let all = ended.total();
    let ways = [
        ("its time was over", ended.expired),
        ("its requester was done early", ended.done),
        ("an approver or owner revoked it", ended.revoked),
        ("its incident was closed", ended.incident_closed),
        (
            "Drawbridge withdrew it: staying open would have done harm",
            ended.withdrawn,
        ),
        ("somebody deleted its objects", ended.removed),
        ("another way", ended.other),
    ];
    let rows: Vec<_> = ways
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(way, count)| vec![words(way), cell(*count), words(&percent(*count, all))])
        .collect();
    html! {
        p {
            (number(ended.early())) " of " (count(all, "closed grant", "closed grants")) " (" (percent(ended.early(), all))
            ") ended before their time; " (number(open.extended)) " of " (number(open.opened)) " opened were extended"
            @if open.still_open > 0 { "; " (count(open.still_open, "is", "are")) " still open" }
            "."
        }
        (table("How grants ended", &[text("how"), digits("grants"), digits("of all")], &rows, 0))
    }
}

fn by_rule(open: &OpenTime, top: usize) -> Markup {
    let rows: Vec<_> = open
        .by_rule
        .iter()
        .take(top)
        .map(|rule| {
            vec![
                words(&rule.rule),
                cell(rule.opened),
                words(&length_or_none(rule.asked.median_seconds)),
                words(&length_or_none(rule.open.median_seconds)),
                words(&length_or_none(rule.open.p90_seconds)),
                words(&percent(rule.ended_early, rule.opened)),
                words(&percent(rule.extended, rule.opened)),
            ]
        })
        .collect();
    let columns = [
        text("rule"),
        digits("opened"),
        digits("asked: median"),
        digits("open: median"),
        digits("open: nine of ten within"),
        digits("ended early"),
        digits("extended"),
    ];
    table(
        "Time open by rule",
        &columns,
        &rows,
        rest(&open.by_rule, top),
    )
}
