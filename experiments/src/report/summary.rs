//! Mean and spread over seeds, and the least significant difference of two means.

/// Mean and sample standard deviation of one number over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// x̄ = Σxᵢ / n.
    pub mean: f64,
    /// s = √(Σ(xᵢ − x̄)² / (n − 1)); `None` for a single seed, which has no spread.
    pub spread: Option<f64>,
    /// n, at least 1.
    pub seeds: usize,
}

impl Summary {
    /// The summary of some values; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Summary> {
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let spread = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Some(Summary { mean, spread, seeds: values.len() })
    }
}

/// The spread common to several cells, s = √(Σ(nᵢ − 1)sᵢ² / Σ(nᵢ − 1)), and its degrees of freedom Σ(nᵢ − 1).
///
/// A cell of two or three seeds says very little about its spread; the cells of a row together say more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pooled {
    /// s.
    pub spread: f64,
    /// At least 1.
    pub freedom: usize,
}

impl Pooled {
    /// Pools the cells with at least two seeds; `None` if there are none.
    pub fn of<'a>(cells: impl IntoIterator<Item = &'a Summary>) -> Option<Pooled> {
        let (mut squares, mut freedom) = (0.0, 0);
        for cell in cells {
            if let Some(spread) = cell.spread {
                squares += spread.powi(2) * (cell.seeds - 1) as f64;
                freedom += cell.seeds - 1;
            }
        }
        (freedom > 0).then(|| Pooled { spread: (squares / freedom as f64).sqrt(), freedom })
    }

    /// The least significant difference of two means at 95%: t₉₇.₅(freedom) · s · √(1/n + 1/m).
    pub fn needed(self, n: usize, m: usize) -> f64 {
        student(self.freedom) * self.spread * (1.0 / n as f64 + 1.0 / m as f64).sqrt()
    }
}

/// The 97.5% quantile of Student's t. Beyond 30 degrees of freedom it is that of 30, which is slightly too large.
fn student(freedom: usize) -> f64 {
    const T: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042,
    ];
    T[freedom.clamp(1, T.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_spread_by_hand() {
        let summary = Summary::of(&[1.0, 2.0, 6.0]).unwrap();
        assert_eq!((summary.mean, summary.spread, summary.seeds), (3.0, Some(7f64.sqrt()), 3));
        assert_eq!(Summary::of(&[4.0]).unwrap().spread, None);
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn needed_difference_by_hand() {
        // Spreads √2 and 0 over two seeds each: s² = (2 + 0) / 2, two degrees of freedom, t = 4.303.
        let cells = [Summary::of(&[1.0, 3.0]).unwrap(), Summary::of(&[5.0, 5.0]).unwrap()];
        let pooled = Pooled::of(&cells).unwrap();
        assert_eq!(pooled.freedom, 2);
        assert!((pooled.spread - 1.0).abs() < 1e-12);
        assert!((pooled.needed(2, 2) - 4.303).abs() < 1e-12);
        assert_eq!(Pooled::of(&[Summary::of(&[1.0]).unwrap()]), None);
    }
}
