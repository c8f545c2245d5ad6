//! What the book answers: whether a request is there, what became of a change and of a creation.

use crate::id::RequestId;
use crate::request::Request;

/// What there is under an id.
#[derive(Debug)]
pub enum Known {
    /// A request.
    Request(Box<Request>),
    /// None, or a note.
    Nothing,
    /// A request that this version does not read: [`super::BookError::left_alone`].
    LeftAlone,
}

impl Known {
    /// The request, if there is one to be seen.
    pub fn request(self) -> Option<Request> {
        match self {
            Self::Request(request) => Some(*request),
            Self::Nothing | Self::LeftAlone => None,
        }
    }
}

/// What became of a change; where it was done, the document as it is now.
#[derive(Debug)]
pub enum Changed<R, D = Box<Request>> {
    /// Committed.
    Done(D),
    /// The decision was no.
    Refused(R),
    /// The lease is lost: somebody else works on this lane.
    Fenced,
    /// There is no such request.
    Missing,
}

/// What became of a creation.
#[derive(Debug)]
pub enum Created {
    /// Committed.
    New(Box<Request>),
    /// The same delivery had created this request before.
    Before(RequestId),
}
