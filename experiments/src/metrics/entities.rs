//! Precision, recall and F1 by entity, equal to conlleval's (Tjong Kim Sang and Buchholz 2000); its percentages are
//! shares here.
//!
//! An entity is right if start, end and kind are. Tags are read as [`scheme::entities`] reads them. On IOB tags that is
//! what the Perl script does. Two differences are known: the Perl script knows no `S-`, and lets `B-X` after `E-X` go
//! on with the entity, so that BIOES tags must be converted for it; and its FB1 of a kind that occurs nowhere is not
//! printed, where ours is 0. seqeval in its default mode gives the same counts.

use super::classification::Scores;
use crate::data::formats::scheme;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entities and words, counted sentence by sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityCounts {
    /// Right, predicted and gold entities of each kind.
    pub kinds: BTreeMap<String, [usize; 3]>,
    /// How many words were counted.
    pub words: usize,
    /// How many of them have the right tag.
    pub right_words: usize,
}

/// All scores of one evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityReport {
    /// Share of words with the right tag, `O` included.
    pub accuracy: f64,
    /// Scores over the entities of all kinds pooled: conlleval's first line. `support` is how many gold holds.
    pub overall: Scores,
    /// Scores of each kind that occurs in gold or predicted.
    pub kinds: BTreeMap<String, Scores>,
    /// The counts behind them.
    pub counts: EntityCounts,
}

impl EntityCounts {
    /// Adds a sentence.
    ///
    /// # Panics
    /// If the lengths differ or a tag is malformed.
    #[track_caller]
    pub fn add(&mut self, gold: &[&str], predicted: &[&str]) {
        assert!(
            gold.len() == predicted.len(),
            "entities: {} gold tags but {} predicted ones",
            gold.len(),
            predicted.len()
        );
        self.words += gold.len();
        self.right_words += gold.iter().zip(predicted).filter(|(g, p)| g == p).count();
        let gold = scheme::entities(gold);
        for entity in scheme::entities(predicted) {
            let right = gold.contains(&entity);
            let [rights, predicted, _] = self.kinds.entry(entity.kind).or_default();
            *rights += usize::from(right);
            *predicted += 1;
        }
        for entity in gold {
            self.kinds.entry(entity.kind).or_default()[2] += 1;
        }
    }

    /// Everything at once.
    ///
    /// # Panics
    /// If no word was counted.
    #[track_caller]
    pub fn report(self) -> EntityReport {
        assert!(self.words > 0, "report: no words were counted");
        let mut all = [0; 3];
        for counts in self.kinds.values() {
            for (sum, count) in all.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        EntityReport {
            accuracy: self.right_words as f64 / self.words as f64,
            overall: Scores::of(all),
            kinds: self.kinds.iter().map(|(kind, &counts)| (kind.clone(), Scores::of(counts))).collect(),
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
        // As it should be: A(0..2), B(3..4).
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
        // Adjacent entities: gold A(0..1) A(1..2) A(2..3); joined they are one wrong one.
        assert_eq!(numbers("B-A B-A B-A", "B-A I-A I-A"), [1, 3, 0, 1, 3]);
        // One joint of two: A(0..1) right, A(1..3) wrong.
        assert_eq!(numbers("B-A B-A B-A", "B-A B-A I-A"), [2, 3, 1, 2, 3]);
        // Right words, wrong kind.
        assert_eq!(numbers("B-A I-A O", "B-B I-B O"), [1, 3, 0, 1, 1]);
        // Unfinished BIOES: gold A(0..2) S(2..3); predicted A(0..1) ended by S, A(1..2), A(2..3).
        assert_eq!(numbers("B-A E-A S-A", "B-A S-A S-A"), [2, 3, 1, 3, 2]);
        // An entity does not go on in the next sentence.
        let counts = counted(&[("O B-A", "O B-A"), ("I-A O", "O O")]);
        assert_eq!(counts.kinds["A"], [1, 1, 2]);
    }

    #[test]
    fn scores_by_hand() {
        let report = counted(&[
            // PER(0..2) right; LOC(3..4) found as ORG.
            ("B-PER I-PER O B-LOC", "B-PER I-PER O B-ORG"),
            // LOC(0..1) right, PER(2..3) missed, LOC(3..4) out of nothing.
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
    #[should_panic(expected = "no words were counted")]
    fn nothing_has_no_score() {
        EntityCounts::default().report();
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
