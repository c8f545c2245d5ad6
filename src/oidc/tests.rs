//! An issuer on a wire in memory, with real keys: what passes, and everything that must not.

use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock::VirtualClock;
use crate::slack::{MemoryListener, Wire};
use crate::units::Time;

mod fetching;

const ISSUER: &str = "https://token.example/jobs";
const MAIN: &str = "repo:acme/shop:ref:refs/heads/main";

/// Keys made for these tests alone.
const RSA_1: &[u8] = include_bytes!("tests/rsa-1.der");
const RSA_2: &[u8] = include_bytes!("tests/rsa-2.der");
const RSA_SHORT: &[u8] = include_bytes!("tests/rsa-short.der");
const P256: &[u8] = include_bytes!("tests/p256.der");

fn rsa(der: &[u8]) -> EncodingKey {
    EncodingKey::from_rsa_der(der)
}

/// As an issuer publishes it.
fn published(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, algorithm).unwrap()).unwrap();
    jwk["kid"] = id.into();
    jwk["use"] = "sig".into();
    jwk
}

fn signed(key: &EncodingKey, algorithm: Algorithm, id: &str, claims: &Value) -> Secret {
    let header = Header {
        kid: Some(id.to_owned()),
        ..Header::new(algorithm)
    };
    Secret::new(jsonwebtoken::encode(&header, claims, key).unwrap())
}

fn by_hand(header: &Value, claims: &Value, signature: &[u8]) -> Secret {
    let part = |bytes: &[u8]| {
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
    };
    let (header, claims) = (header.to_string(), claims.to_string());
    let parts = [header.as_bytes(), claims.as_bytes(), signature];
    Secret::new(parts.map(part).join("."))
}

/// What the issuer answers.
#[derive(Clone)]
enum Answer {
    Keys(Vec<Value>),
    Status(u16),
    Redirect,
    /// A good key, and blanks up to so many bytes.
    Huge(usize),
    Hang,
}

#[derive(Clone)]
struct Far {
    answer: Arc<Mutex<Answer>>,
    /// Its discovery document; `None`: it is said to be elsewhere.
    discovery: Arc<Mutex<Option<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Far {
    fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// How often its keys were asked for.
    fn asked(&self) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|path| *path == "/keys").count()
    }

    fn was_asked(&self, path: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|asked| asked == path)
    }
}

async fn answer(State(far): State<Far>, uri: Uri) -> Response {
    far.asked.lock().unwrap().push(uri.path().to_owned());
    if uri.path() == "/jobs/.well-known/openid-configuration" {
        let discovery = far.discovery.lock().unwrap().clone();
        return match discovery {
            Some(document) => axum::Json(document).into_response(),
            None => elsewhere(),
        };
    }
    let answer = far.answer.lock().unwrap().clone();
    match answer {
        Answer::Keys(keys) => axum::Json(json!({"keys": keys})).into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect => elsewhere(),
        Answer::Huge(bytes) => {
            let one = published(&rsa(RSA_1), Algorithm::RS256, "one");
            let keys = json!({"keys": [one]}).to_string();
            let padding = " ".repeat(bytes.saturating_sub(keys.len()));
            Body::from(keys + &padding).into_response()
        }
        Answer::Hang => std::future::pending().await,
    }
}

/// A redirect to where good keys could be had.
fn elsewhere() -> Response {
    let headers = [("location", "https://token.example/elsewhere")];
    (StatusCode::FOUND, headers).into_response()
}

async fn serve(mut listener: MemoryListener, router: Router, tracker: TaskTracker) {
    while let Some(stream) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tracker.spawn(async move {
            let _ = connection.await;
        });
    }
}

fn discovery(issuer: &str, keys: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": keys, "claims": []})
}

/// The issuer with one key, and the door that knows it as `github`.
struct Town {
    far: Far,
    oidc: Oidc,
    clock: Arc<dyn Clock>,
}

