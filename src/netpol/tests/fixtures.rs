//! Small clusters, written the way a person would describe them.

use serde_json::{Value, json};

use crate::grammar::{Endpoint, Kind, PortAsk, PortRef, Ports, Protocol};
use crate::netpol::snapshot::{Extension, Object, Snapshot};
use crate::netpol::{Flow, Unresolved, resolve};

/// A Kubernetes object under construction.
#[derive(Debug, Clone)]
pub(crate) struct Fixture(pub(crate) Value);

fn object(kind: &str, namespace: Option<&str>, name: &str) -> Fixture {
    let mut value = json!({"kind": kind, "metadata": {"name": name}});
    if let Some(namespace) = namespace {
        value["metadata"]["namespace"] = json!(namespace);
    }
    Fixture(value)
}

pub(crate) fn namespace(name: &str) -> Fixture {
    object("Namespace", None, name)
}

/// A running pod without labels, owner or ports.
pub(crate) fn pod(namespace: &str, name: &str) -> Fixture {
    let mut pod = object("Pod", Some(namespace), name);
    pod.0["spec"] = json!({"containers": [{"name": "main", "ports": []}]});
    pod.0["status"] = json!({"phase": "Running"});
    pod
}

/// A pod as most are: labelled `app: <name>`.
pub(crate) fn app(namespace: &str, name: &str) -> Fixture {
    pod(namespace, name).label("app", name)
}

pub(crate) fn service(namespace: &str, name: &str) -> Fixture {
    let mut service = object("Service", Some(namespace), name);
    service.0["spec"] = json!({"ports": []});
    service
}

/// A Deployment, ReplicaSet, Job, …: anything that owns pods.
pub(crate) fn workload(kind: &str, namespace: &str, name: &str) -> Fixture {
    object(kind, Some(namespace), name)
}

pub(crate) fn policy(namespace: &str, name: &str, spec: Value) -> Fixture {
    let mut policy = object("NetworkPolicy", Some(namespace), name);
    policy.0["spec"] = spec;
    policy
}

/// Isolates every pod of the namespace for ingress.
pub(crate) fn deny(namespace: &str, name: &str) -> Fixture {
    policy(
        namespace,
        name,
        json!({"podSelector": {}, "policyTypes": ["Ingress"]}),
    )
}

/// Isolates every pod of the namespace for egress.
pub(crate) fn deny_egress(namespace: &str, name: &str) -> Fixture {
    policy(
        namespace,
        name,
        json!({"podSelector": {}, "policyTypes": ["Egress"]}),
    )
}

/// An AdminNetworkPolicy that does this with everything that any pod sends to namespace `a`.
pub(crate) fn admin(action: &str) -> Fixture {
    Fixture(json!({
        "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
        "metadata": {"name": "guard"},
        "spec": {
            "priority": 10,
            "subject": {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "a"}}},
            "ingress": [{"action": action, "from": [{"namespaces": {}}]}],
        },
    }))
}

impl Fixture {
    pub(crate) fn label(mut self, key: &str, value: &str) -> Self {
        self.0["metadata"]["labels"][key] = json!(value);
        self
    }

    /// Carries the label of our own gates.
    pub(crate) fn ours(self) -> Self {
        self.label("app.kubernetes.io/managed-by", "drawbridge")
    }

    pub(crate) fn owner(mut self, kind: &str, name: &str) -> Self {
        let owner =
            json!({"apiVersion": "v1", "kind": kind, "name": name, "uid": "u", "controller": true});
        self.0["metadata"]["ownerReferences"] = json!([owner]);
        self
    }

    /// A TCP port; an empty name leaves the name out.
    pub(crate) fn port(self, name: &str, number: u16) -> Self {
        self.port_of("TCP", name, number)
    }

    pub(crate) fn port_of(mut self, protocol: &str, name: &str, number: u16) -> Self {
        let mut port = json!({"protocol": protocol, "containerPort": number});
        if !name.is_empty() {
            port["name"] = json!(name);
        }
        push(&mut self.0["spec"]["containers"][0]["ports"], port);
        self
    }

    pub(crate) fn ip(mut self, ip: &str) -> Self {
        self.0["status"]["podIP"] = json!(ip);
        self
    }

    pub(crate) fn node(mut self, name: &str, ip: &str) -> Self {
        self.0["spec"]["nodeName"] = json!(name);
        self.0["status"]["hostIP"] = json!(ip);
        self
    }

    pub(crate) fn host_network(mut self) -> Self {
        self.0["spec"]["hostNetwork"] = json!(true);
        self
    }

    pub(crate) fn phase(mut self, phase: &str) -> Self {
        self.0["status"]["phase"] = json!(phase);
        self
    }

