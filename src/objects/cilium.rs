//! CiliumNetworkPolicies as templates state them: their bounds, and what they say.
//!
//! INVARIANT (nothing breaks): `enableDefaultDeny` is false both ways, there is no deny, and no rule of layer 7
//! but one that lets every name be looked up: Cilium applies such rules whatever `enableDefaultDeny` says, so
//! any other would narrow what its pods could do before.

use serde_json::{Value, json};

use super::block::block;
use super::essence::{Essence, Selected, at_ports};
use super::network::port_words;
use super::select;
use super::shape::{Fault, Look, entries, exactly, literal, only, shown};
use super::{Manifest, Said};

/// Who a rule may be towards.
const TOWARDS: [&str; 3] = ["toFQDNs", "toCIDR", "toEndpoints"];

pub(super) fn check(spec: &Value, look: Look<'_>) -> Result<(), Fault> {
    let known = ["endpointSelector", "enableDefaultDeny", "egress"];
    let fields = exactly(spec, "spec", &known)?;
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    if *field("enableDefaultDeny") != json!({"ingress": false, "egress": false}) {
        return Err(Fault::new(
            "`enableDefaultDeny` must be false for ingress and egress",
            "otherwise the policy cuts what nothing isolated before",
        ));
    }
    select::endpoints(field("endpointSelector"), "endpointSelector", look)?;
    let mut rules = entries(fields.get("egress"), "egress")?.iter();
    rules.try_for_each(|rule| self::rule(rule, look))
}

fn rule(rule: &Value, look: Look<'_>) -> Result<(), Fault> {
    let known = [TOWARDS.as_slice(), &["toPorts"]].concat();
    let fields = only(rule, "egress", &known)?;
    let towards: Vec<&str> = TOWARDS
        .into_iter()
        .filter(|name| fields.contains_key(*name))
        .collect();
    let [towards] = towards.as_slice() else {
        return Err(Fault::plain(format!(
            "a rule of `egress` has exactly one of `{}`",
            TOWARDS.join("`, `")
        )));
    };
    let list = entries(fields.get(*towards), towards)?;
    match *towards {
        "toFQDNs" => list.iter().try_for_each(|one| host(one, look))?,
        "toCIDR" => list
            .iter()
            .try_for_each(|one| block(one, look).map(|_| ()))?,
        _ => dns(list)?,
    }
    let to_dns = *towards == "toEndpoints";
    let mut ports = entries(fields.get("toPorts"), "toPorts")?.iter();
    ports.try_for_each(|one| self::ports(one, to_dns, look))
}

/// A whole name: a pattern would be whatever its owner makes of it.
fn host(one: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fields = exactly(one, "toFQDNs", &["matchName"])?;
    let name = fields.get("matchName").unwrap_or(&Value::Null);
    let text = name.as_str().unwrap_or_default();
    let labels = text.split('.').count();
    if look.is_open(name)
        || (text.len() <= 253 && labels > 1 && text.split('.').all(super::shape::is_dns_label))
    {
        return Ok(());
    }
    Err(Fault::new(
        format!("`{}` is not the whole name of a host", shown(name)),
        "write it like `api.example.com`, in small letters and without `*`",
    ))
}

/// The cluster's DNS and nothing else: other pods are for NetworkPolicies, whose effect can be computed.
fn dns(list: &[Value]) -> Result<(), Fault> {
    let is_dns = |one: &Value| {
        let labels = one.get("matchLabels").and_then(Value::as_object);
        let wanted = [
            ("io.kubernetes.pod.namespace", "kube-system"),
            ("k8s-app", "kube-dns"),
        ];
        let only_labels = one.as_object().is_some_and(|fields| fields.len() == 1);
        labels.is_some_and(|labels| {
            let all = labels.iter().all(|(key, value)| {
                let mut pairs = wanted.iter();
                pairs.any(|(name, text)| select::plain_key(key) == *name && value == text)
            });
            let keys = labels.keys().map(|key| select::plain_key(key));
            let keys: std::collections::BTreeSet<&str> = keys.collect();
            only_labels && all && labels.len() == wanted.len() && keys.len() == wanted.len()
        })
    };
    if list.len() == 1 && list.iter().all(is_dns) {
        return Ok(());
    }
    Err(Fault::new(
        "`toEndpoints` of a gate is the cluster's DNS",
        "write `matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s:k8s-app: kube-dns}`; for other \
         pods write a template with `connect`",
    ))
}

