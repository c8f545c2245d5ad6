//! Random lives of random requests, and what must hold in all of them.

mod story;

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use story::{Button, Change, Happens, happens, town};

use super::no;
use crate::request::fixtures::{DANA, Town, applied, at, attempt, dana_asks, roll, stage, user};
use crate::request::state::Attempt;
use crate::request::{Command, Duty, Outcome, Request, State, Vote, alarms, due};
use crate::rules::{Group, Pass, Right, Roll, Standing, UserId, Verdict};
use crate::units::Time;
use crate::view;

/// A request living in a town that changes.
struct Life {
    request: Request,
    seconds: u64,
    roll: Roll,
    rules: Change,
}

impl Life {
    fn new(town: Town) -> Self {
        Self {
            request: town.request(),
            seconds: 0,
            roll: roll(),
            rules: Change::Back,
        }
    }

    fn now(&self) -> Time {
        at(self.seconds)
    }

    /// What the rules say: of an emergency, only to those whom they name.
    fn verdict(&self, command: &Command) -> Option<Verdict> {
        let by = match command {
            Command::Emergency { by } => Some(by),
            _ => self.request.emergency.as_ref().map(|e| &e.by),
        };
        let Some(by) = by else {
            return self.ordinary();
        };
        let mut route = self.request.route.clone()?;
        let named = route
            .emergency
            .as_ref()
            .is_some_and(|plan| plan.by.holds(by, &self.roll));
        if matches!(self.rules, Change::Refuse) || !named || !self.roll.counts(by) {
            return Some(no("not for you"));
        }
        route.pass = Pass::Emergency;
        Some(Verdict::Allowed(route))
    }

    fn ordinary(&self) -> Option<Verdict> {
        match self.rules {
            Change::Refuse => Some(no("frozen")),
            Change::Back => self.request.allowed(),
            Change::Harder | Change::Easier => {
                let mut route = self.request.route.clone()?;
                match self.rules {
                    Change::Harder => {
                        route.stages.push(stage("more", "orders-team", 1));
                        route.pass = Pass::Stages;
                    }
                    _ => {
                        route.stages.clear();
                        route.pass = Pass::Automatic { why: "x".into() };
                    }
                }
                Some(Verdict::Allowed(route))
            }
        }
    }

    fn live(&mut self, what: Happens) {
        match what {
            Happens::Wait(seconds) => self.seconds += seconds,
            Happens::Leaves(who) => {
                for members in self.roll.groups.values_mut() {
                    Arc::make_mut(members).remove(&user(who));
                }
            }
            Happens::Rules(change) => self.rules = change,
            Happens::Away(who, to) => {
                self.roll.stand_ins.insert(user(who), user(to));
            }
            Happens::Command(command) => self.obey(command),
            Happens::Press(who, button, off, terms) => {
                let face = (i64::from(self.request.posts.face)).saturating_add(off);
                let face = u32::try_from(face.max(0)).unwrap_or(u32::MAX);
                let by = user(who);
                self.obey(match button {
                    Button::Approve => Command::Approve { by, face, terms },
                    Button::Emergency => Command::Emergency { by },
                    Button::Deny => Command::Deny {
                        by,
                        face,
                        reason: None,
                    },
                });
            }
            Happens::Duty => {
                if let Some(command) = self.duty() {
                    self.obey(command);
                }
            }
        }
    }

    /// What a worker would do now, on a cluster that obeys.
    fn duty(&self) -> Option<Command> {
        match due(&self.request, self.now()) {
            Duty::Wait => None,
            Duty::Decide(command) => Some(command),
            Duty::Plan => Some(attempt()),
            Duty::Open(_) => Some(applied()),
            Duty::Close => Some(Command::Withdrawn),
        }
    }

    fn obey(&mut self, command: Command) {
        let verdict = self.verdict(&command);
        let before = self.request.clone();
        let result = before.try_with(self.seconds, command.clone(), &self.roll, verdict.as_ref());
        if before.state.is_final()
            && let Ok(outcome) = &result
        {
            assert_eq!(outcome.request.state, before.state, "{command:?}");
        }
        let Ok(outcome) = result else {
            return;
        };
        self.judge_step(&before, &command, &outcome);
        self.request = outcome.request;
        judge_document(&self.request);
    }

