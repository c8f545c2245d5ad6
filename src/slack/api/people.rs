//! Reading people and user groups.

use serde::Deserialize;

use super::{SlackApi, SlackError};
use crate::rules::UserId;

/// A person as `users.info` describes them. Every field may be missing or null.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct UserRecord {
    /// `U…` or `W…`.
    pub id: String,
    /// Their home workspace.
    pub team_id: Option<String>,
    /// The old-style name; never unique, never used to decide.
    pub name: Option<String>,
    /// The account was deactivated.
    pub deleted: Option<bool>,
    /// A bot user.
    pub is_bot: Option<bool>,
    /// A guest of several channels.
    pub is_restricted: Option<bool>,
    /// A guest of one channel.
    pub is_ultra_restricted: Option<bool>,
    /// From another organisation, by Slack Connect.
    pub is_stranger: Option<bool>,
    /// IANA zone.
    pub tz: Option<String>,
    /// Names people chose.
    pub profile: Option<Profile>,
    /// Organisation membership, on Enterprise Grid.
    pub enterprise_user: Option<EnterpriseUser>,
}

/// The names in a profile.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Profile {
    /// What they want to be called; may be empty.
    pub display_name: Option<String>,
    /// Their full name.
    pub real_name: Option<String>,
    /// Their address; there only for a token with the scope `users:read.email`.
    pub email: Option<String>,
}

/// A person's place in an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct EnterpriseUser {
    /// The workspaces of the organisation that they belong to.
    pub teams: Option<Vec<String>>,
}

/// A user group as `usergroups.list` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupRecord {
    /// `S…`.
    pub id: String,
    /// Without `@`.
    pub handle: String,
    /// Seconds since 1970 when it was disabled; 0 or absent: in use.
    pub date_delete: Option<i64>,
}

impl SlackApi {
    /// One person; `None` when Slack knows nobody by this id (any more).
    pub async fn users_info(&self, user: &UserId) -> Result<Option<UserRecord>, SlackError> {
        #[derive(Deserialize)]
        struct Found {
            user: UserRecord,
        }
        let params = vec![("user", Some(user.0.clone()))];
        let found: Result<Found, _> = self.caller.get("users.info", params).await;
        absent_when(
            found.map(|f| f.user),
            &["user_not_found", "user_not_visible"],
        )
    }

    /// Who has this address; `None` when nobody has. Needs the scope `users:read.email`.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserId>, SlackError> {
        #[derive(Deserialize)]
        struct Found {
            user: Id,
        }
        #[derive(Deserialize)]
        struct Id {
            id: UserId,
        }
        let params = vec![("email", Some(email.to_owned()))];
        let found: Result<Found, _> = self.caller.get("users.lookupByEmail", params).await;
        absent_when(found.map(|f| f.user.id), &["users_not_found"])
    }

    /// All user groups in use. A workspace whose plan has none answers with an empty list.
    pub async fn usergroups_list(&self) -> Result<Vec<GroupRecord>, SlackError> {
        #[derive(Deserialize)]
        struct Found {
            usergroups: Vec<GroupRecord>,
        }
        let params = vec![("include_count", Some("true".to_owned()))];
        let found: Result<Found, _> = self.caller.get("usergroups.list", params).await;
        let groups = absent_when(found.map(|f| f.usergroups), &["plan_upgrade_required"])?;
        let in_use = |group: &GroupRecord| group.date_delete.unwrap_or(0) == 0;
        Ok(groups
            .unwrap_or_default()
            .into_iter()
            .filter(in_use)
            .collect())
    }

    /// A group's members; `None` when the group is gone.
    pub async fn usergroup_members(&self, group: &str) -> Result<Option<Vec<UserId>>, SlackError> {
        #[derive(Deserialize)]
        struct Found {
            users: Vec<UserId>,
        }
        let params = vec![("usergroup", Some(group.to_owned()))];
        let found: Result<Found, _> = self.caller.get("usergroups.users.list", params).await;
        absent_when(
            found.map(|f| f.users),
            &["no_such_subteam", "plan_upgrade_required"],
        )
    }
}

/// Turns the codes that mean "there is no such thing" into `None`.
pub(super) fn absent_when<T>(
    found: Result<T, SlackError>,
    codes: &[&str],
) -> Result<Option<T>, SlackError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(SlackError::Refused { code, .. }) if codes.contains(&code.as_str()) => Ok(None),
        Err(error) => Err(error),
    }
}
