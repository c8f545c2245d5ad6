//! Signs the newest head once a period and hands it out: whoever owns the store could rewrite a chain
//! that nothing outside of it anchors.
//!
//! # Guarantees
//! A head is recorded ([`Fact::HeadSigned`]) only after its place has it. Several replicas may sign in the
//! same period, and one may sign twice: each of these heads is right, and two of them are harmless. Nothing
//! is signed for a ledger that parted from what was signed before ([`Parted`]).
//!
//! INVARIANT (a period has its head): the store's note that a head was signed only says where to look. A
//! process takes a period for done when it signed in it itself, or when the ledger tells of a head that the
//! same key signed in it, which whoever owns the store cannot write. Else it signs.

mod last;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio_util::sync::CancellationToken;

use super::append::Appender;
use super::name;
use super::settings::{Deposit, Server};
use super::sinks::{LineFile, Parcel, Post, Trouble};
use crate::audit::Fact;
use crate::audit::heads::{SignedHead, Signer};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::units::{Seconds, Time};

pub use last::{Last, Parted, deposited};

/// Under this name the store notes the beginning of the last period in which a head was signed, in
/// seconds since 1970. No sink has a colon in its name. Whoever owns the store can write anything here.
const PERIOD: &str = ":heads";

/// Under this name it notes the number of the newest record that a signed head covers.
pub(super) const COVERED: &str = ":covered";

/// Pause between two looks whether a period has begun; a failure waits as long.
const LOOK: Duration = Duration::from_secs(60);

/// Signs and hands out.
#[derive(Debug)]
pub struct Heads {
    /// Where the ledger is.
    pub store: Arc<dyn Store>,
    /// What records that a head was signed.
    pub appender: Appender,
    /// The key.
    pub signer: Signer,
    /// What was signed last, as far as this process knows.
    pub last: Last,
    /// How often.
    pub every: Seconds,
    /// Where the heads go.
    pub deposit: Deposit,
    /// What sends by HTTP.
    pub post: Post,
    /// Where it is told how long a head has been due.
    pub metrics: Arc<Metrics>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<Entropy>,
}

impl Heads {
    /// Signs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let working = async {
            let mut failing = None;
            loop {
                // First the pause: replicas that start together do not sign together.
                tokio::time::sleep(LOOK.mul_f64(0.5 + 0.5 * self.entropy.lull())).await;
                failing = self.look(failing).await;
            }
        };
        stop.run_until_cancelled(working).await;
    }

    /// A turn, and how long a head has been due. `failing`: since when turns have failed, which it gives again.
    pub async fn look(&self, failing: Option<Time>) -> Option<Time> {
        let Err(error) = self.turn().await else {
            self.metrics.head_due(None);
            return None;
        };
        tell(&error);
        let now = self.clock.now();
        let failing = failing.unwrap_or(now);
        // Others may have failed before this process began: the note of the last head knows.
        let noted = self.store.cursor(PERIOD).await.unwrap_or_default();
        let due = Seconds(noted.saturating_add(self.every.0)).after(Time::UNIX_EPOCH);
        let due = Some(due).filter(|due| noted > 0 && *due <= now);
        self.metrics.head_due(Some(due.unwrap_or(failing)));
        Some(failing)
    }

    /// Signs the newest head if none was signed in this period yet, and gives it.
    ///
    /// # Errors
    /// The place did not take it, or the store failed: the next turn signs again. Or the ledger is not the
    /// one that was signed ([`Parted`]).
    pub async fn turn(&self) -> Result<Option<SignedHead>> {
        let now = self.clock.now();
        let period = begin(now, self.every);
        // A note of a time to come is none of ours, and says no more than one of this period.
        if self.store.cursor(PERIOD).await? >= period && self.is_signed(period).await? {
            return Ok(None);
        }
        // Before the store is asked: its ledger only grows, and so ends with this head or later.
        let deposited = deposited(&self.deposit).await?;
        let known = (&self.last, deposited);
        let Some(signed) = sign(&*self.store, &self.signer, known, now).await? else {
            return Ok(None);
        };
        self.hand_out(&signed).await?;
        self.last.set(signed.clone());
        self.appender
            .tell(Fact::HeadSigned {
                seq: signed.seq,
                hash: signed.hash.clone(),
                key: signed.key.clone(),
                line: Some(signed.line()?),
            })
            .await?;
        self.store.set_cursor(COVERED, signed.seq).await?;
        self.store.set_cursor(PERIOD, period).await?;
        Ok(Some(signed))
    }

    /// Whether a head of this key was signed in the period: by this process, or as the ledger tells. The
    /// ledger is asked until it tells of one or this process signs, and each record is read once.
    async fn is_signed(&self, period: u64) -> Result<bool> {
        let last = self.last.get();
        let signed = |last: &SignedHead| begin(last.at, self.every) == period;
        if last.as_ref().is_some_and(signed) {
            return Ok(true);
        }
        let Some(chain) = name::of(&*self.store).await? else {
            return Ok(false);
        };
        let tail = self.store.head().await?;
        let after = last.map_or(0, |last| last.seq);
        let told = self
            .last
            .learn(&*self.store, &self.signer, (&chain, &tail), after);
        told.await?;
        Ok(self.last.get().as_ref().is_some_and(signed))
    }

    async fn hand_out(&self, signed: &SignedHead) -> Result<()> {
        let line = signed.line()?;
        let handed = match &self.deposit {
            Deposit::Log => {
                tracing::info!(
                    head = line,
                    "the ledger's head, signed: keep it where no store is"
                );
                Ok(())
            }
            Deposit::File(path) => {
                let mut file = LineFile::at(path.clone());
                match file.last_line().await {
                    Ok(_) => file.add(format!("{line}\n")).await,
                    Err(trouble) => Err(trouble),
                }
            }
            Deposit::Http(server) => self.send(server, signed, line).await,
        };
        handed.map_err(why)
    }

    async fn send(&self, to: &Server, signed: &SignedHead, line: String) -> Result<(), Trouble> {
        let parcel = Parcel {
            kind: "application/json",
            name: format!("{}-head-{}", signed.chain, signed.seq),
            text: line,
        };
        self.post.send(to, parcel).await
    }
}

