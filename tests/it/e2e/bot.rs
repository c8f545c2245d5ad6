//! The program as a child process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::wait::{SOON, until, within};

/// The environment of a process: nothing else is inherited.
pub(crate) type Env = BTreeMap<String, String>;

/// A running `drawbridge`. It is killed with the value.
#[derive(Debug)]
pub(crate) struct Bot {
    process: Child,
    log: PathBuf,
}

impl Bot {
    /// Starts the program; everything it prints goes to `log`.
    pub(crate) fn start(args: &[&str], env: &Env, log: &Path) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
        program.args(args).env_clear();
        Self::of(program, env, log)
    }

    /// Starts `drawbridge serve` with a small disk of its own at `disk`, which nobody else sees but through
    /// [`Bot::root`] and which is gone with the process. Needs user namespaces, or root.
    pub(crate) fn on_small_disk(disk: &Path, env: &Env, log: &Path) -> Self {
        let mounted = "mount -t tmpfs -o size=12m tmpfs \"$0\" && exec \"$@\"";
        let mut program = Command::new("unshare");
        program
            .args(["--map-root-user", "--mount", "sh", "-c", mounted])
            .arg(disk)
            .args([env!("CARGO_BIN_EXE_drawbridge"), "serve"])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        Self::of(program, env, log)
    }

    fn of(mut program: Command, env: &Env, log: &Path) -> Self {
        let output = File::create(log).unwrap();
        let process = program
            .envs(env)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let log = log.to_owned();
        Self { process, log }
    }

    /// Everything it has printed so far.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Where it listens, once it says so; the port is the system's choice.
    pub(crate) async fn address(&mut self) -> String {
        let listening = until(async || {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended: {ended:?}\n{}", self.output());
            let output = self.output();
            let lines = output
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok());
            let mut serving = lines.filter(|line: &Value| line["fields"]["message"] == "serving");
            serving.find_map(|line| line["fields"]["address"].as_str().map(str::to_owned))
        });
        within(SOON, "the bot listens", listening).await
    }

    /// Status and body of one of its own pages; `None` when nothing answers.
    pub(crate) async fn page(&mut self, path: &str) -> Option<(u16, String)> {
        let url = format!("http://{}{path}", self.address().await);
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
        let response = client.get(url.parse().unwrap()).await.ok()?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.ok()?.to_bytes();
        Some((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// What `/readyz` says, as soon as its status is this one.
    pub(crate) async fn ready_is(&mut self, status: u16, limit: Duration) -> Value {
        let answers = until(async || {
            let (found, body) = self.page("/readyz").await?;
            (found == status).then(|| serde_json::from_str(&body).unwrap())
        });
        within(limit, &format!("/readyz answers {status}"), answers).await
    }

    /// The root of the files as it sees them.
    pub(crate) fn root(&self) -> PathBuf {
        format!("/proc/{}/root", self.process.id()).into()
    }

    /// SIGKILL: it cannot do a thing more.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// SIGTERM, as Kubernetes sends it.
    pub(crate) fn terminate(&self) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success(), "kill -TERM {pid}");
    }

    /// How it ended, which it must within `limit`.
    pub(crate) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let ending = until(async || self.process.try_wait().unwrap());
        match tokio::time::timeout(limit, ending).await {
            Ok(status) => status,
            Err(_) => panic!("it does not end within {limit:?}:\n{}", self.output()),
        }
    }

    /// It ends soon, with this exit status.
    pub(crate) async fn ends_with(&mut self, code: Option<i32>) {
        let ended = self.ended(SOON).await;
        assert_eq!(ended.code(), code, "{}", self.output());
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
