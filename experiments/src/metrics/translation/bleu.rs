//! BLEU = BP · exp (¼ Σₙ ln pₙ), where pₙ is the share of the hypotheses' n-grams, n from 1 to 4, that are in a reference, each counted
//! at most as often as in one of the references, and BP = min (1, exp (1 − r / h)) for hypotheses of h words and references of r.
//!
//! Of several references, r is the length nearest to the hypothesis's, the shorter of two; pₙ without a match is half, a quarter, an
//! eighth, … of 1 / the number of n-grams ("exponential smoothing").
//!
//! Sources: Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002; Lin, Och, "ORANGE", COLING 2004
//! (smoothing); sacreBLEU 2.

use super::{Tokeniser, ngrams};
use std::collections::HashMap;

/// The longest n-grams.
const ORDER: usize = 4;

/// The number of [`counts`].
pub const COUNTS: usize = 2 + 2 * ORDER;

/// Words of the hypothesis, words of its reference; then, for each n, n-grams that match and n-grams of the hypothesis. Without a
/// reference, nothing matches and the reference has no words.
pub fn counts(hypothesis: &str, references: &[&str], tokeniser: Tokeniser) -> [f64; COUNTS] {
    let hypothesis = tokeniser.words(hypothesis);
    let references: Vec<Vec<String>> =
        references.iter().map(|reference| tokeniser.words(reference)).collect();
    let nearest = references.iter().map(Vec::len).min_by_key(|n| (n.abs_diff(hypothesis.len()), *n));
    let mut counts = [0.0; COUNTS];
    counts[..2].copy_from_slice(&[hypothesis.len() as f64, nearest.unwrap_or(0) as f64]);
    for n in 1..=ORDER {
        let mut most: HashMap<&[String], usize> = HashMap::new();
        for reference in &references {
            for (ngram, count) in ngrams(reference, n) {
                let known = most.entry(ngram).or_insert(0);
                *known = count.max(*known);
            }
        }
        counts[2 * n] = super::common(&ngrams(&hypothesis, n), &most) as f64;
        counts[2 * n + 1] = (hypothesis.len() + 1).saturating_sub(n) as f64;
    }
    counts
}

/// BLEU of sums of [`counts`], from 0 to 100.
pub fn score(sums: &[f64; COUNTS]) -> f64 {
    let [hypotheses, references, ngrams @ ..] = sums;
    let (mut log, mut missing) = (0.0, 1.0);
    if ngrams.iter().step_by(2).all(|right| *right == 0.0) {
        return 0.0;
    }
    for pair in ngrams.chunks_exact(2) {
        let (right, all) = (pair[0], pair[1]);
        // A precision of 0: the text has no n-grams of this length.
        if all == 0.0 {
            return 0.0;
        }
        if right == 0.0 {
            missing *= 2.0;
        }
        let precision = if right == 0.0 { 1.0 / (missing * all) } else { right / all };
        log += precision.ln() / ORDER as f64;
    }
    let brevity = if hypotheses < references { (1.0 - references / hypotheses).exp() } else { 1.0 };
    100.0 * brevity * log.exp()
}

/// What must be said of a BLEU, as sacreBLEU's signature: `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`. No number of references
/// means that segments differ in it.
pub fn signature(references: Option<usize>, tokeniser: Tokeniser) -> String {
    let references = super::number_of(references);
    format!("nrefs:{references}|case:mixed|eff:no|tok:{}|smooth:exp", tokeniser.name())
}
