//! The Deployment as the API server has it, run by the test in the kubelet's place: nothing runs pods here.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::Value;

use crate::e2e::bot::Env;
use crate::e2e::world::World;

/// Arguments and environment of the bot's container. Every Secret and ConfigMap that it names must be there.
pub(super) async fn container(world: &World) -> (Vec<String>, Env) {
    let admin = &world.town.admin;
    let path = "/apis/apps/v1/namespaces/drawbridge/deployments/drawbridge";
    let deployment = get(admin, path).await.expect("a Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "drawbridge");
    let containers = pod["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1, "{pod}");
    let container = &containers[0];
    let mut mounts: Vec<(String, PathBuf)> = Vec::new();
    for volume in pod["volumes"].as_array().unwrap() {
        let name = volume["name"].as_str().unwrap();
        let folder = world.folder.path().join("mounts").join(name);
        mounted(admin, volume, &folder).await;
        let all = container["volumeMounts"].as_array().unwrap();
        let mount = all.iter().find(|mount| mount["name"] == name).unwrap();
        mounts.push((mount["mountPath"].as_str().unwrap().to_owned(), folder));
    }
    let mut env = Env::new();
    for one in container["env"].as_array().unwrap() {
        if let Some(mut value) = value_of(admin, one).await {
            for (path, folder) in &mounts {
                if let Some(rest) = value.strip_prefix(path.as_str()) {
                    value = format!("{}{rest}", folder.display());
                }
            }
            env.insert(one["name"].as_str().unwrap().to_owned(), value);
        }
    }
    let args = serde_json::from_value(container["args"].clone()).unwrap();
    (args, env)
}

/// An object; `None` where there is none.
pub(super) async fn get(admin: &kube::Client, path: &str) -> Option<Value> {
    let request = Request::get(path).body(Vec::new()).unwrap();
    let text = admin.request_text(request).await.ok()?;
    serde_json::from_str(&text).unwrap()
}

/// A ConfigMap or a Secret of ours.
async fn held(admin: &kube::Client, plural: &str, name: &Value) -> Option<Value> {
    let name = name.as_str().unwrap();
    get(
        admin,
        &format!("/api/v1/namespaces/drawbridge/{plural}/{name}"),
    )
    .await
}

/// The value of a variable; `None`: it is from a Secret's key that may lack.
async fn value_of(admin: &kube::Client, one: &Value) -> Option<String> {
    if let Some(value) = one["value"].as_str() {
        return Some(value.to_owned());
    }
    let from = &one["valueFrom"]["secretKeyRef"];
    let secret = held(admin, "secrets", &from["name"]).await;
    let found = secret.and_then(|secret| {
        let data = secret["data"][from["key"].as_str().unwrap()].as_str()?;
        Some(String::from_utf8(STANDARD.decode(data).unwrap()).unwrap())
    });
    assert!(found.is_some() || from["optional"] == true, "{one}");
    found
}

/// Writes the files of a volume as a kubelet does: what it holds is in a folder that a link names, so that all of
/// it changes at once. Again, it does what a kubelet does within a minute or two after a change.
async fn mounted(admin: &kube::Client, volume: &Value, folder: &Path) {
    let source = &volume["configMap"];
    let map = held(admin, "configmaps", &source["name"]).await;
    assert!(map.is_some() || source["optional"] == true, "{volume}");
    std::fs::create_dir_all(folder).unwrap();
    let number = std::fs::read_dir(folder).unwrap().count();
    let own = format!("..{number}");
    std::fs::create_dir(folder.join(&own)).unwrap();
    let files = map.iter().filter_map(|map| map["data"].as_object());
    for (name, text) in files.flatten() {
        let text = text.as_str().unwrap();
        std::fs::write(folder.join(&own).join(name), text).unwrap();
        let link = folder.join(name);
        if !link.is_symlink() {
            symlink(format!("..data/{name}"), link).unwrap();
        }
    }
    let new = folder.join("..new");
    symlink(own, &new).unwrap();
    std::fs::rename(new, folder.join("..data")).unwrap();
}
