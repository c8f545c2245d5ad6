//! The people of the workspace, their standing, and how Slack describes them.

use chrono::{Offset, TimeZone};
use serde_json::{Value, json};

use crate::units::Time;
use crate::zone::Zone;

/// What kind of account somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// A full member.
    #[default]
    Member,
    /// A guest of several channels (`is_restricted`).
    Guest,
    /// A guest of one channel (`is_restricted` and `is_ultra_restricted`).
    SingleChannelGuest,
    /// Somebody of another organisation, by Slack Connect (`is_stranger`, another team).
    Stranger,
    /// A bot user.
    Bot,
    /// A deactivated account (`deleted`).
    Deactivated,
}

/// Somebody in the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `U…`; drawn when the person joins.
    pub id: String,
    /// What they are called, without `@`.
    pub name: String,
    /// Their full name.
    pub real_name: String,
    /// The zone their client shows dates in.
    pub zone: Zone,
    /// What kind of account they have.
    pub standing: Standing,
    /// Their workspace: another one for strangers.
    pub team: String,
}

impl Person {
    /// A full member in UTC. The name's first letter is capitalised for the full name.
    pub fn named(name: &str) -> Self {
        let mut letters = name.chars();
        let first = letters
            .next()
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default();
        Self {
            id: String::new(),
            name: name.to_owned(),
            real_name: first + letters.as_str(),
            zone: Zone::UTC,
            standing: Standing::Member,
            team: String::new(),
        }
    }

    /// The same person in another zone.
    #[must_use]
    pub fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// The same person with another kind of account.
    #[must_use]
    pub fn who_is(mut self, standing: Standing) -> Self {
        self.standing = standing;
        self
    }

    /// The `user` object of `users.info` and `users.list`. The address is there only with its scope.
    pub(super) fn describe(&self, now: Time, with_email: bool) -> Value {
        let offset = self.zone.offset_from_utc_datetime(&now.naive_utc()).fix();
        let is = |standing| self.standing == standing;
        let mut user = json!({
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "deleted": is(Standing::Deactivated),
            "color": "9f69e7",
            "real_name": self.real_name,
            "tz": self.zone.name(),
            "tz_label": self.zone.name(),
            "tz_offset": offset.local_minus_utc(),
            "profile": self.profile(with_email),
            "is_admin": false,
            "is_owner": false,
            "is_primary_owner": false,
            "is_restricted": is(Standing::Guest) || is(Standing::SingleChannelGuest),
            "is_ultra_restricted": is(Standing::SingleChannelGuest),
            "is_bot": is(Standing::Bot),
            "is_app_user": false,
            "updated": 0,
            "is_email_confirmed": true,
            "who_can_share_contact_card": "EVERYONE",
        });
        if let (Some(fields), true) = (user.as_object_mut(), is(Standing::Stranger)) {
            fields.insert("is_stranger".to_owned(), json!(true));
        }
        if let (Some(fields), true) = (user.as_object_mut(), is(Standing::Deactivated)) {
            // Slack leaves the flags and zone of deactivated accounts out.
            for gone in [
                "tz",
                "tz_label",
                "tz_offset",
                "is_admin",
                "is_owner",
                "is_restricted",
                "is_ultra_restricted",
            ] {
                fields.remove(gone);
            }
        }
        user
    }

    fn profile(&self, with_email: bool) -> Value {
        let mut profile = json!({
            "title": "",
            "phone": "",
            "skype": "",
            "real_name": self.real_name,
            "real_name_normalized": self.real_name,
            "display_name": self.name,
            "display_name_normalized": self.name,
            "status_text": "",
            "status_emoji": "",
            "avatar_hash": "g000000000000",
            "team": self.team,
        });
        if let (Some(fields), true) = (profile.as_object_mut(), with_email) {
            fields.insert(
                "email".to_owned(),
                json!(format!("{}@example.com", self.name)),
            );
        }
        profile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standing_is_told_by_slacks_own_flags() {
        let flags = |standing| {
            let user = Person::named("kim")
                .who_is(standing)
                .describe(Time::UNIX_EPOCH, false);
            [
                "is_restricted",
                "is_ultra_restricted",
                "is_stranger",
                "is_bot",
                "deleted",
            ]
            .into_iter()
            .filter(|flag| user[*flag] == json!(true))
            .collect::<Vec<_>>()
        };
        assert_eq!(flags(Standing::Member), Vec::<&str>::new());
        assert_eq!(flags(Standing::Guest), ["is_restricted"]);
        assert_eq!(
            flags(Standing::SingleChannelGuest),
            ["is_restricted", "is_ultra_restricted"]
        );
        assert_eq!(flags(Standing::Stranger), ["is_stranger"]);
        assert_eq!(flags(Standing::Bot), ["is_bot"]);
        assert_eq!(flags(Standing::Deactivated), ["deleted"]);
    }

    #[test]
    fn the_offset_follows_daylight_saving_and_the_address_its_scope() {
        let kim = Person::named("kim").in_zone(Zone::BERLIN);
        let summer = Time::from_timestamp(1_783_000_000, 0).unwrap();
        let winter = Time::from_timestamp(1_798_000_000, 0).unwrap();
        assert_eq!(kim.describe(summer, false)["tz_offset"], json!(7200));
        assert_eq!(kim.describe(winter, false)["tz_offset"], json!(3600));
        assert_eq!(kim.describe(winter, false)["profile"].get("email"), None);
        assert_eq!(
            kim.describe(winter, true)["profile"]["email"],
            json!("kim@example.com")
        );
    }
}
