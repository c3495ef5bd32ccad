//! Readers of pieces under attack: a tiny BERT in `f64`, whose windows are shorter than the context.

use super::*;
use crate::data::{Answer, Questions, Split, Splits};
use crate::explain::log_odds;
use crate::pretrained;
use crate::run::Task;
use crate::tasks::bert::BertKeys;
use crate::tasks::read::keys::{Data, Model};
use crate::tasks::read::pairs::{Pair, input, tensors};
use crate::tasks::read::{Encoded, ReadKeys};
use crate::text::WordPieces;
use gradus_engine::{DType, Mode, Module, Rng, Tensor};
use gradus_models::{Bert, BertConfig};

const CONTEXT: &str =
    "The red fox lives in Oslo, a town of ponds. The grey hare sleeps in the tall grass near Ulm.";

/// Questions about the context, with their answers.
const ASKED: [(&str, &[&str]); 3] =
    [("where does the fox live", &["Oslo"]), ("who sleeps", &["grey hare", "hare"]), ("why", &[])];

/// The questions as test split, and a model with large weights that reads at most `longest` pieces.
fn reader(longest: usize, no_answer: bool) -> (Read, Box<dyn Reader>) {
    let texts = [CONTEXT, ASKED[0].0, ASKED[1].0];
    let pieces = WordPieces::train(&texts, 90, true).unwrap();
    let config = BertConfig {
        vocab_size: pieces.size(),
        hidden_size: 6,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        intermediate_size: 5,
        ..BertConfig::default()
    };
    let folder = tempfile::tempdir().unwrap();
    pretrained::save(folder.path(), &config, &Bert::new(&config, &mut Rng::new(1)), &pieces).unwrap();
    let bert = BertKeys { pretrained: Some(folder.path().into()), ..BertKeys::default() };
    let keys = ReadKeys {
        data: Data { max_len: longest, ..Data::default() },
        model: Model::Bert { bert, max_answer: 30, no_answer },
        ..ReadKeys::default()
    };
    let question = |(question, answers): &(&str, &[&str])| Question {
        id: String::new(),
        context: 0,
        question: (*question).into(),
        answers: answers
            .iter()
            .map(|text| Answer { text: (*text).into(), start: CONTEXT.find(text).unwrap() })
            .collect(),
    };
    let test = Questions {
        contexts: vec![CONTEXT.into()],
        titles: vec![String::new()],
        questions: ASKED.iter().map(question).collect(),
    };
    let data = Splits { test, ..Splits::none("own", &[]) };
    let task = Read::prepare(keys, data, None).unwrap();
    let mut rng = Rng::new(2);
    let model = task.model(&mut rng).unwrap();
    for weight in model.params().iter().filter(|weight| weight.shape().len() == 2) {
        weight.set(&Tensor::normal(weight.shape(), 0.0, 0.7, &mut rng));
    }
    model.convert(DType::F64);
    (task, model)
}

fn replaced(words: &[String], from: &str, to: &str) -> Vec<String> {
    words.iter().map(|word| if word == from { to } else { word }.to_owned()).collect()
}

#[test]
fn words_outside_answers_may_change() {
    let (task, model) = reader(24, false);
    let changes = changes(&task, &*model, Split::Test);
    let victim = changes.victim(1).unwrap();
    let fixed: Vec<&str> = victim
        .words
        .iter()
        .zip(&victim.fixed)
        .filter(|(_, fixed)| **fixed)
        .map(|(word, _)| word.as_str())
        .collect();
    assert_eq!(fixed, ["grey", "hare"]);
    assert_eq!(changes.victim(2), None, "no answer is right, and the model always gives one");
    assert!(victim.words.contains(&",".into()) && victim.words.len() == 23, "{victim:?}");
}

