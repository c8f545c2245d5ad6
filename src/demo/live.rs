//! The page's view of the town as server-sent events: everything on connecting, then what changes. A
//! page that comes back simply starts over.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::board::{Picture, Section};
use crate::sim::slack::{Change, Changed};

/// Changes of messages that one event carries at most, so that a page can draw meanwhile.
const BATCH: usize = 500;

/// What one page was sent.
struct Page {
    board: watch::Receiver<Picture>,
    shown: Option<Shown>,
    /// Whether the board was looked at.
    looked: bool,
    /// Events that wait to be taken.
    queue: VecDeque<Event>,
}

struct Shown {
    generation: u64,
    messages: u64,
    sections: Vec<Arc<str>>,
}

/// The stream for one page.
pub(super) fn stream(
    board: watch::Receiver<Picture>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let page = Page {
        board,
        shown: None,
        looked: false,
        queue: VecDeque::new(),
    };
    Sse::new(futures::stream::unfold(page, next))
}

async fn next(mut page: Page) -> Option<(Result<Event, Infallible>, Page)> {
    loop {
        if let Some(event) = page.queue.pop_front() {
            return Some((Ok(event), page));
        }
        if page.looked && page.board.changed().await.is_err() {
            return None;
        }
        page.looked = true;
        let picture = page.board.borrow_and_update().clone();
        page.look(&picture);
    }
}

impl Page {
    /// Queues what is new in a picture, once it is whole.
    fn look(&mut self, picture: &Picture) {
        let Some(drawn) = picture.sections() else {
            return;
        };
        let before = self
            .shown
            .take()
            .filter(|shown| shown.generation == picture.generation);
        for (at, (section, text)) in drawn.iter().enumerate() {
            let known = before.as_ref().and_then(|shown| shown.sections.get(at));
            if known.is_none_or(|known| !Arc::ptr_eq(known, text)) {
                let event = Event::default().event(section.name()).data(&**text);
                self.queue.push_back(event);
            }
            // Messages name people and channels: these come first.
            if *section == Section::Town {
                self.messages(before.as_ref().map(|shown| shown.messages), picture);
            }
        }
        self.shown = Some(Shown {
            generation: picture.generation,
            messages: picture.messages,
            sections: drawn.into_iter().map(|(_, text)| text).collect(),
        });
    }

    fn messages(&mut self, known: Option<u64>, picture: &Picture) {
        let from = known.unwrap_or_default();
        let changes = picture.slack.changes_since(from);
        let changes: Vec<&Change> = changes
            .iter()
            .take_while(|change| change.number <= picture.messages)
            .collect();
        if changes.is_empty() && known.is_some() {
            return;
        }
        let mut from = from;
        let mut batches: Vec<&[&Change]> = changes.chunks(BATCH).collect();
        if batches.is_empty() {
            batches.push(&[]);
        }
        for batch in batches {
            let to = batch.last().map_or(from, |change| change.number);
            let listed: Vec<Value> = batch.iter().map(|change| describe(change)).collect();
            let data = json!({"from": from, "to": to, "changes": listed}).to_string();
            self.queue
                .push_back(Event::default().event("messages").data(data));
            from = to;
        }
    }
}

fn describe(change: &Change) -> Value {
    let message = &change.message;
    let what = match change.what {
        Changed::Posted => "posted",
        Changed::Updated => "updated",
        Changed::Deleted => "deleted",
    };
    json!({
        "number": change.number,
        "what": what,
        "message": {
            "channel": message.at.channel, "ts": message.at.ts, "author": message.author,
            "text": message.text, "blocks": message.blocks, "thread": message.thread,
            "broadcast": message.broadcast, "edited": message.edited, "only_for": message.only_for,
        },
    })
}
