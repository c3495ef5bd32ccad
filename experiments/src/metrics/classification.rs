//! Accuracy, precision, recall and F1, equal to scikit-learn's with `zero_division=0`.

use serde::{Deserialize, Serialize};

/// The confusion matrix: `counts[gold · K + predicted]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Number of classes: K.
    pub k: usize,
    /// `[K, K]`: rows are gold, columns predicted.
    pub counts: Vec<usize>,
}

/// Precision, recall and F1 of one class, or averaged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// `TP / (TP + FP)`: share of the examples predicted as the class that belong to it; 0 if there are none.
    pub precision: f64,
    /// `TP / (TP + FN)`: share of the examples of the class that were found; 0 if there are none.
    pub recall: f64,
    /// `2 TP / (2 TP + FP + FN)`, the harmonic mean of the two; 0 if the class occurs nowhere.
    pub f1: f64,
    /// Number of examples of the class (in averages: of all examples).
    pub support: usize,
}

/// All scores of one evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Share of examples that are predicted correctly.
    pub accuracy: f64,
    /// Scores by class: `[K]`.
    pub classes: Vec<Scores>,
    /// Plain mean over the classes that occur in gold or predicted.
    pub macro_average: Scores,
    /// Scores of all decisions pooled; with one label per example, all three equal the accuracy.
    pub micro_average: Scores,
    /// Mean over classes, weighted by their support.
    pub weighted_average: Scores,
}

impl Confusion {
    /// Counts pairs of gold and predicted classes below `k`.
    ///
    /// # Panics
    /// If the lengths differ or a class is not below `k`.
    #[track_caller]
    pub fn new(gold: &[usize], predicted: &[usize], k: usize) -> Self {
        assert!(
            gold.len() == predicted.len(),
            "confusion: {} gold labels but {} predicted ones",
            gold.len(),
            predicted.len()
        );
        let mut counts = vec![0; k * k];
        for (&g, &p) in gold.iter().zip(predicted) {
            assert!(g < k && p < k, "confusion: gold {g} or predicted {p} is not below the {k} classes");
            counts[g * k + p] += 1;
        }
        Confusion { k, counts }
    }

    /// Number of examples.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// True positives, predicted count and gold count of one class.
    fn class_counts(&self, class: usize) -> [usize; 3] {
        let predicted = (0..self.k).map(|gold| self.counts[gold * self.k + class]).sum();
        let gold = self.counts[class * self.k..][..self.k].iter().sum();
        [self.counts[class * self.k + class], predicted, gold]
    }

    /// Scores with one class as the positive one: scikit-learn's `average='binary'`.
    ///
    /// # Panics
    /// If `class` is not below K.
    #[track_caller]
    pub fn scores(&self, class: usize) -> Scores {
        assert!(class < self.k, "scores: class {class} is not below the {} classes", self.k);
        Scores::of(self.class_counts(class))
    }

    /// True positives, predicted count and gold count of each class: `[K]`.
    pub fn counts_by_class(&self) -> Vec<[usize; 3]> {
        (0..self.k).map(|class| self.class_counts(class)).collect()
    }

    /// Computes all scores.
    ///
    /// # Panics
    /// If nothing was counted.
    #[track_caller]
    pub fn report(self) -> Report {
        assert!(self.total() > 0, "report: no examples were counted");
        Report::of(&self.counts_by_class())
    }
}

impl Report {
    /// Computes all scores from the true positives, predicted count and gold count of each class: `[K]`. They are 0 if
    /// no class is gold, as in texts without labels.
    pub fn of(counts: &[[usize; 3]]) -> Self {
        let total: usize = counts.iter().map(|[.., gold]| gold).sum();
        let classes: Vec<Scores> = counts.iter().copied().map(Scores::of).collect();
        let present: Vec<f64> =
            counts.iter().map(|&[_, predicted, gold]| f64::from(u8::from(predicted + gold > 0))).collect();
        let supports: Vec<f64> = classes.iter().map(|c| c.support as f64).collect();
        let right: usize = counts.iter().map(|[true_positives, ..]| true_positives).sum();
        Report {
            accuracy: right as f64 / total.max(1) as f64,
            macro_average: Scores::mean(&classes, &present),
            micro_average: Scores::of([right, total, total]),
            weighted_average: Scores::mean(&classes, &supports),
            classes,
        }
    }
}

impl Scores {
    /// The scores for true positives, predicted count and gold count.
    pub fn of([true_positives, predicted, gold]: [usize; 3]) -> Self {
        let ratio = |a: usize, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        Scores {
            precision: ratio(true_positives, predicted),
            recall: ratio(true_positives, gold),
            f1: ratio(2 * true_positives, predicted + gold),
            support: gold,
        }
    }

