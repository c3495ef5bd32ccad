//! Runs all checks over the rows of the operations that are named, or of all: `rows [OP…]`.
//!
//! Says for each check `green`, or `red` with the first failure; ends with 1 where one is red.
#![forbid(unsafe_code)]

use gradus_tests::case::Case;
use gradus_tests::{cases, checks};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ops: Vec<String> = std::env::args().skip(1).collect();
    let rows: Vec<Case> =
        cases::all().into_iter().filter(|c| ops.is_empty() || ops.iter().any(|op| op == c.op)).collect();
    if let Some(unknown) = ops.iter().find(|op| rows.iter().all(|c| c.op != **op)) {
        eprintln!("rows: the table has no row for {unknown}; name an operation of the engine's registry");
        return ExitCode::from(2);
    }
    // What a planted error makes panic is reported as a failure.
    std::panic::set_hook(Box::new(|_| {}));
    let mut red = false;
    for (name, check) in checks::CHECKS {
        match rows.iter().find_map(|case| checks::failure(check, case)) {
            None => println!("{name}: green"),
            Some(failure) => {
                red = true;
                println!("{name}: red, {}", failure.replace('\n', " "));
            }
        }
    }
    ExitCode::from(u8::from(red))
}
