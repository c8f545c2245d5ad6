//! Whose token it is, asked of real API servers that issued it: every wrong one is refused, and none is
//! taken for an account of another cluster.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::cluster::Cluster;
use drawbridge::http::api::door::{Doorkeeper, Shut};
use drawbridge::units::Time;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

use super::arena::Arena;
use crate::servers::kube::{KubeServer, Who};

/// The account `deployer` in a fresh namespace of this server.
struct Issuer {
    accounts: Api<ServiceAccount>,
    namespace: String,
}

impl Issuer {
    async fn on(server: &KubeServer) -> Self {
        let arena = Arena::on(server).await;
        let accounts: Api<ServiceAccount> = Api::namespaced(arena.admin.clone(), &arena.namespace);
        let account = serde_json::from_value(json!({"metadata": {"name": "deployer"}})).unwrap();
        let by = PostParams::default();
        accounts.create(&by, &account).await.unwrap();
        Self {
            accounts,
            namespace: arena.namespace.clone(),
        }
    }

    async fn issue(&self, audience: &str) -> String {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec![audience.to_owned()]),
                expiration_seconds: Some(600),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let by = PostParams::default();
        let issued = self
            .accounts
            .create_token_request("deployer", &by, &request);
        issued.await.unwrap().status.unwrap().token.unwrap()
    }
}

async fn cluster(server: &KubeServer, name: &str) -> Arc<Cluster> {
    let config = server.config(Who::Bot).await;
    Arc::new(Cluster::connect(name, &config, Arc::new(SystemClock)).unwrap())
}

fn now() -> Time {
    SystemClock.now()
}

/// A real token with other claims, signed anew with the server's own key.
fn resigned(token: &str, key: &Path, change: impl FnOnce(&mut Value)) -> String {
    let mut parts = token.split('.');
    let (head, claims) = (parts.next().unwrap(), parts.next().unwrap());
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (digest, size) = match read(head)["alg"].as_str().unwrap() {
        "ES256" => ("-sha256", 32),
        "ES384" => ("-sha384", 48),
        "ES512" => ("-sha512", 66),
        other => panic!("signed by {other}"),
    };
    let mut claims = read(claims);
    change(&mut claims);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let raw = raw(&sign(&signed, key, digest), size);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(raw))
}

fn sign(text: &str, key: &Path, digest: &str) -> Vec<u8> {
    let mut signer = Command::new("openssl")
        .args(["dgst", digest, "-sign"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl starts");
    let mut input = signer.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, text.as_bytes()).unwrap();
    drop(input);
    signer.wait_with_output().unwrap().stdout
}

/// The two numbers of an ECDSA signature in DER, each in as many bytes as the curve has.
fn raw(der: &[u8], size: usize) -> Vec<u8> {
    let mut rest = if der[1] & 0x80 == 0 {
        &der[2..]
    } else {
        &der[3..]
    };
    let mut raw = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.len().saturating_sub(size)..];
        raw.resize(raw.len() + size - number.len(), 0);
        raw.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    raw
}

#[tokio::test]
async fn only_a_current_token_for_our_audience_opens_the_door() {
    let server = KubeServer::shared().await;
    let issuer = Issuer::on(server).await;
    let clusters = [cluster(server, "prod-eu").await];
    let door = Doorkeeper::new(&clusters, |_| "drawbridge".to_owned());
    let token = issuer.issue("drawbridge").await;
    let caller = door.whose(&token, now()).await.unwrap();
    let account = format!("prod-eu:{}/deployer", issuer.namespace);
    assert_eq!(caller.account.to_string(), account);
    assert!(caller.token_id.unwrap().starts_with("JTI="));
    assert_eq!(caller.lifetime.map(|length| length.0), Some(600));

    let key = server.service_account_key();
    let again = resigned(&token, &key, |_| {});
    assert!(door.whose(&again, now()).await.is_ok(), "the key is right");
    let past = |claims: &mut Value| {
        for (name, ago) in [("iat", 900), ("nbf", 900), ("exp", 300)] {
            claims[name] = json!(now().timestamp() - ago);
        }
    };
    let mut forged = token.clone().into_bytes();
    let middle = forged.len() - 20;
    forged[middle] = if forged[middle] == b'A' { b'B' } else { b'A' };
    for (what, token) in [
        ("expired", resigned(&token, &key, past)),
        ("forged", String::from_utf8(forged).unwrap()),
        ("other audience", issuer.issue("another").await),
        (
            "the API server's own audience",
            issuer.issue("https://kubernetes.default.svc").await,
        ),
        ("a user's", "admin-token".to_owned()),
        ("a static account's", "bot-token".to_owned()),
        ("no token", "junk".to_owned()),
        ("empty", String::new()),
    ] {
        assert_eq!(
            door.whose(&token, now()).await,
            Err(Shut::Invalid),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_deleted_account_is_out_within_the_time_that_answers_are_remembered() {
    let server = KubeServer::shared().await;
    let issuer = Issuer::on(server).await;
    let clusters = [cluster(server, "prod-eu").await];
    let door = Doorkeeper::new(&clusters, |_| "drawbridge".to_owned());
    let token = issuer.issue("drawbridge").await;
    let seen = now();
    assert!(door.whose(&token, seen).await.is_ok());
    let unseen = issuer.issue("drawbridge").await;
    let by = DeleteParams::default();
    issuer.accounts.delete("deployer", &by).await.unwrap();
    // What was asked about is remembered for ten seconds and not longer; by then a real server has
    // forgotten as well, so another door asks as long as it takes.
    let nearly = seen + TimeDelta::milliseconds(9_999);
    assert!(
        door.known(&token, nearly)
            .is_some_and(|known| known.is_ok())
    );
    assert!(door.known(&token, seen + TimeDelta::seconds(10)).is_none());
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    let mut asked = seen;
    loop {
        asked += TimeDelta::seconds(11);
        match door.whose(&token, asked).await {
            Err(Shut::Invalid) => break,
            other => assert!(tokio::time::Instant::now() < until, "{other:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    assert_eq!(door.whose(&unseen, asked).await, Err(Shut::Invalid));
}

#[tokio::test]
async fn another_clusters_token_is_its_own_accounts_and_nobody_elses() {
    let (ours, theirs) = (KubeServer::shared().await, KubeServer::start().await);
    let issuer = Issuer::on(&theirs).await;
    let token = issuer.issue("drawbridge").await;
    let eu = cluster(ours, "prod-eu").await;
    let alone = Doorkeeper::new([&eu], |_| "drawbridge".to_owned());
    assert_eq!(alone.whose(&token, now()).await, Err(Shut::Invalid));
    // Known, it is the other cluster's account, by whatever name ours has one.
    let us = cluster(&theirs, "prod-us").await;
    let both = Doorkeeper::new([&eu, &us], |_| "drawbridge".to_owned());
    let caller = both.whose(&token, now()).await.unwrap();
    let account = format!("prod-us:{}/deployer", issuer.namespace);
    assert_eq!(caller.account.to_string(), account);
    // With an audience for each, it is not even shown to the others.
    let each = Doorkeeper::new([&eu, &us], |name| format!("drawbridge-{name}"));
    assert_eq!(each.whose(&token, now()).await, Err(Shut::Invalid));
    let replayed = issuer.issue("drawbridge-prod-eu").await;
    assert_eq!(each.whose(&replayed, now()).await, Err(Shut::Invalid));
}
