//! An explanation for programs.

use serde_json::{Value, json};

use super::Answer;
use crate::rules::{Fit, Pass, Reason, StagePlan, Verdict};

/// One object. `rule` and `pass` are `null` where there is none.
pub(super) fn json(answer: &Answer) -> Value {
    let explanation = &answer.explanation;
    let (verdict, rule, pass, stages, reasons) = match &explanation.verdict {
        Verdict::Allowed(route) => (
            "allowed",
            Some(&route.rule),
            Some(pass(&route.pass)),
            route.stages.iter().map(stage).collect(),
            Vec::new(),
        ),
        Verdict::Refused { rule, reasons } => (
            "refused",
            rule.as_ref(),
            None,
            Vec::new(),
            reasons.iter().map(reason).collect(),
        ),
    };
    let considered = answer.considered.iter();
    let sections = explanation.sections.iter();
    json!({
        "verdict": verdict,
        "rule": rule,
        "pass": pass,
        "stages": stages,
        "reasons": reasons,
        "considered": considered.map(|(rule, fit)| fitted(rule, fit)).collect::<Vec<_>>(),
        "gate": answer.gate,
        "people": answer.people,
        "explanation": sections
            .map(|section| json!({"about": section.about, "sentences": section.sentences}))
            .collect::<Vec<_>>(),
    })
}

const fn pass(pass: &Pass) -> &'static str {
    match pass {
        Pass::Stages => "stages",
        Pass::Automatic { .. } => "automatic",
        Pass::Emergency => "emergency",
    }
}

fn stage(stage: &StagePlan) -> Value {
    json!({
        "name": stage.name,
        "from": stage.from.parts().collect::<Vec<_>>(),
        "quiet": stage.quiet.iter().map(|user| &user.0).collect::<Vec<_>>(),
        "need": stage.need,
    })
}

fn reason(reason: &Reason) -> Value {
    json!({"message": reason.message, "hint": reason.hint})
}

fn fitted(rule: &str, fit: &Fit) -> Value {
    let (word, why) = match fit {
        Fit::Governs => ("governs", None),
        Fit::NotNamed => ("not_named", None),
        Fit::OtherTemplate => ("other_template", None),
        Fit::OtherCluster => ("other_cluster", None),
        Fit::ConditionFails(text) => ("condition_fails", Some(text)),
        Fit::ConditionUnclear(why) => ("condition_unclear", Some(why)),
    };
    json!({"rule": rule, "fit": word, "why": why})
}
