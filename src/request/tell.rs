//! Who is told what, and where: the messages that a request wants when something happened.
//!
//! Keeps the books of [`posts`](super::posts) only; it never changes a request's state.

use super::asked::Origin;
use super::document::{Request, Told};
use super::posts::{Address, Audience, Notice, Post, PostKey, PostStatus, Subject};
use crate::rules::UserId;

impl Request {
    /// Where the requester reads about this request: for a service, the person who answers for it; `None`
    /// where the rule names nobody.
    pub fn requester_address(&self) -> Option<Address> {
        match &self.asked.origin {
            Origin::Thread { channel, ts } => Some(Address::Thread {
                channel: channel.clone(),
                ts: ts.clone(),
            }),
            Origin::Direct | Origin::Http { .. } => self.requester().cloned().map(Address::Person),
        }
    }

    /// Wants the messages that ask one stage: one card in the rule's channel, or one for each person
    /// where there is no channel; later stages are announced in the card's thread.
    pub(super) fn ask_stage(&mut self, stage: usize) {
        let channel = self.route.as_ref().and_then(|route| route.channel.clone());
        match channel {
            Some(_) if self.card_in_channel() => self.tell_thread(&Notice::NextStage(stage)),
            Some(channel) if stage == 0 => {
                self.posts.want(
                    Subject::Card(Audience::Approvers),
                    Address::Channel(channel),
                );
            }
            _ => {
                self.ask_directly(stage);
            }
        }
    }

    /// Those who handle the incident see what is asked for it, and hear of its opening and end. Asked in
    /// a thread there, it is seen anyway.
    pub(super) fn show_in_incident(&mut self) {
        let Some(incident) = self.asked.incident.clone() else {
            return;
        };
        let seen = matches!(&self.asked.origin, Origin::Thread { channel, .. }
            if *channel == incident.channel);
        if seen {
            return;
        }
        let channel = Address::Channel(incident.channel.clone());
        self.posts.want(Subject::Card(Audience::Others), channel);
        self.told.push(Told::Channel(incident.channel));
    }

    /// Shows what needs no approval in the rule's channel too, so that everything is seen there.
    pub(super) fn show_in_channel(&mut self) {
        let channel = self.route.as_ref().and_then(|route| route.channel.clone());
        if let Some(channel) = channel {
            let card = Subject::Card(Audience::Approvers);
            self.posts.want(card, Address::Channel(channel));
        }
    }

    /// Wants the messages that ask the next circle as well: in the thread of a channel's card, else one
    /// card for each of them.
    pub(super) fn ask_next_circle(&mut self, stage: usize) {
        if self.card_in_channel() {
            self.tell_thread(&Notice::Escalated(stage));
        }
        // Members of the next circle need not be in the channel.
        self.write_to(self.escalation.people.clone());
    }

    /// Writes to each person of a stage who has no card yet; whether there was anybody.
    pub fn ask_directly(&mut self, stage: usize) -> bool {
        let crowd = self.crowds.get(stage).map(|crowd| &crowd.people);
        let mut people = crowd.cloned().unwrap_or_default();
        if self.is_escalated() {
            people.extend(self.escalation.people.iter().cloned());
        }
        self.write_to(people)
    }

    fn write_to(&mut self, people: Vec<UserId>) -> bool {
        let wanted = self.posts.list.len();
        for person in people {
            let address = Address::Person(person);
            let subject = Subject::Card(Audience::Approvers);
            let has = self
                .posts
                .list
                .iter()
                .any(|p| p.to == address && p.subject == subject);
            if !has {
                self.posts.want(subject, address);
            }
        }
        self.posts.list.len() > wanted
    }

    /// Tells the requester, and everybody in the card's thread.
    pub(super) fn tell(&mut self, notice: &Notice) {
        if let Some(address) = self.requester_address() {
            self.posts.want(
                Subject::Notice(notice.clone(), Audience::Requester),
                address,
            );
        }
        self.tell_thread(notice);
    }

    /// Tells the thread under the approvers' card in a channel. Cards that were sent to people directly
    /// show how things stand, and nobody reads along below them.
    pub(super) fn tell_thread(&mut self, notice: &Notice) {
        let card = self
            .posts
            .approvers_card()
            .filter(|card| matches!(card.to, Address::Channel(_)));
        if let Some(card) = card.map(|post| post.key) {
            let subject = Subject::Notice(notice.clone(), Audience::Approvers);
            self.posts.want(subject, Address::Under(card));
        }
    }