    /// What must hold of every step.
    fn judge_step(&self, before: &Request, command: &Command, outcome: &Outcome) {
        let after = &outcome.request;
        let moved = before.state.word() != after.state.word();
        assert!(
            !moved || !outcome.events.is_empty(),
            "a move without an event"
        );
        assert!(after.posts.face >= before.posts.face);
        if matches!(command, Command::Observe { .. }) {
            assert_eq!(before.state, after.state, "what is observed moves nothing");
        }
        if matches!(before.state, State::Ending { .. }) && moved {
            assert_eq!(*command, Command::Withdrawn, "left Ending");
        }
        let attempting = |request: &Request| match &request.state {
            State::Granting { attempt, .. } => attempt.clone(),
            _ => None,
        };
        match (before.state.word(), after.state.word()) {
            ("pending", "granting") => match command {
                Command::Approve { .. } => {
                    assert!(enough_votes(after), "granted without its votes");
                }
                Command::Emergency { by } => {
                    assert!(self.may_break_glass(after, by), "{by} opened at once");
                    let most = after
                        .route
                        .as_ref()
                        .unwrap()
                        .emergency
                        .as_ref()
                        .unwrap()
                        .max;
                    assert!(after.length() <= most, "longer than an emergency may be");
                }
                other => panic!("{other:?} granted"),
            },
            (_, "active") if moved => {
                assert!(attempting(before).is_some(), "open without an attempt");
                assert!(after.gate.iter().all(|object| object.uid.is_some()));
            }
            (_, "granting") if attempting(before) != attempting(after) => {
                if let Some(attempt) = attempting(after) {
                    self.judge_attempt(command, &attempt, after);
                }
            }
            _ => {}
        }
    }

    /// INVARIANT (approved), once more right before anything is applied.
    fn judge_attempt(&self, command: &Command, attempt: &Attempt, after: &Request) {
        let Command::Attempt { effect, .. } = command else {
            panic!("{command:?} made an attempt");
        };
        assert!(effect.within(&after.effect), "more opens than was approved");
        let extends = after.asked.extends.as_ref();
        let from = extends.map_or(self.now(), |e| e.until.max(self.now()));
        assert_eq!(attempt.expires_at, after.length().after(from));
        assert!(after.length() <= after.asked.duration, "longer than asked");
        if let Some(emergency) = &after.emergency {
            assert!(self.may_break_glass(after, &emergency.by));
            assert_ne!(self.rules, Change::Refuse, "applied against the rules");
            return;
        }
        assert!(enough_votes(after));
        let counts = |vote: &&Vote| self.counts(after, vote);
        let valid = after.votes.iter().filter(counts).count();
        let needed: usize = after.stages().iter().map(|stage| stage.need).sum();
        assert!(valid >= needed, "applied on votes that count no longer");
        match self.rules {
            Change::Refuse => panic!("applied against the rules"),
            Change::Harder => assert!(valid > needed, "applied on too few votes"),
            Change::Easier | Change::Back => {}
        }
    }
}

/// What a vote rests on, told independently of the core.
impl Life {
    fn is_member(&self, who: &UserId) -> bool {
        let person = self.roll.people.get(who);
        person.is_some_and(|person| person.standing == Standing::Member)
    }

    fn is_of(&self, who: &UserId, group: &Group) -> bool {
        let among = |handle: &String| {
            let key = handle.trim_start_matches('@');
            self.roll
                .groups
                .get(key)
                .is_some_and(|all| all.contains(who))
        };
        self.is_member(who) && group.usergroups.iter().any(among)
    }

    fn counts(&self, request: &Request, vote: &Vote) -> bool {
        let route = request.route.as_ref().unwrap();
        let from = &route.stages[vote.stage].from;
        let dana = user(DANA);
        match &vote.right {
            Right::Own => self.is_of(&vote.by, from),
            Right::StandIn(absent) => {
                *absent != dana && self.is_member(&vote.by) && self.is_of(absent, from)
            }
            Right::Escalated => {
                let next = route.escalate.as_ref();
                next.is_some_and(|next| self.is_of(&vote.by, &next.to))
            }
        }
    }

    fn may_break_glass(&self, request: &Request, by: &UserId) -> bool {
        let plan = request.route.as_ref().and_then(|r| r.emergency.as_ref());
        plan.is_some_and(|plan| self.is_of(by, &plan.by))
    }
}

