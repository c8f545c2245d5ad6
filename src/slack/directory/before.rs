//! What was known of people before Slack went away. Nobody is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Directory;
use super::groups::{canonical, find};
use crate::rules::{Members, Roll, UserId};

/// How old it may be: longer than Slack was ever away, and whoever left yesterday is not believed.
const AGE: Duration = Duration::from_secs(12 * 3600);

impl Directory {
    /// These people, groups and their members, as far as they were read in the last twelve hours; whoever
    /// and whatever was not is absent, and counts for nothing.
    pub async fn roll_before(&self, users: &BTreeSet<UserId>, groups: &BTreeSet<String>) -> Roll {
        let mut roll = Roll::default();
        for key in groups {
            let key = canonical(key);
            if let Some(members) = self.members_before(&key).await {
                roll.groups.insert(key, members);
            }
        }
        let all: BTreeSet<UserId> = users.iter().chain(roll.members()).cloned().collect();
        let mut people = Vec::new();
        for user in all {
            let never = async { Err::<_, Unasked>(Unasked) };
            people.extend(self.people.get(&user, AGE, never).await.ok().flatten());
        }
        roll.people = people.into_iter().collect();
        roll
    }

    async fn members_before(&self, key: &str) -> Option<Members> {
        if key.starts_with('#') {
            let never = async { Err::<_, Unasked>(Unasked) };
            return self.channels.get(&key.to_owned(), AGE, never).await.ok()?;
        }
        let never = async { Err::<_, Unasked>(Unasked) };
        let known = self.groups.get(&(), AGE, never).await.ok()?;
        let group = find(&known, key)?;
        let never = async { Err::<_, Unasked>(Unasked) };
        self.members.get(&group.id, AGE, never).await.ok()?
    }
}

/// Nothing was asked.
#[derive(Debug)]
struct Unasked;
