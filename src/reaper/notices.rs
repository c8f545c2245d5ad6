//! Tells people of gates that the reaper closed and no document speaks of: the store was emptied. Apart
//! from the reaper, so that neither a hanging store nor a hanging Slack delays a closing.
//!
//! # Guarantees
//! Once for each request, however many objects it had, as soon as store and Slack answer. What is not
//! told when the process ends is not told any more: the objects that knew of it are gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::{Known, Parts};
use crate::cluster::SeenObject;
use crate::id::RequestId;
use crate::netpol::marks;
use crate::slack::Retry;
use crate::units::{Seconds, Time};
use crate::view::replies;

/// Objects that wait to be told of. More at once means that far worse is going on.
pub const QUEUE: usize = 1_024;

/// Pause between two tries.
const RETRY: Seconds = Seconds(2);

/// How long telling is tried: a store or a Slack that is away for longer is looked at by people anyway.
const TRY_FOR: Seconds = Seconds::hours(6);

/// A reaped gate of which people may have to be told.
#[derive(Debug)]
struct Reaped {
    id: RequestId,
    object: SeenObject,
    at: Time,
    /// Whether Slack may have taken the message already.
    tried: bool,
}

/// Tells people of what it is passed, until told to stop.
pub async fn run(
    parts: Arc<Parts>,
    mut objects: mpsc::Receiver<SeenObject>,
    stop: CancellationToken,
) {
    let mut known: BTreeSet<RequestId> = BTreeSet::new();
    let mut waiting: Vec<Reaped> = Vec::new();
    loop {
        let now = parts.clock.now();
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            object = objects.recv() => match object {
                Some(object) => waiting.extend(news(object, now, &mut known)),
                None => return,
            },
            () = parts.clock.sleep_until(RETRY.after(now)), if !waiting.is_empty() => {}
        }
        let mut left = Vec::new();
        for mut reaped in waiting {
            if !tell(&parts, &reaped).await && parts.clock.now() < TRY_FOR.after(reaped.at) {
                reaped.tried = true;
                left.push(reaped);
            }
        }
        waiting = left;
    }
}

/// The first object of a request is news, the others belong to it.
fn news(object: SeenObject, at: Time, known: &mut BTreeSet<RequestId>) -> Option<Reaped> {
    let id = object.request()?;
    known.insert(id.clone()).then_some(Reaped {
        id,
        object,
        at,
        tried: false,
    })
}

/// Whether nothing more is to be said of this gate.
async fn tell(parts: &Parts, reaped: &Reaped) -> bool {
    let id = &reaped.id;
    match parts.book.load_if_known(id).await {
        Ok(Known::Nothing) => {}
        // The store knows it: its lanes tell, or those of a later version.
        Ok(Known::Request(_) | Known::LeftAlone) => return true,
        Err(_) => return false,
    }
    let annotations = &reaped.object.annotations;
    let note = |key: &str| annotations.get(key).map_or("", String::as_str);
    let Some((channel, ts)) = note(marks::CARD).split_once('/') else {
        return true;
    };
    let key = format!("{id}/reaped");
    if reaped.tried {
        let found = parts.slack.find_posted(channel, Some(ts), &key, reaped.at);
        match found.await {
            Ok(Some(_)) => return true,
            // Without the right to read history a doubled message is better than none.
            Ok(None) => {}
            Err(error) if error.is_final() => {}
            Err(_) => return false,
        }
    }
    let message = replies::reaped(id, note(marks::FLOW), note(marks::REQUESTED_BY));
    match parts.slack.post(channel, &message, Some(ts), &key).await {
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(%id, %error, "people could not be told of a reaped gate");
            error.retry() == Retry::Never
        }
    }
}
