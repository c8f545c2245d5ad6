//! Everything about an ask before it is a request: filled, resolved, planned and judged.
//!
//! Forms and questions look at an ask in the same way; only `ask` makes a request of what comes out.

use anyhow::Result;

use super::asker::Asker;
use super::facts;
use super::past::Past;
use super::planned::{self, Gate, Planned};
use super::unread::{Stop, Unread};
use super::wanted::Wanted;
use super::{Parts, crowds, incident};
use crate::grammar::{self, Length};
use crate::netpol::NoGate;
use crate::request::create::{Sentence, Way};
use crate::request::standing::standing_votes;
use crate::request::{Asked, Extends};
use crate::rules::{self, UserId, Verdict, judge};
use crate::units::Seconds;

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
    let Planned { flow, built } =
        planned::plan_live(parts, &cluster, &filled).map_err(Stop::Tell)?;
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
            let zone = person.and_then(|person| person.zone.clone());
            grammar::until(hour, minute, parts.clock.now(), zone.as_deref())
        }
    })
}

pub(super) fn choose_cluster(parts: &Parts, named: Option<&str>) -> Result<String, Stop> {
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
