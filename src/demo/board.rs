//! What the page shows, as JSON texts, one a section. Pages that watch it are sent the sections that
//! changed; texts are shared between them.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

use crate::sim::slack::Slack;

/// The sections that are sent whole whenever they change, in the order in which a page needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// People, groups, channels, rules, addresses.
    Town,
    /// What time it is, and what comes next.
    Clock,
    /// Forms and home tabs.
    Screens,
    /// Workloads, flows, gates, policies.
    Cluster,
    /// What was recorded.
    Ledger,
    /// What is broken.
    Health,
}

impl Section {
    pub(super) const ALL: [Self; 6] = [
        Self::Town,
        Self::Clock,
        Self::Screens,
        Self::Cluster,
        Self::Ledger,
        Self::Health,
    ];

    /// The name of the event that carries it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Town => "town",
            Self::Clock => "clock",
            Self::Screens => "screens",
            Self::Cluster => "cluster",
            Self::Ledger => "ledger",
            Self::Health => "health",
        }
    }
}

/// A picture of the whole town. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    /// Rises with every new town: pages start over.
    pub(super) generation: u64,
    /// Its Slack, whose messages pages follow by number.
    pub(super) slack: Slack,
    /// The number of the last change of messages.
    pub(super) messages: u64,
    /// Each once it was drawn: pages wait for all of them.
    sections: [Option<Arc<str>>; Section::ALL.len()],
}

impl Picture {
    pub(super) fn of(generation: u64, slack: Slack) -> Self {
        Self {
            generation,
            slack,
            messages: 0,
            sections: Default::default(),
        }
    }

    /// Every section, in order; `None` until all were drawn.
    pub(super) fn sections(&self) -> Option<Vec<(Section, Arc<str>)>> {
        let all = Section::ALL.into_iter().zip(&self.sections);
        all.map(|(section, text)| Some((section, Arc::clone(text.as_ref()?))))
            .collect()
    }
}

/// The board that pages watch.
#[derive(Debug)]
pub(super) struct Board(watch::Sender<Picture>);

impl Board {
    pub(super) fn new(picture: Picture) -> Self {
        Self(watch::Sender::new(picture))
    }

    pub(super) fn watch(&self) -> watch::Receiver<Picture> {
        self.0.subscribe()
    }

    /// A new town: everything starts over.
    pub(super) fn start_over(&self, picture: Picture) {
        self.0.send_replace(picture);
    }

    /// Puts a section up. Pages hear of it only if it reads differently.
    pub(super) fn put(&self, section: Section, content: &impl Serialize) {
        let text = serde_json::to_string(content).unwrap_or_else(|_| "{}".to_owned());
        self.0.send_if_modified(|picture| {
            let Some(old) = picture.sections.get_mut(section as usize) else {
                return false;
            };
            let news = old.as_deref() != Some(&*text);
            if news {
                *old = Some(text.into());
            }
            news
        });
    }

    /// Sees whether messages have changed.
    pub(super) fn follow_messages(&self) {
        self.0.send_if_modified(|picture| {
            let changes = picture.slack.changes_since(picture.messages);
            let last = changes.last().map(|change| change.number);
            picture.messages = last.unwrap_or(picture.messages);
            last.is_some()
        });
    }
}
