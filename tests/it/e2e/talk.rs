//! What people do in Slack, and waiting for what they see.

use drawbridge::id::RequestId;
use drawbridge::sim::slack::{Changed, Seen, Slack};

use super::gates::Gate;
use super::wait::{SOON, until, within};
use super::world::World;

/// Where developers ask.
const ROOM: &str = "#payments";

/// Where approvers are asked.
pub(crate) const APPROVERS: &str = "#access-orders";

/// The conversation from a moment on: what was said before does not count.
pub(crate) struct Since {
    slack: Slack,
    mark: u64,
}

impl World {
    /// Types `/access …` in a channel.
    pub(crate) fn types(&self, person: &str, text: &str) {
        self.slack
            .command(person, ROOM, &format!("/access {text}"))
            .unwrap();
    }

    /// Asks for the town's path and waits for the card.
    pub(crate) async fn asks(&self, person: &str, length: &str) -> Seen {
        let from_now = self.listen();
        self.types(
            person,
            &format!("{} for {length} because INC-42", self.path_text()),
        );
        from_now.card().await
    }

    /// Asks, has it approved, and waits until both sides are open.
    pub(crate) async fn opens(&self, length: &str) -> (Seen, Vec<Gate>) {
        let card = self.asks("dana", length).await;
        let since = self.listen();
        self.clicks("lee", &card, "Approve");
        let gates = self.gates.open(2).await;
        since.told("dana", "Applied").await;
        (card, gates)
    }

    /// The same several times over; the cards.
    pub(crate) async fn opens_many(&self, count: usize, length: &str) -> Vec<Seen> {
        let mut cards = Vec::new();
        for _ in 0..count {
            cards.push(self.asks("dana", length).await);
        }
        for card in &cards {
            self.clicks("lee", card, "Approve");
        }
        for card in &cards {
            self.shows(card, "lee", "*Open* until").await;
        }
        cards
    }

    /// Presses a button of a message.
    pub(crate) fn clicks(&self, person: &str, message: &Seen, button: &str) {
        self.slack.click(person, &message.at, button).unwrap();
    }

    /// Somebody presses *Deny*, and sends the form that opens as it is.
    pub(crate) async fn denies(&self, person: &str, message: &Seen) {
        self.clicks(person, message, "Deny");
        let form = until(async || self.slack.form(person));
        within(SOON, "the form of a denial", form).await;
        self.slack.submit(person, &[]).unwrap();
    }

    /// Listens to everything that was said.
    pub(crate) fn recall(&self) -> Since {
        Since {
            slack: self.slack.clone(),
            mark: 0,
        }
    }

    /// Listens from here on.
    pub(crate) fn listen(&self) -> Since {
        let mark = self
            .slack
            .changes_since(0)
            .last()
            .map_or(0, |change| change.number);
        Since {
            slack: self.slack.clone(),
            mark,
        }
    }

    /// Waits until a message shows this.
    pub(crate) async fn shows(&self, message: &Seen, person: &str, text: &str) -> Seen {
        let looking = self.slack.until(|slack| {
            let mut seen = slack.seen_by(person).into_iter();
            seen.find(|now| now.at == message.at && now.says(text))
        });
        within(SOON, &format!("{} shows `{text}`", message.at), looking).await
    }
}

impl Since {
    /// Everything new that a person was sent, as they see it.
    fn heard(&self, person: &str) -> Vec<Seen> {
        let changes = self.slack.changes_since(self.mark).into_iter();
        let posted = changes.filter(|change| change.what == Changed::Posted);
        let seen = posted.filter(|change| {
            self.slack
                .audience(&change.message)
                .iter()
                .any(|name| name == person)
        });
        seen.map(|change| self.slack.render(&change.message, person).unwrap())
            .collect()
    }

    async fn wait(&self, person: &str, what: &str, fits: impl Fn(&Seen) -> bool) -> Seen {
        let hearing = self
            .slack
            .until(|_| self.heard(person).into_iter().find(|seen| fits(seen)));
        within(SOON, &format!("{person} reads `{what}`"), hearing).await
    }

    /// A message that fits.
    pub(crate) async fn heard_by(&self, person: &str, fits: impl Fn(&Seen) -> bool) -> Seen {
        self.wait(person, "what the test looks for", fits).await
    }

    /// An answer for the person's eyes only.
    pub(crate) async fn answered(&self, person: &str, text: &str) -> Seen {
        self.wait(person, text, |seen| seen.private && seen.says(text))
            .await
    }

    /// A direct message.
    pub(crate) async fn told(&self, person: &str, text: &str) -> Seen {
        self.wait(person, text, |seen| {
            !seen.private && seen.place == "DM" && seen.says(text)
        })
        .await
    }

    /// A reply in the thread of a message.
    pub(crate) async fn in_thread(&self, of: &Seen, text: &str) -> Seen {
        let here = |seen: &Seen| seen.thread.as_ref() == Some(&of.at.ts) && seen.says(text);
        self.wait("lee", text, here).await
    }

    /// The approvers' card.
    pub(crate) async fn card(&self) -> Seen {
        let is_card =
            |seen: &Seen| seen.place == APPROVERS && seen.buttons.contains(&"Approve".to_owned());
        self.wait("lee", "[Approve]", is_card).await
    }

    /// A card that is none of these, however long it takes.
    pub(crate) async fn another_card(&self, known: &[Seen]) -> Seen {
        let is_new = |seen: &Seen| {
            let card = seen.place != "DM" && seen.buttons.contains(&"Approve".to_owned());
            card && !known.iter().any(|old| old.at == seen.at)
        };
        let heard = |_: &_| self.heard("lee").into_iter().find(|seen| is_new(seen));
        self.slack.until(heard).await
    }

    /// Waits until a person was sent a text so often.
    pub(crate) async fn heard_so_often(&self, person: &str, text: &str, times: usize) {
        let enough = || (self.count(person, text) >= times).then_some(());
        self.slack.until(|_| enough()).await;
    }

    /// How often a text was sent to a person or into a thread they can see.
    pub(crate) fn count(&self, person: &str, text: &str) -> usize {
        self.heard(person)
            .iter()
            .filter(|seen| seen.says(text))
            .count()
    }

    /// Whether nobody was told this about the request of a card.
    pub(crate) fn nobody_read_of(&self, card: &Seen, text: &str) -> bool {
        let id = request_of(card);
        let about = |seen: &Seen| seen.says(text) && seen.says(&id);
        READERS.iter().all(|who| !self.heard(who).iter().any(about))
    }

    /// Whether nobody was told this.
    pub(crate) fn nobody_read(&self, text: &str) -> bool {
        READERS
            .iter()
            .all(|who| !self.heard(who).iter().any(|seen| seen.says(text)))
    }
}

/// Those who ask or approve in these tests: whatever is said of a request, one of them reads it.
const READERS: [&str; 4] = ["dana", "max", "lee", "mia"];

/// The id of the request that a card is of.
pub(crate) fn request_of(card: &Seen) -> String {
    let words = card.lines.join(" ");
    let mut words = words.split('`');
    let id = words.find(|word| word.parse::<RequestId>().is_ok());
    id.unwrap_or_else(|| panic!("no request is named: {words:?}"))
        .to_owned()
}
