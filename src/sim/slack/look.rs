//! What people see, and waiting until they see it.

use serde_json::Value;
use tokio::sync::watch;

use super::Slack;
use super::blocks::bare;
use super::cannot::Cannot;
use super::markup::Reader;
use super::message::{Change, Message, MessageRef};
use super::people::Person;
use super::render;
use super::state::State;
use super::world::Kind;

/// A message as one person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it is.
    pub at: MessageRef,
    /// `#channel`, or `DM`.
    pub place: String,
    /// `ts` of the thread's parent, for replies.
    pub thread: Option<String>,
    /// Who wrote it.
    pub author: String,
    /// Only this person sees it.
    pub private: bool,
    /// Its text and blocks, line by line.
    pub lines: Vec<String>,
    /// Labels of its buttons and menu entries.
    pub buttons: Vec<String>,
}

impl Seen {
    /// Whether the text occurs in it.
    pub fn says(&self, text: &str) -> bool {
        self.lines.join("\n").contains(text)
    }
}

/// The button with this label in the blocks of a message.
pub fn button(blocks: &[Value], label: &str) -> Option<Value> {
    let mut elements = blocks
        .iter()
        .filter_map(|block| block.get("elements")?.as_array())
        .flatten();
    let labelled =
        |element: &&Value| element.pointer("/text/text").and_then(Value::as_str) == Some(label);
    elements.find(labelled).cloned()
}

impl Slack {
    /// Everything that a person sees, ephemeral messages included, oldest first. For nobody it is empty.
    pub fn seen_by(&self, person: &str) -> Vec<Seen> {
        self.read(|state| {
            let Some(reader) = state.world.person(person) else {
                return Vec::new();
            };
            let all = state
                .world
                .channels
                .iter()
                .flat_map(|c| c.messages.values());
            let mut seen: Vec<Seen> = all
                .filter(|message| state.world.sees(&reader.id, message))
                .map(|message| state.look(reader, message))
                .collect();
            seen.sort_by(|a, b| a.at.ts.cmp(&b.at.ts));
            seen
        })
    }

    /// The newest message that a person sees with this button on it.
    pub fn newest_with(&self, person: &str, button: &str) -> Option<Seen> {
        let has = |seen: &Seen| seen.buttons.iter().any(|label| label == button);
        self.seen_by(person).into_iter().rev().find(has)
    }

    /// A message in the eyes of a person (who may not be allowed to see it: a transcript shows all).
    ///
    /// # Errors
    /// When the person is not there.
    pub fn render(&self, message: &Message, reader: &str) -> Result<Seen, Cannot> {
        self.read(|state| {
            let found = state.world.person(reader);
            let reader = found.ok_or_else(|| Cannot::NoPerson(reader.to_owned()))?;
            Ok(state.look(reader, message))
        })
    }

    /// Names of the people who see a message, without bots.
    pub fn audience(&self, message: &Message) -> Vec<String> {
        let human = |p: &&Person| p.standing != super::Standing::Bot;
        self.read(|state| {
            let people = state.world.people.iter().filter(human);
            people
                .filter(|person| state.world.sees(&person.id, message))
                .map(|person| person.name.clone())
                .collect()
        })
    }

    /// A message as Slack keeps it.
    pub fn message(&self, at: &MessageRef) -> Option<Message> {
        self.read(|state| state.world.message(at).cloned())
    }

    /// Whether a message is there and shows this text and these blocks.
    pub fn shows(&self, at: &MessageRef, text: &str, mut blocks: Vec<Value>) -> bool {
        let Some(mut message) = self.message(at) else {
            return false;
        };
        bare(&mut blocks);
        bare(&mut message.blocks);
        message.text == text && message.blocks == blocks
    }

    /// What happened after the change with this number (0 for everything).
    pub fn changes_since(&self, number: u64) -> Vec<Change> {
        self.read(|state| state.world.changes_since(number).to_vec())
    }

    /// Follows a number that grows with every change that people see: of messages, forms, home tabs,
    /// and of who is who. It is not the number of the last [`Change`].
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Waits until `look` finds what it looks for; looks again after every change. The caller sets a
    /// time limit if it wants one.
    pub async fn until<T>(&self, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changes = self.follow();
        loop {
            // Marked as seen before the look, so that a change during it is not missed.
            changes.mark_unchanged();
            if let Some(found) = look(self) {
                return found;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl State {
    pub(super) fn reader<'a>(&'a self, person: &Person) -> Reader<'a> {
        Reader {
            world: &self.world,
            zone: person.zone,
            now: self.now(),
        }
    }

    fn look(&self, person: &Person, message: &Message) -> Seen {
        let place = match self.world.channel(&message.at.channel) {
            Some(channel) if !matches!(channel.kind, Kind::Direct(_)) => {
                format!("#{}", channel.name)
            }
            _ => "DM".to_owned(),
        };
        let author = self.world.person(&message.author);
        let controls = render::controls(&message.blocks);
        Seen {
            at: message.at.clone(),
            place,
            thread: message.thread.clone(),
            author: author.map(|a| a.name.clone()).unwrap_or_default(),
            private: message.only_for.is_some(),
            lines: render::lines(&self.reader(person), message),
            buttons: controls.into_iter().map(|c| c.label).collect(),
        }
    }
}
