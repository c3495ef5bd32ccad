//! Precision, recall and F1 by entity, equal to conlleval's (Tjong Kim Sang and Buchholz 2000); its percentages are
//! shares here.
//!
//! An entity is right if its start, end and kind are. Tags are read by [`scheme::entities`], which agrees with the Perl
//! script on IOB tags. There are two known differences: the Perl script does not know `S-`, and continues an entity at
//! `B-X` after `E-X`, so that BIOES tags must be converted for it; and it does not print the FB1 of a kind that occurs
//! nowhere, which is 0 here. seqeval in its default mode gives the same counts.
//!
//! If tags are plain, each word is an entity with its tag as the kind: pooled precision, recall and F1 then equal the
//! accuracy, and the scores of each tag are those of a classifier.

use super::classification::Scores;
use crate::data::formats::scheme::{self, TagKind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// Entities and words, counted sentence by sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    /// Right, predicted and gold entities of each kind that occurs in gold or predicted.
    pub kinds: BTreeMap<String, [usize; 3]>,
    /// Number of words.
    pub words: usize,
    /// Number of words with the right tag.
    pub right_words: usize,
}

/// All scores of one evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityReport {
    /// Share of words with the right tag, `O` included, in the scheme of the tags; 0 if there are no words.
    pub accuracy: f64,
    /// Scores over the entities of all kinds pooled: conlleval's first line. `support` is the number of gold entities.
    pub overall: Scores,
    /// Plain mean over the kinds that occur in gold or predicted; 0 if none does.
    pub macro_average: Scores,
    /// Scores of each kind that occurs in gold or predicted.
    pub kinds: BTreeMap<String, Scores>,
    /// The counts behind them.
    pub counts: EntityCounts,
}

/// Counts each sentence as a row of numbers: for each kind, its right, predicted and gold entities; then the words with
/// the right tag, and all words. [`EntityCounts::of_sums`] turns sums of rows into [`EntityCounts`].
#[derive(Clone, Debug)]
pub struct Counting {
    kind: TagKind,
    places: HashMap<String, usize>,
}

impl Counting {
    /// Counts entities of these kinds, or these plain tags.
    ///
    /// # Panics
    /// If a kind occurs twice.
    #[track_caller]
    pub fn new(kinds: &[String], kind: TagKind) -> Self {
        let places: HashMap<String, usize> = kinds.iter().cloned().zip(0..).collect();
        assert!(places.len() == kinds.len(), "entities: {} kinds, of which some are equal", kinds.len());
        Counting { kind, places }
    }

    /// Length of a row: three numbers for each kind, and two more.
    pub fn width(&self) -> usize {
        3 * self.places.len() + 2
    }

    /// The row of a sentence.
    ///
    /// # Panics
    /// If the lengths differ, an entity's tag is malformed, or a kind is not among those counted.
    #[track_caller]
    pub fn row(&self, gold: &[&str], predicted: &[&str]) -> Vec<f64> {
        let mut row = vec![0.0; self.width()];
        self.add(gold, predicted, &mut row);
        row
    }

    /// Adds the row of a sentence to `sums`, in time that does not depend on the number of kinds.
    ///
    /// # Panics
    /// As [`Counting::row`], and if `sums` does not have the length of a row.
    #[track_caller]
    pub fn add(&self, gold: &[&str], predicted: &[&str], sums: &mut [f64]) {
        assert!(sums.len() == self.width(), "entities: {} sums for rows of {}", sums.len(), self.width());
        let words = sums.len() - 2;
        sums[words] += right_words(gold, predicted) as f64;
        sums[words + 1] += gold.len() as f64;
        each_entity(self.kind, gold, predicted, |kind, column| {
            let place = self.places.get(kind);
            let place =
                place.unwrap_or_else(|| panic!("entities: '{kind}' is none of the kinds that are counted"));
            sums[3 * place + column] += 1.0;
        });
    }
}

/// Number of words with the right tag.
#[track_caller]
fn right_words(gold: &[&str], predicted: &[&str]) -> usize {
    assert!(
        gold.len() == predicted.len(),
        "entities: {} gold tags but {} predicted ones",
        gold.len(),
        predicted.len()
    );
    gold.iter().zip(predicted).filter(|(g, p)| g == p).count()
}

