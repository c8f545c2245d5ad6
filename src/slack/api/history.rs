//! Finding out whether an ambiguous post happened.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;

use super::{Identity, METADATA_TYPE, Posted, SlackApi, SlackError};
use crate::rules::UserId;
use crate::units::Time;

/// Messages a page, and pages looked at: what we look for was posted moments ago.
const PAGE: u32 = 200;
const PAGES: usize = 5;

/// Our clock may run ahead of Slack's; look back a little further than asked.
const SKEW: TimeDelta = TimeDelta::seconds(60);

#[derive(Deserialize)]
struct Page {
    messages: Vec<Entry>,
    response_metadata: Option<Next>,
}

#[derive(Deserialize)]
struct Next {
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    ts: String,
    user: Option<String>,
    bot_id: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    event_type: Option<String>,
    event_payload: Option<Value>,
}

impl Entry {
    /// Anybody may put our metadata on their message, so the author must be us.
    fn is_ours(&self, me: &Identity, key: &str) -> bool {
        let held = self.metadata.as_ref().and_then(Metadata::key);
        self.is_by(me) && held == Some(key)
    }

    fn is_by(&self, me: &Identity) -> bool {
        let by_user = self.user.as_deref() == Some(me.user_id.0.as_str());
        by_user || (me.bot_id.is_some() && self.bot_id == me.bot_id)
    }
}

impl Metadata {
    /// The key, of metadata that is ours.
    fn key(&self) -> Option<&str> {
        let payload = self.event_payload.as_ref();
        let held = payload.and_then(|p| p.get("key")).and_then(Value::as_str);
        held.filter(|_| self.event_type.as_deref() == Some(METADATA_TYPE))
    }
}

impl SlackApi {
    /// The message that [`SlackApi::post`] posted with this key, if it is there.
    ///
    /// `channel` may be a person or a channel's name, as in `post`. `since` is when the post was
    /// tried first.
    ///
    /// # Errors
    /// `missing_scope` in channels whose history the installation may not read.
    pub async fn find_posted(
        &self,
        channel: &str,
        thread: Option<&str>,
        key: &str,
        since: Time,
    ) -> Result<Option<Posted>, SlackError> {
        let me = self.whoami().await?;
        let Some(channel) = self.id_of(channel).await? else {
            // Where we are not, we cannot have posted.
            return Ok(None);
        };
        let mut cursor = None;
        for _ in 0..PAGES {
            let page = self.page(&channel, thread, since, cursor).await?;
            if let Some(entry) = page.messages.into_iter().find(|m| m.is_ours(me, key)) {
                return Ok(Some(Posted {
                    channel,
                    ts: entry.ts,
                }));
            }
            cursor = page.response_metadata.and_then(|m| m.next_cursor);
            if cursor.as_ref().is_none_or(String::is_empty) {
                break;
            }
        }
        Ok(None)
    }

    /// Whether the message at `ts` is ours and its key begins with `about` and a slash. `thread` is the
    /// parent's `ts`.
    ///
    /// # Errors
    /// `missing_scope` in channels whose history the installation may not read.
    pub async fn is_about(
        &self,
        channel: &str,
        ts: &str,
        thread: Option<&str>,
        about: &str,
    ) -> Result<bool, SlackError> {
        let me = self.whoami().await?;
        let params = vec![
            ("channel", Some(channel.to_owned())),
            ("ts", Some(thread.unwrap_or(ts).to_owned())),
            ("oldest", Some(ts.to_owned())),
            ("inclusive", Some("true".to_owned())),
            ("limit", Some("2".to_owned())),
            ("include_all_metadata", Some("true".to_owned())),
        ];
        let page: Page = self.caller.get("conversations.replies", params).await?;
        let found = page.messages.iter().find(|entry| entry.ts == ts);
        Ok(found.is_some_and(|entry| {
            let key = entry.metadata.as_ref().and_then(Metadata::key);
            let about = |key: &str| key.split('/').next() == Some(about);
            entry.is_by(me) && key.is_some_and(about)
        }))
    }

    /// The id of a place that a message can be posted to.
    async fn id_of(&self, place: &str) -> Result<Option<String>, SlackError> {
        match place.chars().next() {
            Some('#') => self.joined_channel(place).await,
            Some('U' | 'W') => self.open_dm(&UserId(place.to_owned())).await.map(Some),
            _ => Ok(Some(place.to_owned())),
        }
    }

    async fn page(
        &self,
        channel: &str,
        thread: Option<&str>,
        since: Time,
        cursor: Option<String>,
    ) -> Result<Page, SlackError> {
        let oldest = since.checked_sub_signed(SKEW).unwrap_or(since);
        let method = match thread {
            Some(_) => "conversations.replies",
            None => "conversations.history",
        };
        let params = vec![
            ("channel", Some(channel.to_owned())),
            ("ts", thread.map(ToOwned::to_owned)),
            ("oldest", Some(format!("{}.000000", oldest.timestamp()))),
            ("limit", Some(PAGE.to_string())),
            ("include_all_metadata", Some("true".to_owned())),
            ("cursor", cursor),
        ];
        self.caller.get(method, params).await
    }
}
