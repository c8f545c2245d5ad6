//! One question to an issuer, and what its failure means.

use std::time::Duration;

use http::header::ACCEPT;
use http::{Request, Uri};
use http_body_util::Empty;
use serde::de::DeserializeOwned;
use url::Url;

use crate::documents::{Bounds, Documents, NoDocument};

/// For one document. The largest known key sets take a tenth of it.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(5),
    bytes: 256 * 1024,
};

/// Why an issuer's keys cannot be read. Never holds what it said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    /// The time-out passed.
    #[error("no answer in time")]
    Late,
    /// No connection, or it broke.
    #[error("it cannot be reached")]
    Unreachable,
    /// Another status than 200; a redirect is one.
    #[error("it answered with HTTP {0}")]
    Status(u16),
    /// The body is too large, or broke off.
    #[error("its answer is larger than 256 KiB or broke off")]
    Body,
    /// Not the document that was asked for.
    #[error("its answer cannot be used: {0}")]
    Shape(&'static str),
    /// It was asked a moment ago and gave no answer.
    #[error("it gave no answer a moment ago")]
    Resting,
}

impl From<NoDocument> for NoKeys {
    fn from(none: NoDocument) -> Self {
        match none {
            NoDocument::Late => Self::Late,
            NoDocument::Unreachable => Self::Unreachable,
            NoDocument::Status(status) => Self::Status(status),
            NoDocument::Body => Self::Body,
        }
    }
}

/// Reads a JSON document.
pub(super) async fn read<T: DeserializeOwned>(
    documents: &Documents,
    url: &Url,
) -> Result<T, NoKeys> {
    let uri: Uri = url
        .as_str()
        .parse()
        .map_err(|_| NoKeys::Shape("its address cannot be asked"))?;
    let request = Request::get(uri)
        .header(ACCEPT, "application/json")
        .body(Empty::new())
        .map_err(|_| NoKeys::Unreachable)?;
    let document = documents.get(request, BOUNDS).await?;
    serde_json::from_slice(document.body()).map_err(|_| NoKeys::Shape("it is not as documented"))
}
