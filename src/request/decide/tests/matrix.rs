//! Command × who × state → verdict, as one table for a security reviewer.

use std::fmt::Write;

use crate::request::fixtures::{
    BOT, DANA, EVE, EVERYBODY, EX, GONE, GUEST, KIM, LEE, MAX, NOBODY, PIA, RIA, SAM, STRANGER,
    TOM, applied, approve, attempt, dana_asks, deny, findings, roll, user,
};
use crate::request::{Ask, Command, End, Refusal, Request, State, Terms, create};
use crate::rules::{Pass, Verdict};

/// Every command, by people and by others.
pub(super) fn every_command(request: &Request) -> Vec<Command> {
    let people = EVERYBODY.iter().flat_map(|who| {
        PEOPLES
            .iter()
            .map(move |name| by_person(name, who, request))
    });
    people.chain(others().map(|(_, command)| command)).collect()
}

const PEOPLES: [&str; 8] = [
    "approve",
    "deny",
    "emergency",
    "cancel",
    "done",
    "revoke",
    "review",
    "forget",
];

fn by_person(name: &str, who: &str, request: &Request) -> Command {
    let by = user(who);
    let reason = None;
    match name {
        "approve" => approve(who, request),
        "deny" => deny(who, request),
        "emergency" => Command::Emergency { by },
        "review" => Command::Review { by, words: None },
        "forget" => Command::Forget { by },
        "cancel" => Command::Cancel { by },
        "done" => Command::Done { by },
        _ => Command::Revoke { by, reason },
    }
}

fn others() -> impl Iterator<Item = (&'static str, Command)> {
    let text = || "x".to_owned();
    [
        Command::Lapse,
        Command::Escalate,
        Command::Chase,
        Command::IncidentClosed,
        Command::EndWith { why: End::Done },
        Command::Remind,
        Command::Warn,
        Command::Expire,
        Command::GiveUp,
        attempt(),
        Command::CannotOpen { reason: text() },
        applied(),
        Command::NotApplied {
            problem: text(),
            again: true,
        },
        Command::Withdrawn,
        Command::NotWithdrawn { problem: text() },
        Command::Removed,
        Command::Withdraw { reason: text() },
        Command::Observe {
            findings: findings(),
        },
    ]
    .into_iter()
    .map(|command| (command.name(), command))
}

const WHO: [(&str, &str); 15] = [
    (DANA, "requester, also of the first group"),
    (LEE, "of the first group, has approved"),
    (MAX, "of both groups, has not voted"),
    (SAM, "of the second group"),
    (RIA, "revoker"),
    (KIM, "may open at once"),
    (PIA, "of the next circle"),
    (TOM, "stands in for one of both groups"),
    (EVE, "member of nothing"),
    (EX, "left the first group"),
    (GUEST, "guest in the first group"),
    (STRANGER, "stranger in the first group"),
    (BOT, "bot in the first group"),
    (GONE, "deactivated, in the first group"),
    (NOBODY, "unknown to Slack, in the first group"),
];

/// A request with two stages, the first of which needs two, in every state.
fn states() -> Vec<(&'static str, Request)> {
    let town = dana_asks().need(2).then_security();
    let asked = town.with_emergency().escalating().repeating().request();
    // Lee lets the same pass again for a day.
    let by = user(LEE);
    let half = asked.after(
        5,
        Command::Approve {
            by,
            face: asked.posts.face,
            terms: Terms {
                shorter: None,
                repeat: true,
            },
        },
    );
    // The second stage as it would be had another owner agreed: Max keeps his vote for the table.
    let mut second = half.clone();
    second.route.as_mut().unwrap().stages[0].need = 1;
    second.votes.clear();
    second.state = State::Pending {
        stage: 0,
        since: half.asked.at,
        reminders: 0,
        escalated: false,
    };
    let second = second.after(6, approve(LEE, &second));
    let granting = second.after(7, approve(SAM, &second)).after(60, attempt());
    let open = granting.after(61, applied());
    let refused = create(Ask {
        id: asked.id.clone(),
        asked: asked.asked.clone(),
        judged: Err(crate::request::create::Sentence {
            message: "no".into(),
            hint: None,
        }),
    });
    let failed = End::Failed { reason: "x".into() };
    let at_once = open_at_once();
    vec![
        ("pending 1", half.clone()),
        ("escalated", half.after(1800, Command::Escalate)),
        ("pending 2", second),
        ("granting", granting.clone()),
        ("active", open.clone()),
        ("emergency", at_once.clone()),
        ("its end", at_once.closed(End::Expired)),
        ("ending", open.closing(End::Expired)),
        ("ended", open.closed(End::Expired)),
        ("denied", half.after(6, deny(MAX, &half))),
        (
            "cancelled",
            half.after(6, Command::Cancel { by: user(DANA) }),
        ),
        ("lapsed", half.after(6, Command::Lapse)),
        ("refused", refused.request),
        ("failed", granting.closed(failed)),
    ]
}

