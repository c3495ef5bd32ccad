//! The outputs of a reader that can be explained: where the answer starts and where it ends.

use super::pairs::{self, Pair};
use super::{LONGEST_QUESTION, Read};
use crate::data::error::quoted;
use crate::explain::{AttentionMap, Explained, Which, log_odds};
use crate::run::Ask;
use crate::tasks::bert::BertText;
use crate::tasks::piece_vectors;
use crate::tasks::reading::Reading;
use crate::tasks::word_vectors::{OfVectors, WordVectors};
use crate::tasks::words::WordText;
use gradus_engine::{Mode, Tensor};
use gradus_models::{Attended, PiecePairs, Reader, ReaderInput, Side};
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
    /// The words of both, or the pieces of their pair.
    tokens: Vec<String>,
    /// Their vectors [T, D].
    x: Tensor,
    /// Those of as many unknown words or masked pieces [T, D].
    unknown: Tensor,
    /// The number of words or pieces before those of the context.
    question: usize,
    /// For pieces, the segment of each, and whether an answer can be there.
    pair: Option<[Tensor; 2]>,
}

/// A place of the context as the start or the end of the answer.
struct EndOf<'a> {
    model: &'a dyn Reader,
    texts: Rc<Texts>,
    end: End,
    /// The place among the logits: in the context, or of pieces in the pair.
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
    let (texts, places) = match &task.reading {
        Reading::Words(text) => in_words(task, text, model, ask)?,
        Reading::Pieces(text) => in_pieces(task, text, model, ask)?,
    };
    let texts = Rc::new(texts);
    let of = |end: End| {
        let place = places[usize::from(end == End::End)];
        Box::new(EndOf { model, texts: texts.clone(), end, place }) as Box<dyn Explained + 'a>
    };
    Ok(ends.into_iter().map(of).collect())
}

/// The error for a text without words.
fn without_words(what: &str, text: &str) -> String {
    format!("expected a {what} with words, found {}, which has none to explain", quoted(text))
}

/// The words of both texts, and where the model's answer starts and ends.
fn in_words(
    task: &Read,
    text: &WordText,
    model: &dyn Reader,
    ask: &Ask,
) -> Result<(Texts, [usize; 2]), String> {
    let mut asked = ask.tokens(&text.tokeniser);
    asked.truncate(LONGEST_QUESTION);
    let about = ask.context.as_deref().unwrap_or_default();
    let (context, read) = task.read_context(about);
    for (what, tokens, text) in [("question", &asked, ask.text.as_str()), ("context", &context, about)] {
        if tokens.is_empty() {
            return Err(without_words(what, text));
        }
    }
    let question = text.lexicon.encode(&asked);
    let nothing = usize::from(task.keys.model.no_answer());
    let answered = task.answers(model, &[(&read, &question)]).remove(0);
    let places = answered.words.map_or([0, 0], |(first, last)| [first + nothing, last + nothing]);
    let nothing = vec![NO_ANSWER.to_owned(); nothing];
    let written = [WordVectors::written(&asked), [nothing, WordVectors::written(&context)].concat()];
    let [question_words, context_words] = written;
    let question = WordVectors::of(&text.lexicon, model, question_words, &question);
    let context = WordVectors::of(&text.lexicon, model, context_words, &read);
    if context.tokens.len() < 2 {
        return Err("the context has one word only, so that no other place can be the answer".into());
    }
    let texts = Texts {
        question: question.tokens.len(),
        x: Tensor::concat(&[&question.x, &context.x], 0),
        unknown: Tensor::concat(&[&question.unknown, &context.unknown], 0),
        tokens: [question.tokens, context.tokens].concat(),
        pair: None,
    };
    Ok((texts, places))
}

