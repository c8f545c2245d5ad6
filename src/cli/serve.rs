//! `drawbridge serve`: the bot.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use super::{Status, complain, observing};
use crate::app::rulebook::Rulebook;
use crate::app::{self, Asking, Bot, FirstLook, Observer, Parts};
use crate::audit::SettingRef;
use crate::clock::{Clock, SystemClock};
use crate::cluster::Cluster;
use crate::config::{self, ClusterChoice, Config, StoreChoice};
use crate::digest::{self, Weekly};
use crate::entropy::Entropy;
use crate::http::api::Api;
use crate::http::api::door::Doorkeeper;
use crate::http::{self, Watched, listen};
use crate::ledger::keep;
use crate::metrics::Metrics;
use crate::oidc::Oidc;
use crate::oncall::OnCall;
use crate::reload::{self, Alerts, Board, Folders, Reloader};
use crate::rules::{self, Allowed, RuleSet};
use crate::run;
use crate::slack::{Deliverer, Directory, Receiver, SlackApi, Socket, Wire};
use crate::store::Store;
use crate::store::redis::RedisStore;
use crate::store::sqlite::SqliteStore;

/// Longest sleep of the workers between two looks at the store.
const POLL: std::time::Duration = std::time::Duration::from_millis(250);

/// How long a thread that is still busy is waited for in the end: with `run`'s waits less than the 15 s of the contract.
const FAREWELL: std::time::Duration = std::time::Duration::from_millis(500);

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
    let (rules, reloader) = match load_rules(&config) {
        Ok(loaded) => loaded,
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
    let served = runtime.block_on(serve(config, env, rules, reloader));
    // All work has ended or was given up; a credential plugin that hangs must not keep the process.
    runtime.shutdown_timeout(FAREWELL);
    match served {
        Ok(true) => Status::Done,
        Ok(false) => Status::Unavailable,
        Err(error) => {
            complain(&format!("drawbridge: {error:#}"));
            Status::Unavailable
        }
    }
}

/// The rules, and what looks for other ones.
fn load_rules(config: &Config) -> Result<(RuleSet, Reloader), String> {
    let folders = Folders {
        templates: config.templates.clone(),
        rules: config.rules.clone(),
    };
    let allowed = Allowed {
        label_keys: config.label_keys.iter().cloned().collect(),
        oncall: config.on_call.keys().cloned().collect(),
        cluster_roles: config.cluster_roles.clone(),
    };
    let load = move |files: &[(String, String)]| {
        let loaded = super::check::parse(files, &allowed);
        (loaded.rules, loaded.problems)
    };
    let texts = reload::read(&folders)?;
    let (rules, problems) = load(&texts);
    if !rules::usable(&problems) {
        return Err(rules::report(&problems));
    }
    let reloader = Reloader::new(folders, Box::new(load), &texts, SystemClock.now());
    Ok((rules, reloader))
}

/// Serves until told to stop; whether everything under way was finished.
async fn serve(
    config: Config,
    env: BTreeMap<String, String>,
    rules: RuleSet,
    reloader: Reloader,
) -> Result<bool> {
    let asked_to_stop = stop_signal()?;
    let asked_to_look = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy = Arc::new(Entropy::from_os());
    let store = open_store(&config.store, &clock)?;
    let wire = Wire::tcp();
    let (metrics, traces) = observing::begin(config.otlp.as_ref(), &wire)?;
    let slack = SlackApi::new(&config.slack, wire.clone()).observed(Arc::clone(&metrics));
    let slack = Arc::new(slack);
    let on_call = OnCall::new(&config.on_call, &wire, &clock);
    let settings = config::settings(&env);
    let observer = Observer {
        metrics: Arc::clone(&metrics),
        traces: traces.clone(),
        clock: Arc::clone(&clock),
    };
    let parts = Arc::new(Parts {
        book: observing::book(store, &entropy, observer),
        clusters: connect_clusters(&config.clusters, &env, (&clock, &metrics)).await?,
        clock,
        entropy,
        rules: ArcSwap::from_pointee(rules),
        rulebook: Rulebook::default(),
        directory: Arc::new(Directory::with_on_call(Arc::clone(&slack), on_call)),
        slack,
        incident_channels: config.incident_channels.clone(),
        first_look: FirstLook::default(),
        asking: Asking::default(),
        max_lifetime: config.max_lifetime,
        poll: POLL,
        metrics,
        traces,
    });
    let running = run::start(&parts);
    let loops = (&running.tracker, &running.stop);
    keep::start(&config.ledger, &parts, &running.ledger, &wire, loops);
    let bot = Arc::new(Bot(Arc::clone(&parts)));
    let board = reloader.board();
    open_doors(&config, &parts, &bot, (&running, board)).await?;
    follow_rules(reloader, asked_to_look, config.alerts, (&parts, &running));
    tell(config.digest, settings, (&parts, &running));
    asked_to_stop.await;
    tracing::info!("stopping");
    let ended = running.shut_down().await;
    observing::end(&parts.traces).await;
    Ok(ended)
}

