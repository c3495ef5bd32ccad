//! The number of a run that fills a table.

use crate::run::{Better, Metric, Unit};

/// A number that is read from a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A metric on the test split.
    Test(Metric),
    /// Mean training loss of the last epoch; smaller is better.
    TrainLoss,
    /// Millions of parameters; smaller is better.
    Parameters,
    /// Test examples per second on one thread.
    Speed,
    /// A metric on the test split minus its mean on the other sets that the run was tried on; smaller is better.
    Gap(Metric),
}

impl Measure {
    /// The metric with this name on the test split.
    ///
    /// # Panics
    /// If the task has no such metric; in a constant, this is a compile-time error.
    pub const fn test(metrics: &'static [Metric], name: &str) -> Self {
        let mut i = 0;
        while i < metrics.len() {
            if same(metrics[i].name, name) {
                return Measure::Test(metrics[i]);
            }
            i += 1;
        }
        panic!("measure: the task has no metric of that name")
    }

    /// The [`Gap`](Measure::Gap) of the metric with this name.
    ///
    /// # Panics
    /// As [`test`](Measure::test).
    pub const fn gap(metrics: &'static [Metric], name: &str) -> Self {
        match Measure::test(metrics, name) {
            Measure::Test(metric) => Measure::Gap(metric),
            other => other,
        }
    }

    /// A short name, for file names.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Gap(_) => "gap",
            Measure::Test(metric) => metric.name,
            Measure::TrainLoss => "train_loss",
            Measure::Parameters => "parameters",
            Measure::Speed => "speed",
        }
    }

    /// The label of a table or an axis.
    pub fn label(self) -> String {
        let metric = match self {
            Measure::Test(metric) => metric,
            Measure::Gap(metric) => {
                let of = Measure::Test(metric).label();
                return format!("{of}, minus its mean on the other sets; smaller is better");
            }
            Measure::TrainLoss => return "training loss, mean of the last epoch".into(),
            Measure::Parameters => return "millions of parameters, smaller is better".into(),
            Measure::Speed => return "test examples per second on one thread".into(),
        };
        let name = match metric.name.split_once('_') {
            Some((metric, average)) => format!("test {metric} ({average} average)"),
            None => format!("test {}", metric.name),
        };
        let unit = match metric.unit {
            Unit::Percent => ", %",
            Unit::Plain => "",
        };
        let better = match metric.better {
            Better::Larger => "",
            Better::Smaller => ", smaller is better",
        };
        name + unit + better
    }

    /// By how much `a` is better than `b`; negative if it is worse.
    pub fn advantage(self, a: f64, b: f64) -> f64 {
        match self {
            Measure::Test(Metric { better: Better::Larger, .. }) | Measure::Speed => a - b,
            Measure::Test(Metric { better: Better::Smaller, .. })
            | Measure::Gap(_)
            | Measure::TrainLoss
            | Measure::Parameters => b - a,
        }
    }

    /// A value in its unit, as shown in tables.
    pub fn show(self, value: f64) -> String {
        format!("{value:.*}", self.digits())
    }

    /// A difference with its sign, as shown in tables.
    pub fn show_signed(self, value: f64) -> String {
        format!("{value:+.*}", self.digits()).replace('-', "−")
    }

    fn digits(self) -> usize {
        match self {
            Measure::Test(Metric { unit: Unit::Percent, .. })
            | Measure::Gap(Metric { unit: Unit::Percent, .. }) => 1,
            Measure::Test(Metric { unit: Unit::Plain, .. })
            | Measure::Gap(Metric { unit: Unit::Plain, .. }) => 2,
            Measure::TrainLoss | Measure::Parameters => 3,
            Measure::Speed => 0,
        }
    }
}

/// String equality as a `const fn`.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &[Metric] = &[
        Metric::share("f1"),
        Metric::share("f1_macro"),
        Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain },
    ];

    #[test]
    fn a_measure_has_the_direction_and_the_unit_of_its_metric() {
        let [f1, average, perplexity] = ["f1", "f1_macro", "perplexity"].map(|m| Measure::test(METRICS, m));
        assert_eq!([f1.name(), average.name(), perplexity.name()], ["f1", "f1_macro", "perplexity"]);
        assert_eq!(average.label(), "test f1 (macro average), %");
        assert_eq!(perplexity.label(), "test perplexity, smaller is better");
        assert_eq!([f1.advantage(81.0, 80.0), perplexity.advantage(81.0, 80.0)], [1.0, -1.0]);
        assert_eq!(Measure::TrainLoss.advantage(0.25, 0.75), 0.5);
        assert_eq!([f1.show(81.26), perplexity.show(81.266)], ["81.3", "81.27"]);
        assert_eq!([f1.show_signed(-1.0), Measure::TrainLoss.show_signed(0.5)], ["−1.0", "+0.500"]);
    }

    #[test]
    #[should_panic(expected = "no metric of that name")]
    fn an_unknown_metric_is_a_fault_of_the_study() {
        Measure::test(METRICS, "f1_micro");
    }
}
