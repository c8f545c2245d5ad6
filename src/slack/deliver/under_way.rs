//! Which events are being worked on: Slack repeats one that is not acknowledged, and the repetition waits for the
//! work that has begun instead of beginning another.
//!
//! It knows nothing of events whose work has ended: doing those again changes nothing, and that is the receiver's part.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The events in work, by key. As many as there is room for in the hall, which every one of them has a place in.
#[derive(Debug, Default)]
pub(super) struct UnderWay(Mutex<HashMap<String, watch::Receiver<bool>>>);

/// What is known of an event that arrives.
#[derive(Debug)]
pub(super) enum Known {
    /// Nothing: its work begins with this mark.
    New(Mark),
    /// It is being worked on.
    Already(Work),
}

/// Somebody works on an event until this is dropped.
#[derive(Debug)]
pub(super) struct Mark {
    key: String,
    done: watch::Sender<bool>,
    all: Arc<UnderWay>,
}

/// The work that a repetition waits for.
#[derive(Debug)]
pub(super) struct Work(watch::Receiver<bool>);

impl UnderWay {
    /// Whether somebody works on it already; if not, that somebody does from now on.
    pub(super) fn begin(self: &Arc<Self>, key: &str) -> Known {
        let mut events = self.events();
        if let Some(work) = events.get(key) {
            return Known::Already(Work(work.clone()));
        }
        let (done, work) = watch::channel(false);
        events.insert(key.to_owned(), work);
        drop(events);
        Known::New(Mark {
            key: key.to_owned(),
            done,
            all: Arc::clone(self),
        })
    }

    fn events(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<bool>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mark {
    /// The receiver is done with it. Without this word the work broke.
    pub(super) fn done(&self) {
        self.done.send_replace(true);
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.all.events().remove(&self.key);
    }
}

impl Work {
    /// Waits until it ends; whether the receiver was done with it.
    pub(super) async fn ended(mut self) -> bool {
        self.0.wait_for(|done| *done).await.is_ok()
    }
}
