#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program that prints figures: what fails here must be seen"
)]
//! The demo's figures: from its start to a whole town, and, where Chromium and Node.js are installed
//! (`tests/servers/browser.sh`), until its page is useful and while a thousand messages scroll. One line
//! of JSON each, beside a raw baseline of the same run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Starts of the program; the median counts.
const STARTS: usize = 9;

const PROGRAM: &str = env!("CARGO_BIN_EXE_drawbridge");

fn main() {
    let mut starts: Vec<Duration> = (0..STARTS).map(|_| until_whole()).collect();
    let mut raw: Vec<Duration> = (0..STARTS).map(|_| until_version()).collect();
    starts.sort();
    raw.sort();
    let (whole, version) = (starts[STARTS / 2], raw[STARTS / 2]);
    println!(
        "{{\"bench\":\"demo_start_to_whole_town_ms\",\"median\":{:.1},\"raw\":{:.1},\"ratio\":{:.1}}}",
        ms(whole),
        ms(version),
        ms(whole) / ms(version)
    );
    in_chromium();
}

fn ms(length: Duration) -> f64 {
    length.as_secs_f64() * 1_000.0
}

/// A demo on a free port, and its page's address.
fn demo() -> (Child, String) {
    let mut demo = Command::new(PROGRAM)
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let address = lines
        .find_map(|line| line.trim().strip_prefix("http://").map(str::to_owned))
        .expect("the demo says where it is");
    (demo, address)
}

/// From the start of the program until its last section was received.
fn until_whole() -> Duration {
    let began = Instant::now();
    let (mut demo, address) = demo();
    let mut page = TcpStream::connect(&address).unwrap();
    write!(page, "GET /town/live HTTP/1.1\r\nhost: {address}\r\n\r\n").unwrap();
    let mut text = Vec::new();
    let mut chunk = [0; 64 * 1024];
    while !String::from_utf8_lossy(&text).contains("event: health") {
        let read = page.read(&mut chunk).unwrap();
        assert!(read > 0, "the demo ended");
        text.extend_from_slice(&chunk[..read]);
    }
    let took = began.elapsed();
    demo.kill().unwrap();
    demo.wait().unwrap();
    took
}

/// The raw baseline: the same program that only says its version.
fn until_version() -> Duration {
    let began = Instant::now();
    let done = Command::new(PROGRAM).arg("--version").output().unwrap();
    assert!(done.status.success());
    began.elapsed()
}

fn in_chromium() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = repository.join("target/servers/browser");
    if !tools.join("installed-from").is_file() {
        println!(
            "{{\"bench\":\"demo_page\",\"not_measured\":\"run tests/servers/browser.sh first\"}}"
        );
        return;
    }
    let (mut demo, address) = demo();
    let measured = Command::new("node")
        .arg(repository.join("tests/browser/measure.mjs"))
        .arg(format!("http://{address}"))
        .env("BROWSER_TOOLS", &tools)
        .env("SCREENSHOTS", repository.join("target/screenshots"))
        .status()
        .unwrap();
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert!(measured.success());
}
