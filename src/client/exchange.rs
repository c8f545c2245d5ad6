//! One call and its answer: bounded in time and size, no redirects.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::place::Place;
use super::sent::{Noted, Sent};
use super::trouble::{Problem, Trouble};
use crate::secret::Secret;

/// For one call, apart from how long the server was asked to hold its answer back.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A connection attempt that takes longer has failed.
const CONNECT: Duration = Duration::from_secs(5);

/// Longest answer, in bytes; a request's takes a few thousand.
const MAX_BODY: usize = 1024 * 1024;

/// A call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) body: Option<Value>,
    /// The idempotency key.
    pub(super) key: Option<&'a str>,
    /// How long the server was asked to hold the answer back.
    pub(super) held_back: Duration,
    /// Notes that it was sent, where it has a body.
    pub(super) sent: Sent,
}

impl<'a> Call<'a> {
    pub(super) fn to(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            body: None,
            key: None,
            held_back: Duration::ZERO,
            sent: Sent::default(),
        }
    }
}

/// Sends calls.
#[derive(Debug)]
pub(super) struct Exchange(Client<HttpsConnector<HttpConnector>, Noted>);

impl Exchange {
    pub(super) fn new() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// Sends one call; the answer of a good one, and whether it made something.
    pub(super) async fn send(
        &self,
        place: &Place,
        token: &Secret,
        call: Call<'_>,
    ) -> Result<(Value, bool), Trouble> {
        let limit = TIMEOUT + call.held_back;
        let request = request(place, token, call)?;
        let sending = tokio::time::timeout(limit, self.exchange(request, place)).await;
        sending.unwrap_or(Err(Trouble::Late))
    }

    async fn exchange(
        &self,
        request: Request<Noted>,
        place: &Place,
    ) -> Result<(Value, bool), Trouble> {
        let response = self.0.request(request).await.map_err(|error| {
            let deepest = std::iter::successors(
                Some(&error as &(dyn std::error::Error + 'static)),
                |error| error.source(),
            );
            let why = deepest.last().map(ToString::to_string).unwrap_or_default();
            match error.is_connect() {
                true => Trouble::Unconnected {
                    origin: place.origin(),
                    why,
                },
                false => Trouble::Unreachable(why),
            }
        })?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await;
        if matches!(head.status, StatusCode::OK | StatusCode::CREATED) {
            // A broken answer may have been carried out: the same call says the same again.
            let cut = |_| Trouble::Unreachable("the answer broke off or is too large".to_owned());
            let body = body.map_err(cut)?.to_bytes();
            let whole = serde_json::from_slice(&body).map_err(|_| Trouble::Words)?;
            return Ok((whole, head.status == StatusCode::CREATED));
        }
        let body = body.map(http_body_util::Collected::to_bytes);
        Err(Trouble::Said(Problem::read(
            head.status,
            &head.headers,
            &body.unwrap_or_default(),
        )))
    }
}

/// TLS by ring, named explicitly, with the system's root certificates (`SSL_CERT_FILE` names others).
fn tls() -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider);
    let config = match config.with_safe_default_protocol_versions() {
        Ok(config) => config,
        // Cannot happen with ring's own provider; the default builder then says why.
        Err(_) => rustls::ClientConfig::builder(),
    };
    match config.clone().with_native_roots() {
        Ok(config) => config.with_no_client_auth(),
        // A bare image without certificates still speaks with a Service of its cluster.
        Err(_) => config
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth(),
    }
}

fn request(place: &Place, token: &Secret, call: Call<'_>) -> Result<Request<Noted>, Trouble> {
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
    let mut bearer = bearer.map_err(|_| Trouble::Unsendable("the token is no header"))?;
    bearer.set_sensitive(true);
    let mut request = Request::builder()
        .method(call.method)
        .uri(place.at(call.path))
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, bearer);
    if let Some(key) = call.key {
        let key = HeaderValue::from_str(key);
        let key = key.map_err(|_| Trouble::Unsendable("the key is no header"))?;
        request = request.header("Idempotency-Key", key);
    }
    let body = match call.body {
        Some(body) => {
            request = request.header(CONTENT_TYPE, "application/json");
            Bytes::from(body.to_string())
        }
        None => Bytes::new(),
    };
    let request = request.body(Noted::new(Full::new(body), call.sent));
    request.map_err(|_| Trouble::Unsendable("its address is none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_marked_so_that_nothing_prints_it() {
        let place: Place = "http://localhost:1".parse().unwrap();
        let call = Call {
            key: Some("k"),
            ..Call::to(Method::GET, "/v1/requests")
        };
        let request = request(&place, &Secret::new("secret-1"), call).unwrap();
        assert!(!format!("{request:?}").contains("secret-1"));
        assert_eq!(request.headers()["idempotency-key"], "k");
    }
}
