//! Which pod ports a typed port means.

use serde_json::json;

use super::fixtures::{app, ask, pod, service};
use super::resolve::{port_texts, refused, target, town};

#[test]
fn a_service_is_its_pods_and_their_ports() {
    let api = |n: u16| {
        let pod = pod("orders", &format!("api-{n}"))
            .label("app", "api")
            .owner("StatefulSet", "api");
        pod.port("web", n)
    };
    let front = service("orders", "front")
        .selects("app", "api")
        .leads(80, json!("web"))
        .leads(443, json!(8443))
        .leads(9000, json!(null));
    let town = town([api(8080), api(9090), front]);
    for (text, expected) in [
        // A named target port is looked up on each pod by itself.
        ("orders/front :80", &["TCP 8080", "TCP 9090"][..]),
        ("orders/front :443", &["TCP 8443"]),
        ("orders/front :9000", &["TCP 9000"]),
        ("orders/front :8080", &["TCP 8080"]),
        ("orders/front :p443", &["TCP 8443"]),
        ("orders/front :web", &["TCP 8080", "TCP 9090"]),
        ("orders/service/front :80", &["TCP 8080", "TCP 9090"]),
        // The workload's own name works as well: its service's ports where its pods lack them.
        ("orders/api :443", &["TCP 8443"]),
        ("orders/api :web", &["TCP 8080", "TCP 9090"]),
        ("orders/api :7777", &["TCP 7777"]),
        ("orders/api :8000-8010", &["TCP 8000-8010"]),
        ("orders/api :80,53/udp", &["TCP 8080", "TCP 9090", "UDP 53"]),
    ] {
        let flow = ask(&town, &format!("shop/web {text}")).unwrap();
        assert_eq!(port_texts(&flow), expected, "{text}");
        assert_eq!(target(&flow).1, ["orders/StatefulSet/api"]);
    }
    let (said, hint) = refused(&town, "shop/web orders/front :7777");
    assert_eq!(said, "`orders/front` has no port `7777`");
    assert!(hint.unwrap().starts_with("it has: `80`, `443`"));
}

#[test]
fn a_services_port_counts_only_where_the_pods_lack_it() {
    let web = || {
        app("orders", "api")
            .owner("StatefulSet", "api")
            .port("", 80)
            .port("", 8080)
    };
    let front = || {
        service("orders", "front")
            .selects("app", "api")
            .leads(80, json!(8080))
    };
    let town = town([web(), front()]);
    for (text, expected) in [
        ("orders/api :80", "TCP 80"),
        ("orders/front :80", "TCP 80"),
        // Whoever writes that it is a service means the service's port.
        ("orders/service/front :80", "TCP 8080"),
    ] {
        let flow = ask(&town, &format!("shop/web {text}")).unwrap();
        assert_eq!(port_texts(&flow), [expected], "{text}");
    }
}

#[test]
fn services_that_disagree_are_asked_back_unless_one_has_the_workloads_name() {
    let api = || app("orders", "api").owner("StatefulSet", "api");
    let one = |name: &str, to: u16| {
        service("orders", name)
            .selects("app", "api")
            .leads(80, json!(to))
    };
    let split = town([api(), one("x", 8080), one("y", 9090)]);
    let refusal = ask(&split, "shop/web orders/api :80").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "port `80` of `orders/api` leads to different ports of its pods"
    );
    assert_eq!(refusal.hint().as_deref(), Some("say which: `8080`, `9090`"));
    assert_eq!(refusal.ports().len(), 2);

    let agreed = ask(
        &town([api(), one("x", 8080), one("y", 8080)]),
        "shop/web orders/api :80",
    );
    assert_eq!(port_texts(&agreed.unwrap()), ["TCP 8080"]);
    let named = ask(
        &town([api(), one("x", 8080), one("api", 9090)]),
        "shop/web orders/api :80",
    );
    assert_eq!(port_texts(&named.unwrap()), ["TCP 9090"]);
}

#[test]
fn a_headless_service_leads_to_its_pods_themselves() {
    let headless = service("orders", "nodes")
        .selects("app", "db")
        .spec("clusterIP", json!("None"));
    let town = town([headless.leads(5432, json!("pg"))]);
    for (port, expected) in [
        ("5432", "TCP 5432"),
        ("9187", "TCP 9187"),
        ("pg", "TCP 5432"),
    ] {
        let flow = ask(&town, &format!("shop/web orders/nodes :{port}")).unwrap();
        assert_eq!(port_texts(&flow), [expected]);
    }
}

#[test]
fn without_a_port_it_is_the_only_one() {
    let only = ask(&town([]), "shop/web orders/db").unwrap();
    assert_eq!(port_texts(&only), ["TCP 5432"]);

    let two = app("orders", "two")
        .port("web", 8080)
        .port_of("UDP", "dns", 53);
    let refusal = ask(&town([two]), "shop/web orders/two").unwrap_err();
    assert_eq!(refusal.to_string(), "`orders/two` has several ports");
    assert_eq!(
        refusal.hint().as_deref(),
        Some("say which: `8080`, `53/udp`")
    );
    assert_eq!(refusal.ports().len(), 2);

    let (said, hint) = refused(&town([app("orders", "none")]), "shop/web orders/none");
    assert_eq!(said, "no port was named, and `orders/none` declares none");
    assert_eq!(hint.as_deref(), Some("add the port, such as `:8080`"));

    let behind = service("orders", "s")
        .selects("app", "none")
        .leads(80, json!(8080));
    let served = [app("orders", "none"), behind];
    for text in ["orders/none", "orders/s"] {
        let flow = ask(&town(served.clone()), &format!("shop/web {text}")).unwrap();
        assert_eq!(port_texts(&flow), ["TCP 8080"], "{text}");
    }
}

#[test]
fn a_name_is_looked_up_on_each_pod_and_with_its_protocol() {
    let replica = |n: u16| {
        pod("orders", &format!("r-{n}"))
            .label("app", "r")
            .owner("StatefulSet", "r")
    };
    let replicas = [
        replica(1).port("http", 8080).port_of("UDP", "dns", 53),
        replica(2).port("http", 9090),
        replica(3),
    ];
    let town = town(replicas);
    for (text, expected) in [
        ("http", &["TCP 8080", "TCP 9090"][..]),
        ("dns", &["UDP 53"]),
        ("dns/udp", &["UDP 53"]),
    ] {
        let flow = ask(&town, &format!("shop/web orders/r :{text}")).unwrap();
        assert_eq!(port_texts(&flow), expected);
    }
    assert!(ask(&town, "shop/web orders/r :http/udp").is_err());
}