/// Calls `count(kind, column)` for each right (column 0), predicted (1) and gold (2) entity.
#[track_caller]
fn each_entity(tags: TagKind, gold: &[&str], predicted: &[&str], mut count: impl FnMut(&str, usize)) {
    let (gold, predicted) = (scheme::spans(tags, gold), scheme::spans(tags, predicted));
    // Both lists are in order, and no two entities of a list start at the same word.
    let mut rest = gold.iter().peekable();
    for entity in &predicted {
        while rest.next_if(|gold| gold.start < entity.start).is_some() {}
        if rest.peek() == Some(&entity) {
            count(&entity.kind, 0);
        }
        count(&entity.kind, 1);
    }
    gold.iter().for_each(|entity| count(&entity.kind, 2));
}

impl EntityCounts {
    /// Counts a sentence whose tags are entities.
    ///
    /// # Panics
    /// If the lengths differ or a tag is malformed.
    #[track_caller]
    pub fn add(&mut self, gold: &[&str], predicted: &[&str]) {
        self.right_words += right_words(gold, predicted);
        self.words += gold.len();
        each_entity(TagKind::Entities, gold, predicted, |kind, column| {
            self.kinds.entry(kind.to_owned()).or_default()[column] += 1;
        });
    }

    /// The counts for sums of [`Counting::row`]s.
    ///
    /// # Panics
    /// If `sums` does not have the length of a row for these kinds.
    #[track_caller]
    pub fn of_sums(kinds: &[String], sums: &[f64]) -> Self {
        assert!(
            sums.len() == 3 * kinds.len() + 2,
            "entities: {} sums for {} kinds, which have {}",
            sums.len(),
            kinds.len(),
            3 * kinds.len() + 2
        );
        // Sums of whole numbers are exact.
        let count = |sum: f64| sum as usize;
        let (entities, words) = sums.split_at(3 * kinds.len());
        let of_kinds = kinds.iter().zip(entities.chunks_exact(3)).filter(|(_, sums)| sums[1] + sums[2] > 0.0);
        EntityCounts {
            kinds: of_kinds.map(|(kind, s)| (kind.clone(), [0, 1, 2].map(|i| count(s[i])))).collect(),
            right_words: count(words[0]),
            words: count(words[1]),
        }
    }

