//! Emergencies and their reviews.

use maud::{Markup, html};

use super::parts::{cell, chart, digits, numbers_of, path, rest, section, table, text, words};
use super::{cut_off, start, step_name, time};
use crate::report::chart::{Ink, Series, columns};
use crate::report::figures::{Emergencies, Figures, Period, Review, Reviews};
use crate::report::words::{count, minute, number};

const KEY: [(Ink, &str); 3] = [
    (Ink::Good, "reviewed"),
    (Ink::Rest, "review not due yet"),
    (Ink::No, "overdue, or never reviewed"),
];

pub(super) fn emergencies(figures: &Figures, top: usize) -> Markup {
    let emergencies = &figures.emergencies;
    let body = html! {
        @if emergencies.total == 0 {
            p { "There was no emergency in this period." }
        } @else {
            p { (sentence(emergencies)) }
            (over_time(figures))
            (each(&figures.period, emergencies, top))
        }
    };
    section(
        "emergencies",
        "Emergencies and their reviews",
        "Paths that were opened at once, before anybody agreed, and whether somebody looked at them afterwards. Have \
         every one reviewed; if the same rule is broken open often, its approvers are too slow or too few.",
        &body,
    )
}

fn sentence(emergencies: &Emergencies) -> String {
    let Reviews {
        done,
        late,
        open,
        overdue,
        never,
    } = emergencies.reviews;
    format!(
        "{}: {} reviewed in time, {} late; {} still in time for a review, {} overdue, {} never reviewed.",
        count(emergencies.total, "emergency", "emergencies"),
        number(done),
        number(late),
        number(open),
        number(overdue),
        number(never)
    )
}

fn over_time(figures: &Figures) -> Markup {
    let emergencies = &figures.emergencies;
    let step = figures.period.step;
    let starts = emergencies
        .over_time
        .iter()
        .map(|then| start(step, then.start));
    let (labels, names): (Vec<String>, Vec<String>) = starts.unzip();
    let layer = |ink, of: fn(&Reviews) -> u64| Series {
        ink,
        values: emergencies
            .over_time
            .iter()
            .map(|then| of(&then.reviews))
            .collect(),
    };
    let series = [
        layer(Ink::Good, |r| r.done + r.late),
        layer(Ink::Rest, |r| r.open),
        layer(Ink::No, |r| r.overdue + r.never),
    ];
    let rows: Vec<_> = names
        .iter()
        .zip(&emergencies.over_time)
        .map(|(name, then)| {
            let r = &then.reviews;
            let mut row = vec![words(name)];
            row.extend([r.total(), r.done, r.late, r.open, r.overdue, r.never].map(cell));
            row
        })
        .collect();
    let columns_of = [
        text(""),
        digits("emergencies"),
        digits("reviewed in time"),
        digits("late"),
        digits("not due yet"),
        digits("overdue"),
        digits("never"),
    ];
    let caption = format!(
        "Emergencies per {}, by what became of their reviews{}",
        step_name(step),
        cut_off(step)
    );
    html! {
        (chart("emergencies-chart", &caption, &format!("{caption}: columns. {}", sentence(emergencies)), &KEY, &columns(&labels, &series)))
        (numbers_of(&caption, &columns_of, &rows, 0))
    }
}

/// Those that want a review first, then the latest.
fn each(period: &Period, emergencies: &Emergencies, top: usize) -> Markup {
    let mut each: Vec<_> = emergencies.each.iter().collect();
    each.sort_by_key(|one| !matches!(one.review, Review::Overdue | Review::Never));
    let rows: Vec<_> = each
        .iter()
        .take(top)
        .map(|one| {
            vec![
                html! { code { (one.id.as_str()) } },
                time(&minute(period, one.at), one.at),
                path(&one.cluster, &one.flow),
                words(&one.by),
                words(&one.rule),
                review(
                    period,
                    one.review,
                    one.review_by,
                    one.reviewed_by.as_deref(),
                ),
            ]
        })
        .collect();
    let columns = [
        text("request"),
        text("when"),
        text("path"),
        text("opened by"),
        text("rule"),
        text("review"),
    ];
    table(
        "Emergencies, those without a review first, then the latest",
        &columns,
        &rows,
        rest(&each, top),
    )
}

fn review(period: &Period, review: Review, by: crate::units::Time, who: Option<&str>) -> Markup {
    let who = who.unwrap_or("");
    let due = minute(period, by);
    match review {
        Review::Done => html! { "by " (who) },
        Review::Late => html! { "late, by " (who) },
        Review::Open => html! { "due " (due) },
        Review::Overdue => html! { strong.bad { "overdue" } " since " (due) },
        Review::Never => html! { strong.bad { "never" } ", was due " (due) },
    }
}
