use super::*;
use gradus_engine::losses::cross_entropy;
use gradus_engine::{DType, Rng, no_grad};

const TOKENS: usize = 7;

fn rnn() -> RnnLm {
    let config = RnnLmConfig { embed_dim: 4, hidden_dim: 6, layers: 3, ..RnnLmConfig::default() };
    RnnLm::new(config, TOKENS, &mut Rng::new(1))
}

fn transformer(positions: Positions) -> TransformerLm {
    let config = TransformerLmConfig {
        embed_dim: 4,
        layers: 2,
        attention_heads: 2,
        feed_forward: 6,
        context: 5,
        positions,
        dropout: 0.2,
    };
    TransformerLm::new(config, TOKENS, &mut Rng::new(2))
}

fn all() -> Vec<Box<dyn LanguageModel>> {
    let transformers = [Positions::Learned, Positions::Sinusoidal].map(transformer);
    let models = transformers.into_iter().map(|model| Box::new(model) as Box<dyn LanguageModel>);
    let models: Vec<_> = models.chain([Box::new(rnn()) as Box<dyn LanguageModel>]).collect();
    models.iter().for_each(|model| model.convert(DType::F64));
    models
}

fn ids(rows: &[&[i64]]) -> Tensor {
    Tensor::from_slice(&rows.concat(), [rows.len(), rows[0].len()])
}

fn hidden(model: &dyn LanguageModel, ids: &Tensor, state: &LmState) -> (Vec<f64>, LmState) {
    let (h, state) = no_grad(|| model.hidden(ids, state, &mut Mode::Eval));
    (h.to_f64(), state)
}

/// What comes after a place has no effect on it.
#[test]
fn a_place_sees_only_those_before_it() {
    for model in all() {
        let [a, b] = [[1, 2, 3, 4, 5], [1, 2, 3, 6, 0]]
            .map(|row| hidden(&*model, &ids(&[&row]), &LmState::default()).0);
        let same: Vec<bool> = a.chunks(4).zip(b.chunks(4)).map(|(a, b)| a == b).collect();
        assert_eq!(same, [true, true, true, false, false]);
    }
}

#[test]
fn a_text_in_two_stretches_is_the_same_text() {
    let model = rnn();
    model.convert(DType::F64);
    let rows: [&[i64]; 2] = [&[1, 2, 3, 4, 5, 6], &[0, 6, 5, 1, 1, 2]];
    let (whole, last) = hidden(&model, &ids(&rows), &LmState::default());
    let (first, state) = hidden(&model, &ids(&rows.map(|row| &row[..2])), &LmState::default());
    let (second, end) = hidden(&model, &ids(&rows.map(|row| &row[2..])), &state.detach());
    let joined = |row: usize| [&first[row * 8..][..8], &second[row * 16..][..16]].concat();
    let close = whole.iter().zip([joined(0), joined(1)].concat()).all(|(a, b)| (a - b).abs() < 1e-14);
    assert!(close, "{whole:?}");
    for ((h, c), (h_n, c_n)) in last.cells().iter().zip(end.cells()) {
        for (a, b) in [(h, h_n), (c, c_n)] {
            assert!(a.to_f64().iter().zip(b.to_f64()).all(|(a, b)| (a - b).abs() < 1e-14));
        }
    }
}

#[test]
fn the_loss_is_that_of_the_logits_and_reaches_all_parameters() {
    let options = CrossEntropy { smoothing: 0.1, ..CrossEntropy::default() };
    let (read, next) = (ids(&[&[1, 2, 3], &[4, 4, 0]]), ids(&[&[2, 3, 6], &[4, 0, 5]]));
    for model in all() {
        let (loss, _) = model.loss(&read, &next, &LmState::default(), &options, &mut Mode::Eval);
        let (h, _) = model.hidden(&read, &LmState::default(), &mut Mode::Eval);
        let logits = model.logits(&h).reshape([6, TOKENS]);
        let whole = cross_entropy(&logits, &next.reshape([6]), &options, Reduction::Mean);
        assert!((loss.item() - whole.item()).abs() < 1e-12);
        let gradients = loss.backward();
        for (name, param) in model.named_params() {
            let gradient = gradients.of(&param).unwrap_or_else(|| panic!("{name} has no gradient"));
            assert!(gradient.to_dense().to_f64().iter().any(|x| *x != 0.0), "{name}");
        }
    }
}