    /// Computes all scores.
    pub fn report(self) -> EntityReport {
        let mut all = [0; 3];
        for counts in self.kinds.values() {
            for (sum, count) in all.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        let kinds: BTreeMap<String, Scores> =
            self.kinds.iter().map(|(kind, &counts)| (kind.clone(), Scores::of(counts))).collect();
        let mean =
            |score: fn(&Scores) -> f64| kinds.values().map(score).sum::<f64>() / kinds.len().max(1) as f64;
        EntityReport {
            accuracy: self.right_words as f64 / self.words.max(1) as f64,
            overall: Scores::of(all),
            macro_average: Scores {
                precision: mean(|s| s.precision),
                recall: mean(|s| s.recall),
                f1: mean(|s| s.f1),
                support: all[2],
            },
            kinds,
            counts: self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::scheme::Scheme;
    use proptest::prelude::*;

    fn counted(sentences: &[(&str, &str)]) -> EntityCounts {
        let mut counts = EntityCounts::default();
        for (gold, predicted) in sentences {
            counts.add(&gold.split(' ').collect::<Vec<_>>(), &predicted.split(' ').collect::<Vec<_>>());
        }
        counts
    }

    /// Right words, words, then right, predicted and gold entities over all kinds.
    fn numbers(gold: &str, predicted: &str) -> [usize; 5] {
        let counts = counted(&[(gold, predicted)]);
        let sum = |i: usize| counts.kinds.values().map(|c| c[i]).sum();
        [counts.right_words, counts.words, sum(0), sum(1), sum(2)]
    }

    #[test]
    fn awkward_sequences_by_hand() {
        // All right: A(0..2), B(3..4).
        assert_eq!(numbers("B-A I-A O B-B", "B-A I-A O B-B"), [4, 4, 2, 2, 2]);
        // I- without B- is the same entity, though the tag differs: A(1..3) in both.
        assert_eq!(numbers("O B-A I-A", "O I-A I-A"), [2, 3, 1, 1, 1]);
        // Too short by a word at the end, at the start: A(0..2) against A(0..1), A(1..2).
        assert_eq!(numbers("B-A I-A", "B-A O"), [1, 2, 0, 1, 1]);
        assert_eq!(numbers("B-A I-A", "O B-A"), [0, 2, 0, 1, 1]);
        // The kind changes inside: A(0..1) and B(1..3) predicted, A(0..3) gold.
        assert_eq!(numbers("B-A I-A I-A", "B-A I-B I-B"), [1, 3, 0, 2, 1]);
        // ... which finds A(0..1) where gold has it: A(0..1), B(1..3) in both.
        assert_eq!(numbers("B-A B-B I-B", "I-A I-B I-B"), [1, 3, 2, 2, 2]);
        // Adjacent entities: gold A(0..1) A(1..2) A(2..3); joined, they are a single wrong one.
        assert_eq!(numbers("B-A B-A B-A", "B-A I-A I-A"), [1, 3, 0, 1, 3]);
        // Only two of the three joined: A(0..1) right, A(1..3) wrong.
        assert_eq!(numbers("B-A B-A B-A", "B-A B-A I-A"), [2, 3, 1, 2, 3]);
        // Right words, wrong kind.
        assert_eq!(numbers("B-A I-A O", "B-B I-B O"), [1, 3, 0, 1, 1]);
        // Unfinished BIOES: gold A(0..2) S(2..3); predicted A(0..1) ended by S, A(1..2), A(2..3).
        assert_eq!(numbers("B-A E-A S-A", "B-A S-A S-A"), [2, 3, 1, 3, 2]);
        // An entity does not continue in the next sentence.
        let counts = counted(&[("O B-A", "O B-A"), ("I-A O", "O O")]);
        assert_eq!(counts.kinds["A"], [1, 1, 2]);
    }

    #[test]
    fn scores_by_hand() {
        let report = counted(&[
            // PER(0..2) right; LOC(3..4) found as ORG.
            ("B-PER I-PER O B-LOC", "B-PER I-PER O B-ORG"),
            // LOC(0..1) right, PER(2..3) missed, LOC(3..4) spurious.
            ("B-LOC O B-PER O", "B-LOC O O B-LOC"),
        ])
        .report();
        // Words: 3 of 4 and 2 of 4. Entities: 2 right, 4 predicted (PER ORG LOC LOC), 4 gold.
        assert_eq!(report.accuracy, 5.0 / 8.0);
        let close = |scores: Scores, expected: [f64; 3], support| {
            let ours = [scores.precision, scores.recall, scores.f1];
            assert!(ours.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{ours:?} {expected:?}");
            assert_eq!(scores.support, support);
        };
        close(report.overall, [0.5, 0.5, 0.5], 4);
        // LOC: 1 right of 2 predicted, of 2 gold. PER: 1 of 1, of 2: F1 2/3. ORG: 0 of 1, of 0.
        close(report.kinds["LOC"], [0.5, 0.5, 0.5], 2);
        close(report.kinds["PER"], [1.0, 0.5, 2.0 / 3.0], 2);
        close(report.kinds["ORG"], [0.0, 0.0, 0.0], 0);
        close(report.macro_average, [0.5, 1.0 / 3.0, 7.0 / 18.0], 4);
        assert_eq!(report.kinds.len(), 3);
    }

    #[test]
    fn nothing_predicted_or_nothing_in_gold_is_zero() {
        for (gold, predicted) in [("B-A O", "O O"), ("O O", "B-A O"), ("O O", "O O")] {
            let overall = counted(&[(gold, predicted)]).report().overall;
            assert_eq!([overall.precision, overall.recall, overall.f1], [0.0; 3], "{gold} {predicted}");
        }
    }

    #[test]
    #[should_panic(expected = "2 gold tags but 1 predicted")]
    fn lengths_must_agree() {
        EntityCounts::default().add(&["O", "O"], &["O"]);
    }

    #[test]
    fn nothing_has_scores_of_zero() {
        let report = EntityCounts::default().report();
        let zero = Scores { precision: 0.0, recall: 0.0, f1: 0.0, support: 0 };
        assert_eq!((report.accuracy, report.overall, report.macro_average), (0.0, zero, zero));
    }

    #[test]
    fn each_word_is_an_entity_of_its_plain_tag() {
        let kinds = ["B-X", "NN", "O", "VB"].map(String::from);
        let counting = Counting::new(&kinds, TagKind::Plain);
        let rows = [
            counting.row(&["NN", "VB", "B-X", "NN"], &["NN", "NN", "B-X", "VB"]),
            counting.row(&[], &[]),
            counting.row(&["VB"], &["VB"]),
        ];
        assert_eq!(rows[0], [1., 1., 1., 1., 2., 2., 0., 0., 0., 0., 1., 1., 2., 4.]);
        let sums: Vec<f64> = (0..counting.width()).map(|i| rows.iter().map(|row| row[i]).sum()).collect();
        let report = EntityCounts::of_sums(&kinds, &sums).report();
        // 3 of 5 words; B-X 1 of 1 and 1, NN 1 of 2 and 2, VB 1 of 2 and 2.
        let overall = report.overall;
        assert_eq!([report.accuracy, overall.precision, overall.recall, overall.f1], [0.6; 4]);
        assert_eq!(report.kinds.keys().collect::<Vec<_>>(), ["B-X", "NN", "VB"]);
        assert_eq!(
            report.macro_average,
            Scores { precision: 2.0 / 3.0, recall: 2.0 / 3.0, f1: 2.0 / 3.0, support: 5 }
        );
    }

    #[test]
    #[should_panic(expected = "'Y' is none of the kinds that are counted")]
    fn other_kinds_are_bugs() {
        Counting::new(&["X".to_owned()], TagKind::Entities).row(&["O"], &["B-Y"]);
    }

    #[test]
    #[should_panic(expected = "entities: 4 sums for 1 kinds, which have 5")]
    fn sums_have_the_width_of_rows() {
        EntityCounts::of_sums(&["X".to_owned()], &[0.0; 4]);
    }

    #[test]
    fn a_long_sentence_takes_linear_time() {
        let tags = ["B-A", "O", "B-B"].repeat(100_000);
        let mut counts = EntityCounts::default();
        counts.add(&tags, &tags);
        assert_eq!(counts.kinds["A"], [100_000; 3]);
    }

    /// What conlleval.pl does, word by word, in its own terms: chunks that start and end together.
    fn conlleval(gold: &[&str], predicted: &[&str]) -> [usize; 3] {
        let cut = |tag: &str| match tag.split_once('-') {
            Some((prefix, kind)) => (prefix.to_owned(), kind.to_owned()),
            None => (tag.to_owned(), String::new()),
        };
        let starts = |(p, pk): &(String, String), (t, tk): &(String, String)| {
            t == "B" || (p == "O" && t == "I") || (t != "O" && pk != tk)
        };
        let ends = |(p, pk): &(String, String), (t, tk): &(String, String)| {
            p != "O" && (t == "B" || t == "O" || pk != tk)
        };
        let outside = || ("O".to_owned(), String::new());
        let (mut g0, mut p0, mut in_correct) = (outside(), outside(), false);
        let mut counts = [0; 3];
        for (g, p) in
            gold.iter().zip(predicted).map(|(g, p)| (cut(g), cut(p))).chain([(outside(), outside())])
        {
            if in_correct {
                match (ends(&g0, &g), ends(&p0, &p)) {
                    (true, true) if g0.1 == p0.1 => (in_correct, counts[0]) = (false, counts[0] + 1),
                    (a, b) if a != b || g.1 != p.1 => in_correct = false,
                    _ => {}
                }
            }
            if starts(&g0, &g) && starts(&p0, &p) && g.1 == p.1 {
                in_correct = true;
            }
            counts[1] += usize::from(starts(&p0, &p));
            counts[2] += usize::from(starts(&g0, &g));
            (g0, p0) = (g, p);
        }
        counts
    }

    proptest! {
        #[test]
        fn counts_equal_conllevals(pairs in prop::collection::vec(("O|[BI]-[AB]", "O|[BI]-[AB]"), 1..14)) {
            let gold: Vec<&str> = pairs.iter().map(|(g, _)| g.as_str()).collect();
            let predicted: Vec<&str> = pairs.iter().map(|(_, p)| p.as_str()).collect();
            let mut counts = EntityCounts::default();
            counts.add(&gold, &predicted);
            let sum = |i: usize| counts.kinds.values().map(|c| c[i]).sum::<usize>();
            prop_assert_eq!([sum(0), sum(1), sum(2)], conlleval(&gold, &predicted));
            // Rows of parts add up to the same counts.
            let kinds = ["A", "B", "C"].map(String::from);
            let counting = Counting::new(&kinds, TagKind::Entities);
            prop_assert_eq!(&EntityCounts::of_sums(&kinds, &counting.row(&gold, &predicted)), &counts);
            let whole: Vec<f64> = counting.row(&gold, &predicted).iter().map(|n| 2.0 * n).collect();
            let twice = EntityCounts::of_sums(&kinds, &whole);
            counts.add(&gold, &predicted);
            prop_assert_eq!(&twice, &counts);
            counts = EntityCounts::of_sums(&kinds, &counting.row(&gold, &predicted));
            // The entities do not depend on the scheme that they are written in.
            for scheme in Scheme::ALL {
                let there = |tags: &[&str]| scheme::convert(tags, scheme);
                let (gold, predicted) = (there(&gold), there(&predicted));
                let mut same = EntityCounts::default();
                same.add(
                    &gold.iter().map(String::as_str).collect::<Vec<_>>(),
                    &predicted.iter().map(String::as_str).collect::<Vec<_>>(),
                );
                prop_assert_eq!(&same.kinds, &counts.kinds);
            }
        }
    }
}
