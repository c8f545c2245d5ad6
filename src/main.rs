//! The `drawbridge` program: reads the command line and hands over to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything opens a connection: two providers in one process would make rustls panic.
    let _ = rustls::crypto::ring::default_provider().install_default();
    drawbridge::cli::main()
}
