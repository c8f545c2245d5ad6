//! What a commit tells those who watch: it is counted once, and what came to its end with it becomes a span
//! of the request's trace.
//!
//! # Guarantees
//! - Told after the commit, by the process that made it; a commit whose answer was lost and asked for again is
//!   told once. One whose answer was lost twice is told by nobody: the ledger has it.
//! - Nothing here can fail, wait or change what was committed.

use std::sync::Arc;

use crate::audit::Fact;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::request::{Outcome, Request, State};
use crate::traces::{Attribute, Doing, Span, Traces, Value};
use crate::units::Time;

/// Watches commits.
#[derive(Debug, Clone)]
pub struct Observer {
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where spans go.
    pub traces: Traces,
    /// When a commit was done.
    pub clock: Arc<dyn Clock>,
}

impl Observer {
    /// A request was created (`before` is none) or changed.
    pub(super) fn committed(&self, before: Option<&Request>, outcome: &Outcome) {
        let now = self.clock.now();
        self.count(before, outcome, now);
        if self.traces.is_on() {
            let trace = Trace {
                traces: &self.traces,
                request: &outcome.request,
                now,
            };
            trace.tell(before, outcome);
        }
    }

    fn count(&self, before: Option<&Request>, outcome: &Outcome, now: Time) {
        let after = &outcome.request;
        if before.is_none() {
            self.metrics.asked(verdict(after));
        }
        for event in &outcome.events {
            if let Some(kind) = vote(&event.fact) {
                self.metrics.voted(kind);
            }
        }
        if !before.is_some_and(|before| before.state.is_final())
            && let Some(word) = end(&after.state)
        {
            self.metrics.ended(word);
        }
        if before.is_some_and(is_waiting)
            && let Some(decision) = decision(&after.state)
        {
            self.metrics.decided(decision, now - after.asked.at);
        }
    }
}

const fn is_waiting(request: &Request) -> bool {
    matches!(request.state, State::Pending { .. })
}

/// The first answer to an ask, by what was committed with it.
fn verdict(created: &Request) -> &'static str {
    match created.state {
        State::Refused { .. } => "refused",
        _ if created.emergency.is_some() => "emergency",
        _ if created.is_automatic() => "automatic",
        State::Pending { .. } => "waiting",
        // Every stage was filled by approvals given before.
        _ => "recalled",
    }
}

/// How a request ended; `None`: it goes on.
const fn end(state: &State) -> Option<&'static str> {
    match state {
        State::Ended { why, .. } => Some(why.word()),
        state if state.is_final() => Some(state.word()),
        _ => None,
    }
}

/// What ended the waiting; `None`: it waits on.
const fn decision(state: &State) -> Option<&'static str> {
    match state {
        State::Granting { .. } => Some("granted"),
        State::Denied { .. } => Some("denied"),
        State::Cancelled => Some("cancelled"),
        State::Lapsed => Some("lapsed"),
        _ => None,
    }
}

/// What counts as an act of approvers.
const fn vote(fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::Approved { .. } => Some("approved"),
        Fact::Denied { .. } => Some("denied"),
        Fact::Recalled { .. } => Some("recalled"),
        Fact::Forgotten => Some("forgotten"),
        Fact::Automatic { .. } => Some("automatic"),
        Fact::Emergency { .. } => Some("emergency"),
        Fact::ApprovedOffline { .. } => Some("offline"),
        Fact::Reviewed { .. } => Some("reviewed"),
        _ => None,
    }
}

/// The spans that a commit brings to their end.
struct Trace<'a> {
    traces: &'a Traces,
    request: &'a Request,
    now: Time,
}

impl Trace<'_> {
    fn tell(&self, before: Option<&Request>, outcome: &Outcome) {
        let state = Value::Word(self.request.state.word());
        let Some(before) = before else {
            self.span((Doing::Ask, self.request.asked.at), &[("state", state)]);
            return self.root(None);
        };
        self.stage(before);
        for event in &outcome.events {
            let kind = match event.fact {
                Fact::Approved { .. } | Fact::Denied { .. } | Fact::ApprovedOffline { .. } => {
                    vote(&event.fact)
                }
                _ => None,
            };
            if let Some(kind) = kind {
                let told = [("kind", Value::Word(kind)), stage_of(before)];
                self.span((Doing::Vote, event.at), &told);
            }
        }
        if let (State::Active { .. }, Some(grant)) = (&before.state, &before.grant)
            && !matches!(self.request.state, State::Active { .. })
        {
            let why = match &self.request.state {
                State::Ending { why, .. } => why.word(),
                state => state.word(),
            };
            self.span((Doing::Open, grant.opened_at), &[("why", Value::Word(why))]);
        }
        self.root(Some(before));
    }

    /// A stage is over when the request waits for another one, or for none.
    fn stage(&self, before: &Request) {
        let State::Pending { stage, since, .. } = &before.state else {
            return;
        };
        let waits_on =
            matches!(&self.request.state, State::Pending { stage: now, .. } if now == stage);
        if !waits_on {
            let state = Value::Word(self.request.state.word());
            self.span(
                (Doing::Stage, *since),
                &[stage_of(before), ("state", state)],
            );
        }
    }

    /// The whole request, once it is over.
    fn root(&self, before: Option<&Request>) {
        let was_over = before.is_some_and(|before| before.state.is_final());
        let (false, Some(outcome)) = (was_over, end(&self.request.state)) else {
            return;
        };
        let extends = self.request.asked.extends.as_ref();
        let span = Span {
            doing: Doing::Request,
            from: self.request.asked.at,
            to: self.now,
            failed: outcome == "failed",
            told: &[("outcome", Value::Word(outcome))],
            after: extends.map(|extends| &extends.id),
        };
        self.traces.span(&self.request.id, &span);
    }

    fn span(&self, (doing, from): (Doing, Time), told: &[Attribute]) {
        let span = Span {
            doing,
            from,
            to: self.now,
            failed: false,
            told,
            after: None,
        };
        self.traces.span(&self.request.id, &span);
    }
}

/// Which stage waited, from 0.
fn stage_of(before: &Request) -> Attribute {
    let stage = match before.state {
        State::Pending { stage, .. } => i64::try_from(stage).unwrap_or(i64::MAX),
        _ => -1,
    };
    ("stage", Value::Number(stage))
}

#[cfg(test)]
mod tests;
