//! Who is who: people, user groups and channels as Slack knows them, and whoever is on call, gathered
//! into a [`Roll`].
//!
//! Every doubt counts against a person: one that Slack does not know, or does not place in our
//! workspace, is no member. It must never decide by a name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::api::{GroupRecord, SlackApi, SlackError, UserRecord};
use crate::oncall::OnCall;
use crate::rules::{Members, People, Person, Roll, Standing, TeamId, UserId};
use crate::units::Seconds;

mod before;
mod cache;
mod groups;
#[cfg(test)]
mod tests;

use self::cache::Cache;
use self::groups::{canonical, find};

/// Reads under way at once. Slack allows bursts, not floods.
const AT_ONCE: usize = 8;

/// How old the description of a group's member may be. They are read only so that the core can see
/// whether enough people could approve; whoever acts is read with the caller's own freshness.
const MEMBER_AGE: Duration = Duration::from_secs(3600);

/// Members read anew for one roll. `users.info` allows about 100 calls a minute; a group of 300 is
/// filled in over several rolls, members of small groups first, and those not read yet count for nothing.
const MEMBER_READS: usize = 40;

/// How old the name of a channel may be.
const CHANNEL_NAME_AGE: Duration = Duration::from_secs(3600);

/// Ids that Slack itself writes under.
const SLACKS_OWN: [&str; 2] = ["USLACKBOT", "USLACK"];

/// Resolves people and groups, remembering what it read.
#[derive(Debug)]
pub struct Directory {
    api: Arc<SlackApi>,
    people: Cache<UserId, Option<Arc<Person>>>,
    groups: Cache<(), Arc<Vec<GroupRecord>>>,
    members: Cache<String, Option<Members>>,
    channels: Cache<String, Option<Members>>,
    emails: Cache<String, Option<UserId>>,
    names: Cache<String, Option<String>>,
    on_call: OnCall,
}

impl Directory {
    /// An empty directory over this connection, which knows of nobody on call.
    pub fn new(api: Arc<SlackApi>) -> Self {
        Self::with_on_call(api, OnCall::default())
    }

    /// The same with sources that tell who is on call.
    pub fn with_on_call(api: Arc<SlackApi>, on_call: OnCall) -> Self {
        Self {
            api,
            people: Cache::default(),
            groups: Cache::default(),
            members: Cache::default(),
            channels: Cache::default(),
            emails: Cache::default(),
            names: Cache::default(),
            on_call,
        }
    }

    /// The named people, the named groups (keys as [`crate::rules::Group::keys`] makes them; handles also with
    /// `@` and in any case), and as many of the groups' members as could be read. Nothing but members'
    /// descriptions, and who is on call, is older than `fresh`.
    ///
    /// People whom Slack does not know and groups that do not exist are absent; so are channels that
    /// we are not in, that have too many members or that we may not read, and whoever is on call
    /// where the source gives no answer and has no fallback.
    ///
    /// # Errors
    /// When Slack could not be asked for a named person or group: a roll with holes would refuse people
    /// for the wrong reason.
    pub async fn roll(
        &self,
        users: &BTreeSet<UserId>,
        groups: &BTreeSet<String>,
        fresh: Seconds,
    ) -> Result<Roll, SlackError> {
        let fresh = fresh.std();
        let groups = self.read_groups(groups, fresh).await?;
        let mut roll = Roll {
            groups,
            people: self.read_named(users, fresh).await?,
            ..Roll::default()
        };
        let members = self.read_members(unnamed(&roll, users), &roll.groups).await;
        roll.people.extend(members);
        Ok(roll)
    }

    /// The sources that tell who is on call.
    pub const fn on_call(&self) -> &OnCall {
        &self.on_call
    }

    /// One person, no older than `fresh`; `None` when Slack knows nobody by this id.
    pub async fn person(
        &self,
        user: &UserId,
        fresh: Seconds,
    ) -> Result<Option<Arc<Person>>, SlackError> {
        self.read_person(user, fresh.std()).await
    }

    /// The id (`S…`) of a group in use, for mentioning it; `None` when there is none of this handle.
    pub async fn group_id(
        &self,
        handle: &str,
        fresh: Seconds,
    ) -> Result<Option<String>, SlackError> {
        let groups = self.list_groups(fresh.std()).await?;
        Ok(find(&groups, &canonical(handle)).map(|group| group.id.clone()))
    }

    /// The name of a channel (without `#`), remembered for an hour: incident channels are told by it.
    ///
    /// # Errors
    /// Slack could not be asked.
    pub async fn channel_name(&self, channel: &str) -> Result<Option<String>, SlackError> {
        let read = async { self.api.channel_name(channel).await };
        let key = channel.to_owned();
        self.names.get(&key, CHANNEL_NAME_AGE, read).await
    }

