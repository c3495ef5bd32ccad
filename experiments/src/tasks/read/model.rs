//! The model, its inputs and its predictions.

use super::keys::Model;
use super::spans::text_of;
use super::{Encoded, Read};
use crate::data::Split;
use crate::run::RunError;
use crate::tasks::keys::check_size;
use crate::tasks::words;
use crate::text::Text;
use gradus_engine::{Device, Mode, Rng, Tensor, no_grad};
use gradus_models::{BiDaf, DataSizes, Reader, Reading, best_spans};

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// The first and the last word in the context; none for no answer.
    pub words: Option<(usize, usize)>,
    /// P(first) · P(last), or the probability of no answer. Of a reader that may say no answer, both are given that the two
    /// places agree whether there is one.
    pub probability: f64,
}

/// A new model as the keys describe it, with pretrained vectors if there are any.
pub(super) fn reader(task: &Read, rng: &mut Rng) -> Result<Box<dyn Reader>, RunError> {
    let sizes = DataSizes {
        words: task.lexicon.len(),
        characters: task.lexicon.characters().unwrap_or(0),
        outputs: 0,
    };
    let model: Box<dyn Reader> = match &task.keys.model {
        Model::BiDaf { config, .. } => {
            check_size(config.parameters(&sizes))?;
            Box::new(BiDaf::new(config.clone(), sizes, rng))
        }
    };
    words::start(&task.lexicon, &model)?;
    Ok(model)
}

/// First words [B], last words [B], then the contexts' words, then the questions'.
pub(super) fn inputs(task: &Read, examples: &[usize], mode: &mut Mode) -> Vec<Tensor> {
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
    let contexts = task.lexicon.batch(&windows.iter().collect::<Vec<_>>(), unknown, mode);
    let questions = task.lexicon.batch(&asked, unknown, mode);
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

impl Read {
    /// The answers to questions about contexts, in their order.
    pub(super) fn answers(&self, model: &dyn Reader, asked: &[(&Text, &Text)]) -> Vec<Answered> {
        let (reading, lengths) = self.reading(model, asked);
        self.answered(&reading, &lengths)
    }

    /// What the model reads in contexts with questions, without a gradient, and the lengths of the contexts [B].
    pub(super) fn reading(&self, model: &dyn Reader, asked: &[(&Text, &Text)]) -> (Reading, Tensor) {
        let (contexts, questions): (Vec<&Text>, Vec<&Text>) = asked.iter().copied().unzip();
        let device = model.device();
        let batch = |texts: &[&Text]| self.lexicon.batch(texts, 0.0, &mut Mode::Eval).to_device(device);
        let (context, question) = (batch(&contexts), batch(&questions));
        let reading = no_grad(|| model.read(&context.words(), &question.words(), &mut Mode::Eval));
        (reading, context.lengths().clone())
    }

    /// The answers of a reading, from the lengths of the contexts [B].
    pub(super) fn answered(&self, reading: &Reading, lengths: &Tensor) -> Vec<Answered> {
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
            let (no, yes) = (no_start[i] * no_end[i], (1.0 - no_start[i]) * (1.0 - no_end[i]));
            let agreed = (no + yes).max(f64::MIN_POSITIVE);
            let none = Answered { words: None, probability: no / agreed };
            // The spans' probabilities are among the places that are words.
            let some = span.map(|span| Answered {
                words: Some((span.start, span.end)),
                probability: span.score.exp() * yes / agreed,
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
