//! What is left of a request that is not used: ended, or left as it stands, and what is known of it.

use super::{CLOSING, Found, Stop, Way};
use crate::cli::request::{failed, print};
use crate::cli::{Status, complain};
use crate::client::{Patience, State, Trouble};

impl Way<'_> {
    /// Nothing was opened, or not in time, or it leads nowhere: says what stands.
    pub(super) async fn not_used(&self, found: Option<Found>, stop: Stop) -> Status {
        match stop {
            Stop::Over(answer) => {
                print::answer(&answer, self.given.output);
                if self.given.key.is_some() && answer.told.state != State::Refused {
                    complain("  another `--key` makes another request");
                }
                Status::No
            }
            Stop::Failed(Trouble::Late) if found.is_some() => {
                complain("not open in time");
                self.give_back(found, Status::Unavailable).await
            }
            Stop::Failed(trouble) => {
                let status = failed(&trouble);
                if let (Trouble::Unconnected { .. }, None) = (&trouble, &found) {
                    self.nothing();
                }
                self.give_back(found, status).await
            }
            Stop::Unreached(status) => self.give_back(found, status).await,
            Stop::Interrupted => {
                complain("interrupted");
                if found.is_none() {
                    self.nothing();
                }
                self.give_back(found, Status::Unavailable).await
            }
        }
    }

    async fn give_back(&self, found: Option<Found>, status: Status) -> Status {
        match found {
            None => self.find().await,
            Some(found) => self.leave(&found).await,
        }
        status
    }

    /// The request stands: with a command it is ended, because nobody would use it; else it is left to people. What
    /// an earlier run may have made under a key that was given is left too: that run may be using it.
    async fn leave(&self, Found { id, made }: &Found) {
        let stands = match (&self.given.key, self.given.command.is_empty()) {
            (None, true) => "as it is",
            (Some(_), true) => "as it is, the same `--key` finds it again",
            (Some(_), false) if !made => {
                "until its end: an earlier run may have made it, with the same `--key`"
            }
            (_, false) => return self.close(id).await,
        };
        complain(&format!(
            "  `{id}` stands {stands}; `drawbridge done {id}` ends it"
        ));
    }

    /// No id came. Where a request may have been made, the same ask under the same key gives it, or makes it. Under
    /// a key that only this run knows it is ended, so that none is left that is approved later and stands open for
    /// nobody.
    async fn find(&self) {
        if !self.in_doubt.get() {
            return;
        }
        let patience = Patience::lasting(CLOSING, self.entropy, self.contact);
        match self.ask(&patience).await {
            Ok(answer) if self.given.key.is_none() => self.close(&answer.told.id).await,
            Ok(answer) if answer.told.state.is_over() => complain(&print::course(&answer.told)),
            Ok(answer) => self.leave(&Found::of(&answer)).await,
            Err(_) if self.in_doubt.get() => self.unknown(),
            // Refused, on record.
            Err(_) => {}
        }
    }

    /// Asking failed.
    pub(super) fn no_answer(&self, trouble: &Trouble) -> Status {
        let said = failed(trouble);
        match trouble {
            _ if self.in_doubt.get() => self.unknown(),
            Trouble::Unconnected { .. } => self.nothing(),
            _ => {}
        }
        said
    }

    /// Says so where no ask got through; of what an earlier run asked under a key that was given nothing is known.
    fn nothing(&self) {
        match self.given.key {
            _ if self.in_doubt.get() => {}
            None => complain("  nothing was asked: no request was made"),
            Some(_) => complain("  nothing was asked just now"),
        }
    }

    /// An answer may have been lost: the request may be there.
    fn unknown(&self) {
        complain(&format!(
            "  whether a request was made is not known; the same ask with `--key {}` finds it",
            self.key
        ));
    }
}
