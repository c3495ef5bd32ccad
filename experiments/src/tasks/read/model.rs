//! The model, its inputs and its predictions.

use super::keys::Model;
use super::pairs::{self, Pair, agreed};
use super::spans::text_of;
use super::{Encoded, Read};
use crate::data::Split;
use crate::run::RunError;
use crate::tasks::keys::check_size;
use crate::tasks::reading::Reading;
use crate::tasks::words;
use crate::text::{Lexicon, Text};
use gradus_engine::{Device, Mode, Rng, Tensor, no_grad};
use gradus_models::{BertReader, BiDaf, DataSizes, Reader, ReaderInput, Reading as Logits, best_spans};

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// The first and the last word or piece in the context; none for no answer.
    pub words: Option<(usize, usize)>,
    /// P(first) · P(last), or the probability of no answer. Of a reader that may say no answer, both are given that the two
    /// places agree whether there is one.
    pub probability: f64,
}

/// A new model as the keys describe it, with pretrained weights or vectors if there are any.
pub(super) fn reader(task: &Read, rng: &mut Rng) -> Result<Box<dyn Reader>, RunError> {
    match (&task.keys.model, &task.reading) {
        (Model::BiDaf { config, .. }, Reading::Words(text)) => {
            let characters = text.lexicon.characters().unwrap_or(0);
            let sizes = DataSizes { words: text.lexicon.len(), characters, outputs: 0 };
            check_size(config.parameters(&sizes))?;
            let model: Box<dyn Reader> = Box::new(BiDaf::new(config.clone(), sizes, rng));
            words::start(&text.lexicon, &model)?;
            Ok(model)
        }
        (Model::Bert { bert, .. }, Reading::Pieces(text)) => {
            let blank = &mut Rng::blank();
            let rng = if text.is_new() { rng } else { blank };
            let model = BertReader::new(text.config(), rng);
            text.start(&model.bert)?;
            Ok(Box::new(if bert.frozen_layers > 0 { model.frozen(bert.frozen_layers) } else { model }))
        }
        (Model::BiDaf { .. }, Reading::Pieces(_)) | (Model::Bert { .. }, Reading::Words(_)) => {
            unreachable!("texts are read for the model of the keys")
        }
    }
}

/// First places [B], last places [B], then the texts: the contexts' words and the questions', or pairs of pieces.
pub(super) fn inputs(task: &Read, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
    match &task.reading {
        Reading::Words(text) => in_words(task, &text.lexicon, examples, mode),
        Reading::Pieces(_) => in_pieces(task, examples),
    }
}

fn in_words(task: &Read, lexicon: &Lexicon, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
    let Encoded { contexts, questions, .. } = &task.parts[0];
    let chosen: Vec<_> = examples.iter().map(|&i| &task.located[i]).collect();
    // The word before each context is read as well, and counts as the first.
    let nothing = usize::from(task.keys.model.no_answer());
    let context = |example: &&super::Located| {
        let context = &contexts[task.data.train.questions[example.question].context];
        let window = context.part(example.window.start + nothing..example.window.end + nothing);
        match nothing {
            0 => window,
            _ => context.part(0..1).followed_by(&window),
        }
    };
    let windows: Vec<Text> = chosen.iter().map(context).collect();
    let asked: Vec<&Text> = chosen.iter().map(|example| &questions[example.question]).collect();
    let unknown = task.keys.model.unknown();
    let contexts = lexicon.batch(&windows.iter().collect::<Vec<_>>(), unknown, mode);
    let questions = lexicon.batch(&asked, unknown, mode);
    let ends = |end: fn(&super::Located) -> Option<usize>| {
        let place = |example: &&super::Located| end(example).map_or(0, |word| (word + nothing) as i64);
        let places: Vec<i64> = chosen.iter().map(place).collect();
        Tensor::from_slice(&places, [places.len()])
    };
    let mut tensors =
        vec![ends(|e| e.answer.map(|(first, _)| first)), ends(|e| e.answer.map(|(_, last)| last))];
    tensors.extend(contexts.into_tensors());
    tensors.extend(questions.into_tensors());
    tensors
}

