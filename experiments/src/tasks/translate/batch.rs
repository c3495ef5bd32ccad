//! Batches of pairs as tensors, and the loss.

use crate::text::subwords::{END, PADDING, START};
use gradus_engine::losses::{CrossEntropy, Reduction, linear_cross_entropy};
use gradus_engine::{Mode, Tensor, no_grad};
use gradus_models::{Pairs, Seq2Seq};

/// The pieces of a text with that of the end, at most `longest` of them, but at least one. What is cut from a source is its end; a
/// translation that is cut does not end.
pub(super) fn framed(pieces: &[u32], longest: usize, cut: Cut) -> Vec<u32> {
    let all = pieces.len() + 1;
    let kept = all.min(longest).max(1);
    match cut {
        Cut::KeepsEnd => [&pieces[..kept - 1], &[END]].concat(),
        Cut::LosesEnd => pieces.iter().copied().chain([END]).take(kept).collect(),
    }
}

/// Whether a text that is cut still has the piece of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    KeepsEnd,
    LosesEnd,
}

/// Rows as one tensor `i64` [B, T], filled with padding.
fn padded(rows: &[Vec<u32>]) -> Tensor {
    let t = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut ids = vec![i64::from(PADDING); rows.len() * t];
    for (row, of) in rows.iter().zip(ids.chunks_mut(t.max(1))) {
        of.iter_mut().zip(row).for_each(|(to, &id)| *to = id.into());
    }
    Tensor::from_slice(&ids, [rows.len(), t])
}

/// Sources with their ends as `i64` [B, S] and their numbers of pieces [B], in host memory.
pub(super) fn sources(rows: &[Vec<u32>]) -> [Tensor; 2] {
    let lengths: Vec<i64> = rows.iter().map(|row| row.len() as i64).collect();
    [padded(rows), Tensor::from_slice(&lengths, [rows.len()])]
}

/// Sources and targets, each with its end, as the fields of [`Pairs`], in their order and in host memory.
pub(super) fn tensors(of_sources: &[Vec<u32>], targets: &[Vec<u32>]) -> Vec<Tensor> {
    let [source, lengths] = sources(of_sources);
    let before = |target: &Vec<u32>| [&[START], &target[..target.len() - 1]].concat();
    let target = padded(&targets.iter().map(before).collect::<Vec<_>>());
    vec![source, lengths, target, padded(targets)]
}

/// The batch of [`tensors`].
#[track_caller]
pub(super) fn pairs(inputs: &[Tensor]) -> Pairs<'_> {
    let [source, lengths, target, next] = inputs else { panic!("inputs: source, lengths, target, next") };
    Pairs { source, lengths, target, next }
}

/// The number of pieces that are predicted.
pub(super) fn predicted(inputs: &[Tensor]) -> usize {
    pairs(inputs).next.to_vec::<i64>().into_iter().filter(|id| *id != i64::from(PADDING)).count()
}

/// The mean over these of −log p, smoothed.
pub(super) fn loss(model: &dyn Seq2Seq, inputs: &[Tensor], smoothing: f64, mode: &mut Mode) -> Tensor {
    let options = CrossEntropy { weights: None, smoothing, ignore: Some(PADDING.into()) };
    model.loss(&pairs(inputs), &options, mode)
}

/// log p of each target, its end included.
pub(super) fn log_p(model: &dyn Seq2Seq, of_sources: &[Vec<u32>], targets: &[Vec<u32>]) -> Vec<f64> {
    let device = model.device();
    let inputs: Vec<Tensor> =
        tensors(of_sources, targets).into_iter().map(|tensor| tensor.to_device(device)).collect();
    let pairs = pairs(&inputs);
    no_grad(|| {
        let h = model.hidden(&pairs, &mut Mode::Eval);
        let (table, bias) = (model.table().tensor(), model.bias().tensor());
        let of_target = |(i, target): (usize, &Vec<u32>)| {
            let own = |x: &Tensor| x.at(0, i).narrow(0, 0, target.len());
            let next = own(pairs.next);
            let options = CrossEntropy::default();
            -linear_cross_entropy(&own(&h), &table, Some(&bias), &next, &options, Reduction::Sum).item()
        };
        targets.iter().enumerate().map(of_target).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_cut_keeps_or_loses_its_end() {
        for (longest, source, target) in [
            (usize::MAX, vec![7, 8, 9, END], vec![7, 8, 9, END]),
            (4, vec![7, 8, 9, END], vec![7, 8, 9, END]),
            (3, vec![7, 8, END], vec![7, 8, 9]),
        ] {
            assert_eq!(framed(&[7, 8, 9], longest, Cut::KeepsEnd), source);
            assert_eq!(framed(&[7, 8, 9], longest, Cut::LosesEnd), target);
        }
        assert_eq!(framed(&[], 3, Cut::KeepsEnd), [END]);
    }

    #[test]
    fn a_target_begins_with_the_start_and_what_follows_each_piece_is_predicted() {
        let inputs = tensors(&[vec![5, END], vec![6, 7, END]], &[vec![8, 9, END], vec![4, END]]);
        let of = |tensor: &Tensor| tensor.to_vec::<i64>();
        assert_eq!(of(&inputs[0]), [5, 2, 0, 6, 7, 2]);
        assert_eq!(of(&inputs[1]), [2, 3]);
        assert_eq!(of(&inputs[2]), [1, 8, 9, 1, 4, 0]);
        assert_eq!(of(&inputs[3]), [8, 9, 2, 4, 2, 0]);
        assert_eq!(predicted(&inputs), 5);
    }
}
