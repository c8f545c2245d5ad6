//! Why a command is refused, typed. Shown to the person, counted, never logged as an error.

use crate::rules::Standing;
use crate::units::Seconds;

/// A command that changes nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is past the point where this could be done.
    #[error("this request is already {}", phrase(.state))]
    Over {
        /// [`super::State::word`].
        state: &'static str,
    },
    /// The request is not yet where this could be done.
    #[error("this request is still {}", phrase(.state))]
    NotYet {
        /// [`super::State::word`].
        state: &'static str,
    },
    /// The click was on an older picture of the card.
    #[error("this card has changed since you saw it")]
    Stale,
    /// Nobody approves their own request.
    #[error("you cannot decide on your own request")]
    OwnRequest,
    /// Nobody approves a role for themselves.
    #[error("this would give you a role, so you cannot approve it")]
    GivenToYou,
    /// The person is not among those who may fill the waiting stage.
    #[error("you are not among the approvers of this request")]
    NotAnApprover {
        /// The waiting stage's name.
        stage: String,
    },
    /// Guests, strangers, bots and deactivated accounts count for nothing.
    #[error("{} cannot decide here", who(*.standing))]
    DoesNotCount {
        /// What Slack says about the person; `None`: nothing is known.
        standing: Option<Standing>,
    },
    /// One person fills one slot.
    #[error("you have already approved this request")]
    AlreadyApproved,
    /// Who is away and who stands in for them fill one slot between them.
    #[error(
        "the slot that you could fill is filled already, by the one you stand in for or in your place"
    )]
    SlotTaken,
    /// An approval for a time that is not shorter than what was asked.
    #[error("that is not shorter than the {asked} that was asked for")]
    NotShorter {
        /// How long it would be open.
        asked: Seconds,
    },
    /// The stage does not let an approval count again.
    #[error("the rule does not let this approval count for later asks")]
    NoRepeat,
    /// The rule does not let this person open at once.
    #[error("{reason}")]
    NoEmergency {
        /// The rules' sentence.
        reason: String,
    },
    /// Slack answers, so people decide.
    #[error("slack answers, so people decide there")]
    SlackAnswers,
    /// Slack does not answer, and not for long enough to be sure.
    #[error("slack does not answer, but it has not been away for a minute yet")]
    SlackJustLeft,
    /// The rule does not let this service approve while Slack is away.
    #[error("{reason}")]
    NotOffline {
        /// The rules' sentence.
        reason: String,
    },
    /// The token was not made for this.
    #[error("an approval without Slack takes a token of its own that ends within an hour")]
    LongToken,
    /// There is no review to give, or not by this person.
    #[error("{reason}")]
    NoReview {
        /// Why.
        reason: &'static str,
    },
    /// The person has given no approval that still counts for later asks.
    #[error("no approval of yours counts for later asks of this")]
    NothingToForget,
    /// Only the requester may do this.
    #[error("only the person who asked can do this")]
    NotYours,
    /// Only those who approved, and the rule's revokers, may do this.
    #[error("only approvers of this request and its revokers can do this")]
    NotARevoker,
    /// The command and the state do not belong together: a fault of ours, refused safely.
    #[error("`{command}` is not possible while the request is {}", phrase(.state))]
    Impossible {
        /// The command's name.
        command: &'static str,
        /// [`super::State::word`].
        state: &'static str,
    },
}

const fn who(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "an account that Slack does not know",
        Some(Standing::Member) => "a member",
        Some(Standing::Guest) => "a guest account",
        Some(Standing::Stranger) => "somebody from another organisation",
        Some(Standing::Bot) => "a bot",
        Some(Standing::Deactivated) => "a deactivated account",
    }
}

/// The state's word as it reads in a sentence.
fn phrase(word: &'static str) -> &'static str {
    match word {
        "pending" => "waiting for approval",
        "granting" => "being opened",
        "active" => "open",
        "ending" => "being closed",
        "ended" => "closed",
        other => other,
    }
}

impl Refusal {
    /// What to do next, when something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Over { .. } | Self::Stale => Some("the card shows how it stands now".to_owned()),
            Self::NotYet { .. } => {
                Some("until it is open, the requester cancels and approvers deny".to_owned())
            }
            Self::OwnRequest | Self::GivenToYou => {
                Some("somebody else has to press the button".to_owned())
            }
            Self::NotAnApprover { stage } => Some(format!(
                "the stage `{stage}` waits for others; the card names them"
            )),
            Self::SlotTaken => Some("somebody else has to fill the next slot".to_owned()),
            Self::NotShorter { .. } => Some("choose less, or approve it as it is".to_owned()),
            Self::NoRepeat => Some("approve it once".to_owned()),
            Self::NoEmergency { .. } => Some("it goes on waiting for its approvers".to_owned()),
            Self::AlreadyApproved => Some("somebody else has to fill the next slot".to_owned()),
            Self::NotYours => {
                Some("approvers deny what waits and close what is open with `revoke`".to_owned())
            }
            Self::NotARevoker => Some("ask one of those whom the card names".to_owned()),
            Self::SlackAnswers => Some("the card has the buttons".to_owned()),
            Self::SlackJustLeft => {
                Some("try again after a minute: it counts if Slack is still away then".to_owned())
            }
            Self::NotOffline { .. } => Some("it goes on waiting for its approvers".to_owned()),
            Self::LongToken => Some("make one: `kubectl create token … --duration=10m`".to_owned()),
            Self::DoesNotCount { .. }
            | Self::NoReview { .. }
            | Self::NothingToForget
            | Self::Impossible { .. } => None,
        }
    }

    /// Whether it says what this person may not do, rather than how things stand: such an attempt is put on
    /// record.
    pub const fn forbids(&self) -> bool {
        match self {
            Self::OwnRequest
            | Self::GivenToYou
            | Self::NotAnApprover { .. }
            | Self::DoesNotCount { .. }
            | Self::NoRepeat
            | Self::NoEmergency { .. }
            | Self::NotOffline { .. }
            | Self::LongToken
            | Self::NoReview { .. }
            | Self::NotYours
            | Self::NotARevoker => true,
            Self::Over { .. }
            | Self::NotYet { .. }
            | Self::Stale
            | Self::AlreadyApproved
            | Self::SlotTaken
            | Self::SlackAnswers
            | Self::SlackJustLeft
            | Self::NotShorter { .. }
            | Self::NothingToForget
            | Self::Impossible { .. } => false,
        }
    }
}
