//! One question to a source, and what its failure means.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use hyper::body::Bytes;

use super::{Listed, Source, answer};
use crate::documents::{Bounds, Documents, NoDocument};

/// Longest body: fifty entries take a twentieth of it.
const MAX_BODY: usize = 64 * 1024;

/// Why a source gave no answer. Never holds a token, a URL or what the source said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The time-out passed.
    #[error("no answer in time")]
    Late,
    /// No connection, or it broke.
    #[error("it cannot be reached")]
    Unreachable,
    /// Another status than 200.
    #[error("it answered with HTTP {0}")]
    Status(u16),
    /// The content type is not JSON.
    #[error("its answer is no `application/json`")]
    Kind,
    /// The body is too large, or broke off.
    #[error("its answer is larger than 64 KiB or broke off")]
    Body,
    /// The body is not as documented.
    #[error("its answer cannot be used: {0}")]
    Shape(&'static str),
    /// The URL or the token cannot be sent.
    #[error("its address or token cannot be sent")]
    Unsendable,
}

impl From<NoDocument> for NoAnswer {
    fn from(none: NoDocument) -> Self {
        match none {
            NoDocument::Late => Self::Late,
            NoDocument::Unreachable => Self::Unreachable,
            NoDocument::Status(status) => Self::Status(status),
            NoDocument::Body => Self::Body,
        }
    }
}

/// Asks once.
pub(super) async fn ask(documents: &Documents, source: &Source) -> Result<Listed, NoAnswer> {
    let bounds = Bounds {
        time: source.timeout,
        bytes: MAX_BODY,
    };
    let answered = documents.get(request(source)?, bounds).await?;
    if !is_json(answered.headers().get(CONTENT_TYPE)) {
        return Err(NoAnswer::Kind);
    }
    answer::read(answered.body())
}

fn request(source: &Source) -> Result<Request<Empty<Bytes>>, NoAnswer> {
    let uri: Uri = source
        .url
        .as_str()
        .parse()
        .map_err(|_| NoAnswer::Unsendable)?;
    let mut request = Request::get(uri).header(ACCEPT, "application/json");
    if let Some(token) = &source.token {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut bearer = bearer.map_err(|_| NoAnswer::Unsendable)?;
        bearer.set_sensitive(true);
        request = request.header(AUTHORIZATION, bearer);
    }
    request.body(Empty::new()).map_err(|_| NoAnswer::Unsendable)
}

fn is_json(content_type: Option<&HeaderValue>) -> bool {
    let text = content_type.and_then(|value| value.to_str().ok());
    let kind = text.and_then(|text| text.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
