//! One question to an issuer: bounded in time and size, no redirects, and what its failure means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::ACCEPT;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use url::Url;

/// For one document, from the connection to its last byte.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longest document, in bytes; the largest known key sets take a tenth of it.
const MAX_BODY: usize = 256 * 1024;

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
        // A connection per question: at one an hour a kept one is a broken one.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self(Arc::new(move |request| client.request(request).boxed()))
    }

    /// Reads a JSON document.
    pub(super) async fn read<T: DeserializeOwned>(&self, url: &Url) -> Result<T, NoKeys> {
        let body = tokio::time::timeout(TIMEOUT, self.fetch(url)).await;
        let body = body.unwrap_or(Err(NoKeys::Late))?;
        serde_json::from_slice(&body).map_err(|_| NoKeys::Shape("it is not as documented"))
    }

    async fn fetch(&self, url: &Url) -> Result<Bytes, NoKeys> {
        let uri: Uri = url
            .as_str()
            .parse()
            .map_err(|_| NoKeys::Shape("its address cannot be asked"))?;
        let request = Request::get(uri)
            .header(ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(|_| NoKeys::Unreachable)?;
        let response = (self.0)(request).await.map_err(|_| NoKeys::Unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(NoKeys::Status(response.status().as_u16()));
        }
        let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
        Ok(body.map_err(|_| NoKeys::Body)?.to_bytes())
    }
}