    fn mean(classes: &[Scores], weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let mean = |score: fn(&Scores) -> f64| {
            let sum: f64 = classes.iter().zip(weights).map(|(class, weight)| weight * score(class)).sum();
            if total > 0.0 { sum / total } else { 0.0 }
        };
        Scores {
            precision: mean(|c| c.precision),
            recall: mean(|c| c.recall),
            f1: mean(|c| c.f1),
            support: classes.iter().map(|c| c.support).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(ours: &Scores, expected: [f64; 3]) {
        for (a, b) in [ours.precision, ours.recall, ours.f1].iter().zip(expected) {
            assert!((a - b).abs() < 1e-15, "{ours:?} is not {expected:?}");
        }
    }

    /// Name, gold, predicted, K.
    type Given = (&'static str, &'static [usize], &'static [usize], usize);
    /// Accuracy, then precision, recall and F1 of the macro and of the weighted average.
    type Expected = (f64, [f64; 3], [f64; 3]);

    /// Expected numbers are scikit-learn 1.9.1's: `accuracy_score(gold, predicted)` and
    /// `precision_recall_fscore_support(gold, predicted, average=…, zero_division=0)[:3]`.
    #[test]
    fn averages_equal_scikit_learns() {
        let cases: [(Given, Expected); 6] = [
            (
                ("three classes", &[0, 0, 1, 1, 2, 2, 2], &[0, 1, 1, 1, 2, 0, 2], 3),
                (
                    0.7142857142857143,
                    [0.7222222222222222, 0.7222222222222222, 0.7000000000000001],
                    [0.7619047619047619, 0.7142857142857143, 0.7142857142857143],
                ),
            ),
            (
                ("class 2 never predicted", &[0, 0, 1, 2, 2], &[0, 1, 1, 0, 1], 3),
                (0.4, [0.27777777777777773, 0.5, 0.3333333333333333], [0.26666666666666666, 0.4, 0.3]),
            ),
            (
                ("class 2 absent from gold", &[0, 0, 1, 1, 0], &[0, 2, 1, 2, 0], 3),
                (
                    0.6,
                    [0.6666666666666666, 0.38888888888888884, 0.48888888888888893],
                    [1.0, 0.6, 0.7466666666666667],
                ),
            ),
            (
                ("class 1 in neither", &[0, 2, 3, 3, 0], &[0, 3, 3, 2, 2], 4),
                (0.4, [0.5, 0.3333333333333333, 0.38888888888888884], [0.6, 0.4, 0.4666666666666666]),
            ),
            (("nothing right", &[0, 1, 1], &[1, 0, 0], 2), (0.0, [0.0; 3], [0.0; 3])),
            (("one class only", &[1, 1], &[1, 1], 2), (1.0, [1.0; 3], [1.0; 3])),
        ];
        for ((name, gold, predicted, k), (accuracy, macro_average, weighted)) in cases {
            println!("{name}");
            let report = Confusion::new(gold, predicted, k).report();
            assert_eq!(report.accuracy, accuracy);
            close(&report.macro_average, macro_average);
            close(&report.micro_average, [accuracy; 3]);
            close(&report.weighted_average, weighted);
            assert_eq!(report.macro_average.support, gold.len());
        }
    }

    /// `precision_recall_fscore_support(gold, predicted, labels=range(4), zero_division=0)` and
    /// `confusion_matrix(gold, predicted, labels=range(4))`.
    #[test]
    fn each_class_equals_scikit_learns() {
        let confusion = Confusion::new(&[0, 2, 3, 3, 0], &[0, 3, 3, 2, 2], 4);
        assert_eq!(confusion.counts, [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1]);
        let report = confusion.report();
        close(&report.classes[0], [1.0, 0.5, 2.0 / 3.0]);
        close(&report.classes[1], [0.0; 3]);
        close(&report.classes[2], [0.0; 3]);
        close(&report.classes[3], [0.5; 3]);
        assert_eq!(report.classes.iter().map(|c| c.support).collect::<Vec<_>>(), [2, 0, 1, 2]);
    }

    /// `precision_recall_fscore_support(gold, predicted, average="binary", zero_division=0)`.
    #[test]
    fn binary_scores_are_those_of_one_class() {
        close(
            &Confusion::new(&[1, 1, 1, 0, 0], &[1, 0, 0, 1, 0], 2).scores(1),
            [0.5, 0.3333333333333333, 0.4],
        );
        close(&Confusion::new(&[1, 0], &[0, 0], 2).scores(1), [0.0; 3]);
    }

    #[test]
    #[should_panic(expected = "2 gold labels but 1 predicted")]
    fn lengths_must_agree() {
        Confusion::new(&[0, 1], &[0], 2);
    }

    #[test]
    #[should_panic(expected = "gold 2 or predicted 0 is not below the 2 classes")]
    fn classes_must_be_in_range() {
        Confusion::new(&[2], &[0], 2);
    }

    #[test]
    #[should_panic(expected = "no examples were counted")]
    fn nothing_has_no_accuracy() {
        Confusion::new(&[], &[], 2).report();
    }

    proptest! {
        #[test]
        fn micro_is_accuracy_and_f1_is_the_harmonic_mean(pairs in prop::collection::vec((0usize..4, 0usize..4), 1..40)) {
            let (gold, predicted): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let report = Confusion::new(&gold, &predicted, 4).report();
            let right = gold.iter().zip(&predicted).filter(|(g, p)| g == p).count();
            prop_assert_eq!(report.accuracy, right as f64 / gold.len() as f64);
            let micro = report.micro_average;
            prop_assert_eq!([micro.precision, micro.recall, micro.f1], [report.accuracy; 3]);
            prop_assert!((report.weighted_average.recall - report.accuracy).abs() < 1e-12);
            for c in &report.classes {
                let sum = c.precision + c.recall;
                let harmonic = if sum == 0.0 { 0.0 } else { 2.0 * c.precision * c.recall / sum };
                prop_assert!((c.f1 - harmonic).abs() < 1e-12);
            }
        }
    }
}
