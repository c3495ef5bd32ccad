//! Counts of predicted tags, and metrics of their sums.

use super::Tagging;
use super::tags::Tags;
use crate::data::Sentence;
use crate::metrics::classification::Scores;
use crate::run::{Detail, Details, Metric};

/// Precision, recall and F1 are over entities, all kinds pooled; of plain tags each word is one. Accuracy is the share
/// of words with the right tag; tags of entities are in IOB2, whatever the scheme of the model.
pub(super) const METRICS: &[Metric] =
    &[Metric::share("f1"), Metric::share("precision"), Metric::share("recall"), Metric::share("accuracy")];

/// Words with the right tag, and words, at the end of a row.
const REST: usize = 2;

/// Right, predicted and gold entities of each kind, then right words and words: `[3 K + 2]`.
pub(super) fn counts(tags: &Tags, gold: &[usize], predicted: &[usize]) -> Vec<f64> {
    let scored = [gold, predicted].map(|indices| tags.scored(indices));
    let [gold, predicted] =
        scored.each_ref().map(|tags| tags.iter().map(|tag| &**tag).collect::<Vec<&str>>());
    tags.counting().row(&gold, &predicted)
}

/// The scores of each kind, and those of all kinds pooled.
fn scores(sums: &[f64]) -> (Vec<Scores>, Scores) {
    let kinds = &sums[..sums.len() - REST];
    let of = |counts: &[f64]| [counts[0] as usize, counts[1] as usize, counts[2] as usize];
    let kinds: Vec<[usize; 3]> = kinds.chunks_exact(3).map(of).collect();
    let total = |i: usize| kinds.iter().map(|counts| counts[i]).sum();
    let pooled = Scores::of([total(0), total(1), total(2)]);
    (kinds.into_iter().map(Scores::of).collect(), pooled)
}

/// The metrics, in the order of [`METRICS`].
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    if sums.len() < REST {
        return vec![0.0; METRICS.len()];
    }
    let (_, all) = scores(sums);
    let [right, words] = [sums[sums.len() - 2], sums[sums.len() - 1]];
    vec![all.f1, all.precision, all.recall, right / words.max(1.0)]
}

/// Whether exactly the entities of a sentence are found; for plain tags, whether all tags are right.
pub(super) fn right(tags: &Tags, gold: &[usize], predicted: &[usize]) -> bool {
    let row = counts(tags, gold, predicted);
    row[..row.len() - REST].chunks_exact(3).all(|kind| kind[0] == kind[1] && kind[0] == kind[2])
}

/// The metrics of each kind; for plain tags with a confusion matrix.
pub(super) fn details(tags: &Tags, sentences: &[Sentence], predictions: &[Tagging], sums: &[f64]) -> Details {
    let kinds = tags.kinds();
    let scores = if sums.is_empty() { vec![] } else { scores(sums).0 };
    let row = |(name, s): (&String, Scores)| Detail {
        name: name.clone(),
        precision: s.precision,
        recall: s.recall,
        f1: s.f1,
        support: s.support as u64,
    };
    let confusion = (!tags.are_entities()).then(|| {
        let mut counts = vec![vec![0; kinds.len()]; kinds.len()];
        for (sentence, predicted) in sentences.iter().zip(predictions) {
            for (&gold, &predicted) in sentence.tags.iter().zip(&predicted.tags) {
                counts[gold][predicted] += 1;
            }
        }
        counts
    });
    let heading = if tags.are_entities() { "entities" } else { "tag" };
    Details { heading, rows: kinds.iter().zip(scores).map(row).collect(), note: String::new(), confusion }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Splits;
    use crate::data::formats::scheme::{Scheme, TagKind};

    #[test]
    fn plain_tags_count_each_word() {
        let tags = Tags::of_labels(&["DT", "NN", "VB"].map(String::from), TagKind::Auto);
        let sums = counts(&tags, &[0, 1, 2, 1], &[0, 1, 1, 1]);
        assert_eq!(metrics(&sums), [0.75, 0.75, 0.75, 0.75]);
        assert!(!right(&tags, &[0], &[1]) && right(&tags, &[2, 0], &[2, 0]));
    }

    #[test]
    fn entities_are_counted_whole() {
        let tags = Tags::of_labels(&["O", "B-A", "I-A"].map(String::from), TagKind::Auto);
        // A(0..2) is found too short, A(3..4) is right.
        let sums = counts(&tags, &[1, 2, 0, 1], &[1, 0, 0, 1]);
        assert_eq!(metrics(&sums), [0.5, 0.5, 0.5, 0.75]);
        assert!(!right(&tags, &[1, 2, 0, 1], &[1, 0, 0, 1]) && right(&tags, &[1, 2], &[1, 2]));
    }

    /// A(0..3) found as A(0..2): of the words, one is wrong in IOB2 and two are in BIOES (`E-A` for `I-A`).
    #[test]
    fn accuracy_does_not_depend_on_the_scheme() {
        let mut data = Splits::none("tiny", &["O", "B-A", "I-A"].map(String::from));
        data.test = vec![Sentence { words: ["a"; 4].map(String::from).to_vec(), tags: vec![1, 2, 2, 0] }];
        for (scheme, predicted) in
            [(Scheme::Iob2, ["B-A", "I-A", "O", "O"]), (Scheme::Bioes, ["B-A", "E-A", "O", "O"])]
        {
            let (tags, data) = Tags::of_set(data.clone(), scheme, TagKind::Auto);
            let index = |name: &str| tags.names().iter().position(|tag| tag == name).unwrap();
            let predicted = predicted.map(index);
            let wrong =
                data.test[0].tags.iter().zip(&predicted).filter(|(gold, found)| gold != found).count();
            assert_eq!(wrong, if scheme == Scheme::Iob2 { 1 } else { 2 });
            assert_eq!(metrics(&counts(&tags, &data.test[0].tags, &predicted)), [0.0, 0.0, 0.0, 0.75]);
        }
    }
}
