//! From a read ask to a durable request: resolve, plan, judge, commit, and say who was asked.

use anyhow::Result;

use super::book::Created;
use super::facts::{self, Planned};
use super::past::Past;
use super::wanted::Wanted;
use super::{Parts, crowds, incident, reread};
use crate::grammar::{self, Length};
use crate::id::RequestId;
use crate::netpol::{self, NoGate};
use crate::request::create::{Sentence, Way};
use crate::request::standing::standing_votes;
use crate::request::{Ask, Asked, Extends, Request, State, create};
use crate::rules::{self, Principal, UserId, Verdict, judge};
use crate::slack::{Ack, Inbound, Surface, What};
use crate::units::Seconds;
use crate::view::{Message, replies, say};

/// Why an ask did not become a request.
pub(super) enum Stop {
    /// The person is told; nothing is recorded, because nothing was asked for yet.
    Tell(Message),
    /// The world could not be asked.
    Trouble(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

/// Makes a request of an ask, or says why not.
pub(super) async fn ask(parts: &Parts, inbound: &Inbound, wanted: Wanted) -> Result<Ack> {
    // A delivery that was done before is answered, not done again.
    if let Some(id) = parts.book.store().seen(&inbound.key).await? {
        return answer(parts, inbound, &id).await;
    }
    let prepared = match prepare(parts, inbound, wanted).await {
        Ok(prepared) => prepared,
        Err(Stop::Tell(message)) => return Ok(Ack::Private(message)),
        Err(Stop::Trouble(error)) => return Err(error),
    };
    let make = |id: RequestId| {
        let (asked, judged) = prepared.clone();
        create(Ask { id, asked, judged })
    };
    match parts.book.create(&inbound.key, make).await? {
        Created::New(request) => {
            tracing::info!(id = %request.id, state = request.state.word(), "asked");
            incident::join(parts, &request).await?;
            Ok(confirm(inbound, &request))
        }
        Created::Before(id) => answer(parts, inbound, &id).await,
    }
}

async fn answer(parts: &Parts, inbound: &Inbound, id: &RequestId) -> Result<Ack> {
    Ok(match parts.book.load(id).await? {
        Some(page) => confirm(inbound, &page.request),
        None => Ack::Private(say::unknown(id)),
    })
}

/// Who typed the command reads the answer where they typed it. In a direct message or a thread their
/// card appears in the same place and says it all; of a refusal there is no card.
fn confirm(inbound: &Inbound, request: &Request) -> Ack {
    let elsewhere = matches!(
        inbound.what,
        What::Said {
            surface: Surface::Command { .. },
            ..
        }
    );
    if elsewhere || matches!(request.state, State::Refused { .. }) {
        Ack::Private(say::asked(request))
    } else {
        Ack::Silent
    }
}

pub(super) type Prepared = (Asked, Result<Way, Sentence>);

/// Everything about an ask but its id; nothing is committed.
pub(super) async fn prepare(
    parts: &Parts,
    inbound: &Inbound,
    wanted: Wanted,
) -> Result<Prepared, Stop> {
    let templates = parts.rules.load_full();
    let filled = rules::fill(&templates, &wanted.template, &wanted.inputs)
        .map_err(|problem| Stop::Tell(say::refused(&problem.message, problem.hint.as_deref())))?;
    let cluster = choose_cluster(parts, wanted.terms.cluster.as_deref())?;
    let Planned { flow, built } = facts::plan(parts, &cluster, &filled).map_err(Stop::Tell)?;
    let now = parts.clock.now();
    let emergency = wanted.emergency.then(|| inbound.by.clone());
    let incident = match &wanted.place {
        Some(spot) => incident::current(parts, inbound, spot).await?,
        None => wanted.incident,
    };
    let asked = Asked {
        by: Principal::Person(inbound.by.clone()),
        team: inbound.team.clone(),
        at: now,
        origin: wanted.origin,
        text: wanted.text,
        cluster,
        template: wanted.template,
        inputs: wanted.inputs,
        flow,
        duration: duration(parts, inbound, wanted.terms.length, filled.bounds.default).await?,
        reason: wanted.terms.reason,
        extends: wanted.extends.map(|(extends, before)| Extends {
            within: built
                .as_ref()
                .is_ok_and(|built| built.effect.within(&before)),
            ..extends
        }),
        incident,
    };
    let judged = judged(parts, &asked, built, emergency).await?;
    Ok((asked, judged))
}

/// The asked length; *until* is the next time the asker's clock shows it, UTC where their zone is
/// not known.
async fn duration(
    parts: &Parts,
    inbound: &Inbound,
    length: Option<Length>,
    default: Seconds,
) -> Result<Seconds> {
    Ok(match length {
        None => default,
        Some(Length::For(seconds)) => seconds,
        Some(Length::Until { hour, minute }) => {
            let person = parts
                .directory
                .person(&inbound.by, Seconds::hours(1))
                .await?;
            let zone = person.and_then(|person| person.zone);
            grammar::until(hour, minute, parts.clock.now(), zone.as_deref())
        }
    })
}

fn choose_cluster(parts: &Parts, named: Option<&str>) -> Result<String, Stop> {
    let names: Vec<&String> = parts.clusters.keys().collect();
    match (named, names.as_slice()) {
        (Some(name), _) if parts.clusters.contains_key(name) => Ok(name.to_owned()),
        (None, [only]) => Ok((*only).clone()),
        (named, _) => Err(Stop::Tell(replies::which_cluster(named, &names))),
    }
}

async fn judged(
    parts: &Parts,
    asked: &Asked,
    built: Result<netpol::Built, NoGate>,
    emergency: Option<UserId>,
) -> Result<Result<Way, Sentence>> {
    let effect = match built {
        Ok(built) => built.effect,
        Err(no_gate) => {
            return Ok(Err(Sentence {
                message: no_gate.to_string(),
                hint: no_gate.hint(),
            }));
        }
    };
    let ceiling = parts.max_lifetime;
    if longest(asked) > ceiling {
        let message = format!("no path may be open for longer than {ceiling}");
        return Ok(Err(Sentence {
            message,
            hint: Some("ask for less".to_owned()),
        }));
    }
    let in_force = parts.rules.load_full();
    let past = Past::of(parts, &asked.by).await?;
    let mut facts = facts::of_ask(parts, asked, &effect, (&past, None))?;
    facts::weigh_incident(parts, asked, &mut facts).await?;
    facts.emergency.clone_from(&emergency);
    let roll = facts::for_ask(parts, &asked.by, &facts).await?;
    Ok(match judge(&in_force, &asked.by, &facts, &roll) {
        Verdict::Refused { reasons, .. } => Err(sentence_of(&reasons)),
        Verdict::Allowed(route) => {
            let crowds = crowds::crowds(parts, &route, &roll, &asked.by).await;
            let told = crowds::told(parts, &route).await;
            let standing = standing_votes(&past.0, asked, &effect, &route, &roll);
            Ok(Way {
                crowds,
                rescuers: crowds::rescuers(&route, &roll),
                escalation: crowds::next_circle(parts, &route, &roll, &asked.by).await,
                told,
                effect,
                standing,
                emergency,
                route,
            })
        }
    })
}

/// How long its objects would live at most: an extension opens while the path before it is open.
fn longest(asked: &Asked) -> Seconds {
    let left = asked.extends.as_ref().map_or(0, |extends| {
        (extends.until - asked.at)
            .num_seconds()
            .max(0)
            .unsigned_abs()
    });
    Seconds(asked.duration.0.saturating_add(left))
}

fn sentence_of(reasons: &[rules::Reason]) -> Sentence {
    let messages: Vec<&str> = reasons
        .iter()
        .map(|reason| reason.message.as_str())
        .collect();
    let hint = reasons.iter().find_map(|reason| reason.hint.clone());
    Sentence {
        message: messages.join("; "),
        hint,
    }
}

/// `reach A to B:port`: what is open now, and why.
pub(super) fn reach(parts: &Parts, ask: &grammar::Ask) -> Result<Ack> {
    let answer = match flow_of(parts, ask) {
        Ok((cluster, flow)) => {
            let snapshot = reread::snapshot(parts, &cluster)?;
            reach_answer(&flow, &netpol::reach_with_gates(&snapshot, &flow))
        }
        Err(Stop::Tell(message)) => message,
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
    let snapshot = reread::snapshot(parts, &cluster)?;
    let flow =
        netpol::resolve(&snapshot, &ask.from, &ask.to, ask.ports.as_ref()).map_err(|problem| {
            Stop::Tell(say::refused(
                &problem.to_string(),
                problem.hint().as_deref(),
            ))
        })?;
    Ok((cluster, flow))
}

/// `approvers A to B:port`: who would be asked; nothing is asked.
pub(super) async fn approvers(parts: &Parts, inbound: &Inbound, ask: grammar::Ask) -> Result<Ack> {
    let wanted = Wanted::plain(ask, "");
    Ok(Ack::Private(match prepare(parts, inbound, wanted).await {
        Ok((asked, Ok(way))) => {
            let past = Past::of(parts, &asked.by).await?;
            let ask = facts::of_ask(parts, &asked, &way.effect, (&past, None))?;
            let aside = rules::aside(&parts.rules.load(), &asked.by, &ask, &way.route.rule);
            say::approvers(&way.route, &way.crowds, &aside)
        }
        Ok((_, Err(sentence))) => say::refused(&sentence.message, sentence.hint.as_deref()),
        Err(Stop::Tell(message)) => message,
        Err(Stop::Trouble(error)) => return Err(error),
    }))
}
