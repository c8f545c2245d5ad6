//! Response URLs: five uses in thirty minutes, private unless told otherwise, and the only way to
//! change an ephemeral message. (docs.slack.dev, "Handling user interaction")

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::State as Handle;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

use crate::units::Time;

use super::Slack;
use super::message::{Message, MessageRef};
use super::serve::obstruct;
use super::state::State;
use super::tape::Crossing;
use super::web::answer::Refused;
use super::web::{Content, MAX_BODY, check_text};

/// How often a response URL can be used.
const USES: u8 = 5;

/// Where an answer goes.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) person: String,
    pub(super) channel: String,
    /// The message whose button was pressed.
    pub(super) original: Option<MessageRef>,
}

#[derive(Debug)]
struct Hook {
    to: Address,
    uses: u8,
    until: Time,
}

/// The response URLs that were given out, by path.
#[derive(Debug, Default)]
pub(super) struct Hooks(BTreeMap<String, Hook>);

impl State {
    /// Makes a response URL; `kind` is `actions`, `commands` or `app`.
    pub(super) fn hook(&mut self, kind: &str, to: Address) -> String {
        let number = self.mint.pick(1 << 40);
        let secret = self.mint.secret();
        let path = format!("/{kind}/{}/{number}/{secret}", self.world.app.team);
        let hook = Hook {
            to,
            uses: 0,
            until: self.now() + self.setup.timing.response_url,
        };
        let url = format!("{}{path}", self.setup.base_url);
        self.hooks.0.insert(path, hook);
        url
    }

    /// Uses a response URL once.
    fn use_hook(&mut self, path: &str) -> Result<Address, Refused> {
        let now = self.now();
        let hook = self.hooks.0.get_mut(path);
        let hook = hook.ok_or(Refused::Code("invalid_url"))?;
        if now > hook.until {
            return Err(Refused::Code("expired_url"));
        }
        if hook.uses >= USES {
            return Err(Refused::Code("used_url"));
        }
        hook.uses += 1;
        Ok(hook.to.clone())
    }

    /// Does what an answer says: a new message, or a change of the original.
    pub(super) fn respond(&mut self, to: &Address, document: &Value) -> Result<(), Refused> {
        let wants = |name: &str| document.get(name) == Some(&json!(true));
        let original = to.original.as_ref();
        if let (true, Some(original)) = (wants("delete_original"), original) {
            self.delete(original);
            return Ok(());
        }
        let content = Content::of_document(document)?;
        if content.is_empty() {
            return Err(Refused::Code("no_text"));
        }
        check_text(self, &content);
        let text = content.text.unwrap_or_default();
        let blocks = content.blocks.unwrap_or_default();
        if let (true, Some(original)) = (wants("replace_original"), original) {
            self.update(original, |message| {
                message.text = text;
                message.blocks = blocks;
            });
            return Ok(());
        }
        let thread = document.get("thread_ts").and_then(Value::as_str);
        let mut message = Message::by(&self.world.app.user, &to.channel, text).in_thread(thread);
        message.blocks = blocks;
        if document.get("response_type") != Some(&json!("in_channel")) {
            message = message.only_for(&to.person);
        }
        self.post(message);
        Ok(())
    }
}

/// Takes an answer at a response URL.
pub(super) async fn take(Handle(slack): Handle<Slack>, request: Request<Body>) -> Response {
    let then = match obstruct(&slack, "response_url").await {
        Ok(then) => then,
        Err(response) => return response,
    };
    let path = request.uri().path().to_owned();
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    then.finish(answer(&slack, &path, &body.to_bytes()))
}

fn answer(slack: &Slack, path: &str, body: &Bytes) -> Response {
    let outcome = slack.with(|state| {
        let to = state.use_hook(path)?;
        let document: Value =
            serde_json::from_slice(body).map_err(|_| Refused::Code("invalid_payload"))?;
        slack.tape(Crossing::Respond, "response_url", || document.clone());
        state.respond(&to, &document)
    });
    match outcome {
        Ok(()) => "ok".into_response(),
        Err(Refused::Code(code @ ("invalid_url" | "expired_url" | "used_url"))) => {
            (StatusCode::NOT_FOUND, code).into_response()
        }
        Err(refused) => {
            let mut response = refused.into_response();
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    }
}
