//! Members by the keys of a roll: of user groups and channels, and whoever is on call.
//!
//! It must never guess: what is unknown or cannot be read is absent, and then counts for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{AT_ONCE, Directory};
use crate::oncall::Listed;
use crate::rules::{Members, UserId};
use crate::slack::api::{GroupRecord, MOST_MEMBERS, SlackError};

/// What [`crate::rules::group::oncall_key`] puts before a source's name.
const ON_CALL: &str = "oncall:";

/// How old the knowledge may be of who has an address: addresses hardly change hands, and whoever has
/// one is read anew before they count.
const EMAIL_AGE: Duration = Duration::from_secs(15 * 60);

impl Directory {
    pub(super) async fn read_groups(
        &self,
        keys: &BTreeSet<String>,
        fresh: Duration,
    ) -> Result<BTreeMap<String, Members>, SlackError> {
        let wanted: BTreeSet<String> = keys.iter().map(|key| canonical(key)).collect();
        let known = match wanted.iter().any(|key| is_handle(key)) {
            true => self.list_groups(fresh).await?,
            false => Arc::default(),
        };
        let reads = wanted.into_iter().map(|key| {
            let known = Arc::clone(&known);
            async move { Ok((key.clone(), self.read_group(&key, &known, fresh).await?)) }
        });
        let read: Vec<(String, Option<Members>)> =
            stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let present = |(key, members): (String, Option<_>)| Some((key, members?));
        Ok(read.into_iter().filter_map(present).collect())
    }

    async fn read_group(
        &self,
        key: &str,
        known: &[GroupRecord],
        fresh: Duration,
    ) -> Result<Option<Members>, SlackError> {
        if key.starts_with('#') {
            return self.read_channel(key, fresh).await;
        }
        if let Some(name) = key.strip_prefix(ON_CALL) {
            return Ok(self.read_on_call(name, fresh).await);
        }
        match find(known, key) {
            Some(group) => self.list_members(group.id.clone(), fresh).await,
            None => Ok(None),
        }
    }

    pub(super) async fn list_groups(
        &self,
        fresh: Duration,
    ) -> Result<Arc<Vec<GroupRecord>>, SlackError> {
        let read = async { self.api.usergroups_list().await.map(Arc::new) };
        self.groups.get(&(), fresh, read).await
    }

    async fn list_members(
        &self,
        group: String,
        fresh: Duration,
    ) -> Result<Option<Members>, SlackError> {
        let read = async {
            let members = self.api.usergroup_members(&group).await?;
            Ok(members.map(|members| Arc::new(BTreeSet::from_iter(members))))
        };
        self.members.get(&group, fresh, read).await
    }

    /// A channel's members. One whose contents we may not read is absent, like one that is not there:
    /// the same call will be refused again, and other groups of the ask may do without it.
    async fn read_channel(
        &self,
        key: &str,
        fresh: Duration,
    ) -> Result<Option<Members>, SlackError> {
        let read = async {
            let Some(id) = self.api.our_channel(key).await? else {
                return Ok(None);
            };
            let members = self.api.channel_members(&id).await?;
            Ok(members.and_then(|members| within_bounds(key, members)))
        };
        let read = self.channels.get(&key.to_owned(), fresh, read).await;
        match read {
            Err(error @ SlackError::Refused { .. }) => {
                tracing::warn!(channel = key, %error, "members of a channel not read");
                Ok(None)
            }
            read => read,
        }
    }

    /// Whoever is on call by a source, else its fallback's members. Never an error: other groups of the
    /// ask may do without.
    async fn read_on_call(&self, name: &str, fresh: Duration) -> Option<Members> {
        let listed = match self.on_call.read(name).await {
            Some(Listed::Users(users)) => Ok(Some(users)),
            Some(Listed::Emails(emails)) => self.by_email(&emails).await.map(Some),
            None => Ok(None),
        };
        match listed {
            Ok(Some(users)) => return Some(Arc::new(users)),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(source = name, %error, "addresses of who is on call not read");
            }
        }
        let fallback = canonical(self.on_call.fallback(name)?);
        let members = async {
            let known = self.list_groups(fresh).await?;
            match find(&known, &fallback) {
                Some(group) => self.list_members(group.id.clone(), fresh).await,
                None => Ok(None),
            }
        };
        let read = members.await;
        read.inspect_err(
            |error| tracing::warn!(source = name, %error, "fallback of who is on call not read"),
        )
        .ok()
        .flatten()
    }

    /// The people with these addresses; one that Slack does not know is nobody.
    async fn by_email(&self, emails: &BTreeSet<String>) -> Result<BTreeSet<UserId>, SlackError> {
        let reads = emails.iter().cloned().map(|email| async move {
            let read = self.api.user_by_email(&email);
            self.emails.get(&email, EMAIL_AGE, read).await
        });
        let read: Vec<Option<UserId>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        let unknown = read.iter().filter(|user| user.is_none()).count();
        if unknown > 0 {
            tracing::warn!(unknown, "slack does not know everybody who is on call");
        }
        Ok(read.into_iter().flatten().collect())
    }
}

/// All members, unless there are too many to be somebody's approvers.
fn within_bounds(channel: &str, members: Vec<UserId>) -> Option<Members> {
    if members.len() > MOST_MEMBERS {
        tracing::warn!(
            channel,
            most = MOST_MEMBERS,
            "a channel has too many members"
        );
        return None;
    }
    Some(Arc::new(members.into_iter().collect()))
}

/// A key as the roll has it: of channels and sources as it is, of handles without `@`, lower case.
pub(super) fn canonical(key: &str) -> String {
    if is_handle(key) {
        key.trim_start_matches('@').to_lowercase()
    } else {
        key.to_owned()
    }
}

fn is_handle(key: &str) -> bool {
    !key.starts_with('#') && !key.starts_with(ON_CALL)
}

pub(super) fn find<'a>(groups: &'a [GroupRecord], handle: &str) -> Option<&'a GroupRecord> {
    groups
        .iter()
        .find(|group| group.handle.to_lowercase() == handle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::group::{channel_key, oncall_key, roll_key};

    #[test]
    fn keys_of_rules_are_kept_and_told_apart() {
        assert_eq!(oncall_key(""), ON_CALL);
        for key in [
            roll_key("@Orders-Oncall"),
            channel_key("#Orders"),
            channel_key("C0123"),
            oncall_key("orders"),
        ] {
            assert_eq!(canonical(&key), key);
        }
        assert!(is_handle("orders-oncall") && !is_handle("#C0123"));
    }
}