fn in_pieces(task: &Read, examples: &[usize]) -> Vec<Tensor> {
    let Encoded { contexts, questions, .. } = &task.parts[0];
    let (mut pairs, mut firsts, mut lasts) = (vec![], vec![], vec![]);
    for example in examples.iter().map(|&i| &task.located[i]) {
        let context = &contexts[task.data.train.questions[example.question].context];
        let pair = Pair::new(&questions[example.question], context, example.window.clone());
        // Without an answer, both ends are at [CLS].
        let ends = example.answer.map_or([0, 0], |(first, last)| [pair.place(first), pair.place(last)]);
        firsts.push(ends[0] as i64);
        lasts.push(ends[1] as i64);
        pairs.push(pair);
    }
    let ends = [firsts, lasts].map(|places| Tensor::from_slice(&places, [places.len()]));
    ends.into_iter().chain(pairs::tensors(&pairs, task.keys.model.no_answer())).collect()
}

impl Read {
    /// The answers to questions about contexts, in their order.
    pub(super) fn answers(&self, model: &dyn Reader, asked: &[(&Text, &Text)]) -> Vec<Answered> {
        match &self.reading {
            Reading::Words(text) => {
                let (reading, lengths) = self.logits_in_words(&text.lexicon, model, asked);
                self.answered(&reading, &lengths)
            }
            Reading::Pieces(text) => {
                self.answers_in_pieces(model, asked, text.longest(self.keys.data.max_len))
            }
        }
    }

    /// What a model of words reads in contexts with questions, without a gradient, and the lengths of the contexts [B].
    pub(super) fn logits_in_words(
        &self,
        lexicon: &Lexicon,
        model: &dyn Reader,
        asked: &[(&Text, &Text)],
    ) -> (Logits, Tensor) {
        let (contexts, questions): (Vec<&Text>, Vec<&Text>) = asked.iter().copied().unzip();
        let device = model.device();
        let batch = |texts: &[&Text]| lexicon.batch(texts, 0.0, &mut Mode::Eval).to_device(device);
        let (context, question) = (batch(&contexts), batch(&questions));
        let input = ReaderInput::Words { context: &context.words(), question: &question.words() };
        let reading = no_grad(|| model.read(&input, &mut Mode::Eval));
        (reading, context.lengths().clone())
    }

    /// The answers that logits over words give, from the lengths of the contexts [B].
    pub(super) fn answered(&self, reading: &Logits, lengths: &Tensor) -> Vec<Answered> {
        let longest = self.keys.model.longest_answer();
        let (start, end) = (&reading.start, &reading.end);
        if !self.keys.model.no_answer() {
            let spans = best_spans(start, end, lengths, longest);
            let answered = |span: gradus_models::Span| Answered {
                words: Some((span.start, span.end)),
                probability: span.score.exp(),
            };
            return spans.into_iter().map(|span| span.map_or(Answered::default(), answered)).collect();
        }
        // The first place of each context says that there is no answer.
        let t = start.dim(1);
        let nothing = |logits: &Tensor| logits.softmax().narrow(1, 0, 1).to_device(Device::Cpu).to_f64();
        let (no_start, no_end) = (nothing(start), nothing(end));
        if t == 1 {
            return vec![Answered { words: None, probability: 1.0 }; lengths.count()];
        }
        let rest = |logits: &Tensor| logits.narrow(1, 1, t - 1);
        let words: Vec<i64> = lengths.to_vec::<i64>().iter().map(|length| length - 1).collect();
        let spans = best_spans(&rest(start), &rest(end), &Tensor::from_slice(&words, [words.len()]), longest);
        let of = |(i, span): (usize, Option<gradus_models::Span>)| {
            let [no, yes] = agreed([no_start[i], no_end[i]]);
            let none = Answered { words: None, probability: no };
            // The spans' probabilities are among the places that are words.
            let some = span.map(|span| Answered {
                words: Some((span.start, span.end)),
                probability: span.score.exp() * yes,
            });
            some.filter(|some| some.probability > none.probability).unwrap_or(none)
        };
        spans.into_iter().enumerate().map(of).collect()
    }

    /// The text of an answer in its context; empty for no answer.
    pub(super) fn text_of(&self, split: Split, example: usize, answered: &Answered) -> &str {
        let context = self.data.split(split).questions[example].context;
        let tokens = &self.parts[split as usize].tokens[context];
        match answered.words {
            Some((first, last)) if last < tokens.len() => {
                text_of(&self.data.split(split).contexts[context], tokens, first, last)
            }
            // A context without words is one unknown word, which is written nowhere.
            Some(_) | None => "",
        }
    }
}
