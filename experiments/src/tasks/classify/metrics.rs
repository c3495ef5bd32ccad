//! Counts of predictions, and metrics of their sums.

use super::Prediction;
use crate::data::{Example, Split, Splits};
use crate::metrics::classification::{Report, Scores};
use crate::run::{Detail, Details, Metric};

/// With two labels, `precision`, `recall` and `f1` are those of the last label, the positive one. With more labels, or if a
/// text may have several, they are macro averages.
pub(super) const METRICS: &[Metric] = &[
    Metric::share("accuracy"),
    Metric::share("precision"),
    Metric::share("recall"),
    Metric::share("f1"),
    Metric::share("precision_macro"),
    Metric::share("recall_macro"),
    Metric::share("f1_macro"),
    Metric::share("precision_micro"),
    Metric::share("recall_micro"),
    Metric::share("f1_micro"),
];

/// The number of entries after the counts of the labels: whether the example is right, 1, and whether it may have several
/// labels.
const REST: usize = 3;

/// True positives, predicted and gold of each label, then [`REST`] entries: `[3 K + 3]`.
pub(super) fn counts(
    several: bool,
    data: &Splits<Vec<Example>>,
    example: &Example,
    prediction: &Prediction,
) -> Vec<f64> {
    let mut row = vec![0.0; 3 * data.labels.len() + REST];
    for &label in &prediction.labels {
        row[3 * label + 1] = 1.0;
    }
    for &label in &example.labels {
        row[3 * label + 2] = 1.0;
        if prediction.labels.contains(&label) {
            row[3 * label] = 1.0;
        }
    }
    let rest = row.len() - REST;
    row[rest] = f64::from(u8::from(example.labels == prediction.labels));
    row[rest + 1] = 1.0;
    row[rest + 2] = f64::from(u8::from(several));
    row
}

/// The counts of each label, and the [`REST`].
fn parts(sums: &[f64]) -> (Vec<[usize; 3]>, &[f64]) {
    let (labels, rest) = sums.split_at(sums.len() - REST);
    let of_label = |label: &[f64]| [label[0] as usize, label[1] as usize, label[2] as usize];
    (labels.chunks_exact(3).map(of_label).collect(), rest)
}

/// The metrics, in the order of [`METRICS`].
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    if sums.len() < REST {
        return vec![0.0; METRICS.len()];
    }
    let (labels, rest) = parts(sums);
    let report = Report::of(&labels);
    let several = rest[2] > 0.0;
    let total = |i: usize| labels.iter().map(|counts| counts[i]).sum::<usize>();
    let micro = Scores::of([total(0), total(1), total(2)]);
    let plain = match labels.len() {
        2 if !several => report.classes[1],
        _ => report.macro_average,
    };
    let three = |scores: Scores| [scores.precision, scores.recall, scores.f1];
    let averages = [plain, report.macro_average, micro].map(three);
    [rest[0] / rest[1]].into_iter().chain(averages.into_iter().flatten()).collect()
}

/// The metrics of each label.
pub(super) fn details(
    several: bool,
    data: &Splits<Vec<Example>>,
    split: Split,
    predictions: &[Prediction],
    sums: &[f64],
) -> Details {
    let names = &data.labels;
    let scores = if sums.is_empty() { vec![] } else { Report::of(&parts(sums).0).classes };
    let row = |(name, s): (&String, Scores)| Detail {
        name: name.clone(),
        precision: s.precision,
        recall: s.recall,
        f1: s.f1,
        support: s.support as u64,
    };
    let note = match names.len() {
        2 if !several => format!("precision, recall and f1 are those of the label '{}'", names[1]),
        _ => "precision, recall and f1 are macro averages".into(),
    };
    let confusion = (!several).then(|| {
        let mut counts = vec![vec![0; names.len()]; names.len()];
        for (example, prediction) in data.split(split).iter().zip(predictions) {
            if let ([gold], [predicted]) = (&example.labels[..], &prediction.labels[..]) {
                counts[*gold][*predicted] += 1;
            }
        }
        counts
    });
    Details { heading: "label", rows: names.iter().zip(scores).map(row).collect(), note, confusion }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(labels: usize, several: bool, pairs: &[(&[usize], &[usize])]) -> Vec<f64> {
        let names: Vec<String> = (0..labels).map(|i| i.to_string()).collect();
        let data = Splits::none("tiny", &names);
        let rows: Vec<Vec<f64>> = pairs
            .iter()
            .map(|(gold, predicted)| {
                let example = Example { text: String::new(), labels: gold.to_vec() };
                let prediction = Prediction { labels: predicted.to_vec(), probabilities: vec![] };
                counts(several, &data, &example, &prediction)
            })
            .collect();
        crate::run::sums(&rows)
    }

    fn metric(sums: &[f64], name: &str) -> f64 {
        let place = METRICS.iter().position(|metric| metric.name == name).unwrap();
        metrics(sums)[place]
    }

    #[test]
    fn of_two_labels_the_last_is_the_positive_one() {
        // Gold 1 1 0 0, predicted 1 0 0 0: precision 1, recall 1/2 of label 1.
        let sums = sums(2, false, &[(&[1], &[1]), (&[1], &[0]), (&[0], &[0]), (&[0], &[0])]);
        assert_eq!([metric(&sums, "precision"), metric(&sums, "recall")], [1.0, 0.5]);
        assert_eq!(metric(&sums, "accuracy"), 0.75);
    }

    #[test]
    fn of_more_labels_the_plain_names_are_macro_averages() {
        let sums = sums(3, false, &[(&[0], &[0]), (&[1], &[2]), (&[2], &[2])]);
        assert_eq!(metric(&sums, "f1"), metric(&sums, "f1_macro"));
        // F1 is 1, 0 and 2/3.
        assert!((metric(&sums, "f1") - 5.0 / 9.0).abs() < 1e-12);
        assert!((metric(&sums, "f1_micro") - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn texts_without_labels_are_right_if_none_is_predicted() {
        let none = sums(2, true, &[(&[], &[]), (&[], &[1])]);
        assert_eq!(
            (metric(&none, "accuracy"), metric(&none, "f1"), metric(&none, "f1_micro")),
            (0.5, 0.0, 0.0)
        );
        assert!(metrics(&none).iter().all(|metric| metric.is_finite()));
        let mixed = sums(2, true, &[(&[], &[]), (&[0, 1], &[0, 1])]);
        assert_eq!((metric(&mixed, "accuracy"), metric(&mixed, "f1")), (1.0, 1.0));
    }

    #[test]
    fn several_labels_count_each_by_itself() {
        // scikit-learn: y = [[1,1],[0,1]], p = [[1,0],[0,1]].
        let sums = sums(2, true, &[(&[0, 1], &[0]), (&[1], &[1])]);
        assert_eq!(metric(&sums, "accuracy"), 0.5);
        assert!((metric(&sums, "f1_micro") - 0.8).abs() < 1e-12);
        assert!((metric(&sums, "f1_macro") - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12);
        assert_eq!(metric(&sums, "f1"), metric(&sums, "f1_macro"));
    }
}
