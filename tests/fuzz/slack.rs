//! Deliveries of Slack's, rightly signed, whatever they say.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::{Json, Router};
use chrono::DateTime;
use drawbridge::clock::VirtualClock;
use drawbridge::secret::Secret;
use drawbridge::slack::inbound::What;
use drawbridge::slack::{
    Ack, Deliverer, Inbound, MemoryListener, Receiver, SlackApi, SlackConfig, Wire, http as signed,
};
use http::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use url::form_urlencoded;

use super::driver::Target;
use super::signed::{NOW, SECRET, signature};

/// More than the largest body that is taken, in whatever form it comes.
const LARGEST: usize = 200 * 1024;

const WORDS: &[&str] = &[
    "<",
    "<@U1|",
    "<!",
    "<#C1",
    ">",
    "|",
    "&amp;",
    "&lt;",
    "&",
    "<https://x|",
    "{\"a\":",
    "[",
    "null",
    ",",
    "\\u0000",
    "\\ud800",
    "\"user\":",
    "\"type\":",
    "block_actions",
    "view_submission",
    "block_suggestion",
    "true",
    "\"values\":{\"a\":{\"a\":{}}}",
    "%41",
    "%",
    "+",
    "=",
    "text=",
    "payload=",
    "UDANA",
    "1e400,",
];

const fn target(run: fn(&[u8])) -> Target {
    Target {
        name: "",
        run,
        seeds: &[],
        words: WORDS,
        largest: LARGEST,
        a_byte: Duration::from_micros(10),
        memory: 4 * 1024 * 1024,
    }
}

pub(crate) const EVENTS: Target = target(|body| delivered("/slack/events", body.to_vec()));
pub(crate) const COMMANDS: Target = target(|body| delivered("/slack/commands", body.to_vec()));
pub(crate) const INTERACTIONS: Target = target(|json| {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let json = String::from_utf8_lossy(json);
    form.append_pair("payload", &json);
    delivered("/slack/interactions", form.finish().into_bytes());
});

/// Posts a signed body twice, and looks at what the bot would get.
fn delivered(path: &str, body: Vec<u8>) {
    let post = || {
        let signature = signature("1790000000", &body);
        let headers = [
            ("x-slack-signature", signature.as_str()),
            ("x-slack-request-timestamp", "1790000000"),
        ];
        RIG.with_borrow(|rig| rig.post(path, &headers, body.clone()))
    };
    let (status, received) = post();
    let expected = match (
        body.len() > signed::LARGEST_BODY,
        std::str::from_utf8(&body),
    ) {
        (true, _) => &[StatusCode::PAYLOAD_TOO_LARGE][..],
        (false, Err(_)) => &[StatusCode::UNAUTHORIZED],
        (false, Ok(_)) => &[StatusCode::OK, StatusCode::BAD_REQUEST],
    };
    assert!(expected.contains(&status), "(answered) {status}");
    assert!(received.len() <= 1, "(once) {received:?}");
    for inbound in &received {
        sound(inbound, &body);
    }
    assert_eq!(post(), (status, received), "(the same again)");
}

/// What must hold of a delivery that the bot gets.
fn sound(inbound: &Inbound, body: &[u8]) {
    assert!(!inbound.key.is_empty(), "(has a key) {inbound:?}");
    let archived = matches!(inbound.what, What::Archived { .. });
    assert!(
        !inbound.by.0.is_empty() || archived,
        "(somebody did it) {inbound:?}"
    );
    let size = format!("{inbound:?}").len();
    assert!(
        size < 20 * body.len() + 2_000,
        "(no larger than what came) {size}"
    );
}

/// The way in, with a bot that only writes down, and Slack's answer to "who am I".
pub(crate) struct Rig {
    runtime: Runtime,
    routes: Router,
    received: Arc<Book>,
}

thread_local! {
    pub(crate) static RIG: RefCell<Rig> = RefCell::new(Rig::new());
}

#[derive(Default)]
struct Book(Mutex<Vec<Inbound>>);

#[async_trait]
impl Receiver for Book {
    fn is_marked(&self, _: &Inbound) -> bool {
        true
    }

    async fn receive(&self, inbound: Inbound) -> Ack {
        self.0.lock().unwrap().push(inbound);
        Ack::Silent
    }
}

impl Rig {
    fn new() -> Self {
        // Time stands still: nothing here may wait.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build();
        let runtime = runtime.unwrap();
        let _entered = runtime.enter();
        let (wire, listener) = Wire::memory();
        let tracker = TaskTracker::new();
        tracker.spawn(slack(listener, tracker.clone()));
        let config = SlackConfig {
            bot_token: Secret::new("xoxb-1"),
            app_token: None,
            signing_secret: Some(Secret::new(SECRET)),
            api_url: "http://slack.sim/api".to_owned(),
        };
        let received = Arc::<Book>::default();
        let receiver = Arc::clone(&received) as Arc<dyn Receiver>;
        let api = Arc::new(SlackApi::new(&config, wire));
        let deliverer = Deliverer::new(api, receiver, tracker, CancellationToken::new());
        let start = DateTime::from_timestamp(NOW, 0).unwrap();
        let clock = Arc::new(VirtualClock::starting_at(start));
        let routes = signed::routes(&Secret::new(SECRET), deliverer, clock);
        drop(_entered);
        Self {
            runtime,
            routes,
            received,
        }
    }

    /// Posts a body: the answer's status, and what the bot got.
    pub(crate) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> (StatusCode, Vec<Inbound>) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let answer = self
            .runtime
            .block_on(self.routes.clone().oneshot(request))
            .unwrap();
        let received = std::mem::take(&mut *self.received.0.lock().unwrap());
        (answer.status(), received)
    }
}

/// A Slack that knows nothing but who we are.
async fn slack(mut listener: MemoryListener, tracker: TaskTracker) {
    let me = serde_json::json!({"ok": true, "url": "https://acme.slack.com/", "team": "acme",
        "user": "drawbridge", "team_id": "T1", "user_id": "UBOT", "bot_id": "BBOT"});
    let router = Router::new().fallback(move || async move { Json(me) });
    while let Some(stream) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        let mut server = hyper::server::conn::http1::Builder::new();
        server.header_read_timeout(None);
        let connection = server.serve_connection(TokioIo::new(stream), service);
        tracker.spawn(async move { drop(connection.await) });
    }
}
