//! What can happen to a request, by chance.

use proptest::prelude::*;

use crate::request::create::Way;
use crate::request::fixtures::{
    BOT, DANA, EVE, EX, GUEST, LEE, MAX, RIA, SAM, Town, applied, attempt, dana_asks, effect,
    findings, objects, opened, stage, user,
};
use crate::request::{Command, Crowd, End, Origin, Terms};
use crate::rules::{EmergencyPlan, Escalation, Group, Pass};
use crate::units::Seconds;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Happens {
    /// A command by chance, often a nonsensical one.
    Command(Command),
    /// Somebody presses a button on the card as it is, or so many faces off.
    Press(&'static str, Button, i64, Terms),
    /// Somebody goes away, and somebody stands in.
    Away(&'static str, &'static str),
    /// What is due is done.
    Duty,
    /// Time passes.
    Wait(u64),
    /// Somebody leaves all groups.
    Leaves(&'static str),
    /// The rules change: refuse, or allow what was asked with one more stage, or with none.
    Rules(Change),
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Button {
    Approve,
    Deny,
    Emergency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Refuse,
    Harder,
    Easier,
    Back,
}

const PEOPLE: [&str; 9] = [DANA, LEE, MAX, SAM, RIA, EVE, EX, GUEST, BOT];

/// Towns with up to three stages, all lengths and reminders, with and without a channel.
pub(super) fn town() -> impl Strategy<Value = Town> {
    let groups = proptest::sample::select(&["orders-oncall", "security", "orders-team"][..]);
    let stages = prop::collection::vec((groups, 1_usize..3), 0..4);
    let lengths = proptest::sample::select(&[1, 20, 59, 60, 120, 1800, 86_400][..]);
    let reminds = proptest::sample::select(&[None, Some(0), Some(1), Some(900)][..]);
    let ways = (any::<bool>(), any::<bool>(), ways());
    (stages, lengths, reminds, ways).prop_map(
        |(stages, length, remind, (channel, thread, more))| {
            let town = dana_asks().lasting(Seconds(length)).with_way(|way| {
                let plan = |(at, (group, need)): (usize, &(&str, usize))| {
                    stage(&format!("s{at}"), group, *need)
                };
                way.route.stages = stages.iter().enumerate().map(plan).collect();
                way.crowds = vec![Crowd::default(); stages.len()];
                way.crowds.iter_mut().for_each(|crowd| {
                    crowd.people = vec![user(LEE), user(MAX), user(SAM)];
                });
                way.route.remind = remind.map(Seconds);
                if way.route.stages.is_empty() {
                    way.route.pass = Pass::Automatic { why: "x".into() };
                }
                more.apply(way);
            });
            let town = if channel {
                town
            } else {
                town.without_channel()
            };
            let origin = Origin::Thread {
                channel: "C9".into(),
                ts: "1.2".into(),
            };
            if thread { town.from(origin) } else { town }
        },
    )
}

/// What a rule may add to its stages.
#[derive(Debug, Clone, Copy)]
struct Ways {
    escalates: bool,
    emergencies: bool,
    repeats: bool,
}

fn ways() -> impl Strategy<Value = Ways> {
    any::<(bool, bool, bool)>().prop_map(|(escalates, emergencies, repeats)| Ways {
        escalates,
        emergencies,
        repeats,
    })
}

impl Ways {
    fn apply(self, way: &mut Way) {
        let group = |handle: &str| Group {
            usergroups: vec![handle.to_owned()],
            ..Group::default()
        };
        if self.escalates {
            way.route.escalate = Some(Escalation {
                after: Seconds(600),
                to: group("@security"),
            });
            way.escalation.people = vec![user(SAM), user(MAX)];
        }
        if self.emergencies {
            way.route.emergency = Some(EmergencyPlan {
                by: group("@orders-team"),
                max: Seconds(900),
                tell: "#incidents".into(),
                review: Seconds::hours(24),
            });
            way.rescuers = vec![user(RIA)];
        }
        if self.repeats {
            for stage in &mut way.route.stages {
                stage.repeat = Some(Seconds::hours(24));
            }
        }
    }
}

/// Mostly sensible things, some senseless ones.
pub(super) fn happens() -> impl Strategy<Value = Happens> {
    let who = || proptest::sample::select(&PEOPLE[..]);
    let buttons = prop_oneof![
        9 => Just(Button::Approve),
        1 => Just(Button::Deny),
        1 => Just(Button::Emergency)
    ];
    let shorter = proptest::sample::select(&[None, None, None, Some(0), Some(10), Some(600)][..]);
    let terms = (shorter, any::<bool>()).prop_map(|(shorter, repeat)| Terms {
        shorter: shorter.map(Seconds),
        repeat: repeat && shorter.is_none(),
    });
    let faces = prop_oneof![8 => Just(0_i64), 1 => -3_i64..4, 1 => any::<i64>()];
    let changes = prop_oneof![
        Just(Change::Refuse),
        Just(Change::Harder),
        Just(Change::Easier),
        Just(Change::Back)
    ];
    prop_oneof![
        6 => (who(), buttons, faces, terms)
            .prop_map(|(who, button, off, terms)| Happens::Press(who, button, off, terms)),
        1 => (who(), who()).prop_map(|(who, to)| Happens::Away(who, to)),
        6 => Just(Happens::Duty),
        4 => commands().prop_map(Happens::Command),
        4 => proptest::sample::select(&[0_u64, 1, 6, 60, 900, 1800, 90_000][..])
            .prop_map(Happens::Wait),
        1 => who().prop_map(Happens::Leaves),
        1 => changes.prop_map(Happens::Rules),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let who = || proptest::sample::select(&PEOPLE[..]).prop_map(user);
    let grown = || {
        let mut effect = effect();
        effect
            .opens
            .push(opened("vault/Deployment/api", "TCP 8200"));
        let objects = objects();
        Command::Attempt { objects, effect }
    };
    prop_oneof![
        who().prop_map(|by| Command::Cancel { by }),
        who().prop_map(|by| Command::Done { by }),
        (who(), any::<Option<String>>()).prop_map(|(by, reason)| Command::Revoke { by, reason }),
        Just(Command::IncidentClosed),
        Just(Command::EndWith { why: End::Done }),
        Just(Command::Escalate),
        Just(Command::Chase),
        who().prop_map(|by| Command::Forget { by }),
        (who(), any::<Option<String>>()).prop_map(|(by, words)| Command::Review { by, words }),
        Just(Command::Remind),
        Just(Command::Warn),
        Just(Command::GiveUp),
        Just(attempt()),
        Just(grown()),
        Just(applied()),
        any::<bool>().prop_map(|again| Command::NotApplied {
            problem: "x".into(),
            again,
        }),
        Just(Command::CannotOpen { reason: "x".into() }),
        Just(Command::Withdrawn),
        Just(Command::NotWithdrawn {
            problem: "x".into()
        }),
        Just(Command::Removed),
        Just(Command::Withdraw { reason: "x".into() }),
        proptest::sample::subsequence(findings(), 0..=2)
            .prop_map(|findings| Command::Observe { findings }),
    ]
}
