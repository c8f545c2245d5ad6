//! What an attacker with the installed account's token would try on a real API server: each act is refused,
//! by RBAC or by the admission policies, and changes nothing. The account can do its own work afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{SecondsFormat, TimeDelta};
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::cluster::{Cluster, ObjectRef};
use http::{Method, Request};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use super::arena::until;
use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::kubectl::{apply, rendered};

/// What refuses, and with which words.
#[derive(Debug, Clone, Copy)]
enum By {
    /// RBAC, for this verb.
    Rbac(&'static str),
    /// An admission policy.
    Policy(&'static str),
}

/// One request.
struct Act {
    name: &'static str,
    method: Method,
    path: String,
    body: Value,
    headers: &'static [(&'static str, &'static str)],
    by: By,
}

fn act(name: &'static str, method: Method, path: &str, by: By) -> Act {
    Act {
        name,
        method,
        path: path.to_owned(),
        body: Value::Null,
        headers: &[],
        by,
    }
}

impl Act {
    fn with(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// A whole object is applied; a part of one is merged.
    const fn kind_of_body(&self, whole: bool) -> &'static str {
        match (&self.method, whole) {
            (&Method::PATCH, true) => "application/apply-patch+yaml",
            (&Method::PATCH, false) => "application/merge-patch+json",
            _ => "application/json",
        }
    }

    /// Does it; what the server says in refusing.
    async fn tried(&self, client: &kube::Client) -> Result<String, kube::Error> {
        let whole = self.body.get("apiVersion").is_some();
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .header("content-type", self.kind_of_body(whole));
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        let body = match &self.body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        client.request_text(request.body(body).unwrap()).await
    }

    /// Whether the answer is the refusal that must come; else what it is.
    fn judge(&self, answer: &Result<String, kube::Error>) -> Result<(), String> {
        let name = self.name;
        let status = match answer {
            Err(kube::Error::Api(status)) => status,
            Err(error) => return Err(format!("{name}: no answer: {error}")),
            Ok(_) => return Err(format!("{name}: it was done")),
        };
        let told = &status.message;
        let fits = match self.by {
            // For an impersonation some servers name what it was for.
            By::Rbac(verb) => [" resource ", "-on:"]
                .iter()
                .any(|then| told.contains(&format!("cannot {verb}{then}"))),
            By::Policy(words) => told.contains(" denied request: ") && told.contains(words),
        };
        (status.code == 403 && fits)
            .then_some(())
            .ok_or_else(|| format!("{name}: refused otherwise: {} {told}", status.code))
    }
}

const POLICIES: &str = "/apis/networking.k8s.io/v1/namespaces";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

/// The name of the `n`th object of the request of these tests.
fn gate_name(n: usize) -> String {
    format!("drawbridge-k7m3xa-{n}-abcdefghjk")
}

/// Where it is applied.
fn gate_path(namespace: &str, name: &str) -> String {
    format!("{POLICIES}/{namespace}/networkpolicies/{name}?fieldManager=drawbridge&force=true")
}

/// So long from now.
fn end(after: TimeDelta) -> String {
    (SystemClock.now() + after).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A gate as the policies take it.
fn gate(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {
            "namespace": namespace, "name": name,
            "labels": {
                "app.kubernetes.io/managed-by": "drawbridge",
                "drawbridge.dev/request": "k7m3xa",
            },
            "annotations": {
                "drawbridge.dev/expires-at": end(TimeDelta::hours(1)),
                "drawbridge.dev/requested-by": "U0DANA",
                "drawbridge.dev/approved-by": "U0LEE",
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

/// Applies a gate of its own to `orders`, with this part of it other than it should be.
fn opens(name: &'static str, pointer: &str, part: Value, says: &'static str) -> Act {
    let mut body = gate("orders", &gate_name(9));
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/");
    body.pointer_mut(parent).unwrap()[last] = part;
    let path = gate_path("orders", &gate_name(9));
    act(name, Method::PATCH, &path, By::Policy(says)).with(body)
}

/// Reading what it has no business with.
fn looks() -> Vec<Act> {
    let admin = &[
        ("Impersonate-User", "admin"),
        ("Impersonate-Group", "system:masters"),
    ];
    let get = |name, path: &str| act(name, Method::GET, path, By::Rbac("get"));
    let list = |name, path: &str| act(name, Method::GET, path, By::Rbac("list"));
    vec![
        get("read a Secret", "/api/v1/namespaces/orders/secrets/db"),
        list("list all Secrets", "/api/v1/secrets"),
        get(
            "read the bot's own Secret",
            "/api/v1/namespaces/drawbridge/secrets/drawbridge-slack",
        ),
        list("list ConfigMaps", "/api/v1/namespaces/orders/configmaps"),
        list("list nodes", "/api/v1/nodes"),
        get("read a pod's log", "/api/v1/namespaces/orders/pods/web/log"),
        list(
            "look at the policies",
            &format!("{ADMISSION}/validatingadmissionpolicies"),
        ),
        Act {
            headers: admin,
            ..act(
                "be an administrator",
                Method::GET,
                "/api/v1/secrets",
                By::Rbac("impersonate"),
            )
        },
    ]
}

/// Running something, and changing what runs.
fn runs() -> Vec<Act> {
    let pod = "/api/v1/namespaces/orders/pods/web";
    let accounts = "/api/v1/namespaces/orders/serviceaccounts";
    let rules = "/api/v1/namespaces/drawbridge/configmaps/drawbridge-rules";
    let post = |name, path: &str| act(name, Method::POST, path, By::Rbac("create"));
    let patch = |name, path: &str| act(name, Method::PATCH, path, By::Rbac("patch"));
    let delete = |name, path: &str| act(name, Method::DELETE, path, By::Rbac("delete"));
    vec![
        post("run a pod", "/api/v1/namespaces/orders/pods").with(web()),
        post(
            "run a command in a pod",
            &format!("{pod}/exec?command=sh&stdout=true"),
        ),
        post("forward a port", &format!("{pod}/portforward?ports=5432")),
        patch(
            "add a container to a pod",
            &format!("{pod}/ephemeralcontainers"),
        )
        .with(json!({"spec": {"ephemeralContainers": [{"name": "x", "image": "x"}]}})),
        delete("delete a pod", pod),
        post(
            "make a token of another account",
            &format!("{accounts}/default/token"),
        )
        .with(
            json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}),
        ),
        patch(
            "change a Deployment",
            "/apis/apps/v1/namespaces/orders/deployments/web",
        )
        .with(json!({"spec": {"replicas": 0}})),
        patch("change its own rules", rules)
            .with(json!({"data": {"all.yaml": "kind: AccessRule"}})),
        delete("delete a namespace", "/api/v1/namespaces/orders"),
    ]
}

/// Giving itself more.
fn grows() -> Vec<Act> {
    let itself =
        json!([{"kind": "ServiceAccount", "name": "drawbridge", "namespace": "drawbridge"}]);
    let binding = |kind: &str, role: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "more"},
            "subjects": itself,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        })
    };
    let post = |name, path: &str| act(name, Method::POST, path, By::Rbac("create"));
    let delete = |name, path: &str| act(name, Method::DELETE, path, By::Rbac("delete"));
    let everything = json!({"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]});
    vec![
        post(
            "let itself into a namespace",
            &format!("{ROLES}/namespaces/vault/rolebindings"),
        )
        .with(binding("RoleBinding", "drawbridge-grant")),
        post(
            "make itself administrator",
            &format!("{ROLES}/clusterrolebindings"),
        )
        .with(binding("ClusterRoleBinding", "cluster-admin")),
        act(
            "widen its role",
            Method::PATCH,
            &format!("{ROLES}/clusterroles/drawbridge-grant"),
            By::Rbac("patch"),
        )
        .with(everything),
        delete(
            "take a policy away",
            &format!("{ADMISSION}/validatingadmissionpolicies/drawbridge-gate"),
        ),
        delete(
            "take a policy out of force",
            &format!("{ADMISSION}/validatingadmissionpolicybindings/drawbridge-gate"),
        ),
    ]
}

/// With what belongs to others, and where it may not.
fn trespasses() -> Vec<Act> {
    let all = format!("{POLICIES}/orders/networkpolicies");
    let of_ours = |namespace, name: &str, by| {
        act("", Method::PATCH, &gate_path(namespace, name), by).with(gate(namespace, name))
    };
    let not_ours = By::Policy("the object that is there is not Drawbridge's");
    vec![
        Act {
            name: "open in a namespace that did not opt in",
            ..of_ours("vault", &gate_name(9), By::Rbac("patch"))
        },
        Act {
            name: "open in kube-system although a binding is there",
            ..of_ours(
                "kube-system",
                &gate_name(9),
                By::Policy("no gates in the protected namespace kube-system"),
            )
        },
        Act {
            name: "take over somebody's policy",
            ..of_ours("orders", "theirs", not_ours)
        },
        act(
            "delete somebody's policy",
            Method::DELETE,
            &format!("{all}/theirs"),
            not_ours,
        ),
        act(
            "delete all policies",
            Method::DELETE,
            &all,
            By::Rbac("deletecollection"),
        ),
        act(
            "replace a gate",
            Method::PUT,
            &format!("{all}/{}", gate_name(1)),
            By::Rbac("update"),
        )
        .with(gate("orders", &gate_name(1))),
    ]
}

/// With gates, where it may open some.
fn oversteps() -> Vec<Act> {
    let ours = gate_path("orders", &gate_name(1));
    let internet = json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]);
    let ends = "/metadata/annotations/drawbridge.dev~1expires-at";
    let owner = json!([{"apiVersion": "v1", "kind": "Pod", "name": "web", "uid": "1"}]);
    let mut other = gate("orders", &gate_name(1));
    other["spec"]["ingress"][0]["ports"][0]["port"] = json!(22);
    let label = json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": null}}});
    let changes = |name, says, body| act(name, Method::PATCH, &ours, By::Policy(says)).with(body);
    vec![
        opens(
            "open to everybody",
            "/spec/ingress/0/from",
            internet,
            "is too wide",
        ),
        opens("open for ever", ends, json!(""), "must be RFC 3339"),
        opens(
            "open for longer than a day",
            ends,
            json!(end(TimeDelta::hours(25))),
            "must be within 24h",
        ),
        opens(
            "select every pod",
            "/spec/podSelector",
            json!({}),
            "must name a label",
        ),
        opens(
            "open all ports",
            "/spec/ingress/0/ports",
            json!([]),
            "each rule peers and ports",
        ),
        opens(
            "keep a gate from closing",
            "/metadata/finalizers",
            json!(["example.org/never"]),
            "finalizers keep a gate from closing",
        ),
        opens(
            "give a gate an owner",
            "/metadata/ownerReferences",
            owner,
            "a gate has no owners",
        ),
        changes("change what was approved", "stays as it is", other),
        Act {
            path: ours.replace("&force=true", ""),
            ..changes(
                "take the label off a gate",
                "a gate carries the label",
                label,
            )
        },
    ]
}

