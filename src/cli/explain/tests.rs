//! `explain` on a folder of manifests, from the words to what is told.

use clap::Parser;
use serde_json::Value;

use super::*;

const TOWN: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: orders, labels: {team: orders}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: orders, labels: {app: db}}
spec: {containers: [{name: c, ports: [{containerPort: 5432}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: orders}
spec: {podSelector: {}, policyTypes: [Ingress]}
"#;

const RULES: &str = r##"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: vault}
spec:
  match: {templates: [connect], when: "to.namespace == 'vault'"}
  requesters: {slack: {usergroups: ["@backend"]}}
  stages: [{name: keepers, from: {usergroups: ["@keepers"]}}]
  limits: {max: 1h}
---
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: orders}
spec:
  match: {templates: [connect, debug-ingress], clusters: ["default", "prod-*"], when: "to.namespace == 'orders'"}
  requesters: {slack: {usergroups: ["@backend"]}, serviceAccounts: ["ci/deployer"]}
  stages: [{name: owners, from: {usergroups: ["@orders-oncall"]}, need: 2}]
  limits: {max: 2h}
  channel: "#access-orders"
  emergency: {by: {usergroups: ["@sre"]}, max: 15m, tell: "#incidents", review: 4h}
  auto: {max: 5m}
  incident: {stages: [{name: commander, from: {usergroups: ["@security"]}}]}
"##;

const ASK: &str = "shop/web to orders/db:5432 for 30m because INC-42";

/// `explain` as clap reads it.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    given: Given,
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (dir, text) in [("town", TOWN), ("rules", RULES)] {
            std::fs::create_dir(folder.path().join(dir)).unwrap();
            std::fs::write(folder.path().join(dir).join("a.yaml"), text).unwrap();
        }
        Self(folder)
    }

    fn given(&self, ask: &str, flags: &[&str]) -> Given {
        let at = |dir: &str| self.0.path().join(dir).display().to_string();
        let (town, rules) = (at("town"), at("rules"));
        let words = ["explain", ask, "--manifests", &town, "--rules", &rules];
        Line::try_parse_from(words.iter().chain(flags))
            .unwrap()
            .given
    }

    /// The answer, or the status where there is none.
    fn answer(&self, ask: &str, flags: &[&str]) -> Result<Answer, Status> {
        let env = BTreeMap::new();
        let now = "2026-01-05T09:00:00Z".parse().unwrap();
        answer(&self.given(ask, flags), &env, now).map_err(|Nothing(status)| status)
    }

    fn json(&self, ask: &str, flags: &[&str]) -> Value {
        print::json(&self.answer(ask, flags).unwrap())
    }
}

const DANA: [&str; 4] = ["--as", "U0DANA", "--member-of", "@backend"];

