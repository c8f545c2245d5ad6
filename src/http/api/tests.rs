//! The API over a whole town: services ask, people answer in chat, and what is wrong is a problem.

mod limits;
mod reader;

use axum::body::Body;
use axum::response::Response;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::entry::LARGEST;
use super::*;
use crate::app::Bot;
use crate::audit::{Actor, Event, Fact};
use crate::rules::UserId;
use crate::sim::town::{Plan, Town};
use crate::slack::{Inbound, Receiver, What};
use crate::store::memory::MemoryStore;

const ASK: &str = "shop/web to orders/db:5432 for 30m because INC-42";

/// A town whose rule for orders lets `ci/deployer` and `ci/other` ask; Dana answers for them.
struct Place {
    town: Town,
    dana: String,
    router: Router,
}

/// A status, and what came with it.
#[derive(Debug)]
struct Told {
    status: u16,
    media: String,
    after: Option<String>,
    body: Value,
}

impl Place {
    async fn new() -> Self {
        let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
        let mut town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
        let dana = town.slack.person("dana").unwrap().id;
        let fields = json!({
            "requesters": {
                "slack": {"usergroups": ["@backend"]},
                "serviceAccounts": ["ci/deployer", "ci/other"],
            },
            "owner": &dana,
            "readers": {"serviceAccounts": ["audit/reader"]},
            "offline": {"serviceAccounts": ["ops/break-glass", "ci/other"]},
        });
        town.change_rules(|book| book.change("orders", &fields.to_string()))
            .unwrap();
        town.settle().await.unwrap();
        let parts = town.parts().unwrap();
        let door = Doorkeeper::new(parts.clusters.values(), |_| "drawbridge".to_owned());
        let api = Api::new(parts, door, CancellationToken::new());
        Self {
            town,
            dana,
            router: router(api),
        }
    }

    fn token(&self, account: &str) -> String {
        let (namespace, name) = account.split_once('/').unwrap();
        self.town.api.issue_token(namespace, name, "drawbridge")
    }

