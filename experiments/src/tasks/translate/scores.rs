//! Predictions, their counts and metrics, and predictions as a file.

use super::pairs::Pair;
use crate::metrics::perplexity::perplexity;
use crate::metrics::translation::{Tokeniser, bleu, chrf};
use crate::run::{Better, Metric, Mistake, Unit};

const KIND: chrf::Kind = chrf::Kind::Characters;

const fn plain(name: &'static str, better: Better) -> Metric {
    Metric { name, better, unit: Unit::Plain }
}

/// The metrics.
pub(super) const METRICS: &[Metric] =
    &[plain("bleu", Better::Larger), plain("chrf", Better::Larger), plain("perplexity", Better::Smaller)];

/// A translation that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// On one line.
    pub(super) text: String,
    /// Its log p over the length penalty; NaN if the outputs of the model are not finite.
    pub(super) score: f64,
    /// log p of the first reference.
    pub(super) log_p: f64,
}

/// A text without the line breaks that would make several lines of it.
pub(super) fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\r', '\n'], " ")
}

/// Counts of BLEU, then of chrF; then the words of the first reference, its end included, and −log p of its pieces.
pub(super) fn counts(pair: &Pair, found: &Translated, tokeniser: Tokeniser) -> Vec<f64> {
    let references: Vec<&str> = pair.references.iter().map(String::as_str).collect();
    let mut counts = bleu::counts(&found.text, &references, tokeniser).to_vec();
    counts.extend(chrf::counts(&found.text, &references, KIND));
    let words = pair.reference().split_whitespace().count() + 1;
    counts.extend([words as f64, -found.log_p]);
    counts
}

/// BLEU and chrF from 0 to 100, and the perplexity exp(Σ −log p / words), by words so that it does not depend on how they are split into
/// pieces. Of nothing, 0, 0 and 1.
pub(super) fn metrics(sums: &[f64]) -> Vec<f64> {
    let Some((of_bleu, rest)) = sums.split_first_chunk::<{ bleu::COUNTS }>() else {
        return vec![0.0, 0.0, 1.0];
    };
    let Some((of_chrf, [words, loss])) = rest.split_last_chunk::<2>() else { return vec![0.0, 0.0, 1.0] };
    vec![bleu::score(of_bleu), chrf::score(of_chrf), perplexity(*loss, *words)]
}

/// What must be said of the metrics of some pairs.
pub(super) fn rule(pairs: &[Pair], tokeniser: Tokeniser) -> String {
    let first = pairs.first().map_or(1, |pair| pair.references.len());
    let references = pairs.iter().all(|pair| pair.references.len() == first).then_some(first);
    let (of_bleu, of_chrf) = (bleu::signature(references, tokeniser), KIND.signature(references));
    format!("bleu {of_bleu}; chrf {of_chrf}; perplexity by words of the first reference")
}

/// Whether a translation is one of the references.
pub(super) fn right(pair: &Pair, found: &Translated) -> bool {
    pair.references.iter().any(|reference| reference.trim() == found.text.trim())
}

/// The translation that is least like its references is the worst.
pub(super) fn mistake(pair: &Pair, found: &Translated) -> Mistake {
    let references: Vec<&str> = pair.references.iter().map(String::as_str).collect();
    let score = chrf::score(&chrf::counts(&found.text, &references, KIND));
    Mistake {
        severity: 1.0 - score / 100.0,
        degree: format!("chrF {score:.1}"),
        text: pair.source.clone(),
        right: pair.reference().into(),
        predicted: found.text.clone(),
    }
}

/// One translation a line.
pub(super) fn written(found: &[Translated]) -> String {
    found.iter().map(|found| one_line(&found.text) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, p: f64) -> Translated {
        Translated { text: text.into(), score: -1.0, log_p: p.ln() }
    }

    #[test]
    fn metrics_are_functions_of_sums() {
        let pairs = [Pair::new("a", "the cat sat on the mat"), Pair::new("b", "a dog")];
        let both = [found("the cat sat on a mat", 0.5), found("a dog", 0.25)];
        let mut sums = vec![0.0; counts(&pairs[0], &both[0], Tokeniser::Nist13a).len()];
        for (pair, found) in pairs.iter().zip(&both) {
            let counts = counts(pair, found, Tokeniser::Nist13a);
            sums.iter_mut().zip(counts).for_each(|(sum, x)| *sum += x);
        }
        let [bleu, chrf, perplexity] = metrics(&sums)[..] else { panic!() };
        // 7 of 8 words, 4 of 6, 2 of 4 and 1 of 3 longer n-grams; 10 words with their ends.
        let expected = 100.0 * (7.0 / 8.0 * 4.0 / 6.0 * 2.0 / 4.0 * 1.0 / 3.0f64).powf(0.25);
        assert!((bleu - expected).abs() < 1e-9, "{bleu} {expected}");
        assert!((perplexity - 8f64.powf(0.1)).abs() < 1e-12 && (50.0..100.0).contains(&chrf));
        assert_eq!(metrics(&[]), [0.0, 0.0, 1.0]);
        assert!(right(&pairs[1], &both[1]) && !right(&pairs[0], &both[0]));
        let severities = [mistake(&pairs[0], &both[0]), mistake(&pairs[0], &both[1])].map(|m| m.severity);
        assert!(severities[0] < severities[1] && severities[1] < 1.0, "{severities:?}");
    }

    #[test]
    fn a_translation_is_one_line() {
        let texts = ["a\nb", "c\r\n\rd", "", "e\u{2028}f"];
        let all: Vec<Translated> = texts.iter().map(|text| found(text, 1.0)).collect();
        assert_eq!(written(&all), "a b\nc  d\n\ne\u{2028}f\n");
    }

    #[test]
    fn the_rule_names_the_references() {
        let two = Pair { source: "a".into(), references: vec!["b".into(), "c".into()] };
        let of = |pairs: &[Pair]| rule(pairs, Tokeniser::International);
        assert!(
            of(&[two.clone(), two.clone()])
                .starts_with("bleu nrefs:2|case:mixed|eff:no|tok:intl|smooth:exp; chrf nrefs:2|")
        );
        assert!(of(&[two, Pair::new("a", "b")]).contains("nrefs:var|"));
    }
}