fn town() -> Town {
    let far = Far {
        answer: Arc::new(Mutex::new(Answer::Keys(vec![published(
            &rsa(RSA_1),
            Algorithm::RS256,
            "one",
        )]))),
        discovery: Arc::new(Mutex::new(Some(discovery(
            ISSUER,
            "https://token.example/keys",
        )))),
        asked: Arc::default(),
    };
    let (wire, listener) = Wire::memory();
    let tracker = TaskTracker::new();
    let router = Router::new().fallback(answer).with_state(far.clone());
    tracker.spawn(serve(listener, router, tracker.clone()));
    let start = Time::from_timestamp(1_790_000_000, 0).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(start));
    let subject = |pattern: &str, name: &str| Subject {
        pattern: Pattern::read(pattern).unwrap(),
        name: name.to_owned(),
    };
    let issuer = Issuer {
        issuer: ISSUER.to_owned(),
        audience: "drawbridge".to_owned(),
        subjects: vec![
            subject(MAIN, "shop-deployer"),
            subject("repo:acme/shop:ref:refs/heads/release-*", "shop-releaser"),
        ],
        jwks: None,
    };
    let oidc = Oidc::new(&[("github".to_owned(), issuer)].into(), &wire, &clock);
    Town { far, oidc, clock }
}

impl Town {
    fn claims(&self) -> Value {
        let now = self.clock.now().timestamp();
        json!({
            "iss": ISSUER, "aud": "drawbridge", "sub": MAIN, "jti": "x",
            "iat": now, "nbf": now - 10, "exp": now + 300,
        })
    }

    fn with(&self, change: impl FnOnce(&mut Value)) -> Secret {
        let mut claims = self.claims();
        change(&mut claims);
        signed(&rsa(RSA_1), Algorithm::RS256, "one", &claims)
    }

    fn good(&self) -> Secret {
        self.with(|_| {})
    }

    async fn verify(&self, token: &Secret) -> Result<Verified, Refused> {
        self.oidc
            .verify(token)
            .await
            .expect("a token of the issuer")
    }

    async fn refuses(&self, token: &Secret) -> Refused {
        self.verify(token).await.expect_err("it must not pass")
    }
}

async fn pass(seconds: Seconds) {
    tokio::time::advance(seconds.std()).await;
}

