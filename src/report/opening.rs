//! From the decision to the end, and what comes after it.

use serde_json::Value;

use super::Report;
use super::course::{Course, seconds};
use super::figures::Ended;
use super::fold::{Outcome, Step};
use super::policy;
use super::tally::{Compared, EmergencyTally, Grant};
use crate::id::RequestId;
use crate::units::{Seconds, Time};

impl Report {
    /// The rule approved by itself.
    pub(super) fn automatic(&mut self, step: Step<'_>) {
        if let Some(course) = self.courses.get(step.id).filter(|course| course.counts) {
            let rule = self.tally.rules.entry(course.rule).or_default();
            rule.automatic += 1;
        }
    }

    /// Somebody broke it open.
    pub(super) fn emergency(&mut self, step: Step<'_>, given: Seconds, review_by: Time) {
        let by = self.who(step.by);
        let Some(course) = self.courses.get_mut(step.id) else {
            return;
        };
        course.emergency = true;
        course.shortened = Some(given);
        if course.counts {
            let emergency = EmergencyTally {
                asked_at: course.asked_at,
                at: step.at,
                by,
                rule: course.rule,
                path: course.path,
                review_by,
                reviewed: None,
                given_up: false,
            };
            let all = &mut self.tally.emergencies;
            all.insert(step.id.clone(), emergency);
        }
    }

    /// Somebody looked at an emergency. That can be long after its path was closed.
    pub(super) fn reviewed(&mut self, step: Step<'_>) {
        let by = self.who(step.by);
        if let Some(emergency) = self.tally.emergencies.get_mut(step.id) {
            emergency.reviewed = Some((by, step.at));
            self.tally.people.entry(by).or_default().reviewed += 1;
        }
    }

    pub(super) fn unreviewed(&mut self, step: Step<'_>) {
        if let Some(emergency) = self.tally.emergencies.get_mut(step.id) {
            emergency.given_up = true;
        }
    }

    /// What is being applied; a later attempt knows better.
    pub(super) fn attempted(&mut self, step: Step<'_>, policies: &[Value]) {
        let Some(course) = self.courses.get_mut(step.id) else {
            return;
        };
        course.stated = policy::is_of_other_kinds(policies);
        if policies.is_empty() || course.asked_at >= self.choices.until {
            return;
        }
        if let Ok(text) = serde_json::to_string(policies) {
            let path = self.tally.paths.entry(course.path).or_default();
            path.policies = Some(text.into());
            path.stated = course.stated;
        }
    }

    pub(super) fn opened(&mut self, step: Step<'_>) {
        let until = self.choices.until;
        if let Some(course) = self.courses.get_mut(step.id) {
            course.opened_at = Some(step.at);
            if !course.extension && course.asked_at < until {
                let path = self.tally.paths.entry(course.path).or_default();
                path.ever_opened += 1;
            }
        }
    }

    /// Another request goes on after this one's end. Older records say only here that it is no ask of its
    /// own.
    pub(super) fn extended(&mut self, step: Step<'_>, by: &RequestId) {
        if let Some(course) = self.courses.get_mut(step.id) {
            course.extended = true;
        }
        let Some(course) = self.courses.get_mut(by).filter(|next| !next.extension) else {
            return;
        };
        course.extension = true;
        let (day, counts) = (self.choices.day(course.asked_at), course.counts);
        let path = self.tally.paths.entry(course.path).or_default();
        path.ever_opened = path
            .ever_opened
            .saturating_sub(u64::from(course.opened_at.is_some()));
        if let Some((ever, now)) = path.days.get_mut(&day) {
            *ever = ever.saturating_sub(1);
            *now = now.saturating_sub(u32::from(counts));
            if *ever == 0 {
                path.days.remove(&day);
            }
        }
    }

    /// Everything of it is gone from the cluster.
    pub(super) fn closed(&mut self, step: Step<'_>, why: &str) {
        let Some(course) = self.courses.remove(step.id) else {
            self.source.headless += 1;
            return;
        };
        let Some(opened_at) = course.opened_at else {
            self.settle(&course, Outcome::NotOpened);
            return;
        };
        self.settle(&course, Outcome::Opened);
        if !course.counts {
            return;
        }
        let early = self.tally.ended.add(why);
        let length = seconds(opened_at, step.at);
        let path = self.tally.paths.entry(course.path).or_default();
        path.open_seconds += u64::from(length);
        let rule = self.tally.rules.entry(course.rule).or_default();
        rule.ended_early += u64::from(early);
        if !course.extension {
            let asked = u32::try_from(course.asked.0).unwrap_or(u32::MAX);
            rule.asked.push(asked);
            rule.open.push(length);
            self.tally.compared.add(&course, length, early);
        }
        if self.choices.traffic {
            self.tally.grants.push(Grant {
                path: course.path,
                opened_at,
                closed_at: step.at,
                stated: course.stated,
            });
        }
    }
}

/// How much may be missing, in seconds, where all of the time was used: opening and closing take some, and
/// chance must not decide in which class such a grant is.
const NEAR: u64 = 5;

impl Compared {
    fn add(&mut self, course: &Course, open: u32, early: bool) {
        let asked = course.asked.0;
        let given = course.shortened.map_or(asked, |given| given.0.min(asked));
        self.count += 1;
        self.asked += asked;
        self.given += given;
        self.open += u64::from(open);
        // Where less was given, its end is not the end of what was asked for.
        let to_its_end = !early && given == asked;
        if to_its_end || u64::from(open) + NEAR >= asked {
            let [.., all] = &mut self.share;
            *all += 1;
            return;
        }
        let tenth = (u64::from(open) * 10).checked_div(asked).unwrap_or(10);
        let place = usize::try_from(tenth).unwrap_or(usize::MAX).min(10);
        if let Some(count) = self.share.get_mut(place) {
            *count += 1;
        }
    }
}

impl Ended {
    /// Counts an end; whether it was before its time.
    const fn add(&mut self, why: &str) -> bool {
        let count = match why.as_bytes() {
            b"expired" => &mut self.expired,
            b"done" => &mut self.done,
            b"revoked" => &mut self.revoked,
            b"incident_closed" => &mut self.incident_closed,
            b"withdrawn" => &mut self.withdrawn,
            b"removed" => &mut self.removed,
            _ => &mut self.other,
        };
        *count += 1;
        !matches!(why.as_bytes(), b"expired")
    }
}
