//! Fuzzing of everything that reads a file or a text from elsewhere: whatever the bytes, a reader returns what they hold or
//! one sentence on what is wrong. It neither panics nor takes long.
//!
//! A target starts from the files in `seeds/<target>`, changes them at random ([`mutate`]) and shrinks what fails. It runs
//! for as many seconds as the environment variable `GRADUS_FUZZ_SECONDS` says, one without it, and then always with the
//! same bytes; with it each time with others. All targets for ten minutes each:
//!
//! ```text
//! GRADUS_FUZZ_SECONDS=600 cargo test -p gradus --lib fuzz_
//! ```
//!
//! The targets of readers that only their own module sees stand beside these; the others are in [`targets`].

mod mutate;
mod targets;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The longest that a reader may take for one file of these sizes.
const LONGEST: Duration = Duration::from_secs(5);

/// Gives a reader changed seeds until the time is over.
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

/// The files that a target starts from, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fuzz/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// What a reader says is one sentence for a terminal: a line without control characters, and not the whole file again.
pub fn check_sentence(error: impl std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "control characters in {text:?}");
    assert!(text.chars().count() < 1000, "{} characters: {text}", text.chars().count());
}
