//! `conversations.*`: direct conversations opened, histories read.

use serde_json::{Value, json};

use super::super::events::history_scope;
use super::super::message::Message;
use super::super::people::{Person, Standing};
use super::super::state::State;
use super::super::wire::{self, set};
use super::super::world::{Channel, Kind, SLACKBOT};
use super::answer::Refused;
use super::args::Args;
use super::{authorise, chat};

/// Whether a bot can open a direct conversation with them: not with bots or deactivated accounts.
pub(super) fn can_be_written_to(person: &Person) -> bool {
    !matches!(person.standing, Standing::Bot | Standing::Deactivated) && person.id != SLACKBOT
}

/// `conversations.open` with one person. Group conversations are not modelled.
pub(super) fn open(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let given = args.text("users");
    let given = given.ok_or(Refused::Code("users_list_not_supplied"))?;
    let users: Vec<&str> = given.split(',').map(str::trim).collect();
    let id = match users.as_slice() {
        [one] => (*one).to_owned(),
        many if many.len() > 8 => return Err(Refused::Code("too_many_users")),
        _ => return Err(Refused::Code("method_not_supported_for_channel_type")),
    };
    let person = town.world.people.iter().find(|p| p.id == id);
    let person = person.ok_or(Refused::Code("user_not_found"))?;
    if !can_be_written_to(person) {
        return Err(Refused::Code("user_disabled"));
    }
    let already = town.world.direct(&id).is_some();
    let channel = town.open_direct(&id);
    let mut answer = json!({"channel": {"id": channel}});
    if already {
        set(&mut answer, "no_op", json!(true));
        set(&mut answer, "already_open", json!(true));
    }
    if let (true, Some(channel)) = (args.flag("return_im"), town.world.channel(&channel)) {
        set(&mut answer, "channel", wire::channel(&town.world, channel));
    }
    Ok(answer)
}

/// `users.conversations` for the bot itself: the channels it is in, in one page.
pub(super) fn joined(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let types = args.text("types").unwrap_or("public_channel");
    let types: Vec<&str> = types.split(',').map(str::trim).collect();
    let known = ["public_channel", "private_channel", "mpim", "im"];
    if types.iter().any(|kind| !known.contains(kind)) {
        return Err(Refused::Code("invalid_types"));
    }
    let wanted = |channel: &Channel| {
        types.contains(&match channel.kind {
            Kind::Public => "public_channel",
            Kind::Private => "private_channel",
            Kind::Direct(_) => "im",
        })
    };
    let archived = !args.flag("exclude_archived");
    let channels = town.world.channels.iter();
    let channels = channels.filter(|c| wanted(c) && town.world.bot_in(c));
    let channels = channels.filter(|c| archived || !c.archived);
    let shown: Vec<Value> = channels.map(|c| wire::channel(&town.world, c)).collect();
    Ok(json!({"channels": shown, "response_metadata": {"next_cursor": ""}}))
}

/// A channel by its id: names are taken only where messages are posted.
fn by_id<'a>(town: &'a State, args: &Args) -> Result<&'a Channel, Refused> {
    chat::visible_by_id(town, args.needed("channel")?)
}

/// `conversations.info`.
pub(super) fn info(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = by_id(town, args)?;
    authorise(town, &[read_scope(channel)])?;
    let mut out = wire::channel(&town.world, channel);
    if args.flag("include_num_members") {
        set(&mut out, "num_members", json!(channel.members.len()));
    }
    Ok(json!({"channel": out}))
}

/// Members on a page when no limit is given, and the longest page.
const MEMBERS: usize = 100;
const MOST_MEMBERS: usize = 1_000;

const MEMBER_CURSOR: &str = "member:";

/// `conversations.members`, in pages. A longer page than there are is refused: what Slack makes of it
/// is not documented.
pub(super) fn members(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = by_id(town, args)?;
    authorise(town, &[read_scope(channel)])?;
    let limit = match (args.text("limit"), args.number("limit")) {
        (None, None) => MEMBERS,
        (_, Some(limit)) if (1..=MOST_MEMBERS).contains(&limit) => limit,
        _ => return Err(Refused::Code("invalid_limit")),
    };
    let first = match args.text("cursor") {
        None => None,
        Some(cursor) => Some(
            cursor
                .strip_prefix(MEMBER_CURSOR)
                .ok_or(Refused::Code("invalid_cursor"))?,
        ),
    };
    let from = |id: &&String| first.is_none_or(|first| id.as_str() >= first);
    let mut left = channel.members.iter().filter(from);
    let page: Vec<&String> = left.by_ref().take(limit).collect();
    let next = left.next().map(|id| format!("{MEMBER_CURSOR}{id}"));
    Ok(json!({
        "members": page,
        "response_metadata": {"next_cursor": next.unwrap_or_default()},
    }))
}

const fn read_scope(channel: &Channel) -> &'static str {
    match channel.kind {
        Kind::Public => "channels:read",
        Kind::Private => "groups:read",
        Kind::Direct(_) => "im:read",
    }
}

