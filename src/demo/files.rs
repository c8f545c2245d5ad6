//! The page's files, embedded: the demo needs nothing but its own program.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri, header};

/// Path, kind and content of every file.
macro_rules! files {
    ($($path:literal)*) => {
        const FILES: &[(&str, &str)] = &[$(($path, include_str!(concat!("page/", $path)))),*];
    };
}

files! {
    "acts.js"
    "avatar.js"
    "bar.js"
    "base.css"
    "blocks.css"
    "blocks.js"
    "book.js"
    "clock.js"
    "cluster.js"
    "coach.js"
    "composer.js"
    "contexts.js"
    "dates.js"
    "dialog.js"
    "dom.js"
    "elements.js"
    "emoji.js"
    "flows.js"
    "home.js"
    "icon.svg"
    "index.html"
    "inspector.js"
    "ledger.js"
    "lines.js"
    "live.js"
    "main.js"
    "map.css"
    "map.js"
    "menu.js"
    "modal.js"
    "mrkdwn.js"
    "people.js"
    "policies.js"
    "richtext.js"
    "row.js"
    "select.js"
    "self.js"
    "sidebar.js"
    "sides.js"
    "slack.css"
    "slack.js"
    "stream.js"
    "suggestions.js"
    "theme.js"
    "troubles.js"
    "yaml.js"
}

pub(super) async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match FILES.iter().find(|(known, _)| *known == path) {
        Some((_, content)) => ([(header::CONTENT_TYPE, kind(path))], *content).into_response(),
        None => (StatusCode::NOT_FOUND, "there is no such page").into_response(),
    }
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_embedded_and_all_are_small_enough_to_be_sent_at_once() {
        let folder = Path::new("src/demo/page");
        let there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let embedded: BTreeSet<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(there, embedded);
        let bytes: usize = FILES.iter().map(|(_, content)| content.len()).sum();
        assert!(bytes < 200_000, "{bytes} bytes");
    }

    #[test]
    fn nothing_of_the_page_is_loaded_from_elsewhere_or_inline() {
        for (path, content) in FILES {
            for word in ["https://", "eval(", "innerHTML", "style=\"", "<script>"] {
                assert!(!content.contains(word), "{path} contains {word}");
            }
        }
    }
}
