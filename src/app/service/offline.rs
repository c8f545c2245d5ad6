//! Approving while Slack is away, by a service that the governing rule names for that.

use anyhow::Result;

use super::{Caller, look, refusals};
use crate::app::command::{FACT_RETRIES, Overtaken};
use crate::app::{Changed, Parts, facts};
use crate::id::RequestId;
use crate::request::{Claimed, Command, Facts, Refusal, Request, decide};

/// What it is called on record.
const ATTEMPT: &str = "approve offline";

/// What became of it.
#[derive(Debug)]
pub enum Approval {
    /// It counts: the request as it stands.
    Given(Box<Request>),
    /// It does not, for this reason.
    Refused(Refusal),
    /// There is no such request for this service.
    Unknown,
}

/// Approves the waiting stage. Slack is asked first: while it answers, people decide; the first attempt after
/// it went away only begins to count for how long.
///
/// # Errors
/// The store or the cluster could not be asked; nothing was changed.
pub async fn approve(parts: &Parts, by: &Caller, id: &RequestId) -> Result<Approval> {
    let Some(mut seen) = look::one(parts, by, id).await? else {
        refusals::unseen_by_service(parts, &by.account, (id, ATTEMPT)).await?;
        return Ok(Approval::Unknown);
    };
    let claimed = Claimed {
        by: by.account.clone(),
        token_id: by.token_id.clone(),
        lifetime: by.lifetime,
        slack_away: parts.slack.away_for(parts.clock.now()).await,
    };
    for _ in 0..FACT_RETRIES {
        let (roll, verdict) = facts::without_slack(parts, &seen).await?;
        let facts = Facts {
            now: parts.clock.now(),
            roll: &roll,
            verdict: Some(&verdict),
        };
        let change = |fresh: &Request| {
            if fresh.needs_other_facts_than(&seen) {
                return Err(Overtaken::Facts);
            }
            let claimed = claimed.clone();
            decide(fresh, Command::ApproveOffline { claimed }, &facts).map_err(Overtaken::Refused)
        };
        match parts.book.change(id, None, change).await? {
            Changed::Done(request) => {
                tracing::warn!(%id, by = %by.account, "approved while Slack is away");
                return Ok(Approval::Given(request));
            }
            Changed::Refused(Overtaken::Refused(refusal)) => {
                let tried = (&seen, ATTEMPT);
                refusals::forbidden_service(parts, &by.account, tried, &refusal).await?;
                return Ok(Approval::Refused(refusal));
            }
            Changed::Refused(Overtaken::Facts) => match look::one(parts, by, id).await? {
                Some(now) => seen = now,
                None => return Ok(Approval::Unknown),
            },
            Changed::Fenced | Changed::Missing => return Ok(Approval::Unknown),
        }
    }
    Ok(Approval::Refused(Refusal::Stale))
}
