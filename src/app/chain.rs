//! Extensions: each is a request of its own that begins before the one before it ends. Together they are
//! a chain, which somebody who ends one of them ends as a whole.

use anyhow::Result;

use super::Parts;
use super::past::Past;
use super::unasked::decide_unasked;
use crate::request::{Command, End, ExtendedBy, Extends, Request, State};

/// Longest chain that is followed; the rules' longest grant ends it long before.
const LONGEST: usize = 50;

/// What an extension of this open request extends: the last of its chain. `None`: it is not open.
///
/// # Errors
/// The store could not be asked.
pub(super) async fn last(parts: &Parts, request: &Request) -> Result<Option<(Request, Extends)>> {
    let past = Past::of(parts, &request.asked.owner()).await?;
    let mut last = request.clone();
    for _ in 0..LONGEST {
        let next = past
            .requests
            .iter()
            .find(|later| follows(later, &last) && matches!(later.state, State::Active { .. }));
        match next {
            Some(next) => last = next.clone(),
            None => break,
        }
    }
    let State::Active { .. } = last.state else {
        return Ok(None);
    };
    Ok(extends(&last).map(|extends| (last, extends)))
}

fn extends(last: &Request) -> Option<Extends> {
    let grant = last.grant.as_ref()?;
    let before = last.asked.extends.as_ref();
    Some(Extends {
        id: last.id.clone(),
        until: grant.expires_at,
        // What was granted: the opening itself takes a moment of it, which nobody is given once more. What came
        // before ended at `until`, and this one opened earlier than that.
        so_far: before.map_or(last.length(), |before| {
            let added = (grant.expires_at - before.until).num_seconds();
            crate::units::Seconds(before.so_far.0.saturating_add(added.max(0).unsigned_abs()))
        }),
        automatic: before.map_or(0, |b| b.automatic)
            + usize::from(before.is_some() && last.is_automatic()),
        emergency: before.is_some_and(|b| b.emergency) || last.emergency.is_some(),
        // Told by the plan, which is not made yet.
        within: false,
    })
}

/// Ends the others of a chain: those that wait are taken back, those that are open are closed. Asked
/// again until none is left, because the one that was ended is not called gone before.
///
/// # Errors
/// The store could not be asked, or did not take a change.
pub async fn end_others(parts: &Parts, request: &Request, why: &End) -> Result<()> {
    // What ends by itself ends alone: its extension is there to go on.
    let alone = matches!(why, End::Expired | End::Failed { .. } | End::IncidentClosed);
    if alone {
        return Ok(());
    }
    let past = Past::of(parts, &request.asked.owner()).await?;
    for other in past.requests.iter().filter(|other| linked(request, other)) {
        let over = other.state.is_final() || matches!(other.state, State::Ending { .. });
        if !over {
            let why = why.clone();
            decide_unasked(parts, other, Command::EndWith { why }).await?;
        }
    }
    Ok(())
}

/// Why the extension must not open: there is nothing left to lengthen. What was agreed to is more time for
/// what is open, not that something closed opens again.
///
/// # Errors
/// The store could not be asked.
pub async fn objection(parts: &Parts, request: &Request) -> Result<Option<&'static str>> {
    let Some(extends) = &request.asked.extends else {
        return Ok(None);
    };
    let before = parts.book.load(&extends.id).await?;
    let open = before.is_some_and(|page| matches!(page.request.state, State::Active { .. }));
    Ok((!open).then_some("the path that it would lengthen is closed"))
}

/// The request by which this one goes on now: what is said of a path that has expired is meant for the
/// extension that is open.
///
/// # Errors
/// The store could not be asked.
pub(super) async fn heir(parts: &Parts, request: &Request) -> Result<Request> {
    let mut heir = request.clone();
    for _ in 0..LONGEST {
        let expired = matches!(
            heir.state,
            State::Ended {
                why: End::Expired,
                ..
            }
        );
        let Some(next) = heir.extended.as_ref().filter(|_| expired) else {
            break;
        };
        match parts.book.load(&next.id).await? {
            Some(page) => heir = page.request,
            None => break,
        }
    }
    Ok(heir)
}

/// Whether one directly extends the other: each that ends looks for its own neighbours in turn.
fn linked(one: &Request, other: &Request) -> bool {
    follows(one, other) || follows(other, one)
}

/// Whether the later one extends the earlier.
fn follows(later: &Request, earlier: &Request) -> bool {
    let extends = later.asked.extends.as_ref();
    extends.is_some_and(|extends| extends.id == earlier.id)
}

/// Tells the request before that this one goes on after its end.
///
/// # Errors
/// The store did not take it; it is a courtesy, nothing depends on it.
pub async fn tell_earlier(parts: &Parts, request: &Request) -> Result<()> {
    let (Some(extends), Some(grant)) = (&request.asked.extends, &request.grant) else {
        return Ok(());
    };
    let Some(page) = parts.book.load(&extends.id).await? else {
        return Ok(());
    };
    let by = ExtendedBy {
        id: request.id.clone(),
        until: grant.expires_at,
    };
    decide_unasked(parts, &page.request, Command::Extended { by }).await
}