    async fn send(&self, request: Request<Body>) -> Told {
        told(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn get(&self, token: &str, path: &str) -> Told {
        self.send(call(Method::GET, path, token, Body::empty()))
            .await
    }

    async fn post(&self, token: &str, path: &str) -> Told {
        self.send(call(Method::POST, path, token, Body::empty()))
            .await
    }

    async fn ask(&self, token: &str, text: &str) -> Told {
        let body = json!({"ask": text}).to_string();
        self.send(call(Method::POST, "/v1/requests", token, body.into()))
            .await
    }

    async fn ask_by_key(&self, token: &str, key: &str, text: &str) -> Told {
        let body = json!({"ask": text}).to_string();
        let mut request = call(Method::POST, "/v1/requests", token, body.into());
        request
            .headers_mut()
            .insert("idempotency-key", key.parse().unwrap());
        self.send(request).await
    }

    /// Who did what they may not, and what they read then, as it is on record.
    async fn refusals(&self) -> Vec<(String, String)> {
        let store = self.town.shelf.behind_the_door();
        let mut found = Vec::new();
        for id in self.town.shelf.documents() {
            for (_, event) in store.events(&id, 0).await.unwrap() {
                let event: Event = serde_json::from_str(&event).unwrap();
                let Actor::Service(by) = event.by else {
                    continue;
                };
                match event.fact {
                    Fact::TurnedAway { typed_because, .. } => found.push((by, typed_because)),
                    Fact::Forbidden {
                        attempt, because, ..
                    } => found.push((by, format!("{attempt}: {because}"))),
                    _ => {}
                }
            }
        }
        found.sort();
        found
    }

    /// Everything on record.
    async fn recorded(&self) -> Vec<Event> {
        let store = self.town.shelf.behind_the_door();
        let mut events = Vec::new();
        for id in self.town.shelf.documents() {
            let of_one = store.events(&id, 0).await.unwrap();
            let read = |(_, text): &(u64, String)| serde_json::from_str(text).unwrap();
            events.extend(of_one.iter().map(read));
        }
        events
    }

    /// Everything that somebody sees in chat.
    fn seen(&self, person: &str) -> String {
        let seen = self.town.slack.seen_by(person);
        let lines = seen.iter().map(|seen| seen.lines.join("\n"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn call(method: Method, path: &str, token: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap()
}

async fn told(response: Response) -> Told {
    let text = |name| {
        let value = response.headers().get(name);
        value.map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
    };
    let (media, after) = (text(header::CONTENT_TYPE), text(header::RETRY_AFTER));
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    Told {
        status,
        media: media.unwrap_or_default(),
        after,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

impl Told {
    fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:?}"))
            .to_owned()
    }

    /// A problem (RFC 9457) with this status.
    fn is(&self, status: StatusCode) {
        assert_eq!(self.status, status.as_u16(), "{self:?}");
        assert_eq!(self.media, "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], status.as_u16(), "{self:?}");
        let kind = self.body["type"].as_str().unwrap();
        assert!(kind.starts_with("urn:drawbridge:"), "{self:?}");
    }
}

#[test]
fn the_document_changes_only_on_purpose() {
    insta::assert_snapshot!("openapi", openapi());
}

#[tokio::test(start_paused = true)]
async fn a_service_asks_people_approve_and_it_says_when_it_is_done() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let asked = place.ask(&token, ASK).await;
    assert_eq!(
        (asked.status, &asked.body["state"]),
        (201, &json!("pending"))
    );
    assert_eq!(asked.body["requested_by"], "ci/deployer");
    assert_eq!(asked.body["owner"], place.dana.as_str());
    place.town.settle().await.unwrap();
    let card = place.seen("lee");
    assert!(card.contains("`ci/deployer` (owner @dana)"), "{card}");

    let path = format!("/v1/requests/{}", asked.id());
    let long = format!("{path}?wait=active&timeout=60s");
    let approve = async {
        place.town.slack.press("lee", "Approve").unwrap();
    };
    let (waited, ()) = tokio::join!(place.get(&token, &long), approve);
    assert_eq!(waited.body["state"], "active", "{waited:?}");
    assert!(waited.body["expires_at"].is_string());
    let done = place.post(&token, &format!("{path}/done")).await;
    assert_eq!(done.status, 200);
    place.town.settle().await.unwrap();
    assert_eq!(place.get(&token, &path).await.body["state"], "ended");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_after_its_time_and_is_never_longer_than_it_may_be() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let path = format!("/v1/requests/{}", place.ask(&token, ASK).await.id());
    let before = tokio::time::Instant::now();
    let waited = place
        .get(&token, &format!("{path}?wait=active&timeout=10s"))
        .await;
    assert_eq!(
        (waited.status, &waited.body["state"]),
        (200, &json!("pending"))
    );
    let took = before.elapsed().as_secs();
    assert!((9..=15).contains(&took), "{took} s");
    for bad in [
        "wait=active&timeout=121s",
        "wait=active&timeout=0s",
        "wait=active&timeout=1m",
        "wait=active&timeout=%2B5s",
        "wait=open",
        "timeout=5s",
        "until=active",
    ] {
        place
            .get(&token, &format!("{path}?{bad}"))
            .await
            .is(StatusCode::BAD_REQUEST);
    }
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn whom_nobody_vouches_for_gets_no_answer() {
    let place = Place::new().await;
    let other = place.town.api.issue_token("ci", "deployer", "another");
    for token in ["junk", "a.b.c", "", &other] {
        place.ask(token, ASK).await.is(StatusCode::UNAUTHORIZED);
    }
    let mut none = call(Method::GET, "/v1/requests", "x", Body::empty());
    none.headers_mut().remove(header::AUTHORIZATION);
    place.send(none).await.is(StatusCode::UNAUTHORIZED);
    assert_eq!(place.town.shelf.created(), [], "nothing was asked");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_rules_refuse_is_not_allowed_and_on_record() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let refused = place.ask(&token, &ASK.replace(" because INC-42", "")).await;
    refused.is(StatusCode::FORBIDDEN);
    assert_eq!(refused.id().len(), 6, "{refused:?}");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn whom_no_rule_names_learns_nothing_and_leaves_one_fact_a_day() {
    let place = Place::new().await;
    let token = place.token("ci/stranger");
    let asks = [
        ASK,
        "shop/wep to orders/db:5432",
        "shop/web to orders/db:5432 on nowhere",
        "no ask at all",
        "using connect from=self to=orders/db",
    ];
    let first = place.ask(&token, ASK).await;
    for text in asks {
        let refused = place.ask(&token, text).await;
        refused.is(StatusCode::FORBIDDEN);
        assert_eq!(refused.body, first.body, "{text}");
    }
    let told: Vec<&String> = first.body.as_object().unwrap().keys().collect();
    assert_eq!(told, ["detail", "status", "title", "type"]);
    // Who may read and approve may not ask either.
    for other in ["audit/reader", "ops/break-glass"] {
        let refused = place.ask(&place.token(other), ASK).await;
        assert_eq!(refused.body, first.body, "{other}");
    }
    assert_eq!(place.town.shelf.created(), [], "nothing was asked");
    let turned_away = async || {
        let facts = place.recorded().await.into_iter();
        let by = facts.filter_map(|event| match event {
            Event {
                by: Actor::Service(account),
                fact: Fact::TurnedAway { .. },
                ..
            } => Some(account),
            _ => None,
        });
        let mut by: Vec<String> = by.collect();
        by.sort();
        by
    };
    let once = ["audit/reader", "ci/stranger", "ops/break-glass"];
    let seen = turned_away().await;
    assert_eq!(seen.len(), once.len(), "{seen:?}");
    for (seen, account) in seen.iter().zip(once) {
        assert!(seen.ends_with(account), "{seen}");
    }
    tokio::time::sleep(std::time::Duration::from_secs(24 * 3600)).await;
    place
        .ask(&place.token("ci/stranger"), ASK)
        .await
        .is(StatusCode::FORBIDDEN);
    assert_eq!(turned_away().await.len(), 4, "another day");
    place.town.close().await;
}

/// *Ask again* on this request, as Slack delivers it.
async fn asks_again(place: &Place, by: &str, id: &str) {
    let person = place.town.slack.person(by).unwrap().id;
    let pressed = Inbound {
        key: format!("{by}.{id}"),
        by: UserId(person),
        team: None,
        what: What::Clicked {
            action: "again".to_owned(),
            value: format!("{id}.1"),
            channel: "D1".to_owned(),
            message_ts: "1.1".to_owned(),
            thread: None,
            response_url: None,
            trigger: None,
        },
    };
    Bot(place.town.parts().unwrap()).receive(pressed).await;
    place.town.settle().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_who_answers_for_a_service_now_asks_again_and_never_approves_it() {
    let mut place = Place::new().await;
    let token = place.token("ci/deployer");
    let id = place.ask(&token, ASK).await.id();
    place.post(&token, &format!("/v1/requests/{id}/done")).await;
    place.town.settle().await.unwrap();
    let made = |place: &Place| place.town.shelf.created().len();
    assert_eq!(made(&place), 1);
    // Lee, who may approve, answers for it from now on.
    let lee = place.town.slack.person("lee").unwrap().id;
    place
        .town
        .change_rules(|book| book.change("orders", &json!({"owner": &lee}).to_string()))
        .unwrap();
    asks_again(&place, "dana", &id).await;
    assert_eq!(made(&place), 1, "she answered for it when it was asked");
    let guest = crate::sim::slack::Standing::Guest;
    place.town.slack.set_standing("lee", guest).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    asks_again(&place, "lee", &id).await;
    assert_eq!(made(&place), 1, "a guest");
    let member = crate::sim::slack::Standing::Member;
    place.town.slack.set_standing("lee", member).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    asks_again(&place, "lee", &id).await;
    assert_eq!(made(&place), 2);

    let parts = place.town.parts().unwrap();
    let new = place.town.shelf.created();
    let new = new.iter().find(|new| new.to_string() != id).unwrap();
    let asked = parts.book.load(new).await.unwrap().unwrap().request.asked;
    assert_eq!(asked.pressed_by, Some(UserId(lee)));
    assert_eq!(asked.by.to_string(), "ci/deployer");
    // Dana answers for it again: Lee is an approver, and pressed.
    let dana = json!({"owner": &place.dana}).to_string();
    place
        .town
        .change_rules(|book| book.change("orders", &dana))
        .unwrap();
    place.town.slack.press("lee", "Approve").unwrap();
    place.town.settle().await.unwrap();
    let state = |page: Option<crate::app::Page>| page.unwrap().request.state.word();
    assert_eq!(state(parts.book.load(new).await.unwrap()), "pending");
    place.town.slack.press("mia", "Approve").unwrap();
    place.town.settle().await.unwrap();
    assert_eq!(state(parts.book.load(new).await.unwrap()), "active");
    let forbidden = place.recorded().await.into_iter();
    let forbidden = forbidden.filter_map(|event| match event.fact {
        Fact::Forbidden { attempt, .. } => Some(attempt),
        _ => None,
    });
    let mut forbidden: Vec<String> = forbidden.collect();
    forbidden.sort();
    assert_eq!(forbidden, ["again", "again", "approve"]);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_of_others_and_one_that_is_not_there_look_the_same() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let id = place.ask(&token, ASK).await.id();
    let nosy = place.token("ci/stranger");
    for (method, end) in [
        (Method::GET, ""),
        (Method::POST, "/done"),
        (Method::POST, "/approve"),
    ] {
        let of = |id: &str| {
            let path = format!("/v1/requests/{id}{end}");
            call(method.clone(), &path, &nosy, Body::empty())
        };
        let there = place.send(of(&id)).await;
        there.is(StatusCode::NOT_FOUND);
        for absent in ["zzzzzz", "nonsense", "%00"] {
            assert_eq!(
                place.send(of(absent)).await.body,
                there.body,
                "{end} {absent}"
            );
        }
    }
    let reader = place.token("audit/reader");
    let path = format!("/v1/requests/{id}");
    assert_eq!(place.get(&reader, &path).await.status, 200);
    let done = place.post(&reader, &format!("{path}/done")).await;
    done.is(StatusCode::FORBIDDEN);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_key_asks_once_and_another_call_may_not_use_it() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let first = place.ask_by_key(&token, "job-1", ASK).await;
    let again = place.ask_by_key(&token, "job-1", ASK).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.id(), again.id());
    let other = ASK.replace("30m", "20m");
    let used = place.ask_by_key(&token, "job-1", &other).await;
    used.is(StatusCode::UNPROCESSABLE_ENTITY);
    // Somebody else's key is somebody else's.
    let theirs = place.token("ci/other");
    let theirs = place.ask_by_key(&theirs, "job-1", ASK).await;
    assert_eq!(theirs.status, 201);
    assert_ne!(theirs.id(), first.id());
    let long = "k".repeat(256);
    place
        .ask_by_key(&token, &long, ASK)
        .await
        .is(StatusCode::BAD_REQUEST);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_none_is_refused() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let around = "{\"ask\": \"\"}".len();
    let body = |size: usize| format!("{{\"ask\": \"{}\"}}", "x".repeat(size - around));
    for (body, status) in [
        (body(LARGEST + 1).as_str(), StatusCode::PAYLOAD_TOO_LARGE),
        (body(LARGEST).as_str(), StatusCode::UNPROCESSABLE_ENTITY),
        ("{", StatusCode::BAD_REQUEST),
        ("[]", StatusCode::UNPROCESSABLE_ENTITY),
        (
            "{\"ask\": \"x\", \"by\": \"ci/other\"}",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "{\"ask\": \"open everything\"}",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let body = Body::from(body.to_owned());
        place
            .send(call(Method::POST, "/v1/requests", &token, body))
            .await
            .is(status);
    }
    let mut text = call(Method::POST, "/v1/requests", &token, Body::from("{}"));
    text.headers_mut().remove(header::CONTENT_TYPE);
    place
        .send(text)
        .await
        .is(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    place
        .send(call(Method::DELETE, "/v1/requests", &token, Body::empty()))
        .await
        .is(StatusCode::METHOD_NOT_ALLOWED);
    place.get(&token, "/v2").await.is(StatusCode::NOT_FOUND);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn who_calls_too_often_is_told_when_to_call_again() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    for _ in 0..60 {
        assert_eq!(place.get(&token, "/v1/requests").await.status, 200);
    }
    let slower = place.get(&token, "/v1/requests").await;
    slower.is(StatusCode::TOO_MANY_REQUESTS);
    let after: u64 = slower.after.unwrap().parse().unwrap();
    assert!((1..=2).contains(&after), "{after}");
    let other = place.token("ci/other");
    assert_eq!(place.get(&other, "/v1/requests").await.status, 200);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_list_goes_on_page_by_page_over_ones_own_requests() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let mut ids = Vec::new();
    for length in ["10m", "20m", "30m"] {
        ids.push(place.ask(&token, &ASK.replace("30m", length)).await.id());
    }
    place.ask(&place.token("ci/other"), ASK).await;
    let mut listed = Vec::new();
    let mut path = "/v1/requests?limit=2".to_owned();
    for _ in 0..8 {
        let page = place.get(&token, &path).await.body;
        let requests = page["requests"].as_array().unwrap();
        assert!(requests.len() <= 2);
        listed.extend(
            requests
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/requests?limit=2&cursor={next}");
    }
    listed.sort();
    ids.sort();
    assert_eq!(listed, ids);
    for bad in ["limit=0", "limit=101", "limit=x", "cursor=x", "page=2"] {
        let path = format!("/v1/requests?{bad}");
        place.get(&token, &path).await.is(StatusCode::BAD_REQUEST);
    }
    place.town.close().await;
}

/// Every text in these blocks that Slack reads as markup.
fn markup(block: &Value) -> Vec<&str> {
    match block {
        Value::Array(all) => all.iter().flat_map(markup).collect(),
        Value::Object(fields) if fields.get("type").is_some_and(|kind| kind == "mrkdwn") => fields
            .get("text")
            .and_then(Value::as_str)
            .into_iter()
            .collect(),
        Value::Object(fields) => fields.values().flat_map(markup).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_service_types_is_markup_on_the_card() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let reason = "INC-42 <!channel> <https://evil.example|click> @sam";
    let text = format!("shop/web to orders/db:5432 for 30m because {reason}");
    assert_eq!(place.ask(&token, &text).await.status, 201);
    place.town.settle().await.unwrap();
    let changes = place.town.slack.changes_since(0);
    for change in changes {
        let message = change.message;
        let blocks = Value::from(message.blocks);
        let read_as_markup = markup(&blocks).into_iter().chain([message.text.as_str()]);
        for text in read_as_markup {
            assert!(!text.contains("<!channel>"), "{text}");
            assert!(!text.contains("<https://evil"), "{text}");
        }
    }
    let card = place.seen("lee");
    assert!(card.contains("INC-42"), "{card}");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn while_slack_is_away_one_named_account_approves_and_slack_is_told_later() {
    let place = Place::new().await;
    let asking = place.token("ci/deployer");
    let other = place.token("ci/other");
    let glass = place.token("ops/break-glass");
    let id = place.ask(&asking, ASK).await.id();
    let path = format!("/v1/requests/{id}/approve");
    place.town.settle().await.unwrap();
    place.post(&glass, &path).await.is(StatusCode::CONFLICT);

    place.town.slack.be_away(true);
    let own = place.ask(&other, &ASK.replace("30m", "20m")).await;
    assert_eq!(own.status, 201, "it asks all the same: {own:?}");
    let early = place.post(&glass, &path).await;
    early.is(StatusCode::CONFLICT);
    let hint = early.body["hint"].as_str().unwrap();
    assert!(hint.contains("after a minute"), "{early:?}");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let own = format!("/v1/requests/{}/approve", own.id());
    place.post(&other, &own).await.is(StatusCode::FORBIDDEN);
    place.post(&asking, &path).await.is(StatusCode::FORBIDDEN);
    place
        .post(&place.token("audit/reader"), &path)
        .await
        .is(StatusCode::FORBIDDEN);
    let approved = place.post(&glass, &path).await;
    assert_eq!(approved.status, 200, "{approved:?}");
    let again = place.post(&place.token("ops/break-glass"), &path).await;
    again.is(StatusCode::CONFLICT);
    let shown = format!("/v1/requests/{id}?wait=active&timeout=60s");
    let open = place.get(&asking, &shown).await;
    assert_eq!(open.body["state"], "active", "{open:?}");

    place.town.slack.be_away(false);
    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
    place.town.settle().await.unwrap();
    let seen = place.seen("dana");
    assert!(seen.contains("Approved while Slack was away"), "{seen}");
    assert!(seen.contains("ops/break-glass"), "{seen}");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_service_may_not_ask_is_on_record_and_what_it_mistypes_is_not() {
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    let away = ASK.replace("shop/web", "self");
    let nobody = ASK.replace("orders/db", "orders/nobody");
    let glass = format!("emergency {ASK}");
    for text in [&away, &nobody, &glass, "open everything", "mine"] {
        let told = place.ask(&token, text).await;
        told.is(StatusCode::UNPROCESSABLE_ENTITY);
    }
    for _ in 0..2 {
        let told = place.ask_by_key(&token, "job-1", &glass).await;
        told.is(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let refusals = place.refusals().await;
    let sentences: Vec<&str> = refusals.iter().map(|(_, because)| &**because).collect();
    let services = "services cannot open anything at once";
    let pod = "`self` is the pod of the token, and this token is bound to none";
    let nothing = "there is nothing called `orders/nobody`";
    assert_eq!(sentences, [pod, services, services, nothing]);
    assert!(refusals.iter().all(|(by, _)| by.ends_with("ci/deployer")));
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_service_may_not_do_to_a_request_is_on_record_once() {
    let place = Place::new().await;
    let id = place.ask(&place.token("ci/deployer"), ASK).await.id();
    let path = format!("/v1/requests/{id}");
    let (approve, done) = (format!("{path}/approve"), format!("{path}/done"));
    let glass = "ops/break-glass";
    for _ in 0..2 {
        for (account, path, status) in [
            ("ci/stranger", &approve, StatusCode::NOT_FOUND),
            ("ci/stranger", &done, StatusCode::NOT_FOUND),
            ("audit/reader", &done, StatusCode::FORBIDDEN),
            (glass, &approve, StatusCode::CONFLICT),
        ] {
            place.post(&place.token(account), path).await.is(status);
        }
    }
    place.town.slack.be_away(true);
    let early = place.post(&place.token(glass), &approve).await;
    early.is(StatusCode::CONFLICT);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    for account in ["audit/reader", "ci/deployer"] {
        let told = place.post(&place.token(account), &approve).await;
        told.is(StatusCode::FORBIDDEN);
    }
    let absent = place.token("ci/stranger");
    let absent = place.post(&absent, "/v1/requests/zzzzzz/approve").await;
    absent.is(StatusCode::NOT_FOUND);
    assert_eq!(
        place.refusals().await,
        [
            (
                "audit/reader",
                "approve offline: the rule does not name this account for the time when Slack is away"
            ),
            (
                "audit/reader",
                "done: only whoever asked for it can say that it is needed no more"
            ),
            (
                "ci/deployer",
                "approve offline: you cannot decide on your own request"
            ),
            (
                "ci/stranger",
                "approve offline: there is no such request, or you may not see it"
            ),
            (
                "ci/stranger",
                "done: there is no such request, or you may not see it"
            ),
            (
                glass,
                "approve offline: slack answers, so people decide there"
            ),
        ]
        .map(|(by, because)| (by.to_owned(), because.to_owned()))
    );
    place.town.close().await;
}