#[tokio::test(start_paused = true)]
async fn a_good_token_names_somebody() {
    let town = town();
    let verified = town.verify(&town.good()).await.unwrap();
    assert_eq!(verified.who.to_string(), "oidc:github/shop-deployer");
    assert_eq!(verified.subject, MAIN);
    assert_eq!(verified.token_id.as_deref(), Some("x"));
    assert_eq!(verified.lifetime, Seconds(300));
    // The audience may be a list of it alone; the keys are not read again.
    let list = town.with(|claims| claims["aud"] = json!(["drawbridge"]));
    assert!(town.verify(&list).await.is_ok());
    let other =
        town.with(|claims| claims["sub"] = "repo:acme/shop:ref:refs/heads/release-7".into());
    let other = town.verify(&other).await.unwrap();
    assert_eq!(other.who.to_string(), "oidc:github/shop-releaser");
    assert_eq!(town.far.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_allowed_kind_of_key_checks_its_own_tokens_only() {
    let town = town();
    let ec = EncodingKey::from_ec_der(P256);
    town.far.answers(Answer::Keys(vec![
        json!({"kty": "unheard-of", "kid": "odd"}),
        published(&rsa(RSA_1), Algorithm::RS256, "one"),
        published(&ec, Algorithm::ES256, "curve"),
        published(&rsa(RSA_2), Algorithm::PS256, "pss"),
    ]));
    let claims = town.claims();
    let good = signed(&ec, Algorithm::ES256, "curve", &claims);
    assert!(town.verify(&good).await.is_ok());
    let good = signed(&rsa(RSA_2), Algorithm::PS256, "pss", &claims);
    assert!(town.verify(&good).await.is_ok());
    // Right key, but published for another algorithm; right algorithm, but another key's id.
    for token in [
        signed(&rsa(RSA_2), Algorithm::RS256, "pss", &claims),
        signed(&rsa(RSA_1), Algorithm::RS512, "one", &claims),
        signed(&ec, Algorithm::ES256, "one", &claims),
    ] {
        assert_eq!(town.refuses(&token).await, Refused::Key);
    }
    let swapped = signed(&rsa(RSA_2), Algorithm::RS256, "one", &claims);
    assert_eq!(town.refuses(&swapped).await, Refused::Signature);
    let nameless =
        Secret::new(jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &ec).unwrap());
    assert!(
        town.verify(&nameless).await.is_ok(),
        "there is no choice of keys"
    );
}

#[tokio::test(start_paused = true)]
async fn each_wrong_claim_is_refused() {
    let town = town();
    let now = town.clock.now().timestamp();
    let audience = Refused::Audience("drawbridge".to_owned());
    let cases: Vec<(&str, Value, Refused)> = vec![
        ("aud", json!("other"), audience.clone()),
        ("aud", json!("Drawbridge"), audience.clone()),
        ("aud", json!([]), audience.clone()),
        ("aud", json!(["drawbridge", "other"]), audience),
        ("aud", Value::Null, Refused::Shape),
        (
            "sub",
            json!("repo:acme/shop:pull_request"),
            Refused::Subject,
        ),
        (
            "sub",
            json!("repo:evil/shop:ref:refs/heads/main"),
            Refused::Subject,
        ),
        ("sub", json!(format!("{MAIN}2")), Refused::Subject),
        ("sub", Value::Null, Refused::Shape),
        ("exp", json!(now - 60), Refused::Expired),
        ("exp", json!(now - 3600), Refused::Expired),
        ("exp", json!("soon"), Refused::Shape),
        ("exp", json!(1e300), Refused::Shape),
        ("exp", json!(now + 86_401), Refused::Lasting),
        ("exp", json!(now + 3_000_000_000_i64), Refused::Lasting),
        ("exp", json!(-1), Refused::Shape),
        ("exp", Value::Null, Refused::Shape),
        ("nbf", json!(now + 61), Refused::TooEarly),
        ("iat", json!(now + 61), Refused::TooEarly),
        ("iat", Value::Null, Refused::Shape),
    ];
    for (claim, value, expected) in cases {
        let token = town.with(|claims| claims[claim] = value.clone());
        assert_eq!(town.refuses(&token).await, expected, "{claim} {value}");
    }
    for claim in ["aud", "sub", "exp", "iat"] {
        let token = town.with(|claims| {
            claims.as_object_mut().unwrap().remove(claim);
        });
        assert_eq!(town.refuses(&token).await, Refused::Shape, "no {claim}");
    }
    let day = town.with(|claims| claims["exp"] = (now + 86_400).into());
    assert!(town.verify(&day).await.is_ok(), "a day is not too long");
    // A minute of difference between clocks is forgiven.
    for (claim, value) in [("exp", now - 59), ("nbf", now + 60), ("iat", now + 60)] {
        let token = town.with(|claims| {
            claims["iat"] = (now - 300).into();
            claims[claim] = value.into();
        });
        assert!(town.verify(&token).await.is_ok(), "{claim}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_issuer_is_not_ours_to_judge() {
    let town = town();
    for issuer in [
        "https://token.example",
        "https://token.example/jobs/",
        "https://TOKEN.example/jobs",
        "https://kubernetes.default.svc",
    ] {
        let token = town.with(|claims| claims["iss"] = issuer.into());
        assert_eq!(town.oidc.verify(&token).await, None, "{issuer}");
    }
    for text in ["", "x", "a.b", "a.b.c", &"a".repeat(MAX_TOKEN + 1)] {
        assert_eq!(town.oidc.verify(&Secret::new(text)).await, None);
    }
    assert_eq!(town.far.asked(), 0, "nobody was asked for them");
}

#[tokio::test(start_paused = true)]
async fn a_signature_that_proves_nothing_is_refused() {
    let town = town();
    let claims = town.claims();
    let none = by_hand(&json!({"alg": "none", "typ": "JWT"}), &claims, b"");
    assert_eq!(town.refuses(&none).await, Refused::Shape);
    let none = by_hand(&json!({"alg": "nOnE", "kid": "one"}), &claims, b"x");
    assert_eq!(town.refuses(&none).await, Refused::Shape);
    // The public key, which everybody has, as a shared secret.
    let public = published(&rsa(RSA_1), Algorithm::RS256, "one");
    let modulus = public["n"].as_str().unwrap();
    for secret in [modulus.as_bytes(), public.to_string().as_bytes()] {
        let key = EncodingKey::from_secret(secret);
        let token = signed(&key, Algorithm::HS256, "one", &claims);
        assert_eq!(town.refuses(&token).await, Refused::Algorithm);
    }
    let wrong = signed(&rsa(RSA_2), Algorithm::RS256, "one", &claims);
    assert_eq!(town.refuses(&wrong).await, Refused::Signature);
    // What was signed, with other claims put in its place.
    let good = town.good();
    let (head, rest) = good.expose().split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let other = town.with(|claims| claims["exp"] = 1_999_999_999.into());
    let payload = other.expose().split('.').nth(1).unwrap();
    let forged = Secret::new(format!("{head}.{payload}.{signature}"));
    assert_eq!(town.refuses(&forged).await, Refused::Signature);
    // Rightly signed, and still not to be understood.
    let critical = Header {
        kid: Some("one".to_owned()),
        crit: Some(vec!["b64".to_owned()]),
        ..Header::new(Algorithm::RS256)
    };
    let critical = jsonwebtoken::encode(&critical, &claims, &rsa(RSA_1)).unwrap();
    let critical = Secret::new(critical);
    assert_eq!(town.refuses(&critical).await, Refused::Shape);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_not_used_as_another_kind_of_key() {
    let town = town();
    let claims = town.claims();
    // The signature is good for the key; only the header calls it another kind.
    let good = town.good();
    let signature = good.expose().rsplit('.').next().unwrap().to_owned();
    for algorithm in ["ES256", "ES384", "EdDSA", "PS256", "RS384"] {
        let header = json!({"alg": algorithm, "kid": "one", "typ": "JWT"});
        let forged = by_hand(&header, &claims, b"");
        let forged = Secret::new(format!("{}{signature}", forged.expose()));
        assert_eq!(town.refuses(&forged).await, Refused::Key, "{algorithm}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_keys_of_one_id_are_no_key_unless_their_kinds_differ() {
    let town = town();
    let ec = EncodingKey::from_ec_der(P256);
    let same = |key: &EncodingKey, algorithm| published(key, algorithm, "same");
    town.far.answers(Answer::Keys(vec![
        same(&rsa(RSA_1), Algorithm::RS256),
        same(&rsa(RSA_2), Algorithm::RS256),
        same(&ec, Algorithm::ES256),
    ]));
    for key in [RSA_1, RSA_2] {
        let token = signed(&rsa(key), Algorithm::RS256, "same", &town.claims());
        assert_eq!(town.refuses(&token).await, Refused::Key);
    }
    // RFC 7517 §4.5 allows one id for keys of different kinds.
    let token = signed(&ec, Algorithm::ES256, "same", &town.claims());
    assert!(town.verify(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_unknown_keys_at_once_are_one_question() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    pass(REST).await;
    let claims = town.claims();
    let tokens: Vec<Secret> = (0..50)
        .map(|n| signed(&rsa(RSA_2), Algorithm::RS256, &format!("k{n}"), &claims))
        .collect();
    let answers = futures::future::join_all(tokens.iter().map(|token| town.verify(token))).await;
    assert!(answers.iter().all(|answer| *answer == Err(Refused::Key)));
    assert_eq!(town.far.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_token_brings_along_is_not_used() {
    let town = town();
    let own = published(&rsa(RSA_2), Algorithm::RS256, "mine");
    let header = Header {
        kid: Some("mine".to_owned()),
        jwk: Some(serde_json::from_value(own).unwrap()),
        jku: Some("https://token.example/elsewhere".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let token = jsonwebtoken::encode(&header, &town.claims(), &rsa(RSA_2)).unwrap();
    assert_eq!(town.refuses(&Secret::new(token)).await, Refused::Key);
    assert!(!town.far.was_asked("/elsewhere"));
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_and_an_old_one_ends() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    let two = published(&rsa(RSA_2), Algorithm::RS256, "two");
    town.far.answers(Answer::Keys(vec![two]));
    pass(Seconds(30)).await;
    let new = signed(&rsa(RSA_2), Algorithm::RS256, "two", &town.claims());
    // Asked half a minute ago: it has to wait, so that forged key ids cannot make us flood the issuer.
    for _ in 0..5 {
        assert_eq!(town.refuses(&new).await, Refused::Key);
    }
    assert_eq!(town.far.asked(), 1);
    pass(Seconds(30)).await;
    assert!(town.verify(&new).await.is_ok());
    assert_eq!(town.refuses(&town.good()).await, Refused::Key);
    assert_eq!(town.far.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_keys_serve_for_a_day_while_the_issuer_is_away() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    town.far.answers(Answer::Status(503));
    for hours in [1, 22] {
        pass(Seconds::hours(hours)).await;
        assert!(town.verify(&town.good()).await.is_ok(), "{hours}");
    }
    let unknown = signed(&rsa(RSA_2), Algorithm::RS256, "two", &town.claims());
    assert_eq!(town.refuses(&unknown).await, Refused::Key);
    pass(Seconds::hours(1)).await;
    let away = town.refuses(&town.good()).await;
    assert_eq!(away, Refused::Away(NoKeys::Status(503)));
    assert_eq!(away.retry(), Retry::Later);
    let one = published(&rsa(RSA_1), Algorithm::RS256, "one");
    town.far.answers(Answer::Keys(vec![one]));
    pass(REST).await;
    assert!(town.verify(&town.good()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_answers_badly_lets_nobody_in() {
    let weak = published(&rsa(RSA_SHORT), Algorithm::RS256, "one");
    let mut hidden = published(&rsa(RSA_1), Algorithm::RS256, "one");
    hidden["use"] = "enc".into();
    let shared = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "one", "alg": "HS256"});
    let no_key = || NoKeys::Shape("it holds no key that could check a token");
    for (answer, expected) in [
        (Answer::Status(404), NoKeys::Status(404)),
        (Answer::Redirect, NoKeys::Status(302)),
        (Answer::Huge(256 * 1024 + 1), NoKeys::Body),
        (Answer::Huge(10 * 1024 * 1024), NoKeys::Body),
        (Answer::Hang, NoKeys::Late),
        (Answer::Keys(vec![]), no_key()),
        (Answer::Keys(vec![weak]), no_key()),
        (Answer::Keys(vec![hidden]), no_key()),
        (Answer::Keys(vec![shared]), no_key()),
    ] {
        let town = town();
        town.far.answers(answer);
        let token = town.good();
        assert_eq!(town.refuses(&token).await, Refused::Away(expected));
        assert!(!town.far.was_asked("/elsewhere"), "it was followed");
        let asked = town.far.asked();
        // Not asked again at once.
        if asked > 0 && town.clock.now().timestamp() == 1_790_000_000 {
            assert_eq!(town.refuses(&token).await, Refused::Away(NoKeys::Resting));
            assert_eq!(town.far.asked(), asked);
        }
        let one = published(&rsa(RSA_1), Algorithm::RS256, "one");
        town.far.answers(Answer::Keys(vec![one]));
        pass(RETRY).await;
        assert!(town.verify(&token).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_discovery_document_of_somebody_else_is_not_believed() {
    let keys = "https://token.example/keys";
    let other = NoKeys::Shape("it speaks for another issuer");
    for (document, expected) in [
        (
            Some(discovery("https://token.example/other", keys)),
            other.clone(),
        ),
        (Some(discovery(&format!("{ISSUER}/"), keys)), other),
        (
            Some(discovery(ISSUER, "http://127.0.0.1/keys")),
            NoKeys::Shape("it does not publish its keys over TLS"),
        ),
        (
            Some(discovery(ISSUER, "/keys")),
            NoKeys::Shape("it is not as documented"),
        ),
        (None, NoKeys::Status(302)),
    ] {
        let town = town();
        town.far.discovery.lock().unwrap().clone_from(&document);
        let refused = town.refuses(&town.good()).await;
        assert_eq!(refused, Refused::Away(expected), "{document:?}");
        assert_eq!(town.far.asked(), 0);
        assert!(!town.far.was_asked("/elsewhere"), "it was followed");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_known_does_not_wait_for_what_is_asked() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    pass(REST).await;
    town.far.answers(Answer::Hang);
    let unknown = signed(&rsa(RSA_2), Algorithm::RS256, "two", &town.claims());
    let before = town.clock.now();
    let good = town.good();
    let (slow, quick) = tokio::join!(town.verify(&unknown), async {
        let verified = town.verify(&good).await;
        (verified, town.clock.now())
    });
    assert_eq!(slow, Err(Refused::Key));
    assert!(quick.0.is_ok());
    assert_eq!(quick.1, before, "it took no time");
}

#[tokio::test]
async fn real_connections_without_tls_stay_on_the_machine() {
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let issuer = Issuer {
        issuer: "http://192.0.2.1/i".to_owned(),
        audience: "drawbridge".to_owned(),
        subjects: Vec::new(),
        jwks: None,
    };
    let oidc = Oidc::new(&[("x".to_owned(), issuer)].into(), &Wire::tcp(), &clock);
    let claims = json!({"iss": "http://192.0.2.1/i", "sub": "x"});
    let token = signed(&rsa(RSA_1), Algorithm::RS256, "one", &claims);
    let refused = oidc.verify(&token).await.unwrap().unwrap_err();
    assert_eq!(refused, Refused::Away(NoKeys::Unreachable));
}
