//! A corpus of wrong templates and rules with what is said about each.

use insta::assert_snapshot;

use crate::rules::problem::usable;
use crate::rules::testing::{self, ORDERS};

mod objects;
mod ways;

/// What is reported for the example rule with one text replaced, for each replacement.
fn each(edits: &[(&str, &str)]) -> String {
    let one = |(written, instead): &(&str, &str)| {
        let problems = reported(&with(ORDERS, written, instead));
        format!("{}\n{problems}\n", instead.trim())
    };
    edits.iter().map(one).collect()
}

fn reported(text: &str) -> String {
    let (set, problems) = testing::load(text);
    assert_eq!(set.sealed(), !usable(&problems), "an error seals the set");
    let lines: Vec<String> = problems.iter().map(|p| format!("    {p}")).collect();
    lines.join("\n")
}

const LIMITS: &str = "limits: {max: 2h, open: 3}";
const OWNERS: &str = "from: {usergroups: [\"@orders-oncall\"]}, need: 1";
const CHANNEL: &str = "channel: \"#access-orders\"";
const WHEN: &str = "to.namespace == 'orders'";
const STAGES: &str = r#"    - {name: owners, from: {usergroups: ["@orders-oncall"]}, need: 1}
    - {name: security, from: {usergroups: ["@security"]}, when: "duration > duration('1h') || opens.pods > 10"}
"#;

/// The text with something in it replaced; it must be there.
fn with(text: &str, written: &str, instead: &str) -> String {
    assert!(text.contains(written), "{written}");
    text.replacen(written, instead, 1)
}

