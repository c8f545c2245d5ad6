//! The first screen: the most important numbers, and what to look at first.

use maud::{Markup, html};

use crate::report::figures::Figures;
use crate::report::words::{count, hours, length, length_or_none, number, percent};

/// A wait for a decision that is worth a word, in seconds: what nine of ten do not exceed.
const SLOW: u64 = 3_600;

/// Something to look at, and where.
struct Finding {
    section: &'static str,
    says: String,
    advice: &'static str,
}

pub(super) fn glance(figures: &Figures) -> Markup {
    let findings = findings(figures);
    html! {
        section id="glance" aria-labelledby="glance-title" {
            h2 id="glance-title" { "At a glance" }
            dl.tiles {
                @for (name, value, under) in tiles(figures) {
                    div { dt { (name) } dd { strong { (value) } span { (under) } } }
                }
            }
            h3 { "What to look at first" }
            @if findings.is_empty() {
                p { "Nothing stands out in this period." }
            } @else {
                ul.findings {
                    @for finding in &findings {
                        li { a href={ "#" (finding.section) } { (finding.says) } " " (finding.advice) }
                    }
                }
            }
        }
    }
}

fn tiles(figures: &Figures) -> [(&'static str, String, String); 6] {
    let asks = &figures.asks;
    let decision = &figures.answers.decision;
    let open = &figures.open;
    let reviews = &figures.emergencies.reviews;
    [
        (
            "Requests",
            number(asks.total),
            format!(
                "by {}",
                count(asks.askers, "person or service", "people and services")
            ),
        ),
        (
            "Opened",
            percent(asks.outcomes.opened, asks.total),
            count(asks.outcomes.opened, "grant", "grants"),
        ),
        (
            "Wait for a decision",
            length_or_none(decision.median_seconds),
            format!(
                "median; nine of ten within {}",
                length_or_none(decision.p90_seconds)
            ),
        ),
        (
            "Open of the time asked",
            percent(open.open_seconds, open.asked_seconds),
            format!(
                "{} of {}",
                hours(open.open_seconds),
                hours(open.asked_seconds)
            ),
        ),
        (
            "Emergencies",
            number(figures.emergencies.total),
            format!(
                "{} without a review",
                number(reviews.open + reviews.overdue + reviews.never)
            ),
        ),
        (
            "Habits",
            number(figures.habits.current.len() as u64),
            "paths asked for again and again".to_owned(),
        ),
    ]
}

/// At most five, the most pressing first.
fn findings(figures: &Figures) -> Vec<Finding> {
    let found = [
        reviews(figures),
        unanswered(figures),
        slow(figures),
        habits(figures),
        unused(figures),
        too_long(figures),
    ];
    found.into_iter().flatten().take(5).collect()
}

fn reviews(figures: &Figures) -> Option<Finding> {
    let reviews = &figures.emergencies.reviews;
    let missing = reviews.overdue + reviews.never;
    (missing > 0).then(|| Finding {
        section: "emergencies",
        says: format!(
            "{} never reviewed in time.",
            count(missing, "emergency was", "emergencies were")
        ),
        advice: "Have somebody look at each: nobody agreed to them.",
    })
}

/// One in twenty or more ended unanswered.
fn unanswered(figures: &Figures) -> Option<Finding> {
    let outcomes = &figures.asks.outcomes;
    (outcomes.lapsed > 0 && outcomes.lapsed * 20 >= outcomes.total()).then(|| Finding {
        section: "people",
        says: format!(
            "{} ({}) ended because nobody answered.",
            count(outcomes.lapsed, "request", "requests"),
            percent(outcomes.lapsed, outcomes.total())
        ),
        advice: "See who was asked: more approvers, or an escalation, would help.",
    })
}

fn slow(figures: &Figures) -> Option<Finding> {
    let p90 = figures.answers.decision.p90_seconds?;
    (p90 >= SLOW).then(|| Finding {
        section: "waits",
        says: format!(
            "One request in ten waits over {} for its decision.",
            length(p90)
        ),
        advice: "See which rule and stage takes that long.",
    })
}

fn habits(figures: &Figures) -> Option<Finding> {
    let current = &figures.habits.current;
    let asks: u64 = current.iter().map(|habit| habit.asks).sum();
    (!current.is_empty()).then(|| Finding {
        section: "habits",
        says: format!(
            "{} asked for again and again, {} in all.",
            count(current.len() as u64, "path is", "paths are"),
            count(asks, "request", "requests")
        ),
        advice: "A permanent policy would spare the requests; one is drafted for each.",
    })
}

fn unused(figures: &Figures) -> Option<Finding> {
    let unused = figures.unused.as_ref()?;
    (unused.never_used > 0).then(|| Finding {
        section: "unused",
        says: format!(
            "Nothing went through {} of {}.",
            number(unused.never_used),
            count(unused.judged, "grant", "grants")
        ),
        advice: "Ask those who wanted them what they were for.",
    })
}

/// Less than half of what is asked for is used.
fn too_long(figures: &Figures) -> Option<Finding> {
    let open = &figures.open;
    (open.compared > 0 && open.open_seconds * 2 < open.asked_seconds).then(|| Finding {
        section: "open",
        says: format!(
            "Paths are open for {} of the time asked for.",
            percent(open.open_seconds, open.asked_seconds)
        ),
        advice: "A shorter default would leave less open.",
    })
}
