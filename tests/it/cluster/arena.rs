//! A place to run a case in: an API server, an administrator and the bot.

use std::sync::Arc;

use chrono::{TimeZone, Utc};
use drawbridge::clock::{Clock, SystemClock, VirtualClock};
use drawbridge::cluster::{Cluster, ObjectRef, SeenObject};
use drawbridge::sim::cluster::SimCluster;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::rbac::v1::RoleBinding;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::proxy::Proxy;

/// The name of a request in these tests.
pub(crate) const REQUEST: &str = "k7m3xa";

/// Runs each case in every arena: simulated in this process (on paused time), simulated over TCP,
/// and real.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod in_process {
            $(#[tokio::test(start_paused = true)]
            async fn $case() {
                super::$case($crate::cluster::arena::Arena::in_process().await).await;
            })*
        }
        mod over_tcp {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::cluster::arena::Arena::over_tcp().await).await;
            })*
        }
        mod real {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::cluster::arena::Arena::real().await).await;
            })*
        }
    };
}
pub(crate) use contract;

/// An API server with one namespace of the test's own, an administrator, and the bot, which in the
/// real arena has its own permissions and no others.
pub(crate) struct Arena {
    pub(crate) namespace: String,
    pub(crate) admin: kube::Client,
    pub(crate) bot: Cluster,
    /// The simulated server; `None` in the real arena.
    pub(crate) sim: Option<SimCluster>,
    /// The kube configuration of the bot, where it is reached over the network.
    pub(crate) config: Option<kube::Config>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Arena {
    /// Simulated, without sockets. The test must run on paused time.
    pub(crate) async fn in_process() -> Self {
        let start = Utc.with_ymd_and_hms(2026, 11, 23, 9, 0, 0).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(start));
        let sim = SimCluster::new(Arc::clone(&clock), 7);
        let admin = kube::Client::new(sim.service(), "default");
        let bot = Cluster::in_process("sim", sim.service(), clock);
        Self::of(admin, bot, Some(sim)).await
    }

    /// Simulated, over TCP and the whole of kube's client.
    pub(crate) async fn over_tcp() -> Self {
        let sim = SimCluster::new(Arc::new(SystemClock), 7);
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        sim.listen(socket, &tracker, &stop);
        let config = kube::Config::new(format!("http://{address}").parse().unwrap());
        let admin = kube::Client::try_from(config.clone()).unwrap();
        let bot = Cluster::connect("sim", &config, Arc::new(SystemClock)).unwrap();
        let mut arena = Self::of(admin, bot, Some(sim)).await;
        (arena.tracker, arena.stop, arena.config) = (tracker, stop, Some(config));
        arena
    }

    /// Real.
    pub(crate) async fn real() -> Self {
        Self::on(KubeServer::shared().await).await
    }

    /// Real, on this server.
    pub(crate) async fn on(server: &KubeServer) -> Self {
        let config = server.config(Who::Bot).await;
        let bot = Cluster::connect("real", &config, Arc::new(SystemClock)).unwrap();
        let mut arena = Self::of(server.client(Who::Admin).await, bot, None).await;
        arena.config = Some(config);
        arena.opt_in(&arena.namespace).await;
        arena
    }

    /// Real, with a proxy between the bot and it.
    pub(crate) async fn linked() -> (Self, Proxy) {
        let server = KubeServer::shared().await;
        let mut config = server.config(Who::Bot).await;
        let authority = config.cluster_url.authority().unwrap().to_string();
        let link = Proxy::before(&authority).await;
        let address = format!("https://{}", link.address());
        config.cluster_url = address.parse().unwrap();
        let bot = Cluster::connect("real", &config, Arc::new(SystemClock)).unwrap();
        let mut arena = Self::of(server.client(Who::Admin).await, bot, None).await;
        arena.config = Some(config);
        arena.opt_in(&arena.namespace).await;
        (arena, link)
    }

