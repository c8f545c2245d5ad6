//! The document that the store keeps for each request.

use std::collections::BTreeMap;

use ipnet::IpNet;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde::{Deserialize, Serialize};

use super::posts::Posts;
use super::state::State;
use crate::id::RequestId;
use crate::netpol::{Effect, Finding, Flow, SideRef};
use crate::rules::{Principal, Route, StagePlan, TeamId, UserId};
use crate::units::{Seconds, Time};

/// The format of documents written by this version; older ones are read by every later version.
pub const FORMAT: u16 = 1;

/// A request for a network path, from the ask to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// [`FORMAT`] of the writer.
    pub format: u16,
    /// Its id.
    pub id: RequestId,
    /// Who asked for what.
    pub asked: Asked,
    /// What the governing rule demands; `None` only for requests refused at once.
    pub route: Option<Route>,
    /// Who was asked to approve, by stage, as resolved when asked.
    pub crowds: Vec<Crowd>,
    /// Who is told of opening and end, as resolved when asked.
    pub told: Vec<Told>,
    /// What the gate changes, as shown to approvers: approval binds to it.
    pub effect: Effect,
    /// Where it stands.
    pub state: State,
    /// Approvals given, in order.
    pub votes: Vec<Vote>,
    /// The objects of its gate, from the first attempt on.
    pub gate: Vec<GateObject>,
    /// The time it is (or was) open.
    pub grant: Option<Grant>,
    /// What is not as it was approved while it is open, as last judged; people were told of it.
    #[serde(default)]
    pub told_of: Vec<Finding>,
    /// Every message about it, and what each shows.
    pub posts: Posts,
}

/// Who asked for what, where and why. Never changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Who.
    pub by: Principal,
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
    Http,
}

/// The people and groups behind one stage when it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Crowd {
    /// Active members who may fill the stage, the requester left out; sorted.
    pub people: Vec<UserId>,
    /// User groups to mention: handle without `@`, and Slack's id (`S…`).
    pub groups: Vec<(String, String)>,
}

/// Somebody who is only told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// A channel by `#name` or id.
    Channel(String),
    /// A user group: mentioned by the notices in the card's thread where the card is in a channel,
    /// else each member is written to.
    Group {
        /// Its Slack id (`S…`).
        id: String,
        /// Its active members when it was asked.
        people: Vec<UserId>,
    },
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who.
    pub by: UserId,
    /// The stage it fills.
    pub stage: usize,
    /// When.
    pub at: Time,
}

/// One Kubernetes object of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateObject {
    /// Its unguessable name.
    pub name: String,
    /// Namespace and spec; marks are put on when it is applied.
    pub policy: NetworkPolicy,
    /// The server's uid, once verified.
    pub uid: Option<String>,
}

/// When a gate is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// When it was verified open.
    pub opened_at: Time,
    /// When it ends at the latest.
    pub expires_at: Time,
}

impl GateObject {
    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.policy
            .metadata
            .namespace
            .as_deref()
            .unwrap_or_default()
    }
}

impl Request {
    /// The stage that waits for approval now.
    pub fn waiting_stage(&self) -> Option<(usize, &StagePlan)> {
        let State::Pending { stage, .. } = &self.state else {
            return None;
        };
        self.stages().get(*stage).map(|plan| (*stage, plan))
    }

    /// All stages of the route.
    pub fn stages(&self) -> &[StagePlan] {
        self.route.as_ref().map_or(&[], |route| &route.stages)
    }

    /// Approvals that count for a stage.
    pub fn votes_for(&self, stage: usize) -> impl Iterator<Item = &Vote> {
        self.votes.iter().filter(move |vote| vote.stage == stage)
    }

    /// Source and target as people read them: `shop/web`, `orders/db:5432`.
    pub fn path(&self) -> (String, String) {
        let flow = &self.asked.flow;
        let ports: Vec<String> = flow.ports.iter().map(port_text).collect();
        let label = &flow.to.label;
        let to = match flow.to.at {
            SideRef::Addresses(IpNet::V6(_)) => format!("[{label}]:{}", ports.join(",")),
            _ => format!("{label}:{}", ports.join(",")),
        };
        (flow.from.label.clone(), to)
    }
}

fn port_text(range: &crate::netpol::PortRange) -> String {
    use crate::grammar::Protocol;
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

#[cfg(test)]
mod tests {
    use crate::grammar::Protocol;
    use crate::netpol::{PortRange, SideRef};
    use crate::request::fixtures::dana_asks;

    #[test]
    fn a_path_reads_as_it_is_typed() {
        let port = |protocol, first, last| PortRange {
            protocol,
            first,
            last,
        };
        let ports = vec![port(Protocol::Tcp, 80, 80), port(Protocol::Udp, 53, 60)];
        for (label, shown) in [
            ("203.0.113.7", "203.0.113.7:80,53-60/udp"),
            ("2001:db8::7", "[2001:db8::7]:80,53-60/udp"),
            (
                "2001:db8:1:2:3:4:5:6",
                "[2001:db8:1:2:3:4:5:6]:80,53-60/udp",
            ),
        ] {
            let town = dana_asks().with_asked(|asked| {
                asked.flow.to.label = label.to_owned();
                asked.flow.to.at =
                    SideRef::Addresses(label.parse::<std::net::IpAddr>().unwrap().into());
                asked.flow.ports = ports.clone();
            });
            assert_eq!(town.request().path(), ("shop/web".into(), shown.into()));
        }
    }
}
