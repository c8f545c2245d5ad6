//! A command while the path is open: its environment, its signals, its end, and that done always follows.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::desk::{ASK, DONE, Desk, LOOK, Say, ended, signal};
use crate::e2e::wait::{SOON, until, within};

const PATH: &str = "shop/web to orders/db:5432 for 30m because INC-42";

#[tokio::test]
async fn a_command_runs_with_what_it_needs_to_know_and_its_status_is_the_jobs() {
    let desk = Desk::open().await;
    desk.says(ASK, [Say::Told("pending")]);
    desk.also(json!({"expires_at": "2026-11-26T12:00:00Z"}));
    let script = "echo \"$DRAWBRIDGE_REQUEST_ID $DRAWBRIDGE_EXPIRES_AT $1\"; exit 7";
    let ran = desk
        .run(&["request", PATH, "--", "sh", "-c", script, "sh", "--flag"])
        .await;
    assert_eq!(ran.code, Some(7), "{ran:?}");
    assert_eq!(
        ran.out, "k7m3xq 2026-11-26T12:00:00Z --flag\n",
        "its output is the command's"
    );
    let whats = desk.whats();
    assert_eq!(
        (
            whats.first().unwrap().as_str(),
            whats.last().unwrap().as_str()
        ),
        (ASK, DONE)
    );
}

#[tokio::test]
async fn done_follows_however_a_command_ends() {
    // Only who starts it finds that out.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken");
    std::fs::write(&broken, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&broken, Permissions::from_mode(0o755)).unwrap();
    for (command, code) in [
        (&["true"][..], 0),
        (&["false"], 1),
        (&["sh", "-c", "kill -KILL $$"], 137),
        (&["sh", "-c", "kill -TERM $$"], 143),
        (&[broken.to_str().unwrap()], 127),
    ] {
        let desk = Desk::open().await;
        let ran = desk
            .run(&[&["request", PATH, "--"], command].concat())
            .await;
        assert_eq!(ran.code, Some(code), "{command:?}: {ran:?}");
        assert_eq!(desk.whats().last().unwrap(), DONE, "{command:?}");
    }
}

#[tokio::test]
async fn a_command_that_cannot_be_run_asks_for_nothing() {
    let desk = Desk::open().await;
    let text = desk.folder.path().join("text");
    std::fs::write(&text, "").unwrap();
    std::fs::set_permissions(&text, Permissions::from_mode(0o644)).unwrap();
    let text = text.to_str().unwrap();
    for (program, code, said) in [
        ("/no/such/program", 127, "is not found"),
        ("no-such-program", 127, "is not found"),
        ("", 127, "is not found"),
        (text, 126, "cannot be executed"),
        ("/", 126, "cannot be executed"),
    ] {
        let ran = desk.run(&["request", PATH, "--", program, "x"]).await;
        assert_eq!(ran.code, Some(code), "{program}: {ran:?}");
        assert!(ran.err.contains(&format!("`{program}`")), "{ran:?}");
        assert!(ran.err.contains(said), "{ran:?}");
        assert!(ran.err.contains("nothing was asked"), "{ran:?}");
    }
    assert_eq!(desk.whats(), [""; 0]);
    let help = desk.run(&["request", "--help"]).await.out;
    assert!(help.contains("127") && help.contains("126"), "{help}");
}

#[tokio::test]
async fn a_command_can_call_the_program_itself() {
    let desk = Desk::open().await;
    let own = env!("CARGO_BIN_EXE_drawbridge");
    let script = "\"$0\" done \"$DRAWBRIDGE_REQUEST_ID\"";
    let ran = desk
        .run(&["request", PATH, "--", "sh", "-c", script, own])
        .await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (Some(0), "k7m3xq ended\n"),
        "{ran:?}"
    );
    let dones = desk.whats().iter().filter(|what| *what == DONE).count();
    assert_eq!(dones, 2);
}

#[tokio::test]
async fn signals_reach_the_command_and_done_follows() {
    for (one, name) in [
        ("-TERM", "TERM"),
        ("-INT", "INT"),
        ("-HUP", "HUP"),
        ("-USR1", "USR1"),
    ] {
        let desk = Desk::open().await;
        let started = desk.folder.path().join("started");
        let script = format!(
            "trap 'echo got {name}; exit 9' {name}; : > {}; while :; do sleep 0.05; done",
            started.display()
        );
        let job = desk.start(&["request", PATH, "--", "sh", "-c", &script]);
        let runs = until(async || started.exists().then_some(()));
        within(SOON, "the command runs", runs).await;
        assert!(
            !desk.whats().contains(&DONE.to_owned()),
            "it is not done yet"
        );
        signal(&job, one);
        let ran = ended(job).await;
        assert_eq!(
            (ran.code, ran.out.trim()),
            (Some(9), format!("got {name}").as_str()),
            "{ran:?}"
        );
        assert_eq!(desk.whats().last().unwrap(), DONE, "{name}");
    }
}

