//! A service needs what it asked for no more.

use anyhow::Result;

use super::{Caller, look, refusals};
use crate::app::{Changed, Parts, chain};
use crate::id::RequestId;
use crate::request::{Command, Facts, Refusal, Request, decide};

/// What it is called on record.
const ATTEMPT: &str = "done";

/// What a service reads that says it of what somebody else asked for.
pub const NOT_YOURS: &str = "only whoever asked for it can say that it is needed no more";

/// What became of it.
#[derive(Debug)]
pub enum Done {
    /// It is over, or being closed: the request as it stands.
    Over(Box<Request>),
    /// Only whoever asked may say so.
    NotYours,
    /// There is no such request for this service.
    Unknown,
}

/// Takes back what waits, closes what is open; what is over stays as it is.
///
/// # Errors
/// The store could not be asked, or did not take it.
pub async fn done(parts: &Parts, by: &Caller, id: &RequestId) -> Result<Done> {
    let Some(request) = look::one(parts, by, id).await? else {
        refusals::unseen_by_service(parts, &by.account, (id, ATTEMPT)).await?;
        return Ok(Done::Unknown);
    };
    if !look::is_own(by, &request) {
        let tried = (&request, ATTEMPT);
        refusals::service_tried(parts, &by.account, tried, NOT_YOURS.to_owned()).await?;
        return Ok(Done::NotYours);
    }
    let heir = chain::heir(parts, &request).await?;
    let facts = Facts::of_time(parts.clock.now());
    let step = |fresh: &Request| {
        let by = fresh.asked.by.clone();
        decide(fresh, Command::Finish { by }, &facts)
    };
    Ok(match parts.book.change(&heir.id, None, step).await? {
        Changed::Done(request) => Done::Over(request),
        // Over already: what was wanted is so.
        Changed::Refused(Refusal::Over { .. }) => match look::one(parts, by, &heir.id).await? {
            Some(now) => Done::Over(Box::new(now)),
            None => Done::Unknown,
        },
        Changed::Refused(_) => Done::NotYours,
        Changed::Missing | Changed::Fenced => Done::Unknown,
    })
}
