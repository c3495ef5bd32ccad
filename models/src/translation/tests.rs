use super::*;
use crate::{Beam, beam_search};
use gradus_engine::losses::cross_entropy;
use gradus_engine::{Rng, no_grad};

const TOKENS: usize = 9;
const PADDING: i64 = 0;

fn model(pre_norm: bool) -> Seq2SeqTransformer {
    let config = Seq2SeqTransformerConfig {
        embed_dim: 8,
        layers: 2,
        attention_heads: 2,
        feed_forward: 12,
        pre_norm,
        dropout: 0.1,
    };
    Seq2SeqTransformer::new(config, TOKENS, &mut Rng::new(3))
}

fn rnn(input_feeding: bool) -> Seq2SeqRnn {
    let config = Seq2SeqRnnConfig { embed_dim: 6, hidden_dim: 4, layers: 2, input_feeding, dropout: 0.1 };
    Seq2SeqRnn::new(config, TOKENS, &mut Rng::new(4))
}

fn all() -> Vec<Box<dyn Seq2Seq>> {
    vec![Box::new(model(true)), Box::new(model(false)), Box::new(rnn(false)), Box::new(rnn(true))]
}

fn ids(rows: &[&[i64]]) -> Tensor {
    Tensor::from_slice(&rows.concat(), [rows.len(), rows[0].len()])
}

fn lengths(of: &[i64]) -> Tensor {
    Tensor::from_slice(of, [of.len()])
}

/// The logits [B · T · V] of a batch in evaluation.
fn logits(model: &dyn Seq2Seq, source: &Tensor, of: &Tensor, target: &Tensor) -> Vec<f32> {
    let pairs = Pairs { source, lengths: of, target, next: target };
    no_grad(|| model.logits(&model.hidden(&pairs, &mut Mode::Eval))).to_vec()
}

