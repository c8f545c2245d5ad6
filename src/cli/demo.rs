//! `drawbridge demo`: a simulated town in the browser, to try everything without an account. Step by
//! step parts of it can be real: `--kube` the cluster, `--store redis` the store.

mod headless;
mod terminal;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use super::serve::stop_signal;
use super::simulate::paused_runtime;
use super::{Status, complain, say};
use crate::clock::SystemClock;
use crate::cluster::Cluster;
use crate::config::{self, StoreChoice};
use crate::demo::{Demo, Options};
use crate::id::Shard;
use crate::sim::town::{MAX_LIFETIME, MakeStore, Site};
use crate::store::redis::RedisStore;
use crate::store::sqlite::SqliteStore;
use crate::units::Seconds;

/// How long tasks that are still busy are waited for when a visitor leaves.
const FAREWELL: Duration = Duration::from_millis(500);

/// What `demo` is given.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// Where the page is served.
    #[arg(long, default_value = "127.0.0.1:7474")]
    listen: SocketAddr,
    /// Use the cluster of KUBECONFIG instead of the simulated one. Approved paths are really opened.
    #[arg(long)]
    kube: bool,
    /// Where documents are kept.
    #[arg(long, value_enum, default_value_t = Keeping::Embedded)]
    store: Keeping,
    /// Play a scenario file in the terminal instead.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kube", "store", "listen"])]
    headless: Option<PathBuf>,
    /// Play it without pauses.
    #[arg(long, requires = "headless", conflicts_with_all = ["kube", "store", "listen"])]
    fast: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Keeping {
    /// A SQLite file that goes with the demo.
    Embedded,
    /// The server at `REDIS_URL`.
    Redis,
}

/// Runs the command.
pub(super) fn run(given: &Given) -> Status {
    if let Some(file) = &given.headless {
        return headless::run(file, given.fast);
    }
    let env = config::environment();
    crate::telemetry::start(env.get("RUST_LOG").map_or("off", String::as_str));
    if !embedded(given) && !given.listen.ip().is_loopback() {
        complain(
            "with --kube or --store redis the page acts on real servers: listen on a loopback address",
        );
        return Status::Misused;
    }
    match live(given, &env) {
        Ok(()) => Status::Done,
        Err(error) => {
            complain(&format!("drawbridge demo: {error:#}"));
            Status::Unavailable
        }
    }
}

/// Whether everything is in this process.
fn embedded(given: &Given) -> bool {
    !given.kube && given.store == Keeping::Embedded
}

fn live(given: &Given, env: &BTreeMap<String, String>) -> Result<()> {
    let embedded = embedded(given);
    let runtime = match embedded {
        true => paused_runtime()?,
        false => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?,
    };
    // Goes with this program.
    let folder = tempfile::tempdir().context("making a folder for the embedded store")?;
    let shown = runtime.block_on(async {
        let asked_to_stop = stop_signal()?;
        let (site, cluster_is, max_lifetime) = site(given.kube, env).await?;
        let make = store(given.store, folder.path().to_owned(), env)?;
        if given.store == Keeping::Redis {
            is_nobodys(&make).await?;
        }
        let demo = Demo::open(Options {
            listen: given.listen,
            store: make,
            site,
            max_lifetime,
            cluster_is,
            embedded,
        })
        .await?;
        greet(&demo, given.kube);
        asked_to_stop.await;
        let left = demo.close().await;
        anyhow::ensure!(
            left.is_empty(),
            "still in the cluster, close it with `drawbridge reap` after its end: {}",
            left.join(", ")
        );
        Ok(())
    });
    runtime.shutdown_timeout(FAREWELL);
    shown
}

/// The demo's bot would take the work of one that serves from the same Redis.
async fn is_nobodys(make: &MakeStore) -> Result<()> {
    let store = make(Arc::new(SystemClock))?;
    for shard in Shard::all() {
        let open = store.open(shard, None, 1).await.context("asking Redis")?;
        anyhow::ensure!(
            open.is_empty(),
            "the Redis of REDIS_URL holds open requests: use a database of its own, such as redis://HOST/9"
        );
    }
    Ok(())
}

fn greet(demo: &Demo, real: bool) {
    let key = demo.key.as_ref().map(|key| format!("/?key={key}"));
    say("Drawbridge: a town to try it in. Open this page:\n");
    say(&format!(
        "  http://{}{}\n",
        demo.page,
        key.unwrap_or_default()
    ));
    if let Some(at) = demo.kubernetes {
        say(&format!(
            "its cluster:  kubectl get netpol -A --server http://{at}"
        ));
    }
    if let Some(at) = demo.slack {
        say(&format!("its Slack:    http://{at}/api"));
    }
    say(match real {
        true => "Ctrl-C ends it and closes what it opened in your cluster.",
        false => "Ctrl-C ends it; nothing is left behind.",
    });
}

/// The town's cluster, what it is in the page's words, and the hard maximum of gates in it.
async fn site(kube: bool, env: &BTreeMap<String, String>) -> Result<(Site, String, Seconds)> {
    if !kube {
        return Ok((Site::Simulated, "simulated".to_owned(), MAX_LIFETIME));
    }
    let (clusters, max_lifetime) =
        config::clusters_only(env).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let [choice] = clusters.as_slice() else {
        bail!("the demo shows one cluster: unset DRAWBRIDGE_CLUSTERS, and choose by KUBECONFIG");
    };
    let (name, scope) = (choice.name.clone(), choice.scope());
    let config = choice.place(env).config().await;
    let config = config.with_context(|| format!("cluster `{name}`"))?;
    let server = config.cluster_url.to_string();
    let connect = move |clock| {
        let cluster = Cluster::connect(&name, &config, clock)?;
        Ok(cluster.scoped(scope.clone()))
    };
    let words = format!("real, at {server}");
    Ok((Site::Real(Arc::new(connect)), words, max_lifetime))
}

fn store(keeping: Keeping, folder: PathBuf, env: &BTreeMap<String, String>) -> Result<MakeStore> {
    if keeping == Keeping::Embedded {
        let made = AtomicU64::new(0);
        return Ok(Box::new(move |clock| {
            // Each in a file of its own: the one before is empty for nobody.
            let number = made.fetch_add(1, Ordering::Relaxed);
            let file = folder.join(format!("demo-{number}.sqlite"));
            Ok(Arc::new(SqliteStore::open(&file, clock)?))
        }));
    }
    let choice = config::store_only(env).map_err(|problems| anyhow::anyhow!("{problems}"))?;
    let StoreChoice::Redis(url) = choice else {
        bail!("DRAWBRIDGE_STORE names no Redis");
    };
    Ok(Box::new(move |_| {
        Ok(Arc::new(RedisStore::connect(url.expose())?))
    }))
}