/// INVARIANT (approved): each stage has the votes it needs, of distinct people, none the requester.
fn enough_votes(request: &Request) -> bool {
    // Who is away and who stands in for them are one.
    let behind = |vote: &Vote| match &vote.right {
        Right::StandIn(absent) => absent.clone(),
        Right::Own | Right::Escalated => vote.by.clone(),
    };
    let distinct: BTreeSet<_> = request.votes.iter().map(|vote| &vote.by).collect();
    let authorities: BTreeSet<_> = request.votes.iter().map(behind).collect();
    distinct.len() == request.votes.len()
        && authorities.len() == request.votes.len()
        && !distinct.contains(&user(DANA))
        && request
            .stages()
            .iter()
            .enumerate()
            .all(|(at, plan)| request.votes_for(at).count() >= plan.need)
}

/// What must hold of every document.
fn judge_document(request: &Request) {
    let json = serde_json::to_string(request).unwrap();
    let read: Request = serde_json::from_str(&json).unwrap();
    assert_eq!(read, *request);

    let gate = alarms(request).gate;
    if !request.state.is_final() {
        assert!(gate.is_some(), "{:?} waits for nothing", request.state);
    } else if gate.is_some() {
        assert!(request.awaits_review(), "{:?} waits", request.state);
    }
    match gate {
        Some(at) => assert_ne!(due(request, at), Duty::Wait, "an alarm for nothing"),
        None => assert_eq!(due(request, Time::MAX_UTC), Duty::Wait),
    }
    if let (State::Pending { .. } | State::Active { .. }, Some(at)) = (&request.state, gate) {
        let earlier = at - chrono::TimeDelta::milliseconds(1);
        assert_eq!(due(request, earlier), Duty::Wait, "due before its alarm");
    }
    let card = alarms(request).card;
    assert_eq!(card.is_some(), request.posts.shown < request.posts.face);
    let keys: BTreeSet<_> = request.posts.list.iter().map(|post| post.key).collect();
    assert_eq!(keys.len(), request.posts.list.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn no_life_of_a_request_breaks_an_invariant(
        town in town(),
        story in prop::collection::vec(happens(), 1..40),
    ) {
        let mut life = Life::new(town);
        judge_document(&life.request);
        for what in story {
            life.live(what);
        }
        for post in &life.request.posts.list {
            view::tests::assert_within_limits(&view::render(&life.request, post));
        }
    }

    /// Nothing is forgotten and nothing spins: from wherever a story led, doing what is due at each
    /// alarm ends the request in few steps.
    #[test]
    fn left_alone_every_request_ends(
        town in town(),
        story in prop::collection::vec(happens(), 0..20),
    ) {
        let mut life = Life::new(town);
        for what in story {
            life.live(what);
        }
        let mut steps = 0;
        while let Some(alarm) = alarms(&life.request).gate {
            let seconds = (alarm - at(0)).num_seconds().max(0).unsigned_abs();
            life.seconds = life.seconds.max(seconds);
            let command = life.duty();
            prop_assert!(command.is_some(), "an alarm for nothing: {:?}", life.request.state);
            life.obey(command.unwrap());
            steps += 1;
            prop_assert!(steps < 80, "spins in {:?}", life.request.state);
        }
        prop_assert!(life.request.state.is_final());
    }
}

/// On a cluster that refuses everything, opening is given up in time and closing never is.
#[test]
fn a_cluster_that_refuses_everything_is_asked_at_a_bounded_rate() {
    let mut life = Life::new(dana_asks().without_stages());
    let mut tries = 0;
    while life.seconds < 1200 {
        let alarm = alarms(&life.request).gate.unwrap();
        let seconds = (alarm - at(0)).num_seconds().unsigned_abs();
        life.seconds = life.seconds.max(seconds);
        let problem = "forbidden".to_owned();
        let again = true;
        life.obey(match due(&life.request, life.now()) {
            Duty::Open(_) => Command::NotApplied { problem, again },
            Duty::Close => Command::NotWithdrawn { problem },
            _ => life.duty().unwrap(),
        });
        tries += 1;
    }
    assert_eq!(life.request.state.word(), "ending");
    assert!(tries < 400, "{tries} tries in 20 min");
}
