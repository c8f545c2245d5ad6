//! Fields that the language has and this version cannot act on yet. They are errors: a template that opens
//! less than is written is not the one that was written.

use crate::rules::model::{At, TemplateSpec};
use crate::rules::problem::{Fault, Findings};

/// Notes each such field of a template. A line goes when its behaviour comes.
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
