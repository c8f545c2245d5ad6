//! The other ways a request can go: circles, incidents, escalation, emergencies, `auto`, templates.

use insta::assert_snapshot;

use super::{LIMITS, OWNERS, TEMPLATE, each, each_template, reported, with};
use crate::rules::testing::ORDERS;

/// What is reported for the example rule with one more field, for each.
fn each_field(fields: &[&str]) -> String {
    let edits: Vec<(&str, String)> = fields
        .iter()
        .map(|field| ("  lapse: 1h\n", format!("  {field}\n  lapse: 1h\n")))
        .collect();
    let edits: Vec<(&str, &str)> = edits.iter().map(|(a, b)| (*a, b.as_str())).collect();
    each(&edits).replace("\n  lapse: 1h", "")
}

#[test]
fn circles_of_every_kind_are_read_everywhere() {
    let circle = "{usergroups: [\"@sre\"], users: [U0KIM], channels: [\"#ops\", C0123, \"#${to.namespace}\"], oncall: [orders]}";
    let rule = with(ORDERS, "{usergroups: [\"@orders-oncall\"]}", circle);
    let rule = with(&rule, "{usergroups: [\"@backend\"]}", circle);
    let rule = with(
        &rule,
        "revokers: {usergroups: [\"@orders-team\"]}",
        &format!("revokers: {circle}"),
    );
    let rule = with(
        &rule,
        "  lapse: 1h\n",
        &format!(
            "  lapse: 1h\n  escalate: {{after: 30m, to: {circle}}}\n  emergency: {{by: {circle}, max: 1h, tell: C0123, review: 24h}}\n"
        ),
    );
    assert_snapshot!(reported(&rule), @"");
}

#[test]
fn circles_that_are_wrong() {
    assert_snapshot!(each(&[
        (OWNERS, "from: {channels: [ops, \"@ops\", \"#${reason}\"]}"),
        (OWNERS, "from: {oncall: [order]}"),
        (OWNERS, "from: {oncall: [pager]}"),
        (OWNERS, "from: {roles: [commander]}"),
        ("usergroups: [\"@backend\"]", "roles: [commander]"),
        (OWNERS, "from: {channel: [\"#ops\"]}"),
    ]), @r##"
    from: {channels: [ops, "@ops", "#${reason}"]}
        r.yaml:9:40: error: `ops` is not a channel; write it like `#access-orders`, or as the channel's id (`C…`)
        r.yaml:9:45: error: `@ops` is not a channel; write it like `#access-orders`, or as the channel's id (`C…`)
        r.yaml:9:53: error: `reason` cannot be inserted: it could be the requester's to choose; insert `to.namespaceLabels.<key>`, `to.namespace`, `from.namespace`, `cluster`, `template`
    from: {oncall: [order]}
        r.yaml:9:38: error: there is no on-call source `order`; did you mean `orders`?
    from: {oncall: [pager]}
        r.yaml:9:38: error: there is no on-call source `pager`; add it to `onCall` in the file that DRAWBRIDGE_CONFIG names
    from: {roles: [commander]}
        r.yaml:9:37: error: roles can only fill stages of `incident`; name people, groups, channels or on-call sources here
    roles: [commander]
        r.yaml:7:32: error: roles can only fill stages of `incident`; name people, groups, channels or on-call sources here
    from: {channel: ["#ops"]}
        r.yaml:9:29: error: there is no field `channel` here; did you mean `channels`?
    "##);
}

#[test]
fn repeats_that_are_wrong() {
    assert_snapshot!(each(&[
        ("need: 1}", "need: 1, repeat: 24h}"),
        ("need: 1}", "need: 1, repeat: 7d}"),
        ("need: 1}", "need: 1, repeat: 59s}"),
        ("need: 1}", "need: 1, repeat: 8d}"),
        ("need: 1}", "need: 1, repeat: often}"),
    ]), @r#"
    need: 1, repeat: 24h}

    need: 1, repeat: 7d}

    need: 1, repeat: 59s}
        r.yaml:9:79: error: `repeat` is 1 min to 7 d, not 59 s; an approver can always approve once more
    need: 1, repeat: 8d}
        r.yaml:9:79: error: `repeat` is 1 min to 7 d, not 8 d; an approver can always approve once more
    need: 1, repeat: often}
        r.yaml:9:79: error: `often` is not a length of time; write it like `30m`, `4h` or `1h30m`
    "#);
}

