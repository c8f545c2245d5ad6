//! Why a document could not be read or written, and what that says of it.

use crate::id::RequestId;
use crate::store::StoreError;
use crate::written::Unread;

/// Why the book could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store did not answer a commit: it may have been done. Loading the document tells.
    #[error("request `{id}` may or may not have been changed")]
    Uncertain {
        /// Which.
        id: RequestId,
        /// Why there was no answer.
        #[source]
        source: StoreError,
    },
    /// It was changed, but the store has no second copy of that: a failover may still take it back.
    #[error("request `{id}` was changed, and a failover may still take that back")]
    Uncopied {
        /// Which.
        id: RequestId,
    },
    /// A later version wrote the document: it is left to it.
    #[error("request `{id}` has the format {format}, which only a later version reads")]
    Later {
        /// Which.
        id: RequestId,
        /// Its format, above [`FORMAT`](crate::written::FORMAT).
        format: u64,
    },
    /// A document cannot be read: damaged, or with a word that only a later version knows.
    #[error("request `{id}` cannot be read")]
    Unreadable {
        /// Which.
        id: RequestId,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A document cannot be written.
    #[error("request cannot be written")]
    Unwritable(#[source] serde_json::Error),
    /// Conflicts without end.
    #[error("request `{0}` changes too fast")]
    Contended(RequestId),
}

impl BookError {
    /// The request that may have been changed though this failed.
    pub const fn touched(&self) -> Option<&RequestId> {
        match self {
            Self::Uncertain { id, .. } | Self::Uncopied { id } => Some(id),
            _ => None,
        }
    }

    /// The document that is none of this version's business: it was written by a later one, or cannot be read.
    /// What can be done without it is done.
    pub const fn left_alone(&self) -> Option<&RequestId> {
        match self {
            Self::Later { id, .. } | Self::Unreadable { id, .. } => Some(id),
            _ => None,
        }
    }

    /// Why a document was not read.
    pub(in crate::app) fn unread(id: &RequestId, why: Unread) -> Self {
        let id = id.clone();
        match why {
            Unread::Later(format) => Self::Later { id, format },
            Unread::Unknown(source) => Self::Unreadable { id, source },
        }
    }
}
