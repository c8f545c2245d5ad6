//! Fields that the language has and this version cannot act on yet. They are errors: a rule with an
//! owner who is not kept from approving is not the rule that was written.

use crate::rules::model::{At, RuleSpec, TemplateSpec};
use crate::rules::problem::{Fault, Findings};

/// Notes each such field of a rule. A line goes when its behaviour comes.
pub(super) fn rule(spec: &RuleSpec, findings: &mut Findings<'_>) {
    field("owner", spec.owner.as_ref(), findings);
    field("offline", spec.offline.as_ref(), findings);
}

/// Notes each such field of a template.
pub(super) fn template(spec: &TemplateSpec, findings: &mut Findings<'_>) {
    field("objects", spec.gate.value.objects.as_ref(), findings);
}

fn field<T>(name: &str, written: Option<&At<T>>, findings: &mut Findings<'_>) {
    if let Some(at) = written {
        findings.error(
            at,
            Fault::new(
                format!("`{name}` is not supported in this version"),
                "take it out: it would have no effect",
            ),
        );
    }
}
