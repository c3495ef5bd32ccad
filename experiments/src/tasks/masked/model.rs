//! Batches of masked windows, and what the model says at their places.

use super::masks::MaskedWindow;
use crate::text::batches;
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::{Mode, Module, Tensor, no_grad};
use gradus_models::MaskedLm;

/// The most log-probabilities of a batch in evaluation, 64 MB.
const MOST_LOGITS: usize = 1 << 24;

/// A batch as tensors in host memory: ids [B, T], lengths [B], places [M] as b · T + t and the right pieces [M], all `i64`.
pub(super) fn tensors(windows: &[&MaskedWindow], padding: u32) -> Vec<Tensor> {
    let (b, t) = (windows.len(), windows.iter().map(|window| window.ids.len()).max().unwrap_or(0));
    let mut ids = vec![i64::from(padding); b * t];
    let (mut lengths, mut places, mut gold) = (vec![], vec![], vec![]);
    for (row, window) in windows.iter().enumerate() {
        ids[row * t..][..window.ids.len()].iter_mut().zip(&window.ids).for_each(|(to, &id)| *to = id.into());
        lengths.push(window.ids.len() as i64);
        places.extend(window.places.iter().map(|place| (row * t + place) as i64));
        gold.extend(window.gold.iter().map(|&id| i64::from(id)));
    }
    let m = places.len();
    vec![
        Tensor::from_slice(&ids, [b, t]),
        Tensor::from_slice(&lengths, [b]),
        Tensor::from_slice(&places, [m]),
        Tensor::from_slice(&gold, [m]),
    ]
}

/// The mean of −log p of the right pieces.
pub(super) fn loss(model: &MaskedLm, inputs: &[Tensor], mode: &mut Mode) -> Tensor {
    let [ids, lengths, places, gold] = inputs else { panic!("inputs: ids, lengths, places, pieces") };
    let logits = model.logits(ids, lengths, places, mode);
    cross_entropy(&logits, gold, &CrossEntropy::default(), Reduction::Mean)
}

/// For each window, what `of` makes of the log-probabilities [V] at each of its places, which it gets with the number of the
/// place.
pub(super) fn at_places<T>(
    model: &MaskedLm,
    windows: &[MaskedWindow],
    padding: u32,
    vocabulary: usize,
    of: impl Fn(&MaskedWindow, usize, &[f32]) -> T,
) -> Vec<Vec<T>> {
    let lengths: Vec<usize> = windows.iter().map(|window| window.ids.len()).collect();
    let most = windows.iter().map(|window| window.places.len()).max().unwrap_or(0).max(1);
    let size = (MOST_LOGITS / (most * vocabulary)).max(1);
    batches::each(&lengths, size, |batch| {
        let chosen: Vec<&MaskedWindow> = batch.iter().map(|&i| &windows[i]).collect();
        let inputs = tensors(&chosen, padding).into_iter().map(|tensor| tensor.to_device(model.device()));
        let [ids, lengths, places, _] = &inputs.collect::<Vec<_>>()[..] else { return vec![] };
        let logits = no_grad(|| model.logits(ids, lengths, places, &mut Mode::Eval).log_softmax());
        let all = logits.to_vec::<f32>();
        let mut rows = all.chunks(vocabulary);
        let of_window = |window: &&MaskedWindow| {
            rows.by_ref().take(window.places.len()).enumerate().map(|(k, row)| of(window, k, row)).collect()
        };
        chosen.iter().map(of_window).collect()
    })
}
