//! What makes a promise break on purpose: whoever checks promises must be shown to see that.

mod deeds;

use anyhow::Result;

use super::stage::Stage;
use crate::sim::slack::Fault;

/// A way of breaking a promise that no fault of a storm explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The bot cannot delete anything while the storm rages.
    NoClosing,
    /// Nor ever after it.
    NeverClosing,
    /// Somebody's approval is counted that they never gave.
    ForgedApproval,
    /// What was open is open again, though the store has forgotten that it was approved.
    ForgottenApproval,
    /// A request has no alarms and a message that is due.
    Forsaken,
    /// The store is emptied, and it is not known that it was.
    SecretLoss,
    /// A record of what happened is passed over.
    LostEvent,
    /// Nobody lives to record what happened.
    Unrecorded,
    /// A record does not hang on the one before it.
    BrokenChain,
    /// A message shows what is not so.
    StaleMessage,
    /// A message is posted a second time.
    PostedTwice,
    /// Slack takes no message any more after the storm.
    NobodyTold,
    /// Something of others is changed.
    ForeignChange,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::NoClosing,
        Self::NeverClosing,
        Self::ForgedApproval,
        Self::ForgottenApproval,
        Self::Forsaken,
        Self::SecretLoss,
        Self::LostEvent,
        Self::Unrecorded,
        Self::BrokenChain,
        Self::StaleMessage,
        Self::PostedTwice,
        Self::NobodyTold,
        Self::ForeignChange,
    ];

    /// Before the storm.
    pub(super) fn before(self, stage: &Stage) {
        if matches!(self, Self::NoClosing | Self::NeverClosing) {
            forbid_deleting(stage);
        }
    }

    /// When the storm is over and everything works again.
    pub(super) fn healed(self, stage: &Stage) {
        match self {
            Self::NeverClosing => forbid_deleting(stage),
            Self::NobodyTold => {
                let refused = Fault::Code("is_archived");
                stage
                    .town
                    .slack
                    .fail_next("chat.postMessage", 1000, &refused);
            }
            _ => {}
        }
    }

    /// When nothing is under way any more, before anything is checked.
    pub(super) async fn after(self, stage: &mut Stage) -> Result<()> {
        match self {
            Self::NoClosing | Self::NeverClosing | Self::NobodyTold => {}
            // Whoever looks on has not seen it.
            Self::ForgedApproval => stage.pressed.retain(|pressed| pressed.label != "Approve"),
            Self::ForgottenApproval => deeds::reopen(stage).await?,
            Self::Forsaken => deeds::forsake(stage).await?,
            Self::SecretLoss => drop(stage.town.shelf.empty(stage.town.clock())),
            Self::LostEvent => deeds::lose_event(stage).await?,
            Self::Unrecorded => {
                deeds::happen(stage).await?;
                stage.town.kill_replica(0)?;
                stage.town.kill_replica(1)?;
            }
            Self::BrokenChain => deeds::break_chain(stage).await?,
            Self::StaleMessage => deeds::stale(stage).await?,
            Self::PostedTwice => deeds::post_again(stage).await?,
            Self::ForeignChange => deeds::change_others(stage)?,
        }
        Ok(())
    }
}

fn forbid_deleting(stage: &Stage) {
    for plural in ["networkpolicies", "rolebindings"] {
        stage.town.api.forbid("delete", plural, None);
    }
}
