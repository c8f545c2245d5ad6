//! From the ask to the decision.

use super::Report;
use super::course::{Course, Waiting, seconds};
use super::fold::{Outcome, Step, add};
use super::names::Name;
use crate::audit::{Actor, Fact};
use crate::rules::UserId;
use crate::units::{Seconds, Time};

impl Report {
    /// A request was made, or refused at once.
    pub(super) fn begun(&mut self, step: Step<'_>, fact: &Fact) {
        let (Fact::Asked { flow, cluster, .. } | Fact::Refused { flow, cluster, .. }) = fact else {
            return;
        };
        let counts = self.choices.counts(step.at);
        let path = self.path(cluster, flow);
        let by = self.who(step.by);
        if counts {
            self.tally.askers.insert(by);
        }
        let Fact::Asked {
            seconds,
            rule,
            extends,
            ..
        } = fact
        else {
            self.asked_for(step.at, path, by, false);
            if counts {
                self.refused(step.at, path);
            }
            return;
        };
        let course = Course {
            counts,
            asked_at: step.at,
            path,
            rule: self.names.of(rule),
            asked: *seconds,
            shortened: None,
            extension: extends.is_some(),
            extended: false,
            emergency: false,
            stated: false,
            recalled: false,
            answered: false,
            decided: false,
            stage: None,
            stage_missed: false,
            opened_at: None,
        };
        if !course.extension {
            self.asked_for(step.at, path, by, true);
        }
        self.courses.insert(step.id.clone(), course);
    }

    /// A path was asked for; `habit`: whether it counts for one.
    fn asked_for(&mut self, at: Time, path: Name, by: Name, habit: bool) {
        if at >= self.choices.until {
            return;
        }
        let counts = self.choices.counts(at);
        let day = self.choices.day(at);
        let path = self.tally.paths.entry(path).or_default();
        path.last_asked = path.last_asked.max(Some(at));
        path.ever_askers.insert(by);
        if counts {
            path.askers.insert(by);
        }
        if habit {
            let (ever, now) = path.days.entry(day).or_default();
            *ever += 1;
            *now += u32::from(counts);
        }
    }

    fn refused(&mut self, at: Time, path: Name) {
        let day = self.choices.day(at);
        let outcomes = self.tally.days.entry(day).or_default();
        outcomes.add(Outcome::Refused);
        let path = self.tally.paths.entry(path).or_default();
        path.outcomes.add(Outcome::Refused);
    }

    /// A stage was reached; the one before it, if any, is filled.
    pub(super) fn stage_reached(&mut self, step: Step<'_>, stage: &str, asked: &[UserId]) {
        let stage = self.names.of(stage);
        let asked = asked.iter().map(|user| (self.names.of(&user.0), step.at));
        let asked: Vec<_> = asked.collect();
        let Some(course) = self.courses.get_mut(step.id) else {
            return;
        };
        let waiting = Waiting {
            name: stage,
            since: step.at,
            answered: false,
            asked,
            answers: Vec::new(),
        };
        let before = course.stage.replace(waiting);
        let (counts, rule) = (course.counts, course.rule);
        if !counts {
            return;
        }
        if let Some(before) = before {
            self.stage_decided(rule, &before, step.at);
        }
        let tally = self.tally.stages.entry((rule, stage)).or_default();
        tally.reached += 1;
        let waiting = self.courses.get(step.id).and_then(|c| c.stage.as_ref());
        for (person, _) in waiting.into_iter().flat_map(|waiting| &waiting.asked) {
            self.tally.people.entry(*person).or_default().asked += 1;
        }
    }

    /// The next circle is asked too.
    pub(super) fn escalated(&mut self, step: Step<'_>, asked: &[UserId]) {
        let asked: Vec<_> = asked.iter().map(|user| self.names.of(&user.0)).collect();
        let Some(course) = self.courses.get_mut(step.id) else {
            return;
        };
        let Some(waiting) = &mut course.stage else {
            return;
        };
        for person in asked {
            if waiting.asked.iter().any(|(known, _)| *known == person) {
                continue;
            }
            waiting.asked.push((person, step.at));
            if course.counts {
                self.tally.people.entry(person).or_default().asked += 1;
            }
        }
    }

    pub(super) fn recalled(&mut self, step: Step<'_>) {
        if let Some(course) = self.courses.get_mut(step.id) {
            course.recalled = true;
        }
    }

