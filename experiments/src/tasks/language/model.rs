//! Models, what they learn from, and what they say about each token.

use super::guesses::Guess;
use super::keys::{LanguageKeys, Model};
use crate::run::{RunError, State};
use crate::tasks::keys::check_size;
use crate::text::batches;
use gradus_engine::losses::CrossEntropy;
use gradus_engine::{DType, Mode, Rng, Tensor, no_grad};
use gradus_models::{LanguageModel, LmState, RnnLm, RnnLmConfig, TransformerLm, TransformerLmConfig};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A new model of `tokens` tokens, with its first weights.
///
/// # Errors
/// A model that is too large.
pub(super) fn built(
    keys: &LanguageKeys,
    tokens: usize,
    rng: &mut Rng,
) -> Result<Box<dyn LanguageModel>, RunError> {
    match &keys.model {
        Model::RnnLm(config) => {
            check_size(config.parameters(tokens))?;
            Ok(Box::new(RnnLm::new(config.clone(), tokens, rng)))
        }
        Model::TransformerLm(config) => {
            let config = TransformerLmConfig { context: keys.data.stretch, ..config.clone() };
            check_size(config.parameters(tokens))?;
            Ok(Box::new(TransformerLm::new(config, tokens, rng)))
        }
    }
}

/// What the last stretch of a text, which may be short, has in place of further tokens.
const NO_TOKEN: i64 = -1;

/// A batch of stretches as tensors in host memory: the tokens that are read and those that are to be predicted, `i64` [B, T]. `texts` has
/// both for each stretch. If the first rows go on from the batch before, a third tensor has a row for each of them.
pub(super) fn tensors(texts: &[Seen], goes_on: bool) -> Vec<Tensor> {
    let (b, t) = (texts.len(), texts.iter().map(|text| text.ids.len()).max().unwrap_or(0));
    let (mut ids, mut next) = (vec![0; b * t], vec![NO_TOKEN; b * t]);
    for (row, text) in texts.iter().enumerate() {
        ids[row * t..][..t].iter_mut().zip(&text.ids).for_each(|(to, &id)| *to = id.into());
        next[row * t..][..t].iter_mut().zip(&text.gold).for_each(|(to, &id)| *to = id.into());
    }
    let tensors = [&ids, &next].map(|values| Tensor::from_slice(values, [b, t]));
    tensors.into_iter().chain(goes_on.then(|| Tensor::zeros([b], DType::I64))).collect()
}

/// The number of tokens to predict in a batch.
pub(super) fn count(inputs: &[Tensor]) -> usize {
    inputs.get(1).map_or(0, |next| next.to_vec::<i64>().iter().filter(|&&token| token != NO_TOKEN).count())
}

/// The mean of −log p of the tokens of a batch, and the state after it.
pub(super) fn loss(
    model: &dyn LanguageModel,
    inputs: &[Tensor],
    state: &State,
    mode: &mut Mode,
) -> (Tensor, State) {
    let [ids, next, goes_on @ ..] = inputs else { panic!("inputs: tokens, next tokens") };
    let before = if goes_on.is_empty() { LmState::Start } else { cells(state, ids.dim(0), model) };
    let options = CrossEntropy { ignore: Some(NO_TOKEN), ..CrossEntropy::default() };
    let (loss, after) = model.loss(ids, next, &before, &options, mode);
    let of_layer = |(layer, (h, c)): (usize, &(Tensor, Tensor))| {
        NAMES.map(|name| format!("{name}.{layer}")).into_iter().zip([h.clone(), c.clone()])
    };
    let tensors = after.detach().cells().iter().enumerate().flat_map(of_layer).collect();
    (loss, State { tensors, ..state.clone() })
}

/// The names of the cells of a layer in a state.
const NAMES: [&str; 2] = ["h", "c"];

/// The names and shapes [1, B, H] of the tensors in the state after a batch of `rows` rows; none of a model that carries nothing.
pub(super) fn cells_of(model: &Model, rows: usize) -> BTreeMap<String, Vec<usize>> {
    let Model::RnnLm(RnnLmConfig { embed_dim, hidden_dim, layers, .. }) = model else {
        return BTreeMap::new();
    };
    let width = |layer: usize| if layer + 1 == *layers { *embed_dim } else { *hidden_dim };
    let of_layer = |layer: usize| NAMES.map(|name| (format!("{name}.{layer}"), vec![1, rows, width(layer)]));
    (0..*layers).flat_map(of_layer).collect()
}

/// The cells of the first `rows` rows of a state.
fn cells(state: &State, rows: usize, model: &dyn LanguageModel) -> LmState {
    let layer = |layer: usize| {
        let [h, c] = NAMES.map(|name| state.tensors.get(&format!("{name}.{layer}")));
        let first = |x: &Tensor| x.to_device(model.device()).narrow(1, 0, rows);
        Some((first(h?), first(c?)))
    };
    LmState::Cells((0..).map_while(layer).collect())
}

/// Tokens that a model reads, and those that it is to predict at the last of these places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub ids: Vec<u32>,
    pub gold: Vec<u32>,
}

/// The most log-probabilities to hold at a time, 32 MB.
const MOST_LOGITS: usize = 1 << 23;

/// The most places of a batch in evaluation, unless a text has more.
const MOST_PLACES: usize = 1 << 13;

