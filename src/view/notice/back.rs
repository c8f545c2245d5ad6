//! The store lost later changes of a request: what that means for it, by where its record stands now.

use super::super::blocks::{Draft, Message};
use super::super::card::terms;
use super::super::summary::summary;
use super::Scene;
use crate::request::State;

impl Scene<'_> {
    /// Said plainly, and what to do next: nothing is guessed of what was lost.
    pub(super) fn went_back(&self) -> Message {
        let title = "A failure of the store lost its last changes";
        let so = match self.request.state {
            State::Pending { .. } => {
                "Approvals that were lost do not count: please decide again on the card. What was opened by \
                 them is closed"
            }
            _ => "It goes on as its record says: look at the card",
        };
        Draft::new()
            .line(self.headed(&title.into()) + "\n" + terms(self.request))
            .small(so, None)
            .send(summary(title.into(), self.request))
    }
}