    /// Somebody approved: a person, or a service account offline.
    pub(super) fn approved(
        &mut self,
        step: Step<'_>,
        by: &str,
        stage: &str,
        shortened: Option<Seconds>,
    ) {
        let stage = self.names.of(stage);
        if let Some(course) = self.courses.get_mut(step.id) {
            course.shortened = shortened.or(course.shortened);
            if course.stage.as_ref().is_some_and(|w| w.name != stage) {
                // A stage of which the ledger does not say when it was reached.
                course.stage = None;
            }
        }
        if self.answered(step, by) {
            let by = self.names.of(by);
            self.tally.people.entry(by).or_default().approved += 1;
        }
    }

    /// Notes an answer, and whether it counts.
    fn answered(&mut self, step: Step<'_>, by: &str) -> bool {
        let by = self.names.of(by);
        let Some(course) = self.courses.get_mut(step.id) else {
            return false;
        };
        let first = !std::mem::replace(&mut course.answered, true);
        if let Some(waiting) = &mut course.stage {
            waiting.answers.push(by);
        } else {
            course.stage_missed = true;
        }
        if !course.counts {
            return false;
        }
        let (rule, asked_at) = (course.rule, course.asked_at);
        if first {
            add(&mut self.tally.first_answer, asked_at, step.at);
            let rule = self.tally.rules.entry(rule).or_default();
            add(&mut rule.first_answer, asked_at, step.at);
        }
        if let Some(waiting) = &mut course.stage {
            if !std::mem::replace(&mut waiting.answered, true) {
                let stage = self.tally.stages.entry((rule, waiting.name)).or_default();
                add(&mut stage.first_answer, waiting.since, step.at);
            }
            let asked = waiting.asked.iter().find(|(person, _)| *person == by);
            if let Some((_, since)) = asked {
                let length = seconds(*since, step.at);
                self.tally.people.entry(by).or_default().answer.push(length);
            }
        }
        true
    }

    /// Everything that was asked for is there: opening begins.
    pub(super) fn granted(&mut self, step: Step<'_>) {
        let Some(course) = self.courses.get_mut(step.id) else {
            return;
        };
        let stage = course.stage.take();
        let first = !std::mem::replace(&mut course.decided, true);
        if first && course.counts && !course.emergency {
            let (rule, asked_at) = (course.rule, course.asked_at);
            let (answered, missed) = (course.answered, course.stage_missed);
            self.decided(rule, answered.then_some(asked_at), step.at);
            self.tally.stages_not_known += u64::from(answered && missed);
            self.tally.asked_not_known += u64::from(answered && missed);
            if let Some(stage) = stage {
                self.stage_decided(rule, &stage, step.at);
            }
        }
    }

    /// Somebody, or the rules, said no.
    pub(super) fn denied(&mut self, step: Step<'_>) {
        if let Actor::Person(by) = step.by
            && self.answered(step, &by.0)
        {
            let by = self.names.of(&by.0);
            self.tally.people.entry(by).or_default().denied += 1;
        }
        self.granted(step);
        self.over(step, Outcome::Denied);
    }

    /// Nobody answered in time: those who were asked and said nothing are noted.
    pub(super) fn lapsed(&mut self, step: Step<'_>) {
        if let Some(course) = self.courses.get(step.id).filter(|course| course.counts) {
            match &course.stage {
                Some(waiting) => {
                    let stage = (course.rule, waiting.name);
                    self.tally.stages.entry(stage).or_default().lapsed += 1;
                    let silent = waiting.asked.iter().map(|(person, _)| person);
                    for person in silent.filter(|person| !waiting.answers.contains(person)) {
                        self.tally.people.entry(*person).or_default().lapsed += 1;
                    }
                }
                None => self.tally.asked_not_known += 1,
            }
        }
        self.over(step, Outcome::Lapsed);
    }

    /// Notes how long a decision took, where people made it.
    fn decided(&mut self, rule: Name, asked_at: Option<Time>, at: Time) {
        if let Some(asked_at) = asked_at {
            add(&mut self.tally.decision, asked_at, at);
            let rule = self.tally.rules.entry(rule).or_default();
            add(&mut rule.decision, asked_at, at);
        }
    }

    fn stage_decided(&mut self, rule: Name, stage: &Waiting, at: Time) {
        if stage.answered {
            let tally = self.tally.stages.entry((rule, stage.name)).or_default();
            add(&mut tally.decision, stage.since, at);
        }
    }
}
