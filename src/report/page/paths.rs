//! What needs nobody, which paths are asked for most, and which grants nobody used.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, path, rest, section, table, text, words};
use super::time;
use crate::report::chart::{Bar, Ink, Scale, bars};
use crate::report::figures::{Figures, PathUse, Unused};
use crate::report::words::{count, date, hours, minute, number, percent};

const BARS: usize = 12;

pub(super) fn automatic(figures: &Figures, top: usize) -> Markup {
    let automatic = &figures.automatic;
    let rows: Vec<_> = automatic
        .by_rule
        .iter()
        .take(top)
        .map(|rule| {
            vec![
                words(&rule.rule),
                cell(rule.automatic),
                cell(rule.asks),
                words(&percent(rule.automatic, rule.asks)),
            ]
        })
        .collect();
    let columns = [
        text("rule"),
        digits("automatic"),
        digits("requests"),
        digits("share"),
    ];
    let body = html! {
        p {
            (count(automatic.total, "request was", "requests were")) " approved by the rule itself ("
            (percent(automatic.total, figures.asks.total)) " of all); " (number(automatic.recalled))
            " had at least one stage filled by an approval that was given before and still counted."
        }
        @if !rows.is_empty() {
            (table("Automatic approvals by rule", &columns, &rows, rest(&automatic.by_rule, top)))
        }
    };
    section(
        "automatic",
        "Approved without asking anybody",
        "Requests that nobody had to answer, because a rule approves them within its limits. Check that these are the \
         paths you meant to be so easy; a rule that approves nearly everything may as well be a permanent policy.",
        &body,
    )
}

pub(super) fn busiest(figures: &Figures, top: usize) -> Markup {
    let paths = &figures.paths;
    let caption = "Paths asked for most";
    let body = html! {
        @if paths.is_empty() {
            p { "No path was asked for in this period." }
        } @else {
            p { (count(paths.len() as u64, "path was", "different paths were")) " asked for." }
            (chart("paths-chart", caption, &says(caption, paths), &KEY, &bars(&drawn(paths), Scale::Count)))
            (listing(figures, top))
        }
    };
    section(
        "paths",
        "Busiest paths",
        "Which connections people need most. What is asked for daily is part of how your systems work: give it a \
         permanent policy, or a rule that approves it by itself.",
        &body,
    )
}

const KEY: [(Ink, &str); 3] = [
    (Ink::Good, "opened"),
    (Ink::No, "refused or denied"),
    (Ink::Rest, "other"),
];

fn drawn(paths: &[PathUse]) -> Vec<Bar> {
    let shown = paths.iter().take(BARS);
    let bars = shown.map(|path| Bar {
        name: path.flow.replace(" -> ", " → "),
        parts: vec![
            (Ink::Good, path.opened),
            (Ink::No, path.refused),
            (
                Ink::Rest,
                path.asks.saturating_sub(path.opened + path.refused),
            ),
        ],
        reaches: None,
        says: number(path.asks),
    });
    bars.collect()
}

fn listing(figures: &Figures, top: usize) -> Markup {
    let paths = &figures.paths;
    let rows: Vec<_> = paths
        .iter()
        .take(top)
        .map(|one| {
            vec![
                path(&one.cluster, &one.flow),
                cell(one.asks),
                cell(one.opened),
                cell(one.refused),
                cell(one.askers),
                words(&hours(one.open_seconds)),
                time(&date(&figures.period, one.last_asked), one.last_asked),
            ]
        })
        .collect();
    let columns = [
        text("path and cluster"),
        digits("requests"),
        digits("opened"),
        digits("refused or denied"),
        digits("asked by"),
        digits("open"),
        digits("last asked"),
    ];
    table("Paths asked for most", &columns, &rows, rest(paths, top))
}

fn says(caption: &str, paths: &[PathUse]) -> String {
    let first = paths.iter().take(3);
    let first = first.map(|path| format!("{}: {}", path.flow, number(path.asks)));
    let first: Vec<String> = first.collect();
    format!(
        "{caption}. {}. The table below has all numbers.",
        first.join("; ")
    )
}

pub(super) fn unused(figures: &Figures, top: usize) -> Markup {
    let body = match &figures.unused {
        None => html! {
            p.unknown {
                "Not known: no flow data. Give the report an export of your cluster's flows ("
                code { "--flows FILE" } ", JSON Lines as Hubble writes them) to see it."
            }
        },
        Some(unused) => judged(figures, unused, top),
    };
    section(
        "unused",
        "Grants that nobody used",
        "Paths that were opened and that nothing went through. Access that is asked for and not used is either asked \
         for too early, or for another reason than the one given: ask.",
        &body,
    )
}

fn judged(figures: &Figures, unused: &Unused, top: usize) -> Markup {
    let at = |at: Option<crate::units::Time>| {
        at.map_or_else(|| "–".to_owned(), |at| minute(&figures.period, at))
    };
    let rows: Vec<_> = unused
        .paths
        .iter()
        .take(top)
        .map(|one| {
            vec![
                path(&one.cluster, &one.flow),
                cell(one.never_used),
                cell(one.judged),
            ]
        })
        .collect();
    let columns = [
        text("path and cluster"),
        digits("never used"),
        digits("of grants judged"),
    ];
    html! {
        p {
            "Nothing went through " (number(unused.never_used)) " of " (count(unused.judged, "grant", "grants"))
            " (" (percent(unused.never_used, unused.judged)) ") that the flow data covers."
        }
        @if !rows.is_empty() {
            (table("Paths with grants that were never used", &columns, &rows, rest(&unused.paths, top)))
        }
        p.unknown {
            "The data holds " (count(unused.flows, "flow", "flows")) " from " (at(unused.first)) " to " (at(unused.last))
            ". Not known: " (count(unused.not_known, "other closed grant", "other closed grants"))
            ", which it does not cover, or whose ends it never shows."
        }
    }
}