#[test]
fn parameters_are_counted_before_a_model_is_built() {
    let config = RnnLmConfig { embed_dim: 4, hidden_dim: 6, layers: 3, ..RnnLmConfig::default() };
    assert_eq!(config.parameters(TOKENS), Some(rnn().param_count() as u64));
    let one = RnnLmConfig { layers: 1, ..config.clone() };
    assert_eq!(
        one.parameters(TOKENS),
        Some(RnnLm::new(one.clone(), TOKENS, &mut Rng::new(1)).param_count() as u64)
    );
    assert_eq!(RnnLmConfig { hidden_dim: usize::MAX, ..config }.parameters(TOKENS), None);
    for positions in [Positions::Learned, Positions::Sinusoidal] {
        let model = transformer(positions);
        assert_eq!(model.config().parameters(TOKENS), Some(model.param_count() as u64));
    }
}

#[test]
fn values_with_which_no_model_can_be_built() {
    let of =
        |text: &str| toml::from_str::<TransformerLmConfig>(text).unwrap().check().map_err(|e| e.to_string());
    assert_eq!(of(""), Ok(()));
    for (text, says) in [
        ("attention_heads = 3", "attention_heads: expected a divisor of embed_dim, 256, found 3"),
        ("attention_heads = 0", "attention_heads: expected a divisor of embed_dim, 256, found 0"),
        ("feed_forward = 0", "feed_forward: expected at least 1, found 0"),
        ("layers = 0", "layers: expected from 1 to 1000, found 0"),
        ("dropout = 1.0", "dropout: expected at least 0 and below 1, found 1"),
        (
            "embed_dim = 3\nattention_heads = 3\npositions = 'sinusoidal'",
            "embed_dim: expected an even number, for sines and cosines, found 3",
        ),
    ] {
        assert_eq!(of(text), Err(says.to_owned()));
    }
    let none = TransformerLmConfig { context: 0, ..TransformerLmConfig::default() };
    assert_eq!(none.check().map_err(|e| e.key), Err("context"));
    let of = |text: &str| toml::from_str::<RnnLmConfig>(text).unwrap().check().map_err(|e| e.key);
    assert_eq!(
        (of(""), of("hidden_dim = 0"), of("embedding_dropout = -1.0")),
        (Ok(()), Err("hidden_dim"), Err("embedding_dropout"))
    );
}

#[test]
#[should_panic(expected = "transformer-lm: a text of 6 tokens, the context has 5")]
fn a_text_longer_than_the_context_is_a_bug() {
    let model = transformer(Positions::Learned);
    let _ = model.hidden(&ids(&[&[0; 6]]), &LmState::default(), &mut Mode::Eval);
}

/// Tokens that are added one by one have the probabilities of a text that is read as a whole, also beyond the context.
#[test]
fn a_continued_text_is_the_same_text() {
    let text = [1, 2, 3, 6, 0, 5, 5, 2, 4, 1, 0, 3];
    for model in all() {
        let whole = |text: &[usize]| {
            let row: Vec<i64> = text.iter().map(|&id| id as i64).collect();
            let (h, _) = model.hidden(&ids(&[&row]), &LmState::default(), &mut Mode::Eval);
            let all = model.logits(&h).log_softmax().to_f64();
            all[all.len() - TOKENS..].to_vec()
        };
        for begun in [1, 3, 9] {
            let mut continued = Continuation::new(&*model, &text[..begun]);
            for at in begun..text.len() {
                // A context of five is cut to its last two tokens before a sixth one.
                let seen = match model.context() {
                    Some(_) if begun > 5 => [5, 3, 4][(at - begun) % 3],
                    Some(_) if at <= 5 => at,
                    Some(_) => 3 + (at - 6) % 3,
                    None => at,
                };
                let expected = whole(&text[at - seen..at]);
                let close =
                    continued.log_p().to_f64().iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6);
                assert!(close, "{begun} {at}: {:?} {expected:?}", continued.log_p());
                continued.push(text[at]);
            }
        }
    }
}
