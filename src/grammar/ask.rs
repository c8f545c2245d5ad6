//! The values a phrase can mean.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Endpoint, Ports};
use crate::id::RequestId;
use crate::units::Seconds;

/// Everything a person can say to the bot, in chat or on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phrase {
    /// `shop/web to orders/db:5432 for 30m because INC-42`
    Ask(Ask),
    /// `using debug-ingress target=shop/web port=8080 for 20m because …`
    Using(TemplateAsk),
    /// `mine`: my requests.
    Mine,
    /// `show ID`
    Show(RequestId),
    /// `done ID`: the requester closes the path early.
    Done(RequestId),
    /// `cancel ID`: the requester takes a waiting request back.
    Cancel(RequestId),
    /// `revoke ID because …`: an approver or revoker closes the path.
    Revoke {
        /// Which request.
        id: RequestId,
        /// Why; shown to the requester.
        reason: Option<String>,
    },
    /// `reach A to B:port`: what is open now, and why.
    Reach(Ask),
    /// `approvers A to B:port`: who would be asked.
    Approvers(Ask),
    /// `help`
    Help,
    /// Nothing typed: the form.
    Form,
    /// `extend ID for 30m because …`: the requester asks to keep the path open for longer.
    Extend {
        /// Which request.
        id: RequestId,
        /// How much longer; at least a second, at most [`super::length::LONGEST`].
        length: Seconds,
        /// Why; as [`Terms::reason`].
        reason: Option<String>,
    },
    /// `again`: what the person asked last, once more.
    Again,
    /// `history TARGET 7d`: who was let in there, and when.
    History {
        /// The target, without ports.
        target: Endpoint,
        /// How far to look back; `None`: as far as the bot likes.
        since: Option<Seconds>,
    },
    /// `emergency ASK`
    Emergency(Asking),
    /// `incident open|close|timeline`
    Incident(Incident),
    /// `away until DAY to @PERSON`: that person decides in the asker's place until then.
    Away {
        /// When it ends.
        until: Until,
        /// The id in Slack's mention: `U` or `W`, then capitals and digits. Whether there is such a
        /// person, and who it is, is not known here.
        to: String,
    },
    /// `back`: ends an absence before its time.
    Back,
    /// `review ID because …`: what an emergency was about, said afterwards.
    Review {
        /// Which request.
        id: RequestId,
        /// The review; `None` where only `review ID` was typed. As [`Terms::reason`].
        words: Option<String>,
    },
}

/// An ask in either form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Asking {
    /// `SOURCE to TARGET:PORT`
    Plain(Ask),
    /// `using TEMPLATE key=value …`
    Using(TemplateAsk),
}

/// What is done with an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incident {
    /// `incident open because TITLE`
    Open {
        /// What it is about, in the person's words; as [`Terms::reason`].
        title: Option<String>,
    },
    /// `incident close`
    Close,
    /// `incident timeline`: what was done during it.
    Timeline,
}

/// When an absence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Until {
    /// So long from now; at least a second, at most [`super::length::LONGEST`].
    For(Seconds),
    /// The next time the asker's clock shows this (UTC when their zone is unknown).
    Time {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// The end of this day on the asker's clock. It may have passed: which day it is now is not
    /// known here.
    Day(NaiveDate),
}

/// A plain ask: a source, a target and the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Where connections come from.
    pub from: Endpoint,
    /// Where they go.
    pub to: Endpoint,
    /// Ports on the target; `None`: the target's only port.
    pub ports: Option<Ports>,
    /// Cluster, duration and reason.
    pub terms: Terms,
}

/// `using TEMPLATE key=value …`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateAsk {
    /// The template's name, in lower case.
    pub template: String,
    /// Inputs as typed; the template's types judge them.
    pub inputs: BTreeMap<String, String>,
    /// Cluster, duration and reason.
    pub terms: Terms,
}

/// What every ask may add, in any order (`because` takes the rest of the line).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Terms {
    /// `on prod-eu`, in lower case; never guessed where there are several clusters.
    pub cluster: Option<String>,
    /// `for 30m` or `until 18:00`; `None`: the template's default.
    pub length: Option<Length>,
    /// `because …`: the rest of the text, trimmed, as typed but for credentials and line ends; at
    /// most [`super::LONGEST_REASON`] characters. Never markup.
    pub reason: Option<String>,
}

/// How long an asked path stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    /// A length of time from the grant.
    For(Seconds),
    /// Until the next time the asker's clock shows this (UTC when their zone is unknown).
    Until {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
}
