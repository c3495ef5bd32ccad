//! What is read from a run to fill a table.

/// A number of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A metric on the test split, by its name in the result file; shown in percent, larger is better.
    Test(&'static str),
    /// Mean training loss of the last epoch that was run; smaller is better.
    TrainLoss,
}

impl Measure {
    /// A short name, for file names.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Test(metric) => metric,
            Measure::TrainLoss => "train_loss",
        }
    }

    /// What stands over a table or beside an axis.
    pub fn label(self) -> String {
        match self {
            Measure::Test(metric) => match metric.split_once('_') {
                Some((metric, average)) => format!("test {metric} ({average} average), %"),
                None => format!("test {metric}, %"),
            },
            Measure::TrainLoss => "training loss, mean of the last epoch".into(),
        }
    }

    /// Positive where `a` is better than `b`, and by how much.
    pub fn advantage(self, a: f64, b: f64) -> f64 {
        match self {
            Measure::Test(_) => a - b,
            Measure::TrainLoss => b - a,
        }
    }

    /// A value as tables show it.
    pub fn show(self, value: f64) -> String {
        match self {
            Measure::Test(_) => format!("{value:.1}"),
            Measure::TrainLoss => format!("{value:.3}"),
        }
    }

    /// A difference as tables show it, with its sign.
    pub fn show_signed(self, value: f64) -> String {
        match self {
            Measure::Test(_) => format!("{value:+.1}"),
            Measure::TrainLoss => format!("{value:+.3}"),
        }
        .replace('-', "−")
    }
}