    async fn of(admin: kube::Client, bot: Cluster, sim: Option<SimCluster>) -> Self {
        let arena = Self {
            namespace: fresh_namespace(),
            admin,
            bot,
            sim,
            config: None,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let namespace: Namespace =
            serde_json::from_value(json!({"metadata": {"name": arena.namespace}})).unwrap();
        let namespaces: Api<Namespace> = Api::all(arena.admin.clone());
        namespaces
            .create(&PostParams::default(), &namespace)
            .await
            .unwrap();
        arena
    }

    /// Lets the bot open gates in a namespace, as `manifests/opt-in.yaml` does.
    async fn opt_in(&self, namespace: &str) {
        for binding in documents(include_str!("../../../manifests/opt-in.yaml")) {
            let binding: RoleBinding = serde_json::from_value(binding).unwrap();
            let bindings: Api<RoleBinding> = Api::namespaced(self.admin.clone(), namespace);
            bindings
                .create(&PostParams::default(), &binding)
                .await
                .unwrap();
        }
    }

    /// Teaches a real server the kind AdminNetworkPolicy; another test may have done so.
    pub(crate) async fn define_admin_tier(&self) {
        let names = json!({"plural": "adminnetworkpolicies", "singular": "adminnetworkpolicy",
                           "kind": "AdminNetworkPolicy", "listKind": "AdminNetworkPolicyList"});
        let schema = json!({"openAPIV3Schema": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {
                "name": "adminnetworkpolicies.policy.networking.k8s.io",
                "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
            },
            "spec": {
                "group": "policy.networking.k8s.io", "scope": "Cluster", "names": names,
                "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": schema}],
            },
        });
        let definitions: Api<CustomResourceDefinition> = Api::all(self.admin.clone());
        let parameters = PatchParams::apply("test").force();
        let name = "adminnetworkpolicies.policy.networking.k8s.io";
        definitions
            .patch(name, &parameters, &Patch::Apply(&definition))
            .await
            .unwrap();
    }

    /// An AdminNetworkPolicy that denies this arena's namespace to a namespace that is not there. Tried
    /// until the server serves the kind.
    pub(crate) async fn admin_tier(&self, name: &str) {
        let named = |namespace: &str| json!({"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}});
        let policy = json!({
            "apiVersion": "policy.networking.k8s.io/v1alpha1", "kind": "AdminNetworkPolicy",
            "metadata": {"name": name},
            "spec": {
                "priority": 7, "subject": named(&self.namespace),
                "ingress": [{"action": "Deny", "from": [named("nowhere")]}],
            },
        });
        let kind =
            GroupVersionKind::gvk("policy.networking.k8s.io", "v1alpha1", "AdminNetworkPolicy");
        let kind = ApiResource::from_gvk_with_plural(&kind, "adminnetworkpolicies");
        let policies: Api<DynamicObject> = Api::all_with(self.admin.clone(), &kind);
        let parameters = PatchParams::apply("test").force();
        until(async {
            while let Err(error) = policies
                .patch(name, &parameters, &Patch::Apply(&policy))
                .await
            {
                assert!(
                    matches!(&error, kube::Error::Api(s) if s.code == 404),
                    "{error}"
                );
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// The simulated server.
    pub(crate) fn sim(&self) -> &SimCluster {
        self.sim.as_ref().expect("a simulated arena")
    }

    /// Starts the bot's watches and waits until it has seen everything once.
    pub(crate) async fn watched(&self) {
        self.bot.start(&self.tracker, &self.stop);
        let mut changes = self.bot.changes();
        until(async {
            while self.bot.snapshot().is_err() {
                changes.changed().await.unwrap();
            }
        })
        .await;
    }

    /// Waits until the bot's list of its own objects in this namespace satisfies `fits`; before a
    /// sweep could have helped.
    pub(crate) async fn managed(&self, fits: impl Fn(&[SeenObject]) -> bool) {
        until(self.managed_at_last(fits)).await;
    }

    /// The same, for as long as it takes.
    pub(crate) async fn managed_at_last(&self, fits: impl Fn(&[SeenObject]) -> bool) {
        let mut changes = self.bot.changes();
        let found = async {
            loop {
                let all = self.bot.managed_now().into_iter();
                let mine = all.filter(|o| o.at.namespace == self.namespace);
                let mine: Vec<SeenObject> = mine.map(Arc::unwrap_or_clone).collect();
                if fits(&mine) {
                    return;
                }
                changes.changed().await.unwrap();
            }
        };
        let limit = std::time::Duration::from_secs(120);
        tokio::time::timeout(limit, found)
            .await
            .expect("it never came");
    }

    /// The administrator's view of this namespace's policies.
    pub(crate) fn policies(&self) -> Api<NetworkPolicy> {
        Api::namespaced(self.admin.clone(), &self.namespace)
    }

    /// A gate's manifest with all marks.
    pub(crate) fn gate(&self, n: usize) -> Value {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {
                "namespace": self.namespace, "name": format!("drawbridge-{REQUEST}-{n}-abcdefghjk"),
                "labels": {
                    "app.kubernetes.io/managed-by": "drawbridge",
                    "drawbridge.dev/request": REQUEST,
                },
                "annotations": {
                    "drawbridge.dev/expires-at": "2026-11-23T10:00:00Z",
                    "drawbridge.dev/requested-by": "<@U0DANA>",
                    "drawbridge.dev/reason": "INC-42 \"slow\" & späte Abfragen",
                },
            },
            "spec": {
                "podSelector": {"matchLabels": {"app": "db"}},
                "policyTypes": ["Ingress"],
                "ingress": [{
                    "from": [{"podSelector": {"matchLabels": {"app": "web"}}}],
                    "ports": [{"protocol": "TCP", "port": 5432}],
                }],
            },
        })
    }

    /// Where a gate stands, uid unknown.
    pub(crate) fn at(&self, n: usize) -> ObjectRef {
        ObjectRef::of_manifest(&self.gate(n)).unwrap()
    }

    /// What the administrator does with a policy by merge patch.
    pub(crate) async fn edit(&self, name: &str, patch: Value) -> NetworkPolicy {
        let by = PatchParams {
            field_manager: Some("administrator".into()),
            ..PatchParams::default()
        };
        self.policies()
            .patch(name, &by, &Patch::Merge(patch))
            .await
            .unwrap()
    }

    /// The administrator creates a policy of their own.
    pub(crate) async fn foreign(&self, name: &str) -> NetworkPolicy {
        let policy = serde_json::from_value(json!({
            "metadata": {"name": name}, "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }));
        self.policies()
            .create(&PostParams::default(), &policy.unwrap())
            .await
            .unwrap()
    }

    /// The administrator takes over an object by server-side apply; the refusal's words, or nothing.
    pub(crate) async fn admin_applies(&self, manifest: &Value) -> String {
        let object: DynamicObject = serde_json::from_value(manifest.clone()).unwrap();
        let types = object.types.clone().unwrap();
        let kind = ApiResource::from_gvk(&GroupVersionKind::try_from(&types).unwrap());
        let objects: Api<DynamicObject> =
            Api::namespaced_with(self.admin.clone(), &self.namespace, &kind);
        let name = object.metadata.name.clone().unwrap();
        let by = PatchParams::apply("administrator").force();
        let done = objects.patch(&name, &by, &Patch::Apply(&object)).await;
        match done {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    /// The administrator deletes a policy.
    pub(crate) async fn remove(&self, name: &str) {
        self.policies()
            .delete(name, &DeleteParams::default())
            .await
            .unwrap();
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Waits for something that must come, and sooner than the next sweep: a bound for what is broken,
/// not a pace.
pub(crate) async fn until<T>(done: impl Future<Output = T>) -> T {
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, done)
        .await
        .expect("it never came")
}

/// A namespace that no other test uses.
fn fresh_namespace() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};

    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
