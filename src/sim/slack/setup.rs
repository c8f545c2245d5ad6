//! How a simulated Slack is set up: the app, its secrets and scopes, the times Slack keeps.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Router;

use super::tape::Tape;

/// The app as it is configured in the workspace.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where the bot reaches this Slack, without a trailing slash: the API is `<base_url>/api`. Socket
    /// and response URLs are built from it.
    pub base_url: String,
    /// Name of the app and of its bot user.
    pub name: String,
    /// `xoxb-…`, for every call but one.
    pub bot_token: String,
    /// `xapp-…`, for `apps.connections.open`.
    pub app_token: String,
    /// Signs deliveries over HTTP.
    pub signing_secret: String,
    /// Where signed deliveries go, as the app has configured it.
    pub paths: Paths,
    /// Slash commands the app has declared.
    pub commands: BTreeSet<String>,
    /// Callback ids of the global shortcuts the app has declared.
    pub shortcuts: BTreeSet<String>,
    /// Callback ids of its message shortcuts.
    pub message_shortcuts: BTreeSet<String>,
    /// Whether the app has a home tab.
    pub home_tab: bool,
    /// Whether people can write to the app, and it to them: the messages tab of its home.
    pub messages_tab: bool,
    /// Scopes of the bot token. Events are sent only where the matching scope is there.
    pub scopes: BTreeSet<String>,
    /// The times Slack keeps.
    pub timing: Timing,
    /// The call rates Slack allows.
    pub limits: Limits,
    /// Whatever crosses the wire is kept here, if it is to be kept.
    pub tape: Option<Tape>,
}

/// Scopes that the bot's features need (what its manifest asks for).
const SCOPES: &[&str] = &[
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
];

impl Default for Setup {
    fn default() -> Self {
        Self {
            base_url: "http://127.0.0.1:7475".to_owned(),
            name: "drawbridge".to_owned(),
            bot_token: "xoxb-town-bot".to_owned(),
            app_token: "xapp-town-app".to_owned(),
            signing_secret: "town-signing-secret".to_owned(),
            paths: Paths::default(),
            commands: BTreeSet::from(["/access".to_owned()]),
            shortcuts: BTreeSet::from(["ask".to_owned()]),
            message_shortcuts: BTreeSet::from(["ask".to_owned()]),
            home_tab: true,
            messages_tab: true,
            scopes: SCOPES.iter().map(ToString::to_string).collect(),
            timing: Timing::default(),
            limits: Limits::default(),
            tape: None,
        }
    }
}

/// Paths of the app's request URLs.
#[derive(Debug, Clone)]
pub struct Paths {
    /// For events and for the challenge.
    pub events: String,
    /// For clicks and forms.
    pub interactions: String,
    /// For slash commands.
    pub commands: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            events: "/slack/events".to_owned(),
            interactions: "/slack/interactions".to_owned(),
            commands: "/slack/commands".to_owned(),
        }
    }
}

/// The times Slack keeps. The defaults are Slack's.
#[derive(Debug, Clone)]
pub struct Timing {
    /// How long a delivery may stay unacknowledged.
    pub ack: Duration,
    /// Waits before each retry of an event; interactions and commands are never retried.
    pub retries: Vec<Duration>,
    /// How long a socket lives; seen in the wild: 18,060 s.
    pub socket_life: Duration,
    /// How long before its end a socket is warned.
    pub warning: Duration,
    /// How often the server pings a socket. Official clients give a connection up after 30 s without.
    pub ping: Duration,
    /// How long a `trigger_id` can be exchanged.
    pub trigger: Duration,
    /// How long a `response_url` can be used.
    pub response_url: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ack: Duration::from_secs(3),
            // "Nearly immediately", after one minute, after five minutes.
            retries: [0, 60, 300].map(Duration::from_secs).to_vec(),
            socket_life: Duration::from_secs(18_060),
            warning: Duration::from_secs(10),
            ping: Duration::from_secs(15),
            trigger: Duration::from_secs(3),
            response_url: Duration::from_secs(30 * 60),
        }
    }
}

/// The call rates Slack allows. Rates are documented, bursts are not: these are small.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Messages to one channel that may follow each other at once; then one a second.
    pub channel_burst: u32,
    /// Messages a minute in the whole workspace ("several hundred").
    pub workspace_messages: u32,
    /// `false` lifts all limits.
    pub on: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channel_burst: 3,
            workspace_messages: 300,
            on: true,
        }
    }
}

/// How deliveries reach the bot. With Socket Mode on, nothing comes over HTTP.
#[derive(Debug, Clone, Default)]
pub enum Route {
    /// Over the sockets that the bot opened.
    #[default]
    Socket,
    /// Signed, to [`Setup::paths`] under this URL.
    Url(String),
    /// Signed, to the same paths of a router in this process.
    Router(Router),
}
