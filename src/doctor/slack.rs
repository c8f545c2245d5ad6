//! Judges what Slack says about our app: tokens, scopes, the way deliveries come, user groups, the
//! messages tab.

use std::collections::BTreeSet;

use super::{About, Answer, Area, Finding, No, listed};

/// A scope that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Slack's name for it.
    pub scope: &'static str,
    /// Only some features need it.
    pub optional: bool,
}

/// How deliveries should come, and whether they can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Socket Mode: the app token's form, and whether a connection could be opened.
    Socket {
        /// Whether the token begins as app-level tokens do.
        looks_right: bool,
        /// Whether Slack gives an address for a connection.
        opened: Answer<()>,
    },
    /// Signed HTTP alone. Slack tells no bot what addresses are entered there.
    Http,
    /// The configuration names neither way.
    Neither,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whether the bot token begins as bot tokens do.
    pub looks_right: bool,
    /// The workspace's name, by `auth.test`.
    pub team: Answer<String>,
    /// The token's scopes; `None`: Slack's answer does not tell.
    pub scopes: Answer<Option<BTreeSet<String>>>,
    /// What they should be.
    pub wanted: Vec<Wanted>,
    /// How deliveries come.
    pub delivery: Delivery,
    /// How many user groups there are.
    pub groups: Answer<usize>,
    /// Whether a message reached a person; `None`: none was sent.
    pub greeted: Option<Answer<()>>,
}

/// What to do where the app is not as its manifest says.
const REINSTALL: &str = "paste what `drawbridge slack-manifest` prints into the app's *App Manifest* page, save, and \
     reinstall the app to the workspace";

/// Judges it. Without an accepted token nothing else can be told, so nothing else is.
pub fn judge(seen: &Observed) -> Vec<Finding> {
    let about = About::new(Area::Slack, "");
    let token = token(&about, seen);
    if seen.team.is_err() {
        return vec![token];
    }
    let mut found = vec![token];
    found.extend(scopes(&about, seen));
    found.push(delivery(&about, &seen.delivery));
    found.push(groups(&about, &seen.groups));
    found.push(messages_tab(&about, seen.greeted.as_ref()));
    found
}

fn token(about: &About, seen: &Observed) -> Finding {
    const CHECK: &str = "bot token";
    const MEND: &str = "set `SLACK_BOT_TOKEN` to the *Bot User OAuth Token* (`xoxb-…`) of the page *OAuth & Permissions*";
    match &seen.team {
        Ok(team) if seen.looks_right => about.ok(CHECK, format!("accepted by `{team}`")),
        Ok(team) => about.fail(
            CHECK,
            format!("accepted by `{team}`, and it is no bot's token: it acts as a person"),
            MEND,
        ),
        Err(No::Refused(code)) => about.fail(CHECK, format!("not accepted: `{code}`"), MEND),
        Err(away @ No::Away(_)) => about.fail(
            CHECK,
            away.to_string(),
            "let the bot reach slack.com on port 443, and see `SLACK_API_URL`",
        ),
    }
}

fn scopes(about: &About, seen: &Observed) -> Vec<Finding> {
    const CHECK: &str = "bot scopes";
    let held = match &seen.scopes {
        Ok(Some(held)) => held,
        Ok(None) => {
            let why = "Slack's answer does not tell them";
            return vec![about.unknown(
                CHECK,
                why,
                "compare them with `drawbridge slack-manifest`",
            )];
        }
        Err(no) => {
            let mend = "run `drawbridge doctor` again when Slack answers";
            return vec![about.unknown(CHECK, no.to_string(), mend)];
        }
    };
    let missing = |optional: bool| -> Vec<&str> {
        let wanted = seen.wanted.iter().filter(|w| w.optional == optional);
        let names = wanted.map(|w| w.scope);
        names.filter(|scope| !held.contains(*scope)).collect()
    };
    let known: BTreeSet<&str> = seen.wanted.iter().map(|w| w.scope).collect();
    let extra: Vec<&str> = held.iter().map(String::as_str).collect();
    let extra: Vec<&str> = extra
        .into_iter()
        .filter(|scope| !known.contains(scope))
        .collect();
    let (needed, optional) = (missing(false), missing(true));
    let mut found = Vec::new();
    if needed.is_empty() {
        found.push(about.ok(CHECK, "all that are needed are there"));
    } else {
        found.push(about.fail(CHECK, format!("missing: {}", listed(&needed)), REINSTALL));
    }
    if !optional.is_empty() {
        let why = format!("not there: {}", listed(&optional));
        let mend = "needed only where on-call sources answer with addresses: add it then";
        found.push(about.warn(CHECK, why, mend));
    }
    if !extra.is_empty() {
        let why = format!("more than is needed: {}", listed(&extra));
        let mend = "take them away: a token that leaks can do what its scopes allow";
        found.push(about.warn(CHECK, why, mend));
    }
    found
}

