//! The demo as a visitor meets it: the program, its page's stream and acts, and the doors beside it.

mod acting;
mod breaking;
mod browser;
mod doors;
mod mixed;
mod visitor;
