//! Checks what was read and turns it into what is judged by: [`model`](super::model) in,
//! [`set`](super::set) and problems out.
//!
//! Each check says where, what and what to write instead. A part that is wrong yields an error and
//! no rule; it is never replaced by something weaker.

mod across;
mod auto;
mod bounds;
mod circle;
mod emergency;
mod incident;
mod objects;
mod owner;
mod requesters;
mod rule;
mod stage;
mod template;

#[cfg(test)]
mod tests;

pub(super) use across::{check as across, duplicates};
pub(super) use objects::unknown;
pub(super) use rule::{Known, rule};
pub(super) use template::template;

use super::model::{API_VERSION, At, Document};
use super::problem::{Fault, Findings};
use crate::grammar::length;
use crate::units::Seconds;

/// Longest name of a template or rule, as for Kubernetes labels.
const MAX_NAME: usize = 63;

/// The frame of a document. Returns its name where that can be used.
pub(super) fn frame<S>(document: &Document<S>, findings: &mut Findings<'_>) -> Option<String> {
    match &document.api_version {
        Some(version) if version.value != API_VERSION => findings.error(
            version,
            Fault::new(
                format!("`{}` is not an API version known here", version.value),
                format!("write `apiVersion: {API_VERSION}`"),
            ),
        ),
        Some(_) => {}
        None => findings.warn(
            &document.kind,
            Fault::new(
                "`apiVersion` is missing",
                format!("write `apiVersion: {API_VERSION}`"),
            ),
        ),
    }
    let name = &document.metadata.name;
    findings.keep(name, check_name(&name.value))
}

fn check_name(name: &str) -> Result<String, Fault> {
    let fits = !name.is_empty()
        && name.len() <= MAX_NAME
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.');
    if fits {
        return Ok(name.to_owned());
    }
    Err(Fault::new(
        format!("`{name}` cannot be a name"),
        "use lower-case letters, digits, `-` and `.`",
    ))
}

/// A length of time longer than nothing.
fn seconds(at: &At<String>, findings: &mut Findings<'_>) -> Option<Seconds> {
    let read = match length::read(&at.value) {
        Ok(Seconds(0)) => Err("it must be longer than nothing".to_owned()),
        Ok(length) => Ok(length),
        Err(error) => Err(error.to_string()),
    };
    let fault = |why: String| Fault::new(why, "write it like `30m`, `4h` or `1h30m`");
    findings.keep(at, read.map_err(fault))
}
