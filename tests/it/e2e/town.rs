//! A small town in a real API server: two namespaces, their workloads and policies, and the bot's
//! account. A bare API server runs no controllers, so pods are made by hand and said to run.

use std::collections::BTreeMap;

use futures::future::join_all;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};

use super::gates::Gate;
use crate::servers::kube::documents;

/// What is listed to tell whether a cluster is as it was: everything the town is made of.
const KINDS: [(&str, &str); 7] = [
    ("v1", "Pod"),
    ("v1", "Service"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
];

/// Uid, spec, labels and annotations of every object, by kind and name.
pub(crate) type Inventory = BTreeMap<String, Value>;

/// The town, as its administrator has it.
#[derive(Clone)]
pub(crate) struct Town {
    pub(crate) admin: kube::Client,
    pub(crate) name: String,
    /// The bot's ServiceAccount in the namespace `drawbridge`: the town's own, or the installed one.
    pub(crate) account: String,
    /// Closed towards others: its pods may talk among themselves and to DNS.
    pub(crate) shop: String,
    /// Closed from others: only its own API may ask its database.
    pub(crate) orders: String,
}

impl Town {
    /// Builds the town `name` with everything in it.
    pub(crate) async fn build(admin: kube::Client, name: &str) -> Self {
        let (shop, orders) = (format!("{name}-shop"), format!("{name}-orders"));
        let town = Self {
            admin,
            name: name.to_owned(),
            account: name.to_owned(),
            shop,
            orders,
        };
        town.built().await
    }

    /// The town that pages speak of, which nobody let the bot into yet.
    pub(crate) async fn of_the_pages(admin: kube::Client) -> Self {
        let town = Self {
            admin,
            name: "pages".to_owned(),
            account: "drawbridge".to_owned(),
            shop: "shop".to_owned(),
            orders: "orders".to_owned(),
        };
        town.built().await
    }

    async fn built(self) -> Self {
        let town = self;
        for namespace in [&town.shop, &town.orders] {
            town.put(json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace, "labels": {"team": namespace}},
            }))
            .await;
        }
        join_all(town.policies().map(|policy| town.put(policy))).await;
        tokio::join!(
            town.workload("Deployment", (&town.shop, "web"), 8080, 2),
            town.workload("Deployment", (&town.shop, "cart"), 8080, 1),
            town.workload("StatefulSet", (&town.orders, "db"), 5432, 1),
            town.workload("Deployment", (&town.orders, "api"), 8080, 1),
        );
        town.put(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "db", "namespace": town.orders},
            "spec": {"selector": {"app": "db"}, "ports": [{"port": 5432, "targetPort": 5432}]},
        }))
        .await;
        town
    }

    fn policies(&self) -> [Value; 3] {
        let policy = |namespace: &str, name: &str, spec: Value| {
            json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": name, "namespace": namespace}, "spec": spec,
            })
        };
        let api_only = json!({
            "podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"],
            "ingress": [{
                "from": [{"podSelector": {"matchLabels": {"app": "api"}}}],
                "ports": [{"protocol": "TCP", "port": 5432}],
            }],
        });
        let inside_only = json!({
            "podSelector": {}, "policyTypes": ["Egress"],
            "egress": [{"to": [{"podSelector": {}}]}],
        });
        let closed = json!({"podSelector": {}, "policyTypes": ["Ingress"]});
        [
            policy(&self.orders, "closed", closed),
            policy(&self.orders, "db-for-api", api_only),
            policy(&self.shop, "inside-only", inside_only),
        ]
    }

    /// A workload (namespace and name), its pods, and what stands between them.
    async fn workload(&self, kind: &str, at: (&str, &str), port: u16, pods: usize) {
        let (namespace, name) = at;
        let labels = json!({"app": name});
        let pod = json!({
            "containers": [{"name": name, "image": name, "ports": [{"containerPort": port}]}],
        });
        let spec = json!({
            "replicas": pods, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        });
        let object = |kind: &str, name: &str| {
            json!({
                "apiVersion": "apps/v1", "kind": kind, "spec": spec,
                "metadata": {"name": name, "namespace": namespace, "labels": labels},
            })
        };
        let mut owner = self.put(object(kind, name)).await;
        if kind == "Deployment" {
            let mut set = object("ReplicaSet", &format!("{name}-5d8f7"));
            set["metadata"]["ownerReferences"] = json!([owned_by(&owner)]);
            owner = self.put(set).await;
        }
        join_all((0..pods).map(|n| self.pod(&owner, n, &labels, &pod))).await;
    }

    async fn pod(&self, owner: &Value, n: usize, labels: &Value, spec: &Value) {
        self.runs(owner, &n.to_string(), labels, spec).await;
    }

    /// Makes a pod of this owner, its name ending in `suffix`, and says that it runs. Returns it.
    pub(crate) async fn runs(
        &self,
        owner: &Value,
        suffix: &str,
        labels: &Value,
        spec: &Value,
    ) -> Value {
        let namespace = owner["metadata"]["namespace"].as_str().unwrap();
        let name = format!("{}-{suffix}", owner["metadata"]["name"].as_str().unwrap());
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "spec": spec,
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels,
                "ownerReferences": [owned_by(owner)],
            },
        });
        let pod = self.put(pod).await;
        // What a kubelet says of a pod that runs. The address only has to be one.
        let last: usize = suffix.bytes().map(usize::from).sum();
        let address = format!(
            "10.1.{}.{}",
            namespace.len(),
            (10 * name.len() + last) % 250
        );
        let status = json!({"status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}],
        }});
        let pods: Api<Pod> = Api::namespaced(self.admin.clone(), namespace);
        let said = pods
            .patch_status(&name, &PatchParams::default(), &Patch::Merge(status))
            .await;
        said.unwrap();
        pod
    }

    /// Creates an object and returns it as the server has it.
    pub(crate) async fn put(&self, object: Value) -> Value {
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let types = object.types.clone().unwrap();
        let namespace = object.metadata.namespace.clone();
        let api = self.kind(&types.api_version, &types.kind, namespace.as_deref());
        let made = api.create(&PostParams::default(), &object).await;
        let made = made.unwrap_or_else(|error| panic!("{object:?}: {error}"));
        serde_json::to_value(made).unwrap()
    }

    fn kind(&self, version: &str, kind: &str, namespace: Option<&str>) -> Api<DynamicObject> {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
        match namespace {
            Some(namespace) => Api::namespaced_with(self.admin.clone(), namespace, &kind),
            None => Api::all_with(self.admin.clone(), &kind),
        }
    }

    /// Removes an object as somebody with every right would.
    pub(crate) async fn remove(&self, version: &str, kind: &str, namespace: &str, name: &str) {
        let at_once = DeleteParams::default().grace_period(0);
        let api = self.kind(version, kind, Some(namespace));
        api.delete(name, &at_once).await.unwrap();
    }

    /// The same for what is in no namespace.
    pub(crate) async fn remove_everywhere(&self, version: &str, kind: &str, name: &str) {
        let api = self.kind(version, kind, None);
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }

    /// Changes an annotation of one of our objects, as somebody with every right can.
    pub(crate) async fn annotate(&self, gate: &Gate, name: &str, value: &str) {
        let api = self.kind(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            Some(&gate.namespace),
        );
        let patch = Patch::Merge(json!({"metadata": {"annotations": {name: value}}}));
        api.patch(&gate.name, &PatchParams::default(), &patch)
            .await
            .unwrap();
    }

    /// Everything in the town.
    pub(crate) async fn inventory(&self) -> Inventory {
        let mut all = Inventory::new();
        for namespace in [&self.shop, &self.orders] {
            for (version, kind) in KINDS {
                let api = self.kind(version, kind, Some(namespace));
                for object in api.list(&ListParams::default()).await.unwrap() {
                    let meta = &object.metadata;
                    let name = meta.name.as_deref().unwrap();
                    let kept = json!({
                        "uid": meta.uid, "labels": meta.labels, "annotations": meta.annotations,
                        "spec": object.data["spec"],
                    });
                    all.insert(format!("{namespace}/{kind}/{name}"), kept);
                }
            }
        }
        all
    }

    /// Makes the bot's account: the shipped roles for reading and for asking whose a token is, and the
    /// shipped one for opening in the town's namespaces alone. Returns its token.
    pub(crate) async fn token(&self) -> String {
        if self.account == self.name {
            self.put(json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": {"name": self.account, "namespace": "drawbridge"},
            }))
            .await;
            tokio::join!(
                self.binds("drawbridge-read"),
                self.binds("drawbridge-tokenreview")
            );
        }
        tokio::join!(self.opt_in(&self.shop), self.opt_in(&self.orders));
        self.token_of_account().await
    }

    /// A token of the bot's account, which is there.
    pub(crate) async fn token_of_account(&self) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.admin.clone(), "drawbridge");
        let (parameters, any) = (PostParams::default(), TokenRequest::default());
        let made = accounts
            .create_token_request(&self.account, &parameters, &any)
            .await;
        made.unwrap().status.unwrap().token.unwrap()
    }

    /// Gives the bot a shipped role for the whole cluster.
    async fn binds(&self, role: &str) {
        self.put(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": {"name": format!("{}-{role}", self.name)},
            "subjects": [self.bot()],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        }))
        .await;
    }

    /// The bot's account, as bindings name it.
    pub(crate) fn bot(&self) -> Value {
        json!({"kind": "ServiceAccount", "name": self.account, "namespace": "drawbridge"})
    }

    /// Lets the bot open and close gates in a namespace.
    pub(crate) async fn opt_in(&self, namespace: &str) {
        for mut binding in documents(include_str!("../../../manifests/opt-in.yaml")) {
            binding["metadata"]["namespace"] = json!(namespace);
            binding["subjects"] = json!([self.bot()]);
            self.put(binding).await;
        }
    }

    /// Whether the API server lets the bot open gates in a namespace.
    pub(crate) async fn may_open(&self, namespace: &str) -> bool {
        let question = json!({"spec": {
            "user": format!("system:serviceaccount:drawbridge:{}", self.account),
            "resourceAttributes": {
                "group": "networking.k8s.io", "resource": "networkpolicies", "verb": "create",
                "namespace": namespace,
            },
        }});
        let question: SubjectAccessReview = serde_json::from_value(question).unwrap();
        let reviews: Api<SubjectAccessReview> = Api::all(self.admin.clone());
        let answer = reviews.create(&PostParams::default(), &question).await;
        answer.unwrap().status.unwrap().allowed
    }
}

fn owned_by(owner: &Value) -> Value {
    json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": true,
        "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"],
    })
}
