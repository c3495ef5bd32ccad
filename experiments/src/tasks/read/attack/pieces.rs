//! A reader of pieces under attack.
//!
//! An attack changes whole words of the context, and a changed word may have another number of pieces. The loss is computed
//! where the right answer then is; an answer of the model is converted back to the pieces of the context as it was, by which it
//! is judged.

use super::fix_answers;
use crate::attack::{self, Changes, Space, Victim};
use crate::data::{Question, Split};
use crate::explain::log_odds_of_any;
use crate::tasks::bert::BertText;
use crate::tasks::piece_vectors::{self, by_word, word_places};
use crate::tasks::read::pairs::{self, Logits, Pair};
use crate::tasks::read::spans::token_span;
use crate::tasks::read::{Answered, Read};
use crate::tasks::word_vectors::word_features;
use crate::text::{Text, Tokeniser, Tokens};
use gradus_engine::{CreateGraph, Mode, Tensor, grad, no_grad};
use gradus_models::{PiecePairs, Reader, ReaderInput, Words};
use std::ops::Range;

/// The questions of a split with the model.
pub(super) struct Asked<'a> {
    task: &'a Read,
    text: &'a BertText,
    model: &'a dyn Reader,
    split: Split,
    space: Space,
}

/// A context in words.
struct Context {
    words: Vec<String>,
    /// Its pieces, then `[SEP]`.
    pieces: Text,
    /// Where the pieces of each word are.
    places: Vec<Range<usize>>,
}

/// An end of an answer.
#[derive(Clone, Copy)]
enum End {
    First,
    Last,
}

impl Context {
    fn new(text: &BertText, words: Vec<String>) -> Context {
        let read = text.pieces().encode_words(&words, usize::MAX);
        // Without the [CLS] at the start.
        let places: Vec<Range<usize>> = read.pieces.iter().map(|at| at.start - 1..at.end - 1).collect();
        let blank = places.iter().all(Range::is_empty);
        Context { words, pieces: Text::of_pieces(read.ids[1..].to_vec(), blank), places }
    }

    /// Where a piece of this context is in another one with as many words: the same piece of an equal word, and the first or
    /// the last piece of a changed one.
    fn to(&self, other: &Context, piece: usize, end: End) -> usize {
        let word = self.places.partition_point(|place| place.end <= piece);
        let (from, to) = (&self.places[word], &other.places[word]);
        match end {
            _ if self.words[word] == other.words[word] => to.start + piece - from.start,
            End::First => to.start,
            End::Last => to.end - 1,
        }
    }
}

/// Which places of a window are right: first `[CLS]`, which stands for no answer, then the pieces of the context.
fn right(window: Range<usize>, piece: Option<usize>) -> impl Iterator<Item = bool> {
    std::iter::once(piece.is_none()).chain(window.map(move |place| Some(place) == piece))
}

/// −log-odds of the right start and of the right end among the places of all windows, added. A piece in two windows is right in
/// both.
fn loss(windows: &[Logits], answer: Option<[usize; 2]>) -> f64 {
    let of_end = |end: usize| {
        let (mut z, mut are_right) = (vec![], vec![]);
        for window in windows {
            let places = [&window.start, &window.end][end];
            are_right.extend(right(window.first..window.first + places.len(), answer.map(|at| at[end])));
            z.push(window.nothing[end]);
            z.extend(places);
        }
        log_odds_of_any(&Tensor::from_slice(&z, [1, z.len()]), &are_right).item()
    };
    -(of_end(0) + of_end(1))
}

impl<'a> Asked<'a> {
    /// The questions of a split with a model that reads the pieces of `text`.
    pub fn new(task: &'a Read, text: &'a BertText, model: &'a dyn Reader, split: Split) -> Self {
        let space = piece_vectors::space(text.pieces(), &model.word_table().value());
        Asked { task, text, model, split, space }
    }

    fn question(&self, example: usize) -> &Question {
        &self.task.data.split(self.split).questions[example]
    }

    /// The pieces of the question.
    fn asked(&self, example: usize) -> &Text {
        &self.task.parts[self.split as usize].questions[example]
    }

