//! Somebody with the page open: reads its stream as the page does, and acts by the same requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::e2e::bot::{Bot, Env};
use crate::e2e::wait::{SOON, until, within};

/// The town as the page knows it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) sections: BTreeMap<String, Value>,
    /// By channel and `ts`.
    pub(crate) messages: BTreeMap<(String, String), Value>,
    /// How many characters were sent.
    pub(crate) sent: usize,
}

/// A visitor of one demo. The demo ends with the value.
pub(crate) struct Visitor {
    pub(crate) page: String,
    pub(crate) key: String,
    pub(crate) demo: Bot,
    reading: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
    client: Client<HttpConnector, Full<Bytes>>,
    _folder: TempDir,
}

impl Visitor {
    /// Starts `drawbridge demo` with these arguments and opens its page.
    pub(crate) async fn of(arguments: &[&str], env: &Env) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let words = [&["demo", "--listen", "127.0.0.1:0"], arguments].concat();
        let demo = Bot::start(&words, env, &folder.path().join("demo.log"));
        let page = until(async || {
            let output = demo.output();
            let mut words = output.split_whitespace();
            words
                .find(|word| word.starts_with("http://"))
                .map(str::to_owned)
        });
        let address = within(SOON, "the demo says where its page is", page).await;
        // Beside real servers the address brings a key, which is a cookie from then on.
        let (page, key) = match address.split_once("/?key=") {
            Some((page, key)) => (page.to_owned(), format!("drawbridge={key}")),
            None => (address, String::new()),
        };
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut visitor = Self {
            reading: JoinSet::new(),
            seen: Arc::default(),
            client,
            key,
            page,
            demo,
            _folder: folder,
        };
        visitor.follow().await;
        visitor
    }

    /// A demo with everything embedded.
    pub(crate) async fn of_the_town() -> Self {
        Self::of(&[], &Env::new()).await
    }

    async fn follow(&mut self) {
        let url = format!("{}/town/live", self.page);
        let request = Request::get(url).header("cookie", &self.key);
        let request = request.body(Full::default()).unwrap();
        let response = self.client.request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let seen = Arc::clone(&self.seen);
        self.reading.spawn(read(response.into_body(), seen));
        self.sees("the whole town", |seen| {
            // Health is the last section to come.
            let health = seen.sections.get("health")?;
            health["bot"].is_string().then_some(())
        })
        .await;
    }

    /// What is seen, as soon as `look` finds what it looks for.
    pub(crate) async fn sees<T>(&self, what: &str, look: impl Fn(&Seen) -> Option<T>) -> T {
        let found = until(async || look(&self.seen.lock().unwrap()));
        match tokio::time::timeout(SOON, found).await {
            Ok(found) => found,
            Err(_) => {
                let read: Vec<String> = self.now(|seen| {
                    seen.messages
                        .values()
                        .map(|m| m["text"].to_string())
                        .collect()
                });
                panic!("not within {SOON:?}: {what}; what is there to read: {read:#?}")
            }
        }
    }

    /// What is seen now.
    pub(crate) fn now<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    /// Sends a request as the page does; status and body.
    pub(crate) async fn posts(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(format!("{}{path}", self.page))
            .header("content-type", "application/json")
            .header("origin", &self.page)
            .header("cookie", &self.key)
            .body(Full::from(body.to_string()))
            .unwrap();
        self.sends(request).await
    }

    /// Sends any request; status and body, which is `null` when it is no JSON.
    pub(crate) async fn sends(&self, request: Request<Full<Bytes>>) -> (StatusCode, Value) {
        let response = self.client.request(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The same, which must work.
    pub(crate) async fn does(&self, path: &str, body: &Value) {
        let (status, answer) = self.posts(path, body).await;
        assert_eq!(status, StatusCode::OK, "{path} {body}: {answer}");
    }

    /// Writes something in a channel as somebody.
    pub(crate) async fn says(&self, who: &str, channel: &str, text: &str) {
        let act = json!({"say": {"channel": self.channel(channel), "thread": null, "text": text}});
        self.does("/town/do", &json!({"as": self.person(who), "act": act}))
            .await;
    }

    /// Presses the newest button with this label.
    pub(crate) async fn presses(&self, who: &str, label: &str) {
        let (at, block_id, action_id) = self.sees(label, |seen| button(seen, label)).await;
        let act = json!({"use": {
            "where": {"message": {"channel": at.0, "ts": at.1}},
            "block_id": block_id, "action_id": action_id, "value": null,
        }});
        self.does("/town/do", &json!({"as": self.person(who), "act": act}))
            .await;
    }

    pub(crate) fn person(&self, name: &str) -> String {
        self.id("people", name)
    }

    pub(crate) fn channel(&self, name: &str) -> String {
        self.id("channels", name)
    }

    fn id(&self, list: &str, name: &str) -> String {
        self.now(|seen| {
            let all = seen.sections["town"][list].as_array().unwrap();
            let found = all.iter().find(|one| one["name"] == name);
            found.unwrap_or_else(|| panic!("no {name} in {list}"))["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
    }

    /// Waits until that many gates are open.
    pub(crate) async fn sees_gates(&self, count: usize) {
        self.sees(&format!("{count} gates"), |seen| {
            let gates = seen.sections["cluster"]["gates"].as_array()?;
            (gates.len() == count).then_some(())
        })
        .await;
    }

    /// Waits until a message holds this text.
    pub(crate) async fn reads(&self, text: &str) {
        self.sees(text, |seen| {
            let mut all = seen.messages.values();
            all.any(|message| message.to_string().contains(text))
                .then_some(())
        })
        .await;
    }
}

type Button = ((String, String), String, String);

fn button(seen: &Seen, label: &str) -> Option<Button> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    seen.messages.iter().rev().find_map(|(at, message)| {
        let blocks = message["blocks"].as_array()?;
        blocks.iter().find_map(|block| {
            let elements = block["elements"].as_array()?;
            let found = elements.iter().find(|e| e["text"]["text"] == label)?;
            Some((
                at.clone(),
                text(&block["block_id"]),
                text(&found["action_id"]),
            ))
        })
    })
}

/// Reads server-sent events until the demo ends.
async fn read(mut body: Incoming, seen: Arc<Mutex<Seen>>) {
    let mut text = String::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else {
            continue;
        };
        text.push_str(std::str::from_utf8(&data).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            take(event, &mut seen.lock().unwrap());
            text = rest.to_owned();
        }
    }
}

fn take(event: &str, seen: &mut Seen) {
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
    let (Some(name), Some(data)) = (field("event: "), field("data: ")) else {
        panic!("no event: {event}");
    };
    seen.sent += event.len();
    let data: Value = serde_json::from_str(data).unwrap();
    if name != "messages" {
        seen.sections.insert(name.to_owned(), data);
        return;
    }
    if data["from"] == 0 {
        seen.messages.clear();
    }
    for change in data["changes"].as_array().unwrap() {
        let message = &change["message"];
        let text = |field: &str| message[field].as_str().unwrap().to_owned();
        let key = (text("channel"), text("ts"));
        match change["what"].as_str() {
            Some("deleted") => drop(seen.messages.remove(&key)),
            _ => drop(seen.messages.insert(key, message.clone())),
        }
    }
}