/// A conversation whose messages the bot may read: it has to be in it, or gets the method's code.
fn readable<'a>(
    town: &'a State,
    args: &Args,
    outside: &'static str,
) -> Result<&'a Channel, Refused> {
    let channel = by_id(town, args)?;
    authorise(town, &[history_scope(channel)])?;
    if town.world.bot_in(channel) {
        Ok(channel)
    } else {
        Err(Refused::Code(outside))
    }
}

/// `conversations.history`: newest first, without replies and ephemeral messages.
pub(super) fn history(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = readable(town, args, "not_in_channel")?;
    let shown = |m: &&Message| m.only_for.is_none() && !m.hidden_in_thread();
    let window = Window::of(args, 100, 999)?;
    let messages = channel.messages.values().rev().filter(shown);
    let messages = messages.filter(|m| window.holds(&m.at.ts));
    let newer = |ts: &str, cursor: &str| ts >= cursor;
    let (page, next) = window.page(messages, newer);
    let mut answer = pages(town, args, &page, next.as_deref());
    set(&mut answer, "pin_count", json!(0));
    Ok(answer)
}

/// `conversations.replies`: the parent, then its replies, oldest first.
pub(super) fn replies(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let channel = readable(town, args, "channel_not_found")?;
    let ts = args.needed("ts")?;
    let asked = channel.messages.get(ts).filter(|m| m.only_for.is_none());
    let asked = asked.ok_or(Refused::Code("thread_not_found"))?;
    let parent = asked.thread.as_deref().unwrap_or(ts);
    let window = Window::of(args, 1000, 1000)?;
    let first = channel.messages.get(parent).into_iter();
    let rest = channel.replies(parent).filter(|m| window.holds(&m.at.ts));
    let older = |ts: &str, cursor: &str| ts <= cursor;
    let (page, next) = window.page(first.chain(rest), older);
    Ok(pages(town, args, &page, next.as_deref()))
}

/// Which messages a call asks for.
struct Window<'a> {
    oldest: Option<&'a str>,
    latest: Option<&'a str>,
    inclusive: bool,
    cursor: Option<&'a str>,
    limit: usize,
}

const CURSOR: &str = "next_ts:";

impl<'a> Window<'a> {
    fn of(args: &'a Args, usual: usize, most: usize) -> Result<Self, Refused> {
        let bound = |name: &str, code: &'static str| match args.text(name) {
            Some("0" | "now") | None => Ok(None),
            Some(ts) if ts.parse::<f64>().is_ok() => Ok(Some(ts)),
            Some(_) => Err(Refused::Code(code)),
        };
        let cursor = match args.text("cursor") {
            None => None,
            Some(cursor) => Some(
                cursor
                    .strip_prefix(CURSOR)
                    .ok_or(Refused::Code("invalid_cursor"))?,
            ),
        };
        Ok(Self {
            oldest: bound("oldest", "invalid_ts_oldest")?,
            latest: bound("latest", "invalid_ts_latest")?,
            inclusive: args.flag("inclusive"),
            cursor,
            limit: args.number("limit").unwrap_or(usual).clamp(1, most),
        })
    }

    fn holds(&self, ts: &str) -> bool {
        let after = self
            .oldest
            .is_none_or(|o| later(ts, o) || (self.inclusive && ts == o));
        let before = self
            .latest
            .is_none_or(|l| later(l, ts) || (self.inclusive && ts == l));
        after && before
    }

    /// One page, and the `ts` where the next one starts. `seen` tells what the cursor has behind it.
    fn page<'m>(
        &self,
        messages: impl Iterator<Item = &'m Message>,
        seen: fn(&str, &str) -> bool,
    ) -> (Vec<&'m Message>, Option<String>) {
        let behind = |m: &&Message| {
            self.cursor
                .is_some_and(|cursor| m.at.ts != cursor && seen(&m.at.ts, cursor))
        };
        let mut left = messages.skip_while(behind);
        let page: Vec<&Message> = left.by_ref().take(self.limit).collect();
        let next = left.next().map(|m| m.at.ts.clone());
        (page, next)
    }
}

/// Compares timestamps given with fewer decimals too.
fn later(a: &str, b: &str) -> bool {
    let number = |ts: &str| {
        let (seconds, micros) = ts.split_once('.').unwrap_or((ts, ""));
        (
            seconds.parse::<i64>().unwrap_or_default(),
            format!("{micros:0<6}"),
        )
    };
    number(a) > number(b)
}

fn pages(town: &State, args: &Args, page: &[&Message], next: Option<&str>) -> Value {
    let with_metadata = args.flag("include_all_metadata");
    let messages: Vec<Value> = page
        .iter()
        .map(|message| {
            let mut out = wire::message(&town.world, message);
            if let (true, Some(metadata)) = (with_metadata, &message.metadata) {
                set(&mut out, "metadata", metadata.clone());
            }
            out
        })
        .collect();
    let mut answer = json!({"messages": messages, "has_more": next.is_some()});
    if let Some(next) = next {
        let cursor = format!("{CURSOR}{next}");
        set(
            &mut answer,
            "response_metadata",
            json!({"next_cursor": cursor}),
        );
    }
    answer
}
