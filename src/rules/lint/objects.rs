//! Checks of a template's own objects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::{Inputs, known};
use crate::objects::{self, Bounds};
use crate::rules::condition::UNKNOWN_OF_OBJECTS;
use crate::rules::load::Allowed;
use crate::rules::model::At;
use crate::rules::problem::{Fault, Findings, Problem, Severity};
use crate::rules::set::{Gate, InputKind, Rule, Template};
use crate::rules::state::{Given, check_text, each_text};

/// Checks each object where it stands, then all of them together.
pub(super) fn objects(
    list: &At<Vec<At<Value>>>,
    (inputs, patterns): (&Inputs<'_>, &dyn Fn(&str) -> bool),
    allowed: &Allowed,
    findings: &mut Findings<'_>,
) -> Option<Gate> {
    let bounds = Bounds {
        cluster_roles: &allowed.cluster_roles,
    };
    let given = |name: &str| -> Result<Option<Given>, Fault> {
        let kind: Option<InputKind> = known(name, inputs)?;
        Ok(kind.map(|kind| Given {
            kind,
            has_pattern: patterns(name),
        }))
    };
    let mut fine = true;
    for at in &list.value {
        let texts = each_text(&at.value, &mut |text| check_text(text, given));
        let checked = texts.and_then(|()| {
            objects::check_written(&at.value, bounds)
                .map(|_| ())
                .map_err(Fault::from)
        });
        fine &= findings.keep(at, checked).is_some();
    }
    let all: Vec<Value> = list.value.iter().map(|at| at.value.clone()).collect();
    let together = objects::check_written_together(&all).map_err(Fault::from);
    findings.keep(list, together).filter(|()| fine)?;
    Some(Gate::Objects {
        objects: all,
        cluster_roles: allowed.cluster_roles.clone(),
    })
}

/// A warning for each rule that names a template with objects and has a condition that asks for what nobody can
/// tell of those: such an ask is refused. A condition that reads `template` or `opens` may tell them apart.
pub(in crate::rules) fn unknown(
    rules: &[Rule],
    templates: &BTreeMap<String, Template>,
) -> Vec<Problem> {
    let stating: Vec<&Template> = templates.values().filter(|t| t.states_objects()).collect();
    let named = rules.iter().filter_map(|rule| {
        let template = stating.iter().find(|t| rule.names(&t.name))?;
        Some((rule, &template.name))
    });
    let told = named.filter_map(|(rule, template)| {
        let stages = rule.stages.iter().chain(rule.incident.iter().flatten());
        let conditions = rule
            .when
            .iter()
            .chain(stages.filter_map(|s| s.when.as_ref()));
        let mut apart = conditions.filter(|when| !when.reads("template") && !when.reads("opens"));
        let name =
            apart.find_map(|when| UNKNOWN_OF_OBJECTS.iter().find(|name| when.reads(name)))?;
        Some(Problem {
            place: rule.place.clone(),
            severity: Severity::Warning,
            message: format!("`{name}` is not known of `{template}`, so its asks are refused here"),
            hint: Some(
                "write a rule of its own for it, or begin with `opens.known && …`".to_owned(),
            ),
        })
    });
    told.collect()
}

impl From<objects::Fault> for Fault {
    fn from(fault: objects::Fault) -> Self {
        Self {
            message: fault.message,
            hint: fault.hint,
        }
    }
}
