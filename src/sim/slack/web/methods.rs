//! The methods this Slack answers, as a table. (docs.slack.dev, one page per method)

use serde_json::Value;

use super::super::state::State;
use super::answer::Refused;
use super::args::Args;
use super::{chat, conversations, people, views};

/// Which token a method is called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `xoxb-…`
    Bot,
    /// `xapp-…`
    App,
}

/// One method.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: &'static str,
    pub(super) token: Token,
    /// Whether a JSON body is read.
    pub(super) json: bool,
    pub(super) per_minute: u32,
    /// One of these scopes is needed.
    pub(super) scopes: &'static [&'static str],
    pub(super) run: fn(&mut State, &Args) -> Result<Value, Refused>,
}

const TIER_2: u32 = 20;
const TIER_3: u32 = 50;
const TIER_4: u32 = 100;
/// "Special": hundreds a minute. Messages are counted per channel as well.
const SPECIAL: u32 = 600;

const READ: &[&str] = &["channels:read", "groups:read", "im:read"];
const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history"];

const fn bot(
    name: &'static str,
    per_minute: u32,
    scopes: &'static [&'static str],
    run: fn(&mut State, &Args) -> Result<Value, Refused>,
) -> Method {
    Method {
        name,
        token: Token::Bot,
        json: true,
        per_minute,
        scopes,
        run,
    }
}

/// The same method, without JSON bodies.
const fn form_only(method: Method) -> Method {
    Method {
        json: false,
        ..method
    }
}

/// The same method, with the app's token.
const fn by_app(method: Method) -> Method {
    Method {
        token: Token::App,
        ..method
    }
}

pub(super) static METHODS: &[Method] = &[
    bot("auth.test", SPECIAL, &[], people::auth_test),
    bot("chat.postMessage", SPECIAL, &["chat:write"], chat::post),
    bot("chat.update", TIER_3, &["chat:write"], chat::update),
    bot("chat.delete", TIER_3, &["chat:write"], chat::delete),
    bot(
        "chat.postEphemeral",
        TIER_4,
        &["chat:write"],
        chat::ephemeral,
    ),
    bot(
        "conversations.open",
        TIER_3,
        &["im:write"],
        conversations::open,
    ),
    form_only(bot("conversations.info", TIER_3, READ, conversations::info)),
    form_only(bot(
        "conversations.members",
        TIER_4,
        READ,
        conversations::members,
    )),
    form_only(bot(
        "conversations.history",
        TIER_3,
        HISTORY,
        conversations::history,
    )),
    form_only(bot(
        "conversations.replies",
        TIER_3,
        HISTORY,
        conversations::replies,
    )),
    form_only(bot(
        "users.conversations",
        TIER_3,
        READ,
        conversations::joined,
    )),
    form_only(bot("users.info", TIER_4, &["users:read"], people::info)),
    form_only(bot("users.list", TIER_2, &["users:read"], people::list)),
    form_only(bot(
        "users.lookupByEmail",
        TIER_3,
        &["users:read.email"],
        people::by_email,
    )),
    form_only(bot(
        "usergroups.list",
        TIER_2,
        &["usergroups:read"],
        people::groups,
    )),
    form_only(bot(
        "usergroups.users.list",
        TIER_2,
        &["usergroups:read"],
        people::group_members,
    )),
    bot("views.open", TIER_4, &[], views::open),
    bot("views.push", TIER_4, &[], views::push),
    bot("views.update", TIER_4, &[], views::update),
    bot("views.publish", TIER_4, &[], views::publish),
    by_app(bot("apps.connections.open", TIER_3, &[], people::open_link)),
];