/// What the model says of each token to predict, for each text by itself.
pub(super) fn guesses(model: &dyn LanguageModel, texts: &[Seen]) -> Vec<Vec<Guess>> {
    let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0).max(1);
    let tokens = model.table().shape()[0];
    batches::each(&lengths, (MOST_PLACES / longest).max(1), |batch| {
        let chosen: Vec<Seen> = batch.iter().map(|&i| texts[i].clone()).collect();
        let ids = tensors(&chosen, false).remove(0).to_device(model.device());
        let t = ids.dim(1);
        let h = no_grad(|| model.hidden(&ids, &LmState::Start, &mut Mode::Eval).0);
        let h = h.reshape([ids.count(), h.dim(2)]);
        let place = |(row, text): (usize, &Seen)| {
            (0..text.gold.len())
                .map(move |i| (row * t + text.ids.len() - text.gold.len() + i) as i64)
                .collect::<Vec<_>>()
        };
        let places: Vec<i64> = chosen.iter().enumerate().flat_map(place).collect();
        let gold: Vec<u32> = chosen.iter().flat_map(|text| text.gold.iter().copied()).collect();
        let most = (MOST_LOGITS / tokens).max(1);
        let mut found: Vec<Guess> = Vec::with_capacity(gold.len());
        for (places, gold) in places.chunks(most).zip(gold.chunks(most)) {
            let rows = Tensor::from_slice(places, [places.len()]).to_device(model.device());
            let log_p = no_grad(|| model.logits(&h.embedding(&rows)).log_softmax());
            let log_p = log_p.to_dtype(DType::F32).to_vec::<f32>();
            found.par_extend(log_p.par_chunks(tokens).zip(gold).map(|(row, &token)| Guess::of(token, row)));
        }
        let mut found = found.into_iter();
        chosen.iter().map(|text| found.by_ref().take(text.gold.len()).collect()).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::Range;

    const TOKENS: usize = 9;

    fn model() -> RnnLm {
        RnnLm::new(
            RnnLmConfig { embed_dim: 5, hidden_dim: 4, layers: 2, ..RnnLmConfig::default() },
            TOKENS,
            &mut Rng::new(3),
        )
    }

    /// Some places of two texts.
    fn seen(rows: usize, places: Range<usize>) -> Vec<Seen> {
        let text = |row: usize| -> Vec<u32> {
            (0..7).map(|i| ((3 + row) * i * i + i) as u32 % TOKENS as u32).collect()
        };
        let of_row = |row: usize| {
            let text = text(row);
            Seen { ids: text[places.clone()].to_vec(), gold: text[places.start + 1..places.end + 1].to_vec() }
        };
        (0..rows).map(of_row).collect()
    }

    #[test]
    fn rows_go_on_with_their_states_and_some_end() {
        let model = model();
        let of = |texts: &[Seen], goes_on: bool, state: &State| {
            let (loss, after) = loss(&model, &tensors(texts, goes_on), state, &mut Mode::Eval);
            (loss.item(), after)
        };
        let whole = of(&seen(2, 0..6), false, &State::default()).0;
        let (first, state) = of(&seen(2, 0..3), false, &State::default());
        let (second, after) = of(&seen(2, 3..6), true, &state);
        assert!((whole - (first + second) / 2.0).abs() < 1e-6, "{whole} {first} {second}");
        assert!(
            (second - of(&seen(2, 3..6), false, &state).0).abs() > 1e-6,
            "an epoch begins without a state"
        );
        // Of the first row alone.
        let one = of(&seen(1, 0..6), false, &State::default()).0;
        let of_first = of(&seen(1, 0..3), false, &State::default()).0;
        let rest = of(&seen(1, 3..6), true, &state).0;
        assert!((one - (of_first + rest) / 2.0).abs() < 1e-6, "{one} {of_first} {rest}");
        let keys =
            Model::RnnLm(RnnLmConfig { embed_dim: 5, hidden_dim: 4, layers: 2, ..RnnLmConfig::default() });
        for state in [state, after] {
            let shapes: BTreeMap<String, Vec<usize>> =
                state.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
            assert_eq!(shapes, cells_of(&keys, 2));
        }
    }

    #[test]
    fn a_short_stretch_counts_its_tokens_alone() {
        let texts = [seen(2, 0..6).remove(0), seen(2, 0..2).remove(1)];
        let inputs = tensors(&texts, false);
        assert_eq!((inputs[0].shape().to_vec(), count(&inputs)), (vec![2, 6], 8));
        let of = |texts: &[Seen]| {
            loss(&model(), &tensors(texts, false), &State::default(), &mut Mode::Eval).0.item()
        };
        let expected = (6.0 * of(&texts[..1]) + 2.0 * of(&texts[1..])) / 8.0;
        assert!((of(&texts) - expected).abs() < 1e-6);
    }

    #[test]
    fn what_a_model_says_of_tokens_is_what_it_learns_from() {
        let model = model();
        let texts = [seen(2, 0..6).remove(1), seen(1, 1..4).remove(0), Seen::default()];
        let found = guesses(&model, &texts);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [6, 3, 0]);
        for (text, found) in texts.iter().zip(&found).take(2) {
            let (mean, _) =
                loss(&model, &tensors(std::slice::from_ref(text), false), &State::default(), &mut Mode::Eval);
            let said: f64 = found.iter().map(|guess| -guess.log_p).sum::<f64>() / found.len() as f64;
            assert!((mean.item() - said).abs() < 1e-6, "{} {said}", mean.item());
        }
        // The last places alone are predicted.
        let last = Seen { gold: texts[0].gold[4..].to_vec(), ..texts[0].clone() };
        let last = guesses(&model, &[last]).remove(0);
        assert!(
            last.iter()
                .zip(&found[0][4..])
                .all(|(a, b)| a.token == b.token && (a.log_p - b.log_p).abs() < 1e-6)
        );
    }
}
