//! Decisions that need nobody's word: what follows from another request's end, or from an incident's.

use anyhow::Result;

use super::{Changed, Parts};
use crate::request::{Command, Facts, Request, decide};

/// Decides what needs nobody's word; what has moved on meanwhile stays as it is.
pub(super) async fn decide_unasked(
    parts: &Parts,
    request: &Request,
    command: Command,
) -> Result<()> {
    let facts = Facts::of_time(parts.clock.now());
    let step = |request: &Request| decide(request, command.clone(), &facts);
    match parts.book.change(&request.id, None, step).await? {
        Changed::Refused(refusal) => {
            tracing::debug!(id = %request.id, %refusal, "moved on meanwhile");
        }
        Changed::Done(_) | Changed::Missing | Changed::Fenced => {}
    }
    Ok(())
}
