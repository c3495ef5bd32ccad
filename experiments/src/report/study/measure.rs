//! The number of a run that fills a table.

use super::trial::Trial;
use crate::run::{Better, Metric, Unit};

/// A number that is read from a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A metric on the test split.
    Test(Metric),
    /// A metric on the development split.
    Dev(Metric),
    /// A number of a trial.
    Trial(Trial, Metric),
    /// Mean training loss of the last epoch; smaller is better.
    TrainLoss,
    /// Millions of parameters; smaller is better.
    Parameters,
    /// Minutes of training and evaluation; smaller is better.
    Minutes,
    /// Test examples per second on one thread.
    Speed,
    /// The size of the file of the best parameters, in megabytes of 10⁶ bytes; smaller is better.
    Megabytes,
    /// By how much a metric on the test split is better than its mean on the other sets of the run's trials; smaller is better.
    Gap(Metric),
}

impl Measure {
    /// The metric with this name on the test split.
    ///
    /// # Panics
    /// If the task has no such metric; in a constant, this is a compile-time error.
    pub const fn test(metrics: &'static [Metric], name: &str) -> Self {
        Measure::Test(Measure::metric(metrics, name))
    }

    const fn metric(metrics: &'static [Metric], name: &str) -> Metric {
        let mut i = 0;
        while i < metrics.len() {
            if same(metrics[i].name, name) {
                return metrics[i];
            }
            i += 1;
        }
        panic!("measure: the task has no metric of that name")
    }

    /// The metric with this name on the development split.
    ///
    /// # Panics
    /// As [`test`](Measure::test).
    pub const fn dev(metrics: &'static [Metric], name: &str) -> Self {
        Measure::Dev(Measure::metric(metrics, name))
    }

    /// The [`Gap`](Measure::Gap) of the metric with this name.
    ///
    /// # Panics
    /// As [`test`](Measure::test).
    pub const fn gap(metrics: &'static [Metric], name: &str) -> Self {
        Measure::Gap(Measure::metric(metrics, name))
    }

    /// The number of a trial.
    ///
    /// # Panics
    /// As [`test`](Measure::test).
    pub const fn trial(trial: Trial, metrics: &'static [Metric], name: &str) -> Self {
        Measure::Trial(trial, Measure::metric(metrics, name))
    }

    /// A short name, for file names.
    pub fn name(self) -> String {
        match self {
            Measure::Gap(metric) => format!("gap-{}", metric.name),
            Measure::Test(metric) => metric.name.into(),
            Measure::Dev(metric) => format!("dev-{}", metric.name),
            Measure::Trial(trial, metric) => format!("{}-{}", trial.name().replace(' ', "-"), metric.name),
            Measure::TrainLoss => "train_loss".into(),
            Measure::Parameters => "parameters".into(),
            Measure::Minutes => "minutes".into(),
            Measure::Speed => "speed".into(),
            Measure::Megabytes => "megabytes".into(),
        }
    }

    /// The label of a table or an axis.
    pub fn label(self) -> String {
        match self {
            Measure::Test(metric) => labelled("test ", metric, ""),
            Measure::Dev(metric) => labelled("dev ", metric, ""),
            Measure::Trial(trial, metric) => labelled("", metric, &format!(" {}", trial.name())),
            Measure::Gap(metric) => {
                format!("{}: gap to the mean on other sets; smaller is better", labelled("test ", metric, ""))
            }
            Measure::TrainLoss => "training loss, mean of the last epoch".into(),
            Measure::Parameters => "millions of parameters, smaller is better".into(),
            Measure::Minutes => "minutes of training and evaluation, smaller is better".into(),
            Measure::Speed => "test examples per second on one thread".into(),
            Measure::Megabytes => "megabytes of the file of parameters, smaller is better".into(),
        }
    }

    /// The label of a metric of several trials.
    pub fn of_trials(metric: Metric) -> String {
        labelled("", metric, "")
    }

    /// By how much `a` is better than `b`; negative if it is worse.
    pub fn advantage(self, a: f64, b: f64) -> f64 {
        match self {
            Measure::Test(metric) | Measure::Dev(metric) | Measure::Trial(_, metric) => match metric.better {
                Better::Larger => a - b,
                Better::Smaller => b - a,
            },
            Measure::Speed => a - b,
            Measure::Gap(_)
            | Measure::TrainLoss
            | Measure::Parameters
            | Measure::Minutes
            | Measure::Megabytes => b - a,
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
            Measure::Test(metric)
            | Measure::Dev(metric)
            | Measure::Trial(_, metric)
            | Measure::Gap(metric) => match metric.unit {
                Unit::Percent => 1,
                Unit::Plain => 2,
            },
            Measure::TrainLoss | Measure::Parameters | Measure::Megabytes => 3,
            Measure::Minutes => 1,
            Measure::Speed => 0,
        }
    }
}

/// The label of a metric, between two parts of a sentence.
fn labelled(before: &str, metric: Metric, after: &str) -> String {
    let name = match metric.name.split_once('_') {
        Some((metric, average @ ("macro" | "micro"))) => {
            format!("{before}{metric} ({average} average){after}")
        }
        Some(_) | None => format!("{before}{}{after}", metric.name.replace('_', " ")),
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
        let elsewhere = Measure::Trial(Trial::On("books"), METRICS[1]);
        assert_eq!(
            [elsewhere.name(), elsewhere.label()],
            ["on-books-f1_macro", "f1 (macro average) on books, %"]
        );
        let gap = Measure::gap(METRICS, "f1_macro");
        assert_eq!(
            (gap.name().as_str(), gap.advantage(5.0, 7.0), gap.show(2.04)),
            ("gap-f1_macro", 2.0, "2.0".into())
        );
        assert_eq!(perplexity.label(), "test perplexity, smaller is better");
        let dev = Measure::dev(METRICS, "perplexity");
        assert_eq!([dev.name(), dev.label()], ["dev-perplexity", "dev perplexity, smaller is better"]);
        let words = Metric { name: "perplexity_per_word", ..METRICS[2] };
        assert_eq!(Measure::Test(words).label(), "test perplexity per word, smaller is better");
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
