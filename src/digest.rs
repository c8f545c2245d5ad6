//! The weekly digest: how access was used, told to a channel once a week.
//!
//! # Guarantees
//! One message a week, however many replicas there are and whatever is restarted meanwhile: the note of
//! the week is made once, its alarm is handed to one worker at a time, and a message of which it is not
//! known whether Slack has it is looked for before it is sent again.
//!
//! # Retries
//! For a day. A digest of last week that comes later than that is no news.
//!
//! It must never name who asked or what they typed: a channel has more readers than a request.

mod week;
mod weekly;

use std::sync::Arc;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use crate::app::shelf::Change;
use crate::app::{BookError, Parts, causes};
use crate::id::RequestId;
use crate::notes::Note;
use crate::notes::digest::{Digest, DigestStatus, digest_key};
use crate::slack::Retry;
use crate::store::Claim;
use crate::units::{Seconds, Time};
use crate::view::{self, Message};

pub use weekly::Weekly;

/// A digest is made as late as this after its time: a bot that was down over it makes up for it.
const LATE: Seconds = Seconds::hours(12);

/// How long posting is tried.
const TRY_FOR: Seconds = Seconds::hours(24);

/// Pause between two tries to make the note, or to post.
const RETRY: Seconds = Seconds(30);

/// Makes the note of each week when its time comes, until told to stop.
pub async fn watch(parts: Arc<Parts>, weekly: Weekly, stop: CancellationToken) {
    loop {
        let now = parts.clock.now();
        let mut next = weekly.next(now);
        let due = weekly.latest(now);
        if now < LATE.after(due)
            && let Err(error) = want(&parts, &weekly, due).await
        {
            tracing::warn!(error = causes(&error), "the weekly digest has to wait");
            next = next.min(RETRY.after(now));
        }
        tokio::select! {
            biased;
            () = parts.clock.sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Makes sure that there is a note of the week that ended at `due`.
async fn want(parts: &Parts, weekly: &Weekly, due: Time) -> Result<(), BookError> {
    let week = weekly.name(due);
    let make = |id: RequestId| Change {
        note: Note::Digest(Digest {
            id,
            week: week.clone(),
            channel: weekly.channel.clone(),
            from: weekly.before(due),
            until: due,
            status: DigestStatus::Due,
        }),
        events: Vec::new(),
    };
    parts.book.ensure_note(&digest_key(&week), make).await?;
    Ok(())
}

/// Posts a digest whose time has come.
///
/// # Errors
/// The store failed; it is tried again.
pub async fn step(parts: &Parts, claim: &Claim, digest: &Digest) -> Result<()> {
    let now = parts.clock.now();
    let status = match digest.status {
        DigestStatus::Posted | DigestStatus::GivenUp { .. } => digest.status.clone(),
        _ if now >= TRY_FOR.after(digest.until) => DigestStatus::GivenUp {
            why: "it was tried for a day".to_owned(),
        },
        DigestStatus::Due => {
            let posting = DigestStatus::Posting { since: now };
            // Noted before it is sent, so that whoever goes on knows to look for it.
            set(parts, digest, &posting, None).await?;
            send(parts, digest, None).await?
        }
        DigestStatus::Posting { since } => send(parts, digest, Some(since)).await?,
    };
    if matches!(status, DigestStatus::Due | DigestStatus::Posting { .. }) {
        parts.book.store().release(claim, RETRY.after(now)).await?;
        return Ok(());
    }
    if let DigestStatus::GivenUp { why } = &status {
        tracing::error!(
            week = digest.week,
            channel = digest.channel,
            why,
            "no weekly digest"
        );
    }
    set(parts, digest, &status, Some(claim)).await
}

/// Sends it, unless an earlier try is found; what became of it.
async fn send(parts: &Parts, digest: &Digest, tried: Option<Time>) -> Result<DigestStatus> {
    let (channel, key) = (&digest.channel, digest.key());
    let since = tried.unwrap_or_else(|| parts.clock.now());
    let again = DigestStatus::Posting { since };
    if let Some(since) = tried {
        match parts.slack.find_posted(channel, None, &key, since).await {
            Ok(Some(_)) => return Ok(DigestStatus::Posted),
            // Without the right to read history a doubled message is better than a missing one.
            Ok(None) => {}
            Err(error) if error.is_final() => {}
            Err(_) => return Ok(again),
        }
    }
    let message = message(parts, digest).await?;
    match parts.slack.post(channel, &message, None, &key).await {
        Ok(_) => Ok(DigestStatus::Posted),
        Err(error) if error.retry() == Retry::Never => Ok(DigestStatus::GivenUp {
            why: causes(&error),
        }),
        Err(error) => {
            tracing::warn!(week = digest.week, %error, "slack did not take the weekly digest");
            Ok(again)
        }
    }
}

/// Reads the ledger and writes it down.
async fn message(parts: &Parts, digest: &Digest) -> Result<Message> {
    let week = week::read(&**parts.book.store(), digest.from, digest.until).await?;
    Ok(view::week::message(&week))
}

/// Notes what became of it, in the document as it is now.
async fn set(
    parts: &Parts,
    digest: &Digest,
    status: &DigestStatus,
    claim: Option<&Claim>,
) -> Result<()> {
    let change = |note: &Note| match note {
        Note::Digest(old) => Some(Change {
            note: Note::Digest(Digest {
                status: status.clone(),
                ..old.clone()
            }),
            events: Vec::new(),
        }),
        _ => None,
    };
    parts.book.change_note(&digest.id, claim, change).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
