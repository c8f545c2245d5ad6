//! The report as one page for a browser: HTML that needs nothing else, no script and no network.
//!
//! INVARIANT *(text)*: whatever comes from the ledger is put in by maud as text, or drawn by plotters as
//! text; both escape it. The page's policy allows its one style sheet, by digest, and nothing else.

mod about;
mod asks;
mod emergencies;
mod glance;
mod grants;
mod habits;
mod parts;
mod paths;
mod people;
mod waits;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::chart::Ink;
use super::figures::{Figures, Period, Step};
use super::words::{count, date};

/// Rows that each list of a page shows, unless asked otherwise.
pub const TOP: usize = 20;

const STYLE: &str = include_str!("page/style.css");

/// Writes the page; lists show their first `top` entries and say how many more there are.
pub fn page(figures: &Figures, top: usize) -> String {
    let style = style();
    let digest = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    );
    let period = &figures.period;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { "Access report, " (dates(period)) " · Drawbridge" }
                style { (PreEscaped(style)) }
            }
            body {
                header {
                    h1 { "How network access was asked for and used" }
                    p.when { (dates(period)) " · times in " (period.zone) }
                    p {
                        "People and services ask Drawbridge to open a network path inside a Kubernetes cluster for a "
                        "limited time. Those whom the rules name approve or deny it, and the path closes by itself. "
                        "This page sums up what its ledger recorded about "
                        (count(figures.asks.total, "request", "requests")) "."
                    }
                }
                main {
                    (glance::glance(figures))
                    (asks::asks(figures, top))
                    (waits::waits(figures, top))
                    (people::people(figures, top))
                    (grants::grants(figures, top))
                    (emergencies::emergencies(figures, top))
                    (paths::automatic(figures, top))
                    (paths::busiest(figures, top))
                    (paths::unused(figures, top))
                    (habits::habits(figures, top))
                    (about::about(figures))
                }
            }
        }
    };
    page.into_string()
}

/// The style sheet, with the charts' colours: what they write as values becomes a role.
fn style() -> String {
    let mut style = STYLE.to_owned();
    for (ink, class) in Ink::ALL {
        let written = ink.written();
        style += &format!(
            ".chart [fill=\"{written}\"]{{fill:var(--{class})}}.chart [stroke=\"{written}\"]{{stroke:var(--{class})}}.key .{class}{{background:var(--{class})}}\n"
        );
    }
    style
}

/// `1 Nov 2026 – 30 Nov 2026`: the last day is the last instant's.
fn dates(period: &Period) -> String {
    let last = period.until - chrono::TimeDelta::milliseconds(1);
    format!("{} – {}", date(period, period.from), date(period, last))
}

/// What one column over time is.
const fn step_name(step: Step) -> &'static str {
    match step {
        Step::Day => "day",
        Step::Week => "week",
        Step::Month => "month",
    }
}

/// What a caption adds: a period seldom begins and ends with a week or a month.
const fn cut_off(step: Step) -> &'static str {
    match step {
        Step::Day => "",
        Step::Week | Step::Month => "; the first and the last may not be whole",
    }
}

/// The label of a column over time, and what a table calls it.
fn start(step: Step, day: chrono::NaiveDate) -> (String, String) {
    let long = match step {
        Step::Day => day.format("%a %-d %b %Y"),
        Step::Week => day.format("week of %-d %b %Y"),
        Step::Month => day.format("%B %Y"),
    };
    let short = match step {
        Step::Month => day.format("%b %y"),
        _ => day.format("%-d %b"),
    };
    (short.to_string(), long.to_string())
}

/// A time for machines and people.
fn time(text: &str, at: crate::units::Time) -> Markup {
    let machine = at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    html! { time datetime=(machine) { (text) } }
}

#[cfg(test)]
mod tests;
