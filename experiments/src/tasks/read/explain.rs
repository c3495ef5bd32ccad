//! The outputs of a reader that can be explained: where the answer starts and where it ends.

use super::{LONGEST_QUESTION, Read};
use crate::data::error::quoted;
use crate::explain::{AttentionMap, Explained, Which, log_odds};
use crate::run::Ask;
use crate::tasks::word_vectors::{OfVectors, WordVectors};
use gradus_engine::{Mode, Tensor};
use gradus_models::{Attended, Reader, Side};
use std::ops::Range;
use std::rc::Rc;

/// An end of an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Start,
    End,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            End::Start => "start",
            End::End => "end",
        }
    }
}

/// A question, then its context.
struct Texts {
    /// The words of both.
    tokens: Vec<String>,
    /// Their vectors [T, D].
    x: Tensor,
    /// Those of as many unknown words [T, D].
    unknown: Tensor,
    /// The number of words of the question.
    question: usize,
}

/// A place of the context as the start or the end of the answer.
struct EndOf<'a> {
    model: &'a dyn Reader,
    texts: Rc<Texts>,
    end: End,
    /// The place in the context.
    place: usize,
}

/// What a reader calls the place before the context, at which there is no answer.
const NO_ANSWER: &str = "(no answer)";

/// Start and end of the answer that the model gives, or the one of them that is wanted.
pub(super) fn explained<'a>(
    task: &'a Read,
    model: &'a dyn Reader,
    ask: &Ask,
    which: &Which,
) -> Result<Vec<Box<dyn Explained + 'a>>, String> {
    if which.word.is_some() {
        return Err(
            "--word: the run is one of gradus train read, which has no tags of words; leave the flag out"
                .into(),
        );
    }
    let ends = match which.target.as_deref() {
        None => vec![End::Start, End::End],
        Some("start") => vec![End::Start],
        Some("end") => vec![End::End],
        Some(other) => {
            return Err(format!("--target: expected start or end of the answer, found {}", quoted(other)));
        }
    };
    let mut asked = ask.tokens(&task.tokeniser);
    asked.truncate(LONGEST_QUESTION);
    let about = ask.context.as_deref().unwrap_or_default();
    let context = task.tokens(about, task.longest_context());
    for (what, tokens, text) in [("question", &asked, ask.text.as_str()), ("context", &context, about)] {
        if tokens.is_empty() {
            return Err(format!(
                "expected a {what} with words, found {}, which has none to explain",
                quoted(text)
            ));
        }
    }
    let (question, read) = (task.lexicon.encode(&asked), task.context(&context));
    let nothing = usize::from(task.keys.model.no_answer());
    let answered = task.answers(model, &[(&read, &question)]).remove(0);
    let places = answered.words.map_or([0, 0], |(first, last)| [first + nothing, last + nothing]);
    let nothing = vec![NO_ANSWER.to_owned(); nothing];
    let written = [WordVectors::written(&asked), [nothing, WordVectors::written(&context)].concat()];
    let [question_words, context_words] = written;
    let question = WordVectors::of(&task.lexicon, model, question_words, &question);
    let context = WordVectors::of(&task.lexicon, model, context_words, &read);
    if context.tokens.len() < 2 {
        return Err("the context has one word only, so that no other place can be the answer".into());
    }
    let texts = Rc::new(Texts {
        question: question.tokens.len(),
        x: Tensor::concat(&[&question.x, &context.x], 0),
        unknown: Tensor::concat(&[&question.unknown, &context.unknown], 0),
        tokens: [question.tokens, context.tokens].concat(),
    });
    let of = |end: End| {
        let place = places[usize::from(end == End::End)];
        Box::new(EndOf { model, texts: texts.clone(), end, place }) as Box<dyn Explained + 'a>
    };
    Ok(ends.into_iter().map(of).collect())
}

impl EndOf<'_> {
    /// The words of a text among those of both.
    fn words_of(&self, side: Side) -> Range<usize> {
        match side {
            Side::Question => 0..self.texts.question,
            Side::Context => self.texts.question..self.texts.tokens.len(),
        }
    }

    /// The context and the question of vectors [S, T, D].
    fn of_vectors(&self, x: &Tensor) -> [OfVectors; 2] {
        [Side::Context, Side::Question].map(|side| {
            let words = self.words_of(side);
            OfVectors::new(&x.narrow(1, words.start, words.len()))
        })
    }
}

impl Explained for EndOf<'_> {
    fn what(&self) -> String {
        let word = &self.texts.tokens[self.texts.question + self.place];
        format!("{} of the answer at {word}", self.end.name())
    }

    fn tokens(&self) -> &[String] {
        &self.texts.tokens
    }

    fn parts(&self) -> Vec<(&'static str, Range<usize>)> {
        vec![("question", self.words_of(Side::Question)), ("context", self.words_of(Side::Context))]
    }

    fn vectors(&self) -> Tensor {
        self.texts.x.clone()
    }

    fn baseline(&self) -> Tensor {
        self.texts.unknown.clone()
    }

    fn score(&self, x: &Tensor) -> Tensor {
        let [context, question] = self.of_vectors(x);
        let reading = self.model.read(&context.words(), &question.words(), &mut Mode::Eval);
        let logits = match self.end {
            End::Start => reading.start,
            End::End => reading.end,
        };
        log_odds(&logits, self.place)
    }

    fn attention(&self) -> Vec<AttentionMap> {
        let [context, question] = self.of_vectors(&self.texts.x.unsqueeze(0));
        let map = |Attended { weights, between }: Attended| {
            let name = match between {
                [Side::Context, Side::Question] => "context to question",
                [Side::Question, Side::Context] => "question to context",
                [Side::Context, Side::Context] => "context",
                [Side::Question, Side::Question] => "question",
            };
            let [rows, columns] = between.map(|side| self.words_of(side));
            AttentionMap { name: name.into(), rows, columns, weights: weights.squeeze(0) }
        };
        self.model.attentions(&context.words(), &question.words()).into_iter().map(map).collect()
    }

    fn reads_from(&self) -> Vec<f64> {
        let read = self.texts.question + self.place;
        (0..self.texts.tokens.len()).map(|word| if word == read { 1.0 } else { 0.0 }).collect()
    }
}
