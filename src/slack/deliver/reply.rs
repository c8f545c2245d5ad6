//! The ways to bring an answer to the person who asked.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::rules::UserId;
use crate::slack::api::{Retry, SlackApi, SlackError};
use crate::slack::inbound::{Ack, Inbound, Surface, What};
use crate::view::{Message, replies};

/// Seconds between tries while Slack is away: half a minute, then an answer is given up. Longer would
/// be of no use: response URLs end, and the person has asked again.
const PAUSES: [u64; 5] = [1, 2, 4, 8, 16];

/// Where an answer goes, best way first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    key: String,
    by: UserId,
    place: Place,
}

/// Said when a command's work takes longer than Slack waits.
pub(super) const WORKING: &str = "Working on it…";

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// With the acknowledgement of a command, or afterwards by the same ways as a click's.
    Acknowledgement(Private),
    /// Privately, where the person is looking.
    Private(Private),
    /// In the direct message that is being answered.
    Direct { channel: String },
    /// In the form that was sent off, by its acknowledgement; else in a message to the person.
    Form,
    /// In the menu that is being typed into, or nowhere.
    Menu,
    /// In a message to the person: there is no place they could be answered in.
    Person,
    /// Nowhere: nobody knows who did it.
    Nobody,
}

/// Shown to one person only.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Private {
    response_url: Option<String>,
    channel: String,
    thread: Option<String>,
}

impl Reply {
    /// How to answer this delivery.
    pub(super) fn to(inbound: &Inbound) -> Self {
        let private =
            |response_url: &Option<String>, channel: &str, thread: Option<&str>| Private {
                response_url: response_url.clone(),
                channel: channel.to_owned(),
                thread: thread.map(ToOwned::to_owned),
            };
        let place = match &inbound.what {
            What::Said { surface, .. } => match surface {
                Surface::Command {
                    channel,
                    response_url,
                    ..
                } => Place::Acknowledgement(private(response_url, channel, None)),
                Surface::Mention {
                    channel, thread, ..
                } => Place::Private(private(&None, channel, Some(thread))),
                Surface::Direct { channel } => Place::Direct {
                    channel: channel.clone(),
                },
            },
            What::Clicked {
                channel,
                thread,
                response_url,
                ..
            } => Place::Private(private(response_url, channel, thread.as_deref())),
            What::Shortcut { on: Some(on), .. } => {
                Place::Private(private(&None, &on.channel, on.thread.as_deref()))
            }
            What::Submitted { .. } => Place::Form,
            What::Typed { .. } => Place::Menu,
            What::Archived { .. } if inbound.by.0.is_empty() => Place::Nobody,
            What::Pressed { .. }
            | What::OpenedHome
            | What::Shortcut { on: None, .. }
            | What::Archived { .. } => Place::Person,
        };
        Self {
            key: inbound.key.clone(),
            by: inbound.by.clone(),
            place,
        }
    }

    /// Parts an answer into what the acknowledgement carries and what follows it as a message. An
    /// answer that fits neither is dropped with a warning.
    pub(super) fn split(&self, ack: Ack) -> (Ack, Option<Message>) {
        match (&self.place, ack) {
            // A menu that gets no options says that there was trouble.
            (Place::Menu, Ack::Silent) => (self.meanwhile(), None),
            (_, Ack::Silent) => (Ack::Silent, None),
            (Place::Menu, ack @ Ack::Options(_))
            | (Place::Acknowledgement(_), ack @ Ack::Private(_))
            | (Place::Form, ack @ Ack::Close) => (ack, None),
            (Place::Form, Ack::Wrong(why)) if !why.is_empty() => (Ack::Wrong(why), None),
            (Place::Form, Ack::Show(screen)) if screen.is_form() => (Ack::Show(screen), None),
            (
                Place::Form | Place::Private(_) | Place::Direct { .. } | Place::Person,
                Ack::Private(message),
            ) => (Ack::Silent, Some(message)),
            (_, ack) => {
                tracing::warn!(by = %self.by, answer = name(&ack), "an answer does not fit");
                let nothing = match self.place {
                    Place::Menu => self.meanwhile(),
                    _ => Ack::Silent,
                };
                (nothing, None)
            }
        }
    }