fn ports(one: &Value, to_dns: bool, look: Look<'_>) -> Result<(), Fault> {
    let fields = only(one, "toPorts", &["ports", "rules"])?;
    match fields.get("rules") {
        None => {}
        Some(rules) if to_dns && *rules == json!({"dns": [{"matchPattern": "*"}]}) => {}
        Some(_) => {
            return Err(Fault::new(
                "`rules` of `toPorts` would narrow what the pods may do already",
                "only `dns: [{matchPattern: \"*\"}]` towards the cluster's DNS is possible",
            ));
        }
    }
    let ports = fields.get("ports").unwrap_or(&Value::Null);
    if look.is_open(ports) && !to_dns {
        return Ok(());
    }
    let mut ports = entries(Some(ports), "ports")?.iter();
    ports.try_for_each(|port| self::port(port, to_dns))
}

fn port(port: &Value, to_dns: bool) -> Result<(), Fault> {
    let fields = only(port, "ports", &["port", "protocol", "endPort"])?;
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let protocol = literal(field("protocol"), "protocol")?;
    let fits = ["TCP", "UDP", "SCTP"].contains(&protocol) || (to_dns && protocol == "ANY");
    if !fits {
        return Err(Fault::plain(format!("`{protocol}` is not a protocol")));
    }
    let written = literal(field("port"), "port")?;
    let number = written.parse::<u16>().ok().filter(|number| *number > 0);
    let number = number.filter(|number| number.to_string() == written);
    let Some(number) = number else {
        return Err(Fault::new(
            format!("`{}` is not the number of a port", shown(field("port"))),
            "Cilium takes it as text: `port: \"443\"`",
        ));
    };
    if to_dns && (number != 53 || fields.contains_key("endPort")) {
        return Err(Fault::plain("the cluster's DNS is asked on port 53"));
    }
    let Some(end) = fields.get("endPort") else {
        return Ok(());
    };
    let end = end.as_u64().and_then(|end| u16::try_from(end).ok());
    match end {
        Some(end) if end >= number => Ok(()),
        _ => Err(Fault::plain(
            "`endPort` is a number that is not below that of `port`",
        )),
    }
}

/// What a policy says, rule by rule.
pub(super) fn essence(object: &Manifest, subject: &Selected) -> Essence {
    let spec = object.body().next().map(|(_, spec)| spec);
    let rules = spec.and_then(|spec| spec.get("egress")?.as_array());
    let mut essence = Essence {
        who: subject.label.clone(),
        ..Essence::default()
    };
    essence.says.push(Said::Words("from".to_owned()));
    essence.says.extend(subject.said());
    let mut looked_up = false;
    for rule in rules.into_iter().flatten() {
        if rule.get("toEndpoints").is_some() {
            looked_up = true;
            continue;
        }
        let hosts = rule.get("toFQDNs").and_then(Value::as_array);
        let hosts = hosts.into_iter().flatten();
        let hosts = hosts.filter_map(|one| one.get("matchName")?.as_str());
        let blocks = rule.get("toCIDR").and_then(Value::as_array);
        let blocks = blocks.into_iter().flatten().filter_map(Value::as_str);
        let others: Vec<String> = hosts.chain(blocks).map(str::to_owned).collect();
        let ports = rule.get("toPorts").and_then(Value::as_array);
        let ports = ports.into_iter().flatten();
        let ports = ports.filter_map(|one| one.get("ports")?.as_array());
        let ports: Vec<String> = ports.flatten().map(port_words).collect();
        if essence.what.is_empty() {
            essence.name = others.first().cloned().unwrap_or_default();
            essence.what = at_ports(&others, &ports);
        }
        essence.says.push(Said::Words("to".to_owned()));
        essence.says.push(Said::Typed(others.join(", ")));
        essence.says.push(Said::Words("on".to_owned()));
        essence.says.push(Said::Typed(ports.join(", ")));
    }
    if looked_up {
        if essence.what.is_empty() {
            essence.what = "the cluster's DNS".to_owned();
            essence.name.clone_from(&essence.what);
        }
        essence
            .says
            .push(Said::Words("and names are looked up".to_owned()));
    }
    essence
}
