//! One span of a request's trace, and the ids that need no memory.

use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use sha2::{Digest, Sha256};

use crate::id::RequestId;
use crate::units::Time;

/// What a span tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// The root: the whole request, from the ask to its end.
    Request,
    /// From the message to the committed answer.
    Ask,
    /// A stage waits for its approvers.
    Stage,
    /// Somebody approves or denies: from the decision to its commit.
    Vote,
    /// The gate is planned on the live cluster and committed.
    Plan,
    /// Its objects are applied and read back.
    Apply,
    /// The path is open: from the verified opening to the order to close.
    Open,
    /// Its objects are withdrawn and verified gone.
    Withdraw,
    /// A message is posted.
    Post,
    /// A message is brought up to date.
    Update,
}

impl Doing {
    /// The span's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Ask => "ask",
            Self::Stage => "stage",
            Self::Vote => "vote",
            Self::Plan => "plan",
            Self::Apply => "apply",
            Self::Open => "open",
            Self::Withdraw => "withdraw",
            Self::Post => "slack.post",
            Self::Update => "slack.update",
        }
    }

    /// Calls to others, as opposed to our own work and waiting.
    const fn kind(self) -> SpanKind {
        match self {
            Self::Apply | Self::Withdraw | Self::Post | Self::Update => SpanKind::Client,
            _ => SpanKind::Internal,
        }
    }
}

/// A number, or a word of this program: there is no way to put a person's text into a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A number.
    Number(i64),
    /// A word.
    Word(&'static str),
}

/// One thing told about a span.
pub type Attribute = (&'static str, Value);

/// A span that is over.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// What it tells of.
    pub doing: Doing,
    /// When that began.
    pub from: Time,
    /// When it ended; not before `from`.
    pub to: Time,
    /// Whether it ended badly.
    pub failed: bool,
    /// What else is told.
    pub told: &'a [Attribute],
    /// Another request that this one goes on after.
    pub after: Option<&'a RequestId>,
}

impl Span<'_> {
    /// The whole span.
    pub(super) fn whole(&self, service: &str, request: &RequestId) -> SpanData {
        let trace = Ids::of(service, request);
        let is_root = self.doing == Doing::Request;
        let own = match is_root {
            true => trace.root,
            false => self.id(trace.trace),
        };
        let mut attributes = vec![KeyValue::new("drawbridge.request", request.to_string())];
        attributes.extend(self.told.iter().map(|(key, value)| match value {
            Value::Number(number) => KeyValue::new(*key, *number),
            Value::Word(word) => KeyValue::new(*key, *word),
        }));
        let mut links = SpanLinks::default();
        if let Some(before) = self.after {
            let before = Ids::of(service, before);
            let link = Link::with_context(before.context(before.root));
            links.links.push(link);
        }
        SpanData {
            span_context: trace.context(own),
            parent_span_id: match is_root {
                true => SpanId::INVALID,
                false => trace.root,
            },
            parent_span_is_remote: !is_root,
            span_kind: self.doing.kind(),
            name: self.doing.name().into(),
            start_time: self.from.into(),
            end_time: self.to.max(self.from).into(),
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links,
            status: match self.failed {
                true => Status::error(""),
                false => Status::Unset,
            },
            instrumentation_scope: InstrumentationScope::builder("drawbridge")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }
    }

    /// The same for the same thing, whoever tells of it.
    fn id(&self, trace: TraceId) -> SpanId {
        let mut digest = Sha256::new();
        digest.update(trace.to_bytes());
        digest.update(self.doing.name());
        let micros = [self.from, self.to].map(|at| at.timestamp_micros());
        digest.update(micros.map(i64::to_be_bytes).concat());
        for (key, value) in self.told {
            digest.update(format!("{key}={value:?};"));
        }
        SpanId::from_bytes(part(&digest.finalize(), 0))
    }
}

/// The ids of a request's trace.
struct Ids {
    trace: TraceId,
    root: SpanId,
}

impl Ids {
    fn of(service: &str, request: &RequestId) -> Self {
        let digest = Sha256::digest(format!("{service}/{request}"));
        Self {
            trace: TraceId::from_bytes(part(&digest, 0)),
            root: SpanId::from_bytes(part(&digest, 16)),
        }
    }

    fn context(&self, span: SpanId) -> SpanContext {
        let flags = TraceFlags::SAMPLED;
        SpanContext::new(self.trace, span, flags, false, TraceState::NONE)
    }
}

/// The trace of a request, hex: the first 32 digits of the SHA-256 of `SERVICE/ID`, which anybody can compute
/// (`printf drawbridge/k7m3xq | sha256sum`).
pub fn trace_id(service: &str, request: &RequestId) -> String {
    Ids::of(service, request).trace.to_string()
}

/// So many bytes of a digest.
fn part<const N: usize>(digest: &[u8], from: usize) -> [u8; N] {
    let bytes = digest.get(from..).and_then(|rest| rest.first_chunk());
    bytes.copied().unwrap_or([1; N])
}