fn verdict(request: &Request, command: Command) -> String {
    let (before, votes) = (request.state.word(), request.votes.len());
    let mut roll = roll();
    roll.stand_ins.insert(user(MAX), user(TOM));
    let word = word_of_the_rules(request, &command);
    match request.try_with(60, command, &roll, word.as_ref()) {
        Ok(next) if next.request.votes.len() > votes && next.request.state.word() == before => {
            "+vote".to_owned()
        }
        Ok(next) if next.request.state.word() == before => "stays".to_owned(),
        Ok(next) => format!("> {}", next.request.state.word()),
        Err(refusal) => short(&refusal).to_owned(),
    }
}

/// The rules name Kim for emergencies, and nothing else has changed.
fn word_of_the_rules(request: &Request, command: &Command) -> Option<Verdict> {
    match command {
        Command::Emergency { by } if *by == user(KIM) => {
            let mut route = request.route.clone()?;
            route.pass = Pass::Emergency;
            Some(Verdict::Allowed(route))
        }
        Command::Emergency { .. } => Some(super::no("not for you")),
        _ => request.allowed(),
    }
}

/// Opened by Kim while it waited.
fn open_at_once() -> Request {
    let asked = dana_asks().need(2).then_security().with_emergency();
    let asked = asked.request();
    let command = Command::Emergency { by: user(KIM) };
    let word = word_of_the_rules(&asked, &command);
    let granting = asked.try_with(5, command, &roll(), word.as_ref()).unwrap();
    granting.request.after(60, attempt()).after(61, applied())
}

fn short(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Over { .. } => "over",
        Refusal::NotYet { .. } => "not yet",
        Refusal::Stale => "stale",
        Refusal::OwnRequest => "own",
        Refusal::GivenToYou => "given to them",
        Refusal::NotAnApprover { .. } => "no approver",
        Refusal::DoesNotCount { .. } => "no count",
        Refusal::AlreadyApproved => "has voted",
        Refusal::SlotTaken => "slot taken",
        Refusal::NotShorter { .. } => "not shorter",
        Refusal::NoRepeat => "no repeat",
        Refusal::NoEmergency { .. } => "not named",
        Refusal::SlackAnswers => "slack is up",
        Refusal::SlackJustLeft => "just left",
        Refusal::NotOffline { .. } => "not offline",
        Refusal::LongToken => "long token",
        Refusal::NoReview { .. } => "no review",
        Refusal::NothingToForget => "nothing",
        Refusal::NotYours => "not theirs",
        Refusal::NotARevoker => "no revoker",
        Refusal::Impossible { .. } => "-",
    }
}

fn row(first: &str, cells: impl Iterator<Item = String>) -> String {
    let mut line = format!("{first:<40}");
    for cell in cells {
        let _ = write!(line, "{cell:<12}");
    }
    line.trim_end().to_owned() + "\n"
}

#[test]
fn who_may_do_what_when() {
    let states = states();
    let head = |title: &str| row(title, states.iter().map(|(name, _)| (*name).to_owned()));
    let mut table = String::from(
        "`> state` moves the request, `+vote` counts and waits on, `stays` is noted without a move.\n\
         Everything else is a refusal and changes nothing; `-` is not possible at all.\n\
         Two stages: the first needs two (one has voted), the second one (who has voted later on).\n\n",
    );
    for name in PEOPLES {
        table += &head(name);
        for (who, what) in WHO {
            let cell =
                |(_, request): &(_, Request)| verdict(request, by_person(name, who, request));
            table += &row(&format!("  {what}"), states.iter().map(cell));
        }
        table += "\n";
    }
    table += &head("time and cluster");
    for (name, command) in others() {
        let cell = |(_, request): &(_, Request)| verdict(request, command.clone());
        table += &row(&format!("  {name}"), states.iter().map(cell));
    }
    insta::assert_snapshot!("who_may_do_what_when", table);
}