/// Tells why nothing was signed.
fn tell(error: &anyhow::Error) {
    let parted = error.is::<Parted>();
    let error = format!("{error:#}");
    if parted {
        tracing::error!(
            error,
            "the ledger is not the one that was signed: no head is signed, somebody must look"
        );
    } else {
        tracing::warn!(error, "the ledger's head was not signed");
    }
}

fn why(trouble: Trouble) -> anyhow::Error {
    match trouble {
        Trouble::Later(error, _) | Trouble::Refused(error) => error,
        Trouble::TooLarge => anyhow!("it answered with HTTP 413"),
    }
}

/// Signs the newest head; `None`: nothing is recorded yet. It is held against the newest head known to be
/// signed: the `last` that this process knows, the one `deposited`, or one that the ledger itself tells of
/// and this key signed, which `last` then knows too.
///
/// # Errors
/// [`Parted`]: the ledger is not the one that was signed. Or the store failed.
pub async fn sign(
    store: &dyn Store,
    signer: &Signer,
    (last, deposited): (&Last, Option<SignedHead>),
    now: Time,
) -> Result<Option<SignedHead>> {
    let newest = || {
        let known = [last.get(), deposited.clone()].into_iter().flatten();
        known.max_by_key(|head| head.seq)
    };
    let signed = newest().map(|head| head.seq);
    let Some(chain) = name::of(store).await? else {
        return signed.map_or(Ok(None), |signed| {
            Err(Parted::Cut { ends: 0, signed }.into())
        });
    };
    let tail = store.head().await?;
    let after = signed.unwrap_or_default();
    last.learn(store, signer, (&chain, &tail), after).await?;
    if let Some(newest) = newest() {
        last::agree(store, (&chain, &tail), &newest).await?;
    }
    let head = tail.head.context("the ledger is gone")?;
    Ok(Some(signer.sign(&chain, &head, now)?))
}

/// The beginning of the period that holds `now`, in seconds since 1970: so that days are UTC's days.
pub(super) fn begin(now: Time, every: Seconds) -> u64 {
    let now = u64::try_from(now.timestamp()).unwrap_or_default();
    let periods = now.checked_div(every.0).unwrap_or_default();
    periods.saturating_mul(every.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_with_the_day_where_they_fit_into_it() {
        let begins = |now: &str, hours| {
            let begin = begin(now.parse().unwrap(), Seconds::hours(hours));
            Seconds(begin).after(Time::UNIX_EPOCH).to_rfc3339()
        };
        let now = "2026-11-26T14:59:59.9Z";
        assert_eq!(begins(now, 24), "2026-11-26T00:00:00+00:00");
        assert_eq!(begins(now, 1), "2026-11-26T14:00:00+00:00");
        assert_eq!(
            begins("2026-11-26T00:00:00Z", 24),
            "2026-11-26T00:00:00+00:00"
        );
        assert_eq!(super::begin(Time::UNIX_EPOCH, Seconds(0)), 0);
    }
}
