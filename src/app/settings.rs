//! The settings in force, on record: what this process was told, as digests, and its version.
//!
//! # Guarantees
//! As for the rules in force ([`super::rulebook`]): recorded once however many replicas run with the same
//! ones, and again when one starts with others. Secrets are not among them, not even as digests.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::shelf::Change;
use super::{BookError, Parts};
use crate::audit::{Actor, Event, Fact, SettingRef};
use crate::id::RequestId;
use crate::notes::{self, Note, SETTINGS};
use crate::units::Seconds;

/// Pause between two tries.
const RETRY: Seconds = Seconds(2);

/// Records what this process was started with, until that is done or it is told to stop.
pub async fn tell(parts: Arc<Parts>, settings: Vec<SettingRef>, stop: CancellationToken) {
    while let Err(error) = record(&parts, &settings).await {
        let error = super::causes(&error);
        tracing::warn!(error, "the settings in force could not be recorded yet");
        tokio::select! {
            biased;
            () = parts.clock.sleep_until(RETRY.after(parts.clock.now())) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn record(parts: &Parts, settings: &[SettingRef]) -> Result<(), BookError> {
    let version = env!("CARGO_PKG_VERSION");
    let at = parts.clock.now();
    let make = |id: RequestId| Change {
        note: Note::Settings(notes::Settings {
            id,
            version: version.to_owned(),
            settings: settings.to_vec(),
        }),
        events: vec![Event {
            at,
            by: Actor::Drawbridge,
            fact: Fact::Configured {
                version: version.to_owned(),
                settings: settings.to_vec(),
            },
        }],
    };
    let differs = |note: &Note| matches!(note, Note::Settings(old) if old.version != version || old.settings != settings);
    parts.book.keep_note(SETTINGS, make, differs).await
}

#[cfg(test)]
mod tests;
