//! Absences: who stands in for whom, and the phrases that say so.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::Parts;
use super::fresh::FRESH;
use super::shelf::Change;
use crate::audit::{Actor, Event, Fact};
use crate::notes::{ABSENCES, Absence, Absences, LONGEST_ABSENCE, Note};
use crate::rules::{Roll, Standing, UserId};
use crate::slack::{Ack, Inbound, SlackError};
use crate::units::{Seconds, Time};
use crate::view::desk;

/// Adds to a roll who of these stands in for those in it who are away. Only they are read, and only if they
/// count does it matter: see [`Roll::absent_behind`].
///
/// # Errors
/// Slack could not be asked.
pub(super) async fn stand_in(
    parts: &Parts,
    roll: &mut Roll,
    absences: Vec<Absence>,
    fresh: Seconds,
) -> Result<()> {
    let now = parts.clock.now();
    let mut pairs: BTreeMap<UserId, UserId> = BTreeMap::new();
    for absence in absences {
        let known = roll.people.contains(&absence.who)
            || roll.groups.values().any(|all| all.contains(&absence.who));
        if known && absence.holds(now) {
            pairs.entry(absence.who).or_insert(absence.to);
        }
    }
    if pairs.is_empty() {
        return Ok(());
    }
    let people: BTreeSet<UserId> = pairs
        .iter()
        .flat_map(|(a, b)| [a.clone(), b.clone()])
        .collect();
    let read = parts
        .directory
        .roll(&people, &BTreeSet::new(), fresh)
        .await?;
    roll.people.extend(read.people);
    roll.stand_ins = pairs;
    Ok(())
}

/// Who is away, and who stands in for them.
///
/// # Errors
/// The store could not be asked.
pub(super) async fn absences(parts: &Parts) -> Result<Vec<Absence>> {
    let kept = parts.book.notes(ABSENCES, 1).await?;
    let lists = kept.into_iter().filter_map(|note| match note {
        Note::Absences(absences) => Some(absences.list),
        _ => None,
    });
    Ok(lists.flatten().collect())
}

/// `away until … to @lee`: from now on.
pub(super) async fn go(parts: &Parts, inbound: &Inbound, until: Time, to: UserId) -> Result<Ack> {
    let now = parts.clock.now();
    if let Some(reason) = objection(parts, inbound, until, &to).await? {
        return Ok(Ack::Private(desk::unsaved(&reason)));
    }
    let absence = Absence {
        who: inbound.by.clone(),
        to: to.clone(),
        since: now,
        until,
    };
    let (stand_in, by) = (to.clone(), Actor::Person(inbound.by.clone()));
    let fact = Fact::Away {
        to: stand_in,
        until,
    };
    let event = Event { at: now, by, fact };
    if !set(parts, &inbound.by, (Some(absence), event)).await? {
        return Ok(Ack::Private(desk::unsaved(
            "too many people are away already",
        )));
    }
    let told = desk::stands_in(&inbound.by, until, now);
    let key = format!("away.{}", inbound.key);
    let told = parts.slack.post(&to.0, &told, None, &key).await;
    let reached = match told {
        // Whether it arrived is not known: most likely it did.
        Ok(_) | Err(SlackError::Ambiguous { .. }) => true,
        Err(error) => {
            tracing::warn!(%to, %error, "a stand-in could not be told");
            false
        }
    };
    Ok(Ack::Private(desk::away(&to, until, now, reached)))
}

async fn objection(
    parts: &Parts,
    inbound: &Inbound,
    until: Time,
    to: &UserId,
) -> Result<Option<String>> {
    let now = parts.clock.now();
    if *to == inbound.by {
        return Ok(Some("you cannot stand in for yourself".to_owned()));
    }
    if until <= now {
        return Ok(Some("that time is over".to_owned()));
    }
    if until > LONGEST_ABSENCE.after(now) {
        let longest = LONGEST_ABSENCE.0 / 86_400;
        return Ok(Some(format!("an absence lasts at most {longest} days")));
    }
    let person = parts.directory.person(to, FRESH).await?;
    let member = person.is_some_and(|person| person.standing == Standing::Member);
    Ok((!member).then(|| "only full members of this workspace can stand in".to_owned()))
}

/// `back`: whoever stood in does so no more.
pub(super) async fn back(parts: &Parts, inbound: &Inbound) -> Result<Ack> {
    let was_away = stand_in_of(parts, &inbound.by).await?.is_some();
    if was_away {
        let event = Event {
            at: parts.clock.now(),
            by: Actor::Person(inbound.by.clone()),
            fact: Fact::Back,
        };
        set(parts, &inbound.by, (None, event)).await?;
    }
    Ok(Ack::Private(desk::back(was_away)))
}

/// Writes down how it is with this person from now on; `false`: there is no room.
async fn set(
    parts: &Parts,
    who: &UserId,
    (absence, event): (Option<Absence>, Event),
) -> Result<bool> {
    let now = parts.clock.now();
    let begin = |id| Change {
        note: Note::Absences(Absences {
            id,
            list: absence.iter().cloned().collect(),
        }),
        events: vec![event.clone()],
    };
    let kept = parts.book.notes(ABSENCES, 1).await?.into_iter().next();
    let id = match kept {
        Some(note) => note.id().clone(),
        None => parts.book.add_note(ABSENCES, begin).await?,
    };
    let change = |note: &Note| match note {
        Note::Absences(absences) => {
            if absence
                .as_ref()
                .is_some_and(|new| absences.list.contains(new))
            {
                return None;
            }
            let mut absences = absences.clone();
            let room = absences.set(who, absence.clone(), now);
            room.then(|| Change {
                note: Note::Absences(absences),
                events: vec![event.clone()],
            })
        }
        _ => None,
    };
    parts.book.change_note(&id, None, change).await?;
    // What is not written down now found no room.
    let now_kept = absences(parts).await?;
    Ok(absence.is_none_or(|new| now_kept.contains(&new)))
}

/// Whether somebody stands in for this person now, for their home tab.
///
/// # Errors
/// The store could not be asked.
pub async fn stand_in_of(parts: &Parts, who: &UserId) -> Result<Option<(UserId, Time)>> {
    let now = parts.clock.now();
    let mut all = absences(parts).await?.into_iter();
    let found = all.find(|absence| absence.who == *who && absence.holds(now));
    Ok(found.map(|absence| (absence.to, absence.until)))
}
