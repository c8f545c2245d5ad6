//! Which figure is in which row.

use super::Sheet;
use crate::report::figures::{Figures, Habit, Outcomes, Reviews};
use crate::report::spread::Spread;
use crate::units::Time;

/// What a row is about: section, item, cluster.
type About<'a> = (&'a str, &'a str, &'a str);

impl Sheet {
    fn count(&mut self, (section, item, cluster): About<'_>, metric: &str, value: u64) {
        self.row([section, item, cluster, metric, &value.to_string(), "count"]);
    }

    fn seconds(&mut self, about: About<'_>, metric: &str, value: impl Into<Option<u64>>) {
        let (section, item, cluster) = about;
        let value = value.into().map(|value| value.to_string());
        let value = value.unwrap_or_default();
        self.row([section, item, cluster, metric, &value, "s"]);
    }

    fn time(&mut self, (section, item, cluster): About<'_>, metric: &str, at: Option<Time>) {
        let at = at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let at = at.unwrap_or_default();
        self.row([section, item, cluster, metric, &at, "time"]);
    }

    fn text(&mut self, (section, item, cluster): About<'_>, metric: &str, text: &str) {
        self.row([section, item, cluster, metric, text, "text"]);
    }

    fn spread(&mut self, about: About<'_>, metric: &str, spread: &Spread) {
        self.count(about, &format!("{metric}_count"), spread.count);
        self.seconds(about, &format!("{metric}_median"), spread.median_seconds);
        self.seconds(about, &format!("{metric}_p90"), spread.p90_seconds);
    }

    fn counts(&mut self, about: About<'_>, values: &[(&str, u64)]) {
        for (metric, value) in values {
            self.count(about, metric, *value);
        }
    }

    fn outcomes(&mut self, about: About<'_>, outcomes: &Outcomes) {
        self.counts(
            about,
            &[
                ("requests", outcomes.total()),
                ("opened", outcomes.opened),
                ("refused", outcomes.refused),
                ("denied", outcomes.denied),
                ("lapsed", outcomes.lapsed),
                ("cancelled", outcomes.cancelled),
                ("not_opened", outcomes.not_opened),
                ("waiting", outcomes.waiting),
            ],
        );
    }

    fn reviews(&mut self, about: About<'_>, reviews: &Reviews) {
        self.counts(
            about,
            &[
                ("emergencies", reviews.total()),
                ("reviews_done", reviews.done),
                ("reviews_late", reviews.late),
                ("reviews_open", reviews.open),
                ("reviews_overdue", reviews.overdue),
                ("reviews_never", reviews.never),
            ],
        );
    }
}

/// Every section, in the order of the page.
pub(super) fn all(sheet: &mut Sheet, figures: &Figures) {
    report(sheet, figures);
    asks(sheet, figures);
    answers(sheet, figures);
    people(sheet, figures);
    open(sheet, figures);
    emergencies(sheet, figures);
    paths(sheet, figures);
    unused(sheet, figures);
    for habit in &figures.habits.current {
        one_habit(sheet, "habits", habit);
    }
    for habit in &figures.habits.former {
        one_habit(sheet, "former_habits", habit);
    }
}

fn report(sheet: &mut Sheet, figures: &Figures) {
    let about = ("report", "", "");
    sheet.time(about, "from", Some(figures.period.from));
    sheet.time(about, "until", Some(figures.period.until));
    sheet.text(about, "zone", &figures.period.zone);
    sheet.time(about, "ledger_first", figures.source.first);
    sheet.time(about, "ledger_last", figures.source.last);
    let source = &figures.source;
    sheet.counts(
        about,
        &[
            ("records", source.records),
            ("unreadable", source.unreadable),
            ("repeated", source.repeated),
            ("headless", source.headless),
        ],
    );
}

fn asks(sheet: &mut Sheet, figures: &Figures) {
    let asks = &figures.asks;
    let whole = ("asks", "", "");
    sheet.outcomes(whole, &asks.outcomes);
    sheet.counts(
        whole,
        &[("extensions", asks.extensions), ("askers", asks.askers)],
    );
    for then in &asks.over_time {
        let start = then.start.to_string();
        sheet.outcomes(("asks_over_time", &start, ""), &then.outcomes);
    }
    for rule in &asks.by_rule {
        let about = ("asks_by_rule", rule.rule.as_str(), "");
        sheet.count(about, "requests", rule.outcomes.total());
        sheet.counts(about, &rule.outcomes.of_a_rule());
    }
    let automatic = &figures.automatic;
    let whole = ("automatic", "", "");
    sheet.counts(
        whole,
        &[
            ("automatic", automatic.total),
            ("recalled", automatic.recalled),
        ],
    );
    for rule in &automatic.by_rule {
        let about = ("automatic_by_rule", rule.rule.as_str(), "");
        sheet.counts(
            about,
            &[("automatic", rule.automatic), ("requests", rule.asks)],
        );
    }
}

