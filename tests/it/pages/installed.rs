//! A cluster in which somebody followed README's "Installing".

use super::kubelet;
use super::page::{Block, blocks, read};
use super::reader::{LeftOut, Reader};
use crate::e2e::bot::Bot;
use crate::e2e::plan::{Door, Plan, REDIS_PASSWORD};
use crate::e2e::world::World;
use crate::servers::kube::Who;

pub(super) const README: &str = "README.md";
pub(super) const INSTALLING: &str = "## Installing";

/// A world of the pages, and somebody in it with everything that the page asks them to have.
pub(super) async fn reader(left_out: &'static [LeftOut]) -> (World, Reader) {
    reader_with(Door::SocketMode, left_out).await
}

/// The same, where Slack comes in by this door.
pub(super) async fn reader_with(door: Door, left_out: &'static [LeftOut]) -> (World, Reader) {
    let plan = Plan {
        bare: true,
        door,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    let mut reader = Reader::new(world.folder.path(), left_out);
    let settings = world.own_api().kubeconfig(Who::Admin);
    reader.exports("KUBECONFIG", settings.to_str().unwrap());
    let setup = world.slack.setup().clone();
    pastes(&reader, "bot-token", &setup.bot_token);
    pastes(&reader, "app-token", &setup.app_token);
    pastes(&reader, "url", &store(&mut world));
    (world, reader)
}

/// Writes a file as the page tells people who do not want it in their shell's history.
pub(super) fn pastes(reader: &Reader, name: &str, secret: &str) {
    let page = read(README);
    let mut lines = page.split('`').filter(|code| code.starts_with("read -rs "));
    let line = lines.next().unwrap().replace("bot-token", name);
    // Debian's `sh` cannot read in silence.
    let script = format!("printf '%s\\n' '{secret}' | bash -c '{line}'");
    reader.types(&script, README);
    let written = std::fs::read_to_string(reader.file(name)).unwrap();
    assert_eq!(written, secret);
}

/// The store's address.
pub(super) fn store(world: &mut World) -> String {
    let address = world.redis().address().to_string();
    format!("redis://bot:{REDIS_PASSWORD}@{address}")
}

/// The page's blocks up to the one in which the bot is looked over, without it.
pub(super) fn steps() -> Vec<Block> {
    let mut all = blocks(README, INSTALLING, "sh");
    let at = all.iter().position(|block| block.text.contains(" doctor"));
    all.truncate(at.unwrap());
    all
}

/// The steps without those that hold these words.
pub(super) fn steps_without(words: &[&str]) -> Vec<Block> {
    let mut all = steps();
    let before = all.len();
    all.retain(|step| !words.iter().any(|word| step.text.contains(word)));
    assert_eq!(all.len() + words.len(), before, "{words:?}");
    all
}

/// Starts the bot as it is installed, and waits until it is ready.
pub(super) async fn starts(world: &mut World) -> Bot {
    let (args, mut env) = kubelet::container(world).await;
    env.extend(world.surroundings().await);
    world.env = env;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut bot = world.run(&args);
    world.reachable(&mut bot).await;
    bot
}
