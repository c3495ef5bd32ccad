//! Tests whether two systems are right equally often: McNemar's exact test (1947).

/// `min(1, 2 Σ_{i ≤ min(m, n)} C(m + n, i) / 2^{m + n})`: the two-sided p-value for `m` examples that only one system
/// gets right and `n` that only the other gets right, if each such example falls to either system with probability 1/2.
pub fn mcnemar(m: usize, n: usize) -> f64 {
    let total = (m + n) as f64;
    // ln of C(m + n, i) / 2^{m + n}: for large counts, the terms themselves underflow.
    let mut term = -total * std::f64::consts::LN_2;
    let mut tail = 0.0;
    for i in 0..=m.min(n) {
        tail += term.exp();
        term += ((total - i as f64) / (i + 1) as f64).ln();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        assert_eq!(mcnemar(0, 0), 1.0);
        for (m, n, p) in
            [(0, 1, 1.0), (0, 5, 2.0 / 32.0), (1, 5, 14.0 / 64.0), (5, 1, 14.0 / 64.0), (4, 4, 1.0)]
        {
            assert!((mcnemar(m, n) - p).abs() < 1e-15, "{m} {n}: {}", mcnemar(m, n));
        }
    }

    /// The expected numbers were computed with integers of arbitrary size and rounded once.
    #[test]
    fn equals_exact_arithmetic() {
        for (m, n, p) in [
            (9, 21, 0.04277394525706768),
            (121, 159, 0.026846214100562756),
            (4900, 5100, 0.04658552770494739),
            (12000, 12500, 0.001432142504802657),
        ] {
            let found = mcnemar(m, n);
            assert!((found / p - 1.0).abs() < 1e-9, "{m} {n}: {found} {p}");
        }
    }
}
