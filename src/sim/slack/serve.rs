//! The accept side: one HTTP/1.1 connection at a time, from memory or from TCP.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::{Request, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::ServiceExt;

use super::faults::Fault;
use super::journal::Entry;
use super::tape::Crossing;
use super::web::answer::Refused;
use super::{Slack, hooks, web};

/// The connection is to be cut instead of answered.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection was cut on purpose")]
pub(super) struct Cut;

/// An answer that never arrives: it marks the response, and the connection is cut.
fn cut() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Cut);
    response
}

/// What becomes of a call's answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Then {
    Answer,
    Cut,
}

impl Then {
    /// The answer, or the cut instead of it.
    pub(super) fn finish(self, answer: Response) -> Response {
        match self {
            Self::Answer => answer,
            Self::Cut => cut(),
        }
    }
}

/// Meets a call with the fault that waits for it: an answer of its own, or none ever. Without such a
/// fault the call is to be carried out. A Slack that is away cuts everything.
pub(super) async fn obstruct(slack: &Slack, name: &str) -> Result<Then, Response> {
    let fault = slack.with_quietly(|state| match state.faults.away {
        true => Some(Fault::Cut),
        false => state
            .faults
            .take(name)
            .or_else(|| state.faults.take_limit()),
    });
    let Some(fault) = fault else {
        return Ok(Then::Answer);
    };
    let error = Some(format!("{fault:?}"));
    let response = match fault {
        Fault::CutAfter => return Ok(Then::Cut),
        Fault::NoAnswer => std::future::pending().await,
        Fault::Cut => cut(),
        Fault::ServerError => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::RateLimited(seconds) => refuse(slack, name, Refused::Slow(seconds)),
        Fault::Code(code) => refuse(slack, name, Refused::Code(code)),
    };
    slack.with_quietly(|state| {
        state.note(Entry::Call {
            method: name.to_owned(),
            status: response.status().as_u16(),
            error,
        });
    });
    Err(response)
}

fn refuse(slack: &Slack, name: &str, refused: Refused) -> Response {
    slack.tape(Crossing::Answer, name, || refused.body());
    refused.into_response()
}

impl Slack {
    /// Serves one connection to its end: Web API calls, response URLs and the upgrade to a socket.
    pub async fn serve_stream<IO>(&self, io: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        if self.read(|state| state.faults.away) {
            return;
        }
        let router = self.router();
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            answer(router.clone(), request.map(Body::new))
        });
        let connection = http1::Builder::new()
            // No date: it would be the machine's, and the answers of two runs would differ.
            .auto_date_header(false)
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        tokio::select! {
            biased;
            // A connection that breaks is the caller's to notice.
            _ = connection => {}
            () = self.around().stop.cancelled() => {}
        }
    }

    /// Accepts connections until the stop token is cancelled.
    pub async fn serve_tcp(&self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                biased;
                accepted = listener.accept() => accepted,
                () = self.around().stop.cancelled() => return,
            };
            if let Ok((stream, _)) = accepted {
                let slack = self.clone();
                self.around()
                    .tracker
                    .spawn(async move { slack.serve_stream(stream).await });
            }
        }
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/api/{method}", any(web::call))
            .route("/link/", get(link))
            .route("/commands/{team}/{number}/{secret}", post(hooks::take))
            .route("/actions/{team}/{number}/{secret}", post(hooks::take))
            .route("/app/{team}/{number}/{secret}", post(hooks::take))
            .with_state(self.clone())
    }
}

async fn answer(router: Router, request: Request<Body>) -> Result<Response, Cut> {
    let answered: Result<Response, Infallible> = router.oneshot(request).await;
    match answered {
        Ok(response) if response.extensions().get::<Cut>().is_some() => Err(Cut),
        Ok(response) => Ok(response),
        Err(impossible) => match impossible {},
    }
}

#[derive(Debug, Deserialize)]
struct LinkQuery {
    #[serde(default)]
    ticket: String,
}

/// Upgrades to a socket when the ticket is good.
async fn link(
    State(slack): State<Slack>,
    Query(query): Query<LinkQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    match obstruct(&slack, "link").await {
        Ok(Then::Answer) => {}
        Ok(Then::Cut) => return cut(),
        Err(response) => return response,
    }
    if !slack.with(|state| state.links.admit(&query.ticket)) {
        return (StatusCode::UNAUTHORIZED, "invalid ticket").into_response();
    }
    let (opened, socket) = oneshot::channel();
    let serving = slack.clone();
    slack.around().tracker.spawn(async move {
        if let Ok(socket) = socket.await {
            serving.serve_socket(socket).await;
        }
    });
    // axum's own task lives only until the handshake is done; the connection is served by ours, which
    // shutdown waits for.
    upgrade.on_upgrade(|socket| async move {
        let _ = opened.send(socket);
    })
}
