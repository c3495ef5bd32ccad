use super::*;
use crate::padding::real_positions;
use crate::{Classifier, PiecePairs, Reader, ReaderInput, Reading, Tagger, Words, best_spans};
use gradus_engine::losses::{CrossEntropy, Reduction, cross_entropy};
use gradus_engine::optim::{Optimizer, OptimizerConfig, Rule};

fn config() -> BertConfig {
    BertConfig {
        vocab_size: 11,
        hidden_size: 6,
        num_hidden_layers: 3,
        num_attention_heads: 2,
        intermediate_size: 10,
        max_position_embeddings: 5,
        ..BertConfig::default()
    }
}

fn ids(ids: [i64; 8]) -> (Tensor, Tensor, Tensor) {
    let lengths = Tensor::from_slice(&[3i64, 2], [2]);
    let real = real_positions(&lengths, 4);
    (Tensor::from_slice(&ids, [2, 4]), lengths, real)
}

#[test]
fn padding_has_no_effect() {
    let model = Bert::new(&config(), &mut Rng::new(1));
    let at_real = |pieces| {
        let (ids, _, real) = ids(pieces);
        let output = model.forward(&ids, None, &real, &mut Mode::Eval);
        let last = output.last().to_vec::<f32>();
        (last[..18].to_vec(), last[24..36].to_vec(), output.pooled.to_vec::<f32>())
    };
    assert_eq!(at_real([1, 2, 3, 0, 4, 5, 0, 0]), at_real([1, 2, 3, 10, 4, 5, 9, 7]));
}

#[test]
fn attention_weights_are_those_of_the_outputs() {
    let model = Bert::new(&config(), &mut Rng::new(1));
    let (ids, _, real) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let weights = model.attentions(&ids, None, &real);
    let shape: gradus_engine::Shape = [2, 2, 4, 4].into();
    assert!(weights.len() == 3 && weights.iter().all(|w| w.shape() == shape));
    let x = &model.forward(&ids, None, &real, &mut Mode::Eval).layers[0];
    let layer = &model.layers[0];
    let fused = layer.forward(x, &real, &mut Mode::Eval).to_vec::<f32>();
    let composed = layer.with_weights(x, &weights[0]).to_vec::<f32>();
    assert!(fused.iter().zip(&composed).all(|(a, b)| (a - b).abs() < 1e-5), "{fused:?} {composed:?}");
}

#[test]
fn the_lowest_layers_compute_what_they_do_below_others() {
    let model = Bert::new(&config(), &mut Rng::new(1));
    let (ids, _, real) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let all = model.forward(&ids, None, &real, &mut Mode::Eval).layers;
    let lowest = model.lowest(1).forward(&ids, None, &real, &mut Mode::Eval).layers;
    assert_eq!((all.len(), lowest.len()), (4, 2));
    assert!(lowest.iter().zip(&all).all(|(a, b)| a.to_vec::<f32>() == b.to_vec::<f32>()));
}

