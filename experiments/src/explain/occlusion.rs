use super::Explained;
use super::explained::scores_with;

/// a_t = F(x) − F(x with x′_t at word t): what F loses if word t is unknown.
///
/// Source: Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2; for words: Li,
/// Monroe, Jurafsky, "Understanding neural networks through representation erasure", 2016.
pub(super) fn attributions(subject: &dyn Explained) -> Vec<f64> {
    let t = subject.tokens().len();
    let without = |word: Option<usize>| (0..t).map(|i| Some(i) != word).collect();
    let kept: Vec<Vec<bool>> = std::iter::once(None).chain((0..t).map(Some)).map(without).collect();
    let scores = scores_with(subject, &kept);
    scores[1..].iter().map(|without| scores[0] - without).collect()
}
