//! What a world is made with; the default is how most people run Drawbridge.

use drawbridge::sim::slack::{Limits, Setup, Timing};

/// Secrets that must never be printed. One of a kind, so that a search cannot hit anything else.
pub(crate) const SECRETS: [&str; 4] = [BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, REDIS_PASSWORD];

const BOT_TOKEN: &str = "xoxb-e2e-7Qm2vXw9";
const APP_TOKEN: &str = "xapp-e2e-4Jt8rKz3";
const SIGNING_SECRET: &str = "e2e-signing-6Hn1pLs5";
/// Of the Redis user that the bot is.
pub(crate) const REDIS_PASSWORD: &str = "e2e-redis-2Wd9fYb7";

/// How Slack reaches the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    SocketMode,
    SignedHttp,
}

/// Where documents are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeper {
    Redis,
    Sqlite,
    /// In what the test starts itself; it sets `REDIS_URL`.
    Elsewhere,
}

/// A world to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) door: Door,
    pub(crate) keeper: Keeper,
    /// Further options of this world's Redis.
    pub(crate) redis: &'static [&'static str],
    /// Votes that the only stage of the rule needs.
    pub(crate) need: u32,
    /// Whether to start an API server that may be stopped.
    pub(crate) own_api: bool,
    /// Whether to start an API server with everything installed as it ships, every kind that the bot knows,
    /// and a log of what our accounts ask of it. The bot has the installed account.
    pub(crate) audited: bool,
    /// Whether to start an API server with nothing of ours in it: a test installs, as somebody who follows a
    /// page. The town's namespaces are `shop` and `orders`, as on pages.
    pub(crate) bare: bool,
    /// Whether a proxy is before everything that the bot depends on.
    pub(crate) links: bool,
    /// Whether Slack counts calls.
    pub(crate) rate_limits: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            door: Door::SocketMode,
            keeper: Keeper::Redis,
            redis: &[],
            need: 1,
            own_api: false,
            audited: false,
            bare: false,
            links: false,
            rate_limits: true,
        }
    }
}

impl Plan {
    /// Slack at this address.
    pub(crate) fn slack(&self, base_url: String) -> Setup {
        Setup {
            base_url,
            bot_token: BOT_TOKEN.to_owned(),
            app_token: APP_TOKEN.to_owned(),
            signing_secret: SIGNING_SECRET.to_owned(),
            timing: Timing::default(),
            limits: Limits {
                on: self.rate_limits,
                ..Limits::default()
            },
            ..Setup::default()
        }
    }

    /// The rule for asks that go to this namespace.
    pub(crate) fn rule(&self, namespace: &str) -> String {
        let need = self.need;
        format!(
            "apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {{name: orders}}
spec:
  match: {{templates: [connect], clusters: [\"*\"], when: \"to.namespace == '{namespace}'\"}}
  requesters: {{slack: {{usergroups: [\"@backend\", \"@orders-oncall\"]}}}}
  stages:
    - {{name: orders on-call, from: {{usergroups: [\"@orders-oncall\"]}}, need: {need}}}
  limits: {{max: 2h, open: 50}}
  require: {{reason: \"INC-[0-9]+\"}}
  channel: \"#access-orders\"
  revokers: {{usergroups: [\"@orders-oncall\"]}}
  lapse: 1h
"
        )
    }
}

/// The shipped template, but for its shortest time: tests cannot wait for a minute each.
pub(crate) fn template() -> String {
    let shipped = include_str!("../../../templates/connect.yaml");
    let short = shipped.replace("min: 1m", "min: 2s");
    assert_ne!(
        short, shipped,
        "the shipped template has another shortest time"
    );
    short
}