    async fn read_named(
        &self,
        users: &BTreeSet<UserId>,
        fresh: Duration,
    ) -> Result<People, SlackError> {
        let users: Vec<UserId> = users.iter().cloned().collect();
        let reads = users.into_iter().map(|user| self.read_owned(user, fresh));
        let read: Vec<Option<Arc<Person>>> =
            stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Members of groups, as far as they are known or can be read now; a failure leaves one out.
    async fn read_members(
        &self,
        members: Vec<&UserId>,
        groups: &BTreeMap<String, Members>,
    ) -> Vec<Arc<Person>> {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        let answers = self.people.known(&members, MEMBER_AGE);
        for (member, answer) in members.into_iter().zip(answers) {
            match answer {
                Some(person) => known.extend(person),
                None => unknown.push(member),
            }
        }
        // Those who decide are in small groups, those who only may ask in large ones.
        if unknown.len() > MEMBER_READS {
            let sizes = |member| groups.values().filter(move |group| group.contains(member));
            unknown.sort_by_key(|member| sizes(*member).map(|group| group.len()).min());
        }
        let wanted: Vec<UserId> = unknown.into_iter().take(MEMBER_READS).cloned().collect();
        let reads = wanted
            .into_iter()
            .map(|member| self.read_owned(member, MEMBER_AGE));
        let read: Vec<Result<Option<Arc<Person>>, SlackError>> =
            stream::iter(reads).buffered(AT_ONCE).collect().await;
        known.extend(read.into_iter().filter_map(Result::ok).flatten());
        known
    }

    /// The same for streams, whose futures cannot borrow the id.
    async fn read_owned(
        &self,
        user: UserId,
        fresh: Duration,
    ) -> Result<Option<Arc<Person>>, SlackError> {
        self.read_person(&user, fresh).await
    }

    async fn read_person(
        &self,
        user: &UserId,
        fresh: Duration,
    ) -> Result<Option<Arc<Person>>, SlackError> {
        let read = async {
            let ours = self.api.whoami().await?.team_id.as_ref();
            let record = self.api.users_info(user).await?;
            Ok(record.map(|record| Arc::new(describe(user, record, ours))))
        };
        self.people.get(user, fresh, read).await
    }
}

/// Members of groups who are not named by themselves, each once, in the order of their ids.
fn unnamed<'a>(roll: &'a Roll, named: &BTreeSet<UserId>) -> Vec<&'a UserId> {
    let mut members: Vec<&UserId> = roll.members().collect();
    members.sort_unstable();
    members.dedup();
    members.retain(|member| !named.contains(member));
    members
}

/// What a record says of a person, seen from our workspace.
fn describe(user: &UserId, record: UserRecord, ours: Option<&TeamId>) -> Person {
    let standing = standing(&record, ours);
    let profile = record.profile.unwrap_or_default();
    let names = [profile.display_name, profile.real_name, record.name];
    let name = names.into_iter().flatten().find(|name| !name.is_empty());
    Person {
        id: user.clone(),
        team: record.team_id.map(TeamId),
        name: name.unwrap_or_else(|| user.0.clone()),
        zone: record.tz.filter(|zone| !zone.is_empty()),
        email: profile.email.filter(|email| !email.is_empty()),
        standing,
    }
}

/// The first reason that applies why somebody does not count, or `Member`.
fn standing(record: &UserRecord, ours: Option<&TeamId>) -> Standing {
    let is = |flag: Option<bool>| flag.unwrap_or(false);
    let reasons = [
        (is(record.deleted), Standing::Deactivated),
        (
            is(record.is_bot) || SLACKS_OWN.contains(&record.id.as_str()),
            Standing::Bot,
        ),
        (
            is(record.is_stranger) || !is_of(record, ours),
            Standing::Stranger,
        ),
        (
            is(record.is_restricted) || is(record.is_ultra_restricted),
            Standing::Guest,
        ),
    ];
    let reason = reasons.into_iter().find(|(applies, _)| *applies);
    reason.map_or(Standing::Member, |(_, standing)| standing)
}

/// Whether Slack places the person in our workspace: as their home, or by their organisation.
fn is_of(record: &UserRecord, ours: Option<&TeamId>) -> bool {
    let Some(TeamId(ours)) = ours else {
        return false;
    };
    let by_organisation = record
        .enterprise_user
        .as_ref()
        .and_then(|e| e.teams.as_ref());
    record.team_id.as_ref() == Some(ours) || by_organisation.is_some_and(|t| t.contains(ours))
}
