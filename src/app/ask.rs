//! From a read ask to a durable request: resolve, plan, judge, commit, and say who was asked.

use anyhow::Result;

use super::asker::Asker;
use super::book::Created;
use super::facts;
use super::past::Past;
use super::planned::{self, Gate, Planned};
use super::wanted::Wanted;
use super::{Parts, crowds, incident, refusals, rehearsal, reread, rulebook};
use crate::grammar::{self, Length};
use crate::id::RequestId;
use crate::netpol::{self, NoGate};
use crate::request::create::{Sentence, Way};
use crate::request::standing::standing_votes;
use crate::request::{Ask, Asked, Extends, Request, State, create};
use crate::rules::{self, UserId, Verdict, judge};
use crate::slack::{Ack, Inbound, Surface, What};
use crate::units::Seconds;
use crate::view::{Message, replies, say};

/// Why an ask did not become a request.
pub(super) enum Stop {
    /// Whoever asked is told; there is no request, because nothing was asked for yet.
    Tell(Unread),
    /// The world could not be asked.
    Trouble(anyhow::Error),
}

/// What was asked is not there, or cannot be told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It means nothing, in the words of whoever asked.
    Sentence(Sentence),
    /// There are several clusters, and none or an unknown one was named.
    WhichCluster {
        /// The one that was named.
        named: Option<String>,
        /// Those that there are.
        clusters: Vec<String>,
    },
    /// This cluster cannot be looked at now.
    ClusterAway(String),
}

impl Unread {
    pub(super) fn sentence(message: impl Into<String>, hint: Option<String>) -> Self {
        Self::Sentence(Sentence {
            message: message.into(),
            hint,
        })
    }

