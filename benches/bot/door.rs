//! What stands between Slack and the bot and looks at the clock: each delivery is passed on over a connection
//! that is kept, as Slack's are, and commands are timed until they are acknowledged.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;

/// A door that is open.
#[derive(Clone)]
pub(crate) struct Door {
    /// Where Slack finds it.
    pub(crate) url: String,
    passed: Arc<Mutex<Vec<(StatusCode, Duration)>>>,
}

#[derive(Clone)]
struct Way {
    client: Client<HttpConnector, Full<Bytes>>,
    bot: String,
    passed: Arc<Mutex<Vec<(StatusCode, Duration)>>>,
}

impl Door {
    /// Opens one before the bot at this address.
    pub(crate) async fn before(bot: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let passed = Arc::default();
        let way = Way {
            client: Client::builder(TokioExecutor::new()).build_http(),
            bot: format!("http://{bot}"),
            passed: Arc::clone(&passed),
        };
        let router = Router::new().fallback(pass).with_state(way);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, passed }
    }

    /// The commands that have passed since this was called last.
    pub(crate) fn passed(&self) -> Vec<(StatusCode, Duration)> {
        std::mem::take(&mut self.passed.lock().unwrap())
    }
}

async fn pass(State(way): State<Way>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = http::Request::post(format!("{}{}", way.bot, uri.path()));
    for (name, value) in &headers {
        if name.as_str() == "content-type" || name.as_str().starts_with("x-slack") {
            request = request.header(name, value);
        }
    }
    let request = request.body(Full::new(body)).unwrap();
    let is_command = uri.path().ends_with("/commands");
    let note = |status: StatusCode, wait: Duration| {
        if is_command {
            way.passed.lock().unwrap().push((status, wait));
        }
    };
    let begun = Instant::now();
    let Ok(answer) = way.client.request(request).await else {
        note(StatusCode::BAD_GATEWAY, begun.elapsed());
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    note(head.status, begun.elapsed());
    Response::from_parts(head, Body::from(body))
}
