//! What is measured on a finished run beside the metrics on its own data.

use crate::run::{Better, Metric, Unit};

/// One thing that is measured with the parameters of a run's best epoch. Each gives named numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trial {
    /// The task's metrics on the test split of another data set.
    On(&'static str),
    /// The task's metrics on its own test split after compression ([`Compression`](crate::run::Compression)), [`MEGABYTES`] and
    /// [`THROUGHPUT`].
    Compressed {
        /// Whether weights are in int8.
        int8: bool,
        /// The share of weights, in percent, that are set to 0.
        pruned: u8,
    },
}

/// The size of the file of parameters, in 10⁶ bytes.
pub const MEGABYTES: Metric = Metric { name: "megabytes", better: Better::Smaller, unit: Unit::Plain };
/// Test examples per second on one thread.
pub const THROUGHPUT: Metric =
    Metric { name: "examples per second on one thread", better: Better::Larger, unit: Unit::Plain };

impl Trial {
    /// Its name in result files.
    pub fn name(self) -> String {
        match self {
            Trial::On(set) => format!("on {set}"),
            Trial::Compressed { .. } => format!("in {}", self.heading()),
        }
    }

    /// Its name as the head of a table's column.
    pub fn heading(self) -> String {
        match self {
            Trial::On(set) => set.into(),
            Trial::Compressed { int8, pruned } => {
                let kind = if int8 { "int8" } else { "f32" };
                if pruned == 0 { kind.into() } else { format!("{kind}, {pruned}% pruned") }
            }
        }
    }
}