    /// As people read it in Slack.
    pub(super) fn message(&self) -> Message {
        match self {
            Self::Sentence(Sentence { message, hint }) => say::refused(message, hint.as_deref()),
            Self::WhichCluster { named, clusters } => {
                let clusters: Vec<&String> = clusters.iter().collect();
                replies::which_cluster(named.as_deref(), &clusters)
            }
            Self::ClusterAway(cluster) => replies::cluster_away(cluster),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

/// Makes a request of a person's ask, or says why not.
pub(super) async fn ask(parts: &Parts, inbound: &Inbound, wanted: Wanted) -> Result<Ack> {
    ask_as(parts, inbound, &Asker::person(inbound), wanted).await
}

/// The same for whom a person asks.
pub(super) async fn ask_as(
    parts: &Parts,
    inbound: &Inbound,
    asker: &Asker,
    wanted: Wanted,
) -> Result<Ack> {
    match make(parts, asker, wanted).await {
        Ok(Created::New(request)) => Ok(confirm(inbound, &request)),
        Ok(Created::Before(id)) => answer(parts, inbound, &id).await,
        Err(Stop::Tell(why)) => Ok(Ack::Private(why.message())),
        Err(Stop::Trouble(error)) => Err(error),
    }
}

/// Makes a request of an ask, whoever asks: the one way in.
///
/// # Errors
/// [`Stop`]; nothing was made.
pub(super) async fn make(parts: &Parts, asker: &Asker, wanted: Wanted) -> Result<Created, Stop> {
    // A delivery that was done before is answered, not done again.
    if let Some(id) = parts.book.store().seen(&asker.key).await? {
        return Ok(Created::Before(id));
    }
    let prepared = refusals::heard(parts, asker, wanted).await?;
    let prepared = rehearsal::rehearsed(parts, &asker.key, prepared).await;
    let created = commit(parts, &asker.key, prepared).await?;
    if let Created::New(request) = &created {
        tracing::info!(id = %request.id, state = request.state.word(), "asked");
        incident::join(parts, request).await?;
    }
    Ok(created)
}

/// Commits what was prepared under the mark of its delivery, once the text of the rule that governs it
/// is on record.
///
/// # Errors
/// The store failed; the request may have been made ([`BookError::touched`](super::BookError::touched)).
pub(super) async fn commit(parts: &Parts, key: &str, prepared: Prepared) -> Result<Created> {
    if let (_, Ok(way)) = &prepared {
        rulebook::keep(parts, &way.route).await?;
    }
    let make = |id: RequestId| {
        let (asked, judged) = prepared.clone();
        create(Ask { id, asked, judged })
    };
    Ok(parts.book.create_kept(key, make).await?)
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

/// Everything about an ask but its id; nothing is committed but the incident that begins with it.
pub(super) async fn prepare(
    parts: &Parts,
    asker: &Asker,
    wanted: Wanted,
) -> Result<Prepared, Stop> {
    let templates = parts.rules.load_full();
    let filled = rules::fill(&templates, &wanted.template, &wanted.inputs)
        .map_err(|problem| Stop::Tell(Unread::sentence(problem.message, problem.hint)))?;
    let cluster = choose_cluster(parts, wanted.terms.cluster.as_deref())?;
    let Planned { flow, built } = planned::plan(parts, &cluster, &filled).map_err(Stop::Tell)?;
    let now = parts.clock.now();
    // Only people break the glass, and only they are somewhere.
    let emergency = asker.human().filter(|_| wanted.emergency).cloned();
    let incident = match (&wanted.place, asker.human()) {
        (Some(spot), Some(by)) => incident::current(parts, by, spot).await?,
        _ => wanted.incident,
    };
    let asked = Asked {
        by: asker.on(&cluster),
        pressed_by: asker.pressed_by.clone(),
        team: asker.team.clone(),
        at: now,
        origin: wanted.origin,
        text: wanted.text,
        cluster,
        template: wanted.template,
        inputs: wanted.inputs,
        flow,
        duration: duration(parts, asker, wanted.terms.length, filled.bounds.default).await?,
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
    asker: &Asker,
    length: Option<Length>,
    default: Seconds,
) -> Result<Seconds> {
    Ok(match length {
        None => default,
        Some(Length::For(seconds)) => seconds,
        Some(Length::Until { hour, minute }) => {
            let person = match asker.human() {
                Some(user) => parts.directory.person(user, Seconds::hours(1)).await?,
                None => None,
            };
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
        (named, _) => Err(Stop::Tell(Unread::WhichCluster {
            named: named.map(str::to_owned),
            clusters: names.into_iter().cloned().collect(),
        })),
    }
}

async fn judged(
    parts: &Parts,
    asked: &Asked,
    built: Result<Gate, NoGate>,
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
    if asked.longest() > ceiling {
        let message = format!("no path may be open for longer than {ceiling}");
        return Ok(Err(Sentence {
            message,
            hint: Some("ask for less".to_owned()),
        }));
    }
    let in_force = parts.rules.load_full();
    let past = Past::of(parts, &asked.owner()).await?;
    let mut facts = facts::of_ask(parts, asked, &effect, (&past, None))?;
    facts::weigh_incident(parts, asked, &mut facts).await?;
    facts.emergency.clone_from(&emergency);
    let roll = facts::for_ask(parts, &asked.by, &mut facts).await?;
    Ok(match judge(&in_force, &asked.by, &facts, &roll) {
        Verdict::Refused { reasons, .. } => Err(sentence_of(&reasons)),
        Verdict::Allowed(route) => {
            let human = asked.by.person().or(route.owner.as_ref());
            let crowds = crowds::crowds(parts, &route, &roll, human).await;
            let standing = standing_votes(&past.requests, asked, &effect, &route, &roll);
            Ok(Way {
                crowds,
                rescuers: crowds::rescuers(&route, &roll),
                escalation: crowds::next_circle(parts, &route, &roll, human).await,
                told: crowds::told(parts, &route).await,
                effect,
                standing,
                emergency,
                route,
            })
        }
    })
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
    let snapshot = reread::snapshot(parts, &cluster)?;
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