    /// What the acknowledgement says while the work goes on.
    pub(super) fn meanwhile(&self) -> Ack {
        match self.place {
            Place::Acknowledgement(_) => Ack::Private(Message {
                text: WORKING.to_owned(),
                blocks: Vec::new(),
            }),
            Place::Menu => Ack::Options(Vec::new()),
            _ => Ack::Silent,
        }
    }

    /// The message that stands for an answer which no acknowledgement carried; `None`: what was to be
    /// said has no meaning any more.
    pub(super) fn instead(&self, ack: Ack) -> Option<Message> {
        match ack {
            Ack::Private(message) => Some(message),
            Ack::Wrong(why) => Some(replies::wrong_too_late(why.values().map(String::as_str))),
            Ack::Show(_) => Some(replies::form_too_late()),
            Ack::Silent | Ack::Close | Ack::Options(_) => None,
        }
    }

    /// Sends the answer by the best way that works, patiently; gives up with a warning.
    ///
    /// # Retries
    /// Where Slack is away or asks for patience: with growing pauses, until `cancel`. An answer that
    /// *may* have arrived is not repeated. A way that Slack refuses is not tried again; the next is.
    pub(super) async fn send(self, api: &SlackApi, message: &Message, cancel: &CancellationToken) {
        let (mut ways, mut pauses) = (self.ways().into_iter(), PAUSES.into_iter());
        let (mut way, mut last) = (ways.next(), None);
        while let Some(current) = &way {
            let Err(error) = self.go(api, current, message).await else {
                return;
            };
            let asked = match error.retry() {
                Retry::LookFirst => return,
                Retry::Never => None,
                Retry::Later => Some(Duration::ZERO),
                Retry::After(after) => Some(after),
            };
            last = Some(error);
            let Some(asked) = asked else {
                way = ways.next();
                continue;
            };
            let Some(pause) = pauses.next().map(Duration::from_secs) else {
                break;
            };
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(pause.max(asked)) => {}
            }
        }
        let error = last.map(|e| e.to_string()).unwrap_or_default();
        tracing::warn!(by = %self.by, error, "an answer could not be delivered");
    }

    fn ways(&self) -> Vec<Way> {
        match &self.place {
            Place::Direct { channel } => vec![Way::Message(channel.clone())],
            Place::Form | Place::Person => vec![Way::Message(self.by.0.clone())],
            Place::Menu | Place::Nobody => Vec::new(),
            Place::Acknowledgement(private) | Place::Private(private) => {
                let url = private.response_url.clone().map(Way::ResponseUrl);
                let ephemeral = Way::Ephemeral(private.channel.clone(), private.thread.clone());
                let direct = Way::Message(self.by.0.clone());
                url.into_iter().chain([ephemeral, direct]).collect()
            }
        }
    }

    async fn go(&self, api: &SlackApi, way: &Way, message: &Message) -> Result<(), SlackError> {
        match way {
            Way::ResponseUrl(url) => api.respond(url, message).await,
            Way::Ephemeral(channel, thread) => {
                api.ephemeral(channel, &self.by, message, thread.as_deref())
                    .await
            }
            Way::Message(channel) => {
                let posted = api.post(channel, message, None, &self.key).await;
                posted.map(|_| ())
            }
        }
    }
}

/// What an answer is called in the log, which must not hold what people typed.
const fn name(ack: &Ack) -> &'static str {
    match ack {
        Ack::Silent => "silent",
        Ack::Private(_) => "private",
        Ack::Wrong(_) => "wrong",
        Ack::Show(_) => "show",
        Ack::Close => "close",
        Ack::Options(_) => "options",
    }
}

/// One way to a person.
enum Way {
    /// Serves for 30 minutes, also where the bot is no member.
    ResponseUrl(String),
    /// In the channel, for their eyes; refused where the bot or they are no members.
    Ephemeral(String, Option<String>),
    /// A message to a direct channel or a person.
    Message(String),
}
