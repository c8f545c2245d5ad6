//! Fluent requests for tests: a small town of people, and requests driven through [`decide`] only,
//! so that no test looks at a document that could not exist.

mod people;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

pub(crate) use people::*;
pub(crate) use steps::*;

use super::create::{Ask, Way, create};
use super::{Asked, Crowd, Origin, Outcome, Request, Told};
use crate::grammar::Protocol;
use crate::netpol::{Effect, Flow, Opened, PortRange, Said, Side, SideRef, StatedObject, Warning};
use crate::objects::Manifest;
use crate::rules::{EmergencyPlan, Escalation, Group, Pass, Principal, Route, StagePlan, TeamId};
use crate::units::{Seconds, Time};

/// `03:00` on a winter's night, in UTC.
pub(crate) fn start() -> Time {
    "2026-11-24T03:00:00Z".parse().unwrap()
}

/// `seconds` after [`start`].
pub(crate) fn at(seconds: u64) -> Time {
    Seconds(seconds).after(start())
}

/// A stage filled by one of a group.
pub(crate) fn stage(name: &str, handle: &str, need: usize) -> StagePlan {
    let from = Group {
        usergroups: vec![format!("@{handle}")],
        ..Group::default()
    };
    StagePlan {
        name: name.into(),
        from,
        need,
        quiet: Vec::new(),
        repeat: None,
        given: BTreeSet::new(),
    }
}

fn group(handle: &str) -> Group {
    Group {
        usergroups: vec![handle.into()],
        ..Group::default()
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    asked: Asked,
    way: Way,
}

/// `shop/web to orders/db:5432 for 30m because INC-42 slow queries`, asked by Dana privately, to be
/// approved by one of `@orders-oncall` in `#access-orders`.
pub(crate) fn dana_asks() -> Town {
    let route = Route {
        rule: "orders".into(),
        digest: "d1".into(),
        pass: Pass::Stages,
        stages: vec![stage("owners", "orders-oncall", 1)],
        max: Seconds::hours(2),
        channel: Some("#access-orders".into()),
        tell: vec!["@orders-team".into()],
        revokers: Group {
            usergroups: vec!["@orders-team".into()],
            ..Group::default()
        },
        lapse: Seconds::hours(1),
        remind: Some(Seconds::minutes(15)),
        escalate: None,
        emergency: None,
        owner: None,
        offline: BTreeSet::new(),
    };
    let told = Told::Group {
        id: "S0TEAM".into(),
        people: vec![user(RIA)],
    };
    let way = Way {
        route,
        crowds: vec![oncall()],
        rescuers: Vec::new(),
        escalation: Crowd::default(),
        told: vec![told],
        effect: effect(),
        standing: Vec::new(),
        emergency: None,
    };
    Town {
        asked: asked(),
        way,
    }
}

fn asked() -> Asked {
    Asked {
        by: Principal::Person(user(DANA)),
        pressed_by: None,
        team: Some(TeamId("T1".into())),
        at: start(),
        origin: Origin::Direct,
        text: "shop/web to orders/db:5432 for 30m because INC-42 slow queries".into(),
        cluster: "prod-eu".into(),
        template: "connect".into(),
        inputs: BTreeMap::new(),
        flow: Flow {
            from: side("shop", "web", &["web-1", "web-2", "web-3"]),
            to: side("orders", "db", &["db-0"]),
            ports: vec![PortRange {
                protocol: Protocol::Tcp,
                first: 5432,
                last: 5432,
            }],
        },
        duration: Seconds::minutes(30),
        reason: Some("INC-42 slow queries".into()),
        extends: None,
        incident: None,
    }
}

fn side(namespace: &str, name: &str, pods: &[&str]) -> Side {
    let labels = BTreeMap::from([("app".to_owned(), name.to_owned())]);
    Side {
        label: format!("{namespace}/{name}"),
        at: SideRef::Pods {
            namespace: namespace.into(),
            selector: LabelSelector {
                match_labels: Some(labels),
                match_expressions: None,
            },
            pods: pods.iter().map(|pod| (*pod).to_owned()).collect(),
            workloads: vec![format!("{namespace}/Deployment/{name}")],
        },
        by_labels: false,
    }
}

fn oncall() -> Crowd {
    Crowd {
        people: vec![user(LEE), user(MAX)],
        groups: vec![("orders-oncall".into(), "S0ONCALL".into())],
        stand_ins: Vec::new(),
    }
}

fn security() -> Crowd {
    Crowd {
        people: vec![user(MAX), user(SAM)],
        groups: vec![("security".into(), "S0SEC".into())],
        stand_ins: Vec::new(),
    }
}

/// Dana may view in `orders`.
pub(crate) fn binding() -> Manifest {
    let manifest = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"namespace": "orders"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"}],
    });
    manifest.try_into().unwrap()
}

/// What is shown of it.
pub(crate) fn binding_says() -> Vec<Said> {
    vec![
        Said::Words("ClusterRole".into()),
        Said::Typed("view".into()),
        Said::Words("for".into()),
        Said::Typed("dana@example.com".into()),
    ]
}

/// What the asked flow opens, and nothing else.
pub(crate) fn effect() -> Effect {
    Effect {
        from_pods: 3,
        to_pods: 1,
        opens: vec![opened("orders/Deployment/db", "TCP 5432")],
        warnings: Vec::new(),
        outlook: crate::netpol::effect::Outlook::Expected,
        stated: Vec::new(),
    }
}

