//! What lies between one replica of the bot and the rest of the town, and how it breaks: lines that are cut or
//! silent, answers of the store that are lost, and a process that dies in the middle of whatever it does.
//!
//! Nothing here looks at what passes: a line knows no calls, and a fuse burns down whoever touches the outside.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::store::{Result, StoreError};

/// How long a call to a store that does not answer is waited for, as the adapter of a real one waits.
const PATIENCE: Duration = Duration::from_secs(2);

/// How a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// It carries.
    #[default]
    Whole,
    /// Connections break and none is made.
    Cut,
    /// Connections stay, and nothing arrives.
    Silent,
}

/// A line.
#[derive(Debug, Clone, Default)]
pub struct Line(watch::Sender<Way>);

impl Line {
    /// How it is from now on.
    pub fn set(&self, way: Way) {
        self.0.send_replace(way);
    }

    /// How it is.
    pub fn way(&self) -> Way {
        *self.0.borrow()
    }

    /// Waits until it is cut.
    pub(super) async fn is_cut(&self) {
        // Its sender is here.
        let _ = self.0.subscribe().wait_for(|way| *way == Way::Cut).await;
    }

    /// Waits until it is not silent; whether it carries then.
    pub(super) async fn carries(&self) -> bool {
        let mut ways = self.0.subscribe();
        let way = ways.wait_for(|way| *way != Way::Silent).await;
        way.is_ok_and(|way| *way == Way::Whole)
    }
}

/// How a call to the store goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// It is not done.
    Refused,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is done twice, and the second answer arrives.
    Twice,
    /// It is done, and no replica of the store has it in time; a call that waits for none does not meet it.
    Uncopied,
}

/// What lies between one replica and the rest.
#[derive(Debug, Default)]
pub struct Links {
    /// To the store.
    pub store: Line,
    /// To the API server.
    pub api: Line,
    /// To Slack.
    pub slack: Line,
    /// How often it may still touch the outside before it dies; 0: it does not die of that.
    fuse: AtomicU64,
    slips: Mutex<VecDeque<Slip>>,
    slipped: AtomicU64,
}

impl Links {
    /// The next `times` calls to the store go wrong like that.
    pub fn slip(&self, slip: Slip, times: usize) {
        self.slips().extend(std::iter::repeat_n(slip, times));
    }

    /// How many calls to the store went wrong by a slip so far.
    pub fn slipped(&self) -> u64 {
        self.slipped.load(Ordering::SeqCst)
    }

    /// The process dies when it touches the outside for that many times more (0: it lives on). Each call to store
    /// and API server is a touch when it goes out and another when its answer comes, and so is each piece that
    /// is read from Slack or written to it.
    pub fn burn(&self, touches: u64) {
        self.fuse.store(touches, Ordering::SeqCst);
    }

    /// Everything works again.
    pub fn mend(&self) {
        for line in [&self.store, &self.api, &self.slack] {
            line.set(Way::Whole);
        }
        self.slips().clear();
        self.burn(0);
    }

    /// The outside is touched; whether that was the last time.
    pub(super) fn touch(&self) -> bool {
        let left = self
            .fuse
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        left == Ok(1)
    }

    /// A call to the store, over this line; whether it waits for a replica.
    pub(super) async fn to_store<T, F>(
        &self,
        lasts: bool,
        call: impl Fn() -> F + Send + Sync,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>> + Send,
        T: Send,
    {
        let carries = tokio::time::timeout(PATIENCE, self.store.carries());
        if !carries.await.unwrap_or(false) {
            return Err(away("the line to it is down"));
        }
        let slip = self.take_slip(lasts);
        self.slipped
            .fetch_add(u64::from(slip.is_some()), Ordering::SeqCst);
        match slip {
            None => call().await,
            Some(Slip::Refused) => Err(away("it refused the call")),
            Some(Slip::AnswerLost) => {
                call().await?;
                Err(away("its answer was lost"))
            }
            Some(Slip::Twice) => {
                call().await?;
                call().await
            }
            Some(Slip::Uncopied) => {
                call().await?;
                Err(StoreError::Unreplicated)
            }
        }
    }

    fn take_slip(&self, lasts: bool) -> Option<Slip> {
        let mut slips = self.slips();
        let at = slips
            .iter()
            .position(|slip| lasts || *slip != Slip::Uncopied)?;
        slips.remove(at)
    }

    fn slips(&self) -> std::sync::MutexGuard<'_, VecDeque<Slip>> {
        self.slips.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn away(why: &'static str) -> StoreError {
    StoreError::Away(anyhow::anyhow!(why))
}
