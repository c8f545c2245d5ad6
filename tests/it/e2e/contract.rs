//! The HTTP API held against its own OpenAPI document by Schemathesis: examples, borders, nonsense and chains
//! of calls, sent to the running program by real accounts of the API server.
//!
//! `tests/servers/schemathesis.sh` installs it into `target/servers/schemathesis`; what it is told beside the
//! document is in `tests/api`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures::future::join_all;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::process::Command;

use super::plan::Plan;
use super::wait::{SOON, within};
use super::world::World;

/// Accounts that call in turn; each may call as often as one identity may.
const CALLERS: usize = 60;

/// How long Schemathesis goes on finding new calls.
const SEARCH: &str = "25";

/// A bound for a broken run.
const LIMIT: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(
    clippy::too_many_lines,
    reason = "one story from its beginning to its end"
)]
async fn the_api_keeps_what_its_document_promises() {
    let plan = Plan {
        rate_limits: false,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    let names: Vec<String> = (0..CALLERS).map(|n| format!("caller-{n}")).collect();
    let accounts = names
        .iter()
        .map(|name| format!("\"{}/{name}\"", world.town.shop));
    let accounts = accounts.collect::<Vec<_>>().join(", ");
    let rule = plan.rule(&world.town.orders).replace(
        "  requesters: {",
        &format!(
            "  readers: {{serviceAccounts: [{accounts}]}}\n  requesters: {{serviceAccounts: [{accounts}], "
        ),
    );
    std::fs::write(world.folder.path().join("rules/orders.yaml"), rule).unwrap();
    let tokens = join_all(names.iter().map(|name| token(&world, name))).await;
    let token_file = world.folder.path().join("tokens");
    std::fs::write(&token_file, tokens.join("\n")).unwrap();
    std::fs::write(world.folder.path().join("token"), &tokens[0]).unwrap();
    let mut bot = world.serve().await;
    let server = format!("http://{}", bot.address().await);
    let ask = format!("{} for 5m because INC-42", world.path_text());
    let id = first(&mut world, &server, &ask).await;

    let run = Command::new(installed().join("venv/bin/schemathesis"))
        .args(["--config-file", &program("schemathesis.toml"), "run"])
        .arg(format!("{server}/openapi.json"))
        .args(["--checks", "all", "--seed", "7", "--max-examples", "40"])
        .args([
            "--max-time",
            SEARCH,
            "--request-timeout",
            "10",
            "--no-color",
        ])
        .args(["--continue-on-failure", "--output-truncate", "false"])
        .current_dir(world.folder.path())
        .env("PYTHONPATH", program(""))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TOKENS", token_file)
        .env("ASK", ask)
        .env("ID", id)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let ran = within(LIMIT, "Schemathesis ends", run).await.unwrap();
    let words = String::from_utf8_lossy(&ran.stdout);
    let trouble = String::from_utf8_lossy(&ran.stderr);
    println!("{words}");
    assert!(ran.status.success(), "{words}\n{trouble}");
    // It did call: a run that tested nothing would succeed as well.
    let document = bot.page("/openapi.json").await.unwrap().1;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let all: usize = paths.map(|path| path.as_object().unwrap().len()).sum();
    for count in [format!("Selected: {all}/{all}"), format!("Tested: {all}")] {
        assert!(words.contains(&count), "{count}: {words}");
    }
    let asked = bot.output().matches(r#""message":"asked""#).count();
    assert!(asked > 1, "it was let in, and asked: {asked}");
    let (status, _) = bot.page("/readyz").await.unwrap();
    assert_eq!(status, 200, "it is still well");
    assert!(!bot.output().contains("panicked"), "nothing gave up");
}

/// Asks once as the first account does, and gives the request's id.
async fn first(world: &mut World, server: &str, ask: &str) -> String {
    let token = world.folder.path().join("token");
    let token = token.to_str().unwrap();
    let mut client = world.run(&[
        "request",
        "--server",
        server,
        "--token-file",
        token,
        "-o",
        "json",
        ask,
    ]);
    assert!(client.ended(SOON).await.success(), "{}", client.output());
    let told: serde_json::Value = serde_json::from_str(&client.output()).unwrap();
    told["id"].as_str().unwrap().to_owned()
}

/// A new account's token for the bot.
async fn token(world: &World, name: &str) -> String {
    let accounts: Api<ServiceAccount> = Api::namespaced(world.town.admin.clone(), &world.town.shop);
    let account = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    accounts
        .create(&PostParams::default(), &account)
        .await
        .unwrap();
    let wanted = TokenRequest {
        spec: Some(TokenRequestSpec {
            audiences: Some(vec!["drawbridge".to_owned()]),
            expiration_seconds: Some(600),
            ..TokenRequestSpec::default()
        }),
        ..TokenRequest::default()
    };
    let parameters = PostParams::default();
    let made = accounts.create_token_request(name, &parameters, &wanted);
    made.await.unwrap().status.unwrap().token.unwrap()
}

fn program(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api");
    folder.join(name).to_str().unwrap().to_owned()
}

/// Where Schemathesis is.
fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/schemathesis");
    assert!(
        folder.join("installed-from").exists(),
        "Schemathesis is not installed: run tests/servers/schemathesis.sh"
    );
    folder
}
