//! What tokens that nobody vouches for may cost, and whom they keep out.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use futures::future::join_all;

use super::*;
use crate::oidc::{Issuer, Oidc};
use crate::slack::Wire;

/// Failures of one network at once.
const BURST: usize = 30;

/// A signed token by its looks, for our audience, that nobody vouches for.
fn forged(issuer: &str, subject: &str, number: usize) -> String {
    use base64::Engine;
    let claims =
        json!({"iss": issuer, "sub": subject, "aud": "drawbridge", "jti": number.to_string()});
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.YQ", part("{}"), part(&claims.to_string()))
}

impl Place {
    async fn list_from(&self, address: &str, token: &str) -> Told {
        let mut request = call(Method::GET, "/v1/requests", token, Body::empty());
        let peer = SocketAddr::new(address.parse().unwrap(), 40_000);
        request.extensions_mut().insert(ConnectInfo(peer));
        self.send(request).await
    }

    /// Fails from this address until it may no more.
    async fn use_up(&self, address: &str) {
        for number in 0..=BURST {
            let token = forged("elsewhere", "nobody", number);
            let told = self.list_from(address, &token).await;
            if told.status == 429 {
                return;
            }
            told.is(StatusCode::UNAUTHORIZED);
        }
        panic!("nothing ever ends it");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_by_network_and_success_costs_nothing() {
    let place = Place::new().await;
    // Tokens that are good give back what was taken for them.
    for _ in 0..BURST + 5 {
        let good = place.list_from("192.0.2.1", &place.token("ci/other")).await;
        assert_eq!(good.status, 200, "{good:?}");
    }
    place.use_up("2001:db8:1:2::1").await;
    let token = forged("elsewhere", "nobody", BURST);
    let told = place.list_from("2001:db8:1:2:ffff::9", &token).await;
    told.is(StatusCode::TOO_MANY_REQUESTS);
    assert!(told.after.is_some(), "{told:?}");
    let told = place.list_from("2001:db8:1:3::1", &token).await;
    told.is(StatusCode::UNAUTHORIZED);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn strangers_behind_the_same_address_lock_nobody_out_who_was_good_lately() {
    const NAT: &str = "192.0.2.1";
    let place = Place::new().await;
    let token = place.token("ci/deployer");
    assert_eq!(place.list_from(NAT, &token).await.status, 200);
    place.use_up(NAT).await;
    // Answers are not remembered that long: it is asked about anew.
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    place.use_up(NAT).await;
    assert_eq!(place.list_from(NAT, &token).await.status, 200, "the token");
    let next = place.token("ci/deployer");
    assert_eq!(place.list_from(NAT, &next).await.status, 200, "its subject");
    let stranger = place.token("ci/stranger");
    let told = place.list_from(NAT, &stranger).await;
    told.is(StatusCode::TOO_MANY_REQUESTS);

    // Who pretends to be that subject uses up what is its own, and still not what the token has.
    let (issuer, subject) = (
        "https://kubernetes.default.svc",
        "system:serviceaccount:ci:deployer",
    );
    let mut statuses = Vec::new();
    for number in 0..=BURST {
        let told = place.list_from(NAT, &forged(issuer, subject, number)).await;
        statuses.push(told.status);
    }
    assert_eq!(statuses.pop(), Some(429));
    assert!(statuses.iter().all(|status| *status == 401), "{statuses:?}");
    let forger = place.list_from(NAT, &place.token("ci/deployer")).await;
    forger.is(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(place.list_from(NAT, &token).await.status, 200, "the token");
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn who_is_verified_by_an_issuers_keys_is_not_kept_out_by_its_neighbours() {
    const NAT: &str = "192.0.2.1";
    let mut place = Place::new().await;
    let parts = place.town.parts().unwrap();
    let issuer = Issuer {
        issuer: "http://192.0.2.9/keys".to_owned(),
        audience: "drawbridge".to_owned(),
        subjects: Vec::new(),
        jwks: None,
    };
    let issuers = [("x".to_owned(), issuer)].into();
    let issuers = Oidc::new(&issuers, &Wire::tcp(), &parts.clock);
    let door = Doorkeeper::new(parts.clusters.values(), |_| "drawbridge".to_owned());
    let door = door.with_issuers(issuers);
    place.router = router(Api::new(parts, door, CancellationToken::new()));
    place.use_up(NAT).await;
    for number in 0..2 * BURST {
        let token = forged("http://192.0.2.9/keys", "a job", number);
        let told = place.list_from(NAT, &token).await;
        assert_eq!(told.status, 401, "it is looked at, {number}: {told:?}");
    }
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn hanging_up_and_asking_while_the_cluster_is_away_count_as_failures() {
    let place = Place::new().await;
    let address = "192.0.2.1";
    place.town.api.freeze(true);
    for number in 0..BURST / 2 {
        let token = forged("elsewhere", "nobody", number);
        // Given up at the first wait.
        let call = std::pin::pin!(place.list_from(address, &token));
        assert!(futures::poll!(call).is_pending());
    }
    place.town.api.freeze(false);
    place.town.api.away(true);
    let tokens: Vec<String> = (BURST / 2..=BURST)
        .map(|number| forged("elsewhere", "nobody", number))
        .collect();
    let calls = tokens.iter().map(|token| place.list_from(address, token));
    let told = join_all(calls).await;
    let statuses: Vec<u16> = told.iter().map(|told| told.status).collect();
    let (last, others) = statuses.split_last().unwrap();
    assert_eq!(*last, 429, "{statuses:?}");
    assert!(others.iter().all(|status| *status == 503), "{statuses:?}");
    place.town.api.away(false);
    let told = place
        .list_from("192.0.2.2", &forged("elsewhere", "nobody", 0))
        .await;
    told.is(StatusCode::UNAUTHORIZED);
    place.town.close().await;
}

#[tokio::test(start_paused = true)]
async fn so_many_tokens_are_reviewed_at_once_and_the_next_is_told_to_come_back() {
    let place = Place::new().await;
    place.town.api.freeze(true);
    let before = tokio::time::Instant::now();
    let asked = async |number: usize| {
        let token = forged("elsewhere", "nobody", number);
        let told = place.list_from(&format!("192.0.2.{number}"), &token).await;
        (before.elapsed().as_secs(), told)
    };
    let busy = join_all((1..=8).map(&asked));
    let further = async {
        let (took, told) = asked(9).await;
        place.town.api.freeze(false);
        (took, told)
    };
    let (reviewed, (took, told)) = tokio::join!(busy, further);
    told.is(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(took, 2, "{told:?}");
    assert!(told.after.is_some(), "{told:?}");
    for (_, told) in reviewed {
        told.is(StatusCode::UNAUTHORIZED);
    }
    // There is room again.
    let (_, told) = asked(10).await;
    told.is(StatusCode::UNAUTHORIZED);
    place.town.close().await;
}