/// Without a change, the outputs are those of an evaluation; a changed word counts as the one that it replaces.
#[test]
fn answers_are_places_of_the_context_as_it_was() {
    for no_answer in [false, true] {
        let (task, model) = reader(24, no_answer);
        let changes = changes(&task, &*model, Split::Test);
        for example in (0..3).filter(|&example| no_answer || example < 2) {
            let words = changes.victim(example).unwrap().words;
            let evaluated = task.predict(&*model, Split::Test, &[example]).remove(0);
            let read = changes.read(example, &[words.clone(), replaced(&words, "red", "e"), words.clone()]);
            assert_eq!(read[0].0, evaluated);
            assert_eq!(read[0], read[2]);
            assert!(read.iter().all(|(_, loss)| loss.is_finite()));
            assert_ne!(read[0].1, read[1].1);
            if let Some((first, last)) = read[1].0.words {
                let pieces = task.parts[2].tokens[0].len();
                assert!(first <= last && last < pieces, "{first} {last} {pieces}");
            }
        }
    }
}

/// In one window, the loss is −log-odds of the right start and of the right end.
#[test]
fn the_loss_of_one_window_is_that_of_its_logits() {
    let (task, model) = reader(0, true);
    let Encoded { contexts, questions, tokens } = &task.parts[2];
    for (example, place) in [(0, Some("Oslo")), (2, None)] {
        let pairs = Pair::all(&questions[example], &contexts[0], 500);
        let reading = model.read(&input(&tensors(&pairs, true)), &mut Mode::Eval);
        let places = match place {
            None => [0, 0],
            Some(text) => {
                let answer = Answer { text: text.into(), start: CONTEXT.find(text).unwrap() };
                let (first, last) = token_span(&tokens[0], &answer).unwrap();
                [first, last].map(|piece| pairs[0].place(piece))
            }
        };
        let expected = -(log_odds(&reading.start, places[0]) + log_odds(&reading.end, places[1])).item();
        let changes = changes(&task, &*model, Split::Test);
        let words = changes.victim(example).unwrap().words;
        let loss = changes.read(example, &[words])[0].1;
        assert!((loss - expected).abs() < 1e-9 * expected.abs(), "{loss} {expected}");
    }
}

/// The gradient at a word that occurs once, against central differences of its vector, in one window and in several.
#[test]
fn the_gradient_is_that_of_the_loss() {
    for longest in [0, 24] {
        let (task, model) = reader(longest, false);
        let changes = changes(&task, &*model, Split::Test);
        let words = changes.victim(0).unwrap().words;
        let gradient = changes.gradient(0, &words);
        assert_eq!(gradient.shape().to_vec(), [words.len(), 6]);
        let Reading::Pieces(text) = &task.reading else { panic!("the model reads pieces") };
        let table = model.word_table().value().to_f64();
        let once = |word: &str| {
            let ids = text.pieces().encode_words(&[word], 9).ids;
            let all = task.parts[2].contexts[0].ids().iter().chain(task.parts[2].questions[0].ids());
            (ids.len() == 3 && all.filter(|id| **id == ids[1]).count() == 1).then(|| ids[1] as usize)
        };
        let known = words.iter().enumerate().filter_map(|(t, word)| Some((t, once(word)?)));
        let mut checked = 0;
        for (t, row) in known {
            let loss = |by: f64| {
                let mut moved = table.clone();
                (0..6).for_each(|d| moved[6 * row + d] += by * (d as f64 - 2.2));
                model.word_table().set(&Tensor::from_slice(&moved, model.word_table().shape()));
                changes.read(0, std::slice::from_ref(&words))[0].1
            };
            let expected = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            loss(0.0);
            let found: f64 =
                gradient.at(0, t).to_f64().iter().enumerate().map(|(d, g)| g * (d as f64 - 2.2)).sum();
            assert!(
                (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "{} {found} {expected}",
                words[t]
            );
            checked += usize::from(expected.abs() > 1e-3);
        }
        assert!(checked > 2, "{checked} words");
    }
}
