//! Tallies, made into figures.

use chrono::{Datelike as _, Days, Months, NaiveDate};

use super::Report;
use super::figures::{
    Asks, AsksThen, Automatic, FORMAT, Figures, OpenTime, Outcomes, PathUse, Period, RuleAsks,
    RuleAutomatic, RuleOpen, Step,
};
use super::habit::habits;
use super::names::{Name, Names};
use super::spread::Spread;

impl Report {
    /// The figures of everything that is settled.
    pub(super) fn figures(mut self) -> Figures {
        let over_time = self.asks_over_time();
        let emergencies = self.emergencies();
        let paths = self.paths();
        let tally = &self.tally;
        let named = tally.paths.iter().map(|(name, path)| {
            let (cluster, flow) = cluster_and_flow(&self.names, *name);
            (cluster, flow, path)
        });
        let habits = habits(&self.choices, named);
        let unused = self
            .traffic
            .take()
            .map(|traffic| traffic.judged(&self.names));
        let automatic = self.automatic_by_rule();
        let open = self.open_time();
        let people = self.people();
        let by_rule = self.asks_by_rule();
        let mut outcomes = Outcomes::default();
        for then in &over_time {
            outcomes.add_all(&then.outcomes);
        }
        let asks = Asks {
            total: outcomes.total(),
            extensions: self.tally.extensions,
            askers: self.tally.askers.len() as u64,
            outcomes,
            over_time,
            by_rule,
        };
        Figures {
            format: FORMAT,
            period: Period {
                from: self.choices.from,
                until: self.choices.until,
                zone: self.choices.zone.name().to_owned(),
                step: self.choices.step(),
            },
            asks,
            answers: self.answers(),
            people,
            open,
            emergencies,
            automatic,
            paths,
            unused,
            habits,
            source: self.source,
        }
    }

    /// From the first step that the ledger knows of to the last of the period, without gaps.
    fn asks_over_time(&self) -> Vec<AsksThen> {
        let mut steps: Vec<AsksThen> = self
            .steps()
            .into_iter()
            .map(|start| AsksThen {
                start,
                outcomes: Outcomes::default(),
            })
            .collect();
        for (day, outcomes) in &self.tally.days {
            let start = start_of(self.choices.step(), *day);
            if let Ok(at) = steps.binary_search_by_key(&start, |step| step.start)
                && let Some(step) = steps.get_mut(at)
            {
                step.outcomes.add_all(outcomes);
            }
        }
        steps
    }

    /// The first days of all steps.
    pub(super) fn steps(&self) -> Vec<NaiveDate> {
        let choices = &self.choices;
        let Some(known) = self.source.first else {
            return Vec::new();
        };
        let step = choices.step();
        let from = start_of(step, choices.day(choices.from.max(known)));
        let last = choices.until - chrono::TimeDelta::milliseconds(1);
        let last = choices.day(last);
        let next = |start: &NaiveDate| after(step, *start);
        std::iter::successors(Some(from), next)
            .take_while(|start| *start <= last)
            .collect()
    }

    fn asks_by_rule(&self) -> Vec<RuleAsks> {
        let rules = self
            .tally
            .rules
            .iter()
            .filter(|(_, r)| r.outcomes.total() > 0);
        let mut rules: Vec<RuleAsks> = rules
            .map(|(name, rule)| RuleAsks {
                rule: self.names.text(*name).to_owned(),
                outcomes: rule.outcomes,
            })
            .collect();
        rules.sort_by(|a, b| {
            let most = b.outcomes.total().cmp(&a.outcomes.total());
            most.then_with(|| a.rule.cmp(&b.rule))
        });
        rules
    }

    fn open_time(&mut self) -> OpenTime {
        let tally = &mut self.tally;
        let names = &self.names;
        let opened: u64 = tally.days.values().map(|outcomes| outcomes.opened).sum();
        let mut by_rule: Vec<RuleOpen> = tally
            .rules
            .iter_mut()
            .filter(|(_, rule)| rule.outcomes.opened > 0)
            .map(|(name, rule)| RuleOpen {
                rule: names.text(*name).to_owned(),
                opened: rule.outcomes.opened,
                ended_early: rule.ended_early,
                extended: rule.extended,
                asked: Spread::of(std::mem::take(&mut rule.asked)),
                open: Spread::of(std::mem::take(&mut rule.open)),
            })
            .collect();
        by_rule.sort_by(|a, b| {
            let most = b.opened.cmp(&a.opened);
            most.then_with(|| a.rule.cmp(&b.rule))
        });
        OpenTime {
            opened,
            still_open: tally.still_open,
            shortened: tally.shortened,
            extended: tally.extended,
            ended: tally.ended,
            compared: tally.compared.count,
            asked_seconds: tally.compared.asked,
            given_seconds: tally.compared.given,
            open_seconds: tally.compared.open,
            share: tally.compared.share,
            by_rule,
        }
    }

    fn automatic_by_rule(&self) -> Automatic {
        let rules = self
            .tally
            .rules
            .iter()
            .filter(|(_, rule)| rule.automatic > 0);
        let mut by_rule: Vec<RuleAutomatic> = rules
            .map(|(name, rule)| RuleAutomatic {
                rule: self.names.text(*name).to_owned(),
                automatic: rule.automatic,
                asks: rule.outcomes.total(),
            })
            .collect();
        by_rule.sort_by(|a, b| {
            let most = b.automatic.cmp(&a.automatic);
            most.then_with(|| a.rule.cmp(&b.rule))
        });
        Automatic {
            total: by_rule.iter().map(|rule| rule.automatic).sum(),
            recalled: self.tally.recalled,
            by_rule,
        }
    }

    fn paths(&self) -> Vec<PathUse> {
        let tallies = self.tally.paths.iter();
        let asked = tallies.filter(|(_, path)| path.outcomes.total() > 0);
        let mut paths: Vec<PathUse> = asked
            .filter_map(|(name, path)| {
                let (cluster, flow) = cluster_and_flow(&self.names, *name);
                Some(PathUse {
                    cluster: cluster.to_owned(),
                    flow: flow.to_owned(),
                    asks: path.outcomes.total(),
                    opened: path.outcomes.opened,
                    refused: path.outcomes.refused + path.outcomes.denied,
                    askers: path.askers.len() as u64,
                    open_seconds: path.open_seconds,
                    last_asked: path.last_asked?,
                })
            })
            .collect();
        paths.sort_by(|a, b| {
            let most = b.asks.cmp(&a.asks);
            most.then_with(|| (&a.flow, &a.cluster).cmp(&(&b.flow, &b.cluster)))
        });
        paths
    }
}

/// The cluster and the flow of a path's name.
pub(super) fn cluster_and_flow(names: &Names, path: Name) -> (&str, &str) {
    names.text(path).split_once('\0').unwrap_or_default()
}

/// The first day of the step that holds a day.
pub(super) fn start_of(step: Step, day: NaiveDate) -> NaiveDate {
    match step {
        Step::Day => day,
        Step::Week => day.week(chrono::Weekday::Mon).first_day(),
        Step::Month => day.with_day(1).unwrap_or(day),
    }
}

/// The first day of the step after one.
fn after(step: Step, start: NaiveDate) -> Option<NaiveDate> {
    match step {
        Step::Day => start.succ_opt(),
        Step::Week => start.checked_add_days(Days::new(7)),
        Step::Month => start.checked_add_months(Months::new(1)),
    }
}
