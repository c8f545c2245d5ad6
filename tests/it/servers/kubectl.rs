//! kubectl, from beside the API server: kustomize is inside, and it applies as people do.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::kube::{KubeServer, Who, binaries};

/// The folder of manifests, relative to the repository, as `kubectl kustomize` prints it.
pub(crate) fn rendered(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let output = kubectl().arg("kustomize").arg(&folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {told}", folder.display());
    // Deprecations are told here.
    assert_eq!(told, "", "{}", folder.display());
    String::from_utf8(output.stdout).unwrap()
}

/// `kubectl apply --filename -` as the administrator, with more words such as `--as`. A field that the kind
/// does not have is refused.
pub(crate) fn apply(server: &KubeServer, words: &[&str], manifests: &str) -> Output {
    let settings = server.kubeconfig(Who::Admin);
    let mut running = kubectl()
        .arg("--cache-dir")
        .arg(settings.with_extension("cache"))
        .arg("--kubeconfig")
        .arg(settings)
        .args([
            "apply",
            "--server-side",
            "--validate=strict",
            "--filename=-",
        ])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = running.stdin.take().unwrap();
    input.write_all(manifests.as_bytes()).unwrap();
    drop(input);
    running.wait_with_output().unwrap()
}

/// Without the settings of whoever runs the tests.
fn kubectl() -> Command {
    let mut command = Command::new(binaries().join("kubectl"));
    command.env_remove("KUBECONFIG").env("KUBERC", "off");
    command
}
