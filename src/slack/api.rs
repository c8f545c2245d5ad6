//! The Web API: every call Drawbridge makes to Slack.
//!
//! Requests are the client library's types. Answers are small structs of our own that read only what
//! is used: the library's full models refuse an answer for one unexpected field, and a message that
//! was posted must not turn into an error because Slack described it in a new way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use slack_morphism::prelude::*;
use tokio::sync::OnceCell;
use url::Url;

mod call;
mod channels;
mod error;
mod greeting;
mod history;
mod pace;
mod people;
mod scopes;
mod silence;
#[cfg(test)]
mod tests;
mod views;

use self::call::Caller;
pub use self::channels::MOST_MEMBERS;
pub use self::error::{Retry, SlackError};
pub use self::pace::Rank;
use self::pace::Wanted;
pub use self::people::{GroupRecord, UserRecord};
pub use self::scopes::scopes;
pub use self::views::Opened;
use crate::metrics::Metrics;
use crate::rules::{TeamId, UserId};
use crate::slack::SlackConfig;
use crate::slack::transport::Wire;
use crate::units::{Seconds, Time};
use crate::view::Message;

/// `event_type` of the metadata on our messages, by which [`SlackApi::find_posted`] knows them.
pub const METADATA_TYPE: &str = "drawbridge";

/// Name in errors for a post to a response URL, which is no method.
const RESPONSE_URL: &str = "response_url";

/// Where a message ended up: what `chat.update` needs later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The channel as Slack calls it: `D…` even when it was posted to a person.
    pub channel: String,
    /// The message's id within the channel.
    pub ts: String,
}

/// Who we are, by `auth.test`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// Our bot user: our own messages and mentions carry it.
    pub user_id: UserId,
    /// The bot behind the user.
    pub bot_id: Option<String>,
    /// The workspace we are installed in.
    pub team_id: Option<TeamId>,
    /// Its name.
    pub team: Option<String>,
}

/// An answer of which nothing is needed.
#[derive(Deserialize)]
struct Done {}

/// Calls Slack.
///
/// # Guarantees
/// Every call ends within seven seconds: two for its turn, five for the answer. Messages to one
/// channel go at most once a second, each in its turn ([`Rank`]); after a 429 a method rests as long as Slack asked.
///
/// # Retries
/// A read whose connection broke is made once more at once. Else none here: [`SlackError::retry`] tells
/// the caller, who has the document and the patience.
pub struct SlackApi {
    caller: Caller,
    wire: Wire,
    me: OnceCell<Identity>,
    /// Whether deliveries arrive over Socket Mode now.
    linked: AtomicBool,
}

impl std::fmt::Debug for SlackApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlackApi").finish_non_exhaustive()
    }
}

impl SlackApi {
    /// Ready to call; nothing is sent yet.
    pub fn new(config: &SlackConfig, wire: Wire) -> Self {
        Self {
            caller: Caller::new(config, wire.clone()),
            wire,
            me: OnceCell::new(),
            linked: AtomicBool::new(false),
        }
    }

    /// The same, with its calls and its connection told to these metrics.
    #[must_use]
    pub fn observed(mut self, metrics: Arc<Metrics>) -> Self {
        self.caller.metrics = metrics;
        self
    }

    pub(super) const fn metrics(&self) -> &Arc<Metrics> {
        &self.caller.metrics
    }

    /// The wire that calls go over.
    pub(super) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// `auth.test`, asked anew.
    pub async fn auth_test(&self) -> Result<Identity, SlackError> {
        self.caller.get("auth.test", Vec::new()).await
    }

    /// For how long Slack has been away, as far as two attempts to reach it tell: this one, which begins at
    /// `now`, and the first one before it since when nothing came from Slack. `None`: it is there (deliveries
    /// arrive over Socket Mode, or it says anything at all). A doubt counts as there: what may be done
    /// without Slack must wait then. Known to this process alone.
    pub async fn away_for(&self, now: Time) -> Option<Seconds> {
        if self.linked.load(Ordering::Relaxed) {
            return None;
        }
        let silence = &self.caller.silence;
        let heard = silence.heard();
        match self.auth_test().await {
            Err(SlackError::Away { .. } | SlackError::Ambiguous { .. }) => {
                silence.unanswered(heard, now)
            }
            _ => None,
        }
    }

    /// Something came from Slack: a delivery.
    pub(super) fn hear(&self) {
        self.caller.silence.hear();
    }

    /// Socket Mode's connection came or went.
    pub(super) fn note_link(&self, linked: bool) {
        self.linked.store(linked, Ordering::Relaxed);
        if linked {
            self.hear();
        }
    }

    /// Who we are: asked once, then remembered (a token's identity never changes).
    pub async fn whoami(&self) -> Result<&Identity, SlackError> {
        self.me.get_or_try_init(|| self.auth_test()).await
    }

    /// Who we are, if that is known by now.
    pub(super) fn known(&self) -> Option<&Identity> {
        self.me.get()
    }

