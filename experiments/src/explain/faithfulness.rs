use super::Explained;
use super::explained::{removable, scores_with};

/// How well an order of the words tells which of them the output depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Faithfulness {
    /// The area under p while words become unknown, the most important first; the smaller, the better the order.
    pub deletion: f64,
    /// The area under p while words become known, the most important first; the larger, the better the order.
    pub insertion: f64,
}

/// The most points of a curve, besides its start.
const MOST_POINTS: usize = 50;

/// The areas, by the trapezoidal rule over the share of the [removable] words, of the curves of p = σ(F) for the order of
/// descending attributions; words of equal attributions in the order of the text. Without such words, p at all points.
///
/// Source: Petsiuk, Das, Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC 2018, section
/// 4.3; Samek et al., IEEE TNNLS 28, 2017.
pub(super) fn faithfulness(subject: &dyn Explained, attributions: &[f64]) -> Faithfulness {
    let mut order = removable(subject);
    order.sort_by(|&a, &b| attributions[b].total_cmp(&attributions[a]));
    let t = order.len();
    let mut rank = vec![0; attributions.len()];
    order.iter().enumerate().for_each(|(place, &word)| rank[word] = place);
    let mut points: Vec<usize> = (0..t).step_by(t.div_ceil(MOST_POINTS).max(1)).collect();
    points.push(t);
    let area = |inserted: bool| {
        let kept: Vec<Vec<bool>> =
            points.iter().map(|&n| rank.iter().map(|&place| (place < n) == inserted).collect()).collect();
        let p: Vec<f64> = scores_with(subject, &kept).into_iter().map(sigmoid).collect();
        if t == 0 {
            return p[0];
        }
        let widths = points.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / t as f64);
        widths.zip(p.windows(2)).map(|(width, pair)| width * (pair[0] + pair[1]) / 2.0).sum::<f64>()
    };
    Faithfulness { deletion: area(false), insertion: area(true) }
}

/// 1 / (1 + e^−x).
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
