//! A real kube-apiserver with its etcd.
//!
//! ```ignore
//! let server = KubeServer::shared().await;          // one for the whole binary: make a namespace
//! let own = KubeServer::start().await;              // your own: may be frozen; ends when dropped
//! let config = server.config(Who::Admin).await;     // a kube::Config
//! let file = server.kubeconfig(Who::Bot);           // or a kubeconfig, for the binary
//! own.freeze(); own.thaw();                         // SIGSTOP and SIGCONT
//! ```
//!
//! [`Who::Bot`] is the ServiceAccount `drawbridge/drawbridge`, which holds what `manifests/rbac.yaml`
//! gives it and nothing else. There are no controllers: nothing collects garbage, creates default
//! ServiceAccounts or finishes deleting a namespace.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use tokio::sync::OnceCell;

/// Starts both, tells their process ids, and ends them when its input closes: that happens when the
/// test binary ends, however it ends. Each child's own id is used, never a name.
const GUARD: &str = r#"
# A signal to the whole group (Ctrl-C, a time limit) must not end the one who cleans up.
trap : HUP INT TERM
dir=$1 etcd=$2 apiserver=$3 client=$4 peer=$5 port=$6
"$etcd" --data-dir "$dir/etcd" --unsafe-no-fsync --peer-auto-tls \
    --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "https://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "https://127.0.0.1:$peer" \
    --initial-cluster "default=https://127.0.0.1:$peer" >"$dir/etcd.log" 2>&1 &
e=$!
# The key for ServiceAccount tokens is the throw-away one that etcd makes for its own peers.
key=$dir/etcd/fixtures/peer/key.pem
until [ -s "$key" ]; do kill -0 $e || exit 1; sleep 0.1; done
set --
[ ! -f "$dir/audit.yaml" ] || set -- --audit-policy-file "$dir/audit.yaml" \
    --audit-log-path "$dir/audit.log" --audit-log-mode blocking
"$apiserver" --etcd-servers "http://127.0.0.1:$client" --secure-port "$port" \
    --bind-address 127.0.0.1 --advertise-address 127.0.0.1 --cert-dir "$dir/certs" \
    --service-account-key-file "$key" --service-account-signing-key-file "$key" \
    --service-account-issuer https://kubernetes.default.svc --authorization-mode RBAC \
    --token-auth-file "$dir/tokens.csv" --service-cluster-ip-range 10.0.0.0/24 \
    --disable-admission-plugins ServiceAccount "$@" >"$dir/apiserver.log" 2>&1 &
k=$!
echo "$e $k"
cat >/dev/null
kill -9 $k $e
wait
rm -rf "$dir"
"#;

/// How long a start may take on a loaded machine; about 4 s on an idle one.
const START: Duration = Duration::from_secs(90);

/// Whose credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// `system:masters`.
    Admin,
    /// The ServiceAccount `drawbridge/drawbridge`.
    Bot,
}

impl Who {
    const fn token(self) -> &'static str {
        match self {
            Self::Admin => "admin-token",
            Self::Bot => "bot-token",
        }
    }
}

/// A running server. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct KubeServer {
    dir: PathBuf,
    apiserver: String,
    guard: Child,
}

impl KubeServer {
    /// The server that all tests of the binary share, with `manifests/rbac.yaml` applied. Never
    /// freeze it.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<KubeServer> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// A server of one's own, with `manifests/rbac.yaml` applied.
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same, with a log of what the accounts in the namespace `drawbridge` ask of it.
    pub(crate) async fn audited() -> Self {
        Self::start_with(Some(super::audit::POLICY)).await
    }

    async fn start_with(audit: Option<&str>) -> Self {
        let server = Self::bare(audit).await;
        server
            .apply(include_str!("../../../manifests/rbac.yaml"))
            .await;
        server
    }

    /// A server of one's own with nothing of ours in it.
    pub(crate) async fn bare(audit: Option<&str>) -> Self {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let server = Self::spawn(audit);
        let up = tokio::time::timeout(START, server.ready()).await;
        assert!(
            up.is_ok(),
            "kube-apiserver did not start; see {}",
            server.dir.display()
        );
        server
    }

