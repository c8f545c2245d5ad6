//! Jobs that ask with a token of the real API server: the client and the bot as people run them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use serde_json::json;

use super::bot::Bot;
use super::plan::Plan;
use super::wait::{SOON, until, within};
use super::world::World;
use crate::servers::proxy::Proxy;

/// A world whose rule lets the account `ci` of the shop ask, with a bot and that account's token.
pub(super) async fn world_with_a_job() -> (World, Bot, Job) {
    with_a_job(Plan::default()).await
}

/// The same, as planned.
pub(super) async fn with_a_job(plan: Plan) -> (World, Bot, Job) {
    let mut world = World::new(plan).await;
    let account = format!("{}/ci", world.town.shop);
    let rule = plan.rule(&world.town.orders).replace(
        "requesters: {",
        &format!("requesters: {{serviceAccounts: [\"{account}\"], "),
    );
    assert!(rule.contains(&account));
    std::fs::write(world.folder.path().join("rules/orders.yaml"), rule).unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(world.town.admin.clone(), &world.town.shop);
    let ci = json!({"metadata": {"name": "ci"}});
    let ci = serde_json::from_value(ci).unwrap();
    accounts.create(&PostParams::default(), &ci).await.unwrap();
    let mut bot = world.serve().await;
    let job = Job {
        server: format!("http://{}", bot.address().await),
        ask: format!("{} for 5m because INC-42", world.path_text()),
    };
    job.gets_token(&world, "drawbridge").await;
    (world, bot, job)
}

fn there(file: &Path) -> Option<()> {
    file.exists().then_some(())
}

/// Somebody who runs the client.
pub(super) struct Job {
    pub(super) server: String,
    pub(super) ask: String,
}

impl Job {
    /// Writes a fresh token for this audience into the job's file.
    async fn gets_token(&self, world: &World, audience: &str) {
        self.gets_bound_token(world, audience, None).await;
    }

