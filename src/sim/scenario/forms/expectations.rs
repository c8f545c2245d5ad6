//! What a story can expect.

use super::super::story::Expectation;
use super::Form;
use crate::grammar::length;

/// What can be expected. Where a text ends the form it takes the rest of the line.
pub static EXPECTATIONS: &[Form<Expectation>] = &[
    Form {
        usage: "notice to NAME: TEXT",
        example: "notice to dana: 5 min left",
        meaning: "the bot wrote this to them, or in a thread that they see",
        build: |f| {
            Ok(Expectation::Notice {
                who: f.text(0),
                text: f.text(1),
            })
        },
    },
    Form {
        usage: "private to NAME: TEXT",
        example: "private to dana: Did you mean",
        meaning: "the bot told them where nobody else sees it",
        build: |f| {
            Ok(Expectation::Private {
                who: f.text(0),
                within: None,
                text: f.text(1),
            })
        },
    },
    Form {
        usage: "private to NAME within LENGTH: TEXT",
        example: "private to dana within 3s: Sorry",
        meaning: "the same, at most so long after they acted",
        build: |f| {
            let within = length::read(&f.text(1)).map_err(|error| error.to_string())?;
            Ok(Expectation::Private {
                who: f.text(0),
                within: Some(within),
                text: f.text(2),
            })
        },
    },
    Form {
        usage: "channel #CHANNEL: TEXT",
        example: "channel #incidents: Applied",
        meaning: "the bot wrote this there, threads included",
        build: |f| {
            Ok(Expectation::Channel {
                channel: f.text(0),
                text: f.text(1),
            })
        },
    },
    Form {
        usage: "answer to ACCOUNT: TEXT",
        example: "answer to ci/deployer: pending",
        meaning: "the newest answer to a service over HTTP: its status, and what it says",
        build: |f| {
            Ok(Expectation::Answer {
                who: f.text(0),
                text: f.text(1),
            })
        },
    },
    Form {
        usage: "form to NAME: TEXT",
        example: "form to dana: has to be filled in",
        meaning: "the form that they have open shows this now, errors included, its lines joined by blanks",
        build: |f| {
            Ok(Expectation::Form {
                who: f.text(0),
                text: Some(f.text(1)),
            })
        },
    },
    Form {
        usage: "home of NAME: TEXT",
        example: "home of dana: nothing is open",
        meaning: "their home tab shows this now, its lines joined by blanks",
        build: |f| {
            Ok(Expectation::Home {
                who: f.text(0),
                text: f.text(1),
            })
        },
    },
    Form {
        usage: "card: TEXT",
        example: "card: 0 of 1 [Approve]",
        meaning: "the newest card in a channel shows this now, its lines joined by blanks",
        build: |f| {
            Ok(Expectation::Card {
                text: f.text(0),
                shown: true,
            })
        },
    },
    Form {
        usage: "no card: TEXT",
        example: "no card: [Approve]",
        meaning: "it does not",
        build: |f| {
            Ok(Expectation::Card {
                text: f.text(0),
                shown: false,
            })
        },
    },
    Form {
        usage: "nowhere: TEXT",
        example: "nowhere: s3cret",
        meaning: "this is in no message of the bot, no object and no document",
        build: |f| Ok(Expectation::Nowhere(f.text(0))),
    },
];

/// Short expectations: several may follow each other with commas.
pub static PLAIN_EXPECTATIONS: &[Form<Expectation>] = &[
    Form {
        usage: "open FLOW",
        example: "open shop/web to orders/db:5432",
        meaning: "traffic can pass, by an evaluation that is not the bot's",
        build: |f| {
            Ok(Expectation::Flow {
                ask: f.text(0),
                open: true,
            })
        },
    },
    Form {
        usage: "closed FLOW",
        example: "closed shop/web to vault/api:8200",
        meaning: "it cannot",
        build: |f| {
            Ok(Expectation::Flow {
                ask: f.text(0),
                open: false,
            })
        },
    },
    Form {
        usage: "cluster as before",
        example: "cluster as before",
        meaning: "the same objects by uid, spec, labels and annotations as at the start",
        build: |_| Ok(Expectation::ClusterAsBefore),
    },
    Form {
        usage: "nothing opened",
        example: "nothing opened",
        meaning: "no object of ours is or ever was in the cluster",
        build: |_| Ok(Expectation::NothingOpened),
    },
    Form {
        usage: "gates: COUNT",
        example: "gates: 2",
        meaning: "that many objects of ours are in the cluster",
        build: |f| {
            let count = f
                .text(0)
                .parse()
                .map_err(|_| format!("`{}` is no number", f.text(0)))?;
            Ok(Expectation::Gates(count))
        },
    },
    Form {
        usage: "no form to NAME",
        example: "no form to dana",
        meaning: "they have no form open",
        build: |f| {
            Ok(Expectation::Form {
                who: f.text(0),
                text: None,
            })
        },
    },
    Form {
        usage: "one card",
        example: "one card",
        meaning: "exactly one card was posted in channels",
        build: |_| Ok(Expectation::OneCard),
    },
    Form {
        usage: "no new messages",
        example: "no new messages",
        meaning: "the last line that is no expectation changed nothing that people see",
        build: |_| Ok(Expectation::NoNewMessages),
    },
    Form {
        usage: "state WORD",
        example: "state active",
        meaning: "the newest request's state",
        build: |f| Ok(Expectation::State(f.text(0))),
    },
];
