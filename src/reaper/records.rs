//! Puts on record what the reaper deleted. Apart from the reaper, so that a store that is away never
//! delays a closing.
//!
//! # Guarantees
//! Each object is recorded once, by its own identity, as soon as the store answers. What is not recorded
//! when the process ends is lost to the record: the objects that knew of it are gone. So is a delete whose
//! answer stayed away for all of [`Cluster::withdraw`](crate::cluster::Cluster::withdraw)'s tries, though
//! it was done.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::app::shelf::Change;
use crate::app::{Book, BookError, Known, Parts};
use crate::audit::{Actor, Event, Fact};
use crate::cluster::SeenObject;
use crate::id::RequestId;
use crate::notes::{Note, Reaped, reaped_key};
use crate::store::Retry;
use crate::units::{Seconds, Time};

/// Pause between two tries.
const RETRY: Seconds = Seconds(2);

/// Something that the reaper deleted.
#[derive(Debug)]
pub struct Deed {
    /// The cluster.
    pub cluster: String,
    /// What was deleted.
    pub object: SeenObject,
    /// When.
    pub at: Time,
    /// Why.
    pub why: Why,
}

/// Why the reaper deleted something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its time was over.
    Overdue,
    /// Its request, in this state, does not want it.
    Stray(&'static str),
    /// Its time was over, and `drawbridge reap` came by.
    Passing,
}

/// Where deeds are handed in; nobody who does so waits. It holds no more than clusters have objects.
pub type Desk = mpsc::UnboundedSender<Deed>;

/// Records what it is passed, until told to stop.
pub async fn run(
    parts: Arc<Parts>,
    mut deeds: mpsc::UnboundedReceiver<Deed>,
    stop: CancellationToken,
) {
    let mut waiting: VecDeque<Deed> = VecDeque::new();
    loop {
        let again = RETRY.after(parts.clock.now());
        let stopped = tokio::select! {
            biased;
            deed = deeds.recv() => match deed {
                Some(deed) => {
                    waiting.push_back(deed);
                    false
                }
                None => true,
            },
            () = parts.clock.sleep_until(again), if !waiting.is_empty() => false,
            () = stop.cancelled() => true,
        };
        while let Ok(deed) = deeds.try_recv() {
            waiting.push_back(deed);
        }
        while let Some(deed) = waiting.front() {
            match record(&parts.book, deed).await {
                Ok(()) => {}
                Err(error) if retries(&error) => {
                    let error = crate::app::causes(&error);
                    let (object, left) = (&deed.object.at, waiting.len());
                    tracing::warn!(%object, left, error, "reaped, and not on record yet");
                    break;
                }
                Err(error) => {
                    let error = crate::app::causes(&error);
                    tracing::error!(object = %deed.object.at, error, "reaped, and not on record");
                }
            }
            waiting.pop_front();
        }
        if stopped {
            return;
        }
    }
}

fn retries(error: &BookError) -> bool {
    match error {
        BookError::Store(error) => error.retry() != Retry::Never,
        BookError::Uncertain { .. } | BookError::Uncopied { .. } | BookError::Contended(_) => true,
        BookError::Later { .. } | BookError::Unreadable { .. } | BookError::Unwritable(_) => false,
    }
}

/// Puts one deed on record.
///
/// # Errors
/// The store failed; it is safe to try again.
pub async fn record(book: &Book, deed: &Deed) -> Result<(), BookError> {
    let request = deed.object.request();
    let because = match (deed.why, &request) {
        (Why::Passing, _) => "its time was over, and `drawbridge reap` came by".to_owned(),
        (Why::Stray(state), _) => format!("its request does not want it ({state})"),
        (Why::Overdue, Some(id)) if matches!(book.load_if_known(id).await?, Known::Nothing) => {
            "its time was over, and the store does not know its request".to_owned()
        }
        (Why::Overdue, _) => "its time was over".to_owned(),
    };
    let (cluster, uid) = (&deed.cluster, deed.object.uid());
    let at = &deed.object.at;
    let make = |id: RequestId| Change {
        note: Note::Reaped(Reaped {
            id,
            cluster: cluster.clone(),
            uid: uid.to_owned(),
        }),
        events: vec![Event {
            at: deed.at,
            by: Actor::Drawbridge,
            fact: Fact::Reaped {
                cluster: cluster.clone(),
                objects: vec![format!("{}/{}", at.namespace, at.name)],
                request: request.clone(),
                because: because.clone(),
            },
        }],
    };
    book.ensure_note(&reaped_key(cluster, uid), make).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
