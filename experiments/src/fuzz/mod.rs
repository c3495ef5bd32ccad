//! Fuzz tests of everything that reads a file or a text from outside: whatever the bytes are, a reader returns their
//! contents or an error of one sentence. It neither panics nor takes long.
//!
//! A target mutates the files in `seeds/<target>` at random ([`mutate`]) and shrinks inputs that fail. The environment
//! variable `GRADUS_FUZZ_SECONDS` sets for how long it runs, with different bytes each time. Without it, a target runs
//! for one second, always with the same bytes. To run all targets for ten minutes each:
//!
//! ```text
//! GRADUS_FUZZ_SECONDS=600 cargo test -p gradus --lib fuzz_
//! ```
//!
//! The targets of readers that are private to a module are in that module; all others are in [`targets`].

mod mutate;
mod targets;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest time that a reader may take for one file of this size.
const LONGEST: Duration = Duration::from_secs(5);

/// Runs a reader on mutated seeds until the time is up.
///
/// # Panics
/// With the smallest bytes that make `read` panic, or take too long.
pub fn run(target: &str, read: impl Fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target}: no seeds");
    let seconds = std::env::var("GRADUS_FUZZ_SECONDS").ok();
    let budget: f64 =
        seconds.as_deref().map_or(1.0, |text| text.parse().expect("GRADUS_FUZZ_SECONDS: a number"));
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let mut runner = match seconds {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    seeds.iter().for_each(|seed| read(seed));
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < budget {
        let found = runner.run(&mutate::changed(seeds.clone()), |bytes| {
            let start = Instant::now();
            read(&bytes);
            assert!(start.elapsed() < LONGEST, "{:?} for {} bytes", start.elapsed(), bytes.len());
            Ok(())
        });
        if let Err(error) = found {
            panic!("{target}: {error}");
        }
    }
}

/// The seed files of a target, in the order of their names.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Checks that an error is one sentence for a terminal: a line without control characters that does not repeat the
/// whole file.
pub fn check_sentence(error: impl std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "control characters in {text:?}");
    assert!(text.chars().count() < 1000, "{} characters: {text}", text.chars().count());
}
