use super::{Found, Scored};
use crate::commands::trained::TrainedTagger;
use crate::data::Split;
use crate::data::formats::scheme::{Scheme, convert};
use crate::metrics::entities::EntityCounts;
use crate::tasks::tag::{counts, metrics_of};
use std::collections::BTreeMap;
use std::path::Path;

/// The words of each sentence and its tags: in IOB2, so that runs in different schemes can be compared.
type Sentences = Vec<(Vec<String>, Vec<String>)>;

/// A row holds right, predicted and gold entities, words with the right tag, and words; a sentence is right if all of its
/// entities are found and no other is.
pub(super) fn scored(run: &Path, data: Option<&Path>, split: Split) -> Found<Sentences> {
    let (set, encoded, predicted) = TrainedTagger::load(run)?.on_split(run, data, split)?;
    let of_sentence = |(gold, predicted): (&Vec<usize>, &Vec<usize>)| {
        let found = counts(&set, std::slice::from_ref(gold), std::slice::from_ref(predicted));
        let of_kinds = |i: usize| found.kinds.values().map(|counts| counts[i]).sum::<usize>();
        [of_kinds(0), of_kinds(1), of_kinds(2), found.right_words, found.words]
    };
    let counted: Vec<[usize; 5]> = encoded.tags.iter().zip(&predicted).map(of_sentence).collect();
    let sentences = set.split(split).iter();
    let gold = sentences.map(|s| (s.words.clone(), convert(&set.names(&s.tags), Scheme::Iob2))).collect();
    let scored = Scored {
        rows: counted.iter().map(|counts| counts.map(|n| n as f64).to_vec()).collect(),
        right: counted.iter().map(|[right, found, gold, ..]| right == found && right == gold).collect(),
        data: set.name,
        checksum: set.checksum,
    };
    Ok((gold, scored))
}

/// The metrics of the sum of rows: over the entities of all kinds pooled.
pub(super) fn metrics_of_sums(sums: &[f64]) -> BTreeMap<String, f64> {
    let [right, found, gold, right_words, words] = [0, 1, 2, 3, 4].map(|i| sums[i] as usize);
    let kinds = BTreeMap::from([(String::new(), [right, found, gold])]);
    metrics_of(EntityCounts { kinds, words, right_words })
}
