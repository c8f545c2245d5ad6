//! Nothing opens unapproved: before an object appeared, somebody of every circle that the town's rules name had
//! pressed *Approve* for its request, and the store had not forgotten that. Judged by what people pressed, by what
//! the store held when it went back and by a table of its own, never by documents or by the rules that the bot
//! reads.

use chrono::TimeDelta;

use crate::audit::{Actor, Event, Fact};
use crate::id::RequestId;
use crate::netpol::marks;
use crate::sim::storm::stage::{Pressed, Said, Stage};
use crate::sim::town::gates::Life;

/// Those who are on call for orders.
const ON_CALL: &[&str] = &["lee", "mia"];

/// Who has to agree, one of each circle, by what the path leads to.
const CIRCLES: &[(&str, &[&[&str]])] = &[
    ("payments/", &[&["pat", "dana"], &["sam"]]),
    ("", &[ON_CALL]),
];

/// Where those who are on call may open at once.
const RESCUED: &str = "payments/";

/// What was on its way to the API server when the store went back may still arrive: so long is an answer to a read
/// waited for, and an opening has half of that.
const UNDER_WAY: TimeDelta = TimeDelta::seconds(10);

/// What is wrong with how our objects came to be.
pub(super) fn check(stage: &Stage) -> Vec<String> {
    let lives = stage.town.gates.lives();
    let unapproved = lives.iter().filter(|life| !approved(stage, life));
    unapproved
        .map(|life| {
            let at = stage.clock_of(life.made_at);
            format!("`{}` appeared at {at} without the approvals", life.name)
        })
        .collect()
}

fn approved(stage: &Stage, life: &Life) -> bool {
    let mark = |key| life.marks.get(key).map(String::as_str).unwrap_or_default();
    let (flow, requester) = (mark(marks::FLOW), mark(marks::REQUESTED_BY));
    let requester = stage.town.slack.person(requester);
    let requester = requester.map(|person| person.name).unwrap_or_default();
    // `shop/web → orders/db:5432`, or what a template says of itself.
    let target = flow.rsplit(' ').next().unwrap_or_default();
    let asked = |said: &Said| said.who == requester && said.at <= life.made_at;
    if !stage.said.iter().any(asked) && !presses(stage, life).any(|p| p.who == requester) {
        return false;
    }
    if target.starts_with(RESCUED) && rescued(stage, life, &requester) {
        return true;
    }
    let circles = CIRCLES.iter().find(|(of, _)| target.starts_with(of));
    let circles = circles.map(|(_, circles)| *circles).unwrap_or_default();
    let agreed = |circle: &&[&str]| {
        let mut voters = circle.iter().filter(|who| **who != requester);
        voters.any(|who| {
            let approved = |fact: &Fact| matches!(fact, Fact::Approved { .. });
            pressed(stage, life, (who, "Approve")) > forgotten(stage, life, who, approved)
        })
    };
    !circles.is_empty() && circles.iter().all(agreed)
}

/// What was pressed about the object's request before the object appeared.
fn presses<'a>(stage: &'a Stage, life: &'a Life) -> impl Iterator<Item = &'a Pressed> {
    let about = |p: &&Pressed| p.id.as_str() == life.request && p.at <= life.made_at;
    stage.pressed.iter().filter(about)
}

/// How often somebody pressed a button of this label about the object's request before the object appeared.
fn pressed(stage: &Stage, life: &Life, (who, label): (&str, &str)) -> usize {
    let is = |p: &&Pressed| p.who == who && p.label == label;
    presses(stage, life).filter(is).count()
}

/// How much of what somebody had done about the object's request the store had forgotten when the object was made.
fn forgotten(stage: &Stage, life: &Life, who: &str, what: impl Fn(&Fact) -> bool) -> usize {
    let (person, id) = (stage.town.slack.person(who), life.request.parse());
    let (Some(person), Ok(id)) = (person, id) else {
        return 0;
    };
    let id: RequestId = id;
    let is = |event: &Event| {
        matches!(&event.by, Actor::Person(by) if by.0 == person.id) && what(&event.fact)
    };
    let events = stage.losses.forgotten(&id, life.made_at - UNDER_WAY);
    events.filter(is).count()
}

/// Somebody who may do so opened it at once: typed so, or by the button.
fn rescued(stage: &Stage, life: &Life, requester: &str) -> bool {
    let typed = |said: &Said| {
        said.who == requester && said.at <= life.made_at && said.text.starts_with("emergency ")
    };
    ON_CALL.iter().any(|who| {
        let rescued = |fact: &Fact| matches!(fact, Fact::Emergency { .. });
        let forgotten = forgotten(stage, life, who, rescued);
        let by_words = *who == requester && forgotten == 0 && stage.said.iter().any(typed);
        by_words || pressed(stage, life, (who, "Emergency")) > forgotten
    })
}
