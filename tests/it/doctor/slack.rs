//! What it says about the app in Slack.

use std::sync::Arc;

use drawbridge::clock::SystemClock;
use drawbridge::entropy::Entropy;
use drawbridge::sim::slack::{Setup, Slack, Surroundings};
use drawbridge::sim::town::people;
use serde_json::json;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::report::doctor;
use crate::e2e::bot::Env;
use crate::e2e::plan::Plan;

/// A Slack with everybody in it, and a bot's environment: no store yet, no rules, a cluster that is away.
struct Office {
    slack: Slack,
    env: Env,
    _folder: TempDir,
    stop: CancellationToken,
}

impl Office {
    async fn open(change: impl FnOnce(&mut Setup)) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut setup = Plan::default().slack(address);
        change(&mut setup);
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let around = Surroundings {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::from_os()),
            tracker: tracker.clone(),
            stop: stop.clone(),
        };
        let slack = Slack::new(setup, around);
        people::move_in(&slack).unwrap();
        let serving = slack.clone();
        tracker.spawn(async move { serving.serve_tcp(listener).await });
        let folder = tempfile::tempdir().unwrap();
        let env = environment(slack.setup(), &folder);
        Self {
            slack,
            env,
            _folder: folder,
            stop,
        }
    }

    /// The environment with another value; `None` takes it away.
    fn with(&self, name: &str, value: Option<&str>) -> Env {
        let mut env = self.env.clone();
        env.remove(name);
        env.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        env
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn environment(setup: &Setup, folder: &TempDir) -> Env {
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "away",
        "contexts": [{"name": "away", "context": {"cluster": "away", "user": "away"}}],
        "clusters": [{"name": "away", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "away", "user": {"token": "of-an-account-far-away"}}],
    });
    std::fs::write(path("kubeconfig"), kubeconfig.to_string()).unwrap();
    std::fs::create_dir(path("rules")).unwrap();
    [
        ("SLACK_BOT_TOKEN", setup.bot_token.clone()),
        ("SLACK_APP_TOKEN", setup.app_token.clone()),
        ("SLACK_API_URL", format!("{}/api", setup.base_url)),
        ("KUBECONFIG", path("kubeconfig")),
        ("DRAWBRIDGE_STORE", format!("sqlite:{}", path("store.db"))),
        ("DRAWBRIDGE_RULES", path("rules")),
        ("RUST_LOG", "warn,drawbridge=trace".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_and_only_when_it_is_asked_for_tells_of_the_messages_tab() {
    let office = Office::open(|_| {}).await;
    let found = doctor(&office.env, &[]).await;
    assert!(found.mends("messages tab").contains("--greet MEMBER"));
    assert!(office.slack.changes_since(0).is_empty());
    let dana = office.slack.person("dana").unwrap().id;
    let found = doctor(&office.env, &["--greet", &dana]).await;
    assert_eq!(found.told("messages tab"), ["ok: a message arrived"]);
    assert_eq!(office.slack.changes_since(0).len(), 1);
    assert_eq!(office.slack.seen_by("dana").len(), 1);
    let found = doctor(&office.env, &["--greet", "U0NOBODY0"]).await;
    assert!(found.told("messages tab")[0].starts_with("fail: the message was refused"));

    let office = Office::open(|setup| setup.messages_tab = false).await;
    let dana = office.slack.person("dana").unwrap().id;
    let found = doctor(&office.env, &["--greet", &dana]).await;
    assert!(found.told("messages tab")[0].starts_with("fail: it is switched off"));
    assert!(found.mends("messages tab").contains("*App Home*"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scopes_are_read_from_slacks_own_header_and_compared_with_the_manifest() {
    let office = Office::open(|setup| {
        setup.scopes.remove("usergroups:read");
        setup.scopes.remove("users:read.email");
        setup.scopes.insert("files:read".to_owned());
    })
    .await;
    let found = doctor(&office.env, &[]).await;
    assert_eq!(
        found.told("bot scopes"),
        [
            "fail: missing: usergroups:read",
            "warn: not there: users:read.email",
            "warn: more than is needed: files:read"
        ]
    );
    assert!(found.mends("bot scopes").contains("slack-manifest"));
    assert_eq!(
        found.told("user groups"),
        ["fail: refused: `missing_scope`"]
    );
    assert_eq!(found.code, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_deliveries_is_tried_as_far_as_slack_tells() {
    let office = Office::open(|_| {}).await;
    let found = doctor(&office.env, &[]).await;
    assert_eq!(
        found.told("deliveries"),
        ["ok: Socket Mode gives connections"]
    );
    office.slack.disable_link(true);
    let found = doctor(&office.env, &[]).await;
    let told = found.told("deliveries");
    assert!(
        told[0].starts_with("fail: Socket Mode is refused"),
        "{told:?}"
    );
    // A bot token in its place.
    let token = &office.slack.setup().bot_token;
    let env = office.with("SLACK_APP_TOKEN", Some(token));
    let found = doctor(&env, &[]).await;
    let told = found.told("deliveries");
    assert_eq!(told, ["fail: `SLACK_APP_TOKEN` is no app-level token"]);
    let mut env = office.with("SLACK_APP_TOKEN", None);
    let secret = office.slack.setup().signing_secret.clone();
    env.insert("SLACK_SIGNING_SECRET".to_owned(), secret);
    let found = doctor(&env, &[]).await;
    assert!(found.told("deliveries")[0].starts_with("unknown: signed HTTP"));
    assert!(found.mends("deliveries").contains("slack-manifest --http"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_accepted_token_there_is_one_line_and_what_to_copy() {
    let office = Office::open(|_| {}).await;
    let env = office.with("SLACK_BOT_TOKEN", Some("xoxb-of-another-app"));
    let found = doctor(&env, &[]).await;
    assert_eq!(found.area("slack"), ["bot token: fail"]);
    assert!(found.told("bot token")[0].contains("invalid_auth"));
    assert!(found.mends("bot token").contains("Bot User OAuth Token"));
    assert!(found.told("names")[0].starts_with("unknown: "));
    office.slack.be_away(true);
    let found = doctor(&office.env, &[]).await;
    assert_eq!(found.area("slack"), ["bot token: fail"]);
    assert!(found.told("bot token")[0].contains("no answer"));
    // The rest was looked at all the same: a store that is not there yet, rules that are not there.
    assert_eq!(found.area("store"), ["store: unknown"]);
    assert!(found.told("rules")[0].starts_with("warn: there are none"));
    assert_eq!(found.area("kubernetes"), ["version: fail"]);
}
