//! Channels by name. Messages can be posted to a name, but everything else wants the id.

use serde::Deserialize;

use super::{SlackApi, SlackError};

/// Channels a page, and pages looked at: a bot is in hundreds of channels at most.
const PAGE: u32 = 200;
const PAGES: usize = 20;

#[derive(Deserialize)]
struct Page {
    channels: Vec<Entry>,
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
            cursor = page.response_metadata.and_then(|m| m.next_cursor);
            if cursor.as_ref().is_none_or(String::is_empty) {
                break;
            }
        }
        Ok(None)
    }
}
