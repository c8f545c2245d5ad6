//! The HTTP API for services (DESIGN §8): they ask, look, wait and end.
//!
//! Every call is verified, bounded and answered in JSON; what is not the answer asked for is a problem
//! (RFC 9457). Decides nothing: [`crate::app::service`] does, by the same rules as for people.

#![expect(
    clippy::result_large_err,
    reason = "a problem is the answer to a call: made once, and sent right away"
)]

mod calls;
mod document;
pub mod door;
mod entry;
mod pace;
pub mod problem;
mod recent;
pub mod shape;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use tokio_util::sync::CancellationToken;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Parts;
use door::Doorkeeper;
use pace::{Buckets, CALLS, FAILURES, Waits};
use problem::{Kind, Problem};

pub use token::{Audiences, Claims};

/// What the API is made of. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Arc<Parts>,
    door: Doorkeeper,
    calls: Buckets,
    failures: Buckets,
    waits: Waits,
    stop: CancellationToken,
}

impl Api {
    /// Over the bot's parts; calls that wait end at `stop`.
    pub fn new(parts: Arc<Parts>, door: Doorkeeper, stop: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            parts,
            door,
            calls: Buckets::new(CALLS),
            failures: Buckets::new(FAILURES),
            waits: Waits::default(),
            stop,
        }))
    }

    fn parts(&self) -> &Parts {
        &self.0.parts
    }

    fn door(&self) -> &Doorkeeper {
        &self.0.door
    }

    fn calls(&self) -> &Buckets {
        &self.0.calls
    }

    fn failures(&self) -> &Buckets {
        &self.0.failures
    }

    fn waits(&self) -> &Waits {
        &self.0.waits
    }

    fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }
}

fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(document::Common::openapi())
        .routes(routes!(calls::ask, calls::list::list))
        .routes(routes!(calls::show))
        .routes(routes!(calls::done))
        .routes(routes!(calls::approve::approve))
}

/// The OpenAPI document, as it is served.
pub fn openapi() -> String {
    let document = document::completed(described().into_openapi());
    // Made of strings, numbers and maps with text keys: it can always be written.
    document.to_pretty_json().unwrap_or_default()
}

/// `/v1/requests…` and `/openapi.json`; everything unknown is answered as a problem.
pub fn router(api: Api) -> Router {
    let (router, _) = described().split_for_parts();
    let document: Arc<str> = openapi().into();
    router
        .route("/openapi.json", get(move || served(Arc::clone(&document))))
        .method_not_allowed_fallback(async || {
            Problem::of(Kind::Method, "this path knows no such method")
        })
        .fallback(async || Problem::of(Kind::NotFound, "there is nothing at this path"))
        .with_state(api)
}

async fn served(document: Arc<str>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/json")],
        document.to_string(),
    )
}
