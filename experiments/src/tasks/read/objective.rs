use crate::config::Config;
use gradus_engine::Tensor;
use gradus_engine::losses::{self, CrossEntropy, Reduction};
use gradus_models::{Pooled, Reading};

/// −log P(first word) − log P(last word), mean over the questions [B] with these first and last words, and the weighted
/// contrastive objective: the mean vectors of a question and of its context belong together, those of the batch's other
/// contexts are what they are told from. (Two questions of a batch may share a context, which then is told from
/// itself; so it is in every objective with negatives from the batch.) Source: paper, Table 4 and section 4.4.
pub(super) fn loss(config: &Config, reading: &Reading, first: &Tensor, last: &Tensor) -> Tensor {
    let options = CrossEntropy { smoothing: config.loss.label_smoothing, ..CrossEntropy::default() };
    let of = |logits: &Tensor, at: &Tensor| losses::cross_entropy(logits, at, &options, Reduction::Mean);
    let total = of(&reading.start, first) + of(&reading.end, last);
    let levels: &[&Pooled] = match config.loss.contrastive.as_str() {
        "embedding" => &[&reading.embedded],
        "encoding" => &[&reading.encoded],
        "both" => &[&reading.embedded, &reading.encoded],
        _ => &[],
    };
    levels.iter().fold(total, |total, level| total + contrast(config, level) * config.loss.contrastive_weight)
}

fn contrast(config: &Config, Pooled { context, question }: &Pooled) -> Tensor {
    match config.loss.contrastive_loss.as_str() {
        "triplet" => losses::triplet(question, context, config.loss.margin),
        "sne" => losses::sne(question, context, PERPLEXITY),
        _ => losses::info_nce(question, context, config.loss.temperature),
    }
}

/// Neighbours that SNE looks for among a batch of about 32.
const PERPLEXITY: f64 = 5.0;
