//! One test's world: a town in an API server, a Redis, a Slack, and as many bots as it starts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use drawbridge::clock::SystemClock;
use drawbridge::entropy::Entropy;
use drawbridge::objects::Kind;
use drawbridge::sim::slack::{Changed, Route, Slack, Surroundings};
use drawbridge::sim::town::people;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::bot::{Bot, Env};
use super::gates::Gates;
use super::links::{self, Links};
use super::plan::{Door, Keeper, Plan, REDIS_PASSWORD, SECRETS, template};
use super::town::{Inventory, Town};
use super::wait::{SLACK, SOON};
use crate::servers::kube::{KubeServer, Who};
use crate::servers::proxy::Proxy;
use crate::servers::redis::{Product, RedisServer};

/// Where the town's pods live.
#[derive(Debug)]
enum Api {
    Shared(&'static KubeServer),
    Own(KubeServer),
}

/// Everything around the bots of one test.
pub(crate) struct World {
    pub(crate) slack: Slack,
    pub(crate) redis: Option<RedisServer>,
    pub(crate) town: Town,
    pub(crate) gates: Gates,
    pub(crate) env: Env,
    pub(crate) folder: TempDir,
    links: Option<Links>,
    api: Api,
    plan: Plan,
    before: Inventory,
    secrets: Vec<String>,
    logs: Mutex<Vec<PathBuf>>,
    stop: CancellationToken,
}

impl World {
    /// A world without a bot.
    pub(crate) async fn new(plan: Plan) -> Self {
        let (api, redis, (slack, stop, proxies)) =
            tokio::join!(api_server(&plan), keeper(&plan), open_slack(&plan));
        let folder = tempfile::tempdir().unwrap();
        let admin = api.server().client(Who::Admin).await;
        let mut town = match plan.bare {
            true => Town::of_the_pages(admin).await,
            false => Town::build(admin, &fresh_name()).await,
        };
        if plan.audited {
            town.account = "drawbridge".to_owned();
        }
        let namespaces = [town.shop.as_str(), town.orders.as_str()];
        let token = match plan.bare {
            true => None,
            false => Some(town.token().await),
        };
        let gates = match plan.audited {
            true => Gates::watch_kinds(&town.admin, &namespaces, &Kind::ALL),
            false => Gates::watch(&town.admin, &namespaces),
        };
        let before = town.inventory().await;
        let mut secrets: Vec<String> = SECRETS.map(str::to_owned).into();
        secrets.extend(token.clone());
        let mut world = Self {
            slack,
            redis,
            gates,
            env: Env::new(),
            folder,
            links: None,
            plan,
            before,
            secrets,
            logs: Mutex::default(),
            stop,
            town,
            api,
        };
        if let Some(token) = token {
            world.write_files(&token);
            world.env = world.environment();
        }
        if let Some(proxies) = proxies {
            let redis = world.redis().address();
            let around = (&mut world.env, world.slack.setup());
            world.links = Some(Links::lead(proxies, around, &redis).await);
        }
        world
    }