#[test]
fn what_is_frozen_has_no_gradient() {
    let names = |frozen: Option<usize>| {
        let model = BertClassifier::new(&config(), Pooling::Cls, 2, &mut Rng::new(1));
        let model = match frozen {
            Some(layers) => model.frozen(layers),
            None => model,
        };
        let (ids, lengths, _) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
        let mut rng = Rng::new(2);
        let logits = model.logits(&Words::new(&ids, &lengths), &mut Mode::Train(&mut rng));
        let labels = Tensor::from_slice(&[0i64, 1], [2]);
        let gradients = cross_entropy(&logits, &labels, &CrossEntropy::default(), Reduction::Mean).backward();
        let trained = model.named_params().into_iter().filter(|(_, p)| gradients.of(p).is_some());
        trained.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert!(names(None).len() > names(Some(0)).len());
    assert!(names(Some(0)).iter().all(|name| !name.contains("embeddings")));
    assert!(names(Some(0)).iter().any(|name| name.contains("layer.0.")));
    let above = names(Some(2));
    assert!(above.iter().all(|name| !name.contains("layer.0.") && !name.contains("layer.1.")));
    assert!(above.iter().any(|name| name.contains("layer.2.")));
    assert_eq!(names(Some(3)).len(), 4, "the pooler and the last layer");
}

#[test]
fn parameters_are_counted() {
    let model = Bert::new(&config(), &mut Rng::new(1));
    assert_eq!(config().parameters(), Some(model.param_count() as u64));
    let masked = MaskedLm::new(&config(), &mut Rng::new(1));
    assert_eq!(config().masked_parameters(), Some(masked.param_count() as u64));
    let mini = BertConfig {
        hidden_size: 384,
        num_hidden_layers: 6,
        intermediate_size: 1_536,
        ..BertConfig::default()
    };
    assert_eq!(mini.parameters(), Some(22_713_216));
    let huge = BertConfig { vocab_size: usize::MAX, ..BertConfig::default() };
    assert_eq!((huge.parameters(), huge.masked_parameters()), (None, None));
}

#[test]
fn sizes_that_cannot_be() {
    let checks = [
        (BertConfig { num_attention_heads: 4, ..config() }, "num_attention_heads"),
        (BertConfig { num_attention_heads: 0, ..config() }, "num_attention_heads"),
        (BertConfig { num_hidden_layers: 0, ..config() }, "num_hidden_layers"),
        (BertConfig { hidden_dropout_prob: 1.0, ..config() }, "hidden_dropout_prob"),
        (BertConfig { layer_norm_eps: f64::NAN, ..config() }, "layer_norm_eps"),
    ];
    for (config, key) in checks {
        assert_eq!(config.check().unwrap_err().key, key);
    }
}

#[test]
#[should_panic(expected = "bert: 6 pieces in a sequence, the model has 5 positions")]
fn a_sequence_beyond_the_positions_is_refused() {
    let real = real_positions(&Tensor::from_slice(&[6i64], [1]), 6);
    let ids = Tensor::from_slice(&[1i64; 6], [1, 6]);
    Bert::new(&config(), &mut Rng::new(1)).forward(&ids, None, &real, &mut Mode::Eval);
}

#[test]
fn a_word_is_tagged_at_its_first_piece() {
    let model = BertTagger::new(&config(), 3, &mut Rng::new(1));
    let (pieces, counts, real) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    // The first text has words at pieces 0 and 2, the second one at piece 1; its second place is padding.
    let (first, lengths) =
        (Tensor::from_slice(&[0i64, 2, 5, 0], [2, 2]), Tensor::from_slice(&[2i64, 1], [2]));
    let words = Words { pieces: Some((&pieces, &counts)), ..Words::new(&first, &lengths) };
    let emissions = model.emissions(&words, &mut Mode::Eval);
    assert_eq!(emissions.shape().to_vec(), [2, 2, 3]);
    let hidden = model.bert.forward(&pieces, None, &real, &mut Mode::Eval);
    let of_pieces = model.of_hidden(hidden.last()).to_vec::<f32>();
    let of_words = emissions.to_vec::<f32>();
    for (word, piece) in [(0, 0), (1, 2), (2, 5)] {
        assert_eq!(of_words[3 * word..][..3], of_pieces[3 * piece..][..3]);
    }
}

/// Two pairs of pieces: contexts of two pieces and of one, `[CLS]` as a place of the second.
struct Pairs([Tensor; 4]);

impl Pairs {
    fn new(pieces: [i64; 10], types: [i64; 10]) -> Pairs {
        let places = [0u8, 0, 1, 1, 0, 1, 0, 0, 1, 0];
        Pairs([
            Tensor::from_slice(&pieces, [2, 5]),
            Tensor::from_slice(&[5i64, 4], [2]),
            Tensor::from_slice(&types, [2, 5]),
            Tensor::from_slice(&places, [2, 5]),
        ])
    }

    fn input(&self) -> ReaderInput<'_> {
        let [ids, lengths, types, places] = &self.0;
        ReaderInput::Pieces(PiecePairs { pieces: Words::new(ids, lengths), types, places })
    }
}

const PIECES: [i64; 10] = [2, 3, 7, 8, 3, 2, 5, 3, 9, 0];
const TYPES: [i64; 10] = [0, 0, 1, 1, 1, 0, 0, 0, 1, 0];

