//! Asking: keys, tokens, addresses, what is printed and how it ends.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::desk::{ASK, DONE, Desk, LOOK, Say, ended, signal};
use crate::e2e::wait::{SOON, within};

const PATH: &str = "shop/web to orders/db:5432 for 30m because INC-42";

#[tokio::test]
async fn an_answer_that_was_lost_never_makes_two_requests() {
    let desk = Desk::open().await;
    let away = Say::With(503, json!({"detail": "the store does not answer"}));
    desk.says(ASK, [away, Say::Cut, Say::Busy(1), Say::Told("pending")]);
    let ran = desk.run(&["request", PATH]).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "k7m3xq pending; shop/web -> orders/db:5432\n"),
        "{ran:?}"
    );
    let calls = desk.calls();
    assert_eq!(calls.len(), 4);
    let keys: BTreeSet<_> = calls.iter().map(|call| call.key.clone().unwrap()).collect();
    assert_eq!(keys.len(), 1, "one key for all of them");
    for call in &calls {
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body, json!({"ask": PATH}));
    }
    desk.run(&["request", PATH]).await;
    let next = desk.calls().last().unwrap().key.clone().unwrap();
    assert!(!keys.contains(&next), "another run asks for something else");
    desk.run(&["request", PATH, "--key", "deploy-7/1"]).await;
    let own = desk.calls().last().unwrap().key.clone();
    assert_eq!(own.as_deref(), Some("deploy-7/1"));
}

