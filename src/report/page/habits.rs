//! Habits, with the permanent policies that would make them unnecessary; and former ones.

use maud::{Markup, html};

use super::parts::{cell, digits, more, path, rest, section, table, text};
use super::time;
use crate::report::figures::{Figures, Habit, Habits, Period};
use crate::report::words::{count, date, number};

/// Drafts on a page: each takes about two kilobytes.
const DRAFTS: usize = 50;

pub(super) fn habits(figures: &Figures, top: usize) -> Markup {
    let habits = &figures.habits;
    let period = &figures.period;
    let body = html! {
        p {
            "A habit is a path that was asked for at least " (number(u64::from(habits.at_least_asks)))
            " times on at least " (number(u64::from(habits.at_least_days)))
            " days of this period. Requests that rules or facts refused, and extensions, do not count."
        }
        (current(period, habits, top))
        h3 { "Former habits" }
        (former(period, habits, top))
    };
    section(
        "habits",
        "Habits: what could be permanent",
        "Paths that are asked for again and again, each with the policy that would make asking unnecessary. Have the \
         owners of the target read the draft; if they agree, put it where your other policies are kept.",
        &body,
    )
}

fn current(period: &Period, habits: &Habits, top: usize) -> Markup {
    let all = &habits.current;
    html! {
        @if all.is_empty() {
            p { "No path was asked for that often." }
        } @else {
            (table("Habits, the most often asked first", &COLUMNS, &rows(period, all, top), rest(all, top)))
            h3 { "Drafts of permanent policies" }
            p {
                "Each draft is what was last applied for the path, without its end. It presumes what was true then: "
                "other policies isolate these pods. Where none does, it would isolate them itself and cut everything "
                "else; " code { "drawbridge reach" } " tells. A path that is worth approving each time should stay a request."
            }
            @for habit in all.iter().take(top.min(DRAFTS)) { (draft(habit)) }
            (more(rest(all, top.min(DRAFTS))))
        }
    }
}

const COLUMNS: [(&str, bool); 6] = [
    text("path and cluster"),
    digits("requests"),
    digits("on days"),
    digits("opened"),
    digits("asked by"),
    digits("last asked"),
];

fn rows(period: &Period, habits: &[Habit], top: usize) -> Vec<Vec<Markup>> {
    let shown = habits.iter().take(top).map(|habit| {
        vec![
            path(&habit.cluster, &habit.flow),
            cell(habit.asks),
            cell(habit.days),
            cell(habit.opened),
            cell(habit.askers),
            time(&date(period, habit.last_asked), habit.last_asked),
        ]
    });
    shown.collect()
}

fn draft(habit: &Habit) -> Markup {
    html! {
        details.draft {
            summary { (path(&habit.cluster, &habit.flow)) ", " (count(habit.asks, "request", "requests")) }
            @if habit.stated {
                p { "What was applied for it is no NetworkPolicy, so there is no draft." }
            } @else if habit.policies.is_empty() {
                p.unknown { "Not known: what was applied for it. The ledger has no record of that." }
            } @else {
                pre tabindex="0" aria-label={ "Draft for " (habit.flow) } { code { (habit.yaml()) } }
            }
        }
    }
}

fn former(period: &Period, habits: &Habits, top: usize) -> Markup {
    let all = &habits.former;
    html! {
        @if all.is_empty() {
            p { "There is none: no path was once a habit and has not been asked for in " (number(u64::from(habits.idle_days))) " days." }
        } @else {
            p {
                "These were habits, and nobody has asked for them in " (number(u64::from(habits.idle_days)))
                " days. If they have a permanent policy now, good; if not, rules that exist only for them can go."
            }
            (table("Former habits, the longest forgotten first", &COLUMNS, &rows(period, all, top), rest(all, top)))
        }
    }
}
