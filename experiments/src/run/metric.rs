/// A metric of a model on a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name in configurations and result files.
    pub name: &'static str,
    /// Which values are better.
    pub better: Better,
    /// How it is shown.
    pub unit: Unit,
}

/// Which values of a metric are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Larger ones, as for accuracy.
    Larger,
    /// Smaller ones, as for perplexity.
    Smaller,
}

/// How a metric is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction, shown in percent.
    Percent,
    /// A plain number.
    Plain,
}

/// The perplexity that no model can go under, as the source of a generated text knows it.
pub const FLOOR: Metric = Metric { name: "floor", better: Better::Smaller, unit: Unit::Plain };

/// Different words per word.
pub const TYPE_TOKEN_RATIO: Metric =
    Metric { name: "type-token ratio", better: Better::Smaller, unit: Unit::Plain };
/// Pieces of the vocabulary per word.
pub const PIECES_PER_WORD: Metric =
    Metric { name: "subwords per word", better: Better::Smaller, unit: Unit::Plain };

/// Stands for a value that could not be measured: no example of the data counts for the metric.
const NOT_MEASURED: &str = "—";

/// From it on, values are shown by their power of ten.
const LARGEST: f64 = 1e12;

impl Metric {
    /// A fraction, shown in percent, of which larger values are better.
    pub const fn share(name: &'static str) -> Metric {
        Metric { name, better: Better::Larger, unit: Unit::Percent }
    }

    /// Whether `a` is better than `b`. NaN is never better, and everything else is better than NaN.
    pub fn is_better(&self, a: f64, b: f64) -> bool {
        match (a.is_nan(), b.is_nan()) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => match self.better {
                Better::Larger => a > b,
                Better::Smaller => a < b,
            },
        }
    }

    /// A value in the unit in which it is shown.
    pub fn scaled(&self, value: f64) -> f64 {
        match self.unit {
            Unit::Percent => 100.0 * value,
            Unit::Plain => value,
        }
    }

    /// A value with two decimals, in its unit; one that is beyond all meaning, as the perplexity of a model that has diverged, by its
    /// power of ten; a dash for NaN, which stands for what could not be measured.
    pub fn show(&self, value: f64) -> String {
        match self.scaled(value) {
            scaled if scaled.is_nan() => NOT_MEASURED.into(),
            scaled if scaled.abs() < LARGEST => format!("{scaled:.2}"),
            scaled => format!("{scaled:.1e}"),
        }
    }

    /// A difference of values, with its sign.
    pub fn show_difference(&self, difference: f64) -> String {
        match self.scaled(difference) {
            scaled if scaled.is_nan() => NOT_MEASURED.into(),
            scaled if scaled.abs() < LARGEST => format!("{scaled:+.2}"),
            scaled => format!("{scaled:+.1e}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_value_is_larger_or_smaller_and_never_nan() {
        let accuracy = Metric::share("accuracy");
        let perplexity = Metric { name: "perplexity", better: Better::Smaller, unit: Unit::Plain };
        assert!(accuracy.is_better(0.6, 0.5) && !accuracy.is_better(0.5, 0.5));
        assert!(perplexity.is_better(90.0, 95.0) && !perplexity.is_better(95.0, 90.0));
        for metric in [accuracy, perplexity] {
            assert!(metric.is_better(1.0, f64::NAN) && !metric.is_better(f64::NAN, 1.0));
        }
        assert_eq!([accuracy.show(0.8125), perplexity.show(81.25)], ["81.25", "81.25"]);
        assert_eq!([accuracy.show(f64::NAN), perplexity.show(2e304)], ["—", "2.0e304"]);
        let differences = [0.5, -0.001, f64::NAN, -2e304].map(|d| perplexity.show_difference(d));
        assert_eq!(differences, ["+0.50", "-0.00", "—", "-2.0e304"]);
    }
}
