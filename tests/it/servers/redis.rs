//! Starts Redis and Valkey servers for tests.
//!
//! ```ignore
//! let mut server = RedisServer::start(Product::Redis).await;   // its own port, folder, process
//! let store = RedisStore::connect(&server.url())?;
//! server.kill();                                                // SIGKILL, as a crash
//! server.restart().await;                                       // same port and folder: data is back
//! server.set_full(true).await;                                  // as at maxmemory
//! let n: u64 = server.query(&["DBSIZE"]).await;                 // any command
//! ```
//!
//! Every write is in the log file before it is acknowledged, so that a killed server comes back with
//! all of it. (Written, not synced to the disk: that would only tell in a power cut, which tests do
//! not have, and a busy disk would make every answer late.) The process ends with the value. A start that loses its port to
//! another process is repeated on another one.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::FromRedisValue;
use tempfile::TempDir;

/// Longest a server may take to answer after its start.
const START: Duration = Duration::from_secs(20);

/// Every acknowledged write is in the log, and a replica is served at once.
const DURABLE: [&str; 8] = [
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "no",
    "--repl-diskless-sync-delay",
    "0",
];

/// Which server to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// `redis-server` from the `PATH`.
    Redis,
    /// `valkey-server` from `VALKEY_SERVER`, or where `tests/servers/valkey.sh` puts it.
    Valkey,
}

impl Product {
    #[expect(
        clippy::disallowed_methods,
        reason = "where a test's server is, is no setting of the product"
    )]
    fn binary(self) -> PathBuf {
        match self {
            Self::Redis => "redis-server".into(),
            Self::Valkey => std::env::var_os("VALKEY_SERVER").map_or_else(
                || {
                    Path::new(env!("CARGO_MANIFEST_DIR"))
                        .join("target/servers/valkey/valkey-server")
                },
                PathBuf::from,
            ),
        }
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Redis => "no `redis-server` on the PATH: install the package `redis-server`",
            Self::Valkey => "no Valkey server: run `tests/servers/valkey.sh`, or set VALKEY_SERVER",
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct RedisServer {
    product: Product,
    options: Vec<String>,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server that keeps everything on disk.
    pub(crate) async fn start(product: Product) -> Self {
        Self::start_with(product, &[]).await
    }

    /// Starts a server with further options (`--name`, `value`, …); the last of a name counts.
    pub(crate) async fn start_with(product: Product, extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the server");
        let options = DURABLE
            .iter()
            .chain(extra)
            .map(|option| (*option).to_owned());
        Self::start_at(product, folder, options.collect()).await
    }

    async fn start_at(product: Product, folder: TempDir, options: Vec<String>) -> Self {
        let mut server = Self {
            product,
            options,
            folder,
            port: 0,
            process: None,
        };
        for _ in 0..5 {
            server.kill();
            server.port = free_port();
            server.spawn();
            if server.answers().await {
                return server;
            }
        }
        let log = std::fs::read_to_string(server.folder.path().join("log"));
        panic!("{product:?} does not start: {}", log.unwrap_or_default());
    }

    /// Starts a Sentinel with lines for its configuration file, which a Sentinel rewrites.
    pub(crate) async fn start_sentinel(lines: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the Sentinel");
        let config = folder.path().join("sentinel.conf");
        std::fs::write(&config, lines.join("\n")).expect("the Sentinel's file");
        let config = config.to_str().expect("a plain path").to_owned();
        Self::start_at(
            Product::Redis,
            folder,
            vec![config, "--sentinel".to_owned()],
        )
        .await
    }

    fn spawn(&mut self) {
        let port = self.port.to_string();
        let child = Command::new(self.product.binary())
            .args(&self.options)
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--logfile",
                "log",
                "--dir",
            ])
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process =
            Some(child.unwrap_or_else(|error| panic!("{} ({error})", self.product.missing())));
    }

    /// Waits until this very process answers; `false`: it ended, or another one has the port.
    async fn answers(&mut self) -> bool {
        let wait = async {
            loop {
                let ended =
                    |child: &mut Child| child.try_wait().expect("a child's state").is_some();
                if self.process.as_mut().is_none_or(ended) {
                    return false;
                }
                if let Some(pid) = self.pid_that_answers().await {
                    return self.process.as_ref().is_some_and(|child| child.id() == pid);
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(START, wait).await.unwrap_or(false)
    }

    async fn pid_that_answers(&self) -> Option<u32> {
        let info: String = self.try_query(&["INFO"]).await.ok()?;
        // While it loads its log a server answers INFO but nothing else.
        if info.contains("loading:1") {
            return None;
        }
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"))?;
        line.trim().parse().ok()
    }

    /// `redis://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Runs any command over a connection of its own.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let answer = self.try_query(command).await;
        answer.unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// As [`RedisServer::query`], for commands that may fail.
    pub(crate) async fn try_query<T: FromRedisValue>(
        &self,
        command: &[&str],
    ) -> redis::RedisResult<T> {
        let client = redis::Client::open(self.url())?;
        let mut conn = client.get_multiplexed_async_connection().await?;
        let (name, args) = command.split_first().expect("a command");
        redis::cmd(name).arg(args).query_async(&mut conn).await
    }

    /// Kills the process as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.process.take() {
            child.kill().expect("our own child can be killed");
            child.wait().expect("our own child ends");
        }
    }

    /// Kills the process if it runs, and starts it again on the same port and data.
    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.spawn();
        assert!(self.answers().await, "the server does not come back");
    }

    /// Lets the server refuse whatever needs memory, or not any more.
    pub(crate) async fn set_full(&self, full: bool) {
        let most = if full { "1" } else { "0" };
        let () = self.query(&["CONFIG", "SET", "maxmemory", most]).await;
    }

    /// Stops the process where it stands (its sockets stay open), or lets it go on.
    pub(crate) fn freeze(&self, freeze: bool) {
        let pid = self.process.as_ref().expect("a running server").id();
        let signal = if freeze { "-STOP" } else { "-CONT" };
        let done = Command::new("kill")
            .args([signal, &pid.to_string()])
            .status();
        assert!(done.expect("`kill` runs").success());
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Options for a server that knows the user of the line that `doctor` and the README give, by this
/// password. Its name is `drawbridge`.
pub(crate) fn documented_user(password: &str) -> Vec<String> {
    let line = drawbridge::store::redis::ACL.split('`').nth(1).unwrap();
    let rules = line.strip_prefix("ACL SETUSER ").unwrap();
    let rules = rules.replace("PASSWORD", password);
    let words = rules.split(' ').map(str::to_owned);
    std::iter::once("--user".to_owned()).chain(words).collect()
}

/// A port that was free a moment ago, and that no other call in this process gets.
///
/// Below the range that systems take for outgoing connections (from 32768): a killed server must
/// find its port free when it comes back.
pub(crate) fn free_port() -> u16 {
    static DRAWN: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = DRAWN.fetch_add(1, Ordering::Relaxed);
        let offset = std::process::id().wrapping_mul(101).wrapping_add(step) % 20_000;
        let port = u16::try_from(12_000 + offset).expect("at most 32,000");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
