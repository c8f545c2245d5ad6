//! What happens around people in a story: rules change, others work in the cluster, things break, and the bot stops.

use super::super::story::{Act, Excuse};
use super::Form;
use super::make::{admin_deny, digest, serve};
use crate::sim::town::Last;
use crate::sim::town::trouble::Trouble;

/// These, after what people do.
pub(super) static WORLD: &[Form<Act>] = &[
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
        usage: "keep a copy of the store",
        example: "keep a copy of the store",
        meaning: "as it is now",
        build: |_| Ok(Act::KeepStore),
    },
    Form {
        usage: "the store goes back to its copy",
        example: "the store goes back to its copy",
        meaning: "what was changed since is lost: a failover, a restored backup",
        build: |_| Ok(Act::StoreGoesBack),
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