    /// Posts a message to a channel, or to a person (`U…`, which opens the direct message), before all that waits
    /// for the same channel.
    ///
    /// `key` goes into the message's metadata, so that [`Self::find_posted`] can tell whether an
    /// ambiguous post happened. `thread` is the parent's `ts`.
    pub async fn post(
        &self,
        channel: &str,
        message: &Message,
        thread: Option<&str>,
        key: &str,
    ) -> Result<Posted, SlackError> {
        let foremost = Rank::Urgent(Time::UNIX_EPOCH);
        self.post_in_turn((channel, thread), message, (key, foremost))
            .await
    }

    /// The same for a message that has this place among those that wait for the channel. Where it must wait
    /// ([`SlackError::RateLimited`]) that place is kept until it comes back under the same key.
    pub async fn post_in_turn(
        &self,
        (channel, thread): (&str, Option<&str>),
        message: &Message,
        (key, rank): (&str, Rank),
    ) -> Result<Posted, SlackError> {
        let payload = [("key".to_owned(), key.to_owned())].into();
        let metadata =
            SlackMessageMetadata::new(METADATA_TYPE.to_owned()).with_event_payload(payload);
        let request = SlackApiChatPostMessageRequest::new(
            channel.into(),
            content(message).with_metadata(metadata),
        )
        .opt_thread_ts(thread.map(Into::into))
        // A reason that holds a link must not grow a preview of it.
        .with_unfurl_links(false)
        .with_unfurl_media(false);
        let wanted = Wanted { channel, rank, key };
        self.caller
            .post("chat.postMessage", Some(&wanted), &request)
            .await
    }

    /// Replaces a message of ours. `channel` must be what [`Posted`] said: a user id is refused here.
    pub async fn update(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
    ) -> Result<(), SlackError> {
        let request = SlackApiChatUpdateRequest::new(channel.into(), content(message), ts.into());
        let Done {} = self.caller.post("chat.update", None, &request).await?;
        Ok(())
    }

    /// Shows a message to one person in a channel they are in. Slack does not promise to deliver it.
    pub async fn ephemeral(
        &self,
        channel: &str,
        user: &UserId,
        message: &Message,
        thread: Option<&str>,
    ) -> Result<(), SlackError> {
        let user = user.0.as_str().into();
        let request = SlackApiChatPostEphemeralRequest::new(channel.into(), user, content(message))
            .opt_thread_ts(thread.map(Into::into));
        let Done {} = self
            .caller
            .post("chat.postEphemeral", None, &request)
            .await?;
        Ok(())
    }

    /// Answers a command or a click privately; a response URL serves five times in 30 minutes.
    pub async fn respond(&self, response_url: &str, message: &Message) -> Result<(), SlackError> {
        let address = Url::parse(response_url).map_err(|_| SlackError::Refused {
            method: RESPONSE_URL,
            code: "malformed_request".to_owned(),
        })?;
        let answer = Response {
            answer: message.into(),
            replace_original: false,
        };
        let Done {} = self.caller.post_to(RESPONSE_URL, address, &answer).await?;
        Ok(())
    }

    /// The `D…` channel with a person.
    pub async fn open_dm(&self, user: &UserId) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Opened {
            channel: Channel,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: String,
        }
        // Not the library's request: it writes a list where Slack documents a comma-separated string.
        let request = serde_json::json!({ "users": user.0 });
        let opened: Opened = self
            .caller
            .post("conversations.open", None, &request)
            .await?;
        Ok(opened.channel.id)
    }

    /// Whether Slack gives us a Socket Mode connection; none is made, and the address is forgotten.
    pub async fn can_connect(&self) -> Result<(), SlackError> {
        self.open_connection().await.map(drop)
    }

    /// A fresh address for a Socket Mode connection. It holds a single-use ticket: never log it.
    pub(super) async fn open_connection(&self) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Opened {
            url: String,
        }
        let opened: Opened = self.caller.post_as_app("apps.connections.open").await?;
        Ok(opened.url)
    }
}

/// A message as Slack takes it. Blocks are left out when there are none: an empty list is refused in
/// some calls, and text alone removes the blocks of an updated message, which is what is meant.
fn content(message: &Message) -> SlackMessageContent {
    let blocks = (!message.blocks.is_empty()).then(|| message.blocks.clone());
    SlackMessageContent::new()
        .with_text(message.text.clone())
        .opt_blocks(blocks)
}

/// A message for one person: the payload of an acknowledgement.
#[derive(Debug, Serialize)]
pub(super) struct PrivateAnswer<'a> {
    response_type: &'static str,
    text: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    blocks: &'a [SlackBlock],
}

impl<'a> From<&'a Message> for PrivateAnswer<'a> {
    fn from(message: &'a Message) -> Self {
        Self {
            response_type: "ephemeral",
            text: &message.text,
            blocks: &message.blocks,
        }
    }
}

/// The body for a response URL. The client library's has no response type.
#[derive(Serialize)]
struct Response<'a> {
    #[serde(flatten)]
    answer: PrivateAnswer<'a>,
    /// Said explicitly: an answer to a click must never cover the card that was clicked.
    replace_original: bool,
}