    /// The context as it is, and its words with their places.
    fn context(&self, example: usize) -> (Context, Tokens) {
        let context = &self.task.data.split(self.split).contexts[self.question(example).context];
        let words =
            Tokens::of_split(context, &word_places(self.text.pieces(), context), &Tokeniser::default());
        (Context::new(self.text, piece_vectors::words_of(self.text.pieces(), context)), words)
    }

    /// The first and the last piece of the first right answer, or none of them if no answer is right; none if the context does
    /// not have the answer.
    fn answer(&self, example: usize) -> Option<Option<[usize; 2]>> {
        let question = self.question(example);
        let tokens = &self.task.parts[self.split as usize].tokens[question.context];
        match question.answers.first() {
            Some(answer) => token_span(tokens, answer).map(|(first, last)| Some([first, last])),
            None => self.task.keys.model.no_answer().then_some(None),
        }
    }

    /// The pieces of the right answer in a changed context.
    fn answer_in(&self, example: usize, original: &Context, changed: &Context) -> Option<[usize; 2]> {
        let answer = self.answer(example).expect("attack: an example without a right place is left out");
        let [first, last] = answer?;
        Some([original.to(changed, first, End::First), original.to(changed, last, End::Last)])
    }

    fn longest(&self) -> usize {
        self.text.longest(self.task.keys.data.max_len)
    }
}

impl Changes<Answered> for Asked<'_> {
    fn count(&self) -> usize {
        self.task.data.split(self.split).questions.len()
    }

    fn victim(&self, example: usize) -> Option<Victim> {
        let question = self.question(example);
        self.answer(example)?;
        let (context, words) = self.context(example);
        let mut victim = Victim::of_words(context.words);
        // No change of a word without pieces is read.
        victim.fixed = context.places.iter().map(Range::is_empty).collect();
        let read = victim.fixed.iter().filter(|&&fixed| !fixed).count();
        fix_answers(&mut victim, &words, question);
        // A text with the name of a special piece has other pieces than its words.
        let same =
            context.pieces.ids() == self.task.parts[self.split as usize].contexts[question.context].ids();
        (same && read > 1 && words.len() <= attack::MOST_WORDS).then_some(victim)
    }

    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(Answered, f64)> {
        let (original, _) = self.context(example);
        let contexts: Vec<Context> =
            texts.iter().map(|words| Context::new(self.text, words.clone())).collect();
        let asked: Vec<(&Text, &Text)> =
            contexts.iter().map(|context| (&context.pieces, self.asked(example))).collect();
        let read = self.task.logits_in_pieces(self.model, &asked, self.longest());
        let of = |(context, windows): (&Context, Vec<Logits>)| {
            let answered = self.task.answered_in_pieces(&windows);
            let back = |(first, last)| {
                (context.to(&original, first, End::First), context.to(&original, last, End::Last))
            };
            let loss = loss(&windows, self.answer_in(example, &original, context));
            (Answered { words: answered.words.map(back), ..answered }, loss)
        };
        contexts.iter().zip(read).map(of).collect()
    }

    fn gradient(&self, example: usize, words: &[String]) -> Tensor {
        let context = Context::new(self.text, words.to_vec());
        let answer = self.answer_in(example, &self.context(example).0, &context);
        let pairs = Pair::all(self.asked(example), &context.pieces, self.longest());
        let tensors = pairs::tensors(&pairs, self.task.keys.model.no_answer());
        let tensors: Vec<Tensor> = tensors.into_iter().map(|x| x.to_device(self.model.device())).collect();
        let pieces = Words::new(&tensors[0], &tensors[1]);
        let x = no_grad(|| self.model.embed(&pieces, &mut Mode::Eval)).variable();
        let pieces = Words { embedded: Some(&x), ..pieces };
        let input = ReaderInput::Pieces(PiecePairs { pieces, types: &tensors[2], places: &tensors[3] });
        let reading = self.model.read(&input, &mut Mode::Eval);
        let of_end = |logits: &Tensor, end: usize| {
            let (mut z, mut are_right) = (vec![], vec![]);
            for (row, pair) in pairs.iter().enumerate() {
                let logits = logits.at(0, row);
                z.extend([logits.narrow(0, 0, 1), logits.narrow(0, pair.place(0), pair.window().len())]);
                are_right.extend(right(pair.window(), answer.map(|at| at[end])));
            }
            log_odds_of_any(&Tensor::concat(&z.iter().collect::<Vec<_>>(), 0).unsqueeze(0), &are_right)
        };
        let loss = -(of_end(&reading.start, 0) + of_end(&reading.end, 1));
        let gradient = grad(&loss, &[&x], CreateGraph::No).remove(0);
        by_word(&of_context(self.model, &gradient, &pairs, context.pieces.len()), &context.places)
    }

    fn space(&self) -> &Space {
        &self.space
    }
}

