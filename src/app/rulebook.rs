//! The rules on record: the text of each one that governs, and which ones are in force.
//!
//! # Guarantees
//! - No request is committed under a rule, and none is approved or opened by one, whose text is not on
//!   record by its digest. Each text is recorded once.
//! - Other rules in force are recorded once, however many replicas read them. A replica writes only when
//!   its own rules changed and the record says otherwise: two that read different folders do not
//!   overwrite each other for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::shelf::Change;
use super::{BookError, Parts};
use crate::audit::{Actor, Event, Fact, RuleRef};
use crate::id::RequestId;
use crate::notes::{self, Note, RULEBOOK, RuleText, rule_key};
use crate::rules::{Route, RuleSet, Verdict};
use crate::units::Seconds;

/// A text that was on record is looked for again after this time: the store may have been emptied.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Pause between two tries to record which rules are in force.
const RETRY: Seconds = Seconds(2);

/// What this process knows of what is on record.
#[derive(Debug, Default)]
pub struct Rulebook {
    /// Digests whose texts are on record, and when that was seen.
    kept: Mutex<BTreeMap<String, Instant>>,
    /// The rules that were in force before: an ask may have been judged by them a moment ago.
    before: Mutex<Option<Arc<RuleSet>>>,
    /// Told when others come into force.
    changed: Notify,
}

impl Rulebook {
    fn knows(&self, digest: &str) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(digest).is_some_and(|at| at.elapsed() < LOOK_AGAIN)
    }

    fn learn(&self, digest: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, at| at.elapsed() < LOOK_AGAIN);
        kept.insert(digest.to_owned(), Instant::now());
    }

    fn before(&self) -> Option<Arc<RuleSet>> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        before.clone()
    }
}

impl Parts {
    /// Other rules are in force from now on.
    pub fn put_in_force(&self, rules: Arc<RuleSet>) {
        let before = self.rules.swap(rules);
        let mut kept = self
            .rulebook
            .before
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = Some(before);
        self.rulebook.changed.notify_one();
    }
}

/// Makes sure that the text of the rule that governs is on record.
///
/// # Errors
/// The store did not take it, or the rules changed twice since they were asked: nothing may be committed
/// under this rule.
pub(super) async fn keep(parts: &Parts, route: &Route) -> Result<()> {
    let digest = &route.digest;
    if parts.rulebook.knows(digest) {
        return Ok(());
    }
    let text = text_of(parts, digest).context("the rules changed meanwhile")?;
    let make = |id: RequestId| Change {
        note: Note::Rule(RuleText {
            id,
            name: route.rule.clone(),
            digest: digest.clone(),
            text: text.clone(),
        }),
        events: vec![event(
            parts,
            Fact::RuleKept {
                rule: route.rule.clone(),
                digest: digest.clone(),
                typed_text: text.clone(),
            },
        )],
    };
    let kept = parts.book.ensure_note(&rule_key(digest), make).await;
    // In words only: a text that may have been kept is no request that may have been made.
    kept.map_err(|error| {
        anyhow!(
            "the text of the rule was not kept: {}",
            super::causes(&error)
        )
    })?;
    parts.rulebook.learn(digest);
    Ok(())
}

/// The same for what the rules say of a stored request now: it may be another rule than it was asked
/// under.
///
/// # Errors
/// As [`keep`].
pub(super) async fn keep_judge(parts: &Parts, verdict: &Verdict) -> Result<()> {
    match verdict {
        Verdict::Allowed(route) => keep(parts, route).await,
        Verdict::Refused { .. } => Ok(()),
    }
}

fn text_of(parts: &Parts, digest: &str) -> Option<String> {
    let of = |rules: &RuleSet| rules.text_of(digest).map(str::to_owned);
    of(&parts.rules.load()).or_else(|| of(&*parts.rulebook.before()?))
}

fn event(parts: &Parts, fact: Fact) -> Event {
    Event {
        at: parts.clock.now(),
        by: Actor::Drawbridge,
        fact,
    }
}

/// Records which rules are in force, now and whenever others are, until told to stop.
pub async fn follow(parts: Arc<Parts>, stop: CancellationToken) {
    loop {
        // Registered before looking, so that a change made meanwhile is not missed.
        let changed = parts.rulebook.changed.notified();
        let recorded = record(&parts).await;
        if let Err(error) = &recorded {
            let error = super::causes(error);
            tracing::warn!(error, "the rules in force could not be recorded yet");
        }
        let again = RETRY.after(parts.clock.now());
        tokio::select! {
            biased;
            () = changed, if recorded.is_ok() => {}
            () = parts.clock.sleep_until(again), if recorded.is_err() => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Records which rules are in force, where the record says otherwise.
async fn record(parts: &Parts) -> Result<(), BookError> {
    let rules: Vec<RuleRef> = parts.rules.load().rules().iter().map(name).collect();
    let change = |id: RequestId| Change {
        note: Note::Rulebook(notes::Rulebook {
            id,
            rules: rules.clone(),
        }),
        events: vec![event(
            parts,
            Fact::RulesChanged {
                rules: rules.clone(),
            },
        )],
    };
    let differs = |note: &Note| matches!(note, Note::Rulebook(book) if book.rules != rules);
    parts.book.keep_note(RULEBOOK, change, differs).await
}

fn name(rule: &crate::rules::Rule) -> RuleRef {
    RuleRef {
        name: rule.name.clone(),
        digest: rule.digest.clone(),
    }
}

#[cfg(test)]
mod tests;
