//! Spearman's rank correlation.

/// ρ, the correlation of the ranks, with the mean rank for ties; none if all values of one side are equal.
///
/// Source: Spearman, American Journal of Psychology 15, 1904.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    assert!(a.len() == b.len(), "spearman: {} and {} values", a.len(), b.len());
    let [a, b] = [a, b].map(ranks);
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let (aa, bb) = (product(&a, &a), product(&b, &b));
    (aa > 0.0 && bb > 0.0).then(|| product(&a, &b) / (aa * bb).sqrt())
}

/// The rank of each value, from 1; equal ones have their mean rank.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&i, &j| values[i].total_cmp(&values[j]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&i, &j| values[i] == values[j]) {
        let rank = start as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|&i| ranks[i] = rank);
        start += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_decide_and_ties_share_one() {
        assert_eq!(ranks(&[3.0, 5.0, -1.0, 3.0]), [2.5, 4.0, 1.0, 2.5]);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[-10.0, 200.0, 1e9]), Some(1.0));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        // By hand: ranks 1, 2, 3, 4 and 2, 1, 3.5, 3.5; Σ ab = 3.5, Σ a² = 5, Σ b² = 4.5.
        let found = spearman(&[1.0, 2.0, 3.0, 4.0], &[0.2, 0.1, 0.7, 0.7]).unwrap();
        assert!((found - 3.5 / (5.0f64 * 4.5).sqrt()).abs() < 1e-12, "{found}");
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[], &[]), None);
    }
}
