use super::data::Encoded;
use crate::data::questions::ReadingSplit;
use crate::metrics::reading::Scores;
use crate::text::batches;
use crate::text::lexicon::{Lexicon, Text};
use crate::text::spans::text_of;
use gradus_engine::{Mode, no_grad};
use gradus_models::{Reader, best_spans};
use std::collections::BTreeMap;

/// What a model answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// First and last word of the context; none for a context without words.
    pub words: Option<(usize, usize)>,
    /// P(first) · P(last).
    pub probability: f64,
}

impl Answered {
    /// The answer as it stands in the context.
    pub fn text<'a>(&self, context: &'a str, tokens: &crate::text::Tokens) -> &'a str {
        match self.words {
            // A context without words is one UNK, which stands nowhere.
            Some((first, last)) if last < tokens.len() => text_of(context, tokens, first, last),
            _ => "",
        }
    }
}

/// The answer to each question, in their order. The whole context is read, however long.
pub fn predict(
    model: &dyn Reader,
    lexicon: &Lexicon,
    encoded: &Encoded,
    longest: usize,
    batch_size: usize,
) -> Vec<Answered> {
    let context = |i: usize| &encoded.contexts[encoded.context_of[i]];
    let lengths: Vec<usize> = (0..encoded.questions.len()).map(|i| context(i).len()).collect();
    let mut answers = vec![Answered::default(); lengths.len()];
    for examples in batches::sorted(&lengths, batch_size.max(1)) {
        let contexts: Vec<&Text> = examples.iter().map(|&i| context(i)).collect();
        let questions: Vec<&Text> = examples.iter().map(|&i| &encoded.questions[i]).collect();
        let device = model.device();
        let [c, q] =
            [contexts, questions].map(|texts| lexicon.batch(&texts, 0.0, &mut Mode::Eval).to_device(device));
        let reading = no_grad(|| model.read(&c.words(), &q.words(), &mut Mode::Eval));
        let spans = best_spans(&reading.start, &reading.end, c.lengths(), longest);
        for (span, &i) in spans.into_iter().zip(&examples) {
            let Some(span) = span else { continue };
            answers[i] = Answered { words: Some((span.start, span.end)), probability: span.score.exp() };
        }
    }
    answers
}

/// Exact match and F1, by the names that configurations use.
pub fn metrics_of(split: &ReadingSplit, encoded: &Encoded, answers: &[Answered]) -> BTreeMap<String, f64> {
    let pairs = split.questions.iter().zip(answers).map(|(question, answered)| {
        let context = &split.contexts[question.context];
        (answered.text(context, &encoded.tokens[question.context]), question.texts())
    });
    let scores = Scores::of(pairs);
    [("em", scores.exact_match), ("f1", scores.f1)].map(|(name, value)| (name.to_owned(), value)).into()
}