/// What the reaper's account would be tried with.
fn of_the_reaper() -> Vec<Act> {
    let all = format!("{POLICIES}/orders/networkpolicies");
    let ours = format!("{all}/{}", gate_name(1));
    let words = "the reaper deletes objects labelled";
    let delete = |name, path: &str, by| act(name, Method::DELETE, path, by);
    vec![
        act(
            "read a Secret",
            Method::GET,
            "/api/v1/namespaces/orders/secrets/db",
            By::Rbac("get"),
        ),
        act("list pods", Method::GET, "/api/v1/pods", By::Rbac("list")),
        act("read one gate", Method::GET, &ours, By::Rbac("get")),
        act(
            "open",
            Method::PATCH,
            &gate_path("orders", &gate_name(9)),
            By::Rbac("patch"),
        )
        .with(gate("orders", &gate_name(9))),
        act("move an end", Method::PATCH, &ours, By::Rbac("patch"))
            .with(json!({"metadata": {"annotations": {"drawbridge.dev/expires-at": null}}})),
        delete("delete all policies", &all, By::Rbac("deletecollection")),
        delete(
            "delete somebody's policy",
            &format!("{all}/theirs"),
            By::Policy(words),
        ),
    ]
}

/// A pod.
fn web() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "orders"},
        "spec": {"containers": [{"name": "web", "image": "web"}]},
    })
}

