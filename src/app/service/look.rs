//! What a service may see, and waiting for a request to move.

use std::net::SocketAddr;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::Caller;
use crate::app::Parts;
use crate::grammar::Protocol;
use crate::id::{RequestId, Shard};
use crate::netpol::SideRef;
use crate::request::{Request, State};
use crate::units::{Seconds, Time};

/// How often a waiting call looks for what other processes changed.
const LOOK: Seconds = Seconds(1);

/// Open documents looked at for one page of a list: bounds what a call costs, so a page may be short.
const LOOKED_AT: usize = 500;

/// Most addresses that are told of one target.
const TARGETS: usize = 20;

/// Ids read in one go.
const CHUNK: usize = 100;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// Its own, after this one.
    Own(Option<RequestId>),
    /// Open ones of others in a shard, after this one.
    Others(Shard, Option<RequestId>),
}

/// One page of a list.
#[derive(Debug)]
pub struct Listed {
    /// The requests.
    pub requests: Vec<Request>,
    /// Where to go on; `None`: there are no more.
    pub next: Option<Cursor>,
}

/// Whether a request is this service's own.
pub fn is_own(by: &Caller, request: &Request) -> bool {
    request.asked.owner() == by.account.to_string()
}

/// The request, if the service may read it.
///
/// # Errors
/// The store could not be asked.
pub async fn one(parts: &Parts, by: &Caller, id: &RequestId) -> Result<Option<Request>> {
    let page = parts.book.load(id).await?;
    let request = page.map(|page| page.request);
    Ok(request.filter(|request| may_read(parts, by, request)))
}

/// Its own, and those whose rule, as it is now, names it.
pub fn may_read(parts: &Parts, by: &Caller, request: &Request) -> bool {
    let rules = parts.rules.load();
    let rule = request.route.as_ref().and_then(|r| rules.rule(&r.rule));
    let cluster = &request.asked.cluster;
    is_own(by, request) || rule.is_some_and(|rule| rule.lets_read(&by.account, cluster))
}

/// What is waited for.
#[derive(Debug, Clone)]
pub struct Wait {
    /// Which request.
    pub id: RequestId,
    /// The word of the state.
    pub state: &'static str,
    /// Until when at the latest.
    pub until: Time,
}

/// The request, as soon as it is in that state or in a final one, when the time is over, or at `stop`.
/// `None`: it is not there for this service.
///
/// # Errors
/// The store could not be asked.
pub async fn wait(
    parts: &Parts,
    by: &Caller,
    wait: &Wait,
    stop: &CancellationToken,
) -> Result<Option<Request>> {
    let mut changes = parts.book.changes();
    loop {
        // Seen before it is loaded, so that a commit made meanwhile is not missed.
        changes.mark_unchanged();
        let Some(request) = one(parts, by, &wait.id).await? else {
            return Ok(None);
        };
        let there = request.state.word() == wait.state || request.state.is_final();
        let now = parts.clock.now();
        if there || now >= wait.until || stop.is_cancelled() {
            return Ok(Some(request));
        }
        tokio::select! {
            biased;
            _ = changes.changed() => {}
            () = parts.clock.sleep_until(LOOK.after(now).min(wait.until)) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// A page of those that the service may read: its own, newest first, then open ones of others.
///
/// # Errors
/// The store could not be asked.
pub async fn list(parts: &Parts, by: &Caller, from: Cursor, limit: usize) -> Result<Listed> {
    let mut requests = Vec::new();
    let mut from = Some(from);
    let mut looked = 0;
    while let Some(at) = from.clone() {
        if requests.len() >= limit || looked >= LOOKED_AT {
            break;
        }
        let room = limit - requests.len();
        let (ids, next) = ids(parts, by, &at, room).await?;
        looked += ids.len().max(1);
        for id in ids {
            let found = parts.book.load_if_known(&id).await?.request();
            let found = found.filter(|request| may_read(parts, by, request));
            let own = found.as_ref().is_some_and(|request| is_own(by, request));
            let twice = own && matches!(at, Cursor::Others(..));
            requests.extend(found.filter(|_| !twice));
        }
        from = next;
    }
    Ok(Listed {
        requests,
        next: from,
    })
}

/// The next ids, and where to go on after them.
async fn ids(
    parts: &Parts,
    by: &Caller,
    from: &Cursor,
    room: usize,
) -> Result<(Vec<RequestId>, Option<Cursor>)> {
    let store = parts.book.store();
    match from {
        Cursor::Own(after) => {
            let all = store.of_owner(&by.account.to_string(), usize::MAX).await?;
            let rest = match after {
                Some(after) => {
                    let passed = all.iter().position(|id| id == after);
                    all.into_iter()
                        .skip(passed.map_or(0, |at| at + 1))
                        .collect()
                }
                None => all,
            };
            let page: Vec<RequestId> = rest.iter().take(room).cloned().collect();
            let next = match page.last() {
                Some(last) if rest.len() > page.len() => Some(Cursor::Own(Some(last.clone()))),
                _ => first_of_others(parts, by),
            };
            Ok((page, next))
        }
        Cursor::Others(shard, after) => {
            let limit = room.min(CHUNK);
            let page = store.open(*shard, after.as_ref(), limit).await?;
            let next = if page.len() < limit {
                let later = Shard::all().skip_while(|other| other != shard).nth(1);
                later.map(|shard| Cursor::Others(shard, None))
            } else {
                Some(Cursor::Others(*shard, page.last().cloned()))
            };
            Ok((page, next))
        }
    }
}

/// Only whom some rule lets read has anything to look for there.
fn first_of_others(parts: &Parts, by: &Caller) -> Option<Cursor> {
    let rules = parts.rules.load();
    let reads = |cluster: &String| {
        let mut all = rules.rules().iter();
        all.any(|rule| rule.lets_read(&by.account, cluster))
    };
    let first = Shard::all().next();
    let first = first.filter(|_| parts.clusters.keys().any(reads));
    first.map(|shard| Cursor::Others(shard, None))
}

/// Addresses on which what is open can be tried, `10.0.0.7:5432`: of the target's pods as they are now, each
/// TCP port that stands alone. None while it is not open, and for whole blocks of addresses.
pub fn targets(parts: &Parts, request: &Request) -> Vec<String> {
    if !matches!(request.state, State::Active { .. }) {
        return Vec::new();
    }
    let flow = &request.asked.flow;
    let addresses = match &flow.to.at {
        SideRef::Addresses(block) if block.prefix_len() == block.max_prefix_len() => {
            vec![block.addr()]
        }
        SideRef::Addresses(_) | SideRef::Stated { .. } => Vec::new(),
        SideRef::Pods {
            namespace, pods, ..
        } => {
            let snapshot = parts.snapshot(&request.asked.cluster).ok();
            let space = snapshot.as_ref().and_then(|seen| seen.space(namespace));
            let pod = |name: &String| space?.pods.get(name.as_str())?.ips.first().copied();
            pods.iter().filter_map(pod).collect()
        }
    };
    let ports = flow.ports.iter();
    let ports = ports.filter(|p| p.protocol == Protocol::Tcp && p.first == p.last);
    let pairs = ports.flat_map(|port| addresses.iter().map(move |ip| (*ip, port.first)));
    let pairs = pairs.map(|(ip, port)| SocketAddr::new(ip, port).to_string());
    pairs.take(TARGETS).collect()
}
