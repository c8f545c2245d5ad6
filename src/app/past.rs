//! What a requester asked before: counted for limits, and kept for approvals that still stand.

use anyhow::Result;
use futures::stream::{self, Stream, StreamExt};
use futures::try_join;

use super::book::refused_key;
use super::{BookError, Known, Parts};
use crate::id::RequestId;
use crate::request::Request;
use crate::rules::AutoUse;
use crate::store::MAX_OF_OWNER;
use crate::units::{Seconds, Time};

/// Newest requests of one owner that are looked at in any case; further ones while they are younger than
/// [`AUTOMATIC`], so that nobody can push out what counts against them by asking for more.
const LOOKED_AT: usize = 100;

/// How far back automatic approvals are counted: a day in any zone, and the night before it.
const AUTOMATIC: Seconds = Seconds::hours(48);

/// Documents that are read ahead.
const AHEAD: usize = 16;

/// What was refused at once, looked at for the pace of asking.
const REFUSED: usize = 30;

/// The newest requests of one requester, newest first; and when what was refused at once was asked.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// The requests.
    pub requests: Vec<Request>,
    refused: Vec<Time>,
    uncounted: bool,
}

/// Reads documents in their order, some of them ahead: one after the other, a busy asker would wait for as many
/// answers of the store as they have requests.
fn reads(
    parts: &Parts,
    ids: Vec<RequestId>,
) -> impl Stream<Item = Result<Known, BookError>> + Unpin {
    let one = move |id| async move { parts.book.load_if_known(&id).await };
    stream::iter(ids.into_iter().map(one)).buffered(AHEAD)
}

/// The newest requests of an owner, and whether there are some that cannot be counted.
async fn asked(parts: &Parts, owner: &str) -> Result<(Vec<Request>, bool)> {
    let mut requests: Vec<Request> = Vec::new();
    let mut left_alone = 0;
    let ids = parts.book.store().of_owner(owner, MAX_OF_OWNER).await?;
    let now = parts.clock.now();
    let is_old = |request: &Request| now >= AUTOMATIC.after(request.asked.at);
    let cut = ids.len() >= MAX_OF_OWNER;
    let mut reading = reads(parts, ids);
    let mut looked_at = 0;
    while let Some(known) = reading.next().await {
        if looked_at >= LOOKED_AT && requests.last().is_some_and(is_old) {
            break;
        }
        looked_at += 1;
        match known? {
            Known::Request(request) => requests.push(*request),
            Known::Nothing => {}
            // It may count against any limit.
            Known::LeftAlone => left_alone += 1,
        }
    }
    let uncounted = (cut && !requests.last().is_some_and(is_old)) || left_alone > 0;
    Ok((requests, uncounted))
}

/// When what was refused to an owner at once was asked.
async fn refused(parts: &Parts, owner: &str) -> Result<Vec<Time>> {
    let store = parts.book.store();
    let ids = store.of_owner(&refused_key(owner), REFUSED).await?;
    let mut reading = reads(parts, ids);
    let mut asked = Vec::new();
    while let Some(known) = reading.next().await {
        asked.extend(known?.request().map(|request| request.asked.at));
    }
    Ok(asked)
}

impl Past {
    /// Reads it, of this [owner](crate::request::Asked::owner).
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn of(parts: &Parts, owner: &str) -> Result<Self> {
        let (counted, refused) = try_join!(asked(parts, owner), refused(parts, owner))?;
        let (requests, uncounted) = counted;
        Ok(Self {
            requests,
            refused,
            uncounted,
        })
    }

    /// All but this one: a request does not count against itself.
    fn others(&self, except: Option<&RequestId>) -> impl Iterator<Item = &Request> {
        let except = except.cloned();
        let others = self.requests.iter();
        others.filter(move |request| Some(&request.id) != except.as_ref())
    }

    /// Whether there are more of two days than can be counted, or some that only a later version reads: limits count as
    /// reached then.
    pub fn uncounted(&self) -> bool {
        self.uncounted
    }

    /// How many are unfinished.
    pub fn open(&self, except: Option<&RequestId>) -> usize {
        let unfinished = |request: &&Request| !request.state.is_final();
        self.others(except).filter(unfinished).count()
    }

    /// How many were made in the minute before `at`.
    pub fn recent(&self, at: Time, except: Option<&RequestId>) -> usize {
        let recent = |asked: &Time| *asked <= at && at < Seconds(60).after(*asked);
        let asked = self.others(except).map(|request| request.asked.at);
        asked
            .chain(self.refused.iter().copied())
            .filter(recent)
            .count()
    }

    /// Those that a rule approved by itself lately.
    pub fn automatic(&self, at: Time, except: Option<&RequestId>) -> Vec<AutoUse> {
        let lately = |request: &&Request| {
            let asked = request.asked.at;
            // Also those asked later: of two at the same moment both see the other.
            let near = at < AUTOMATIC.after(asked) && asked < AUTOMATIC.after(at);
            request.is_automatic() && near
        };
        let used = self.others(except).filter(lately);
        let used = used.filter_map(|request| {
            let rule = request.route.as_ref()?.rule.clone();
            let at = request.asked.at;
            Some(AutoUse { rule, at })
        });
        used.collect()
    }
}

/// Whether an approval that counts for this request was given on another one, and taken back since.
///
/// # Errors
/// The store could not be asked.
pub async fn took_back(parts: &Parts, request: &Request) -> Result<bool> {
    for vote in &request.votes {
        let Some(id) = &vote.given_on else {
            continue;
        };
        let page = parts.book.load(id).await?;
        let stands = page.is_some_and(|page| {
            let mut given = page.request.votes.iter();
            given.any(|other| other.by == vote.by && other.lasts_until.is_some())
        });
        if !stands {
            return Ok(true);
        }
    }
    Ok(false)
}