/// The gradient with respect to the vectors of P pieces of a context [P, W], from that for its windows [B, T, D]: the sum over
/// the windows in which a piece is.
fn of_context(model: &dyn Reader, gradient: &Tensor, pairs: &[Pair], pieces: usize) -> Tensor {
    let mut sums: Vec<f64> = vec![];
    let mut width = 0;
    for (row, pair) in pairs.iter().enumerate() {
        let of_window =
            word_features(model, &gradient.at(0, row).narrow(0, pair.place(0), pair.window().len()));
        width = of_window.dim(1);
        sums.resize(pieces * width, 0.0);
        let window = &mut sums[pair.window().start * width..pair.window().end * width];
        window.iter_mut().zip(of_window.to_f64()).for_each(|(sum, g)| *sum += g);
    }
    Tensor::from_slice(&sums, [pieces, width]).to_dtype(gradient.dtype())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(words: &[&str], counts: &[usize]) -> Context {
        let mut end = 0;
        let place = |count: &usize| {
            end += count;
            end - count..end
        };
        let places = counts.iter().map(place).collect();
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Context { words, pieces: Text::of_pieces(vec![0; end + 1], false), places }
    }

    #[test]
    fn a_piece_is_found_in_the_same_word() {
        // The second word has no pieces.
        let original = context(&["a", "", "fox", "lives"], &[1, 0, 2, 3]);
        let changed = context(&["a", "", "fxo", "lives"], &[1, 0, 4, 3]);
        let to = |piece| [End::First, End::Last].map(|end| changed.to(&original, piece, end));
        assert_eq!(to(0), [0, 0]);
        assert!((1..5).all(|piece| to(piece) == [1, 2]), "all of a changed word");
        assert_eq!([to(5), to(6), to(7)], [[3, 3], [4, 4], [5, 5]]);
        assert!((3..6).all(|piece| changed.to(
            &original,
            original.to(&changed, piece, End::Last),
            End::First
        ) == piece));
    }

    #[test]
    fn a_piece_in_two_windows_is_right_in_both() {
        let window = |first, start: [f64; 2], end: [f64; 2], nothing| Logits {
            first,
            start: start.to_vec(),
            end: end.to_vec(),
            nothing: [nothing; 2],
        };
        let windows = [window(0, [1.0, 2.0], [0.0, 3.0], -1.0), window(1, [0.5, 0.0], [2.0, 1.0], -2.0)];
        let sum = |z: &[f64]| z.iter().map(|z| z.exp()).sum::<f64>();
        let start = sum(&[2.0, 0.5]) / sum(&[1.0, 0.0, -1.0, -2.0]);
        let end = sum(&[1.0]) / sum(&[0.0, 3.0, 2.0, -1.0, -2.0]);
        assert!((loss(&windows, Some([1, 2])) + start.ln() + end.ln()).abs() < 1e-12);
        let start = sum(&[-1.0, -2.0]) / sum(&[1.0, 2.0, 0.5, 0.0]);
        let end = sum(&[-1.0, -2.0]) / sum(&[0.0, 3.0, 2.0, 1.0]);
        assert!((loss(&windows, None) + start.ln() + end.ln()).abs() < 1e-12);
    }
}
