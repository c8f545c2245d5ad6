//! What is only asked about: whether a path is open now, and who would be asked for it. Nothing is committed.

use anyhow::Result;

use super::asker::Asker;
use super::past::Past;
use super::prepare::{choose_cluster, prepare};
use super::unread::{Stop, Unread};
use super::wanted::Wanted;
use super::{Parts, facts};
use crate::grammar;
use crate::netpol;
use crate::rules;
use crate::slack::{Ack, Inbound};
use crate::view::{Message, say};

/// `reach A to B:port`: what is open now, and why.
pub(super) fn reach(parts: &Parts, ask: &grammar::Ask) -> Result<Ack> {
    let answer = match flow_of(parts, ask) {
        Ok((cluster, flow)) => {
            let snapshot = parts.snapshot(&cluster)?;
            reach_answer(&flow, &netpol::reach_with_gates(&snapshot, &flow))
        }
        Err(Stop::Tell(why)) => why.message(),
        Err(Stop::Trouble(error)) => return Err(error),
    };
    Ok(Ack::Private(answer))
}

fn reach_answer(flow: &netpol::Flow, reach: &netpol::Reach) -> Message {
    let ports: Vec<String> = flow.ports.iter().map(ToString::to_string).collect();
    say::reach(&say::ReachAnswer {
        from: &flow.from.label,
        to: &format!("{} {}", flow.to.label, ports.join(", ")),
        open: reach.is_open(),
        blocked_by: &[],
        why: &reach.why,
    })
}

fn flow_of(parts: &Parts, ask: &grammar::Ask) -> Result<(String, netpol::Flow), Stop> {
    let cluster = choose_cluster(parts, ask.terms.cluster.as_deref())?;
    let snapshot = parts.snapshot(&cluster)?;
    let flow = netpol::resolve(&snapshot, &ask.from, &ask.to, ask.ports.as_ref())
        .map_err(|problem| Stop::Tell(Unread::sentence(problem.to_string(), problem.hint())))?;
    Ok((cluster, flow))
}

/// `approvers A to B:port`: who would be asked; nothing is asked.
pub(super) async fn approvers(parts: &Parts, inbound: &Inbound, ask: grammar::Ask) -> Result<Ack> {
    let wanted = Wanted::plain(ask, "");
    Ok(Ack::Private(
        match prepare(parts, &Asker::person(inbound), wanted).await {
            Ok((asked, Ok(way))) => {
                let past = Past::of(parts, &asked.owner()).await?;
                let ask = facts::of_ask(parts, &asked, &way.effect, (&past, None))?;
                let aside = rules::aside(&parts.rules.load(), &asked.by, &ask, &way.route.rule);
                say::approvers(&way.route, &way.crowds, &aside)
            }
            Ok((_, Err(sentence))) => say::refused(&sentence.message, sentence.hint.as_deref()),
            Err(Stop::Tell(why)) => why.message(),
            Err(Stop::Trouble(error)) => return Err(error),
        },
    ))
}
