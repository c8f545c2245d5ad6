//! Whether a call was sent. A call that was cut off or broke may have been carried out only if it was.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Bytes;

/// Whether something was sent; its copies are one note.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicBool>);

impl Sent {
    /// What is noted.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes this instead.
    pub fn set(&self, sent: bool) {
        self.0.store(sent, Ordering::Relaxed);
    }
}

/// A body that notes when it is asked for: a connection does that while it writes the call's head, so nothing of
/// the call left before. A body without bytes is never asked for.
#[derive(Debug)]
pub(super) struct Noted {
    bytes: Full<Bytes>,
    sent: Sent,
}

impl Noted {
    pub(super) const fn new(bytes: Full<Bytes>, sent: Sent) -> Self {
        Self { bytes, sent }
    }
}

impl Body for Noted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.set(true);
        Pin::new(&mut self.bytes).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.bytes.size_hint()
    }
}
