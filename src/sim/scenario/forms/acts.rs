//! What can happen in a story.

use super::super::story::{Act, Excuse, Picture, Way};
use super::Form;
use super::make::{admin_deny, ask, click, digest, done, fill, member, say, serve};
use crate::sim::town::Last;
use crate::sim::town::trouble::Trouble;

/// What people, programs and the world do. The first form that fits is taken, so longer ones stand
/// before shorter ones.
pub static ACTS: &[Form<Act>] = &[
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
    Form {
        usage: "rule RULE serves ACCOUNT of NAME",
        example: "rule orders serves ci/deployer of dana",
        meaning: "only this service may ask under it, and that person answers for it",
        build: |f| Ok(serve(f)),
    },
    Form {
        usage: "rule RULE is gone",
        example: "rule orders is gone",
        meaning: "the rules change",
        build: |f| {
            Ok(Act::Rule {
                name: f.text(0),
                change: None,
            })
        },
    },
    Form {
        usage: "rule RULE now has TEXT",
        example: "rule orders now has limits: {max: 10m}",
        meaning: "the rules change: these fields of its `spec`, as YAML",
        build: |f| {
            Ok(Act::Rule {
                name: f.text(0),
                change: Some(f.text(1)),
            })
        },
    },
    Form {
        usage: "template TEMPLATE now has TEXT",
        example: "template connect now has summary: Only a look",
        meaning: "a template changes: these fields of its `spec`, as YAML",
        build: |f| {
            Ok(Act::Template {
                name: f.text(0),
                change: f.text(1),
            })
        },
    },
    Form {
        usage: "the weekly digest goes to #CHANNEL at TIME",
        example: "the weekly digest goes to #incidents at 11:00",
        meaning: "the bot tells there on Mondays, in UTC, how access was used",
        build: |f| digest(&f.text(0), &f.text(1)),
    },
    Form {
        usage: "deploy WORKLOAD labelled LABELS",
        example: "deploy shop/promo labelled app=web,tier=front",
        meaning: "a Deployment with one pod appears, listening on TCP 8080",
        build: |f| {
            Ok(Act::Deploy {
                workload: f.text(0),
                labels: f.text(1),
            })
        },
    },
    Form {
        usage: "delete WORKLOAD",
        example: "delete orders/db",
        meaning: "a workload goes away with its pods",
        build: |f| Ok(Act::DeleteWorkload(f.text(0))),
    },
    Form {
        usage: "remove policy POLICY",
        example: "remove policy orders/closed",
        meaning: "a policy of the town goes away",
        build: |f| {
            Ok(Act::Policy {
                name: f.text(0),
                present: false,
            })
        },
    },
    Form {
        usage: "restore policy POLICY",
        example: "restore policy orders/closed",
        meaning: "it comes back",
        build: |f| {
            Ok(Act::Policy {
                name: f.text(0),
                present: true,
            })
        },
    },
    Form {
        usage: "policy POLICY isolates LABELS",
        example: "policy payments/closed isolates app=api",
        meaning: "somebody's new policy lets nothing into the pods with these labels",
        build: |f| {
            Ok(Act::Isolate {
                policy: f.text(0),
                labels: f.text(1),
            })
        },
    },
    Form {
        usage: "admin policy NAME lets nothing into NAMESPACE",
        example: "admin policy freeze lets nothing into orders",
        meaning: "an AdminNetworkPolicy, which beats every NetworkPolicy, denies all traffic into its pods",
        build: |f| Ok(admin_deny(f.text(0), Some(f.text(1)))),
    },
    Form {
        usage: "admin policy NAME is gone",
        example: "admin policy freeze is gone",
        meaning: "it is removed",
        build: |f| Ok(admin_deny(f.text(0), None)),
    },
    Form {
        usage: "somebody deletes the gates",
        example: "somebody deletes the gates",
        meaning: "every object of ours is removed by hand",
        build: |_| Ok(Act::DeleteGates),
    },
    Form {
        usage: "the cluster refuses gates: TEXT",
        example: "the cluster refuses gates: name a ticket",
        meaning: "an admission policy says so of our objects, until `mend the cluster by policy`",
        build: |f| Ok(Act::RefuseGates(f.text(0))),
    },
    Form {
        usage: "slack repeats every delivery",
        example: "slack repeats every delivery",
        meaning: "events, clicks and commands come twice from now on",
        build: |_| Ok(Act::RepeatDeliveries),
    },
    Form {
        usage: "break TROUBLE",
        example: "break the cluster",
        meaning: "something stops working",
        build: |f| Trouble::named(&f.text(0)).map(Act::Break),
    },
    Form {
        usage: "mend TROUBLE",
        example: "mend the cluster",
        meaning: "it works again",
        build: |f| Trouble::named(&f.text(0)).map(Act::Mend),
    },
    Form {
        usage: "stop the bot",
        example: "stop the bot",
        meaning: "it ends in order",
        build: |_| Ok(Act::StopBot),
    },
    Form {
        usage: "kill the bot",
        example: "kill the bot",
        meaning: "its process dies at once, whatever it was doing",
        build: |_| Ok(Act::KillBot(None)),
    },
    Form {
        usage: "kill the bot after its next commit",
        example: "kill the bot after its next commit",
        meaning: "its process dies as soon as the store has that, before anything follows from it",
        build: |_| Ok(Act::KillBot(Some(Last::Commit))),
    },
    Form {
        usage: "kill the bot after its next message",
        example: "kill the bot after its next message",
        meaning: "its process dies as soon as Slack has that, before it hears so",
        build: |_| Ok(Act::KillBot(Some(Last::Message))),
    },
    Form {
        usage: "start the bot",
        example: "start the bot",
        meaning: "another one starts on the same store",
        build: |_| Ok(Act::StartBot),
    },
    Form {
        usage: "restart the bot",
        example: "restart the bot",
        meaning: "both",
        build: |_| Ok(Act::RestartBot),
    },
    Form {
        usage: "empty the store",
        example: "empty the store",
        meaning: "every document is lost",
        build: |_| Ok(Act::EmptyStore),
    },
    Form {
        usage: "this story leaves gates open",
        example: "this story leaves gates open",
        meaning: "excuses it from closing everything before it ends",
        build: |_| Ok(Act::Excuse(Excuse::OpenGates)),
    },
    Form {
        usage: "this story closes late",
        example: "this story closes late",
        meaning: "excuses it from closing within 2 s of the end, because it breaks what closing needs",
        build: |_| Ok(Act::Excuse(Excuse::LateClosing)),
    },
];
