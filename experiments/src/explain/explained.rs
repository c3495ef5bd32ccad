use super::AttentionMap;
use gradus_engine::{CreateGraph, Tensor, grad, no_grad};
use std::ops::Range;

/// One output of a model for one text, as a function of the vectors of the text's T words.
pub trait Explained {
    /// What the output is: `label positive`, `tag B-LOC of Oslo`, `start of the answer`.
    fn what(&self) -> String;

    /// The words as the model reads them.
    fn tokens(&self) -> &[String];

    /// The texts that the words come from, by name, if there are several.
    fn parts(&self) -> Vec<(&'static str, Range<usize>)> {
        vec![]
    }

    /// x [T, D], the vectors of the words.
    fn vectors(&self) -> Tensor;

    /// x′ [T, D], the vectors of as many unknown words. At positions that are not explained, such as the markers of the ends of a
    /// text, x′ equals x.
    fn baseline(&self) -> Tensor;

    /// F [S], the [log-odds](log_odds) of the output for each of S texts [S, T, D], with a gradient if the vectors have one.
    fn score(&self, x: &Tensor) -> Tensor;

    /// The attention maps of the text, in the order of the layers.
    fn attention(&self) -> Vec<AttentionMap>;

    /// The weights [T] of the mean over the positions of the last layer from which the output is computed.
    fn reads_from(&self) -> Vec<f64>;
}

/// Which output to explain; a field without a value means the output of which the model is most certain.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// The label or tag; of a reader `start` or `end`.
    pub target: Option<String>,
    /// The word whose tag is explained, counted from 1.
    pub word: Option<usize>,
}

/// log (p / (1 − p)) of one of K outputs, z_k − log Σ_{j ≠ k} exp z_j: logits or log-probabilities [S, K] → [S].
///
/// Unlike a logit, it does not change if a number is added to all logits; unlike a probability, its gradient does not vanish
/// where the model is certain. σ of it is the probability of the output.
#[track_caller]
pub fn log_odds(z: &Tensor, k: usize) -> Tensor {
    let outputs = z.dim(1);
    assert!(k < outputs && outputs > 1, "log-odds: output {k} of {outputs}; there must be another one");
    let this: Vec<u8> = (0..outputs).map(|j| u8::from(j == k)).collect();
    z.at(1, k) - without(z, &this).log_sum_exp(-1)
}

/// The log-odds that the output is one of several, log Σ_{k right} exp z_k − log Σ_{j not right} exp z_j: [S, K] → [S].
#[track_caller]
pub fn log_odds_of_any(z: &Tensor, right: &[bool]) -> Tensor {
    assert_eq!(right.len(), z.dim(1), "log-odds: outputs that are right or not, and logits of others");
    let [right, wrong] = [true, false]
        .map(|which| -> Vec<u8> { right.iter().map(|&right| u8::from(right == which)).collect() });
    without(z, &wrong).log_sum_exp(-1) - without(z, &right).log_sum_exp(-1)
}

/// The logits [S, K] with −∞ for some outputs [K].
fn without(z: &Tensor, outputs: &[u8]) -> Tensor {
    let outputs = Tensor::from_slice(outputs, [1, outputs.len()]).to_device(z.device());
    z.masked_fill(&outputs, f64::NEG_INFINITY)
}

/// The most positions of the texts in one pass.
const MOST_POSITIONS: usize = 4096;

/// How many texts of `words` words to compute in one pass.
pub(super) fn texts_in_a_pass(words: usize) -> usize {
    (MOST_POSITIONS / words.max(1)).clamp(1, 64)
}

/// F and ∂F/∂x of texts [S, T, D]: [S] and [S, T, D].
pub(super) fn gradients(subject: &dyn Explained, x: &Tensor) -> (Vec<f64>, Tensor) {
    let x = x.detach().variable();
    let score = subject.score(&x);
    let gradient = grad(&score, &[&x], CreateGraph::No).remove(0);
    (score.to_f64(), gradient)
}

/// F of the text with x at the words that are kept and x′ at the others; a row of `kept` [N][T] for each text.
pub(super) fn scores_with(subject: &dyn Explained, kept: &[Vec<bool>]) -> Vec<f64> {
    let (x, baseline) = (subject.vectors().detach().unsqueeze(0), subject.baseline().detach().unsqueeze(0));
    let t = x.dim(1);
    let pass = |rows: &[Vec<bool>]| {
        let flags: Vec<u8> = rows.iter().flatten().map(|&kept| u8::from(kept)).collect();
        let kept = Tensor::from_slice(&flags, [rows.len(), t, 1]).to_device(x.device());
        no_grad(|| subject.score(&kept.select(&x, &baseline))).to_f64()
    };
    kept.chunks(texts_in_a_pass(t)).flat_map(pass).collect()
}

/// The words whose vectors differ from the baseline. The others, such as `[CLS]` or a word that is unknown as it is, cannot be
/// removed, and take no part in comparisons of methods.
pub(super) fn removable(subject: &dyn Explained) -> Vec<usize> {
    let difference = (subject.vectors() - subject.baseline()).detach().abs();
    by_word(&difference).iter().enumerate().filter(|(_, d)| **d > 0.0).map(|(word, _)| word).collect()
}

/// The sum over the features of each word: [T, D] → [T].
pub(super) fn by_word(values: &Tensor) -> Vec<f64> {
    values.sum(&[-1]).to_f64()
}
