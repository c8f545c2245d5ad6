//! What people and programs do in a story, in Slack and over HTTP.

use super::super::story::{Act, Picture, Way};
use super::make::{ask, click, done, fill, flood, member, say};
use super::{Form, world};

/// What people, programs and the world do. The first form that fits is taken, so longer ones stand
/// before shorter ones.
pub fn acts() -> impl Iterator<Item = &'static Form<Act>> + Clone {
    PEOPLE.iter().chain(world::WORLD)
}

static PEOPLE: &[Form<Act>] = &[
    Form {
        usage: "town NAME",
        example: "town default",
        meaning: "begins every story",
        build: |f| Ok(Act::Town(f.text(0))),
    },
    Form {
        usage: "NAME in #CHANNEL: TEXT",
        example: "dana in #payments: shop/web to orders/db:5432 for 30m because INC-42",
        meaning: "types `/access TEXT` in a channel",
        build: |f| Ok(say(f.text(0), Way::Command(f.text(1)), f.text(2))),
    },
    Form {
        usage: "NAME types /access in #CHANNEL",
        example: "dana types /access in #payments",
        meaning: "the same with nothing behind it",
        build: |f| Ok(say(f.text(0), Way::Command(f.text(1)), String::new())),
    },
    Form {
        usage: "NAME NUMBER times, then NAME, in #CHANNEL: TEXT",
        example: "dana 40 times, then sam, in #payments: mine",
        meaning: "both type `/access TEXT`, all in the same moment",
        build: flood,
    },
    Form {
        usage: "NAME mentions in #CHANNEL: TEXT",
        example: "dana mentions in #payments: mine",
        meaning: "writes `@drawbridge TEXT` in a channel",
        build: |f| Ok(say(f.text(0), Way::Mention(f.text(1)), f.text(2))),
    },
    Form {
        usage: "NAME directly: TEXT",
        example: "dana directly: show {id}",
        meaning: "writes to the bot",
        build: |f| Ok(say(f.text(0), Way::Direct, f.text(1))),
    },
    Form {
        usage: "ACCOUNT asks: TEXT",
        example: "ci/deployer asks: shop/web to orders/db:5432 for 30m because INC-42",
        meaning: "a service asks over HTTP with a token of its account, until it is answered",
        build: |f| Ok(ask(f.text(0), f.text(1))),
    },
    Form {
        usage: "ACCOUNT is done with TEXT",
        example: "ci/deployer is done with {id}",
        meaning: "it says so over HTTP",
        build: |f| Ok(done(f.text(0), f.text(1))),
    },
    Form {
        usage: "NAME clicks LABEL on an old card",
        example: "mia clicks Approve on an old card",
        meaning: "presses a button as it was first shown",
        build: |f| Ok(click(&[(f.text(0), f.text(1))], Picture::Old)),
    },
    Form {
        usage: "NAME clicks LABEL twice",
        example: "lee clicks Approve twice",
        meaning: "presses it twice in the same moment",
        build: |f| {
            Ok(click(
                &[(f.text(0), f.text(1)), (f.text(0), f.text(1))],
                Picture::Now,
            ))
        },
    },
    Form {
        usage: "NAME clicks LABEL while NAME clicks LABEL",
        example: "lee clicks Deny while mia clicks Approve",
        meaning: "two people press in the same moment",
        build: |f| {
            let presses = [(f.text(0), f.text(1)), (f.text(2), f.text(3))];
            Ok(click(&presses, Picture::Now))
        },
    },
    Form {
        usage: "NAME clicks LABEL",
        example: "dana clicks I'm done",
        meaning: "presses the button: of the form that is open, of the newest message that has it, or of the home tab",
        build: |f| Ok(click(&[(f.text(0), f.text(1))], Picture::Now)),
    },
    Form {
        usage: "NAME forges ACTION with TEXT",
        example: "max forges approve with {id}.1",
        meaning: "presses a button that no message has, by its `action_id` and value",
        build: |f| {
            Ok(Act::Forge {
                who: f.text(0),
                action: f.text(1),
                value: f.text(2),
            })
        },
    },
    Form {
        usage: "NAME forges the form with TEXT",
        example: "lee forges the form with notes={id 1}.1, length=(7200), repeat=[yes], why=so",
        meaning: "sends the form that is open with other notes, another `callback` or other values (one chosen in round brackets, several in square ones) than it has",
        build: |f| {
            Ok(Act::ForgeForm {
                who: f.text(0),
                fields: f.text(1),
            })
        },
    },
    Form {
        usage: "NAME opens the home tab",
        example: "dana opens the home tab",
        meaning: "looks at the bot's home",
        build: |f| Ok(Act::OpenHome(f.text(0))),
    },
    Form {
        usage: "NAME fills LABEL with TEXT",
        example: "dana fills Why with INC-42",
        meaning: "writes into the input with that label; nothing is sent unless the form asks for it",
        build: |f| Ok(fill(f.text(0), f.text(1), f.text(2))),
    },
    Form {
        usage: "NAME chooses TEXT in LABEL",
        example: "dana chooses 30 min in How long",
        meaning: "takes an entry of the menu with that label, in a form, a message or the home tab",
        build: |f| Ok(fill(f.text(0), f.text(2), f.text(1))),
    },
    Form {
        usage: "NAME submits",
        example: "dana submits",
        meaning: "sends the form that is open",
        build: |f| Ok(Act::Submit(f.text(0))),
    },
    Form {
        usage: "NAME closes the form",
        example: "dana closes the form",
        meaning: "by its close button",
        build: |f| Ok(Act::CloseForm(f.text(0))),
    },
    Form {
        usage: "NAME leaves @GROUP",
        example: "lee leaves @orders-oncall",
        meaning: "is in that user group no more",
        build: |f| Ok(member(f, false)),
    },
    Form {
        usage: "NAME joins @GROUP",
        example: "pat joins @security",
        meaning: "is in that user group from now on",
        build: |f| Ok(member(f, true)),
    },
    Form {
        usage: "group @GROUP is disabled",
        example: "group @orders-oncall is disabled",
        meaning: "an administrator removes the user group",
        build: |f| Ok(Act::DisableGroup(f.text(0))),
    },
    Form {
        usage: "NAME is deactivated",
        example: "mia is deactivated",
        meaning: "the account is closed; an open client may still click",
        build: |f| Ok(Act::Deactivate(f.text(0))),
    },
    Form {
        usage: "the bot leaves #CHANNEL",
        example: "the bot leaves #access-orders",
        meaning: "it can write there no more",
        build: |f| Ok(Act::BotLeaves(f.text(0))),
    },
];
