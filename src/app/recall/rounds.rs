//! Looks for what the store lost, and tells people of it. It decides nothing: what is still there is set right by
//! whoever loads it ([`crate::app::Book::load`]).

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{EVERY, Gone, Recall};
use crate::app::Parts;
use crate::id::RequestId;
use crate::rules::UserId;
use crate::slack::SlackError;
use crate::units::Seconds;
use crate::view::lost;

/// Looks for what was lost, until told to stop.
pub async fn run(parts: Arc<Parts>, stop: CancellationToken) {
    loop {
        let next = EVERY.after(parts.clock.now());
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep_until(next) => {}
        }
        for id in parts.book.recall().map(Recall::quiet).unwrap_or_default() {
            match parts.book.load(&id).await {
                Ok(Some(_)) => {}
                Ok(None) => lost_for_good(&parts, &id).await,
                Err(error) => tracing::debug!(%id, %error, "not looked for"),
            }
        }
    }
}

/// No store has it any more: its messages say so, and whoever asked is told.
async fn lost_for_good(parts: &Parts, id: &RequestId) {
    let Some((recall, known)) = parts.book.recall().and_then(|r| Some((r, r.known(id)?))) else {
        return;
    };
    if known.gone == Gone::Told {
        return;
    }
    recall.missed(id);
    if known.over {
        return;
    }
    let message = lost::card(id);
    let mut done = true;
    for (channel, ts) in &known.places {
        done &= settled(parts.slack.update(channel, ts, &message).await);
    }
    if let Some(person) = &known.requester {
        done &= tell(parts, id, (person, &known.path)).await;
    }
    if done {
        recall.told(id);
    }
}

/// Whoever asked is written to, once whatever replicas do.
async fn tell(parts: &Parts, id: &RequestId, (person, path): (&UserId, &(String, String))) -> bool {
    let key = format!("{id}/lost");
    let since = parts.clock.now() - Seconds(EVERY.0.saturating_mul(5)).delta();
    let found = parts.slack.find_posted(&person.0, None, &key, since);
    match found.await {
        Ok(Some(_)) => return true,
        // Without the right to read history a doubled message is better than none.
        Ok(None) => {}
        Err(error) if error.is_final() => {}
        Err(_) => return false,
    }
    let message = lost::told(id, path);
    let posted = parts.slack.post(&person.0, &message, None, &key).await;
    settled(posted.map(drop))
}

/// Whether nothing more can be done about a message.
fn settled(answer: Result<(), SlackError>) -> bool {
    answer.map_or_else(|error| error.is_final(), |()| true)
}

/// A button was pressed on a message about a request that the store does not have. If the message is ours
/// and about it, it says so from now on; a forged button on another one changes nothing.
pub(in crate::app) async fn unknown(parts: &Parts, id: &RequestId, at: (&str, &str, Option<&str>)) {
    let (channel, ts, thread) = at;
    match parts.slack.is_about(channel, ts, thread, id.as_str()).await {
        Ok(true) => {
            // Should it come back, it is shown again.
            if let Some(recall) = parts.book.recall() {
                recall.missed(id);
            }
            let updated = parts.slack.update(channel, ts, &lost::card(id)).await;
            if let Err(error) = updated {
                tracing::warn!(%id, %error, "a lost request's message was not updated");
            }
        }
        Ok(false) => {}
        Err(error) => tracing::debug!(%id, %error, "a message could not be looked at"),
    }
}