fn delivery(about: &About, delivery: &Delivery) -> Finding {
    const CHECK: &str = "deliveries";
    const TOKEN: &str = "set `SLACK_APP_TOKEN` to an app-level token (`xapp-…`) with `connections:write`, and switch \
         *Socket Mode* on";
    match delivery {
        Delivery::Socket {
            looks_right: false, ..
        } => about.fail(CHECK, "`SLACK_APP_TOKEN` is no app-level token", TOKEN),
        Delivery::Socket { opened: Ok(()), .. } => {
            about.ok(CHECK, "Socket Mode gives connections")
        }
        Delivery::Socket {
            opened: Err(No::Refused(code)),
            ..
        } => about.fail(CHECK, format!("Socket Mode is refused: `{code}`"), TOKEN),
        Delivery::Socket {
            opened: Err(away), ..
        } => about.fail(
            CHECK,
            away.to_string(),
            "let the bot reach slack.com on port 443",
        ),
        Delivery::Http => about.unknown(
            CHECK,
            "signed HTTP, and Slack does not tell which addresses it calls",
            "paste what `drawbridge slack-manifest --http URL` prints, and see that Slack shows the address as *Verified*",
        ),
        Delivery::Neither => about.fail(
            CHECK,
            "neither `SLACK_APP_TOKEN` nor `SLACK_SIGNING_SECRET` is set: nothing would arrive",
            TOKEN,
        ),
    }
}

fn groups(about: &About, groups: &Answer<usize>) -> Finding {
    const CHECK: &str = "user groups";
    match groups {
        Ok(0) => about.warn(
            CHECK,
            "the workspace has none",
            "make groups for those who approve, or name channels or people in the rules",
        ),
        Ok(count) => about.ok(CHECK, format!("{count} can be read")),
        Err(No::Refused(code)) if code == "plan_upgrade_required" => about.warn(
            CHECK,
            "the workspace's plan has none",
            "name `channels`, `users` or on-call sources in the rules, or take a paid plan",
        ),
        Err(No::Refused(code)) => about.fail(CHECK, format!("refused: `{code}`"), REINSTALL),
        Err(away) => about.unknown(
            CHECK,
            away.to_string(),
            "run `drawbridge doctor` again when Slack answers",
        ),
    }
}

fn messages_tab(about: &About, greeted: Option<&Answer<()>>) -> Finding {
    const CHECK: &str = "messages tab";
    match greeted {
        None => about.unknown(
            CHECK,
            "only a message can tell, and none was sent",
            "run `drawbridge doctor --greet MEMBER` with your own member id",
        ),
        Some(Ok(())) => about.ok(CHECK, "a message arrived"),
        Some(Err(No::Refused(code))) if code == "messages_tab_disabled" => about.fail(
            CHECK,
            "it is switched off: nobody can be told anything in private",
            "switch *Messages Tab* on under *App Home*, and allow messages from it",
        ),
        Some(Err(No::Refused(code))) => about.fail(
            CHECK,
            format!("the message was refused: `{code}`"),
            "give `--greet` the member id (`U…`) of an active member of this workspace",
        ),
        Some(Err(away)) => about.unknown(
            CHECK,
            away.to_string(),
            "run `drawbridge doctor` again when Slack answers",
        ),
    }
}

#[cfg(test)]
mod tests;