/// Looks for other rules from now on, and at once at every SIGHUP.
fn follow_rules(
    reloader: Reloader,
    mut hangup: Signal,
    alerts: Option<String>,
    (parts, running): (&Arc<Parts>, &run::Running),
) {
    let asked = Arc::new(Notify::new());
    let looking = reloader.run(
        Arc::clone(parts),
        Alerts::to(alerts),
        Arc::clone(&asked),
        running.stop.clone(),
    );
    running.tracker.spawn(looking);
    let hearing = async move {
        while hangup.recv().await.is_some() {
            asked.notify_one();
        }
    };
    let hearing = running.stop.clone().run_until_cancelled_owned(hearing);
    running.tracker.spawn(hearing);
}

/// Puts the settings on record and tells the weekly digest, where one is wanted.
fn tell(
    weekly: Option<Weekly>,
    settings: Vec<SettingRef>,
    (parts, running): (&Arc<Parts>, &run::Running),
) {
    let (tracker, stop) = (&running.tracker, &running.stop);
    let telling = app::settings::tell(Arc::clone(parts), settings, stop.clone());
    tracker.spawn(telling);
    if let Some(weekly) = weekly {
        tracker.spawn(digest::watch(Arc::clone(parts), weekly, stop.clone()));
    }
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

pub(super) fn open_store(choice: &StoreChoice, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Store>> {
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
    (clock, metrics): (&Arc<dyn Clock>, &Arc<Metrics>),
) -> Result<BTreeMap<String, Arc<Cluster>>> {
    let mut clusters = BTreeMap::new();
    for choice in choices {
        let config = choice.place(env).config().await;
        let config = config.with_context(|| format!("cluster `{}`", choice.name))?;
        let cluster = Cluster::connect(&choice.name, &config, Arc::clone(clock))?;
        let cluster = cluster.scoped(choice.scope()).observed(Arc::clone(metrics));
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
    (running, board): (&run::Running, Board),
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
        ledger: running.ledger.behind(),
        slack: slack_says,
        rules: board,
    };
    let mut router = http::router(watched);
    if let Some(secret) = &config.slack.signing_secret {
        let clock = Arc::clone(&parts.clock);
        router = router.merge(crate::slack::http::routes(secret, deliverer, clock));
    }
    let audience = |name: &str| config.audience(name);
    for doubt in config.doubts() {
        tracing::warn!("{doubt}");
    }
    let issuers = Oidc::new(&config.oidc, &Wire::tcp(), &parts.clock);
    let door = Doorkeeper::new(parts.clusters.values(), audience).with_issuers(issuers);
    let api = Api::new(Arc::clone(parts), door, running.stop.clone());
    router = router.merge(http::api::router(api));
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {}", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let loops = (running.tracker.clone(), running.stop.clone());
    let serving = listen::serve(listener, router, listen::BOUNDS, loops);
    running.tracker.spawn(serving);
    Ok(())
}
