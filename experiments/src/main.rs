//! The `gradus` command.
#![forbid(unsafe_code)]

use clap::Parser;
use gradus::cli::Cli;
use gradus::commands;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(report_fault));
    }
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (message, code) = commands::message_and_exit_code(&error);
            if let Some(message) = message {
                let _ = writeln!(std::io::stderr(), "{message}");
            }
            ExitCode::from(code)
        }
    }
}

/// Reports a panic, which is always a bug of gradus, in one sentence.
fn report_fault(panic: &std::panic::PanicHookInfo) {
    let payload = panic.payload();
    let message = payload.downcast_ref::<String>().map(String::as_str);
    let message = message.or(payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    let message = message.replace('\n', " ");
    let place = panic.location().map_or(String::new(), |place| format!(" ({place})"));
    // Nothing can be reported if standard error is closed.
    let _ = writeln!(
        std::io::stderr(),
        "error: a fault of gradus itself: {message}{place}; please report it with the command that you ran"
    );
}
