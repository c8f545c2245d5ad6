//! Signatures of Slack's: nothing without a right one, of about now, is read.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderValue, StatusCode};
use sha2::Sha256;

use super::driver::Target;
use super::slack::RIG;

pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// When the deliveries are made.
pub(crate) const NOW: i64 = 1_790_000_000;

/// Inputs are a signature, a time and a body, a line each; `{good}` stands for the right one.
pub(crate) const SIGNATURES: Target = Target {
    name: "",
    run: signatures,
    seeds: &[],
    words: &[
        "v0=",
        "v1=",
        "{good}",
        "{GOOD}",
        "\n",
        " ",
        "+",
        "-",
        "0",
        ",",
        "1790000000",
    ],
    largest: 20_000,
    a_byte: Duration::from_micros(20),
    memory: 4 * 1024 * 1024,
};

fn signatures(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, '\n').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let (signature, time, body) = (next(), next(), next());
    let good = self::signature(&time, body.as_bytes());
    let hex = good.trim_start_matches("v0=");
    let signature = signature
        .replace("{good}", hex)
        .replace("{GOOD}", &hex.to_uppercase());
    let fits = |text: &str| HeaderValue::from_str(text).is_ok();
    if !fits(&signature) || !fits(&time) {
        return;
    }
    let headers = [
        ("x-slack-signature", signature.as_str()),
        ("x-slack-request-timestamp", &time),
    ];
    let (status, received) =
        RIG.with_borrow(|rig| rig.post("/slack/commands", &headers, body.into()));
    let fresh = time
        .trim()
        .parse::<i64>()
        .is_ok_and(|sent| NOW.abs_diff(sent) <= 300);
    let right = signature.trim().eq_ignore_ascii_case(&good) && fresh;
    if !right {
        assert_eq!(
            status,
            StatusCode::UNAUTHORIZED,
            "(signed) {signature} {time}"
        );
        assert!(received.is_empty(), "(signed) {received:?}");
    }
}

/// As documented: `v0=` and the hex HMAC-SHA256 of `v0:<time>:<body>`.
pub(crate) fn signature(time: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("v0:{time}:").as_bytes());
    mac.update(body);
    let mut signature = "v0=".to_owned();
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}").unwrap();
    }
    signature
}
