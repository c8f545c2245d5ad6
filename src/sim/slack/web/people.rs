//! `auth.test`, `users.*`, `usergroups.*` and `apps.connections.open`.

use serde_json::{Value, json};

use super::super::people::Person;
use super::super::state::State;
use super::super::wire::{self, GroupDetail, set};
use super::answer::Refused;
use super::args::Args;

/// `auth.test`.
pub(super) fn auth_test(town: &mut State, _: &Args) -> Result<Value, Refused> {
    let app = &town.world.app;
    Ok(json!({
        "url": format!("https://{}.slack.com/", app.domain),
        "team": app.domain,
        "user": app.name,
        "team_id": app.team,
        "user_id": app.user,
        "bot_id": app.bot,
        "is_enterprise_install": false,
    }))
}

/// `apps.connections.open`: a URL with a ticket for one connection.
pub(super) fn open_link(town: &mut State, _: &Args) -> Result<Value, Refused> {
    if town.faults.link_disabled {
        // Slack documents no code for an app whose Socket Mode is off; this is the nearest.
        return Err(Refused::Code("forbidden_team"));
    }
    let ticket = town.links.ticket(&town.mint);
    let base = town.setup.base_url.replacen("http", "ws", 1);
    let app = &town.world.app.id;
    Ok(json!({"url": format!("{base}/link/?ticket={ticket}&app_id={app}")}))
}

fn describe(town: &State, person: &Person) -> Value {
    let with_email = town.setup.scopes.contains("users:read.email");
    person.describe(town.now(), with_email)
}

/// `users.info`.
pub(super) fn info(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let id = args.needed("user")?;
    let person = town.world.people.iter().find(|p| p.id == id);
    let person = person.ok_or(Refused::Code("user_not_found"))?;
    Ok(json!({"user": describe(town, person)}))
}

/// `users.lookupByEmail`.
pub(super) fn by_email(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let email = args.needed("email")?;
    let name = email.strip_suffix("@example.com");
    let person = name.and_then(|name| town.world.people.iter().find(|p| p.name == name));
    let person = person.ok_or(Refused::Code("users_not_found"))?;
    Ok(json!({"user": describe(town, person)}))
}

const CURSOR: &str = "user:";

/// `users.list`, in pages when a limit is given.
pub(super) fn list(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let people = &town.world.people;
    let start = match args.text("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix(CURSOR)
            .and_then(|id| people.iter().position(|p| p.id == id))
            .ok_or(Refused::Code("invalid_cursor"))?,
    };
    let limit = args.number("limit").filter(|n| *n > 0);
    let mut left = people.iter().skip(start);
    let page = left.by_ref().take(limit.unwrap_or(usize::MAX));
    let members: Vec<Value> = page.map(|p| describe(town, p)).collect();
    let next = left.next().map(|p| format!("{CURSOR}{}", p.id));
    Ok(json!({
        "members": members,
        "cache_ts": town.now().timestamp(),
        "response_metadata": {"next_cursor": next.unwrap_or_default()},
    }))
}

/// `usergroups.list`. Members and their number are there only when asked for.
pub(super) fn groups(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let with_disabled = args.flag("include_disabled");
    let detail = GroupDetail {
        users: args.flag("include_users"),
        count: args.flag("include_count"),
    };
    let groups: Vec<Value> = town
        .world
        .groups
        .iter()
        .filter(|g| with_disabled || !g.disabled)
        .map(|g| wire::group(&town.world, g, detail, town.now()))
        .collect();
    Ok(json!({"usergroups": groups}))
}

/// `usergroups.users.list`.
pub(super) fn group_members(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let id = args.needed("usergroup")?;
    let with_disabled = args.flag("include_disabled");
    let group = town.world.groups.iter().find(|g| g.id == id);
    let group = group.filter(|g| with_disabled || !g.disabled);
    let group = group.ok_or(Refused::Code("no_such_subteam"))?;
    let mut answer = json!({});
    set(&mut answer, "users", json!(group.members));
    Ok(answer)
}
