//! What can happen to a request, by chance.

use proptest::prelude::*;

use crate::request::fixtures::{
    BOT, DANA, EVE, EX, GUEST, LEE, MAX, RIA, SAM, Town, applied, attempt, dana_asks, effect,
    findings, objects, opened, stage, user,
};
use crate::request::{Command, Crowd, Origin};
use crate::units::Seconds;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Happens {
    /// A command by chance, often a nonsensical one.
    Command(Command),
    /// Somebody presses a button on the card as it is, or so many faces off.
    Press(&'static str, Button, i64),
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
}

#[derive(Debug, Clone, Copy)]
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
    (stages, lengths, reminds, any::<bool>(), any::<bool>()).prop_map(
        |(stages, length, remind, channel, thread)| {
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

/// Mostly sensible things, some senseless ones.
pub(super) fn happens() -> impl Strategy<Value = Happens> {
    let who = || proptest::sample::select(&PEOPLE[..]);
    let buttons = prop_oneof![9 => Just(Button::Approve), 1 => Just(Button::Deny)];
    let faces = prop_oneof![8 => Just(0_i64), 1 => -3_i64..4, 1 => any::<i64>()];
    let changes = prop_oneof![
        Just(Change::Refuse),
        Just(Change::Harder),
        Just(Change::Easier),
        Just(Change::Back)
    ];
    prop_oneof![
        6 => (who(), buttons, faces).prop_map(|(who, button, off)| Happens::Press(who, button, off)),
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