    /// The same, bound to an object that runs as the job.
    pub(super) async fn gets_bound_token(
        &self,
        world: &World,
        audience: &str,
        to: Option<BoundObjectReference>,
    ) {
        let accounts: Api<ServiceAccount> =
            Api::namespaced(world.town.admin.clone(), &world.town.shop);
        let wanted = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec![audience.to_owned()]),
                expiration_seconds: Some(600),
                bound_object_ref: to,
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let parameters = PostParams::default();
        let made = accounts.create_token_request("ci", &parameters, &wanted);
        let token = made.await.unwrap().status.unwrap().token.unwrap();
        std::fs::write(world.folder.path().join("token"), token).unwrap();
    }

    /// Starts the client with these words.
    pub(super) fn starts(&self, world: &mut World, words: &[&str]) -> Bot {
        let token = world.folder.path().join("token");
        let server = [
            "--server",
            &self.server,
            "--token-file",
            token.to_str().unwrap(),
        ];
        let (command, rest) = words.split_first().unwrap();
        let words = [&[*command], &server[..], rest].concat();
        world.run(&words)
    }

    /// Starts a request whose command runs until the test lets it end; the file is there as soon as it runs.
    fn holds_open(&self, world: &mut World) -> (Bot, PathBuf) {
        let runs = world.folder.path().join("runs");
        let script = format!(
            ": >{0}; while [ -e {0} ]; do sleep 0.05; done; exit 7",
            runs.display()
        );
        let client = self.starts(world, &["request", &self.ask, "--", "sh", "-c", &script]);
        (client, runs)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_waits_for_approval_uses_the_path_and_closes_it() {
    let (mut world, _bot, job) = world_with_a_job().await;
    world
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let from_now = world.listen();
    let (mut client, runs) = job.holds_open(&mut world);
    let card = from_now.card().await;
    assert!(card.says(&format!("{}/ci", world.town.shop)), "{card:?}");
    world.clicks("lee", &card, "Approve");
    world.gates.open(2).await;
    within(SOON, "the command runs", until(async || there(&runs))).await;
    std::fs::remove_file(runs).unwrap();
    client.ends_with(Some(7)).await;
    world.gates.all_gone(SOON).await;
    let output = client.output();
    assert!(
        output.contains("pending: orders on-call (0 of 1)"),
        "{output}"
    );
    assert!(output.contains(" active until "), "{output}");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_ended_closes_its_path() {
    let (mut world, _bot, job) = world_with_a_job().await;
    world
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let from_now = world.listen();
    let (mut client, runs) = job.holds_open(&mut world);
    let card = from_now.card().await;
    world.clicks("lee", &card, "Approve");
    world.gates.open(2).await;
    // A path may be open before its job is told so: one that is ended between the two runs no command.
    within(SOON, "the command runs", until(async || there(&runs))).await;
    client.terminate();
    client.ends_with(Some(143)).await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_told_no_and_takes_back_what_it_asked() {
    let (mut world, _bot, job) = world_with_a_job().await;
    let from_now = world.listen();
    let mut client = job.starts(&mut world, &["request", &job.ask, "--wait"]);
    let card = from_now.card().await;
    world.denies("lee", &card).await;
    client.ends_with(Some(1)).await;
    assert!(client.output().contains(" denied"), "{}", client.output());

    // What no rule lets it ask is refused at once, and what cannot be read is misuse.
    let other = format!(
        "{}/web to {}/api:8080 for 5m",
        world.town.shop, world.town.orders
    );
    let mut client = job.starts(&mut world, &["request", &other, "--wait"]);
    client.ends_with(Some(1)).await;
    let mut client = job.starts(&mut world, &["request", "please", "--wait"]);
    client.ends_with(Some(2)).await;

    // Asked without waiting, then taken back.
    let mut client = job.starts(&mut world, &["request", &job.ask, "-o", "json"]);
    client.ends_with(Some(0)).await;
    let told: serde_json::Value = serde_json::from_str(&client.output()).unwrap();
    assert_eq!(told["state"], "pending", "{told}");
    let id = told["id"].as_str().unwrap();
    let mut client = job.starts(&mut world, &["done", id]);
    client.ends_with(Some(0)).await;
    assert!(
        client.output().contains(" cancelled"),
        "{}",
        client.output()
    );
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_waits_in_vain_takes_its_request_back() {
    let (mut world, _bot, job) = world_with_a_job().await;
    world
        .env
        .insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    let marker = world.folder.path().join("ran");
    let touch = ["--", "touch", marker.to_str().unwrap()];
    let from_now = world.listen();
    // Nobody approves within its patience.
    let words = [&["request", &job.ask, "--timeout", "5s"], &touch[..]].concat();
    let mut client = job.starts(&mut world, &words);
    let card = from_now.card().await;
    let ended = client.ended(SOON).await;
    assert_eq!(ended.code(), Some(3), "{}", client.output());
    assert!(client.output().contains("not open in time"));
    world.shows(&card, "lee", "Cancelled").await;
    // Told to end while it waits.
    let from_now = world.listen();
    let words = [&["request", &job.ask], &touch[..]].concat();
    let mut client = job.starts(&mut world, &words);
    let card = from_now.card().await;
    client.terminate();
    let ended = client.ended(SOON).await;
    assert_eq!(ended.code(), Some(3), "{}", client.output());
    world.shows(&card, "lee", "Cancelled").await;
    assert_eq!(world.gates.lives(), [], "nothing was ever opened");
    assert!(!marker.exists(), "nothing ran");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_cannot_be_started_closes_its_path() {
    let (mut world, _bot, job) = world_with_a_job().await;
    // It can be found; only who starts it finds out that it cannot run.
    let program = world.folder.path().join("migrate");
    std::fs::write(&program, "#!/no/such/interpreter\n").unwrap();
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap().to_owned();
    let from_now = world.listen();
    let words = ["request", &job.ask, "--", &program];
    let mut client = job.starts(&mut world, &words);
    let card = from_now.card().await;
    world.clicks("lee", &card, "Approve");
    let ended = client.ended(SOON).await;
    assert_eq!(ended.code(), Some(127), "{}", client.output());
    assert_eq!(world.gates.all_gone(SOON).await.len(), 2, "it was open");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_makes_one_request() {
    let (mut world, _bot, mut job) = world_with_a_job().await;
    let proxy = Proxy::before(job.server.strip_prefix("http://").unwrap()).await;
    job.server = format!("http://{}", proxy.address());
    proxy.swallow_answers_from("POST /v1/requests");
    let from_now = world.listen();
    let mut client = job.starts(&mut world, &["request", &job.ask, "--wait"]);
    let card = from_now.card().await;
    proxy.cut();
    world.clicks("lee", &card, "Approve");
    client.ends_with(Some(0)).await;
    let gates = world.gates.open(2).await;
    let cards = from_now.count("lee", "INC-42");
    assert_eq!(cards, 1, "one request was made");
    let id = gates[0].request().to_owned();
    let mut client = job.starts(&mut world, &["done", &id]);
    client.ends_with(Some(0)).await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_for_somebody_else_asks_for_nothing() {
    let (mut world, _bot, job) = world_with_a_job().await;
    job.gets_token(&world, "somebody-else").await;
    let from_now = world.listen();
    let mut client = job.starts(&mut world, &["request", &job.ask]);
    client.ends_with(Some(2)).await;
    // The same file with a good token in it is read by the next call.
    job.gets_token(&world, "drawbridge").await;
    let mut client = job.starts(&mut world, &["request", &job.ask]);
    client.ends_with(Some(0)).await;
    from_now.card().await;
    let asked = until(async || {
        let output = client.output();
        output.split_whitespace().next().map(str::to_owned)
    });
    let id = within(SOON, "the id is printed", asked).await;
    let mut client = job.starts(&mut world, &["done", &id]);
    client.ends_with(Some(0)).await;
    world.ends_well().await;
}