#[tokio::test]
async fn a_command_that_will_not_run_leaves_no_request_behind() {
    let desk = Desk::open().await;
    let marker = desk.folder.path().join("ran");
    let touch = ["--", "touch", marker.to_str().unwrap()];
    desk.says(ASK, [Say::Told("pending")]);
    desk.says(LOOK, [Say::Told("pending")]);
    let ran = desk
        .run(&[&["request", PATH, "--timeout", "1s"], &touch[..]].concat())
        .await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(desk.whats().last().unwrap(), DONE);
    let job = desk.start(&[&["request", PATH], &touch[..]].concat());
    let looks = desk.whats().iter().filter(|what| *what == LOOK).count();
    desk.until(LOOK, looks + 1).await;
    signal(&job, "-TERM");
    assert_eq!(ended(job).await.code, Some(3));
    assert_eq!(desk.whats().last().unwrap(), DONE);
    desk.says(LOOK, [Say::Told("denied")]);
    let ran = desk.run(&[&["request", PATH], &touch[..]].concat()).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(!marker.exists(), "the path was never open");
}

#[tokio::test]
async fn a_request_whose_answer_did_not_come_is_found_and_ended() {
    for (signals, limit) in [(&["-TERM"][..], "1m"), (&["-INT"], "1m"), (&[], "1s")] {
        let desk = Desk::open().await;
        let marker = desk.folder.path().join("ran");
        desk.says(ASK, [Say::Silence, Say::Told("pending")]);
        let command = ["--", "touch", marker.to_str().unwrap()];
        let words = [&["request", PATH, "--timeout", limit], &command[..]].concat();
        let job = desk.start(&words);
        desk.until(ASK, 1).await;
        for one in signals {
            signal(&job, one);
        }
        assert_eq!(ended(job).await.code, Some(3), "{signals:?}");
        assert_eq!(desk.whats(), [ASK, ASK, DONE], "{signals:?}");
        let calls = desk.calls();
        assert!(calls[0].key.is_some());
        assert_eq!(calls[0].key, calls[1].key, "it is the same request");
        assert!(!marker.exists(), "the path was never open");
    }
    // What was refused is no more; of all else it is not known, and the key is told.
    let desk = Desk::open().await;
    for (second, unknown, calls) in [
        (
            Say::With(403, json!({"detail": "no", "id": "k7m3xq"})),
            false,
            2,
        ),
        (Say::With(403, json!({"detail": "no"})), true, 2),
        (Say::Silence, true, 3),
    ] {
        let before = desk.calls().len();
        desk.says(ASK, [Say::Silence, second]);
        let ran = desk
            .run(&[
                "request",
                PATH,
                "--key",
                "k9",
                "--timeout",
                "1s",
                "--",
                "true",
            ])
            .await;
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let told = ran.err.contains("`--key k9` finds it");
        assert_eq!(told, unknown, "{ran:?}");
        assert_eq!(desk.calls().len() - before, calls);
    }
    assert!(!desk.whats().contains(&DONE.to_owned()));
}

#[tokio::test]
async fn what_an_earlier_run_may_have_made_is_not_closed_under_it() {
    let desk = Desk::open().await;
    let key = ["request", PATH, "--timeout", "1s", "--key", "k9"];
    let stands = "`k7m3xq` stands until its end: an earlier run may have made it, with the same \
                  `--key`; `drawbridge done k7m3xq` ends it";
    let again = "`k7m3xq` stands as it is, the same `--key` finds it again; \
                 `drawbridge done k7m3xq` ends it";
    desk.says(LOOK, [Say::Told("pending")]);
    let before = || Say::Before("pending");
    for (asks, more, said) in [
        (vec![Say::Silence, before()], &["--", "true"][..], stands),
        (vec![before()], &["--", "true"], stands),
        // The first may have made it, or an earlier run.
        (vec![Say::Cut, before()], &["--", "true"], stands),
        (vec![Say::Silence, before()], &["--wait"], again),
        (vec![before()], &["--wait"], again),
        // It is over.
        (
            vec![Say::Silence, Say::Before("denied")],
            &["--wait"],
            "k7m3xq denied",
        ),
    ] {
        desk.says(ASK, asks.clone());
        let ran = desk.run(&[&key[..], more].concat()).await;
        assert_eq!(ran.code, Some(3), "{asks:?}: {ran:?}");
        assert!(ran.err.contains(said), "{asks:?}: {ran:?}");
        assert!(!desk.whats().contains(&DONE.to_owned()), "{asks:?}");
    }
    // This run made it.
    desk.says(ASK, [Say::Told("pending")]);
    let ran = desk.run(&[&key[..], &["--", "true"]].concat()).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(desk.whats().last().unwrap(), DONE);
}