fn near(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn padding_and_later_tokens_change_nothing() {
    for model in all() {
        let model = &*model;
        let (short, of) = (ids(&[&[3, 4, 5]]), lengths(&[3]));
        let alone = logits(model, &short, &of, &ids(&[&[1, 6, 7]]));
        let (long, both) = (ids(&[&[3, 4, 5, 8, 8], &[2, 3, 4, 5, 6]]), lengths(&[3, 5]));
        let padded = logits(model, &long, &both, &ids(&[&[1, 6, 7, 2], &[1, 2, 3, 4]]));
        assert!(near(&padded[..alone.len()], &alone));
        let other = logits(model, &short, &of, &ids(&[&[1, 6, 2]]));
        assert!(
            near(&other[..2 * TOKENS], &alone[..2 * TOKENS])
                && !near(&other[2 * TOKENS..], &alone[2 * TOKENS..])
        );
    }
}

/// What the caches of steps give is what the whole sequence gives, though sequences are exchanged, doubled and dropped on the way.
#[test]
fn steps_are_the_places_of_the_whole() {
    for model in all() {
        let model = &*model;
        let (source, of) = (ids(&[&[3, 4, 5, 0], &[2, 3, 4, 5], &[7, 7, 0, 0]]), lengths(&[3, 4, 2]));
        let mut translator = model.translator(&source, &of);
        let steps: [(&[usize], &[usize]); 4] = [
            (&[0, 1, 2], &[1, 1, 1]),
            (&[2, 0, 0], &[4, 5, 6]),
            (&[2, 1, 0, 0], &[3, 3, 8, 2]),
            (&[3, 1], &[6, 7]),
        ];
        let mut sequences: Vec<(usize, Vec<i64>)> = (0..3).map(|source| (source, vec![])).collect();
        for (parents, tokens) in steps {
            let grown = |(&parent, &token): (&usize, &usize)| {
                let (source, before) = &sequences[parent];
                (*source, [&before[..], &[token as i64]].concat())
            };
            sequences = parents.iter().zip(tokens).map(grown).collect();
            let found = translator.extend(parents, tokens).to_vec::<f32>();
            let attention = translator.attention().unwrap();
            for (i, ((text, sequence), found)) in sequences.iter().zip(found.chunks(TOKENS)).enumerate() {
                let (source, of) = (source.narrow(0, *text, 1), of.narrow(0, *text, 1));
                let target = ids(&[sequence]);
                let pairs = Pairs { source: &source, lengths: &of, target: &target, next: &target };
                let weights = model.alignment(&pairs).narrow(1, sequence.len() - 1, 1).to_vec::<f32>();
                let real = of.to_vec::<i64>()[0] as usize;
                assert!(near(&attention[i], &weights[..real]), "{text} {sequence:?}");
                let whole = logits(model, &source, &of, &target);
                let last = Tensor::from_slice(&whole[whole.len() - TOKENS..], [1, TOKENS]).log_softmax();
                assert!(near(found, &last.to_vec::<f32>()), "{text} {sequence:?}");
            }
        }
    }
}

#[test]
fn a_beam_finds_what_each_source_has_alone() {
    let model = &model(true);
    let (source, of) = (ids(&[&[3, 4, 5, 0], &[2, 3, 4, 5]]), lengths(&[3, 4]));
    let beam = Beam { width: 3, longest: 6, length_penalty: 0.6, coverage_penalty: 0.0, start: 1, end: 2 };
    let both = beam_search(&mut *model.translator(&source, &of), &[beam; 2]);
    for (i, found) in both.iter().enumerate() {
        let (source, of) = (source.narrow(0, i, 1), of.narrow(0, i, 1));
        let alone = beam_search(&mut *model.translator(&source, &of), &[beam]).remove(0);
        let tokens = |all: &[crate::Hypothesis]| all.iter().map(|h| h.tokens.clone()).collect::<Vec<_>>();
        assert_eq!(tokens(found), tokens(&alone));
        let best = &found[0];
        let sequence: Vec<i64> = [1].into_iter().chain(best.tokens.iter().map(|&t| t as i64)).collect();
        let rows =
            Tensor::from_slice(&logits(model, &source, &of, &ids(&[&sequence])), [sequence.len(), TOKENS]);
        let rows = rows.log_softmax().to_f64();
        let next = sequence[1..].iter().copied().chain([2]);
        let log_p: f64 = next.enumerate().map(|(t, token)| rows[t * TOKENS + token as usize]).sum();
        assert!((log_p - best.log_p).abs() < 1e-4, "{log_p} {best:?}");
    }
}

#[test]
fn weights_of_attention_sum_to_one_over_the_real_places() {
    let (source, of) = (ids(&[&[3, 4, 5, 8, 8], &[2, 3, 4, 5, 6]]), lengths(&[3, 5]));
    let target = ids(&[&[1, 6, 7, 2], &[1, 2, 3, 4]]);
    for model in all() {
        let pairs = Pairs { source: &source, lengths: &of, target: &target, next: &target };
        let weights = model.alignment(&pairs);
        assert_eq!(weights.shape().to_vec(), [2, 4, 5]);
        assert!(weights.sum(&[-1]).to_f64().iter().all(|sum| (sum - 1.0).abs() < 1e-6));
        assert!(weights.narrow(0, 0, 1).narrow(2, 3, 2).to_f64().iter().all(|w| *w == 0.0));
        assert!(weights.narrow(0, 1, 1).to_f64().iter().all(|w| *w > 0.0));
        // A row depends on the tokens up to its own alone.
        let other = ids(&[&[1, 6, 7, 2], &[1, 2, 3, 7]]);
        let pairs = Pairs { target: &other, ..pairs };
        let changed = model.alignment(&pairs).narrow(0, 1, 1).to_vec::<f32>();
        let before = weights.narrow(0, 1, 1).to_vec::<f32>();
        assert!(near(&changed[..15], &before[..15]) && changed[15..] != before[15..]);
    }
}

#[test]
fn the_loss_leaves_padding_out_and_reaches_all_parameters() {
    let options = CrossEntropy { smoothing: 0.1, ignore: Some(PADDING), ..CrossEntropy::default() };
    let (source, of) = (ids(&[&[3, 4, 5], &[2, 3, 0]]), lengths(&[3, 2]));
    let (target, next) = (ids(&[&[1, 6, 7], &[1, 8, 0]]), ids(&[&[6, 7, 2], &[8, 2, PADDING]]));
    for model in all() {
        let pairs = Pairs { source: &source, lengths: &of, target: &target, next: &next };
        let loss = model.loss(&pairs, &options, &mut Mode::Eval);
        let whole = model.logits(&model.hidden(&pairs, &mut Mode::Eval)).reshape([6, TOKENS]);
        let whole = cross_entropy(&whole, &next.reshape([6]), &options, Reduction::Mean);
        assert!((loss.item() - whole.item()).abs() < 1e-5);
        let gradients = loss.backward();
        for (name, param) in model.named_params() {
            let gradient = gradients.of(&param).unwrap_or_else(|| panic!("{name} has no gradient"));
            assert!(gradient.to_dense().to_f64().iter().any(|x| *x != 0.0), "{name}");
        }
    }
}

#[test]
fn parameters_are_counted_before_a_model_is_built() {
    for pre_norm in [true, false] {
        let model = model(pre_norm);
        assert_eq!(model.config().parameters(TOKENS), Some(model.param_count() as u64));
    }
    for input_feeding in [true, false] {
        let model = rnn(input_feeding);
        assert_eq!(model.config().parameters(TOKENS), Some(model.param_count() as u64));
    }
    assert_eq!(
        Seq2SeqRnnConfig { hidden_dim: usize::MAX, ..rnn(true).config().clone() }.parameters(TOKENS),
        None
    );
}

#[test]
fn values_with_which_no_model_can_be_built() {
    let of = |text: &str| {
        toml::from_str::<Seq2SeqTransformerConfig>(text).unwrap().check().map_err(|e| e.to_string())
    };
    assert_eq!(of(""), Ok(()));
    for (text, says) in [
        ("embed_dim = 7", "embed_dim: expected an even number above 0, for sines and cosines, found 7"),
        ("attention_heads = 3", "attention_heads: expected a divisor of embed_dim, 256, found 3"),
        ("layers = 0", "layers: expected from 1 to 1000, found 0"),
        ("feed_forward = 0", "feed_forward: expected at least 1, found 0"),
        ("dropout = 1.0", "dropout: expected at least 0 and below 1, found 1"),
    ] {
        assert_eq!(of(text), Err(says.to_owned()));
    }
}