#[test]
fn an_answer_begins_and_ends_at_its_places_alone() {
    let model = BertReader::new(&config(), &mut Rng::new(1));
    let of = |pieces, types| {
        let Reading { start, end, embedded, encoded } =
            model.read(&Pairs::new(pieces, types).input(), &mut Mode::Eval);
        assert!(embedded.is_none() && encoded.is_none());
        [start, end].map(|logits| logits.to_vec::<f32>())
    };
    let found = of(PIECES, TYPES);
    for logits in &found {
        let finite: Vec<usize> = (0..10).filter(|&i| logits[i].is_finite()).collect();
        assert_eq!(finite, [2, 3, 5, 8]);
        assert!((0..10).all(|i| finite.contains(&i) || logits[i] == f32::NEG_INFINITY));
    }
    assert_ne!(found[0], found[1]);
    // Padding changes nothing; segments do, if the model has two.
    let (mut padded, mut other) = (PIECES, TYPES);
    padded[9] = 10;
    assert_eq!(of(padded, TYPES), found);
    other[2] = 0;
    assert_ne!(of(PIECES, other), found);
    let of_one = BertReader::new(&BertConfig { type_vocab_size: 1, ..config() }, &mut Rng::new(1));
    let start =
        |types| of_one.read(&Pairs::new(PIECES, types).input(), &mut Mode::Eval).start.to_vec::<f32>();
    assert_eq!(start(TYPES), start(other));
}

#[test]
fn answers_are_learned_by_heart() {
    let mut rng = Rng::new(3);
    let model = BertReader::new(&BertConfig { hidden_dropout_prob: 0.0, ..config() }, &mut rng).frozen(0);
    let pairs = Pairs::new(PIECES, TYPES);
    let gold = [[3i64, 0], [3, 0]].map(|ends| Tensor::from_slice(&ends, [2]));
    let mut optimizer = Optimizer::new(OptimizerConfig::new(Rule::adam(), 0.01));
    for _ in 0..60 {
        let Reading { start, end, .. } = model.read(&pairs.input(), &mut Mode::Train(&mut rng));
        let of = |x, y| cross_entropy(x, y, &CrossEntropy::default(), Reduction::Mean);
        optimizer.step(&model, &(of(&start, &gold[0]) + of(&end, &gold[1])).backward());
    }
    let Reading { start, end, .. } = model.read(&pairs.input(), &mut Mode::Eval);
    let spans = best_spans(&start, &end, &Tensor::from_slice(&[5i64, 4], [2]), 3);
    let places: Vec<(usize, usize)> =
        spans.into_iter().flatten().map(|span| (span.start, span.end)).collect();
    assert_eq!(places, [(3, 3), (0, 0)]);
}

#[test]
#[should_panic(
    expected = "bert reader: expected the pieces of both texts in one sequence, found words of each"
)]
fn a_bert_reads_no_words() {
    let (ids, lengths, _) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let words = Words::new(&ids, &lengths);
    let input = ReaderInput::Words { context: &words, question: &words };
    BertReader::new(&config(), &mut Rng::new(1)).read(&input, &mut Mode::Eval);
}

/// f(ids) = f(E[ids]), and in evaluation the gradient with respect to the vectors passes frozen layers.
#[test]
fn vectors_can_be_given_in_place_of_pieces() {
    let model = BertClassifier::new(&config(), Pooling::Mean, 2, &mut Rng::new(1)).frozen(3);
    let (ids, lengths, _) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let words = Words::new(&ids, &lengths);
    let own = model.logits(&words, &mut Mode::Eval).to_f64();
    let x = Embeds::embed(&model, &words, &mut Mode::Eval).detach().variable();
    let logits = model.logits(&Words { embedded: Some(&x), ..words }, &mut Mode::Eval);
    assert_eq!(logits.to_f64(), own);
    let gradient = logits.square().sum_all().backward().get(&x).unwrap().clone();
    assert!(gradient.at(0, 0).to_f64().iter().any(|&g| g != 0.0));
    assert!(gradient.at(0, 1).narrow(0, 2, 2).to_f64().iter().all(|&g| g == 0.0), "at padding");
    assert_eq!(model.attentions(&words).len(), 3);
}

