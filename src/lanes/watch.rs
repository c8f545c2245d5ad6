//! What a step tells those who watch: a span for its work, and how late a gate was closed.

use crate::app::Parts;
use crate::cluster::{ClusterError, Withdrawn};
use crate::request::{End, Post, Request, State};
use crate::traces::{Attribute, Doing, Span, Value};
use crate::units::Time;

/// Work on a request, from now.
pub(super) struct Watch<'a> {
    parts: &'a Parts,
    request: &'a Request,
    from: Time,
}

impl<'a> Watch<'a> {
    pub(super) fn over(parts: &'a Parts, request: &'a Request) -> Self {
        Self {
            parts,
            request,
            from: parts.clock.now(),
        }
    }

    /// It is over.
    pub(super) fn did(&self, doing: Doing, failed: bool) {
        let failures = match &self.request.state {
            State::Granting { failures, .. } | State::Ending { failures, .. } => *failures,
            _ => 0,
        };
        let objects = i64::try_from(self.request.gate.len()).unwrap_or(i64::MAX);
        let told = [
            ("failures", Value::Number(failures.into())),
            ("objects", Value::Number(objects)),
        ];
        self.tell(doing, failed, &told);
    }

    /// A message was posted or updated.
    pub(super) fn wrote(&self, doing: Doing, post: &Post, failed: bool) {
        let told = [("post", Value::Number(post.key.0.into()))];
        self.tell(doing, failed, &told);
    }

    fn tell(&self, doing: Doing, failed: bool, told: &[Attribute]) {
        if !self.parts.traces.is_on() {
            return;
        }
        let span = Span {
            doing,
            from: self.from,
            to: self.parts.clock.now(),
            failed,
            told,
            after: None,
        };
        self.parts.traces.span(&self.request.id, &span);
    }
}

/// Everything of an expired request is verified gone: how late that is. Told by whoever closed it. What was
/// gone before the first look was closed by somebody else, at a time that is not known here.
pub(super) fn all_gone(
    parts: &Parts,
    request: &Request,
    withdrawals: &[Result<Withdrawn, ClusterError>],
) {
    let State::Ending {
        why: End::Expired,
        failures,
        ..
    } = &request.state
    else {
        return;
    };
    let ours = |done: &Result<Withdrawn, ClusterError>| matches!(done, Ok(Withdrawn::Closed));
    if let Some(grant) = &request.grant
        && (*failures > 0 || withdrawals.iter().any(ours))
    {
        let late = parts.clock.now() - grant.expires_at;
        parts.metrics.closed_after_expiry(late);
    }
}
