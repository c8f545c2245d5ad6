//! How OTLP's library reaches the collector: by our own HTTP client, to the configured address with the
//! configured headers and nothing else, whatever stands in the environment.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use super::Otlp;

/// Largest answer that is read: a collector says little.
const MAX_ANSWER: usize = 64 * 1024;

type Sending = BoxFuture<'static, Result<Response<Incoming>, Error>>;

/// Posts to one address.
#[derive(Clone)]
pub(super) struct Poster {
    to: Uri,
    headers: HeaderMap,
    send: Arc<dyn Fn(Request<Full<Bytes>>) -> Sending + Send + Sync>,
}

/// Headers hold tokens.
impl fmt::Debug for Poster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Poster")
    }
}

impl Poster {
    pub(super) fn to<C>(otlp: &Otlp, connector: C) -> Result<Self, String>
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let base = otlp.url.as_str().trim_end_matches('/');
        let to = format!("{base}/v1/traces").parse();
        let to = to.map_err(|_| "the collector's address cannot be called".to_owned())?;
        let mut headers = HeaderMap::new();
        for (name, value) in &otlp.headers {
            let unfit = || format!("the header `{name}` cannot be sent");
            let name: HeaderName = name.parse().map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(value.expose()).map_err(|_| unfit())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let send = Arc::new(move |request| client.request(request).boxed());
        Ok(Self { to, headers, send })
    }
}

#[async_trait]
impl HttpClient for Poster {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (library, body) = request.into_parts();
        let mut ours = Request::post(self.to.clone()).body(Full::new(body))?;
        *ours.headers_mut() = self.headers.clone();
        if let Some(kind) = library.headers.get(CONTENT_TYPE) {
            ours.headers_mut().insert(CONTENT_TYPE, kind.clone());
        }
        let (answer, body) = (self.send)(ours).await?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
        Ok(Response::from_parts(answer, body))
    }
}