#[test]
fn escalations_that_are_wrong() {
    assert_snapshot!(each_field(&[
        "escalate: {after: 59m, to: {usergroups: [\"@platform-leads\"]}}",
        "escalate: {after: 1h, to: {usergroups: [\"@platform-leads\"]}}",
        "escalate: {after: soon, to: {usergroups: [\"@platform leads\"]}}",
        "escalate: {after: 30m, to: {}}",
        "escalate: {after: 30m}",
    ]), @r#"
    escalate: {after: 59m, to: {usergroups: ["@platform-leads"]}}

    escalate: {after: 1h, to: {usergroups: ["@platform-leads"]}}
        r.yaml:16:21: error: an escalation after 1 h never comes: the request lapses after 1 h; escalate earlier, or raise `lapse`
    escalate: {after: soon, to: {usergroups: ["@platform leads"]}}
        r.yaml:16:21: error: `soon` is not a length of time; write it like `30m`, `4h` or `1h30m`
        r.yaml:16:45: error: `@platform leads` is not the handle of a user group; write it like `@orders-oncall`
    escalate: {after: 30m, to: {}}
        r.yaml:16:13: error: the escalation names nobody; say whom to ask then: `to: {usergroups: ["@platform-leads"]}`
    escalate: {after: 30m}
        r.yaml:16:14: error: the field `to` is missing; add it to the block that this line ends or stands in
    "#);
}

#[test]
fn emergencies_that_are_wrong() {
    assert_snapshot!(each_field(&[
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 30m, tell: \"#incidents\", review: 24h}",
        "emergency: {by: {}, max: 30m, tell: \"#incidents\", review: 24h}",
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 20s, tell: \"#incidents\", review: 24h}",
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 0s, tell: \"#incidents\", review: 24h}",
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 8h, tell: \"#incidents\", review: 24h}",
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 30m, tell: \"@sre\", review: 59m}",
        "emergency: {by: {usergroups: [\"@sre\"]}, max: 30m, tell: \"#incidents\"}",
    ]), @r##"
    emergency: {by: {usergroups: ["@sre"]}, max: 30m, tell: "#incidents", review: 24h}

    emergency: {by: {}, max: 30m, tell: "#incidents", review: 24h}
        r.yaml:16:14: error: nobody may open at once: the emergency names nobody; name who may: `by: {usergroups: ["@sre"]}`
    emergency: {by: {usergroups: ["@sre"]}, max: 20s, tell: "#incidents", review: 24h}
        r.yaml:16:48: error: template `connect` starts at 1 min: under a limit of 20 s nothing could be granted
    emergency: {by: {usergroups: ["@sre"]}, max: 0s, tell: "#incidents", review: 24h}
        r.yaml:16:48: error: `0s` is no time at all; write it like `30m`, `4h` or `1h30m`
    emergency: {by: {usergroups: ["@sre"]}, max: 8h, tell: "#incidents", review: 24h}
        r.yaml:16:48: warning: template `connect` ends at 4 h: the longer limit has no effect; raise the template's `max`, or lower this
    emergency: {by: {usergroups: ["@sre"]}, max: 30m, tell: "@sre", review: 59m}
        r.yaml:16:59: error: `@sre` is not a channel; write it like `#access-orders`, or as the channel's id (`C…`)
        r.yaml:16:75: error: 59 min is too short to review in; give at least 1 h; `24h` is usual
    emergency: {by: {usergroups: ["@sre"]}, max: 30m, tell: "#incidents"}
        r.yaml:16:53: error: the field `review` is missing; add it to the block that this line ends or stands in
    "##);
}

#[test]
fn incidents_that_are_wrong() {
    assert_snapshot!(each_field(&[
        "incident: {stages: [{name: ic, from: {roles: [commander]}}], roles: {commander: {users: [U0KIM]}}}",
        "incident: {stages: [{name: ic, from: {roles: [comander]}}], roles: {commander: {users: [U0KIM]}}}",
        "incident: {stages: [{name: ic, from: {roles: [commander]}}]}",
        "incident: {stages: [{name: ic, from: {users: [U0KIM]}}], roles: {commander: {}}}",
        "incident: {stages: [{name: ic, from: {roles: [commander]}, need: 2}], roles: {commander: {users: [U0KIM]}}}",
        "incident: {stages: [{name: ic, from: {roles: [commander]}}], roles: {commander: {roles: [commander]}}}",
        "incident: {stages: []}",
        "incident: {roles: {commander: {users: [U0KIM]}}}",
    ]), @r#"
    incident: {stages: [{name: ic, from: {roles: [commander]}}], roles: {commander: {users: [U0KIM]}}}

    incident: {stages: [{name: ic, from: {roles: [comander]}}], roles: {commander: {users: [U0KIM]}}}
        r.yaml:16:49: error: the incident has no role `comander`; did you mean `commander`?
    incident: {stages: [{name: ic, from: {roles: [commander]}}]}
        r.yaml:16:49: error: the incident has no role `commander`; say who that is: `roles: {commander: {usergroups: […]}}`
    incident: {stages: [{name: ic, from: {users: [U0KIM]}}], roles: {commander: {}}}
        r.yaml:16:79: error: role `commander` names nobody; name people: `{users: [U…]}` or `{oncall: [orders]}`
    incident: {stages: [{name: ic, from: {roles: [commander]}, need: 2}], roles: {commander: {users: [U0KIM]}}}
        r.yaml:16:22: error: the rule names 1 approver for stage `ic`, where 2 different people are needed; one person fills one slot: name more people, or a user group
    incident: {stages: [{name: ic, from: {roles: [commander]}}], roles: {commander: {roles: [commander]}}}
        r.yaml:16:92: error: roles can only fill stages of `incident`; name people, groups, channels or on-call sources here
    incident: {stages: []}
        r.yaml:16:22: error: the incident has no stages: what it allows would open without approval; say who must agree, or use `emergency` for who may open at once
    incident: {roles: {commander: {users: [U0KIM]}}}
        r.yaml:16:14: error: the field `stages` is missing; add it to the block that this line ends or stands in
    "#);
}

#[test]
fn automatic_approvals_that_are_wrong() {
    assert_snapshot!(each_field(&[
        "auto: {when: \"opens.pods == 1\", max: 30m, perDay: 3, extensions: 1, hours: {from: \"09:00\", to: \"18:00\", zone: Europe/Berlin, days: [mon, fri]}}",
        "auto: {}",
        "auto: {extensions: 0}",
        "auto: {extensions: 1}",
        "auto: {when: \"true\"}",
        "auto: {when: \"true\", perDay: 1}",
        "auto: {when: \"1 > 2\", perDay: 1}",
        "auto: {when: \"opens.pods\"}",
        "auto: {when: \"to.namespaceLabels.tier == 'dev'\"}",
        "auto: {max: 30s}",
        "auto: {max: 3h}",
        "auto: {perDay: 0}",
        "auto: {perday: 1}",
    ]), @r#"
    auto: {when: "opens.pods == 1", max: 30m, perDay: 3, extensions: 1, hours: {from: "09:00", to: "18:00", zone: Europe/Berlin, days: [mon, fri]}}

    auto: {}
        r.yaml:16:9: error: `auto` has no limit: it would approve everything; write at least one of `when`, `max`, `perDay`, `hours`, `extensions`
    auto: {extensions: 0}
        r.yaml:16:9: error: `auto` has no limit: it would approve everything; write at least one of `when`, `max`, `perDay`, `hours`, `extensions`
    auto: {extensions: 1}

    auto: {when: "true"}
        r.yaml:16:9: error: `auto` has no limit: it would approve everything; write at least one of `when`, `max`, `perDay`, `hours`, `extensions`
    auto: {when: "true", perDay: 1}

    auto: {when: "1 > 2", perDay: 1}
        r.yaml:16:9: error: the condition never holds: `auto` approves nothing; leave `auto` out when nothing is to be approved without asking
    auto: {when: "opens.pods"}
        r.yaml:16:16: error: a condition must be true or false, and a part of this is of type int; compare it with something: `to.namespace == 'orders'`
    auto: {when: "to.namespaceLabels.tier == 'dev'"}

    auto: {max: 30s}
        r.yaml:16:15: error: template `connect` starts at 1 min: under a limit of 30 s nothing could be granted
    auto: {max: 3h}
        r.yaml:16:15: warning: the rule's `limits` end at 2 h: the longer limit has no effect; raise `limits.max`, or lower this
    auto: {perDay: 0}
        r.yaml:16:18: error: a limit of 0 a day approves nothing; leave `auto` out when nothing is to be approved without asking
    auto: {perday: 1}
        r.yaml:16:10: error: there is no field `perday` here; did you mean `perDay`?
    "#);
}

#[test]
fn hours_that_are_wrong() {
    assert_snapshot!(each_field(&[
        "auto: {hours: {from: 22:00, to: 06:00, zone: UTC}}",
        "auto: {hours: {from: 9am, to: \"25:00\", zone: Europe/Berln}}",
        "auto: {hours: {from: \"09:00\", to: \"09:00\", zone: Mars/Base}}",
        "auto: {hours: {from: \"24:00\", to: \"09:00\", zone: UTC}}",
        "auto: {hours: {from: \"09:00\", to: \"24:00\", zone: UTC, days: []}}",
        "auto: {hours: {from: \"09:00\", to: \"18:00\", zone: UTC, days: [monday, sun, Sat]}}",
        "auto: {hours: {from: \"09:00\", to: \"18:00\"}}",
    ]), @r#"
    auto: {hours: {from: 22:00, to: 06:00, zone: UTC}}

    auto: {hours: {from: 9am, to: "25:00", zone: Europe/Berln}}
        r.yaml:16:24: error: `9am` is not a time of day; write hours and minutes, such as `09:00` or `18:30`
        r.yaml:16:33: error: `25:00` is not a time of day; write hours and minutes, such as `09:00` or `18:30`
        r.yaml:16:48: error: `Europe/Berln` is not a time zone known here; did you mean `Europe/Berlin`?
    auto: {hours: {from: "09:00", to: "09:00", zone: Mars/Base}}
        r.yaml:16:37: error: hours from `09:00` to `09:00` are no time or all of it; for whole days write `from: "00:00", to: "24:00"`
        r.yaml:16:52: error: `Mars/Base` is not a time zone known here; write a name such as `Europe/Berlin` or `UTC`
    auto: {hours: {from: "24:00", to: "09:00", zone: UTC}}
        r.yaml:16:24: error: hours cannot begin at `24:00`; write `00:00`
    auto: {hours: {from: "09:00", to: "24:00", zone: UTC, days: []}}
        r.yaml:16:63: error: hours on no day never come; name days, or leave `days` out for every day
    auto: {hours: {from: "09:00", to: "18:00", zone: UTC, days: [monday, sun, Sat]}}
        r.yaml:16:64: error: `monday` is not a day; there are `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`
        r.yaml:16:77: error: `Sat` is not a day; did you mean `sat`?
    auto: {hours: {from: "09:00", to: "18:00"}}
        r.yaml:16:33: error: the field `zone` is missing; add it to the block that this line ends or stands in
    "#);
}

#[test]
fn an_auto_that_is_longer_than_the_template_is_told() {
    let rule = with(ORDERS, LIMITS, "limits: {open: 3}");
    let rule = with(&rule, "  lapse: 1h\n", "  auto: {max: 8h}\n  lapse: 1h\n");
    assert_snapshot!(reported(&rule), @r#"    r.yaml:16:15: warning: template `connect` ends at 4 h: the longer limit has no effect; raise the template's `max`, or lower this"#);
    assert_snapshot!(each(&[(LIMITS, "limits: {perMinute: 0}"), (LIMITS, "limits: {perMinute: 1}")]), @r#"
    limits: {perMinute: 0}
        r.yaml:11:23: error: a limit of 0 requests a minute allows none; for a rule that refuses everything, write `requesters: {}`
    limits: {perMinute: 1}
    "#);
}

#[test]
fn stages_named_from_the_source_need_a_guard() {
    let source = "from: {usergroups: [\"@${from.namespaceLabels.team}-oncall\"]}";
    let guarded = |when: &str| format!("{source}, when: \"{when}\"");
    assert_snapshot!(each(&[
        (OWNERS, source),
        (OWNERS, &guarded("from.namespace != to.namespace")),
        (OWNERS, &guarded("duration > duration('3h')")),
        (OWNERS, &guarded("from.namespace != '' && from.namespace != to.namespace")),
        (OWNERS, &guarded("'team' in from.namespaceLabels && from.namespace != to.namespace")),
    ]), @r#"
    from: {usergroups: ["@${from.namespaceLabels.team}-oncall"]}
        r.yaml:9:5: warning: stage `owners` is named from the source: where that is an address, the ask is refused; let it apply to sources in the cluster: `when: "from.namespace != '' && …"`
    from: {usergroups: ["@${from.namespaceLabels.team}-oncall"]}, when: "from.namespace != to.namespace"
        r.yaml:9:5: warning: every stage has a condition: an ask that meets none of them is refused; leave one stage without `when`
        r.yaml:9:5: warning: stage `owners` is named from the source: where that is an address, the ask is refused; let it apply to sources in the cluster: `when: "from.namespace != '' && …"`
    from: {usergroups: ["@${from.namespaceLabels.team}-oncall"]}, when: "duration > duration('3h')"
        r.yaml:9:5: warning: every stage has a condition: an ask that meets none of them is refused; leave one stage without `when`
        r.yaml:9:5: warning: stage `owners` is named from the source: where that is an address, the ask is refused; let it apply to sources in the cluster: `when: "from.namespace != '' && …"`
    from: {usergroups: ["@${from.namespaceLabels.team}-oncall"]}, when: "from.namespace != '' && from.namespace != to.namespace"
        r.yaml:9:5: warning: every stage has a condition: an ask that meets none of them is refused; leave one stage without `when`
    from: {usergroups: ["@${from.namespaceLabels.team}-oncall"]}, when: "'team' in from.namespaceLabels && from.namespace != to.namespace"
        r.yaml:9:5: warning: every stage has a condition: an ask that meets none of them is refused; leave one stage without `when`
    "#);
    let by_rule = with(
        ORDERS,
        "to.namespace == 'orders'",
        "to.namespace == 'orders' && from.namespace != ''",
    );
    assert_snapshot!(reported(&with(&by_rule, OWNERS, source)), @"");
}

#[test]
fn template_requesters_that_are_wrong() {
    let requesters = |text: &str| format!("summary: Trace something\n  requesters: {text}");
    assert_snapshot!(each_template(&[
        ("summary: Trace something", &requesters("{slack: {usergroups: [\"@sre\"], oncall: [orders]}, serviceAccounts: [\"ci/deployer\"]}")),
        ("summary: Trace something", &requesters("{}")),
        ("summary: Trace something", &requesters("{slack: {oncall: [nobody]}}")),
        ("summary: Trace something", &requesters("{slack: {usergroups: [\"@${to.namespaceLabels.owner}\"]}}")),
    ]), @r#"
    summary: Trace something
      requesters: {slack: {usergroups: ["@sre"], oncall: [orders]}, serviceAccounts: ["ci/deployer"]}

    summary: Trace something
      requesters: {}
        r.yaml:7:15: warning: nobody may ask with this template: every ask that it matches is refused; name who may ask: `requesters: {slack: {usergroups: ["@backend"]}}`
    summary: Trace something
      requesters: {slack: {oncall: [nobody]}}
        r.yaml:7:33: error: there is no on-call source `nobody`; add it to `onCall` in the file that DRAWBRIDGE_CONFIG names
    summary: Trace something
      requesters: {slack: {usergroups: ["@${to.namespaceLabels.owner}"]}}
        r.yaml:7:37: error: the namespace label `owner` is not allowed in names; add it to `labelKeys` in the file that DRAWBRIDGE_CONFIG names, if those who label namespaces may choose who approves
    "#);
    assert!(!TEMPLATE.contains("requesters"));
}