    fn spawn(audit: Option<&str>) -> Self {
        let binaries = binaries();
        let dir = tempfile::Builder::new()
            .prefix("drawbridge-kube-")
            .tempdir()
            .unwrap()
            .keep();
        let tokens = "admin-token,admin,1,\"system:masters\"\n\
                      bot-token,system:serviceaccount:drawbridge:drawbridge,2,\
                      \"system:serviceaccounts,system:serviceaccounts:drawbridge\"\n";
        std::fs::write(dir.join("tokens.csv"), tokens).unwrap();
        if let Some(policy) = audit {
            std::fs::write(dir.join("audit.yaml"), policy).unwrap();
        }
        let ports: [u16; 3] = free_ports();
        let mut guard = Command::new("sh")
            .args(["-c", GUARD, "guard"])
            .arg(&dir)
            .arg(binaries.join("etcd"))
            .arg(binaries.join("kube-apiserver"))
            .args(ports.map(|p| p.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        BufReader::new(guard.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, apiserver) = line
            .trim()
            .split_once(' ')
            .unwrap_or_else(|| panic!("etcd did not start; see {}/etcd.log", dir.display()));
        for who in [Who::Admin, Who::Bot] {
            std::fs::write(kubeconfig_file(&dir, who), kubeconfig(&dir, ports[2], who)).unwrap();
        }
        Self {
            apiserver: apiserver.to_owned(),
            dir,
            guard,
        }
    }

    /// Waits for `/readyz`: the first connections are accepted before the server can answer.
    async fn ready(&self) {
        let certificate = self.dir.join("certs/apiserver.crt");
        loop {
            if certificate.exists() {
                let client = self.client(Who::Admin).await;
                let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
                if client.request_text(request).await.is_ok() {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Where its audit log is, if it has one.
    pub(super) fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    /// The key that it signs the tokens of ServiceAccounts with.
    pub(crate) fn service_account_key(&self) -> PathBuf {
        self.dir.join("etcd/fixtures/peer/key.pem")
    }

    /// A kubeconfig file.
    pub(crate) fn kubeconfig(&self, who: Who) -> PathBuf {
        kubeconfig_file(&self.dir, who)
    }

    /// A client configuration; kube's own defaults but for its retries.
    pub(crate) async fn config(&self, who: Who) -> kube::Config {
        let file = Kubeconfig::read_from(self.kubeconfig(who)).unwrap();
        let mut config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .unwrap();
        config.default_retry = false;
        config
    }

    /// A client with these credentials.
    pub(crate) async fn client(&self, who: Who) -> kube::Client {
        kube::Client::try_from(self.config(who).await).unwrap()
    }

    /// Applies a file of manifests as the administrator, strictly.
    pub(crate) async fn apply(&self, manifests: &str) {
        let client = self.client(Who::Admin).await;
        for manifest in documents(manifests) {
            let object: DynamicObject = serde_json::from_value(manifest).unwrap();
            let types = object.types.clone().unwrap();
            let kind = ApiResource::from_gvk(&GroupVersionKind::try_from(&types).unwrap());
            let api: Api<DynamicObject> = match &object.metadata.namespace {
                Some(namespace) => Api::namespaced_with(client.clone(), namespace, &kind),
                None => Api::all_with(client.clone(), &kind),
            };
            let name = object.metadata.name.clone().unwrap();
            let parameters = PatchParams::apply("administrator").validation_strict();
            let applied = api.patch(&name, &parameters, &Patch::Apply(&object)).await;
            assert!(applied.is_ok(), "{} {name}: {applied:?}", types.kind);
        }
    }

    /// Stops the API server in its tracks: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
        // The signal is sent, not yet obeyed: on busy cores a thread may still answer.
        while !self.stands_still() {
            std::thread::yield_now();
        }
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Whether every thread of the API server has stopped.
    fn stands_still(&self) -> bool {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.apiserver)).unwrap();
        threads.flatten().all(|thread| {
            let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // `pid (name) state …`; a thread that ended meanwhile has none.
            stat.rsplit(") ")
                .next()
                .is_none_or(|rest| rest.is_empty() || rest.starts_with('T'))
        })
    }

    fn signal(&self, signal: &str) {
        let done = Command::new("kill")
            .args([signal, &self.apiserver])
            .status()
            .unwrap();
        assert!(done.success(), "kill {signal} {}", self.apiserver);
    }
}

impl Drop for KubeServer {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        self.guard.wait().ok();
    }
}

/// The documents of a file of manifests.
pub(crate) fn documents(manifests: &str) -> Vec<serde_json::Value> {
    serde_saphyr::from_multiple(manifests).unwrap()
}

/// The folder with the binaries.
pub(crate) fn binaries() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told where servers are"
    )]
    let given = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let dir = given.unwrap_or_else(|| repository.join("target/servers/kube"));
    for name in ["etcd", "kube-apiserver", "kubectl"] {
        assert!(
            dir.join(name).is_file(),
            "no {name} in {}: run tests/servers/kube.sh once (it builds them from Go modules), or \
             set KUBEBUILDER_ASSETS to a folder that holds all three",
            dir.display()
        );
    }
    dir
}

fn free_ports<const N: usize>() -> [u16; N] {
    let open: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    open.map(|socket| socket.local_addr().unwrap().port())
}

fn kubeconfig_file(dir: &Path, who: Who) -> PathBuf {
    dir.join(format!("{}.kubeconfig", who.token()))
}

fn kubeconfig(dir: &Path, port: u16, who: Who) -> String {
    // The self-signed certificate's chain holds its own authority.
    let authority = dir.join("certs/apiserver.crt");
    serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "certificate-authority": authority,
        }}],
        "users": [{"name": "test", "user": {"token": who.token()}}],
    })
    .to_string()
}
