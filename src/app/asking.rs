//! How many asks are being answered at this moment. Where they are many, whoever asks is answered before anything that
//! is merely a courtesy.

use std::sync::atomic::{AtomicUsize, Ordering};

/// So many at once are still few: each takes some milliseconds.
const FEW: usize = 3;

/// The asks under way in this process.
#[derive(Debug, Default)]
pub struct Asking(AtomicUsize);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct OneOf<'a>(&'a Asking);

impl Asking {
    pub(super) fn begin(&self) -> OneOf<'_> {
        self.0.fetch_add(1, Ordering::Relaxed);
        OneOf(self)
    }

    pub(super) fn are_many(&self) -> bool {
        self.0.load(Ordering::Relaxed) > FEW
    }
}

impl Drop for OneOf<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_are_many_while_more_than_a_few_are_under_way() {
        let asking = Asking::default();
        let mut all: Vec<OneOf<'_>> = (0..FEW).map(|_| asking.begin()).collect();
        assert!(!asking.are_many());
        all.push(asking.begin());
        assert!(asking.are_many());
        all.pop();
        assert!(!asking.are_many(), "one was answered");
    }
}