#[test]
fn frames_that_are_wrong() {
    assert_snapshot!(each(&[
        ("apiVersion: drawbridge.dev/v1alpha1", "apiVersion: drawbridge.dev/v2"),
        ("apiVersion: drawbridge.dev/v1alpha1", "# no version"),
        ("kind: AccessRule", "kind: AccessRules"),
        ("kind: AccessRule", "# no kind"),
        ("metadata: {name: orders}", "metadata: {name: Orders!}"),
        ("metadata: {name: orders}", "metadata: {name: orders, labels: {}}"),
        ("metadata: {name: orders}", "metadata: {}"),
    ]), @r#"
    apiVersion: drawbridge.dev/v2
        r.yaml:2:13: error: `drawbridge.dev/v2` is not an API version known here; write `apiVersion: drawbridge.dev/v1alpha1`
    # no version
        r.yaml:3:7: warning: `apiVersion` is missing; write `apiVersion: drawbridge.dev/v1alpha1`
    kind: AccessRules
        r.yaml:3:7: error: `AccessRules` is not a kind known here; did you mean `AccessRule`?
    # no kind
        r.yaml:2:1: error: `kind` is missing; write `apiVersion: drawbridge.dev/v1alpha1` and `kind: AccessRule`
    metadata: {name: Orders!}
        r.yaml:4:18: error: `Orders!` cannot be a name; use lower-case letters, digits, `-` and `.`
    metadata: {name: orders, labels: {}}
        r.yaml:4:26: error: there is no field `labels` here; there is only `name`
    metadata: {}
        r.yaml:4:11: error: the field `name` is missing; add it to the block that this line ends or stands in
    "#);
}

#[test]
fn yaml_that_is_wrong() {
    assert_snapshot!(each(&[
        (LIMITS, "limits: {max: 2h, opened: 3}"),
        (LIMITS, "limit: {max: 2h}"),
        (LIMITS, "limits: {max: 2h}\n  limits: {max: 3h}"),
        (LIMITS, "limits: {open: -1}"),
        (LIMITS, "limits:"),
        (CHANNEL, "channel: \"#access-orders"),
        (CHANNEL, "channel: {name: x}"),
        (CHANNEL, "channel: &x [*x, *x]"),
        (CHANNEL, "<<: {channel: x}"),
        (CHANNEL, "\tchannel: x"),
        ("templates: [connect], ", ""),
    ]), @r##"
    limits: {max: 2h, opened: 3}
        r.yaml:11:21: error: there is no field `opened` here; did you mean `open`?
    limit: {max: 2h}
        r.yaml:11:3: error: there is no field `limit` here; did you mean `limits`?
    limits: {max: 2h}
      limits: {max: 3h}
        r.yaml:12:3: error: the field `limits` is written twice
    limits: {open: -1}
        r.yaml:11:18: error: a whole number is expected here
    limits:
        r.yaml:11:9: error: expected mapping start
    channel: "#access-orders
        r.yaml:14:11: error: invalid trailing content after double-quoted scalar
    channel: {name: x}
        r.yaml:13:12: error: expected string scalar
    channel: &x [*x, *x]
        r.yaml:13:16: error: recursive reference not allowed here
    <<: {channel: x}
        r.yaml:13:3: error: merge key not allowed here
    channel: x
        r.yaml:13:4: error: while parsing a block mapping, did not find expected key

        r.yaml:6:28: error: the field `templates` is missing; add it to the block that this line ends or stands in
    "##);
}

#[test]
fn matches_that_are_wrong() {
    assert_snapshot!(each(&[
        ("templates: [connect]", "templates: [conect]"),
        ("templates: [connect]", "templates: [\"db-*\"]"),
        ("templates: [connect]", "templates: []"),
        ("clusters: [\"*\"]", "clusters: []"),
        (WHEN, "to.namespac == 'orders'"),
        (WHEN, "to.namespace == 'orders"),
        (WHEN, "to.namespace"),
        (WHEN, "to.namespaceLabels.tier == 'gold'"),
    ]), @r#"
    templates: [conect]
        r.yaml:6:23: error: there is no template `conect`; did you mean `connect`?
    templates: ["db-*"]
        r.yaml:6:23: error: there is no template `db-*`; there are `cilium-fqdn-egress`, `connect`, `database-console`, `debug-ingress`, `egress-cidr`, `metrics-scrape`, `temporary-role-binding`
    templates: []
        r.yaml:6:22: error: a rule without templates governs nothing; name them, or write `"*"`
    clusters: []
        r.yaml:6:43: error: a rule without clusters governs nothing; name them, or leave `clusters` out for every cluster
    to.namespac == 'orders'
        r.yaml:6:56: error: `to` has no field `namespac`; did you mean `namespace`?
    to.namespace == 'orders
        r.yaml:6:56: error: the CEL expression cannot be read at character 17: token recognition error at: ''orders'; see https://kubernetes.io/docs/reference/using-api/cel/
    to.namespace
        r.yaml:6:56: error: a condition must be true or false, and a part of this is of type string; compare it with something: `to.namespace == 'orders'`
    to.namespaceLabels.tier == 'gold'
        r.yaml:6:56: warning: where a namespace has no label `tier`, every ask that gets here is refused; say what should happen then: `'tier' in to.namespaceLabels && …`
    "#);
}

#[test]
fn a_service_outside_the_clusters_is_named_by_its_issuer() {
    let with = |name: &str| {
        let ours = format!("serviceAccounts: [\"{name}\"]");
        let text = ORDERS.replace("serviceAccounts: [\"ci/deployer\"]", &ours);
        assert!(text.contains(name));
        let (_, problems) = crate::rules::load(&[("r.yaml".to_owned(), text)]);
        problems
            .iter()
            .any(|problem| problem.message.contains("is not a ServiceAccount"))
    };
    for (name, wrong) in [
        ("ci/deployer", false),
        ("oidc:github/shop-deployer", false),
        ("oidc:/shop", true),
        ("oidc:github/", true),
        ("oidc:github/shop deployer", true),
        ("oidc:github", true),
    ] {
        assert_eq!(with(name), wrong, "{name}");
    }
}

#[test]
fn people_that_are_wrong() {
    let backend = "usergroups: [\"@backend\"]";
    let requesters = "{slack: {usergroups: [\"@backend\"]}, serviceAccounts: [\"ci/deployer\"]}";
    assert_snapshot!(each(&[
        (requesters, "{}"),
        ("serviceAccounts: [\"ci/deployer\"]", "serviceAccounts: [deployer]"),
        (backend, "usergroups: [\"back end\"], users: [dana]"),
        (backend, "usergroups: [\"@${reason}\"]"),
        (backend, "usergroups: [\"@${to.namespaceLabels.owner}\"]"),
        (backend, "usergroups: [\"@${to.namespaceLabels.team\"]"),
        ("tell: [\"@orders-team\"]", "tell: [orders-team]"),
        (CHANNEL, "channel: access orders"),
        ("revokers: {usergroups: [\"@orders-team\"]}", "revokers: {users: [\"@max\"]}"),
    ]), @r#"
    {}
        r.yaml:7:15: warning: nobody may ask under this rule: every ask that it matches is refused; name who may ask: `requesters: {slack: {usergroups: ["@backend"]}}`
    serviceAccounts: [deployer]
        r.yaml:7:69: error: `deployer` is not a ServiceAccount; write it like `ci/deployer`, or `prod-us:ci/deployer` for one of another cluster
    usergroups: ["back end"], users: [dana]
        r.yaml:7:37: error: `back end` is not the handle of a user group; write it like `@orders-oncall`
        r.yaml:7:58: error: `dana` is not a Slack member id; copy the member id (`U…`) from their Slack profile: names can be changed
    usergroups: ["@${reason}"]
        r.yaml:7:37: error: `reason` cannot be inserted: it could be the requester's to choose; insert `to.namespaceLabels.<key>`, `to.namespace`, `from.namespace`, `cluster`, `template`
    usergroups: ["@${to.namespaceLabels.owner}"]
        r.yaml:7:37: error: the namespace label `owner` is not allowed in names; add it to `labelKeys` in the file that DRAWBRIDGE_CONFIG names, if those who label namespaces may choose who approves
    usergroups: ["@${to.namespaceLabels.team"]
        r.yaml:7:37: error: `@${to.namespaceLabels.team` has a `${` without its `}`
    tell: [orders-team]
        r.yaml:14:10: error: `orders-team` is neither a user group nor a channel; write it like `@orders-team` or `#incidents`
    channel: access orders
        r.yaml:13:12: error: `access orders` is not a channel; write it like `#access-orders`, or as the channel's id (`C…`)
    revokers: {users: ["@max"]}
        r.yaml:15:22: error: `@max` is not a Slack member id; copy the member id (`U…`) from their Slack profile: names can be changed
    "#);
}

#[test]
fn stages_that_are_wrong() {
    assert_snapshot!(each(&[
        (STAGES, "    []\n"),
        (OWNERS, "from: {usergroups: [\"@orders-oncall\"]}, need: 0"),
        (OWNERS, "from: {users: [U0LEE, U0LEE, U0MAX]}, need: 3"),
        (OWNERS, "from: {}"),
        (OWNERS, "from: {}, quiet: [U0LEE]"),
        ("name: security", "name: owners"),
        ("name: security", "name: \"\""),
        (OWNERS, "from: {usergroups: [\"@orders-oncall\"]}, when: \"opens.pods > 3\""),
        (STAGES, "    - {name: a, from: {users: [U0LEE]}}\n    - {name: b, from: {users: [U0LEE]}}\n"),
    ]), @r#"
    []
        r.yaml:4:18: error: the rule has no stages: what it allows would open without approval; say who must agree: `stages: [{name: owners, from: {usergroups: ["@orders-oncall"]}}]`
    from: {usergroups: ["@orders-oncall"]}, need: 0
        r.yaml:9:68: error: a stage needs 1 to 20 people, not 0
    from: {users: [U0LEE, U0LEE, U0MAX]}, need: 3
        r.yaml:9:5: error: the rule names 2 approvers for stage `owners`, where 3 different people are needed; one person fills one slot: name more people, or a user group
    from: {}
        r.yaml:9:14: error: nobody can fill stage `owners`; name a group: `from: {usergroups: ["@orders-oncall"]}`
    from: {}, quiet: [U0LEE]

    name: owners
        r.yaml:10:14: error: there are two stages `owners`
    name: ""
        r.yaml:10:14: error: a stage needs a name: cards show it
    from: {usergroups: ["@orders-oncall"]}, when: "opens.pods > 3"
        r.yaml:9:5: warning: every stage has a condition: an ask that meets none of them is refused; leave one stage without `when`
    - {name: a, from: {users: [U0LEE]}}
        - {name: b, from: {users: [U0LEE]}}
        r.yaml:9:5: error: the rule names 1 approver for stage `a` and `b`, where 2 different people are needed; one person fills one slot: name more people, or a user group
    "#);
}

#[test]
fn a_rule_without_stages_is_refused() {
    let without = with(ORDERS, &format!("  stages:\n{STAGES}"), "");
    assert_snapshot!(reported(&without), @r#"    r.yaml:4:18: error: the rule has no stages: what it allows would open without approval; say who must agree: `stages: [{name: owners, from: {usergroups: ["@orders-oncall"]}}]`"#);
}

#[test]
fn requesters_who_would_only_have_themselves_are_found() {
    let stages = "    - {name: peers, from: {users: [U0DANA]}}\n";
    let requesters = "{usergroups: [\"@backend\"]}, serviceAccounts: [\"ci/deployer\"]";
    let rule = with(ORDERS, STAGES, stages);
    let alone = with(&rule, requesters, "{users: [U0DANA]}");
    assert_snapshot!(reported(&alone), @r#"    r.yaml:9:5: error: nobody else could approve what `U0DANA` asks for; nobody approves their own request: name one more approver"#);
    let one_of_two = with(&rule, requesters, "{users: [U0DANA, U0LEE]}");
    assert_snapshot!(reported(&one_of_two), @r#"    r.yaml:9:5: warning: nobody else could approve what `U0DANA` asks for; nobody approves their own request: name one more approver"#);
    let peers = "    - {name: peers, from: {usergroups: [backend]}}\n";
    let people = with(ORDERS, ", serviceAccounts: [\"ci/deployer\"]", "");
    let peers = with(&people, STAGES, peers);
    assert_snapshot!(reported(&peers), @r#"    r.yaml:9:5: warning: whoever may ask may also approve what the others ask for; name a stage of other people, unless that is meant"#);
    let by_id = with(
        &people,
        "{usergroups: [\"@backend\"]}",
        "{users: [U0DANA, U0LEE]}",
    );
    let quiet = "    - {name: peers, from: {users: [U0LEE]}, quiet: [U0DANA]}\n";
    assert_snapshot!(reported(&with(&by_id, STAGES, quiet)), @r#"    r.yaml:9:5: warning: whoever may ask may also approve what the others ask for; name a stage of other people, unless that is meant"#);
    let others = "    - {name: peers, from: {users: [U0LEE]}, quiet: [U0KIM, U0DANA]}\n";
    assert_snapshot!(reported(&with(&by_id, STAGES, others)), @"");
}

#[test]
fn bounds_that_are_wrong() {
    assert_snapshot!(each(&[
        (LIMITS, "limits: {max: 2 hours, open: 0}"),
        (LIMITS, "limits: {max: 0s}"),
        (LIMITS, "limits: {max: 20s}"),
        (LIMITS, "limits: {max: 10m}"),
        (LIMITS, "limits: {max: 8h}"),
        ("lapse: 1h", "lapse: soon"),
        ("lapse: 1h", "lapse: 10m"),
        ("reason: \"INC-[0-9]+\"", "reason: \"INC-[0-9\""),
        ("reason: \"INC-[0-9]+\"", "reason: \"((a{100}){100}){100}\""),
    ]), @r#"
    limits: {max: 2 hours, open: 0}
        r.yaml:11:32: error: a limit of 0 open requests allows none; for a rule that refuses everything, write `requesters: {}`
    limits: {max: 0s}
        r.yaml:11:17: error: `0s` is no time at all; write it like `30m`, `4h` or `1h30m`
    limits: {max: 20s}
        r.yaml:11:17: error: template `connect` starts at 1 min: under a limit of 20 s nothing could be granted
    limits: {max: 10m}
        r.yaml:11:17: warning: template `connect` takes 30 min when no duration is asked for, which this limit refuses; lower the template's `default`, or raise the limit
    limits: {max: 8h}
        r.yaml:11:17: warning: template `connect` ends at 4 h: the longer limit has no effect; raise the template's `max`, or lower the limit
    lapse: soon
        r.yaml:16:10: error: `soon` is not a length of time; write it like `30m`, `4h` or `1h30m`
    lapse: 10m
        r.yaml:17:11: warning: a reminder after 15 min never comes: the request lapses after 10 min
    reason: "INC-[0-9"
        r.yaml:12:21: error: `INC-[0-9` is not a regular expression: unclosed character class; escape characters such as `(` and `[` with a backslash
    reason: "((a{100}){100}){100}"
        r.yaml:12:21: error: the regular expression `((a{100}){100}){100}` is too large; use smaller repetition counts
    "#);
}

#[test]
fn what_a_rule_says_about_services() {
    assert_snapshot!(each(&[
        ("lapse: 1h", "owner: U0LEE"),
        ("lapse: 1h", "owner: lee"),
        ("lapse: 1h", "offline: {serviceAccounts: [\"ops/break-glass\"]}"),
        ("lapse: 1h", "offline: {serviceAccounts: [\"prod-us:ops/break-glass\", \"oidc:github/repo:acme/x:ref\"]}"),
        ("lapse: 1h", "offline: {serviceAccounts: []}"),
        ("lapse: 1h", "offline: {serviceAccounts: [\"ci/deployer\"]}"),
        ("lapse: 1h", "readers: {serviceAccounts: [\"ops\"]}"),
        ("lapse: 1h", "readers: {serviceAccounts: [\"a:b:ops/x\"]}"),
        ("lapse: 1h", "offline: {users: [U0LEE]}"),
        (STAGES, "    - {name: owners, from: {users: [U0LEE]}, need: 1}\n  owner: U0LEE\n"),
    ]), @r#"
    owner: U0LEE

    owner: lee
        r.yaml:16:10: error: `lee` is not a Slack member id; copy the member id (`U…`) from their Slack profile: names can be changed
    offline: {serviceAccounts: ["ops/break-glass"]}
        r.yaml:16:12: warning: while Slack is away one approval by `ops/break-glass` is enough: whoever gets such a token could open what they asked for themselves; require a second approval (`need: 2`, or one more stage), or keep the token from all who may ask
    offline: {serviceAccounts: ["prod-us:ops/break-glass", "oidc:github/repo:acme/x:ref"]}
        r.yaml:16:12: warning: while Slack is away one approval by `oidc:github/repo:acme/x:ref` or `prod-us:ops/break-glass` is enough: whoever gets such a token could open what they asked for themselves; require a second approval (`need: 2`, or one more stage), or keep the token from all who may ask
    offline: {serviceAccounts: []}
        r.yaml:16:12: error: no service is named that may approve without Slack; write it like `{serviceAccounts: ["ops/break-glass"]}`, or take it out
    offline: {serviceAccounts: ["ci/deployer"]}
        r.yaml:16:12: warning: `ci/deployer` may ask, and approves nothing that it asks for itself; name an account for this alone
        r.yaml:16:12: warning: while Slack is away one approval by `ci/deployer` is enough: whoever gets such a token could open what they asked for themselves; require a second approval (`need: 2`, or one more stage), or keep the token from all who may ask
    readers: {serviceAccounts: ["ops"]}
        r.yaml:16:31: error: `ops` is not a ServiceAccount; write it like `ci/deployer`, or `prod-us:ci/deployer` for one of another cluster
    readers: {serviceAccounts: ["a:b:ops/x"]}
        r.yaml:16:31: error: `a:b:ops/x` is not a ServiceAccount; write it like `ci/deployer`, or `prod-us:ci/deployer` for one of another cluster
    offline: {users: [U0LEE]}
        r.yaml:16:13: error: there is no field `users` here; there is only `serviceAccounts`
    - {name: owners, from: {users: [U0LEE]}, need: 1}
      owner: U0LEE
        r.yaml:10:10: error: nobody but the owner `U0LEE` could approve what services ask; who answers for a service approves nothing of it: name one more approver
    "#);
}

/// The rule with stages of its own and an account that approves without Slack.
fn offline(stages: &str) -> String {
    let offline = "offline: {serviceAccounts: [\"ops/break-glass\"]}";
    with(&with(ORDERS, STAGES, stages), "lapse: 1h", offline)
}

#[test]
fn an_account_that_alone_is_enough_without_slack_is_doubtful() {
    let sre = "from: {usergroups: [\"@sre\"]}";
    let when = "when: \"opens.pods > 1\"";
    for (stages, alone) in [
        (format!("    - {{name: a, {sre}}}\n"), true),
        (format!("    - {{name: a, {sre}, need: 2}}\n"), false),
        (
            format!("    - {{name: a, {sre}}}\n    - {{name: b, {sre}}}\n"),
            false,
        ),
        (
            format!("    - {{name: a, {sre}}}\n    - {{name: b, {sre}, {when}}}\n"),
            true,
        ),
        (
            format!("    - {{name: a, {sre}, {when}, need: 2}}\n"),
            false,
        ),
        (
            format!(
                "    - {{name: a, {sre}, {when}, need: 2}}\n    - {{name: b, {sre}, {when}}}\n"
            ),
            true,
        ),
        (
            format!(
                "    - {{name: a, {sre}, need: 2}}\n  incident:\n    stages:\n      - {{name: a, {sre}}}\n"
            ),
            true,
        ),
    ] {
        let told = reported(&offline(&stages));
        let said = told.contains("one approval by `ops/break-glass` is enough");
        assert_eq!(said, alone, "{stages}: {told}");
        let incident = told.contains("warning: in an incident while Slack is away");
        assert_eq!(incident, stages.contains("incident"), "{stages}: {told}");
    }
}

#[test]
fn an_account_that_approves_here_and_asks_there_is_doubtful() {
    let two = "    - {name: a, from: {usergroups: [\"@sre\"]}, need: 2}\n";
    let here = with(&offline(two), "{name: orders}", "{name: here}");
    let here = with(&here, WHEN, "to.namespace == 'here'");
    let asks = |name: &str| with(ORDERS, "\"ci/deployer\"", &format!("\"{name}\""));
    for (name, same) in [
        ("ops/break-glass", true),
        ("prod-us:ops/break-glass", true),
        ("ci/deployer", false),
        ("oidc:ops/break-glass", false),
    ] {
        let told = reported(&format!("{here}---{}", asks(name)));
        let said = told.contains(
            "`ops/break-glass` approves here without Slack, and asks under rule `orders`",
        );
        assert_eq!(said, same, "{name}: {told}");
        assert_eq!(told.is_empty(), !same, "{name}: {told}");
    }
}

#[test]
fn rules_that_are_in_each_others_way() {
    let again = with(ORDERS, "{name: orders}", "{name: later}");
    let all = with(ORDERS, ", when: \"to.namespace == 'orders'\"", "");
    assert_snapshot!(reported(&format!("{ORDERS}---\n# the same once more{ORDERS}")), @r#"    r.yaml:22:18: error: there are two rules `orders`; the first is at r.yaml:4:18"#);
    assert_snapshot!(reported(&format!("{all}---{again}")), @r#"    r.yaml:21:18: warning: no ask reaches this rule: `orders` governs all of them; that rule is at r.yaml:4:18; the first match governs"#);
    assert_snapshot!(reported(&format!("{ORDERS}---{again}")), @r#""#);
}

#[test]
fn rules_behind_several_that_take_all_their_asks() {
    let named = |name: &str, templates: &str, clusters: &str, when: &str| {
        let rule = with(ORDERS, "{name: orders}", &format!("{{name: {name}}}"));
        let rule = with(
            &rule,
            "templates: [connect]",
            &format!("templates: {templates}"),
        );
        let rule = with(&rule, "clusters: [\"*\"]", &format!("clusters: {clusters}"));
        with(&rule, ", when: \"to.namespace == 'orders'\"", when)
    };
    let connect = named("all-connect", "[connect]", "[\"*\"]", "");
    let debug = named("all-debug", "[\"debug-*\"]", "[\"*\"]", ", when: \"true\"");
    let prod = named("prod-debug", "[debug-ingress]", "[\"prod-*\"]", "");
    let late = named(
        "late",
        "[connect, \"debug-*\"]",
        "[prod-eu, \"prod-*\"]",
        "",
    );
    let later = named("later", "[connect, \"debug-*\"]", "[\"*\"]", "");
    let never = named("never", "[\"*\"]", "[\"*\"]", ", when: \"1 > 2\"");
    assert_snapshot!(reported(&[&connect, &debug, &late].map(String::as_str).join("---")), @r#"    r.yaml:38:18: warning: no ask reaches this rule: `all-connect` and `all-debug` govern all of them together; those rules are at r.yaml:4:18 and r.yaml:21:18; the first match governs"#);
    assert_snapshot!(reported(&[&connect, &prod, &late].map(String::as_str).join("---")), @r#"    r.yaml:38:18: warning: no ask reaches this rule: `all-connect` and `prod-debug` govern all of them together; those rules are at r.yaml:4:18 and r.yaml:21:18; the first match governs"#);
    assert_snapshot!(reported(&[&connect, &prod, &later].map(String::as_str).join("---")), @"");
    assert_snapshot!(reported(&never), @r#"    r.yaml:4:18: warning: no ask reaches this rule: its condition never holds; take the rule out, or write when it is meant"#);
}

const TEMPLATE: &str = r#"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: trace}
spec:
  summary: Trace something
  inputs:
    from: {type: cidr}
    to: {type: workload, default: shop/web}
    port: {type: ports}
    ticket: {type: string, pattern: "INC-[0-9]+"}
  duration: {default: 20m, min: 1m, max: 2h}
  gate:
    connect: {from: "${from}", to: "${to}", ports: "${port}"}
"#;

/// What is reported for the template with one text replaced, for each replacement.
fn each_template(edits: &[(&str, &str)]) -> String {
    let one = |(written, instead): &(&str, &str)| {
        let problems = reported(&with(TEMPLATE, written, instead));
        format!("{instead}\n{problems}\n")
    };
    edits.iter().map(one).collect()
}

#[test]
fn template_inputs_and_lengths_that_are_wrong() {
    assert_snapshot!(each_template(&[
        ("type: cidr", "type: address"),
        ("default: shop/web", "default: web"),
        ("default: shop/web", "pattern: web"),
        ("pattern: \"INC-[0-9]+\"", "pattern: \"INC-[0-9\""),
        ("pattern: \"INC-[0-9]+\"", "pattern: \"a)|(b\""),
        ("default: 20m", "default: 20s"),
        ("max: 2h", "max: 30s"),
    ]), @r#"
    type: address
        r.yaml:8:18: error: `address` is not a type of input; there are `endpoint`, `workload`, `ports`, `cidr`, `string`
    default: web
        r.yaml:9:35: error: `to`: `web` has no namespace; write `namespace/name`, such as `orders/db`
    pattern: web
        r.yaml:9:35: error: only a `string` can have a pattern, and this is `workload`
    pattern: "INC-[0-9"
        r.yaml:11:37: error: `INC-[0-9` is not a regular expression: unclosed character class; escape characters such as `(` and `[` with a backslash
    pattern: "a)|(b"
        r.yaml:11:37: error: `a)|(b` is not a regular expression: unopened group; escape characters such as `(` and `[` with a backslash
    default: 20s
        r.yaml:12:23: error: `default` is not between 1 min and 2 h
    max: 30s
        r.yaml:12:42: error: `max` is shorter than `min`
    "#);
    assert_snapshot!(reported(TEMPLATE), @"");
    assert_snapshot!(reported(&format!("{TEMPLATE}---{TEMPLATE}")), @r#"    r.yaml:18:18: error: there are two templates `trace`; the first is at r.yaml:4:18"#);
}

#[test]
fn template_gates_that_are_wrong() {
    let gate = "connect: {from: \"${from}\", to: \"${to}\", ports: \"${port}\"}";
    let secret =
        |name| format!("objects: [{{apiVersion: v1, kind: Secret, metadata: {{name: {name}}}}}]");
    assert_snapshot!(each_template(&[
        ("from: \"${from}\"", "from: \"${form}\""),
        ("from: \"${from}\"", "from: \"${port}\""),
        ("from: \"${from}\"", "from: \"shop/${ticket}\""),
        ("from: \"${from}\"", "from: nowhere"),
        ("ports: \"${port}\"", "ports: \"${port\""),
        (gate, "connect: {from: \"${from}\", to: \"${to}\"}\n    objects: []"),
        (gate, "{}"),
        (gate, "objects: []"),
        (gate, "objects: [{kind: NetworkPolicy}]"),
        (gate, &secret("\"x-${tiket}\"")),
        (gate, &secret("\"x-${ticket}\"")),
    ]), @r#"
    from: "${form}"
        r.yaml:14:21: error: the template has no input `form`; did you mean `from`?
    from: "${port}"
        r.yaml:14:21: error: the input `port` has the wrong type for this field; it takes an input of type `endpoint` or `workload` or `cidr`
    from: "shop/${ticket}"
        r.yaml:14:21: error: `shop/${ticket}` mixes text and an input; use the whole input, `${name}`, or text without one
    from: nowhere
        r.yaml:14:21: error: `nowhere` has no namespace; write `namespace/name`, such as `orders/db`
    ports: "${port"
        r.yaml:14:52: error: `${port` has a `${` without its `}`
    connect: {from: "${from}", to: "${to}"}
        objects: []
        r.yaml:14:5: error: a gate is either `connect` or `objects`
    {}
        r.yaml:14:5: error: a gate is either `connect` or `objects`
    objects: []
        r.yaml:14:14: error: a gate without objects opens nothing
    objects: [{kind: NetworkPolicy}]
        r.yaml:14:15: error: each object needs `apiVersion` and `kind`
    objects: [{apiVersion: v1, kind: Secret, metadata: {name: "x-${tiket}"}}]
        r.yaml:14:15: error: the template has no input `tiket`; did you mean `ticket`?
    objects: [{apiVersion: v1, kind: Secret, metadata: {name: "x-${ticket}"}}]
        r.yaml:14:15: error: `Secret` of `v1` is not a kind that a gate may be made of; use one of NetworkPolicy, CiliumNetworkPolicy, RoleBinding
    "#);
}

#[test]
fn a_template_with_errors_does_not_make_its_rules_wrong_too() {
    let template = with(TEMPLATE, "type: cidr", "type: address");
    let rule = with(ORDERS, "templates: [connect]", "templates: [trace]");
    assert_snapshot!(reported(&format!("{template}---{rule}")), @r#"    r.yaml:8:18: error: `address` is not a type of input; there are `endpoint`, `workload`, `ports`, `cidr`, `string`"#);
}
