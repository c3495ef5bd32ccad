use super::data::Encoded;
use crate::data::Tagging;
use crate::metrics::entities::EntityCounts;
use crate::text::batches;
use crate::text::lexicon::{Lexicon, Text};
use gradus_engine::Mode;
use gradus_engine::nn::Constraints;
use gradus_models::Tagger;
use std::collections::BTreeMap;

/// The tags of each sentence, in their order.
pub fn predict(
    model: &dyn Tagger,
    lexicon: &Lexicon,
    texts: &[Text],
    constraints: Option<&Constraints>,
    batch_size: usize,
) -> Vec<Vec<usize>> {
    let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
    let mut tags = vec![vec![]; texts.len()];
    for examples in batches::sorted(&lengths, batch_size.max(1)) {
        let chosen: Vec<&Text> = examples.iter().map(|&i| &texts[i]).collect();
        let batch = lexicon.batch(&chosen, 0.0, &mut Mode::Eval).to_device(model.device());
        let (best, _) = model.decode(&batch.words(), constraints);
        let (best, t) = (best.to_vec::<i64>(), best.dim(1));
        for (row, &i) in best.chunks(t.max(1)).zip(&examples) {
            tags[i] = row[..lengths[i]].iter().map(|&tag| tag as usize).collect();
        }
    }
    tags
}

/// The entities of predictions against those of the set.
pub fn counts(set: &Tagging, gold: &[Vec<usize>], predicted: &[Vec<usize>]) -> EntityCounts {
    let mut counts = EntityCounts::default();
    for (gold, predicted) in gold.iter().zip(predicted) {
        counts.add(&set.names(gold), &set.names(predicted));
    }
    counts
}

/// Entity-level precision, recall and F1, and the accuracy of single tags, by the names that configurations use.
pub fn metrics_of(counts: EntityCounts) -> BTreeMap<String, f64> {
    let report = counts.report();
    let all = report.overall;
    [("precision", all.precision), ("recall", all.recall), ("f1", all.f1), ("accuracy", report.accuracy)]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// The metrics of a model on a split.
pub(super) fn evaluate(
    model: &dyn Tagger,
    lexicon: &Lexicon,
    set: &Tagging,
    encoded: &Encoded,
    constraints: Option<&Constraints>,
    batch_size: usize,
) -> BTreeMap<String, f64> {
    let predicted = predict(model, lexicon, &encoded.texts, constraints, batch_size);
    metrics_of(counts(set, &encoded.tags, &predicted))
}
