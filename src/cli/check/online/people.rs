//! Who is who, read with all the patience that a check can have: Slack's call rates are for answers in
//! chat, and rules may name hundreds of people.

use std::collections::BTreeSet;

use crate::cli::workspace::{ONCE, patient};
use crate::rules::{Roll, Standing, UserId};
use crate::slack::{Directory, SlackError};

/// People and groups, each read once.
pub(super) struct People<'a>(&'a Directory);

impl<'a> People<'a> {
    pub(super) const fn of(directory: &'a Directory) -> Self {
        Self(directory)
    }

    /// The groups of these keys; those that are not there are absent.
    pub(super) async fn roll(&mut self, keys: &BTreeSet<String>) -> Result<Roll, SlackError> {
        patient(async || self.0.roll(&BTreeSet::new(), keys, ONCE).await).await
    }

    /// Those who count, each once.
    pub(super) async fn counting(
        &mut self,
        users: &[UserId],
    ) -> Result<BTreeSet<UserId>, SlackError> {
        let mut counting = BTreeSet::new();
        for user in users.iter().collect::<BTreeSet<_>>() {
            if self.standing(user).await? == Some(Standing::Member) {
                counting.insert(user.clone());
            }
        }
        Ok(counting)
    }

    /// Why somebody does not count; `None`: they do.
    pub(super) async fn why_not(&mut self, id: &str) -> Result<Option<&'static str>, SlackError> {
        let standing = self.standing(&UserId(id.to_owned())).await?;
        Ok(match standing {
            Some(Standing::Member) => None,
            None => Some("is nobody whom Slack knows"),
            Some(Standing::Guest) => Some("is a guest"),
            Some(Standing::Stranger) => Some("is of another workspace"),
            Some(Standing::Bot) => Some("is a bot"),
            Some(Standing::Deactivated) => Some("is deactivated"),
        })
    }

    async fn standing(&self, user: &UserId) -> Result<Option<Standing>, SlackError> {
        let person = patient(async || self.0.person(user, ONCE).await).await?;
        Ok(person.map(|person| person.standing))
    }
}
