//! `drawbridge serve`: the bot.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Status, complain};
use crate::app::{Book, Bot, Parts};
use crate::clock::{Clock, SystemClock};
use crate::cluster::Cluster;
use crate::config::{self, ClusterChoice, Config, StoreChoice};
use crate::entropy::Entropy;
use crate::http::{self, Watched};
use crate::rules::RuleSet;
use crate::run;
use crate::slack::{Deliverer, Directory, Receiver, SlackApi, Socket, Wire};
use crate::store::Store;
use crate::store::redis::RedisStore;
use crate::store::sqlite::SqliteStore;

/// Longest sleep of the workers between two looks at the store.
const POLL: std::time::Duration = std::time::Duration::from_millis(250);

/// Runs the bot until SIGTERM or SIGINT.
pub fn run() -> Status {
    let env = config::environment();
    crate::telemetry::start(env.get("RUST_LOG").map_or("info", String::as_str));
    let config = match config::read(&env) {
        Ok(config) => config,
        Err(problems) => {
            complain(&problems.to_string());
            return Status::Misused;
        }
    };
    let rules = match super::check::load(
        config.templates.as_deref(),
        config.rules.as_deref(),
        &config.label_keys,
    ) {
        Ok(loaded) if loaded.errors() == 0 => loaded.rules,
        Ok(loaded) => {
            complain(&loaded.report());
            return Status::Misused;
        }
        Err(problem) => {
            complain(&problem);
            return Status::Misused;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Status::Unavailable;
        }
    };
    match runtime.block_on(serve(config, env, rules)) {
        Ok(true) => Status::Done,
        Ok(false) => Status::Unavailable,
        Err(error) => {
            complain(&format!("drawbridge: {error:#}"));
            Status::Unavailable
        }
    }
}

/// Serves until told to stop; whether everything under way was finished.
async fn serve(config: Config, env: BTreeMap<String, String>, rules: RuleSet) -> Result<bool> {
    let asked_to_stop = stop_signal()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy = Arc::new(Entropy::from_os());
    let store = open_store(&config.store, &clock)?;
    let slack = Arc::new(SlackApi::new(&config.slack, Wire::tcp()));
    let parts = Arc::new(Parts {
        book: Book::new(store, Arc::clone(&entropy)),
        clusters: connect_clusters(&config.clusters, &env, &clock).await?,
        clock,
        entropy,
        rules: ArcSwap::from_pointee(rules),
        directory: Arc::new(Directory::new(Arc::clone(&slack))),
        slack,
        max_lifetime: config.max_lifetime,
        poll: POLL,
    });
    let running = run::start(&parts);
    let bot = Arc::new(Bot(Arc::clone(&parts)));
    open_doors(&config, &parts, &bot, &running).await?;
    asked_to_stop.await;
    tracing::info!("stopping");
    Ok(running.shut_down().await)
}

/// Completes at the first SIGTERM or SIGINT.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn open_store(choice: &StoreChoice, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
    Ok(match choice {
        StoreChoice::Redis(url) => Arc::new(RedisStore::connect(url.expose())?),
        StoreChoice::Sqlite(path) => {
            Arc::new(SqliteStore::open(path, Arc::clone(clock)).context("opening the store")?)
        }
    })
}

async fn connect_clusters(
    choices: &[ClusterChoice],
    env: &BTreeMap<String, String>,
    clock: &Arc<dyn Clock>,
) -> Result<BTreeMap<String, Arc<Cluster>>> {
    let mut clusters = BTreeMap::new();
    for choice in choices {
        let config = choice.place(env).config().await;
        let config = config.with_context(|| format!("cluster `{}`", choice.name))?;
        let cluster = Cluster::connect(&choice.name, &config, Arc::clone(clock))?;
        clusters.insert(choice.name.clone(), Arc::new(cluster));
    }
    Ok(clusters)
}

/// Opens the ways in: Socket Mode where there is an app token, and the HTTP listener, with Slack's
/// signed deliveries where there is a signing secret. They close with the rest: what is being answered
/// is answered, nothing new is taken.
async fn open_doors(
    config: &Config,
    parts: &Arc<Parts>,
    bot: &Arc<Bot>,
    running: &run::Running,
) -> Result<()> {
    let deliverer = Deliverer::new(
        Arc::clone(&parts.slack),
        Arc::clone(bot) as Arc<dyn Receiver>,
        running.tracker.clone(),
        running.stop.clone(),
    );
    let mut slack_says: Arc<dyn Fn() -> String + Send + Sync> =
        Arc::new(|| "signed HTTP".to_owned());
    if config.slack.app_token.is_some() {
        let socket = Socket::new(
            Arc::clone(&parts.slack),
            deliverer.clone(),
            Arc::clone(&parts.entropy),
            running.tracker.clone(),
            running.stop.clone(),
        );
        let state = socket.state();
        slack_says = Arc::new(move || state.borrow().to_string());
        running.tracker.spawn(socket.run());
    }
    let watched = Watched {
        parts: Arc::clone(parts),
        health: Arc::clone(&running.health),
        slack: slack_says,
    };
    let mut router = http::router(watched);
    if let Some(secret) = &config.slack.signing_secret {
        let clock = Arc::clone(&parts.clock);
        router = router.merge(crate::slack::http::routes(secret, deliverer, clock));
    }
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let closed = running.stop.clone().cancelled_owned();
    let server = axum::serve(listener, router).with_graceful_shutdown(closed);
    running.tracker.spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP listener ended");
        }
    });
    Ok(())
}
