//! What a request was made of: who asked for what, where and why. Never changes.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::grammar::Protocol;
use crate::id::RequestId;
use crate::netpol::{Flow, PortRange, SideRef};
use crate::rules::{Account, Principal, TeamId, UserId};
use crate::units::{Seconds, Time};

/// Who asked for what, where and why. Never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Who.
    pub by: Principal,
    /// Who pressed the button, where a person asks once more for a service. INVARIANT (no self-approval):
    /// they decide nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed_by: Option<UserId>,
    /// Their Slack workspace.
    pub team: Option<TeamId>,
    /// When.
    pub at: Time,
    /// Where the answer goes.
    pub origin: Origin,
    /// What they typed, without credentials: *Ask again* asks this again.
    pub text: String,
    /// Which cluster.
    pub cluster: String,
    /// Which template.
    pub template: String,
    /// Its inputs, canonical.
    pub inputs: BTreeMap<String, String>,
    /// The resolved flow.
    pub flow: Flow,
    /// How long it shall be open, from the grant.
    pub duration: Seconds,
    /// Why, as typed; never markup.
    pub reason: Option<String>,
    /// What it extends.
    #[serde(default)]
    pub extends: Option<Extends>,
    /// The incident it belongs to, and ends with.
    #[serde(default)]
    pub incident: Option<IncidentRef>,
}

impl Asked {
    /// The one who asked, seen from nowhere: what their requests are listed under and counted by. An
    /// account of another cluster is another one, whatever its name.
    pub fn owner(&self) -> String {
        match Account::of(&self.by, &self.cluster) {
            Some(account) => account.to_string(),
            None => self.by.to_string(),
        }
    }

    /// How long its objects would live at most: an extension opens while the path before it is open.
    pub fn longest(&self) -> Seconds {
        let left = self.extends.as_ref().map_or(0, |extends| {
            (extends.until - self.at)
                .num_seconds()
                .max(0)
                .unsigned_abs()
        });
        Seconds(self.duration.0.saturating_add(left))
    }

    /// Source and target as people read them: `shop/web`, `orders/db:5432`. Of a template's own objects who
    /// gets it and what: `dana@example.com`, `orders as view`.
    pub fn path(&self) -> (String, String) {
        let flow = &self.flow;
        if flow.to.is_stated() {
            return (flow.from.label.clone(), flow.to.label.clone());
        }
        let ports: Vec<String> = flow.ports.iter().map(port_text).collect();
        let label = &flow.to.label;
        let to = match flow.to.at {
            SideRef::Addresses(IpNet::V6(_)) => format!("[{label}]:{}", ports.join(",")),
            _ => format!("{label}:{}", ports.join(",")),
        };
        (flow.from.label.clone(), to)
    }
}

fn port_text(range: &PortRange) -> String {
    let number = if range.first == range.last {
        range.first.to_string()
    } else {
        format!("{}-{}", range.first, range.last)
    };
    match range.protocol {
        Protocol::Tcp => number,
        other => format!("{number}/{}", other.name().to_ascii_lowercase()),
    }
}

/// The open path that a request lengthens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extends {
    /// The request before it.
    pub id: RequestId,
    /// The end of that one, from which the new time counts.
    pub until: Time,
    /// From the first opening of the chain to that end.
    pub so_far: Seconds,
    /// How many extensions of the chain were approved automatically before.
    pub automatic: usize,
    /// Whether any of the chain was opened as an emergency: nobody approved that.
    #[serde(default)]
    pub emergency: bool,
    /// Whether it opens no more than the request before it did, when it was asked.
    #[serde(default)]
    pub within: bool,
}

/// Where the person was when they asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Origin {
    /// Privately (a slash command, a direct message): answered in a direct message.
    Direct,
    /// In a channel, by a mention: answered in its thread.
    Thread {
        /// The channel.
        channel: String,
        /// The thread's parent.
        ts: String,
    },
    /// Over HTTP, by a service.
    Http {
        /// SHA-256 of what was sent, hex: tells a repeated call from another one with the same key.
        #[serde(default)]
        sent: String,
    },
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRef {
    /// Its id.
    pub id: RequestId,
    /// The channel it is handled in.
    pub channel: String,
    /// Who opened it.
    pub opened_by: UserId,
    /// Whether its channel is one of those that the configuration calls incidents'.
    pub declared: bool,
}
