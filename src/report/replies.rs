//! Who is asked, who answers and how fast, made into figures.

use super::Report;
use super::figures::{Answers, People, Person, RuleWaits, StageWaits};
use super::spread::Spread;

impl Report {
    // Lists of lengths are taken, not copied: they are the largest part of what was kept.

    pub(super) fn answers(&mut self) -> Answers {
        let tally = &mut self.tally;
        let names = &self.names;
        let mut by_rule: Vec<RuleWaits> = tally
            .rules
            .iter_mut()
            .filter(|(_, rule)| !rule.first_answer.is_empty())
            .map(|(name, rule)| RuleWaits {
                rule: names.text(*name).to_owned(),
                first_answer: Spread::of(std::mem::take(&mut rule.first_answer)),
                decision: Spread::of(std::mem::take(&mut rule.decision)),
            })
            .collect();
        by_rule.sort_by(|a, b| {
            let most = b.decision.count.cmp(&a.decision.count);
            most.then_with(|| a.rule.cmp(&b.rule))
        });
        let mut by_stage: Vec<StageWaits> = tally
            .stages
            .iter_mut()
            .map(|((rule, name), stage)| StageWaits {
                rule: names.text(*rule).to_owned(),
                stage: names.text(*name).to_owned(),
                reached: stage.reached,
                lapsed: stage.lapsed,
                first_answer: Spread::of(std::mem::take(&mut stage.first_answer)),
                decision: Spread::of(std::mem::take(&mut stage.decision)),
            })
            .collect();
        by_stage.sort_by(|a, b| {
            let most = b.reached.cmp(&a.reached);
            most.then_with(|| (&a.rule, &a.stage).cmp(&(&b.rule, &b.stage)))
        });
        Answers {
            first_answer: Spread::of(std::mem::take(&mut tally.first_answer)),
            decision: Spread::of(std::mem::take(&mut tally.decision)),
            by_rule,
            by_stage,
            stages_not_known: tally.stages_not_known,
        }
    }

    pub(super) fn people(&mut self) -> People {
        let names = &self.names;
        let took_part = self.tally.people.iter_mut().filter(|(_, p)| p.took_part());
        let mut everyone: Vec<Person> = took_part
            .map(|(name, person)| Person {
                id: names.text(*name).to_owned(),
                name: person.name.as_deref().map(str::to_owned),
                asked: person.asked,
                approved: person.approved,
                denied: person.denied,
                lapsed: person.lapsed,
                reviewed: person.reviewed,
                answer: Spread::of(std::mem::take(&mut person.answer)),
            })
            .collect();
        everyone.sort_by(|a, b| {
            let most = (b.asked, b.answered()).cmp(&(a.asked, a.answered()));
            most.then_with(|| a.id.cmp(&b.id))
        });
        People {
            everyone,
            asked_not_known: self.tally.asked_not_known,
        }
    }
}
