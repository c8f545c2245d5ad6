//! Forms and home tabs: opened, covered, changed, published.

use serde::Deserialize;
use slack_morphism::prelude::*;

use super::{SlackApi, SlackError};
use crate::rules::UserId;
use crate::view::Screen;

/// A screen as Slack has it now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Opened {
    /// The view's id, for [`SlackApi::update_view`].
    pub id: String,
    /// Changes with every change of the view.
    pub hash: String,
}

#[derive(Deserialize)]
struct Shown {
    view: Opened,
}

/// # Retries
/// None, and none by callers where a trigger is used: it serves once and for three seconds, so a
/// repetition after an ambiguous answer can only fail, or open a second form.
impl SlackApi {
    /// Opens a form, in place of whatever form the person has open. `trigger` serves once, within three
    /// seconds of what the person did.
    ///
    /// # Errors
    /// Refused as `expired_trigger_id`, `exchanged_trigger_id` or `invalid_trigger_id` when it is too
    /// late. After an ambiguous one the form may be open: never repeat it.
    pub async fn open_view(&self, trigger: &str, screen: &Screen) -> Result<Opened, SlackError> {
        let request = SlackApiViewsOpenRequest::new(trigger.into(), screen.0.clone());
        self.show("views.open", &request).await
    }

    /// Puts a form on top of the one that `trigger` came from; three may lie on each other.
    ///
    /// # Errors
    /// As [`Self::open_view`]'s; also `push_limit_reached`.
    pub async fn push_view(&self, trigger: &str, screen: &Screen) -> Result<Opened, SlackError> {
        let request = SlackApiViewsPushRequest::new(trigger.into(), screen.0.clone());
        self.show("views.push", &request).await
    }

    /// Changes a view in place. What people have put in stays where both ids of its input stay. With a
    /// `hash` only if the view still is the one that had it.
    ///
    /// # Errors
    /// Refused as `hash_conflict` when it has changed, as `not_found` when it is closed.
    pub async fn update_view(
        &self,
        id: &str,
        hash: Option<&str>,
        screen: &Screen,
    ) -> Result<Opened, SlackError> {
        let request = SlackApiViewsUpdateRequest::new(screen.0.clone())
            .with_view_id(id.into())
            .opt_hash(hash.map(ToOwned::to_owned));
        self.show("views.update", &request).await
    }

    /// Shows a person's home tab. With a `hash` only if theirs still is the one that had it.
    ///
    /// # Errors
    /// Refused as `hash_conflict` when it has changed meanwhile, as `not_enabled` when the app was
    /// given no home tab.
    pub async fn publish_home(
        &self,
        user: &UserId,
        screen: &Screen,
        hash: Option<&str>,
    ) -> Result<Opened, SlackError> {
        let user = user.0.as_str().into();
        let request = SlackApiViewsPublishRequest::new(user, screen.0.clone())
            .opt_hash(hash.map(ToOwned::to_owned));
        self.show("views.publish", &request).await
    }

    async fn show<Q>(&self, method: &'static str, request: &Q) -> Result<Opened, SlackError>
    where
        Q: serde::Serialize + Send + Sync,
    {
        let shown: Shown = self.caller.post(method, None, request).await?;
        Ok(shown.view)
    }
}
