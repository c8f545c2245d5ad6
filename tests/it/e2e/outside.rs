//! Jobs outside the cluster, with tokens of an issuer that this test runs: over HTTP on loopback, found by its
//! discovery document, as GitHub's and GitLab's are.

use axum::Json;
use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::bot::Bot;
use super::jobs::Job;
use super::plan::Plan;
use super::wait::{SOON, now};
use super::world::World;

const MAIN: &str = "repo:acme/shop:ref:refs/heads/main";

/// Keys made for tests alone: the issuer's, and somebody else's.
const OURS: &[u8] = include_bytes!("../../../src/oidc/tests/rsa-1.der");
const OTHER: &[u8] = include_bytes!("../../../src/oidc/tests/rsa-2.der");

/// An issuer that publishes one key, `one`.
struct Issuer {
    url: String,
    _serving: JoinSet<()>,
}

impl Issuer {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")});
        let keys = json!({"keys": [published()]});
        let router = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || Json(discovery)),
            )
            .route("/keys", get(async move || Json(keys)));
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            _serving: serving,
        }
    }

    fn claims(&self) -> Value {
        let now = now().timestamp();
        json!({
            "iss": self.url, "aud": "drawbridge", "sub": MAIN, "jti": "run-1",
            "iat": now, "nbf": now, "exp": now + 300,
        })
    }

    /// A token with changed claims.
    fn token(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = self.claims();
        change(&mut claims);
        signed(OURS, "one", &claims)
    }

    /// Every token that must open nothing, and why.
    fn bad(&self) -> Vec<(&'static str, String)> {
        let now = now().timestamp();
        let with = |claim: &str, value: Value| self.token(|claims| claims[claim] = value);
        let public = published()["n"].as_str().unwrap().to_owned();
        let shared = Header {
            kid: Some("one".to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let shared = jsonwebtoken::encode(
            &shared,
            &self.claims(),
            &EncodingKey::from_secret(public.as_bytes()),
        );
        let none = json!({"alg": "none"}).to_string();
        let none = [none, self.claims().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
        vec![
            ("another audience", with("aud", json!("kubernetes"))),
            ("ours and another", with("aud", json!(["drawbridge", "x"]))),
            (
                "an issuer with a slash",
                with("iss", json!(format!("{}/", self.url))),
            ),
            ("another branch", with("sub", json!(format!("{MAIN}2")))),
            ("more before it", with("sub", json!(format!("x{MAIN}")))),
            ("expired", with("exp", json!(now - 120))),
            ("not yet valid", with("nbf", json!(now + 600))),
            ("good for years", with("exp", json!(now + 100_000_000))),
            ("another's key", signed(OTHER, "one", &self.claims())),
            ("an unknown key", signed(OTHER, "two", &self.claims())),
            ("the public key as a secret", shared.unwrap()),
            ("no signature", format!("{}.{}.", none[0], none[1])),
        ]
    }
}

fn published() -> Value {
    let key = EncodingKey::from_rsa_der(OURS);
    let key = Jwk::from_encoding_key(&key, Algorithm::RS256).unwrap();
    let mut key = serde_json::to_value(key).unwrap();
    key["kid"] = "one".into();
    key["use"] = "sig".into();
    key
}

fn signed(key: &[u8], id: &str, claims: &Value) -> String {
    let header = Header {
        kid: Some(id.to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_der(key)).unwrap()
}

/// A world that knows the issuer as `local`, and a rule that lets its deployer ask.
async fn world_with_an_issuer() -> (World, Bot, Job, Issuer) {
    let issuer = Issuer::open().await;
    let plan = Plan::default();
    let mut world = World::new(plan).await;
    let rule = plan.rule(&world.town.orders).replace(
        "requesters: {",
        "requesters: {serviceAccounts: [\"oidc:local/shop-deployer\"], ",
    );
    assert!(rule.contains("oidc:local"));
    let write = |name: &str, text: String| {
        let path = world.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    write("rules/orders.yaml", rule);
    let config = format!(
        "oidc:\n  local:\n    issuer: {}\n    subjects:\n    \
         - {{match: '{MAIN}', as: shop-deployer}}\n    \
         - {{match: 'repo:acme/shop:ref:refs/heads/try-*', as: shop-trial}}\n",
        issuer.url
    );
    let config = write("config.yaml", config);
    world.env.insert("DRAWBRIDGE_CONFIG".to_owned(), config);
    let mut bot = world.serve().await;
    let job = Job {
        server: format!("http://{}", bot.address().await),
        ask: format!("{} for 5m because INC-42", world.path_text()),
    };
    (world, bot, job, issuer)
}

/// How a request with this token ends, without waiting.
async fn asks(world: &mut World, job: &Job, ask: &str, token: &str) -> (Option<i32>, String) {
    std::fs::write(world.folder.path().join("token"), token).unwrap();
    let mut client = job.starts(world, &["request", ask, "-o", "json"]);
    let code = client.ended(SOON).await.code();
    (code, client.output())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_outside_the_cluster_asks_with_its_issuers_token() {
    let (mut world, _bot, job, issuer) = world_with_an_issuer().await;
    let from_now = world.listen();
    let good = issuer.token(|_| {});
    let (code, output) = asks(&mut world, &job, &job.ask, &good).await;
    assert_eq!(code, Some(0), "{output}");
    let told: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(told["requested_by"], "oidc:local/shop-deployer", "{told}");
    let card = from_now.card().await;
    assert!(card.says("oidc:local/shop-deployer"), "{card:?}");
    world.clicks("lee", &card, "Approve");
    world.gates.open(2).await;
    // A later token of the same job is the same requester.
    let later = issuer.token(|claims| claims["jti"] = "run-2".into());
    std::fs::write(world.folder.path().join("token"), later).unwrap();
    let id = told["id"].as_str().unwrap();
    let mut client = job.starts(&mut world, &["done", id]);
    let code = client.ended(SOON).await.code();
    assert_eq!(code, Some(0), "{}", client.output());
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuers_token_that_does_not_count_opens_nothing() {
    let (mut world, bot, job, issuer) = world_with_an_issuer().await;
    for (why, token) in issuer.bad() {
        let (code, output) = asks(&mut world, &job, &job.ask, &token).await;
        assert_eq!(code, Some(2), "{why}: {output}");
        assert!(output.contains("token"), "{why}: {output}");
    }
    // Believed, and allowed nothing: no rule names it.
    let trial = json!("repo:acme/shop:ref:refs/heads/try-1");
    let trial = issuer.token(|claims| claims["sub"] = trial);
    let (code, output) = asks(&mut world, &job, &job.ask, &trial).await;
    assert_eq!(code, Some(1), "{output}");
    // Outside the cluster there is no pod to be the source.
    let own = format!(
        "self to {}/db:5432 for 5m because INC-42",
        world.town.orders
    );
    let good = issuer.token(|_| {});
    let (code, output) = asks(&mut world, &job, &own, &good).await;
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("this token is bound to none"), "{output}");
    assert_eq!(world.gates.lives(), [], "nothing was ever opened");
    assert!(!bot.output().contains("eyJ"), "no token was printed");
    world.ends_well().await;
}