#[tokio::test]
async fn the_exit_status_says_how_it_went() {
    let desk = Desk::open().await;
    let problem = |status: u16| {
        let body = json!({"title": "no", "detail": "rule `orders` says no", "hint": "ask less"});
        Say::With(status, body)
    };
    for (say, wait, code, words) in [
        (Say::Told("pending"), false, 0, "k7m3xq pending"),
        (Say::Told("active"), true, 0, "k7m3xq active"),
        (Say::Told("denied"), true, 1, "k7m3xq denied"),
        (Say::Told("lapsed"), true, 1, "k7m3xq lapsed"),
        (Say::Told("cancelled"), true, 1, "k7m3xq cancelled"),
        (Say::Told("failed"), true, 1, "k7m3xq failed"),
        (Say::Told("ended"), true, 1, "k7m3xq ended"),
        (Say::Told("refused"), false, 1, "k7m3xq refused"),
        (problem(403), true, 1, "rule `orders` says no\n  ask less"),
        (problem(404), false, 1, "says no"),
        (problem(409), false, 1, "says no"),
        (problem(400), false, 2, "says no"),
        (problem(401), true, 2, "says no"),
        (problem(422), true, 2, "says no"),
        (
            Say::With(200, json!(["something else"])),
            false,
            3,
            "not a Drawbridge's",
        ),
    ] {
        desk.says(ASK, [say.clone()]);
        desk.says(LOOK, [say.clone()]);
        let words_given: &[&str] = if wait {
            &["request", PATH, "--wait"]
        } else {
            &["request", PATH]
        };
        let ran = desk.run(words_given).await;
        assert_eq!(ran.code, Some(code), "{say:?}: {ran:?}");
        let all = format!("{}{}", ran.out, ran.err);
        assert!(all.contains(words), "{say:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_tried_until_the_time_is_over() {
    let desk = Desk::open().await;
    desk.says(ASK, [Say::With(500, json!({}))]);
    let ran = desk
        .run(&["request", PATH, "--wait", "--timeout", "2s"])
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let tries = desk.calls().len();
    assert!((3..=16).contains(&tries), "with pauses between: {tries}");
}

const UNKNOWN: &str = "whether a request was made is not known";
const NOTHING: &str = "nothing was asked: no request was made";

/// A port that nothing listens on.
fn closed() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn without_a_connection_nothing_was_asked_and_the_address_is_told() {
    let desk = Desk::open().await;
    // Connected to by the kernel, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = format!("http://{}", closed());
    let no_tls = format!("https://{}", desk.address);
    let mute = format!("https://{}", silent.local_addr().unwrap());
    for (origin, path, why) in [
        (refused.as_str(), "/behind/a/path", "Connection refused"),
        // No such name (RFC 6761).
        ("https://drawbridge.invalid", "/", ""),
        (&no_tls, "", ""),
        (&mute, "", "no answer in time"),
    ] {
        let server = format!("{origin}{path}");
        for more in [&[][..], &["--wait"], &["--key", "k1"], &["--", "true"]] {
            let words = ["request", PATH, "--timeout", "1s", "--server", &server];
            let ran = desk.run(&[&words[..], more].concat()).await;
            assert_eq!(ran.code, Some(3), "{ran:?}");
            // An earlier run may have asked with the same key.
            let nothing = match more.first() {
                Some(&"--key") => "  nothing was asked just now\n",
                _ => NOTHING,
            };
            for said in [
                &format!("drawbridge: no connection to `{origin}`: {why}"),
                nothing,
                "the address is set by `--server`, else by `DRAWBRIDGE_SERVER`",
            ] {
                assert!(ran.err.contains(said), "{said}: {ran:?}");
            }
            assert!(!ran.err.contains(UNKNOWN), "{ran:?}");
        }
    }
    // Ended while it connects.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = format!("https://{}", silent.local_addr().unwrap());
    let job = desk.start(&["request", PATH, "--wait", "--server", &mute]);
    let _stream = within(SOON, "it connects", silent.accept()).await.unwrap();
    signal(&job, "-TERM");
    let ran = ended(job).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains(NOTHING), "{ran:?}");
    assert_eq!(desk.whats(), [""; 0]);
}

#[tokio::test]
async fn whether_a_request_was_made_is_unknown_only_where_an_ask_was_sent() {
    let desk = Desk::open().await;
    for (say, unknown) in [
        (Say::Silence, true),
        (Say::Cut, true),
        (Say::With(502, json!({})), true),
        (Say::Page(502), true),
        (Say::Page(404), false),
        (Say::Busy(9), false),
    ] {
        desk.says(ASK, [say.clone()]);
        let words = ["request", PATH, "--timeout", "1s", "--key", "k1"];
        let ran = desk.run(&words).await;
        assert_eq!(ran.code, Some(3), "{say:?}: {ran:?}");
        assert_eq!(ran.err.contains(UNKNOWN), unknown, "{say:?}: {ran:?}");
        assert_eq!(
            ran.err.contains("`--key k1` finds it"),
            unknown,
            "{say:?}: {ran:?}"
        );
        assert!(!ran.err.contains(NOTHING), "{say:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_proxys_page_is_no_word_of_the_bot() {
    let desk = Desk::open().await;
    desk.says(ASK, [Say::Page(404), Say::Page(403), Say::Told("pending")]);
    desk.says(LOOK, [Say::Page(404), Say::Told("active")]);
    let ran = desk.run(&["request", PATH, "--wait"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    desk.says(DONE, [Say::Page(404), Say::Page(502), Say::Told("ended")]);
    let ran = desk.run(&["done", "k7m3xq"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    desk.says(DONE, [Say::Page(404)]);
    let ran = desk.run(&["done", "k7m3xq", "--timeout", "1s"]).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let said = "the answer is not a Drawbridge's: HTTP 404";
    assert!(ran.err.contains(said), "{ran:?}");
    // A lost answer stays in doubt, also where the rules say no later.
    for second in [Say::Page(403), Say::With(403, json!({"detail": "no"}))] {
        desk.says(ASK, [Say::Cut, second.clone()]);
        let ran = desk.run(&["request", PATH, "--timeout", "1s"]).await;
        assert!(ran.err.contains(UNKNOWN), "{second:?}: {ran:?}");
    }
}

#[tokio::test]
async fn a_token_goes_nowhere_else() {
    let desk = Desk::open().await;
    desk.says(ASK, [Say::Redirect]);
    let ran = desk.run(&["request", PATH]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(desk.whats(), [ASK], "a redirect is not followed");
    assert_eq!(desk.calls()[0].token, "Bearer secret-token-1");
    for server in [
        "http://drawbridge.example",
        "http://10.0.0.1:8080",
        "drawbridge",
    ] {
        let ran = desk.run(&["request", PATH, "--server", server]).await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains("`--server`"), "{ran:?}");
    }
    assert_eq!(desk.calls().len(), 1);
}

#[tokio::test]
async fn a_token_that_cannot_be_read_is_misuse() {
    let desk = Desk::open().await;
    desk.token("");
    let ran = desk.run(&["request", PATH]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("holds no token"), "{ran:?}");
    std::fs::remove_file(desk.token_file()).unwrap();
    let ran = desk.run(&["done", "k7m3xq"]).await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.err.contains("token cannot be read"), "{ran:?}");
    assert_eq!(desk.whats(), [""; 0]);
}

#[tokio::test]
async fn done_and_approve_are_one_call_each() {
    let desk = Desk::open().await;
    desk.says(DONE, [Say::With(503, json!({})), Say::Told("ended")]);
    let ran = desk.run(&["done", "K7M3XQ"]).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "k7m3xq ended\n"),
        "{ran:?}"
    );
    assert_eq!(desk.whats(), [DONE, DONE]);
    const APPROVE: &str = "POST /v1/requests/k7m3xq/approve";
    desk.says(APPROVE, [Say::Told("granting")]);
    let ran = desk.run(&["approve", "k7m3xq"]).await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "k7m3xq granting\n"),
        "{ran:?}"
    );
    let not_named = json!({"detail": "rule `orders` does not name you for this"});
    desk.says(APPROVE, [Say::With(403, not_named)]);
    let ran = desk.run(&["approve", "k7m3xq"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("does not name you"), "{ran:?}");
    let before = desk.calls().len();
    for id in ["k7m3x0", "../k7m3xq", "k7m3xq/done", ""] {
        assert_eq!(desk.run(&["done", id]).await.code, Some(2), "{id}");
    }
    assert_eq!(desk.calls().len(), before, "what is no id is not sent");
}

#[tokio::test]
async fn done_and_approve_give_up_at_the_end_of_their_time() {
    let desk = Desk::open().await;
    let gone = format!("http://{}", closed());
    desk.says(DONE, [Say::Silence]);
    for (words, said) in [
        (&["done", "k7m3xq"][..], "no answer in time"),
        (&["done", "k7m3xq", "--server", &gone], "no connection to"),
        (
            &["approve", "k7m3xq", "--server", &gone],
            "no connection to",
        ),
    ] {
        let start = Instant::now();
        let ran = desk.run(&[words, &["--timeout", "1s"][..]].concat()).await;
        assert_eq!(ran.code, Some(3), "{words:?}: {ran:?}");
        assert!(ran.err.contains(said), "{words:?}: {ran:?}");
        // Far from the usual minute, also on a busy machine.
        let took = start.elapsed();
        assert!(took.as_secs() < 30, "{words:?}: {took:?}");
        let known = desk.run(&[words[0], "--help"]).await;
        assert!(known.out.contains("--timeout <LENGTH>"), "{known:?}");
    }
}

#[tokio::test]
async fn json_is_the_request_as_it_was_told() {
    let desk = Desk::open().await;
    desk.also(json!({"rule": "orders", "new": {"later": true}}));
    let ran = desk.run(&["request", PATH, "--wait", "-o", "json"]).await;
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (ran.code, &told["state"], &told["new"]["later"]),
        (Some(0), &json!("active"), &json!(true))
    );
    let both = desk
        .run(&["request", PATH, "-o", "json", "--", "true"])
        .await;
    assert_eq!(both.code, Some(2), "the output is the command's: {both:?}");
}