/// The student and its teacher, of other widths and depths.
fn student_of(heads: usize) -> (BertStudent, Bert) {
    let mut rng = Rng::new(5);
    let teacher = Bert::new(&BertConfig { num_hidden_layers: 4, ..config() }, &mut rng);
    let small = BertConfig { hidden_size: 4, num_hidden_layers: 2, num_attention_heads: heads, ..config() };
    let classifier = BertClassifier::new(&small, Pooling::Mean, 2, &mut rng);
    (BertStudent::new(classifier, 6, &mut rng), teacher)
}

#[test]
fn a_student_imitates_embeddings_and_evenly_spaced_layers() {
    assert_eq!([1, 2].map(|m| BertStudent::imitated(m, 2, 4)), [2, 4]);
    assert_eq!([1, 2, 3].map(|m| BertStudent::imitated(m, 3, 4)), [1, 3, 4]);
    assert_eq!([1, 2, 3].map(|m| BertStudent::imitated(m, 3, 3)), [1, 2, 3]);
    let (student, teacher) = student_of(2);
    let (ids, lengths, real) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let words = Words::new(&ids, &lengths);
    let (logits, distance) = student.taught(&words, &teacher, true, &mut Mode::Eval);
    assert_eq!(logits.to_f64(), student.logits(&words, &mut Mode::Eval).to_f64());
    // The same sum by hand, over the five real places and, of each text, its real pairs of places.
    let [own, theirs] =
        [&student.classifier.bert, &teacher].map(|bert| bert.forward(&ids, None, &real, &mut Mode::Eval));
    let params = student.named_params();
    let matrix = |name: &str| params.iter().find(|(known, _)| known == name).unwrap().1.tensor();
    let mut expected = 0.0;
    for (matrix, m, g) in [
        (matrix("embeddings.weight"), 0, 0),
        (matrix("hidden.weight"), 1, 2),
        (matrix("hidden.weight"), 2, 4),
    ] {
        let square = (own.layers[m].linear(&matrix, None) - &theirs.layers[g]).square().to_f64();
        let places = [0, 1, 2, 4, 5].map(|place| square[6 * place..6 * (place + 1)].iter().sum::<f64>());
        expected += places.iter().sum::<f64>() / 30.0;
    }
    for (m, g) in [(1, 2), (2, 4)] {
        let [a, b] = [(&student.classifier.bert, &own, m), (&teacher, &theirs, g)]
            .map(|(bert, output, l)| bert.attention_scores(output, l));
        let square = (a - b).square();
        let of = |text, n| square.at(0, text).narrow(1, 0, n).narrow(2, 0, n).sum_all().item();
        expected += (of(0, 3) + of(1, 2)) / (2.0 * (9.0 + 4.0));
    }
    assert!((distance.item() - expected).abs() < 1e-5 * expected, "{} {expected}", distance.item());
    // All that the student has learns, what its logits need alone excepted; the teacher does not.
    let gradients = distance.backward();
    for (name, param) in params {
        let learns = !name.contains("pooler") && !name.starts_with("student.classifier");
        assert_eq!(gradients.of(&param).is_some(), learns, "{name}");
    }
    assert!(teacher.params().iter().all(|param| gradients.of(param).is_none()));
}

#[test]
fn heads_may_differ_where_scores_are_not_compared() {
    let (student, teacher) = student_of(4);
    let (ids, lengths, _) = ids([1, 2, 3, 0, 4, 5, 0, 0]);
    let words = Words::new(&ids, &lengths);
    let distance = |student: &BertStudent| student.taught(&words, &teacher, false, &mut Mode::Eval).1.item();
    assert!(distance(&student).is_finite());
    // Of equal widths none has a matrix, and a model is at no distance from itself.
    let twin = BertClassifier::new(&config(), Pooling::Cls, 2, &mut Rng::new(1));
    let count = twin.param_count();
    let bert = twin.bert.clone();
    let twin = BertStudent::new(twin, 6, &mut Rng::new(2));
    assert_eq!(twin.param_count(), count);
    assert_eq!(twin.taught(&words, &bert, true, &mut Mode::Eval).1.item(), 0.0);
}
