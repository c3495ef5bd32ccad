use crate::metrics::spearman::spearman;

/// Spearman's rank correlation of |a| and |b|: whether two methods agree which words matter. Methods by attention have no signs,
/// so none are compared. None if all words matter the same to one of them.
///
/// Source: Jain, Wallace, NAACL 2019, section 4.1 (with Kendall's τ).
pub(super) fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let [a, b] = [a, b].map(|values| values.iter().map(|x| x.abs()).collect::<Vec<f64>>());
    spearman(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_do_not_count() {
        assert_eq!(rank_correlation(&[1.0, -2.0, 3.0], &[10.0, 200.0, -1e9]), Some(1.0));
        assert_eq!(rank_correlation(&[1.0, -1.0], &[1.0, 2.0]), None);
    }
}
