//! What every story must leave behind, whatever it tells: the promises, checked without being asked.

use anyhow::{Context, Result};

use super::stage::Stage;
use super::story::Excuse;
use crate::netpol::marks;
use crate::sim::town::gates::Life;
use crate::units::{Seconds, Time};

/// A gate is gone this long after its end (DESIGN §1, when nothing is broken).
const ON_TIME: Seconds = Seconds(2);

/// What is wrong with the town after the last line.
pub(super) async fn check(stage: &Stage) -> Result<Vec<String>> {
    let mut wrong: Vec<String> = stage.town.slack.complaints();
    let now = stage.town.now();
    for life in stage.town.gates.lives() {
        wrong.extend(left_open(stage, &life));
        wrong.extend(late(stage, &life, now));
        wrong.extend(unapproved(&life));
    }
    wrong.extend(untold(stage).await?);
    Ok(wrong)
}

/// Nothing stays open.
fn left_open(stage: &Stage, life: &Life) -> Option<String> {
    let open = life.gone_at.is_none() && !stage.excused.contains(&Excuse::OpenGates);
    open.then(|| format!("`{}` is left in the cluster: close it, let its time pass, or write `this story leaves gates open`", life.name))
}

fn late(stage: &Stage, life: &Life, now: Time) -> Option<String> {
    let by = life.overdue(now).filter(|by| *by > ON_TIME)?;
    let excused = stage.excused.contains(&Excuse::LateClosing);
    (!excused).then(|| format!("`{}` outlived its end by {by}", life.name))
}

/// Nothing opens unapproved, and every object says who approved it.
fn unapproved(life: &Life) -> Option<String> {
    let approved_by = life.marks.get(marks::APPROVED_BY).map(String::as_str);
    let nobody = approved_by.unwrap_or_default().is_empty();
    nobody.then(|| format!("`{}` was opened without an approval", life.name))
}

/// Nobody is left guessing: every message about every request is current.
async fn untold(stage: &Stage) -> Result<Vec<String>> {
    let Some(parts) = stage.town.parts() else {
        return Ok(Vec::new());
    };
    let mut wrong = Vec::new();
    for id in stage.town.shelf.created() {
        let page = parts
            .book
            .load(&id)
            .await
            .context("reading the documents at the end")?;
        if page.is_some_and(|page| page.request.posts.lag()) {
            wrong.push(format!("messages about `{id}` are not current"));
        }
    }
    Ok(wrong)
}