#[test]
fn an_ask_is_explained_in_sentences_with_its_gate_and_what_was_not_looked_at() {
    let place = Place::new();
    let answer = place.answer(ASK, &DANA).unwrap();
    let rules = place.0.path().join("rules/a.yaml").display().to_string();
    let text = answer.explanation.to_string().replace(&rules, "a.yaml");
    insta::assert_snapshot!(text, @r"
    rules
      rule `vault` does not match: `to.namespace == 'vault'` does not hold
      rule `orders` (a.yaml:13:18) governs: it is for template `connect` on cluster `default`, and `to.namespace == 'orders'` holds
    limits
      a path may stay open for 2 h at most
      a stage waits for 1 h, reminds after 15 min
    approval
      stage `owners` asks 2 of `@orders-oncall` (who can approve now is not checked)
    automatic approval
      people are asked, because a limit is not kept
      not kept: 30 min is longer than 5 min
    emergency
      `@sre` may open at once for 15 min at most, with any reason; `#incidents` hears of it, and it must be reviewed within 4 h
    gate
      opens ingress of the target; shop/Pod/web -> orders/Pod/db: TCP 5432; cuts nothing; effect expected
    not looked at
      who is in which group: SLACK_BOT_TOKEN is not set, so Slack was not asked
      `U0DANA` counts as a full member in `@backend`, by `--member-of`; of others nothing is known
      what was asked before: limits count as if nothing was
    verdict
      allowed, once approved by `owners`, if people there can approve
    ");
    let until = "shop/web to orders/db until 10:00 because INC-42";
    let answer = place.answer(until, &DANA).unwrap();
    let text = answer.explanation.to_string();
    assert!(text.contains("UTC is taken"), "{text}");
    assert!(text.contains("1 h is longer than 5 min"), "{text}");
}

#[test]
fn programs_get_verdict_rule_pass_stages_reasons_and_the_rules_that_were_tried() {
    let place = Place::new();
    let told = place.json(ASK, &DANA);
    for (key, expected) in [
        ("verdict", serde_json::json!("allowed")),
        ("rule", "orders".into()),
        ("pass", "stages".into()),
        (
            "stages",
            serde_json::json!([{"name": "owners", "from": ["@orders-oncall"], "quiet": [], "need": 2}]),
        ),
        ("reasons", serde_json::json!([])),
        (
            "considered",
            serde_json::json!([
                {"rule": "vault", "fit": "condition_fails", "why": "to.namespace == 'vault'"},
                {"rule": "orders", "fit": "governs", "why": null},
            ]),
        ),
        ("people", "flags".into()),
    ] {
        assert_eq!(told[key], expected, "{key}");
    }
    let gate = told["gate"].as_str().unwrap();
    assert!(
        gate.contains("shop/Pod/web -> orders/Pod/db: TCP 5432") && gate.contains("cuts nothing"),
        "{gate}"
    );
}

#[test]
fn each_way_is_explained_as_the_bot_would_go_it() {
    let place = Place::new();
    let short = "shop/web to orders/db:5432 for 5m because INC-42";
    let urgent = "emergency shop/web to orders/db:5432 for 10m because INC-42";
    let sre = ["--as", "U0KIM", "--member-of", "@sre"];
    let at_once = [&sre[..], &["--emergency"]].concat();
    let service = ["--as", "ci/deployer"];
    let commanded = [&DANA[..], &["--incident"]].concat();
    let elsewhere = [&DANA[..], &["--cluster", "prod-eu"]].concat();
    let using = "using debug-ingress from=203.0.113.7 target=orders/db for 20m because INC-42";
    #[rustfmt::skip]
    let cases: [(&str, &[&str], &str, &str); 9] = [
        (ASK, &DANA, "stages", "owners"),
        (using, &DANA, "stages", "owners"),
        (short, &DANA, "automatic", ""),
        (urgent, &sre, "emergency", "owners"),
        ("shop/web to orders/db for 10m because INC-42", &at_once, "emergency", "owners"),
        (ASK, &service, "stages", "owners"),
        (ASK, &commanded, "stages", "commander"),
        (ASK, &elsewhere, "stages", "owners"),
        ("shop/web to orders/db on prod-us because INC-42", &DANA, "stages", "owners"),
    ];
    for (ask, flags, pass, stage) in cases {
        let told = place.json(ask, flags);
        assert_eq!(told["pass"], pass, "{ask} {flags:?}: {told}");
        let name = told["stages"][0]["name"].as_str().unwrap_or_default();
        assert_eq!(name, stage, "{ask} {flags:?}");
    }
}

#[test]
fn what_rules_or_facts_refuse_is_a_refusal_with_its_reason() {
    let place = Place::new();
    let nobody = ["--as", "U0EVE"];
    let elsewhere = [&DANA[..], &["--cluster", "test"]].concat();
    let urgent = [&DANA[..], &["--emergency"]].concat();
    #[rustfmt::skip]
    let cases: [(&str, &[&str], Option<&str>, &str); 7] = [
        (ASK, &nobody, Some("orders"), "does not let you ask"),
        (ASK, &elsewhere, None, "no rule is for"),
        (ASK, &urgent, Some("orders"), "only `@sre` may open this at once"),
        ("shop/web to orders/db for 3h", &DANA, Some("orders"), "3 h is longer than the 2 h"),
        ("shop/web to orders/db for 25h", &DANA, None, "longer than 1 d"),
        ("shop/nobody to orders/db", &DANA, None, "nothing called `shop/nobody`"),
        ("orders/db to shop/web:8080", &DANA, None, "can already reach"),
    ];
    for (ask, flags, rule, reason) in cases {
        let told = place.json(ask, flags);
        assert_eq!(told["verdict"], "refused", "{ask}");
        assert_eq!(told["rule"].as_str(), rule, "{ask}");
        let message = told["reasons"][0]["message"].as_str().unwrap();
        assert!(message.contains(reason), "{ask}: {message}");
    }
}

#[test]
fn what_cannot_be_read_is_wrong_usage() {
    let place = Place::new();
    let beside = [&DANA[..], &["--cluster", "prod-eu"]].concat();
    let service = ["--as", "ci/deployer", "--emergency"];
    for (ask, flags) in [
        ("shop/web orders/db", &DANA[..]),
        ("mine", &DANA),
        ("using nothing a=b", &DANA),
        ("shop/web to orders/db on prod-us", &beside),
        (ASK, &service),
    ] {
        assert_eq!(
            place.answer(ask, flags).err(),
            Some(Status::Misused),
            "{ask}"
        );
    }
    std::fs::write(place.0.path().join("rules/b.yaml"), "kind: AccessRule\n").unwrap();
    assert_eq!(place.answer(ASK, &DANA).err(), Some(Status::Misused));
    let mut given = place.given(ASK, &DANA);
    given.rules = None;
    let none = answer(&given, &BTreeMap::new(), Time::UNIX_EPOCH);
    assert_eq!(none.err().map(|stop| stop.0), Some(Status::Misused));
}

#[test]
fn who_asks_and_their_groups_are_read() {
    let person = |id: &str| Some(Principal::Person(rules::UserId(id.to_owned())));
    let service = Some(Principal::Service {
        namespace: "ci".into(),
        name: "deployer".into(),
    });
    for (text, expected) in [
        ("U0DANA", person("U0DANA")),
        ("W012", person("W012")),
        ("ci/deployer", service),
        ("dana", None),
        ("@dana", None),
        ("U", None),
        ("u0dana", None),
        ("ci/", None),
        ("/x", None),
        ("ci/a/b", None),
        ("CI/Deployer", None),
    ] {
        assert_eq!(wanted::who(text).ok(), expected, "{text}");
    }
    for (text, expected) in [
        ("@SRE", Some("sre")),
        ("sre", Some("sre")),
        ("#Ops", Some("#ops")),
        ("oncall:Orders", Some("oncall:Orders")),
        ("@", None),
        ("#", None),
        ("oncall:", None),
        ("a b", None),
    ] {
        assert_eq!(wanted::group(text).ok().as_deref(), expected, "{text}");
    }
}

#[test]
fn member_of_is_not_mixed_with_what_slack_says() {
    let env = BTreeMap::from([("SLACK_BOT_TOKEN".to_owned(), "xoxb-1".to_owned())]);
    let told = people::find(&env, &rules::Needs::default(), &["sre".to_owned()]);
    assert_eq!(told.err().map(|stop| stop.0), Some(Status::Misused));
    // A Slack that is not there.
    let env = BTreeMap::from([
        ("SLACK_BOT_TOKEN".to_owned(), "xoxb-1".to_owned()),
        (
            "SLACK_API_URL".to_owned(),
            "http://127.0.0.1:9/api".to_owned(),
        ),
    ]);
    let away = people::find(&env, &rules::Needs::default(), &[]);
    assert_eq!(away.err().map(|stop| stop.0), Some(Status::Unavailable));
}

#[test]
fn templates_with_objects_are_explained_and_a_rule_with_a_star_gives_nothing() {
    let role =
        "using temporary-role-binding namespace=orders user=dana@example.com for 1h because INC-42";
    let place = Place::new();
    let rules = place.0.path().join("rules/a.yaml");
    let under = |templates: &str| {
        let text = RULES.replacen("templates: [connect, debug-ingress]", templates, 1);
        std::fs::write(&rules, text).unwrap();
        place.json(role, &DANA)
    };
    let named = under("templates: [temporary-role-binding]");
    assert_eq!(named["verdict"], "allowed", "{named}");
    assert_eq!(
        named["gate"],
        "applies as written RoleBinding in orders: ClusterRole view for dana@example.com; what these give is not \
         computed: RoleBinding; cuts nothing; effect unknown"
    );
    assert!(
        named.to_string().contains("what it gives is not computed"),
        "{named}"
    );
    let star = under("templates: [\"*\"]");
    assert_eq!(star["verdict"], "refused", "{star}");
    assert!(
        star["considered"].to_string().contains("not_named"),
        "{star}"
    );
}
