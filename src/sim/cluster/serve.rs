//! Requests in, responses out: as a tower service for clients in this process, and over TCP.

use std::convert::Infallible;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Body, Bytes};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{BoxError, Service};

use super::faults::Fault;
use super::kinds::Kind;
use super::reply::Reply;
use super::route::{self, Call, Target, Verb};
use super::stream::Watching;
use super::{SimCluster, about};

/// A request of more bytes ends its connection; kube-apiserver takes 3 MiB.
const MAX_BODY: usize = 3 << 20;

/// What the simulator answers with.
pub type SimBody = UnsyncBoxBody<Bytes, io::Error>;

/// The API server as a service: give it to [`crate::cluster::Cluster::in_process`] or to
/// `kube::Client::new`.
#[derive(Debug, Clone)]
pub struct ApiServer(pub(super) SimCluster);

impl<B> Service<Request<B>> for ApiServer
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let sim = self.0.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await?.to_bytes();
            sim.reachable().await?;
            match route::read(&parts) {
                Target::Objects(call) if !sim.faults().has_group(call.kind.group) => {
                    Ok(plain(Reply::not_served()))
                }
                Target::Objects(call) => sim.objects_call(call, &body).await,
                Target::Review(review) => Ok(plain(sim.review(review, &body))),
                Target::About(path) => {
                    let served = |kind: &Kind| sim.faults().has_group(kind.group);
                    Ok(plain(about::answer(&path, &served)))
                }
                Target::Nothing => Ok(plain(Reply::not_served())),
            }
        }
        .boxed()
    }
}

impl SimCluster {
    /// Waits while the server is frozen; fails while it is away.
    async fn reachable(&self) -> Result<(), BoxError> {
        let mut pulse = self.pulse();
        let now = *pulse.wait_for(|p| p.away || !p.frozen).await?;
        if now.away {
            Err(broken("connection refused"))
        } else {
            Ok(())
        }
    }

    async fn objects_call(&self, call: Call, body: &Bytes) -> Result<Response<SimBody>, BoxError> {
        let planned = self.faults().take(&call);
        let lost = || self.faults().take_answer(&call);
        let fault = planned.or_else(|| lost().then_some(Fault::LostAnswer));
        match fault {
            Some(Fault::Broken) => return Err(broken("connection reset")),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Status(code)) => return Ok(plain(failing(code))),
            Some(Fault::Slow(time)) => tokio::time::sleep(time).await,
            Some(Fault::LostAnswer) | None => {}
        }
        let response = match self.faults().authorize(&call) {
            Err(reply) => self.logged(&call, reply),
            Ok(()) if call.verb == Verb::Watch => match Watching::open(self, call.clone()) {
                Ok(watching) => {
                    self.log(&call, 200);
                    let stream = StreamBody::new(watching.stream().boxed());
                    return Ok(json_response(200, BodyExt::boxed_unsync(stream)));
                }
                Err(reply) => self.logged(&call, reply),
            },
            Ok(()) => {
                let reply = self.answer(&call, body);
                self.logged(&call, reply)
            }
        };
        match fault {
            Some(Fault::LostAnswer) => Err(broken("connection reset")),
            _ => Ok(response),
        }
    }

    fn logged(&self, call: &Call, reply: Reply) -> Response<SimBody> {
        self.log(call, reply.code);
        plain(reply)
    }

    /// Serves over TCP, HTTP/1.1 without TLS, until `stop`.
    pub fn listen(&self, listener: TcpListener, tracker: &TaskTracker, stop: &CancellationToken) {
        let (sim, connections, stop) = (self.clone(), tracker.clone(), stop.clone());
        tracker.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((socket, _)) = accepted else {
                    // Out of sockets, usually: the next one may be free in a moment.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let (sim, stop) = (sim.clone(), stop.clone());
                connections.spawn(async move {
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => {}
                        () = sim.serve_stream(socket) => {}
                    }
                });
            }
        });
    }

    /// Serves one connection to its end: HTTP/1.1 without TLS.
    pub async fn serve_stream(&self, stream: TcpStream) {
        let service = hyper_util::service::TowerToHyperService::new(self.service());
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(hyper_util::rt::TokioTimer::new());
        let serving = http.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = serving.await {
            tracing::debug!(%error, "a client's connection ended");
        }
    }
}

fn broken(words: &str) -> BoxError {
    io::Error::new(io::ErrorKind::ConnectionReset, words.to_owned()).into()
}

fn failing(code: u16) -> Reply {
    match code {
        429 => Reply::failure(
            429,
            "TooManyRequests",
            "Too many requests, please try again later.",
        ),
        503 => Reply::failure(
            503,
            "ServiceUnavailable",
            "the server is currently unable to handle the request",
        ),
        _ => Reply::failure(code, "InternalError", "Internal error occurred"),
    }
}

fn plain(reply: Reply) -> Response<SimBody> {
    let (text, kind) = match reply.body {
        Value::String(text) => (text, "text/plain; charset=utf-8"),
        json => (json.to_string(), "application/json"),
    };
    let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {});
    let mut response = json_response(reply.code, BodyExt::boxed_unsync(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

fn json_response(code: u16, body: SimBody) -> Response<SimBody> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
