use super::Explained;
use gradus_engine::Tensor;
use std::ops::Range;

/// The attention weights of one layer.
pub struct AttentionMap {
    /// What attends to what: `layer 3`, `context to question`.
    pub name: String,
    /// The words that attend.
    pub rows: Range<usize>,
    /// The words that they attend to.
    pub columns: Range<usize>,
    /// The weights [N, R, C] of N heads; each row sums to 1.
    pub weights: Tensor,
}

impl AttentionMap {
    /// The maps of self-attention layers over all words, from weights [1, N, T, T] each.
    pub fn of_layers(layers: Vec<Tensor>) -> Vec<AttentionMap> {
        let map = |(i, weights): (usize, Tensor)| {
            let t = weights.dim(-1);
            AttentionMap {
                name: format!("layer {}", i + 1),
                rows: 0..t,
                columns: 0..t,
                weights: weights.squeeze(0),
            }
        };
        layers.into_iter().enumerate().map(map).collect()
    }

    /// Whether words attend to each other, as methods by attention assume.
    pub fn is_self_attention(&self) -> bool {
        self.rows == self.columns
    }

    /// The mean over the heads, as rows [R][C].
    pub(super) fn mean(&self) -> Vec<Vec<f64>> {
        rows(&self.weights.detach().mean(&[0]))
    }

    /// The weights of each head to six decimals, as rows [N][R][C].
    pub fn heads(&self) -> Vec<Vec<Vec<f64>>> {
        let mut heads: Vec<_> =
            (0..self.weights.dim(0)).map(|head| rows(&self.weights.detach().at(0, head))).collect();
        heads.iter_mut().flatten().flatten().for_each(|weight| *weight = (*weight * 1e6).round() / 1e6);
        heads
    }
}

fn rows(matrix: &Tensor) -> Vec<Vec<f64>> {
    matrix.to_f64().chunks(matrix.dim(1).max(1)).map(<[f64]>::to_vec).collect()
}

/// The largest number of words whose maps are shown: their size is quadratic in it.
pub(super) const MOST_MAPPED: usize = 128;

/// a_j = Σ_i r_i A_ij, with A the mean over the heads of the last self-attention layer and r the positions from which the output
/// is read: how much the output attends to word j. None without self-attention.
///
/// The weights show what the model reads, not whether that speaks for the output: they have no sign, and may disagree with the
/// gradients. Source: Jain, Wallace, "Attention is not explanation", NAACL 2019.
pub(super) fn attributions(subject: &dyn Explained) -> Option<Vec<f64>> {
    let maps = subject.attention();
    let last = maps.iter().rfind(|map| map.is_self_attention())?;
    let reads_from = subject.reads_from();
    let mut values = vec![0.0; subject.tokens().len()];
    for (i, row) in last.rows.clone().zip(last.mean()) {
        for (j, weight) in last.columns.clone().zip(row) {
            values[j] += reads_from[i] * weight;
        }
    }
    Some(values)
}
