//! Claims given back together, where one server has all shards: while a call is under way, others line up for the next.
//!
//! Whoever is first in line gives back for all in it, and each is told what came of its own. Where the call failed or
//! its caller was dropped, each gives back by itself, as where there is more than one server ([`super::together`]); if
//! the call had been done all the same, that one is answered `false`, as after any answer that was lost.

use std::sync::{Mutex, PoisonError};

use redis::Value;
use tokio::sync::oneshot;

use super::RedisStore;
use crate::store::{Claim, Result};
use crate::units::Time;

/// Who waits to give a claim back: about as many as the lanes have slots.
#[derive(Debug, Default)]
pub(super) struct Releases {
    line: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    claim: Claim,
    again: Time,
    /// Whether the lease was still held.
    told: oneshot::Sender<bool>,
}

impl Releases {
    fn line_up(&self, claim: &Claim, again: Time) -> oneshot::Receiver<bool> {
        let (told, answer) = oneshot::channel();
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.push(Waiting {
            claim: claim.clone(),
            again,
            told,
        });
        answer
    }

    fn take_line(&self) -> Vec<Waiting> {
        std::mem::take(&mut *self.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl RedisStore {
    /// Gives a claim back, with others if others are being given back.
    pub(super) async fn give_back(&self, claim: &Claim, again: Time) -> Result<bool> {
        if self.together.now() {
            let mut answer = self.releases.line_up(claim, again);
            let told = tokio::select! {
                biased;
                told = &mut answer => told.ok(),
                _turn = self.releases.turn.lock() => {
                    // Steps that end at the same time line up before the call.
                    tokio::task::yield_now().await;
                    self.give_all_back().await;
                    answer.try_recv().ok()
                }
            };
            if let Some(held) = told {
                return Ok(held);
            }
        }
        self.run(&self.scripts.release_call(claim, again)).await
    }

    async fn give_all_back(&self) {
        let all = self.releases.take_line();
        // Who waited for this turn was given back by the one before, or that call failed and nobody waits for another.
        if all.is_empty() || !self.together.now() {
            return;
        }
        let claims = all.iter().map(|waiting| (&waiting.claim, waiting.again));
        let call = self.scripts.release_each_call(claims);
        match self.run::<Vec<Value>>(&call).await {
            Ok(answers) => {
                for (waiting, answer) in all.into_iter().zip(answers) {
                    // A text is what is wrong with the keys of a shard: whoever asked finds out.
                    if let Value::Int(held) = answer {
                        let _ = waiting.told.send(held == 1);
                    }
                }
            }
            Err(error) => self.together.failed(&error),
        }
    }
}