/// Everything as installed, and what others have beside it.
async fn server() -> KubeServer {
    let server = KubeServer::start().await;
    for folder in ["manifests/base", "manifests/components/reaper-cronjob"] {
        let manifests = match folder.ends_with("base") {
            true => rendered(folder),
            false => [REAPER_ACCESS, REAPER_ADMISSION].join("\n---\n"),
        };
        // `manifests/rbac.yaml` was applied by somebody else.
        let output = apply(&server, &["--force-conflicts"], &manifests);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{folder}: {told}");
    }
    let secret = |namespace: &str, name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}});
    let mut theirs = vec![secret("drawbridge", "drawbridge-slack")];
    for namespace in ["orders", "vault"] {
        theirs.push(
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
        );
    }
    theirs.extend([
        secret("orders", "db"),
        web(),
        json!({"apiVersion": "v1", "kind": "ServiceAccount",
               "metadata": {"name": "default", "namespace": "orders"}}),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "orders"},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web"}]},
                },
            },
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "theirs", "namespace": "orders"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        }),
    ]);
    // The second is what an administrator was talked into.
    for namespace in ["orders", "kube-system"] {
        for mut binding in documents(include_str!("../../../manifests/opt-in.yaml")) {
            binding["metadata"]["namespace"] = json!(namespace);
            theirs.push(binding);
        }
    }
    let texts: Vec<String> = theirs.iter().map(Value::to_string).collect();
    server.apply(&texts.join("\n---\n")).await;
    server
}

