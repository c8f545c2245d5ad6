//! Who is who at one moment: what the shell resolved so that the core can judge.
//!
//! Each ask has a roll of its own, of all the members of all the groups that its rules name: they are shared, not
//! copied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::people::{Person, Standing, UserId};

/// Who belongs to a group.
pub type Members = Arc<BTreeSet<UserId>>;

/// Who is who at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roll {
    /// Members by [key](super::group::Group::keys): of user groups and channels, and whoever is on call. A
    /// group that does not exist or could not be read is absent; an empty one is present and empty.
    pub groups: BTreeMap<String, Members>,
    /// Everybody mentioned by the rules in play, the requester and the clicker included.
    pub people: People,
    /// Who stands in now for somebody who is away, by the one who is away.
    pub stand_ins: BTreeMap<UserId, UserId>,
}

impl Roll {
    /// Whether this person is known to be a full, active member.
    pub fn counts(&self, user: &UserId) -> bool {
        self.people
            .get(user)
            .is_some_and(|person| person.standing == Standing::Member)
    }

    /// Everybody for whom this person stands in now. A delegation is not passed on.
    pub fn absent_behind<'a>(&'a self, user: &'a UserId) -> impl Iterator<Item = &'a UserId> {
        let pairs = self.stand_ins.iter();
        pairs
            .filter(move |(absent, stand_in)| *stand_in == user && *absent != user)
            .map(|(absent, _)| absent)
    }

    /// Every member of every group.
    pub fn members(&self) -> impl Iterator<Item = &UserId> {
        self.groups.values().flat_map(|members| members.iter())
    }
}

/// People by their id, each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People(Vec<Arc<Person>>);

impl People {
    /// What is known of one.
    pub fn get(&self, user: &UserId) -> Option<&Person> {
        let place = self.0.binary_search_by(|person| person.id.cmp(user)).ok()?;
        self.0.get(place).map(AsRef::as_ref)
    }

    /// Whether anything is known of one.
    pub fn contains(&self, user: &UserId) -> bool {
        self.get(user).is_some()
    }

    /// The same as [`Self::get`], to be changed: here alone, whoever shares it.
    #[cfg(test)]
    pub(crate) fn get_mut(&mut self, user: &UserId) -> Option<&mut Person> {
        let place = self.0.binary_search_by(|person| person.id.cmp(user)).ok()?;
        self.0.get_mut(place).map(Arc::make_mut)
    }

    /// All, by their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Person> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Adds these, whose descriptions are newer than those that are there. Of two of one person the first counts.
    pub fn extend(&mut self, newer: impl IntoIterator<Item = Arc<Person>>) {
        let older = std::mem::take(&mut self.0);
        self.0 = newer.into_iter().chain(older).collect();
        // Stable: of two the newer comes first, and stays.
        self.0.sort_by(|a, b| a.id.cmp(&b.id));
        self.0.dedup_by(|older, newer| older.id == newer.id);
    }
}

impl FromIterator<Arc<Person>> for People {
    fn from_iter<I: IntoIterator<Item = Arc<Person>>>(people: I) -> Self {
        let mut all = Self::default();
        all.extend(people);
        all
    }
}

impl IntoIterator for People {
    type Item = Arc<Person>;
    type IntoIter = std::vec::IntoIter<Arc<Person>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, name: &str) -> Arc<Person> {
        Arc::new(Person {
            id: UserId(id.to_owned()),
            team: None,
            name: name.to_owned(),
            zone: None,
            email: None,
            standing: Standing::Member,
        })
    }

    #[test]
    fn everybody_is_there_once_as_the_newest_description_has_them() {
        let all = [person("U2", "two"), person("U1", "one")];
        let mut people: People = all.into_iter().collect();
        people.extend([person("U3", "three"), person("U1", "another")]);
        let names: Vec<&str> = people.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["another", "two", "three"]);
        assert_eq!(people.get(&UserId("U4".to_owned())), None);
    }

    #[test]
    fn a_change_is_seen_here_alone() {
        let shared = person("U1", "one");
        let mut people: People = [Arc::clone(&shared)].into_iter().collect();
        people.get_mut(&shared.id).unwrap().name = "other".to_owned();
        assert_eq!(people.get(&shared.id).unwrap().name, "other");
        assert_eq!(shared.name, "one");
    }
}
