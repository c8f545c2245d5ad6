//! Waiting: lines, rounds, tokens that are replaced, time-outs, signals, probes.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::desk::{ASK, DONE, Desk, LOOK, Say, ended, signal};

const PATH: &str = "shop/web to orders/db:5432 for 30m because INC-42";

fn stages(approved: u32) -> serde_json::Value {
    json!({
        "stages": [{"name": "own\u{1b}[31mers", "need": 2, "approved": approved, "waiting": approved < 2}],
        "cluster": "prod-eu", "owner": "U0SAM",
    })
}

#[tokio::test]
async fn every_change_is_one_plain_line() {
    let desk = Desk::open().await;
    desk.also(stages(0));
    let pending = || Say::With(200, json!({"id": "k7m3xq", "state": "pending"}));
    desk.says(ASK, [Say::Told("pending")]);
    desk.says(
        LOOK,
        [
            pending(),
            pending(),
            Say::With(503, json!({})),
            Say::Told("active"),
        ],
    );
    let ran = desk.run(&["request", PATH, "--wait"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(
        lines,
        [
            "k7m3xq pending: own [31mers (0 of 2); shop/web -> orders/db:5432 in prod-eu, owner U0SAM",
            "k7m3xq pending",
            "drawbridge: the server cannot be asked now, and is asked again: the server answered with HTTP 503",
            "drawbridge: the server answers again",
            "k7m3xq active: own [31mers (0 of 2)"
        ],
        "{ran:?}"
    );
    for call in desk.calls().iter().filter(|call| call.what == LOOK) {
        let seconds = call.query.strip_prefix("wait=active&timeout=").unwrap();
        let seconds: u64 = seconds.strip_suffix('s').unwrap().parse().unwrap();
        assert!(seconds <= 60, "{}", call.query);
    }
}

#[tokio::test]
async fn a_token_that_is_replaced_meanwhile_is_used() {
    let desk = Desk::open().await;
    let pending = || Say::With(200, json!({"id": "k7m3xq", "state": "pending"}));
    desk.says(ASK, [Say::Told("pending")]);
    desk.says(LOOK, [pending()]);
    let job = desk.start(&["request", PATH, "--wait"]);
    desk.until(LOOK, 1).await;
    desk.token("secret-token-2");
    desk.until(LOOK, 3).await;
    desk.says(LOOK, [Say::Told("active")]);
    assert_eq!(ended(job).await.code, Some(0));
    let calls = desk.calls();
    assert_eq!(calls.first().unwrap().token, "Bearer secret-token-1");
    assert_eq!(calls.last().unwrap().token, "Bearer secret-token-2");
}

#[tokio::test]
async fn a_request_that_nobody_answers_in_time_is_left_to_people() {
    let desk = Desk::open().await;
    desk.says(ASK, [Say::Told("pending")]);
    desk.says(LOOK, [Say::Told("pending")]);
    let ran = desk
        .run(&["request", PATH, "--wait", "--timeout", "2s"])
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.err.contains("not open in time"), "{ran:?}");
    assert!(
        ran.err.contains("`drawbridge done k7m3xq` ends it"),
        "{ran:?}"
    );
    assert!(!desk.whats().contains(&DONE.to_owned()));
    // The same when somebody ends the waiting.
    for one in ["-TERM", "-INT"] {
        let before = desk.calls().iter().filter(|call| call.what == LOOK).count();
        let job = desk.start(&["request", PATH, "--wait"]);
        desk.until(LOOK, before + 1).await;
        signal(&job, one);
        let ran = ended(job).await;
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(
            ran.err.contains("`drawbridge done k7m3xq` ends it"),
            "{ran:?}"
        );
        assert!(!desk.whats().contains(&DONE.to_owned()));
    }
}

#[tokio::test]
async fn a_probe_connects_before_success_is_reported() {
    let desk = Desk::open().await;
    let target = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = target.local_addr().unwrap().to_string();
    let connected = async {
        let (_stream, _) = target.accept().await.unwrap();
    };
    desk.also(json!({"targets": [address]}));
    let (ran, ()) = tokio::join!(desk.run(&["request", PATH, "--probe"]), connected);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("connecting"), "{ran:?}");
    // Named by hand, where the bot names none.
    desk.also(json!({}));
    let connected = async {
        let (_stream, _) = target.accept().await.unwrap();
    };
    let given = format!("--probe={address}");
    let words = ["request", PATH, given.as_str()];
    let (ran, ()) = tokio::join!(desk.run(&words), connected);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = desk.run(&["request", PATH, "--probe"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("names no address"), "{ran:?}");
    assert!(ran.err.contains("`k7m3xq` stands as it is"), "{ran:?}");
}

#[tokio::test]
async fn a_probe_ends_with_the_time_and_says_that_the_path_is_open() {
    let desk = Desk::open().await;
    // Bound, then closed: nothing listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let marker = desk.folder.path().join("ran");
    let command = ["--", "touch", marker.to_str().unwrap()];
    let probe = format!("--probe={address}");
    let words = ["request", PATH, &probe, "--timeout", "2s"];
    for (more, calls, stands) in [
        (&[][..], &[ASK][..], true),
        // Nobody would use it any more.
        (&command, &[ASK, DONE], false),
    ] {
        let before = desk.calls().len();
        let start = Instant::now();
        let ran = desk.run(&[&words[..], more].concat()).await;
        let took = start.elapsed();
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let said = format!(
            "the path is open, but the time is over and the target was not reached: no connection to `{address}`"
        );
        assert!(ran.err.contains(&said), "{ran:?}");
        assert_eq!(
            ran.err.contains("`k7m3xq` stands as it is"),
            stands,
            "{ran:?}"
        );
        assert!(took < Duration::from_secs(20), "{took:?}");
        assert_eq!(desk.whats()[before..], *calls);
    }
    assert!(!marker.exists(), "it was not run");
}

#[tokio::test]
async fn a_target_that_answers_late_is_waited_for() {
    let desk = Desk::open().await;
    // Bound, then closed: nothing listens there until the job has tried.
    let address = {
        let target = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        target.local_addr().unwrap()
    };
    let given = format!("--probe={address}");
    let job = desk.start(&["request", PATH, &given]);
    desk.until(ASK, 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let target = TcpListener::bind(address).await.unwrap();
    let (_stream, _) =
        crate::e2e::wait::within(crate::e2e::wait::SOON, "a connection", target.accept())
            .await
            .unwrap();
    assert_eq!(ended(job).await.code, Some(0));
}