    /// A world with one bot that serves.
    pub(crate) async fn with_bot(plan: Plan) -> (Self, Bot) {
        let mut world = Self::new(plan).await;
        let bot = world.serve().await;
        (world, bot)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_files(&self, token: &str) {
        let write = |name: &str, text: String| {
            let path = self.path(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("templates/connect.yaml", template());
        write("rules/orders.yaml", self.plan.rule(&self.town.orders));
        write("kubeconfig", self.kubeconfig_of(token));
    }

    /// A kubeconfig with this token.
    fn kubeconfig_of(&self, token: &str) -> String {
        let admins = std::fs::read_to_string(self.api.server().kubeconfig(Who::Admin)).unwrap();
        let mut ours: Value = serde_json::from_str(&admins).unwrap();
        ours["users"][0]["user"] = json!({"token": token});
        ours.to_string()
    }

    /// What a test has to add to the environment of an installed bot: where this world's Slack and API server
    /// are, and a port of the system's choice. In a pod the token is in a file of the kubelet's.
    pub(crate) async fn surroundings(&mut self) -> Env {
        let token = self.town.token_of_account().await;
        let settings = self.path("kubeconfig");
        std::fs::write(&settings, self.kubeconfig_of(&token)).unwrap();
        self.secrets.push(token);
        let base = &self.slack.setup().base_url;
        [
            ("SLACK_API_URL", format!("{base}/api")),
            ("DRAWBRIDGE_LISTEN", "127.0.0.1:0".to_owned()),
            ("KUBECONFIG", settings.to_str().unwrap().to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The environment of DESIGN §5, and nothing else.
    fn environment(&self) -> Env {
        let setup = self.slack.setup();
        let path = |name: &str| self.path(name).to_str().unwrap().to_owned();
        let mut env: Env = [
            ("SLACK_BOT_TOKEN", setup.bot_token.clone()),
            ("SLACK_API_URL", format!("{}/api", setup.base_url)),
            ("KUBECONFIG", path("kubeconfig")),
            ("DRAWBRIDGE_TEMPLATES", path("templates")),
            ("DRAWBRIDGE_RULES", path("rules")),
            ("DRAWBRIDGE_LISTEN", "127.0.0.1:0".to_owned()),
            // All that our own code has to say, so that a secret in it is found.
            ("RUST_LOG", "warn,drawbridge=trace".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        let (name, secret) = match self.plan.door {
            Door::SocketMode => ("SLACK_APP_TOKEN", &setup.app_token),
            Door::SignedHttp => ("SLACK_SIGNING_SECRET", &setup.signing_secret),
        };
        env.insert(name.to_owned(), secret.clone());
        match (&self.redis, self.plan.keeper) {
            (Some(redis), _) => {
                let place = format!("redis://bot:{REDIS_PASSWORD}@{}", redis.address());
                env.insert("REDIS_URL".to_owned(), place);
            }
            (None, Keeper::Sqlite) => {
                let place = format!("sqlite:{}", path("store.db"));
                env.insert("DRAWBRIDGE_STORE".to_owned(), place);
            }
            (None, _) => {}
        }
        env
    }

    /// Starts `drawbridge` with these arguments.
    pub(crate) fn run(&mut self, args: &[&str]) -> Bot {
        self.launch(args)
    }

    /// Starts `drawbridge serve` with its SQLite file on a small disk of its own, and waits until it is
    /// ready; the folder on that disk, as others see it.
    pub(crate) async fn serve_on_small_disk(&mut self) -> (Bot, PathBuf) {
        let disk = self.path("disk");
        std::fs::create_dir(&disk).unwrap();
        let store = format!("sqlite:{}/store.db", disk.display());
        self.env.insert("DRAWBRIDGE_STORE".to_owned(), store);
        let log = self.path("disk.log");
        self.logs.lock().unwrap().push(log.clone());
        let mut bot = Bot::on_small_disk(&disk, &self.env, &log);
        self.reachable(&mut bot).await;
        let seen = bot.root().join(disk.strip_prefix("/").unwrap());
        (bot, seen)
    }

    /// The same, for tests that do several things at once.
    pub(crate) fn launch(&self, args: &[&str]) -> Bot {
        let mut logs = self.logs.lock().unwrap();
        let log = self.path(&format!("{}.log", logs.len()));
        logs.push(log.clone());
        Bot::start(args, &self.env, &log)
    }

    /// Starts `drawbridge serve`, without waiting for anything.
    pub(crate) fn start(&mut self) -> Bot {
        self.run(&["serve"])
    }

    /// Starts `drawbridge serve` and waits until it is ready and Slack can reach it.
    pub(crate) async fn serve(&mut self) -> Bot {
        let mut bot = self.start();
        self.reachable(&mut bot).await;
        bot
    }

    /// Waits until a bot is ready and Slack can reach it.
    pub(crate) async fn reachable(&self, bot: &mut Bot) {
        bot.ready_is(200, SOON).await;
        match self.plan.door {
            Door::SignedHttp => {
                let url = format!("http://{}", bot.address().await);
                self.slack.deliver_by(Route::Url(url));
                self.slack.verify_url().await.unwrap();
            }
            Door::SocketMode => {
                let connected = super::wait::until(async || {
                    let (_, body) = bot.page("/readyz").await?;
                    body.contains("\"slack\":\"connected\"").then_some(())
                });
                super::wait::within(SOON, "the bot is connected to Slack", connected).await;
            }
        }
    }

    /// From here on the cluster is as it should be at the end: somebody else changed it.
    pub(crate) async fn cluster_was_changed(&mut self) {
        self.before = self.town.inventory().await;
    }

    /// The API server, where it is this world's own and may be stopped.
    pub(crate) fn own_api(&self) -> &KubeServer {
        match &self.api {
            Api::Own(server) => server,
            Api::Shared(_) => panic!("the API server is not this test's to stop"),
        }
    }

    /// The links of its bots, where the plan wants them.
    pub(crate) fn links(&self) -> &Links {
        self.links.as_ref().expect("a world with links")
    }

    /// The Redis of this world.
    pub(crate) fn redis(&mut self) -> &mut RedisServer {
        self.redis.as_mut().expect("a world with Redis")
    }

    /// The flow that the rule is for, as somebody types it.
    pub(crate) fn path_text(&self) -> String {
        format!("{}/web to {}/db:5432", self.town.shop, self.town.orders)
    }

    /// What every story ends with: nothing of ours is in the cluster and nothing else was touched,
    /// no message was posted twice, Slack had nothing to complain of, and no secret was printed.
    pub(crate) async fn ends_well(self) {
        assert_eq!(self.gates.here(), [], "something of ours is left");
        assert_eq!(
            self.town.inventory().await,
            self.before,
            "the cluster is not as it was"
        );
        assert_eq!(self.slack.complaints(), Vec::<String>::new());
        self.nothing_was_said_twice();
        self.no_secret_was_printed();
    }

    /// Every message of ours bears a key of its own; two posts with one key are one too many.
    fn nothing_was_said_twice(&self) {
        let mut keys: Vec<String> = Vec::new();
        for change in self.slack.changes_since(0) {
            let key = change
                .message
                .metadata
                .as_ref()
                .map(|m| m["event_payload"]["key"].clone());
            if let (Changed::Posted, Some(Value::String(key))) = (change.what, key) {
                keys.push(key);
            }
        }
        let all = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all, "a message was posted twice");
    }

    /// No object of ours outlived its time by more than `bound`, and none went before it.
    pub(crate) fn all_closed_on_time(&self, bound: Duration) {
        for gate in self.gates.lives() {
            let late = gate.late();
            assert!(late >= TimeDelta::zero(), "{} went {late} early", gate.name);
            assert!(
                late.to_std().unwrap() <= bound + SLACK,
                "{} went {late} late",
                gate.name
            );
        }
    }

    fn no_secret_was_printed(&self) {
        for log in self.logs.lock().unwrap().iter() {
            let output = std::fs::read_to_string(log).unwrap();
            // Addresses that Slack gives out are permissions, so they are secrets too.
            let addresses = ["ticket=", "/actions/T", "/commands/T"];
            for secret in self.secrets.iter().map(String::as_str).chain(addresses) {
                assert!(!output.contains(secret), "{} holds a secret", log.display());
            }
        }
    }

    /// What happened, for the reader of a failed test.
    fn account(&self) -> String {
        let mut text = String::from("\n=== conversation\n");
        for change in self.slack.changes_since(0) {
            let seen = self.slack.render(&change.message, "dana").unwrap();
            let (at, what) = (change.at.format("%T%.3f"), change.what);
            let (place, private) = (seen.place, seen.private);
            text += &format!(
                "{at} {what:?} {place} private={private} {}\n",
                seen.lines.join(" | ")
            );
        }
        for gate in self.gates.lives() {
            text += &format!(
                "gate {} {} came {} gone {:?}\n",
                gate.namespace, gate.name, gate.came, gate.gone
            );
        }
        for log in self.logs.lock().unwrap().iter() {
            let output = std::fs::read_to_string(log).unwrap_or_default();
            let lines: Vec<&str> = output.lines().collect();
            let last = lines.len().saturating_sub(150);
            text += &format!("=== {}\n{}\n", log.display(), lines[last..].join("\n"));
        }
        text
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.account());
        }
        self.stop.cancel();
    }
}

impl Api {
    fn server(&self) -> &KubeServer {
        match self {
            Self::Shared(server) => server,
            Self::Own(server) => server,
        }
    }
}

async fn api_server(plan: &Plan) -> Api {
    match plan.own_api {
        _ if plan.bare => Api::Own(KubeServer::bare(None).await),
        _ if plan.audited => Api::Own(super::rights_used::server().await),
        true => Api::Own(KubeServer::start().await),
        false => Api::Shared(KubeServer::shared().await),
    }
}

/// A Redis whose user `bot` has a password; without a user name, as the tests look into it, it has
/// none.
async fn keeper(plan: &Plan) -> Option<RedisServer> {
    if plan.keeper != Keeper::Redis {
        return None;
    }
    let user = [
        "--user",
        "bot",
        "on",
        &format!(">{REDIS_PASSWORD}"),
        "~*",
        "&*",
        "+@all",
    ];
    let options = [&user[..], plan.redis].concat();
    Some(RedisServer::start_with(Product::Redis, &options).await)
}

/// A Slack on a port of its own, with everybody in it.
async fn open_slack(plan: &Plan) -> (Slack, CancellationToken, Option<(Proxy, Proxy)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let around = Surroundings {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(Entropy::from_os()),
        tracker: tracker.clone(),
        stop: stop.clone(),
    };
    let proxies = links::before_slack(plan, &address.to_string()).await;
    // Sockets are opened, and answers sent, where it says that it is.
    let socket = proxies.as_ref().map(|(_, socket)| socket.address());
    let address = socket.unwrap_or_else(|| address.to_string());
    let slack = Slack::new(plan.slack(format!("http://{address}")), around);
    people::move_in(&slack).unwrap();
    let serving = slack.clone();
    tracker.spawn(async move { serving.serve_tcp(listener).await });
    (slack, stop, proxies)
}

/// The name of a town that no other test has.
fn fresh_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("e{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
