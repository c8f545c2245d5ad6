//! A bot on one of Slack's SDKs, as a child process that tells what it saw.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use drawbridge::sim::slack::{Route, Setup};
use serde_json::Value;

/// Which SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sdk {
    Python,
    JavaScript,
}

/// How Slack reaches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Socket,
    Http,
}

/// The running bot. Dropping it ends it; it also ends by itself when the test binary does.
#[derive(Debug)]
pub(super) struct SdkBot {
    child: Child,
    port: u16,
    saw: Arc<Mutex<Vec<Value>>>,
}

impl SdkBot {
    pub(super) fn start(sdk: Sdk, mode: Mode, setup: &Setup) -> Self {
        let port = free_port();
        let mut command = match sdk {
            Sdk::Python => python("bot.py"),
            Sdk::JavaScript => script("node".into(), "bot.mjs"),
        };
        let mut child = command
            .arg(match mode {
                Mode::Socket => "socket",
                Mode::Http => "http",
            })
            .env("SLACK_API_URL", format!("{}/api/", setup.base_url))
            .env("SLACK_BOT_TOKEN", &setup.bot_token)
            .env("SLACK_APP_TOKEN", &setup.app_token)
            .env("SLACK_SIGNING_SECRET", &setup.signing_secret)
            .env("PORT", port.to_string())
            // It reads to the end of its input and exits then.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let saw = Arc::new(Mutex::new(Vec::new()));
        let (told, lines) = (Arc::clone(&saw), child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(lines).lines().map_while(Result::ok) {
                // Bolt greets in plain words; what the bot tells is JSON.
                if let Ok(line) = serde_json::from_str(&line) {
                    told.lock().unwrap().push(line);
                }
            }
        });
        Self { child, port, saw }
    }

    /// Where it listens in [`Mode::Http`].
    pub(super) fn route(&self) -> Route {
        Route::Url(format!("http://127.0.0.1:{}", self.port))
    }

    /// Everything of a kind that it saw so far.
    pub(super) fn saw(&self, kind: &str) -> Vec<Value> {
        let saw = self.saw.lock().unwrap();
        saw.iter()
            .filter(|line| line["saw"] == kind)
            .cloned()
            .collect()
    }
}

impl Drop for SdkBot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program of `tests/slack-sdk` on the installed Python.
pub(super) fn python(name: &str) -> Command {
    script(installed().join("venv/bin/python"), name)
}

fn script(interpreter: PathBuf, name: &str) -> Command {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slack-sdk");
    let mut command = Command::new(interpreter);
    command
        .arg(programs.join(name))
        .current_dir(installed())
        // The repository stays as it is.
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Where the SDKs are.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/slack-sdk");
    assert!(
        folder.join("installed-from").exists(),
        "Slack's SDKs are not installed: run tests/servers/slack-sdk.sh"
    );
    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
