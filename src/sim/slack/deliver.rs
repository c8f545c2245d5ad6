//! Deliveries: events, clicks and commands on their way to the app, with Slack's patience.
//!
//! An event that is not acknowledged in time, or reaches nobody, is sent again three times. A click or
//! a command is sent once: when it fails, the person is told and nothing is replayed.

pub(super) mod push;
pub(super) mod sign;

use std::time::Duration;

use serde_json::Value;

use super::Slack;
use super::faults::Mishap;
use super::journal::{Carried, Entry};
use super::setup::Route;
use super::tape::Crossing;

/// What kind of delivery it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Event,
    Interaction,
    Command,
    /// A form being sent off; its answer decides whether the form closes.
    Submission,
    /// A typeahead; its answer has the options.
    Suggestion,
}

impl What {
    /// The envelope's `type`.
    pub(super) const fn envelope(self) -> &'static str {
        match self {
            Self::Event => "events_api",
            Self::Interaction | Self::Submission | Self::Suggestion => "interactive",
            Self::Command => "slash_commands",
        }
    }

    /// Whether an acknowledgement may carry an answer.
    pub(super) const fn takes_answer(self) -> bool {
        matches!(self, Self::Command | Self::Submission | Self::Suggestion)
    }
}

/// Who waits for the outcome of a delivery.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) person: String,
    pub(super) channel: String,
    /// What they did, for the notice when it fails.
    pub(super) label: String,
    /// The view they did it in: it shows the failure, nothing is said in the channel.
    pub(super) view: Option<String>,
}

/// One delivery.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) what: What,
    /// `event_id` or `trigger_id`; for a closed view its id, for a typeahead an id of its own.
    pub(super) key: String,
    pub(super) payload: Value,
    pub(super) from: Option<Sender>,
}

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// No answer in time.
    TimedOut,
    /// Nobody there.
    Unreachable,
    /// Another status than 2xx; the app may have asked not to retry.
    Status { status: u16, no_retry: bool },
}

impl Failed {
    /// Slack's word for it in `retry_reason` and `x-slack-retry-reason`.
    pub(super) const fn reason(self, over_http: bool) -> &'static str {
        match self {
            Self::TimedOut if over_http => "http_timeout",
            Self::TimedOut => "timeout",
            Self::Unreachable => "connection_failed",
            Self::Status { .. } => "http_error",
        }
    }

    const fn carried(self) -> Carried {
        match self {
            Self::TimedOut => Carried::TimedOut,
            Self::Unreachable => Carried::Unreachable,
            Self::Status { status, .. } => Carried::Status(status),
        }
    }

    const fn retry(self) -> bool {
        !matches!(self, Self::Status { no_retry: true, .. })
    }
}

/// Which attempt it is, and why it is not the first.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) number: usize,
    pub(super) after: Option<Failed>,
}

impl Slack {
    /// How deliveries reach the app from now on.
    pub fn deliver_by(&self, route: Route) {
        self.with(|state| state.route = route);
    }

    /// Sends a parcel on its way, in its own task.
    pub(super) fn send(&self, parcel: Parcel) {
        // `send` runs after `with` has let go of the lock, so it may take it again.
        let copies = 1 + usize::from(self.with_quietly(|state| state.faults.take_twice()));
        for _ in 0..copies {
            let (slack, parcel) = (self.clone(), parcel.clone());
            self.around().tracker.spawn(async move {
                let stop = slack.around().stop.clone();
                tokio::select! {
                    biased;
                    () = slack.carry(&parcel) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
    }

    /// Carries a parcel once and hands its answer to the caller.
    pub(super) async fn ask(&self, parcel: &Parcel) -> Result<Value, Failed> {
        self.dawdle().await;
        let first = Attempt {
            number: 0,
            after: None,
        };
        let outcome = self.attempt(parcel, first).await;
        self.note_attempt(parcel, first, &outcome);
        if let Ok(answer) = &outcome {
            self.tape(Crossing::Ack, parcel.what.envelope(), || answer.clone());
        }
        outcome
    }

    async fn dawdle(&self) {
        let delay = self.read(|state| state.faults.delay);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
    }

    async fn carry(&self, parcel: &Parcel) {
        self.dawdle().await;
        let waits: &[Duration] = match parcel.what {
            What::Event => &self.setup().timing.retries,
            _ => &[],
        };
        let mut attempt = Attempt {
            number: 0,
            after: None,
        };
        loop {
            let outcome = self.attempt(parcel, attempt).await;
            self.note_attempt(parcel, attempt, &outcome);
            let failed = match outcome {
                Ok(answer) => return self.answered(parcel, answer),
                Err(failed) => failed,
            };
            match waits.get(attempt.number) {
                Some(wait) if failed.retry() => tokio::time::sleep(*wait).await,
                _ => return self.given_up(parcel),
            }
            attempt = Attempt {
                number: attempt.number + 1,
                after: Some(failed),
            };
        }
    }

    async fn attempt(&self, parcel: &Parcel, attempt: Attempt) -> Result<Value, Failed> {
        if self.read(|state| state.faults.away) {
            return Err(Failed::Unreachable);
        }
        let sending = async {
            match self.read(|state| state.route.clone()) {
                Route::Socket => self.over_socket(parcel, attempt).await,
                Route::Url(base) => {
                    self.over_http(&push::Target::Url(base), parcel, attempt)
                        .await
                }
                Route::Router(router) => {
                    self.over_http(&push::Target::Router(router), parcel, attempt)
                        .await
                }
            }
        };
        let patience = self.setup().timing.ack;
        let sent = tokio::time::timeout(patience, async {
            match self.with_quietly(|state| state.faults.take_mishap()) {
                None => sending.await,
                Some(Mishap::Lost) => Err(Failed::Unreachable),
                Some(Mishap::Status(status)) => Err(self.refused(status)),
                Some(Mishap::AnswerLost) => {
                    let _ = sending.await;
                    std::future::pending().await
                }
            }
        });
        sent.await.unwrap_or(Err(Failed::TimedOut))
    }

    /// Something before the app answers; on a socket there is nothing before it.
    fn refused(&self, status: u16) -> Failed {
        match self.read(|state| matches!(state.route, Route::Socket)) {
            true => Failed::Unreachable,
            false => Failed::Status {
                status,
                no_retry: false,
            },
        }
    }

    fn note_attempt(&self, parcel: &Parcel, attempt: Attempt, outcome: &Result<Value, Failed>) {
        let how = match outcome {
            Ok(_) => Carried::Acknowledged,
            Err(failed) => failed.carried(),
        };
        self.with(|state| {
            state.note(Entry::Delivery {
                key: parcel.key.clone(),
                attempt: attempt.number,
                how,
            });
        });
    }

    fn answered(&self, parcel: &Parcel, answer: Value) {
        self.tape(Crossing::Ack, parcel.what.envelope(), || answer.clone());
        self.with(|state| match (&parcel.from, parcel.what) {
            (Some(from), What::Command) => state.command_answered(from, &answer),
            (Some(from), What::Submission) => {
                state.form_answered(&from.person, &parcel.payload, &answer);
            }
            _ => {}
        });
    }

    /// Nobody acknowledged a click or a command: the person is told, as Slack's client does.
    fn given_up(&self, parcel: &Parcel) {
        let Some(from) = &parcel.from else {
            return;
        };
        let text = format!("{} failed with the error “dispatch_failed”", from.label);
        self.with(|state| match &from.view {
            Some(view) if parcel.what == What::Submission => state.form_failed(view),
            Some(view) => state.view_failed(view),
            None => state.tell_privately(&from.person, &from.channel, &text),
        });
    }
}