#[tokio::test]
async fn a_command_whose_target_does_not_answer_is_not_run_and_done_follows() {
    // Bound, then closed: nothing listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let probe = format!("--probe={}", closed.local_addr().unwrap());
    drop(closed);
    for (signals, code) in [(&["-INT"][..], 3), (&["-TERM"], 3), (&[], 1)] {
        let desk = Desk::open().await;
        let marker = desk.folder.path().join("ran");
        let command = ["--", "touch", marker.to_str().unwrap()];
        let mut job = desk.start(&[&["request", PATH, &probe], &command[..]].concat());
        let mut err = tokio::io::BufReader::new(job.stderr.take().unwrap());
        let connecting = async {
            let mut all = String::new();
            while !all.contains("connecting") {
                let read = tokio::io::AsyncBufReadExt::read_line(&mut err, &mut all).await;
                assert!(read.unwrap() > 0, "{all}");
            }
        };
        within(SOON, "it connects", connecting).await;
        for one in signals {
            signal(&job, one);
        }
        assert_eq!(ended(job).await.code, Some(code), "{signals:?}");
        assert_eq!(desk.whats(), [ASK, DONE], "{signals:?}");
        assert!(!marker.exists(), "it was not run");
    }
}

#[tokio::test]
async fn a_request_that_somebody_took_back_runs_nothing() {
    for state in ["cancelled", "lapsed", "failed", "ended"] {
        let desk = Desk::open().await;
        let marker = desk.folder.path().join("ran");
        desk.says(ASK, [Say::Told("pending")]);
        desk.says(LOOK, [Say::Told(state)]);
        let command = ["--", "touch", marker.to_str().unwrap()];
        let ran = desk
            .run(&[&["request", PATH, "--timeout", "30s"], &command[..]].concat())
            .await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains(state), "{ran:?}");
        assert!(!marker.exists(), "{state}");
    }
}

#[tokio::test]
async fn a_path_that_closes_under_a_command_is_told() {
    let desk = Desk::open().await;
    let go_on = desk.folder.path().join("go-on");
    let script = format!("until [ -e {} ]; do sleep 0.05; done", go_on.display());
    desk.says(LOOK, [Say::Told("ended")]);
    desk.also(json!({"detail": "INC-42 is over"}));
    let mut job = desk.start(&["request", PATH, "--", "sh", "-c", &script]);
    let mut err = tokio::io::BufReader::new(job.stderr.take().unwrap());
    let told = async {
        let mut all = String::new();
        while !all.contains("while the command runs") {
            let read = tokio::io::AsyncBufReadExt::read_line(&mut err, &mut all).await;
            assert!(read.unwrap() > 0, "{all}");
        }
        all
    };
    let told = within(SOON, "the closing is told", told).await;
    assert!(
        told.contains("k7m3xq ended: INC-42 is over while the command runs"),
        "{told}"
    );
    std::fs::write(&go_on, "").unwrap();
    assert_eq!(ended(job).await.code, Some(0), "the command went on");
    assert_eq!(desk.whats().last().unwrap(), DONE);
}

#[tokio::test]
async fn done_is_tried_again_and_its_failure_changes_no_status() {
    let desk = Desk::open().await;
    desk.says(
        DONE,
        [Say::With(503, json!({})), Say::Cut, Say::Told("ended")],
    );
    let ran = desk.run(&["request", PATH, "--", "true"]).await;
    assert_eq!(
        (ran.code, ran.err.contains("could not be ended")),
        (Some(0), false),
        "{ran:?}"
    );
    let dones = desk.whats().iter().filter(|what| *what == DONE).count();
    assert_eq!(dones, 3);
    desk.says(DONE, [Say::With(403, json!({"detail": "not yours"}))]);
    let ran = desk.run(&["request", PATH, "--", "false"]).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("`k7m3xq` could not be ended: not yours"),
        "{ran:?}"
    );
    assert!(ran.err.contains("closes by itself at its end"), "{ran:?}");
}
