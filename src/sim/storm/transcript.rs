//! A storm as text: what was done, what people saw and how objects came and went. Equal storms give equal text.

use super::{Plan, stage::Stage};
use crate::sim::slack::Changed;
use crate::units::Time;

/// Everything that happened, in order.
pub(super) fn of(stage: &Stage, plan: &Plan, wrong: &[String]) -> String {
    let mut lines: Vec<(Time, String)> = stage.told.clone();
    for change in stage.town.slack.changes_since(0) {
        let what = match change.what {
            Changed::Posted => "posted",
            Changed::Updated => "updated",
            Changed::Deleted => "deleted",
        };
        let text = change.message.text.replace('\n', " / ");
        let line = format!("    {what} {}: {text}", change.message.at);
        lines.push((change.at, line));
    }
    for life in stage.town.gates.lives() {
        lines.push((
            life.made_at,
            format!("    + {} {:?}", life.name, life.marks),
        ));
        lines.extend(life.gone_at.map(|at| (at, format!("    - {}", life.name))));
    }
    lines.sort_by_key(|(at, _)| *at);
    let mut text = format!("storm {}\n", plan.seed);
    for (at, line) in lines {
        text.push_str(&format!("{}  {line}\n", stage.clock_of(at)));
    }
    for line in wrong {
        text.push_str(&format!("WRONG: {line}\n"));
    }
    text
}
