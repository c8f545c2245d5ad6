//! Batches by HTTP: `POST` of JSON Lines.
//!
//! # Contract with the server
//! `Content-Type: application/x-ndjson`, one record a line, at most 500 of them and 512 KiB (one record
//! may be larger alone); `Idempotency-Key: <ledger>-<first>-<last>`, the same for the same records
//! whoever sends them; `Authorization: Bearer` where a token is configured. Any status of 200 to 299 says
//! that all of the batch is kept. 408, 429, 500 to 599 and no answer within 30 s mean that it is
//! sent again, after `Retry-After` where that is given in seconds; 413 that a smaller one is. Any other
//! status, redirects among them, is told as an error, and the batch is sent again every five minutes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

use super::{Batch, Sink, Trouble};
use crate::audit::Head;
use crate::ledger::settings::Server;

/// Longest wait for an answer, the connection included.
const ANSWER: Duration = Duration::from_secs(30);

/// Most of an answer's body that is read: then the connection can be used again.
const MAX_ANSWER: usize = 64 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

type Sending = BoxFuture<'static, Result<Response<Incoming>, Error>>;

/// Sends over whatever connector it was made with, which must refuse to send a token in the clear
/// ([`crate::slack`]'s wire does).
#[derive(Clone)]
pub struct Post(Arc<dyn Fn(Request<Full<Bytes>>) -> Sending + Send + Sync>);

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Post")
    }
}

/// What is sent.
#[derive(Debug)]
pub struct Parcel {
    /// Its content type.
    pub kind: &'static str,
    /// Its idempotency key.
    pub name: String,
    /// Its contents.
    pub text: String,
}

impl Post {
    /// Sends over this connector.
    pub fn over<C>(connector: C) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let client = Client::builder(TokioExecutor::new())
            // A server may close what is idle: shorter than what any usual one waits.
            .pool_idle_timeout(Duration::from_secs(10))
            .build(connector);
        Self(Arc::new(move |request| client.request(request).boxed()))
    }

    /// Sends once.
    ///
    /// # Errors
    /// What the answer means; never the URL, the token, or what the server said.
    pub async fn send(&self, server: &Server, parcel: Parcel) -> Result<(), Trouble> {
        let request = request(server, parcel)?;
        let exchange = async {
            let response = (self.0)(request).await;
            let response = response.map_err(|_| later("it cannot be reached", None))?;
            let (parts, body) = response.into_parts();
            // What it says is of no use, and a body that breaks off changes nothing.
            let _ = Limited::new(body, MAX_ANSWER).collect().await;
            meaning(parts.status, parts.headers.get(RETRY_AFTER))
        };
        let answer = tokio::time::timeout(ANSWER, exchange).await;
        answer.unwrap_or_else(|_| Err(later("no answer in time", None)))
    }
}

fn later(why: &'static str, pause: Option<Duration>) -> Trouble {
    Trouble::Later(anyhow!(why), pause)
}

fn request(server: &Server, parcel: Parcel) -> Result<Request<Full<Bytes>>, Trouble> {
    let unsendable = || Trouble::Refused(anyhow!("its address or token cannot be sent"));
    let mut request = Request::post(server.url.as_str())
        .header(CONTENT_TYPE, parcel.kind)
        .header(USER_AGENT, "drawbridge")
        .header(IDEMPOTENCY_KEY, parcel.name);
    if let Some(token) = &server.token {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut bearer = bearer.map_err(|_| unsendable())?;
        bearer.set_sensitive(true);
        request = request.header(AUTHORIZATION, bearer);
    }
    let body = Full::new(Bytes::from(parcel.text));
    request.body(body).map_err(|_| unsendable())
}

fn meaning(status: StatusCode, pause: Option<&HeaderValue>) -> Result<(), Trouble> {
    let told = || anyhow!("it answered with HTTP {}", status.as_u16());
    let pause = pause.and_then(|value| value.to_str().ok()?.trim().parse().ok());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::PAYLOAD_TOO_LARGE => Err(Trouble::TooLarge),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            Err(Trouble::Later(told(), pause.map(Duration::from_secs)))
        }
        _ if status.is_server_error() => {
            Err(Trouble::Later(told(), pause.map(Duration::from_secs)))
        }
        _ => Err(Trouble::Refused(told())),
    }
}

/// Sends batches to a server.
#[derive(Debug)]
pub struct PostSink {
    server: Server,
    post: Post,
}

impl PostSink {
    /// A sink at this server.
    pub const fn new(server: Server, post: Post) -> Self {
        Self { server, post }
    }
}

#[async_trait]
impl Sink for PostSink {
    fn keeps_place(&self) -> bool {
        false
    }

    async fn end(&mut self) -> Result<Option<Head>, Trouble> {
        Ok(None)
    }

    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let parcel = Parcel {
            kind: "application/x-ndjson",
            name: batch.name(),
            text: batch.text(),
        };
        self.post.send(&self.server, parcel).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        let told = |status: u16, pause: Option<&str>| {
            let pause = pause.map(|text| HeaderValue::from_str(text).unwrap());
            match meaning(StatusCode::from_u16(status).unwrap(), pause.as_ref()) {
                Ok(()) => "taken".to_owned(),
                Err(Trouble::Later(_, None)) => "later".to_owned(),
                Err(Trouble::Later(_, Some(pause))) => format!("in {} s", pause.as_secs()),
                Err(Trouble::Refused(_)) => "refused".to_owned(),
                Err(Trouble::TooLarge) => "too large".to_owned(),
            }
        };
        for (status, pause, expected) in [
            (200, None, "taken"),
            (204, None, "taken"),
            (302, None, "refused"),
            (400, None, "refused"),
            (401, Some("3"), "refused"),
            (408, None, "later"),
            (413, None, "too large"),
            (429, Some("7"), "in 7 s"),
            (429, Some("Wed, 21 Oct 2026 07:28:00 GMT"), "later"),
            (500, None, "later"),
            (503, Some("120"), "in 120 s"),
        ] {
            assert_eq!(told(status, pause), expected, "{status}");
        }
    }
}
