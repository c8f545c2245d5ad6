//! Channels by name and their members. Messages can be posted to a name, but everything else wants the
//! id.

use serde::Deserialize;

use super::people::absent_when;
use super::{SlackApi, SlackError};
use crate::rules::UserId;

/// Channels a page, and pages looked at: a bot is in hundreds of channels at most.
const PAGE: u32 = 200;
const PAGES: usize = 20;

/// Most members of a channel that are worth reading: who approves is a team, not a company.
pub const MOST_MEMBERS: usize = 1_000;

#[derive(Deserialize)]
struct Page {
    channels: Vec<Entry>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize)]
struct Members {
    members: Vec<UserId>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: Option<String>,
    is_member: Option<bool>,
    is_archived: Option<bool>,
}

#[derive(Deserialize)]
struct Info {
    channel: Entry,
}

impl SlackApi {
    /// The id of a channel (`#name`, with or without `#`) that we are in; `None`: we are in none of
    /// that name.
    pub async fn joined_channel(&self, name: &str) -> Result<Option<String>, SlackError> {
        let name = name.trim_start_matches('#');
        let mut cursor = None;
        for _ in 0..PAGES {
            let params = vec![
                ("types", Some("public_channel,private_channel".to_owned())),
                ("exclude_archived", Some("true".to_owned())),
                ("limit", Some(PAGE.to_string())),
                ("cursor", cursor),
            ];
            let page: Page = self.caller.get("users.conversations", params).await?;
            let named = |entry: &Entry| entry.name.as_deref() == Some(name);
            if let Some(entry) = page.channels.into_iter().find(named) {
                return Ok(Some(entry.id));
            }
            cursor = further(page.response_metadata);
            if cursor.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// The id of a channel given by name (`#name`) or id (`C…`, `G…`, with or without `#`), if it is in
    /// use and we are in it; else `None`.
    pub async fn our_channel(&self, place: &str) -> Result<Option<String>, SlackError> {
        let bare = place.trim_start_matches('#');
        if !is_channel_id(bare) {
            return self.joined_channel(bare).await;
        }
        let params = vec![("channel", Some(bare.to_owned()))];
        let found: Result<Info, _> = self.caller.get("conversations.info", params).await;
        let info = absent_when(found, &["channel_not_found"])?;
        let is = |flag: Option<bool>| flag.unwrap_or(false);
        let ours = |entry: &Entry| is(entry.is_member) && !is(entry.is_archived);
        let entry = info.map(|info| info.channel).filter(ours);
        Ok(entry.map(|entry| entry.id))
    }

    /// A channel's members, ourselves included; `None` when there is no such channel or we are not in
    /// it. A few more than [`MOST_MEMBERS`] at most: reading stops there, so a longer list than that
    /// is not all of them.
    pub async fn channel_members(
        &self,
        channel_id: &str,
    ) -> Result<Option<Vec<UserId>>, SlackError> {
        let mut members = Vec::new();
        let mut cursor = None;
        for _ in 0..PAGES {
            let params = vec![
                ("channel", Some(channel_id.to_owned())),
                ("limit", Some(PAGE.to_string())),
                ("cursor", cursor),
            ];
            let read: Result<Members, _> = self.caller.get("conversations.members", params).await;
            let Some(page) = absent_when(read, &["channel_not_found", "not_in_channel"])? else {
                return Ok(None);
            };
            members.extend(page.members);
            cursor = further(page.response_metadata);
            if cursor.is_none() || members.len() > MOST_MEMBERS {
                break;
            }
        }
        Ok(Some(members))
    }

    /// What a channel is called, without `#`; `None`: we cannot see it, or it has no name, as direct
    /// messages have none.
    ///
    /// # Errors
    /// Slack could not be asked.
    pub async fn channel_name(&self, id: &str) -> Result<Option<String>, SlackError> {
        #[derive(Deserialize)]
        struct Found {
            channel: Entry,
        }
        let params = vec![("channel", Some(id.to_owned()))];
        let found: Result<Found, _> = self.caller.get("conversations.info", params).await;
        let found = absent_when(found, &["channel_not_found", "not_in_channel"])?;
        Ok(found.and_then(|found| found.channel.name))
    }
}

/// Where the next page begins; `None`: there is none.
fn further(next: Option<Next>) -> Option<String> {
    next.and_then(|next| next.next_cursor)
        .filter(|cursor| !cursor.is_empty())
}

/// Whether this is a channel's id rather than a name: names have no capitals.
fn is_channel_id(text: &str) -> bool {
    text.starts_with(['C', 'G'])
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
