//! Documents that others serve: one GET each, bounded in time and size, no redirects, and what its failure means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

/// Why there is no document. Holds nothing of what was asked or answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoDocument {
    /// The time was over.
    Late,
    /// No connection, or it broke.
    Unreachable,
    /// Another status than 200; a redirect is one.
    Status(u16),
    /// The body is too large, or broke off.
    Body,
}

/// What a document may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// From the connection to its last byte.
    pub(crate) time: Duration,
    /// How long it may be, in bytes.
    pub(crate) bytes: usize,
}

type Sending = BoxFuture<'static, Result<Response<Incoming>, Error>>;

/// Reads over whatever connector it was made with.
#[derive(Clone)]
pub(crate) struct Documents(Arc<dyn Fn(Request<Empty<Bytes>>) -> Sending + Send + Sync>);

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Documents")
    }
}

impl Documents {
    pub(crate) fn over<C>(connector: C) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        // A connection per question: at one a minute or an hour a kept one is mostly a broken one.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector);
        Self(Arc::new(move |request| client.request(request).boxed()))
    }

    /// Asks once. The client follows no redirects.
    ///
    /// # Errors
    /// [`NoDocument`].
    pub(crate) async fn get(
        &self,
        request: Request<Empty<Bytes>>,
        bounds: Bounds,
    ) -> Result<Response<Bytes>, NoDocument> {
        let answer = tokio::time::timeout(bounds.time, self.answer(request, bounds.bytes)).await;
        answer.unwrap_or(Err(NoDocument::Late))
    }

    async fn answer(
        &self,
        request: Request<Empty<Bytes>>,
        bytes: usize,
    ) -> Result<Response<Bytes>, NoDocument> {
        let response = (self.0)(request).await;
        let response = response.map_err(|_| NoDocument::Unreachable)?;
        if response.status() != StatusCode::OK {
            return Err(NoDocument::Status(response.status().as_u16()));
        }
        let (head, body) = response.into_parts();
        let body = Limited::new(body, bytes).collect().await;
        let body = body.map_err(|_| NoDocument::Body)?.to_bytes();
        Ok(Response::from_parts(head, body))
    }
}
