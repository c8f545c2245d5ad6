//! Populating a cluster, as its people do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::SimCluster;
use super::kinds::Kind;
use super::reply::Reply;
use super::route::{Call, Verb};
use super::world::{Key, meta};

/// Who puts things into the cluster here, to server-side apply.
const MANAGER: &str = "kubectl";

/// A Deployment to be: its pods run at once.
#[derive(Debug, Clone)]
pub struct Workload {
    namespace: String,
    name: String,
    labels: BTreeMap<String, String>,
    replicas: usize,
    ports: Vec<Value>,
}

impl Workload {
    /// `namespace/name`, one replica, labelled `app=<name>`, without ports.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            labels: BTreeMap::from([("app".to_owned(), name.to_owned())]),
            replicas: 1,
            ports: Vec::new(),
        }
    }

    /// How many pods.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// One more label; also of its selector.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// One more container port; an empty name: none.
    #[must_use]
    pub fn port(mut self, name: &str, number: u16, protocol: &str) -> Self {
        let mut port = json!({"containerPort": number, "protocol": protocol});
        if !name.is_empty() {
            super::fields::set(&mut port, &["name".to_owned()], json!(name));
        }
        self.ports.push(port);
        self
    }

    fn pod_spec(&self) -> Value {
        json!({"containers": [{"name": self.name, "image": "registry.example/app", "ports": self.ports}]})
    }

    fn deployment(&self) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": self.namespace, "name": self.name, "labels": self.labels},
            "spec": {
                "replicas": self.replicas,
                "selector": {"matchLabels": self.labels},
                "template": {"metadata": {"labels": self.labels}, "spec": self.pod_spec()},
            },
        })
    }
}

impl SimCluster {
    /// Creates an object or replaces it whole, as an administrator may; answers what is stored.
    ///
    /// # Errors
    /// The API server's refusal.
    pub fn put(&self, object: Value) -> Result<Value, Reply> {
        let kind = Kind::of(&object).ok_or_else(Reply::not_served)?;
        let name = meta(&object, "name").to_owned();
        let namespace = kind
            .namespaced
            .then(|| meta(&object, "namespace").to_owned());
        let key = Key {
            plural: kind.plural,
            namespace: namespace.clone().unwrap_or_default(),
            name: name.clone(),
        };
        let exists = self.with(|world| world.objects.contains_key(&key));
        let (verb, name) = if exists {
            (Verb::Update, name)
        } else {
            (Verb::Create, String::new())
        };
        let strict = [("fieldManager", MANAGER), ("fieldValidation", "Strict")];
        let query = strict.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let call = Call {
            verb,
            kind,
            namespace,
            name,
            query,
        };
        self.write_value(&call, object).map(|reply| reply.body)
    }

    /// Removes an object at once, whatever holds it; a namespace takes its objects with it.
    /// `false`: it was not there.
    pub fn remove(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let Some(kind) = super::kinds::KINDS.iter().find(|k| k.name == kind) else {
            return false;
        };
        let key = Key {
            plural: kind.plural,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.change(|world| {
            let was = world.objects.contains_key(&key);
            world.remove(&key);
            was
        })
    }

    /// A namespace with labels.
    ///
    /// # Errors
    /// As [`SimCluster::put`].
    pub fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<Value, Reply> {
        let labels: BTreeMap<_, _> = labels.iter().copied().collect();
        self.put(json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": labels}, "status": {"phase": "Active"},
        }))
    }

    /// A NetworkPolicy.
    ///
    /// # Errors
    /// As [`SimCluster::put`].
    pub fn policy(&self, namespace: &str, name: &str, spec: &Value) -> Result<Value, Reply> {
        self.put(json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"namespace": namespace, "name": name}, "spec": spec,
        }))
    }

    /// A Service in front of pods: name, port and target port (number or name), TCP.
    ///
    /// # Errors
    /// As [`SimCluster::put`].
    pub fn service_for(
        &self,
        workload: &Workload,
        port: u16,
        target: &Value,
    ) -> Result<Value, Reply> {
        self.put(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"namespace": workload.namespace, "name": workload.name},
            "spec": {
                "selector": workload.labels,
                "ports": [{"port": port, "targetPort": target, "protocol": "TCP"}],
            },
        }))
    }

    /// A Deployment with its ReplicaSet and running pods. Again with another number of replicas, it
    /// scales; pods that stay keep name and address.
    ///
    /// # Errors
    /// As [`SimCluster::put`].
    pub fn deploy(&self, workload: &Workload) -> Result<(), Reply> {
        let deployment = self.put(workload.deployment())?;
        let hash = pod_hash(&workload.name);
        let mut labels = workload.labels.clone();
        labels.insert("pod-template-hash".to_owned(), hash.clone());
        let set_name = format!("{}-{hash}", workload.name);
        let set = self.put(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "namespace": workload.namespace, "name": set_name, "labels": labels,
                "ownerReferences": [owner(&deployment)],
            },
            "spec": {
                "replicas": workload.replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": workload.pod_spec()},
            },
        }))?;
        for n in 0..workload.replicas {
            let name = format!("{set_name}-{n}");
            self.pod(
                &workload.namespace,
                &name,
                &labels,
                (workload.pod_spec(), Some(&set)),
            )?;
        }
        let surplus = (workload.replicas..).map(|n| format!("{set_name}-{n}"));
        for name in surplus {
            if !self.remove("Pod", &workload.namespace, &name) {
                break;
            }
        }
        Ok(())
    }

    fn pod(
        &self,
        namespace: &str,
        name: &str,
        labels: &BTreeMap<String, String>,
        (spec, set): (Value, Option<&Value>),
    ) -> Result<Value, Reply> {
        let owners: Vec<Value> = set.into_iter().map(owner).collect();
        let address = address_of(&format!("{namespace}/{name}"));
        self.put(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "namespace": namespace, "name": name, "labels": labels, "ownerReferences": owners,
            },
            "spec": spec,
            "status": {
                "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }))
    }
}

fn owner(object: &Value) -> Value {
    json!({
        "apiVersion": object.get("apiVersion"), "kind": object.get("kind"),
        "name": meta(object, "name"), "uid": meta(object, "uid"), "controller": true,
    })
}

/// Ten letters from a name, as a Deployment's template hash looks.
fn pod_hash(name: &str) -> String {
    use sha2::{Digest, Sha256};

    let letters = crate::id::ALPHABET;
    let pick = |byte: &u8| {
        letters
            .get(usize::from(*byte) % letters.len())
            .copied()
            .unwrap_or(b'a')
    };
    Sha256::digest(name.as_bytes())
        .iter()
        .take(10)
        .map(pick)
        .map(char::from)
        .collect()
}

/// A pod address in 10.0.0.0/8 that depends on nothing but the pod's name.
fn address_of(pod: &str) -> String {
    use sha2::{Digest, Sha256};

    let digest = Sha256::digest(pod.as_bytes());
    let part = |n: usize| digest.get(n).copied().unwrap_or(1);
    format!("10.{}.{}.{}", part(0), part(1), part(2))
}
