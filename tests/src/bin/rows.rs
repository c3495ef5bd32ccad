//! Runs all checks over the rows of the operations that are named, or of all: `rows [OP…]`.
//!
//! Prints for each check `green`, or `red` with the first failure; the exit code is 1 if one is red. The checks: both orders of
//! the gradient against central differences, fast kernels against plain ones, edge values in single against double precision,
//! the CUDA kernels on the emulator and that there are some (in a build with `--features cuda-emulator`), planted errors that the
//! rows must detect, and that each operation has its row and its mutants.
#![forbid(unsafe_code)]

use gradus_engine::Device;
use gradus_tests::case::Case;
use gradus_tests::mutants::VARIABLE;
use gradus_tests::{cases, checks, coverage, edges};
use std::process::ExitCode;

fn main() -> ExitCode {
    let ops: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |op: &str| ops.is_empty() || ops.iter().any(|wanted| wanted == op);
    let rows: Vec<Case> = cases::all().into_iter().filter(|case| wanted(case.op)).collect();
    // A panic because of a planted error is reported as a failure.
    std::panic::set_hook(Box::new(|_| {}));
    let mut red = false;
    for unknown in ops.iter().filter(|op| rows.iter().all(|case| case.op != **op)) {
        red = true;
        println!("{}", coverage::no_row(unknown));
    }
    let mut report = |name: &str, failure: Option<String>| {
        red |= failure.is_some();
        match failure {
            None => println!("{name}: green"),
            Some(failure) => println!("{name}: red, {}", failure.replace('\n', " ")),
        }
    };
    for (name, check) in checks::CHECKS {
        report(name, rows.iter().find_map(|case| checks::failure(check, case)));
    }
    // With a mutant on, only the checks above run, to save time.
    if std::env::var_os(VARIABLE).is_none() {
        report("edges", rows.iter().find_map(|case| at_the_edges(case, Device::Cpu)));
        on_the_emulator(&rows, &mut report);
        report(
            "planted errors",
            rows.iter().flat_map(checks::unseen).next().map(|error| error + " is not detected"),
        );
        let names = |sentence: &str| ops.is_empty() || ops.iter().any(|op| sentence.contains(op.as_str()));
        let missing =
            coverage::mutants().map(|mutants| coverage::rows().into_iter().chain(mutants).collect());
        let missing: Vec<String> = missing.unwrap_or_else(|error| vec![error]);
        report("written down", missing.into_iter().find(|sentence| names(sentence)));
    }
    ExitCode::from(u8::from(red))
}

/// The first difference between single and double precision at an edge value that no row of the known ones explains.
fn at_the_edges(case: &Case, device: Device) -> Option<String> {
    let found =
        |case: &Case, seed| match edges::check(case, seed, device).into_iter().find(|f| f.known.is_none()) {
            Some(found) => Err(format!(
                "{}; mend it, or add a row with the reason to tests/src/edges/known.rs",
                found.text
            )),
            None => Ok(()),
        };
    checks::failure(|case, seed| if seed == 0 { found(case, seed) } else { Ok(()) }, case)
}

#[cfg(feature = "cuda-emulator")]
fn on_the_emulator(rows: &[Case], report: &mut impl FnMut(&str, Option<String>)) {
    let device = gradus_engine::Device::open("cuda-emulated").map_err(|error| error.to_string());
    let failure = device.map(|device| {
        let check = |case: &Case, seed| checks::fast_is_plain(case, seed, device);
        rows.iter().find_map(|case| checks::failure(check, case))
    });
    report("cuda = plain", failure.unwrap_or_else(Some));
    report("cuda kernels", coverage::without_cuda().into_iter().next());
}

#[cfg(not(feature = "cuda-emulator"))]
fn on_the_emulator(_: &[Case], _: &mut impl FnMut(&str, Option<String>)) {
    println!("cuda = plain: not in this build; it is with --features cuda-emulator");
}