/// The pieces of both texts in one sequence, and where the model's answer starts and ends.
fn in_pieces(
    task: &Read,
    text: &BertText,
    model: &dyn Reader,
    ask: &Ask,
) -> Result<(Texts, [usize; 2]), String> {
    let longest = text.longest(task.keys.data.max_len);
    let about = ask.context.as_deref().unwrap_or_default();
    let (tokens, context) = task.read_context(about);
    if tokens.is_empty() {
        return Err(without_words("context", about));
    }
    let question = task.read_question(ask);
    let mut pairs = Pair::all(&question, &context, longest);
    let pair = pairs.remove(0);
    if !pairs.is_empty() {
        return Err(format!(
            "expected a question and a context that the model reads at once, of at most {longest} pieces; shorten the context"
        ));
    }
    if tokens.len() < 2 && !task.keys.model.no_answer() {
        return Err("the context has one piece only, so that no other place can be the answer".into());
    }
    let answered = task.answers(model, &[(&context, &question)]).remove(0);
    let places = answered.words.map_or([0, 0], |(first, last)| [pair.place(first), pair.place(last)]);
    let (names, batches) = piece_vectors::names_and_masked(text, pair.text(), &pair.added());
    let WordVectors { tokens, x, unknown } = WordVectors::new(model, names, batches);
    let [_, _, types, allowed] =
        <[Tensor; 4]>::try_from(pairs::tensors(std::slice::from_ref(&pair), task.keys.model.no_answer()))
            .expect("pairs have four tensors");
    let pair_of = Some([types, allowed].map(|row| row.to_device(model.device())));
    Ok((Texts { tokens, x, unknown, question: pair.place(0), pair: pair_of }, places))
}

/// The tensors with which a model reads vectors.
enum OfTexts {
    /// The context and the question.
    Words(Box<[OfVectors; 2]>),
    /// The pair, the segment of each piece, and where an answer can be.
    Pieces(Box<(OfVectors, [Tensor; 2])>),
}

impl OfTexts {
    /// What `read` makes of the input.
    fn read<R>(&self, read: impl FnOnce(&ReaderInput) -> R) -> R {
        match self {
            OfTexts::Words(texts) => {
                let [context, question] = &**texts;
                read(&ReaderInput::Words { context: &context.words(), question: &question.words() })
            }
            OfTexts::Pieces(pair) => {
                let (pieces, [types, places]) = &**pair;
                read(&ReaderInput::Pieces(PiecePairs { pieces: pieces.words(), types, places }))
            }
        }
    }
}

impl EndOf<'_> {
    /// The words of a text among those of both.
    fn words_of(&self, side: Side) -> Range<usize> {
        match side {
            Side::Question => 0..self.texts.question,
            Side::Context => self.texts.question..self.texts.tokens.len(),
            Side::Both => 0..self.texts.tokens.len(),
        }
    }

    /// Where the end is among all words or pieces.
    fn at(&self) -> usize {
        if self.texts.pair.is_some() { self.place } else { self.texts.question + self.place }
    }

    /// The texts of vectors [S, T, D].
    fn of_vectors(&self, x: &Tensor) -> OfTexts {
        let Some(rows) = &self.texts.pair else {
            return OfTexts::Words(Box::new([Side::Context, Side::Question].map(|side| {
                let words = self.words_of(side);
                OfVectors::new(&x.narrow(1, words.start, words.len()))
            })));
        };
        let repeated = |row: &Tensor| row.broadcast_to([x.dim(0), row.dim(1)]);
        OfTexts::Pieces(Box::new((OfVectors::new(x), rows.each_ref().map(repeated))))
    }
}

impl Explained for EndOf<'_> {
    fn what(&self) -> String {
        let word = match (&self.texts.pair, self.place) {
            (Some(_), 0) => NO_ANSWER,
            _ => &self.texts.tokens[self.at()],
        };
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
        let reading = self.of_vectors(x).read(|input| self.model.read(input, &mut Mode::Eval));
        let logits = match self.end {
            End::Start => reading.start,
            End::End => reading.end,
        };
        log_odds(&logits, self.place)
    }

    fn attention(&self) -> Vec<AttentionMap> {
        let map = |Attended { weights, between }: Attended| {
            let name = match between {
                [Side::Context, Side::Question] => "context to question",
                [Side::Question, Side::Context] => "question to context",
                [Side::Context, Side::Context] => "context",
                [Side::Question, Side::Question] => "question",
                [Side::Both, _] | [_, Side::Both] => "question and context",
            };
            let [rows, columns] = between.map(|side| self.words_of(side));
            AttentionMap { name: name.into(), rows, columns, weights: weights.squeeze(0) }
        };
        let all = self.of_vectors(&self.texts.x.unsqueeze(0)).read(|input| self.model.attentions(input));
        all.into_iter().map(map).collect()
    }

    fn reads_from(&self) -> Vec<f64> {
        let read = self.at();
        (0..self.texts.tokens.len()).map(|word| if word == read { 1.0 } else { 0.0 }).collect()
    }
}
