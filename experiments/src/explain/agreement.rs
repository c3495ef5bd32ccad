use crate::metrics::spearman::spearman;

/// Spearman's rank correlation of |a| and |b|: how far two methods agree on which words matter. Signs are ignored, since methods
/// by attention have none. None if one of the methods gives all words the same value.
///
/// For explanations: Jain, Wallace, NAACL 2019, section 4.1 (with Kendall's τ).
pub(super) fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|values| values.iter().map(|x| x.abs()).collect::<Vec<f64>>());
    spearman(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_not_compared() {
        assert_eq!(rank_correlation(&[1.0, -2.0, 3.0], &[10.0, 200.0, -1e9]), Some(1.0));
        assert_eq!(rank_correlation(&[-1.0, 1.0], &[1.0, 2.0]), None);
    }
}
