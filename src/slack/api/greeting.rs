//! One message to one person, to see whether it arrives: nothing else tells whether the messages tab is on.

use super::{SlackApi, SlackError};
use crate::rules::UserId;
use crate::view::Message;

const WORDS: &str =
    "Drawbridge can write to you here. `drawbridge doctor` sent this; nothing was opened.";

impl SlackApi {
    /// Writes to a person. Not by [`SlackApi::open_dm`] first: the post by id is what cards use.
    ///
    /// # Errors
    /// `messages_tab_disabled` where the tab is off, and as any post.
    pub async fn greet(&self, user: &UserId) -> Result<(), SlackError> {
        let message = Message {
            text: WORDS.to_owned(),
            blocks: Vec::new(),
        };
        self.post(&user.0, &message, None, "doctor").await.map(drop)
    }
}
