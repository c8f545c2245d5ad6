//! Sentences about what the governing rule demands and gives.

use super::Sight;
use crate::rules::group::Group;
use crate::rules::judge::case::Case;
use crate::rules::judge::{auto, length, stages};
use crate::rules::problem::counted;
use crate::rules::route::OFFLINE_MAX;
use crate::rules::set::Stage;

/// What is limited, and where the ask stands.
pub(super) fn limits(case: &Case<'_>) -> Vec<String> {
    let (rule, ask) = (case.rule, case.ask);
    let whose = format!("rule `{}`", rule.name);
    let mut sentences = match length::longest(case, rule.limits.max, &whose) {
        Ok(longest) => vec![format!("a path may stay open for {longest} at most")],
        Err(reason) => vec![reason.message],
    };
    if let Some(open) = rule.limits.open {
        let now = ask.open_requests;
        sentences.push(format!(
            "at most {} may be unfinished; there are {now}",
            counted(open, "request")
        ));
    }
    if let Some(limit) = rule.limits.per_minute {
        let recent = ask.recent_asks;
        sentences.push(format!(
            "at most {} may be made within a minute; there were {recent}",
            counted(limit, "request")
        ));
    }
    if let Some(reason) = &rule.reason {
        sentences.push(format!(
            "the reason must have something like `{}`",
            reason.as_str()
        ));
    }
    sentences.push(waits(case));
    sentences
}

fn waits(case: &Case<'_>) -> String {
    let rule = case.rule;
    let mut text = format!("a stage waits for {}", rule.lapse);
    if let Some(remind) = rule.remind {
        text.push_str(&format!(", reminds after {remind}"));
    }
    if let Some(escalate) = &rule.escalate {
        let to = match escalate.to.group(case.scope) {
            Ok(group) => group.names(),
            Err(unnamed) => format!("`{}` ({})", unnamed.written, unnamed.why),
        };
        text.push_str(&format!(", asks {to} as well after {}", escalate.after));
    }
    text
}

/// Each stage: whom it asks, or why it does not.
pub(super) fn approval(case: &Case<'_>, sight: Sight) -> Vec<String> {
    let mut sentences = Vec::new();
    if let (Some(id), Some(_)) = (&case.ask.incident, &case.rule.incident) {
        sentences.push(format!("the stages are those of incidents: `{id}`"));
    }
    let stages = case.stages().iter();
    sentences.extend(stages.map(|stage| asked(case, stage, sight)));
    sentences.extend(owner(case));
    sentences.extend(offline(case));
    sentences
}

fn owner(case: &Case<'_>) -> Option<String> {
    let owner = case.rule.owner.as_ref()?;
    let service = case.requester.person().is_none();
    service
        .then(|| format!("`{owner}` answers for it: told in its place, and not asked to approve"))
}

fn offline(case: &Case<'_>) -> Option<String> {
    let offline = &case.rule.offline;
    let names: Vec<String> = offline.iter().map(|name| format!("`{name}`")).collect();
    let most = case.rule.emergency.as_ref().map(|emergency| emergency.max);
    (!names.is_empty()).then(|| {
        format!(
            "while Slack is away, {} may give one approval, for {} at most",
            names.join(", "),
            most.unwrap_or(OFFLINE_MAX)
        )
    })
}

fn asked(case: &Case<'_>, stage: &Stage, sight: Sight) -> String {
    let name = &stage.name;
    let condition = stage.when.as_ref().map(|when| when.text());
    let why = match (stages::applies(stage, case.scope), condition) {
        (Ok(true), Some(text)) => format!(" because `{text}` holds"),
        (Ok(true), None) => String::new(),
        (Ok(false), text) => {
            let text = text.unwrap_or_default();
            return format!("stage `{name}` is skipped: `{text}` does not hold");
        }
        (Err(why), _) => {
            return format!("stage `{name}` cannot be judged: in its condition, {why}");
        }
    };
    match stage.from.group(case.scope) {
        Ok(from) => {
            let people = people(case, stage, from, sight);
            format!("stage `{name}` asks {people}{why}")
        }
        Err(unnamed) => format!(
            "stage `{name}` cannot be named: in `{}`, {}",
            unnamed.written, unnamed.why
        ),
    }
}

/// `1 of `@orders-oncall`, where 2 can approve now`.
fn people(case: &Case<'_>, stage: &Stage, from: Group, sight: Sight) -> String {
    let plan = stages::planned(stage, from, case.ask);
    let able = stages::candidates(&plan, case.human(), case.roll).len();
    let able = match (sight, able) {
        (Sight::Asked, 0) => "nobody can approve now".to_owned(),
        (Sight::Asked, n) => format!("{n} can approve now"),
        (Sight::Assumed, _) => "who can approve now is not checked".to_owned(),
    };
    let quiet: Vec<String> = plan.quiet.iter().map(|user| format!("`{user}`")).collect();
    let mut text = format!("{} of {}", plan.need, plan.from.names());
    if !quiet.is_empty() {
        text = format!("{text}, quietly also {}", quiet.join(", "));
    }
    text = format!("{text} ({able})");
    if let Some(repeat) = plan.repeat {
        text = format!("{text}, who may let it pass again for {repeat}");
    }
    text
}

/// Whether the rule approves by itself: each limit.
pub(super) fn automatic(case: &Case<'_>) -> Vec<String> {
    let rule = case.rule;
    let Some(auto) = &rule.auto else {
        return vec![format!("rule `{}` approves nothing by itself", rule.name)];
    };
    if case.ask.emergency.is_some() {
        return vec!["an emergency is never automatic".to_owned()];
    }
    let limits = auto::limits(rule, auto, case.ask, case.scope);
    let head = if limits.iter().all(Result::is_ok) {
        "every limit is kept: nobody is asked"
    } else {
        "people are asked, because a limit is not kept"
    };
    let each = limits.into_iter().map(|limit| match limit {
        Ok(kept) => format!("kept: {kept}"),
        Err(why) => format!("not kept: {why}"),
    });
    std::iter::once(head.to_owned()).chain(each).collect()
}

/// Who could open at once.
pub(super) fn emergency(case: &Case<'_>) -> Vec<String> {
    let rule = case.rule;
    let Some(emergency) = &rule.emergency else {
        return vec![format!("rule `{}` has no emergency access", rule.name)];
    };
    let by = match emergency.by.group(case.scope) {
        Ok(group) => group.names(),
        Err(unnamed) => format!("`{}` ({})", unnamed.written, unnamed.why),
    };
    vec![format!(
        "{by} may open at once for {} at most, with any reason; `{}` hears of it, and it must be \
         reviewed within {}",
        emergency.max,
        emergency.tell.written(),
        emergency.review
    )]
}
