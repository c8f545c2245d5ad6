//! How a story looks in a terminal: two columns of plain text, no cursor tricks, so that it reads the same in a
//! terminal, a pipe and a screen reader.

use std::io::IsTerminal;
use std::path::Path;

use crate::sim::scenario::play::Scene;

/// Columns where nobody says how many there are: a pipe, a log.
const USUAL: usize = 110;

/// Columns of the left side, and the least width that has two sides.
const LEFT: usize = 64;

/// Columns to write in.
pub(super) fn width() -> usize {
    if std::io::stdout().is_terminal() {
        textwrap::termwidth().clamp(60, 140)
    } else {
        USUAL
    }
}

/// What stands above the story.
pub(super) fn title(width: usize) -> Vec<String> {
    vec![
        "Drawbridge · a path through the network policies, for half an hour".to_owned(),
        "Everything here is simulated in this process, on the wire: Slack, the API server, the clock."
            .to_owned(),
        String::new(),
        row("SLACK", "CLUSTER prod-eu", width),
        row(&"─".repeat(LEFT - 2), &"─".repeat(width.saturating_sub(LEFT + 2)), width),
    ]
}

/// What stands below it.
pub(super) fn farewell(file: &Path) -> [String; 5] {
    [
        String::new(),
        format!("What you saw is a test: {}", file.display()),
        "  drawbridge demo             shows the town in your browser, to act in it yourself"
            .to_owned(),
        "  drawbridge serve            is the bot for your Slack and your clusters".to_owned(),
        String::new(),
    ]
}

/// One scene: what was done, what people saw, and beside it what stands open. Expectations of the
/// story are shown only by what they let people see.
pub(super) fn scene(scene: &Scene, width: usize) -> Vec<String> {
    let expectation = scene.line.contains("expect ");
    if (expectation && scene.messages.is_empty()) || scene.line.starts_with("town ") {
        return Vec::new();
    }
    let left_width = if two_sided(width) { LEFT - 2 } else { width };
    let mut left = Vec::new();
    let time = scene.now.format("%H:%M:%S");
    let head = if expectation {
        "time passes".to_owned()
    } else {
        scene.line.clone()
    };
    left.extend(wrapped(
        &format!("{time}  ▸ {head}"),
        left_width,
        "            ",
    ));
    for line in scene.messages.iter().flatten() {
        left.extend(wrapped(&format!("  {line}"), left_width, "      "));
    }
    left.push(String::new());
    let mut right: Vec<String> = scene.cluster.iter().map(|line| short(line)).collect();
    right.push(match scene.gates.len() {
        0 => "nothing of ours is open".to_owned(),
        1 => "1 temporary policy is open".to_owned(),
        open => format!("{open} temporary policies are open"),
    });
    right.extend(scene.gates.iter().map(|gate| format!("  {gate}")));
    beside(&left, &right, width)
}

/// `+ orders/drawbridge-k7m3xq-1`: the kind goes without saying here, and so does the unguessable
/// part of the name.
fn short(change: &str) -> String {
    let bare = change.replace("NetworkPolicy/", "");
    match bare.rsplit_once('-') {
        Some((start, _)) if start.contains("drawbridge-") => start.to_owned(),
        _ => bare,
    }
}

const fn two_sided(width: usize) -> bool {
    width >= LEFT + 30
}

fn wrapped(text: &str, width: usize, indent: &str) -> Vec<String> {
    let options = textwrap::Options::new(width).subsequent_indent(indent);
    textwrap::wrap(text, options)
        .into_iter()
        .map(|line| line.into_owned())
        .collect()
}

/// Two columns, or one after the other where there is no room.
fn beside(left: &[String], right: &[String], width: usize) -> Vec<String> {
    let right: Vec<String> = right
        .iter()
        .flat_map(|line| wrapped(line, width.saturating_sub(LEFT + 2).max(28), "    "))
        .collect();
    if !two_sided(width) {
        let below = right.iter().map(|line| format!("    │ {line}"));
        return left.iter().cloned().chain(below).collect();
    }
    let rows = left.len().max(right.len());
    let cell = |side: &[String], n: usize| side.get(n).cloned().unwrap_or_default();
    (0..rows)
        .map(|n| row(&cell(left, n), &cell(&right, n), width))
        .collect()
}

fn row(left: &str, right: &str, width: usize) -> String {
    if !two_sided(width) {
        return left.to_owned();
    }
    let pad = LEFT.saturating_sub(textwrap::core::display_width(left));
    format!("{left}{}│ {right}", " ".repeat(pad))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene_of(messages: Vec<Vec<String>>) -> Scene {
        Scene {
            line: "lee clicks Approve".into(),
            now: "2026-01-05T09:00:00Z".parse().unwrap(),
            messages,
            cluster: vec!["+ orders/NetworkPolicy/drawbridge-k7m3xq-1-abcdefghjk".into()],
            gates: vec!["orders/drawbridge-k7m3xq-1-abcdefghjk  until 2026-01-05T09:30:00Z".into()],
            failures: Vec::new(),
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "a word and another ".repeat(20);
        for width in [60, 94, 120, 140] {
            for line in scene(&scene_of(vec![vec![long.clone()]]), width) {
                assert!(
                    textwrap::core::display_width(&line) <= width,
                    "{width}: {line}"
                );
            }
        }
    }

    #[test]
    fn a_narrow_terminal_shows_both_sides_one_below_the_other() {
        let lines = scene(&scene_of(vec![vec!["+ #access-orders".into()]]), 60).join("\n");
        assert!(lines.contains("│ 1 temporary policy"), "{lines}");
    }
}
