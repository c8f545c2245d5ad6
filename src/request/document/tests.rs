//! The document as it is written, and the path that it names.

use super::GateObject;
use crate::grammar::Protocol;
use crate::netpol::{PortRange, SideRef};
use crate::objects::Manifest;
use crate::request::fixtures::dana_asks;

#[test]
fn an_object_of_before_reads_and_writes_back_equal() {
    // As it was written when gates were NetworkPolicies only.
    let before = serde_json::json!({
        "name": "drawbridge-k7m3xa-1-abcdefghjk",
        "policy": {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"namespace": "orders"},
            "spec": {
                "ingress": [{
                    "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
                    "ports": [{"port": 5432, "protocol": "TCP"}],
                }],
                "podSelector": {"matchLabels": {"app": "db"}},
                "policyTypes": ["Ingress"],
            },
        },
        "uid": "6c1d",
    });
    let read: GateObject = serde_json::from_value(before.clone()).unwrap();
    assert_eq!((read.namespace(), &read.stored), ("orders", &None));
    let policy = read.object.as_policy().unwrap();
    assert_eq!(serde_json::to_value(&policy).unwrap(), before["policy"]);
    assert_eq!(Manifest::from(&policy), read.object);
    assert_eq!(serde_json::to_value(&read).unwrap(), before);
    let mut unknown = before;
    unknown["policy"]["kind"] = "Secret".into();
    assert!(serde_json::from_value::<GateObject>(unknown).is_err());
}

#[test]
fn a_path_reads_as_it_is_typed() {
    let port = |protocol, first, last| PortRange {
        protocol,
        first,
        last,
    };
    let ports = vec![port(Protocol::Tcp, 80, 80), port(Protocol::Udp, 53, 60)];
    for (label, shown) in [
        ("203.0.113.7", "203.0.113.7:80,53-60/udp"),
        ("2001:db8::7", "[2001:db8::7]:80,53-60/udp"),
        (
            "2001:db8:1:2:3:4:5:6",
            "[2001:db8:1:2:3:4:5:6]:80,53-60/udp",
        ),
    ] {
        let town = dana_asks().with_asked(|asked| {
            asked.flow.to.label = label.to_owned();
            asked.flow.to.at =
                SideRef::Addresses(label.parse::<std::net::IpAddr>().unwrap().into());
            asked.flow.ports = ports.clone();
        });
        assert_eq!(town.request().path(), ("shop/web".into(), shown.into()));
    }
}