fn answers(sheet: &mut Sheet, figures: &Figures) {
    let answers = &figures.answers;
    let whole = ("answers", "", "");
    sheet.spread(whole, "first_answer", &answers.first_answer);
    sheet.spread(whole, "decision", &answers.decision);
    sheet.count(whole, "stages_not_known", answers.stages_not_known);
    for rule in &answers.by_rule {
        let about = ("answers_by_rule", rule.rule.as_str(), "");
        sheet.spread(about, "first_answer", &rule.first_answer);
        sheet.spread(about, "decision", &rule.decision);
    }
    for stage in &answers.by_stage {
        let name = format!("{} · {}", stage.rule, stage.stage);
        let about = ("answers_by_stage", name.as_str(), "");
        sheet.counts(
            about,
            &[("reached", stage.reached), ("lapsed", stage.lapsed)],
        );
        sheet.spread(about, "first_answer", &stage.first_answer);
        sheet.spread(about, "decision", &stage.decision);
    }
}

fn people(sheet: &mut Sheet, figures: &Figures) {
    let people = &figures.people;
    sheet.count(
        ("people", "", ""),
        "asked_not_known",
        people.asked_not_known,
    );
    for person in &people.everyone {
        let about = ("people", person.id.as_str(), "");
        sheet.text(about, "name", person.name.as_deref().unwrap_or_default());
        sheet.counts(
            about,
            &[
                ("asked", person.asked),
                ("approved", person.approved),
                ("denied", person.denied),
                ("lapsed", person.lapsed),
                ("reviewed", person.reviewed),
            ],
        );
        sheet.spread(about, "answer", &person.answer);
    }
}

fn open(sheet: &mut Sheet, figures: &Figures) {
    let open = &figures.open;
    let whole = ("open", "", "");
    sheet.counts(
        whole,
        &[
            ("opened", open.opened),
            ("still_open", open.still_open),
            ("shortened", open.shortened),
            ("extended", open.extended),
            ("ended_expired", open.ended.expired),
            ("ended_done", open.ended.done),
            ("ended_revoked", open.ended.revoked),
            ("ended_incident_closed", open.ended.incident_closed),
            ("ended_withdrawn", open.ended.withdrawn),
            ("ended_removed", open.ended.removed),
            ("ended_other", open.ended.other),
            ("compared", open.compared),
        ],
    );
    sheet.seconds(whole, "asked", open.asked_seconds);
    sheet.seconds(whole, "given", open.given_seconds);
    sheet.seconds(whole, "open", open.open_seconds);
    for (tenth, count) in open.share.iter().enumerate() {
        let share = format!("from {} % on", tenth * 10);
        sheet.count(("open_share", &share, ""), "grants", *count);
    }
    for rule in &open.by_rule {
        let about = ("open_by_rule", rule.rule.as_str(), "");
        sheet.counts(
            about,
            &[
                ("opened", rule.opened),
                ("ended_early", rule.ended_early),
                ("extended", rule.extended),
            ],
        );
        sheet.spread(about, "asked", &rule.asked);
        sheet.spread(about, "open", &rule.open);
    }
}

fn emergencies(sheet: &mut Sheet, figures: &Figures) {
    let emergencies = &figures.emergencies;
    sheet.reviews(("emergencies", "", ""), &emergencies.reviews);
    for then in &emergencies.over_time {
        let start = then.start.to_string();
        sheet.reviews(("emergencies_over_time", &start, ""), &then.reviews);
    }
    for one in &emergencies.each {
        let about = ("emergencies", one.id.as_str(), one.cluster.as_str());
        sheet.text(about, "flow", &one.flow);
        sheet.text(about, "rule", &one.rule);
        sheet.text(about, "by", &one.by);
        sheet.time(about, "at", Some(one.at));
        sheet.text(about, "review", one.review.word());
        sheet.time(about, "review_by", Some(one.review_by));
        sheet.text(
            about,
            "reviewed_by",
            one.reviewed_by.as_deref().unwrap_or_default(),
        );
    }
}

fn paths(sheet: &mut Sheet, figures: &Figures) {
    for path in &figures.paths {
        let about = ("paths", path.flow.as_str(), path.cluster.as_str());
        sheet.counts(
            about,
            &[
                ("asks", path.asks),
                ("opened", path.opened),
                ("refused", path.refused),
                ("askers", path.askers),
            ],
        );
        sheet.seconds(about, "open", path.open_seconds);
        sheet.time(about, "last_asked", Some(path.last_asked));
    }
}

fn unused(sheet: &mut Sheet, figures: &Figures) {
    let whole = ("unused", "", "");
    let Some(unused) = &figures.unused else {
        sheet.text(whole, "not_known", "no flow data");
        return;
    };
    sheet.counts(
        whole,
        &[
            ("flows", unused.flows),
            ("unreadable", unused.unreadable),
            ("judged", unused.judged),
            ("never_used", unused.never_used),
            ("not_known", unused.not_known),
        ],
    );
    sheet.time(whole, "first", unused.first);
    sheet.time(whole, "last", unused.last);
    for path in &unused.paths {
        let about = ("unused", path.flow.as_str(), path.cluster.as_str());
        sheet.counts(
            about,
            &[("judged", path.judged), ("never_used", path.never_used)],
        );
    }
}

fn one_habit(sheet: &mut Sheet, section: &str, habit: &Habit) {
    let about = (section, habit.flow.as_str(), habit.cluster.as_str());
    sheet.counts(
        about,
        &[
            ("asks", habit.asks),
            ("days", habit.days),
            ("opened", habit.opened),
            ("askers", habit.askers),
        ],
    );
    sheet.time(about, "last_asked", Some(habit.last_asked));
    sheet.text(about, "policies", &habit.yaml());
}
