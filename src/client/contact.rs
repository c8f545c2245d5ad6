//! Whether a server can be asked, told once when it changes: nobody stares at a job that says nothing.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Trouble;

/// A change worth telling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News<'t> {
    /// It cannot be asked, for the first time since it last answered.
    Lost(&'t Trouble),
    /// It answers again.
    Back,
}

/// What is known of a server, and who hears of changes. It begins as one that answers.
pub struct Contact<'a> {
    lost: AtomicBool,
    tell: Box<dyn Fn(News<'_>) + Send + Sync + 'a>,
}

impl<'a> Contact<'a> {
    /// Tells of every change.
    pub fn telling(tell: impl Fn(News<'_>) + Send + Sync + 'a) -> Self {
        Self {
            lost: AtomicBool::new(false),
            tell: Box::new(tell),
        }
    }

    /// A call was not answered, or with a trouble that may pass.
    pub fn lost(&self, trouble: &Trouble) {
        if !self.lost.swap(true, Ordering::Relaxed) {
            (self.tell)(News::Lost(trouble));
        }
    }

    /// A call was answered.
    pub fn held(&self) {
        if self.lost.swap(false, Ordering::Relaxed) {
            (self.tell)(News::Back);
        }
    }
}

impl fmt::Debug for Contact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn only_changes_are_told() {
        let told = Mutex::new(Vec::new());
        let contact = Contact::telling(|news| {
            let word = match news {
                News::Lost(trouble) => trouble.to_string(),
                News::Back => "back".to_owned(),
            };
            told.lock().unwrap().push(word);
        });
        contact.held();
        contact.lost(&Trouble::Late);
        contact.lost(&Trouble::Words);
        contact.held();
        contact.held();
        contact.lost(&Trouble::Words);
        let expected = [
            "no answer in time",
            "back",
            "the answer is not a Drawbridge's",
        ];
        assert_eq!(*told.lock().unwrap(), expected);
    }
}
