//! Upper limits for values and sizes in untrusted files: far above the needs of any run, and far below what would make
//! a machine unusable.

use std::fmt;
use std::time::Duration;

/// The kind of a file, which determines its maximum size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A configuration: 1 MB.
    Config,
    /// The labels of a run, with what it was trained on: 16 MB.
    Labels,
    /// A vocabulary, an alphabet or a table of subwords: 1 GB.
    Vocabulary,
    /// A result, or the statistics of a data set: 64 MB.
    Result,
    /// A log of losses and metrics: 1 GB.
    Log,
    /// Training text: 8 GB.
    Text,
    /// A small file that Gradus wrote for its own use: 64 kB.
    Note,
}

impl Limit {
    /// The maximum number of bytes.
    pub const fn bytes(self) -> u64 {
        match self {
            Limit::Note => 64 << 10,
            Limit::Config => 1 << 20,
            Limit::Labels => 16 << 20,
            Limit::Result => 64 << 20,
            Limit::Vocabulary | Limit::Log => 1 << 30,
            Limit::Text => 8 << 30,
        }
    }

    /// The name of such a file in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Limit::Config => "a configuration",
            Limit::Labels => "a file of labels",
            Limit::Vocabulary => "a vocabulary",
            Limit::Result => "a result file",
            Limit::Log => "a log",
            Limit::Text => "a text file",
            Limit::Note => "a file of a few lines",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of at most {}", self.name(), size(self.bytes()))
    }
}

/// `64 kB`, `1 MB`, `8 GB`: in powers of 1024, rounded down.
pub fn size(bytes: u64) -> String {
    let units = [(30, "GB"), (20, "MB"), (10, "kB"), (0, "bytes")];
    let (shift, unit) = units.into_iter().find(|(shift, _)| bytes >> shift > 0).unwrap_or((0, "bytes"));
    format!("{} {unit}", bytes >> shift)
}

/// The maximum number of threads. Idle threads spin, so more threads than processors slow each other down.
pub const MOST_THREADS: usize = 512;

/// More threads than [`MOST_THREADS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("threads: expected at most {MOST_THREADS}, found {0}; 0 means one per core")]
pub struct TooManyThreads(pub usize);

/// `n` itself if it is at most [`MOST_THREADS`].
///
/// # Errors
/// [`TooManyThreads`].
pub fn threads(n: usize) -> Result<usize, TooManyThreads> {
    if n <= MOST_THREADS { Ok(n) } else { Err(TooManyThreads(n)) }
}

/// Seconds as a duration; a value out of range becomes the longest or shortest duration, and NaN the shortest.
pub fn duration(seconds: f64) -> Duration {
    let longest = if seconds > 0.0 { Duration::MAX } else { Duration::ZERO };
    Duration::try_from_secs_f64(seconds).unwrap_or(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_as_they_are() {
        assert_eq!(Limit::Config.to_string(), "a configuration of at most 1 MB");
        assert_eq!([0, 1023, 64 << 10, 8 << 30].map(size), ["0 bytes", "1023 bytes", "64 kB", "8 GB"]);
    }

    #[test]
    fn five_hundred_and_twelve_threads_and_no_more() {
        assert_eq!([0, 1, 512].map(threads), [Ok(0), Ok(1), Ok(512)]);
        let error = threads(100_000).unwrap_err().to_string();
        assert_eq!(error, "threads: expected at most 512, found 100000; 0 means one per core");
    }

    #[test]
    fn any_number_of_seconds_is_a_time() {
        assert_eq!(duration(1.5), Duration::from_millis(1500));
        for (seconds, time) in [
            (1e308, Duration::MAX),
            (f64::INFINITY, Duration::MAX),
            (f64::NAN, Duration::ZERO),
            (-5.0, Duration::ZERO),
        ] {
            assert_eq!(duration(seconds), time);
        }
    }
}