const REAPER_ACCESS: &str =
    include_str!("../../../manifests/components/reaper-cronjob/access.yaml");
const REAPER_ADMISSION: &str =
    include_str!("../../../manifests/components/reaper-cronjob/admission.yaml");

/// As one of the installed accounts, with a token of its own.
async fn account(server: &KubeServer, name: &str) -> kube::Config {
    let admin = server.client(Who::Admin).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(admin, "drawbridge");
    let (by, any) = (PostParams::default(), TokenRequest::default());
    let made = accounts.create_token_request(name, &by, &any).await;
    let token = made.unwrap().status.unwrap().token.unwrap();
    let mut config = server.config(Who::Admin).await;
    config.auth_info.token = Some(token.into());
    config
}

/// Versions of everything that could have been changed.
async fn inventory(admin: &kube::Client) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for kind in [
        "/api/v1/namespaces",
        "/api/v1/secrets",
        "/api/v1/pods",
        "/api/v1/serviceaccounts",
        "/api/v1/namespaces/drawbridge/configmaps",
        "/apis/apps/v1/deployments",
        "/apis/networking.k8s.io/v1/networkpolicies",
        "/apis/rbac.authorization.k8s.io/v1/rolebindings",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    ] {
        let request = Request::get(kind).body(Vec::new()).unwrap();
        let text = admin.request_text(request).await.unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        for item in list["items"].as_array().unwrap() {
            let meta = &item["metadata"];
            let key = format!("{kind} {} {}", meta["namespace"], meta["name"]);
            all.insert(key, meta["resourceVersion"].clone());
        }
    }
    all
}

/// Opens two gates as the bot.
async fn opened(bot: &kube::Client) {
    for name in [gate_name(1), gate_name(2)] {
        let path = gate_path("orders", &name);
        let opens = act("open", Method::PATCH, &path, By::Rbac("patch"));
        let opens = opens.with(gate("orders", &name));
        // The binding that lets it is known to the server a moment after it is there.
        until(async {
            while let Err(error) = opens.tried(bot).await {
                let known = matches!(&error, kube::Error::Api(status) if status.code == 403);
                assert!(known, "{error}");
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

/// Waits until a policy is in force: it is a moment after it is there. In a dry run, so that nothing is done
/// before.
async fn in_force(act: &Act, client: &kube::Client) {
    let joint = if act.path.contains('?') { '&' } else { '?' };
    let dry = Act {
        path: format!("{}{joint}dryRun=All", act.path),
        body: act.body.clone(),
        method: act.method.clone(),
        ..*act
    };
    until(async {
        while dry.judge(&dry.tried(client).await).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Tries all; those that went otherwise.
async fn wrong(acts: &[Act], client: &kube::Client) -> Vec<String> {
    let mut wrong = Vec::new();
    for act in acts {
        wrong.extend(act.judge(&act.tried(client).await).err());
    }
    wrong
}

#[tokio::test]
async fn what_the_accounts_must_not_do_is_refused_and_changes_nothing() {
    let server = server().await;
    let admin = server.client(Who::Admin).await;
    let config = account(&server, "drawbridge").await;
    let bot = kube::Client::try_from(config.clone()).unwrap();
    let reapers = account(&server, "drawbridge-reaper").await;
    let reaper = kube::Client::try_from(reapers).unwrap();
    let acts: Vec<Act> = [looks(), runs(), grows(), trespasses(), oversteps()]
        .into_iter()
        .flatten()
        .collect();
    assert!(acts.len() >= 25, "{}", acts.len());
    let late = of_the_reaper();
    opened(&bot).await;
    in_force(acts.last().unwrap(), &bot).await;
    in_force(late.last().unwrap(), &reaper).await;
    let before = inventory(&admin).await;
    let mut found = wrong(&acts, &bot).await;
    found.extend(wrong(&late, &reaper).await);
    assert_eq!(found, [""; 0], "{}", found.join("\n"));
    assert_eq!(inventory(&admin).await, before);
    // Both can do their work all the same.
    let cluster = Cluster::connect("forbidden", &config, Arc::new(SystemClock)).unwrap();
    let first = ObjectRef::of_manifest(&gate("orders", &gate_name(1))).unwrap();
    cluster.withdraw(&first).await.unwrap();
    let second = format!("{POLICIES}/orders/networkpolicies/{}", gate_name(2));
    let closes = act("close a gate", Method::DELETE, &second, By::Rbac("delete"));
    closes.tried(&reaper).await.unwrap();
    let left = inventory(&admin).await;
    assert!(
        !left.keys().any(|key| key.contains("drawbridge-k7m3xa")),
        "{left:?}"
    );
}