    pub(crate) fn deleting(mut self) -> Self {
        self.0["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        self
    }

    /// What a workload or a service selects by one more label.
    pub(crate) fn selects(mut self, key: &str, value: &str) -> Self {
        let of_service = self.0["kind"] == "Service";
        let selector = &mut self.0["spec"]["selector"];
        let labels = if of_service {
            selector
        } else {
            &mut selector["matchLabels"]
        };
        labels[key] = json!(value);
        self
    }

    /// A service's port and what it leads to: a number, a name, or null.
    pub(crate) fn leads(mut self, port: u16, target: Value) -> Self {
        let mut entry = json!({"port": port, "name": format!("p{port}")});
        if !target.is_null() {
            entry["targetPort"] = target;
        }
        push(&mut self.0["spec"]["ports"], entry);
        self
    }

    /// Sets one field of the spec.
    pub(crate) fn spec(mut self, field: &str, value: Value) -> Self {
        self.0["spec"][field] = value;
        self
    }
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

impl From<Fixture> for Object {
    fn from(fixture: Fixture) -> Self {
        read_object(fixture.0)
    }
}

/// Reads one object of any kind that a snapshot takes.
pub(crate) fn read_object(value: Value) -> Object {
    fn of<T: serde::de::DeserializeOwned>(value: Value) -> Box<T> {
        Box::new(serde_json::from_value(value).unwrap())
    }
    if let Some((group, _)) = value["apiVersion"].as_str().and_then(|v| v.split_once('/'))
        && ["policy.networking.k8s.io", "cilium.io", "projectcalico.org"].contains(&group)
    {
        return Object::Extension(Box::new(Extension {
            group: group.to_owned(),
            kind: value["kind"].as_str().unwrap().to_owned(),
            metadata: serde_json::from_value(value["metadata"].clone()).unwrap(),
            body: value,
        }));
    }
    // The Kubernetes types insist on their apiVersion; fixtures leave it out.
    let mut value = value;
    let kind = value["kind"].as_str().unwrap().to_owned();
    value["apiVersion"] = match kind.as_str() {
        "NetworkPolicy" => json!("networking.k8s.io/v1"),
        "Job" | "CronJob" => json!("batch/v1"),
        "Namespace" | "Pod" | "Service" => json!("v1"),
        _ => json!("apps/v1"),
    };
    match kind.as_str() {
        "Namespace" => Object::Namespace(of(value)),
        "Pod" => Object::Pod(of(value)),
        "Service" => Object::Service(of(value)),
        "NetworkPolicy" => Object::Policy(of(value)),
        "ReplicaSet" => Object::ReplicaSet(of(value)),
        "Deployment" => Object::Deployment(of(value)),
        "StatefulSet" => Object::StatefulSet(of(value)),
        "DaemonSet" => Object::DaemonSet(of(value)),
        "Job" => Object::Job(of(value)),
        "CronJob" => Object::CronJob(of(value)),
        other => panic!("no fixture of kind {other}"),
    }
}

pub(crate) fn snapshot(objects: impl IntoIterator<Item = Object>) -> Snapshot {
    Snapshot::from_objects(objects)
}

/// A snapshot of fixtures.
pub(crate) fn cluster(fixtures: impl IntoIterator<Item = Fixture>) -> Snapshot {
    snapshot(fixtures.into_iter().map(Object::from))
}

/// An endpoint in its canonical typed form: `ns/name`, `ns/kind/name`, `ns/key=value,…`, an address.
pub(crate) fn endpoint(text: &str) -> Endpoint {
    let address: Option<ipnet::IpNet> = text
        .parse()
        .ok()
        .or_else(|| text.parse::<std::net::IpAddr>().ok().map(Into::into));
    if let Some(address) = address {
        return Endpoint::Address(address);
    }
    let (namespace, rest) = text.split_once('/').unwrap();
    if rest.contains('=') {
        let pairs = rest.split(',').map(|pair| pair.split_once('=').unwrap());
        return Endpoint::Labels {
            namespace: namespace.into(),
            labels: pairs.map(|(k, v)| (k.into(), v.into())).collect(),
        };
    }
    let (kind, name) = match rest.split_once('/') {
        Some((kind, name)) => (Some(kind_of(kind)), name),
        None => (None, rest),
    };
    Endpoint::Named {
        namespace: namespace.into(),
        kind,
        name: name.into(),
    }
}

fn kind_of(text: &str) -> Kind {
    let all = [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::Job,
        Kind::CronJob,
        Kind::Pod,
        Kind::Service,
    ];
    let named = |kind: &Kind| kind.name().eq_ignore_ascii_case(text);
    all.into_iter().find(named).unwrap()
}

/// Ports as typed: `5432,9000-9010,http,53/udp`. Nothing: the target's only port.
pub(crate) fn ports(text: &str) -> Option<Ports> {
    let one = |entry: &str| -> PortAsk {
        let (port, protocol) = match entry.split_once('/') {
            Some((port, protocol)) => (port, Some(protocol_of(protocol))),
            None => (entry, None),
        };
        let number = |text: &str| text.parse::<u16>().ok();
        let range = port
            .split_once('-')
            .and_then(|(a, b)| Some((number(a)?, number(b)?)));
        let port = match (number(port), range) {
            (Some(number), _) => PortRef::Number(number),
            (None, Some((first, last))) => PortRef::Range(first, last),
            (None, None) => {
                return PortAsk {
                    port: PortRef::Name(port.into()),
                    protocol,
                };
            }
        };
        let protocol = Some(protocol.unwrap_or_default());
        PortAsk { port, protocol }
    };
    (!text.is_empty()).then(|| Ports(text.split(',').map(one).collect()))
}

pub(crate) fn protocol_of(text: &str) -> Protocol {
    match text.to_ascii_lowercase().as_str() {
        "udp" => Protocol::Udp,
        "sctp" => Protocol::Sctp,
        _ => Protocol::Tcp,
    }
}

/// Resolves `from to[:ports]`, such as `b/cli a/web :8080`.
pub(crate) fn ask(snapshot: &Snapshot, text: &str) -> Result<Flow, Unresolved> {
    let mut words = text.split_whitespace();
    let (from, to) = (words.next().unwrap(), words.next().unwrap());
    let asked = words.next().map(|word| word.trim_start_matches(':'));
    let asked = ports(asked.unwrap_or_default());
    resolve(snapshot, &endpoint(from), &endpoint(to), asked.as_ref())
}
