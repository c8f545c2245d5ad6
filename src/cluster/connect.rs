//! From a place to the clients that reach it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Bytes;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use serde_json::json;
use tower::{BoxError, Service};

use super::error::ClusterError;
use super::watch::WATCH_FOR;
use super::wire::{CALL_LIMIT, Unary, Wire};

/// Connecting to a server that is there takes milliseconds.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long after its announced end a watch may stay silent before the connection is given up.
const WATCH_GRACE: Duration = Duration::from_secs(15);

/// Where a cluster is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The cluster we run in, by the pod's own ServiceAccount.
    InCluster,
    /// A context of a kubeconfig file; `None`: its current context.
    Kubeconfig {
        /// One file; several are merged, the first winning.
        files: Vec<PathBuf>,
        /// The context's name.
        context: Option<String>,
        /// A token file whose credentials stand in for the context's own; read again as it changes.
        token_file: Option<PathBuf>,
    },
    /// An address and a token file, as a ServiceAccount of a remote cluster has them. The file is
    /// read again as tokens rotate.
    Token {
        /// `https://…`.
        server: String,
        /// PEM certificates of the authority; `None`: the system's.
        authority: Option<PathBuf>,
        /// The token's file.
        token_file: PathBuf,
    },
}

impl Place {
    /// The client configuration for this place.
    ///
    /// # Errors
    /// [`ClusterError::Misconfigured`], saying which file or field.
    pub async fn config(&self) -> Result<Config, ClusterError> {
        match self {
            Self::InCluster => Config::incluster().map_err(misconfigured),
            Self::Kubeconfig {
                files,
                context,
                token_file,
            } => {
                let options = KubeConfigOptions {
                    context: context.clone(),
                    ..KubeConfigOptions::default()
                };
                let mut config = Config::from_custom_kubeconfig(merged(files)?, &options)
                    .await
                    .map_err(misconfigured)?;
                if let Some(file) = token_file {
                    config.auth_info = AuthInfo {
                        token_file: Some(file.display().to_string()),
                        ..AuthInfo::default()
                    };
                }
                Ok(config)
            }
            Self::Token {
                server,
                authority,
                token_file,
            } => {
                let one = single(server, authority.as_deref(), token_file)?;
                Config::from_custom_kubeconfig(one, &KubeConfigOptions::default())
                    .await
                    .map_err(misconfigured)
            }
        }
    }
}

/// A kubeconfig of one cluster and one user, so that certificates and tokens are read by the same
/// code as everybody's.
fn single(
    server: &str,
    authority: Option<&Path>,
    token_file: &Path,
) -> Result<Kubeconfig, ClusterError> {
    let one = json!({
        "current-context": "cluster",
        "contexts": [{"name": "cluster", "context": {"cluster": "cluster", "user": "cluster"}}],
        "clusters": [{"name": "cluster", "cluster": {
            "server": server, "certificate-authority": authority,
        }}],
        "users": [{"name": "cluster", "user": {"tokenFile": token_file}}],
    });
    serde_json::from_value(one).map_err(misconfigured)
}

fn merged(files: &[PathBuf]) -> Result<Kubeconfig, ClusterError> {
    let mut all = Kubeconfig::default();
    for file in files {
        let next = Kubeconfig::read_from(file)
            .map_err(|e| ClusterError::Misconfigured(format!("{}: {}", file.display(), why(&e))))?;
        all = all.merge(next).map_err(misconfigured)?;
    }
    Ok(all)
}

/// Why a kubeconfig cannot be read. Where it is no kubeconfig only the place is told: the words would hold
/// what stands there, and most of that is secret.
fn why(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => {
            let place = error.location();
            let place = place.map(|at| format!(" at line {}, column {}", at.line(), at.column()));
            format!("it is no kubeconfig{}", place.unwrap_or_default())
        }
        other => other.to_string(),
    }
}

fn misconfigured(error: impl std::fmt::Display) -> ClusterError {
    ClusterError::Misconfigured(error.to_string())
}

/// The clients for a real server. Must be called inside a tokio runtime.
pub(crate) fn over_network(config: &Config) -> Result<Wire, ClusterError> {
    let config = config.clone();
    let client = move |read_timeout| {
        let mut config = config.clone();
        config.default_retry = false;
        config.connect_timeout = Some(CONNECT_LIMIT);
        config.write_timeout = Some(CALL_LIMIT);
        config.read_timeout = Some(read_timeout);
        // Otherwise the time a pooled connection lay idle counts against the next answer.
        config.reset_reader_on_write = true;
        Client::try_from(config).map_err(misconfigured)
    };
    Ok(Wire {
        watch: client(WATCH_FOR + WATCH_GRACE)?,
        unary: Unary::made_by(move || client(CALL_LIMIT))?,
    })
}

/// The clients for a server in this process: the same requests and answers, no sockets.
pub(crate) fn in_process<S, B>(service: S) -> Wire
where
    S: Service<Request<kube::client::Body>, Response = Response<B>, Error = BoxError>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Wire {
        unary: Unary::always(Client::new(service.clone(), "default")),
        watch: Client::new(service, "default"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_by_token_file_reads_the_token_from_the_file_each_time() {
        let dir = tempfile::tempdir().unwrap();
        let token_file = dir.path().join("token");
        std::fs::write(&token_file, "secret").unwrap();
        let place = Place::Token {
            server: "https://192.0.2.1:6443".into(),
            authority: None,
            token_file: token_file.clone(),
        };
        let config = place.config().await.unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://192.0.2.1:6443/");
        assert_eq!(config.auth_info.token_file.as_deref(), token_file.to_str());
    }

    /// What is said of a kubeconfig that cannot be used.
    async fn said_of(file: PathBuf) -> String {
        let place = Place::Kubeconfig {
            files: vec![file],
            context: None,
            token_file: None,
        };
        place.config().await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_missing_kubeconfig_is_named() {
        let said = said_of(PathBuf::from("/no/such/kubeconfig")).await;
        assert!(said.contains("/no/such/kubeconfig"), "{said}");
    }

    #[tokio::test]
    async fn of_a_kubeconfig_with_a_mistake_the_place_is_told_and_no_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "users:\n- name: a\n  user: eyJsecret\n",
            "users:\n- name: a\n  user:\n    token: eyJsecret\n   - b\n",
            "users:\n- user: {token: eyJsecret}\n",
        ] {
            std::fs::write(file.path(), text).unwrap();
            let said = said_of(file.path().to_owned()).await;
            assert!(said.contains("it is no kubeconfig at line "), "{said}");
            assert!(!said.contains("eyJsecret"), "{said}");
        }
    }
}
