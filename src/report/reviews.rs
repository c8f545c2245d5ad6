//! Emergencies and what became of their reviews, made into figures.

use std::cmp::Reverse;

use super::Report;
use super::figures::{Emergencies, EmergencyUse, Review, Reviews, ReviewsThen};
use super::sums::{cluster_and_flow, start_of};
use super::tally::EmergencyTally;
use crate::id::RequestId;
use crate::units::Time;

impl Report {
    pub(super) fn emergencies(&self) -> Emergencies {
        let until = self.choices.until;
        let step = self.choices.step();
        let mut over_time: Vec<ReviewsThen> = self
            .steps()
            .into_iter()
            .map(|start| ReviewsThen {
                start,
                reviews: Reviews::default(),
            })
            .collect();
        let mut reviews = Reviews::default();
        let mut each = Vec::new();
        for (id, emergency) in &self.tally.emergencies {
            let review = emergency.review(until);
            reviews.add(review);
            let start = start_of(step, self.choices.day(emergency.asked_at));
            if let Ok(at) = over_time.binary_search_by_key(&start, |then| then.start)
                && let Some(then) = over_time.get_mut(at)
            {
                then.reviews.add(review);
            }
            each.push(self.emergency_use(id, emergency, review));
        }
        each.sort_by(|a, b| (Reverse(a.at), &a.id).cmp(&(Reverse(b.at), &b.id)));
        Emergencies {
            total: reviews.total(),
            reviews,
            over_time,
            each,
        }
    }

    fn emergency_use(
        &self,
        id: &RequestId,
        emergency: &EmergencyTally,
        review: Review,
    ) -> EmergencyUse {
        let (cluster, flow) = cluster_and_flow(&self.names, emergency.path);
        let text = |name| self.names.text(name).to_owned();
        EmergencyUse {
            id: id.clone(),
            at: emergency.at,
            by: text(emergency.by),
            rule: text(emergency.rule),
            cluster: cluster.to_owned(),
            flow: flow.to_owned(),
            review,
            review_by: emergency.review_by,
            reviewed_by: emergency.reviewed.map(|(by, _)| text(by)),
        }
    }
}

impl EmergencyTally {
    fn review(&self, now: Time) -> Review {
        match self.reviewed {
            Some((_, at)) if at <= self.review_by => Review::Done,
            Some(_) => Review::Late,
            None if self.given_up => Review::Never,
            None if now > self.review_by => Review::Overdue,
            None => Review::Open,
        }
    }
}

impl Reviews {
    const fn add(&mut self, review: Review) {
        let count = match review {
            Review::Done => &mut self.done,
            Review::Late => &mut self.late,
            Review::Open => &mut self.open,
            Review::Overdue => &mut self.overdue,
            Review::Never => &mut self.never,
        };
        *count += 1;
    }
}