/// One pair that opens from the shop.
pub(crate) fn opened(to: &str, port: &str) -> Opened {
    Opened {
        from: "shop/Deployment/web".into(),
        to: to.into(),
        ports: vec![port.into()],
    }
}

impl Town {
    /// A second stage: one of `@security`.
    pub(crate) fn then_security(mut self) -> Self {
        self.way.route.stages.push(stage("security", "security", 1));
        self.way.crowds.push(security());
        self
    }

    /// `@sre` may open it at once, for a quarter of an hour at most.
    pub(crate) fn with_emergency(mut self) -> Self {
        self.way.route.emergency = Some(EmergencyPlan {
            by: group("@sre"),
            max: Seconds::minutes(15),
            tell: "#incidents".into(),
            review: Seconds::hours(24),
        });
        self.way.rescuers = vec![user(KIM)];
        self
    }

    /// After 30 min without an answer `@leads` are asked too.
    pub(crate) fn escalating(mut self) -> Self {
        self.way.route.escalate = Some(Escalation {
            after: Seconds::minutes(30),
            to: group("@leads"),
        });
        self.way.escalation = Crowd {
            people: vec![user(PIA)],
            groups: vec![("leads".into(), "S0LEADS".into())],
            stand_ins: Vec::new(),
        };
        self
    }

    /// Approvals of the first stage count again for a day.
    pub(crate) fn repeating(mut self) -> Self {
        self.way.route.stages[0].repeat = Some(Seconds::hours(24));
        self
    }

    /// Opened at once, by Kim.
    pub(crate) fn at_once(self) -> Self {
        let mut town = self.with_emergency();
        town.way.route.pass = Pass::Emergency;
        town.way.emergency = Some(user(KIM));
        town.asked.duration = Seconds::minutes(15);
        town
    }

    /// How many must fill the first stage.
    pub(crate) fn need(mut self, need: usize) -> Self {
        self.way.route.stages[0].need = need;
        self
    }

    /// Approved by the rule alone.
    pub(crate) fn without_stages(mut self) -> Self {
        self.way.route.pass = Pass::Automatic {
            why: "within `auto` of rule `orders`".into(),
        };
        self.way.route.stages.clear();
        self.way.crowds.clear();
        self
    }

    /// Approvers are written to directly.
    pub(crate) fn without_channel(mut self) -> Self {
        self.way.route.channel = None;
        self
    }

    /// Asked for that long.
    pub(crate) fn lasting(mut self, length: Seconds) -> Self {
        self.asked.duration = length;
        self
    }

    /// Asked for that reason.
    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.asked.reason = Some(reason.into());
        self
    }

    /// Asked there.
    pub(crate) fn from(mut self, origin: Origin) -> Self {
        self.asked.origin = origin;
        self
    }

    /// Asked by a service.
    pub(crate) fn by_service(mut self) -> Self {
        self.asked.by = Principal::Service {
            namespace: "ci".into(),
            name: "deployer".into(),
        };
        self.from(Origin::Http {
            sent: String::new(),
        })
    }

    /// Asked by a service for which Dana answers; `ops/break-glass` may approve without Slack.
    pub(crate) fn answered_for(self) -> Self {
        self.by_service().with_way(|way| {
            way.route.owner = Some(user(DANA));
            way.route.offline = BTreeSet::from(["ops/break-glass".to_owned()]);
        })
    }

    /// Of objects that a template states: `says` is what is shown of the one there is.
    pub(crate) fn stating(mut self, says: Vec<Said>) -> Self {
        let binding = binding();
        self.asked.template = "temporary-role-binding".into();
        let stated = |label: &str, namespace: Option<&str>| Side {
            label: label.into(),
            at: SideRef::Stated {
                namespace: namespace.map(str::to_owned),
            },
            by_labels: false,
        };
        self.asked.flow = Flow {
            from: stated("dana@example.com", None),
            to: stated("orders as view", Some("orders")),
            ports: Vec::new(),
        };
        self.way.effect = Effect {
            outlook: crate::netpol::effect::Outlook::Unknown,
            warnings: vec![Warning::NotComputed {
                kinds: vec!["RoleBinding".into()],
            }],
            stated: vec![StatedObject {
                kind: "RoleBinding".into(),
                namespace: "orders".into(),
                name: "view".into(),
                people: binding.says(None).people,
                says,
                digest: binding.digest(),
                whole: binding.canonical(),
            }],
            ..Effect::default()
        };
        self
    }

    /// A warning that approvers must see.
    pub(crate) fn warned(mut self, warning: Warning) -> Self {
        self.way.effect.warnings.push(warning);
        self
    }

    /// Changes anything else of what was asked.
    pub(crate) fn with_asked(mut self, change: impl FnOnce(&mut Asked)) -> Self {
        change(&mut self.asked);
        self
    }

    /// Changes anything else of the way it must go.
    pub(crate) fn with_way(mut self, change: impl FnOnce(&mut Way)) -> Self {
        change(&mut self.way);
        self
    }

    /// The request right after it was asked.
    pub(crate) fn request(self) -> Request {
        self.outcome().request
    }

    /// The same with its events.
    pub(crate) fn outcome(self) -> Outcome {
        create(Ask {
            id: "k7m3xa".parse().unwrap(),
            asked: self.asked,
            judged: Ok(self.way),
        })
    }
}
