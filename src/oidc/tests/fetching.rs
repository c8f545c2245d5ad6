//! When keys are read again, and what nobody outside can do about it.

use futures::FutureExt as _;

use super::*;

/// Signed with a key that the issuer does not publish.
fn unknown(town: &Town) -> Secret {
    signed(&rsa(RSA_2), Algorithm::RS256, "two", &town.claims())
}

fn publishes_two(town: &Town) {
    let two = published(&rsa(RSA_2), Algorithm::RS256, "two");
    town.far.answers(Answer::Keys(vec![two]));
}

#[tokio::test(start_paused = true)]
async fn whoever_hangs_up_stops_no_fetch() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    publishes_two(&town);
    pass(REST).await;
    // The first moment of a call, and its end.
    assert_eq!(town.verify(&unknown(&town)).now_or_never(), None);
    let good = signed(&rsa(RSA_2), Algorithm::RS256, "two", &town.claims());
    assert!(
        town.verify(&good).await.is_ok(),
        "it waits for the same fetch"
    );
    assert_eq!(town.far.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_who_hangs_up_every_second_keeps_no_revoked_key_alive() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    publishes_two(&town);
    for _ in 0..90 {
        pass(Seconds(1)).await;
        let nobody = signed(&rsa(RSA_2), Algorithm::RS256, "forged", &town.claims());
        let _ = town.verify(&nobody).now_or_never();
    }
    assert_eq!(town.refuses(&town.good()).await, Refused::Key);
    assert_eq!(town.far.asked(), 2, "and the issuer is not flooded");
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_for_a_fetch_hear_how_it_ended() {
    let town = town();
    town.far.answers(Answer::Status(503));
    let good = town.good();
    let all = futures::future::join_all((0..5).map(|_| town.verify(&good))).await;
    for answer in all {
        assert_eq!(answer, Err(Refused::Away(NoKeys::Status(503))));
    }
    assert_eq!(town.far.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_pause_between_fetches_begins_at_the_end_of_one() {
    let town = town();
    assert!(town.verify(&town.good()).await.is_ok());
    pass(REST).await;
    town.far.answers(Answer::Hang);
    let before = town.clock.now();
    assert_eq!(town.refuses(&unknown(&town)).await, Refused::Key);
    assert!(town.clock.now() - before >= chrono::TimeDelta::seconds(5));
    publishes_two(&town);
    pass(Seconds(REST.0 - 1)).await;
    assert_eq!(town.refuses(&unknown(&town)).await, Refused::Key);
    assert_eq!(town.far.asked(), 2);
    pass(Seconds(1)).await;
    assert!(town.verify(&unknown(&town)).await.is_ok());
    assert_eq!(town.far.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn keys_come_in_the_clear_only_from_an_issuer_on_the_same_machine() {
    let clear = NoKeys::Shape("it does not publish its keys over TLS");
    for (issuer, keys, passes) in [
        (ISSUER, "https://keys.example/keys", true),
        (ISSUER, "http://token.example/keys", false),
        (ISSUER, "http://127.0.0.1/keys", false),
        (ISSUER, "file:///keys", false),
        ("http://127.0.0.1/jobs", "http://127.0.0.1/keys", true),
        ("http://127.0.0.1/jobs", "https://127.0.0.1/keys", true),
    ] {
        let verified = from(issuer, keys).await;
        let expected = match passes {
            true => Ok(()),
            false => Err(Refused::Away(clear.clone())),
        };
        assert_eq!(verified, expected, "{issuer} {keys}");
    }
}

/// A good token of an issuer that says that its keys are there.
async fn from(issuer: &'static str, keys: &'static str) -> Result<(), Refused> {
    let one = published(&rsa(RSA_1), Algorithm::RS256, "one");
    let router = Router::new().fallback(move |uri: Uri| {
        let keys = match uri.path() {
            "/keys" => json!({"keys": [one]}),
            _ => json!({"issuer": issuer, "jwks_uri": keys}),
        };
        async move { axum::Json(keys) }
    });
    let (wire, listener) = Wire::memory();
    let tracker = TaskTracker::new();
    tracker.spawn(serve(listener, router, tracker.clone()));
    let clock = town().clock;
    let known = Issuer {
        issuer: issuer.to_owned(),
        audience: "drawbridge".to_owned(),
        subjects: vec![Subject {
            pattern: Pattern::read(MAIN).unwrap(),
            name: "shop-deployer".to_owned(),
        }],
        jwks: None,
    };
    let oidc = Oidc::new(&[("x".to_owned(), known)].into(), &wire, &clock);
    let now = clock.now().timestamp();
    let claims = json!({
        "iss": issuer, "aud": "drawbridge", "sub": MAIN, "iat": now, "exp": now + 300,
    });
    let token = signed(&rsa(RSA_1), Algorithm::RS256, "one", &claims);
    oidc.verify(&token).await.unwrap().map(|_| ())
}
