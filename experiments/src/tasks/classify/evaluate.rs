use super::data::Encoded;
use crate::metrics::classification::{Confusion, Report};
use crate::text::batches;
use crate::text::lexicon::{Lexicon, Text};
use gradus_engine::{Mode, no_grad};
use gradus_models::Classifier;
use std::collections::BTreeMap;

/// What a model says of one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable label.
    pub label: usize,
    /// The probability of every label.
    pub probabilities: Vec<f64>,
}

/// What a model says of each example, in their order.
pub fn predict(
    model: &dyn Classifier,
    lexicon: &Lexicon,
    encoded: &Encoded,
    batch_size: usize,
) -> Vec<Prediction> {
    let lengths: Vec<usize> = encoded.texts.iter().map(Text::len).collect();
    let device = model.device();
    let mut predictions = vec![None; encoded.texts.len()];
    for examples in batches::sorted(&lengths, batch_size.max(1)) {
        let chosen: Vec<&Text> = examples.iter().map(|&i| &encoded.texts[i]).collect();
        let batch = lexicon.batch(&chosen, 0.0, &mut Mode::Eval).to_device(device);
        let p = no_grad(|| model.logits(batch.words().ids, batch.lengths(), &mut Mode::Eval).softmax());
        let (labels, k) = (p.arg_max(1).to_vec::<i64>(), p.dim(1));
        let p = p.to_f64();
        for ((row, &example), label) in p.chunks(k).zip(&examples).zip(labels) {
            predictions[example] = Some(Prediction { label: label as usize, probabilities: row.to_vec() });
        }
    }
    predictions.into_iter().flatten().collect()
}

/// The metrics of predictions, by the names that configurations and result files use. `precision`, `recall` and `f1`
/// are those of the last label: the positive one of two.
pub fn metrics_of(gold: &[usize], predicted: &[usize], classes: usize) -> BTreeMap<String, f64> {
    metrics_of_counts(&Confusion::new(gold, predicted, classes).counts_by_class())
}

/// The same from true positives, times predicted and times gold of each class: `[K]`.
pub fn metrics_of_counts(counts: &[[usize; 3]]) -> BTreeMap<String, f64> {
    let report = Report::of(counts);
    let mut metrics = BTreeMap::from([("accuracy".to_owned(), report.accuracy)]);
    let last = report.classes[counts.len() - 1];
    for (suffix, scores) in [("", last), ("_macro", report.macro_average), ("_micro", report.micro_average)] {
        for (name, value) in [("precision", scores.precision), ("recall", scores.recall), ("f1", scores.f1)] {
            metrics.insert(format!("{name}{suffix}"), value);
        }
    }
    metrics
}

/// The metrics of a model on a split.
pub fn evaluate(
    model: &dyn Classifier,
    lexicon: &Lexicon,
    encoded: &Encoded,
    classes: usize,
    batch_size: usize,
) -> BTreeMap<String, f64> {
    let predicted: Vec<usize> =
        predict(model, lexicon, encoded, batch_size).into_iter().map(|p| p.label).collect();
    metrics_of(&encoded.labels, &predicted, classes)
}
