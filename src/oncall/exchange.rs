//! One exchange with a source: bounded in time and size, no redirects, and what its failure means.

use std::fmt;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

use super::{Listed, Source, answer};

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

type Sending = BoxFuture<'static, Result<Response<Incoming>, Error>>;

/// Sends requests over whatever connector it was made with.
#[derive(Clone)]
pub(super) struct Exchange(Arc<dyn Fn(Request<Empty<Bytes>>) -> Sending + Send + Sync>);

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exchange")
    }
}

impl Exchange {
    pub(super) fn over<C>(connector: C) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        // A connection per question: at one a minute a kept one is mostly a broken one.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self(Arc::new(move |request| client.request(request).boxed()))
    }

    /// Asks once. The client follows no redirects: one is a status other than 200.
    pub(super) async fn ask(&self, source: &Source) -> Result<Listed, NoAnswer> {
        tokio::time::timeout(source.timeout, self.exchange(source))
            .await
            .unwrap_or(Err(NoAnswer::Late))
    }

    async fn exchange(&self, source: &Source) -> Result<Listed, NoAnswer> {
        let response = (self.0)(request(source)?).await;
        let response = response.map_err(|_| NoAnswer::Unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(NoAnswer::Status(response.status().as_u16()));
        }
        if !is_json(response.headers().get(CONTENT_TYPE)) {
            return Err(NoAnswer::Kind);
        }
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        answer::read(&body.map_err(|_| NoAnswer::Body)?.to_bytes())
    }
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
