//! The page in a real browser: what `tests/browser` does there must go well. Pictures are kept in
//! `target/screenshots`.

use std::path::Path;
use std::process::Stdio;

use super::visitor::Visitor;
use crate::e2e::bot::Env;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_lives_the_story_and_breaks_things_in_chromium() {
    tells("story.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_block_and_element_is_drawn_and_used_in_chromium() {
    tells("gallery.mjs").await;
}

async fn tells(script: &str) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = repository.join("target/servers/browser");
    assert!(
        tools.join("installed-from").is_file(),
        "no tools in {}: run tests/servers/browser.sh once",
        tools.display()
    );
    let visitor = Visitor::of(&[], &Env::new()).await;
    let told = tokio::process::Command::new("node")
        .arg(repository.join("tests/browser").join(script))
        .arg(&visitor.page)
        .env("BROWSER_TOOLS", &tools)
        .env("SCREENSHOTS", repository.join("target/screenshots"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("node starts: tests/servers/browser.sh says what is missing");
    let [out, errors] = [&told.stdout, &told.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(told.status.success(), "{out}\n{errors}");
}
