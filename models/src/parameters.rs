//! The number of parameters of layers that are not yet built; `None` if it exceeds 64 bits.

/// The total number of elements of arrays of these shapes.
pub(crate) fn shapes(all: &[&[usize]]) -> Option<u64> {
    sum(all.iter().map(|axes| axes.iter().try_fold(1u64, |n, &axis| n.checked_mul(axis as u64))))
}

pub(crate) fn sum(parts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    parts.into_iter().try_fold(0u64, |sum, part| sum.checked_add(part?))
}

pub(crate) fn linear(inputs: usize, outputs: usize) -> Option<u64> {
    shapes(&[&[outputs, inputs], &[outputs]])
}

pub(crate) fn conv1d(inputs: usize, outputs: usize, kernel: usize) -> Option<u64> {
    shapes(&[&[outputs, inputs, kernel], &[outputs]])
}

/// A bidirectional LSTM: four gates in two directions, with two biases each.
pub(crate) fn lstm(inputs: usize, hidden: usize, layers: usize) -> Option<u64> {
    let further = layers.saturating_sub(1);
    shapes(&[
        &[2, 4, hidden, inputs],
        &[further, 2, 4, hidden, 2, hidden],
        &[layers, 2, 4, hidden, hidden],
        &[layers, 2, 4, hidden, 2],
    ])
}

/// Self-attention, if there are heads.
pub(crate) fn attention(width: usize, heads: usize) -> Option<u64> {
    if heads == 0 { Some(0) } else { shapes(&[&[3, width, width], &[3, width], &[width, width], &[width]]) }
}
