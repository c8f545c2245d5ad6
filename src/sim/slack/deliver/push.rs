//! Signed delivery over HTTP, to a URL or to a router in this process.

use axum::Router;
use axum::body::{Body, Bytes};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::form_urlencoded::Serializer;

use super::super::Slack;
use super::super::setup::Paths;
use super::super::tape::Crossing;
use super::sign::signature;
use super::{Attempt, Failed, Parcel, What};

/// Where signed deliveries go.
#[derive(Debug, Clone)]
pub(in super::super) enum Target {
    Url(String),
    Router(Router),
}

impl Slack {
    /// Asks the app to prove that it owns its request URL, as Slack does when one is configured.
    ///
    /// # Errors
    /// What the app answered instead of the challenge.
    pub async fn verify_url(&self) -> Result<(), String> {
        let target = match self.read(|state| state.route.clone()) {
            super::super::Route::Socket => return Err("Socket Mode is on".to_owned()),
            super::super::Route::Url(base) => Target::Url(base),
            super::super::Route::Router(router) => Target::Router(router),
        };
        let (token, challenge) =
            self.read(|state| (state.world.app.token.clone(), state.mint.secret()));
        let body =
            json!({"token": token, "challenge": challenge, "type": "url_verification"}).to_string();
        let request = self
            .request(&self.setup().paths.events, JSON, &body)
            .ok_or("no valid URL")?;
        let (status, answer) = deliver(&target, request)
            .await
            .map_err(|failed| format!("{failed:?}"))?;
        let given = String::from_utf8_lossy(&answer);
        if status == 200 && given.contains(&challenge) {
            Ok(())
        } else {
            Err(format!("{status}: {given}"))
        }
    }

    pub(super) async fn over_http(
        &self,
        target: &Target,
        parcel: &Parcel,
        attempt: Attempt,
    ) -> Result<Value, Failed> {
        self.tape(Crossing::Push, parcel.what.envelope(), || {
            parcel.payload.clone()
        });
        let (path, content_type, body) = envelope(&self.setup().paths, parcel);
        let mut request = self
            .request(path, content_type, &body)
            .ok_or(Failed::Unreachable)?;
        if let Some(failed) = attempt.after {
            let headers = request.headers_mut();
            headers.insert("x-slack-retry-num", attempt.number.into());
            let reason = http::HeaderValue::from_static(failed.reason(true));
            headers.insert("x-slack-retry-reason", reason);
        }
        let (status, answer) = deliver(target, request).await?;
        match status {
            200..300 => Ok(read_answer(&answer)),
            _ => Err(Failed::Status {
                status,
                no_retry: false,
            }),
        }
    }

    /// A signed request. The URL's authority is added by [`deliver`].
    fn request(&self, path: &str, content_type: &str, body: &str) -> Option<Request<Body>> {
        let now = self.around().clock.now().timestamp();
        let signature = signature(&self.setup().signing_secret, now, body.as_bytes());
        Request::post(path)
            .header("content-type", content_type)
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-request-timestamp", now)
            .header("x-slack-signature", signature)
            .body(Body::from(body.to_owned()))
            .ok()
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// Path, content type and body: events are JSON, clicks a form with `payload`, commands a plain form.
fn envelope<'a>(paths: &'a Paths, parcel: &Parcel) -> (&'a str, &'static str, String) {
    match parcel.what {
        What::Event => (&paths.events, JSON, parcel.payload.to_string()),
        What::Interaction | What::Submission | What::Suggestion => {
            let mut form = Serializer::new(String::new());
            form.append_pair("payload", &parcel.payload.to_string());
            (&paths.interactions, FORM, form.finish())
        }
        What::Command => {
            let mut form = Serializer::new(String::new());
            let fields = parcel.payload.as_object().into_iter().flatten();
            for (name, value) in fields {
                form.append_pair(name, value.as_str().unwrap_or_default());
            }
            (&paths.commands, FORM, form.finish())
        }
    }
}

/// A command may be answered with JSON or with plain text.
fn read_answer(body: &[u8]) -> Value {
    match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(_) if body.trim_ascii().is_empty() => json!({}),
        Err(_) => json!({"text": String::from_utf8_lossy(body)}),
    }
}

async fn deliver(target: &Target, request: Request<Body>) -> Result<(u16, Bytes), Failed> {
    let response = match target {
        Target::Router(router) => match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(impossible) => match impossible {},
        },
        Target::Url(base) => send(base, request).await.ok_or(Failed::Unreachable)?,
    };
    let status = response.status().as_u16();
    let asked_not_to = response.headers().get("x-slack-no-retry").is_some();
    if asked_not_to && status != 200 {
        return Err(Failed::Status {
            status,
            no_retry: true,
        });
    }
    let body = response.into_body().collect().await;
    let body = body.map_err(|_| Failed::Unreachable)?.to_bytes();
    Ok((status, body))
}

async fn send(base: &str, mut request: Request<Body>) -> Option<Response<Body>> {
    let url = format!("{}{}", base.trim_end_matches('/'), request.uri().path());
    *request.uri_mut() = url.parse().ok()?;
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let response = client.request(request).await.ok()?;
    Some(response.map(Body::new))
}