    /// Reminds those of the waiting stage who have not answered: once in the thread of a channel's
    /// card, else each one under their own card.
    pub(super) fn remind_stage(&mut self, stage: usize, notice: &Notice) {
        if self.card_in_channel() {
            self.tell_thread(notice);
            return;
        }
        let waits_for = |person: &UserId| {
            self.is_asked(stage, person) && !self.votes.iter().any(|vote| vote.by == *person)
        };
        let cards: Vec<PostKey> = self
            .posts
            .approvers_cards()
            .filter(|card| matches!(&card.to, Address::Person(person) if waits_for(person)))
            .map(|card| card.key)
            .collect();
        for card in cards {
            let subject = Subject::Notice(notice.clone(), Audience::Approvers);
            self.posts.want(subject, Address::Under(card));
        }
    }

    /// Tells everybody who was skipped by an emergency, and the channel that hears of them. The
    /// requester's and the approvers' places are told like of anything else.
    pub(super) fn tell_emergency(&mut self) {
        self.tell(&Notice::Emergency);
        self.tell_alarmed(&Notice::Emergency);
        if self.card_in_channel() {
            return;
        }
        let mut skipped: Vec<UserId> = self
            .crowds
            .iter()
            .flat_map(|crowd| crowd.people.clone())
            .collect();
        skipped.sort();
        skipped.dedup();
        for person in skipped {
            let subject = Subject::Notice(Notice::Emergency, Audience::Others);
            self.posts.want(subject, Address::Person(person));
        }
    }

    /// Tells the channel that hears of emergencies, or the rule's own where the card is elsewhere. Where
    /// the card's thread or the requester is told anyway, nothing is said twice.
    pub(super) fn tell_alarmed(&mut self, notice: &Notice) {
        let route = self.route.as_ref();
        let emergency = self.emergency.as_ref().and(route);
        let loud = emergency.and_then(|route| route.emergency.as_ref());
        let channel = match loud {
            Some(plan) => Some(plan.tell.clone()),
            None => route.and_then(|route| route.channel.clone()),
        };
        let Some(channel) = channel.map(Address::Channel) else {
            return;
        };
        let card = self.posts.approvers_card().map(|card| &card.to);
        if card == Some(&channel) && loud.is_none() {
            return;
        }
        let subject = Subject::Notice(notice.clone(), Audience::Others);
        self.posts.want(subject, channel);
    }

    /// Tells the channels and groups that the rule names, each place once. Groups are left out where
    /// the notice in the card's thread mentions them anyway.
    pub(super) fn tell_others(&mut self, notice: &Notice) {
        let in_thread = self.card_in_channel();
        let mut places: Vec<Address> = Vec::new();
        for told in &self.told {
            match told {
                Told::Channel(name) => places.push(Address::Channel(name.clone())),
                Told::Group { people, .. } if !in_thread => {
                    places.extend(people.iter().cloned().map(Address::Person));
                }
                Told::Group { .. } => {}
            }
        }
        let mut reached: Vec<Address> = self.requester_address().into_iter().collect();
        for place in places {
            if reached.contains(&place) {
                continue;
            }
            let subject = Subject::Notice(notice.clone(), Audience::Others);
            self.posts.want(subject, place.clone());
            reached.push(place);
        }
    }

    /// Whether this person is asked for the stage now: of its crowd, or of the next circle.
    pub fn is_asked(&self, stage: usize, person: &UserId) -> bool {
        let crowd = self.crowds.get(stage);
        let named = crowd.is_some_and(|crowd| crowd.people.contains(person));
        named || (self.is_escalated() && self.escalation.people.contains(person))
    }

    /// Those who were to be asked and could not be written to: they count as silent.
    pub fn unreached(&self) -> Vec<&UserId> {
        let lost = |post: &&Post| {
            post.subject == Subject::Card(Audience::Approvers)
                && matches!(post.status, PostStatus::GivenUp { .. })
        };
        let lost = self.posts.list.iter().filter(lost);
        lost.filter_map(|post| match &post.to {
            Address::Person(person) => Some(person),
            _ => None,
        })
        .collect()
    }

    pub(super) fn card_in_channel(&self) -> bool {
        self.posts
            .approvers_card()
            .is_some_and(|card| matches!(card.to, Address::Channel(_)))
    }
}

#[cfg(test)]
mod tests;
