//! The API for services: calls of every kind, with a good token or any other.

use std::cell::RefCell;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use drawbridge::cli::simulate::paused_runtime;
use drawbridge::http::api::door::Doorkeeper;
use drawbridge::http::api::{Api, Claims, router};
use drawbridge::sim::town::Town;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::driver::Target;
use super::town::found;

/// Calls are a method and a path, headers, an empty line, and a body; `{token}` is a good one.
pub(crate) const CALLS: Target = Target {
    name: "",
    run: calls,
    seeds: &[],
    words: &[
        "{token}",
        "Bearer ",
        "POST ",
        "GET ",
        "/v1/requests",
        "/k7m3xq",
        "/done",
        "/approve",
        "?wait=active",
        "&timeout=1s",
        "%2F",
        "%00",
        "\n",
        "\n\n",
        "{\"ask\":\"",
        "\"template\":",
        "\"inputs\":{",
        "[",
        "{\"a\":",
        "null",
        "shop/web to orders/db:5432 because INC-42",
        "application/json",
        "idempotency-key: ",
        "authorization: ",
        "\\u0000",
        ", ",
        ";",
        "&limit=",
        "?state=",
    ],
    largest: 40_000,
    a_byte: Duration::from_micros(200),
    memory: 16 * 1024 * 1024,
};

/// Bearer tokens: what they say of themselves before anybody vouches for them.
pub(crate) const TOKENS: Target = Target {
    name: "",
    run: tokens,
    seeds: &[],
    words: &[
        "{\"aud\":[",
        "\"drawbridge\"",
        "\"iat\":",
        "\"exp\":",
        "1e308",
        "null",
        "[",
        "{\"a\":",
        ",",
        "\"sub\":\"",
    ],
    largest: 20_000,
    a_byte: Duration::from_micros(20),
    memory: 2 * 1024 * 1024,
};

struct Place {
    runtime: Runtime,
    town: Town,
    token: String,
    router: Router,
}

thread_local! {
    static PLACE: RefCell<Place> = RefCell::new(Place::new());
}

impl Place {
    fn new() -> Self {
        let runtime = paused_runtime().unwrap();
        let town = runtime.block_on(found());
        let token = town.api.issue_token("ci", "deployer", "drawbridge");
        let router = opened(&town);
        Self {
            runtime,
            town,
            token,
            router,
        }
    }

    fn send(&mut self, text: &str) -> Option<(StatusCode, String, Vec<u8>)> {
        let request = call(&text.replace("{token}", &self.token))?;
        let answer = self
            .runtime
            .block_on(self.router.clone().oneshot(request))
            .unwrap();
        let (head, body) = answer.into_parts();
        let body = self.runtime.block_on(to_bytes(body, usize::MAX)).unwrap();
        if head.status == StatusCode::TOO_MANY_REQUESTS {
            self.router = opened(&self.town);
        }
        let kind = head.headers.get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        Some((head.status, kind, body.to_vec()))
    }
}

fn opened(town: &Town) -> Router {
    let parts = town.parts().unwrap();
    let door = Doorkeeper::new(parts.clusters.values(), |_| "drawbridge".to_owned());
    router(Api::new(parts, door, CancellationToken::new()))
}

/// `None`: no HTTP library would send it.
fn call(text: &str) -> Option<Request<Body>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let path: Uri = path
        .trim()
        .parse()
        .ok()
        .filter(|uri: &Uri| uri.path().starts_with('/'))?;
    let mut request = Request::new(Body::from(body.to_owned()));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *request.uri_mut() = path;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request
            .headers_mut()
            .append(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(request)
}

fn calls(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Some((status, kind, body)) = PLACE.with_borrow_mut(|place| place.send(&text)) else {
        return;
    };
    assert_ne!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "(no fault of ours)"
    );
    let json: Result<Value, _> = serde_json::from_slice(&body);
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(kind, "application/problem+json", "(says why) {status}");
        let problem = json.unwrap();
        assert_eq!(problem["status"], status.as_u16(), "(says why) {problem}");
        assert!(problem["title"].is_string(), "(says why) {problem}");
    } else if !body.is_empty() && kind.contains("json") {
        assert!(json.is_ok(), "(JSON)");
    }
    assert!(
        body.len() < 8 * bytes.len() + 64 * 1024,
        "(no larger than asked) {}",
        body.len()
    );
}

fn tokens(bytes: &[u8]) {
    use base64::Engine as _;
    let text = String::from_utf8_lossy(bytes);
    let encoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    for token in [text.to_string(), format!("e30.{encoded}.c2ln")] {
        let Some(claims) = Claims::read(&token) else {
            continue;
        };
        assert!(token.len() <= 8 * 1024, "(bounded)");
        let _ = (claims.lifetime(), claims.aud.hold("drawbridge"));
    }
}
