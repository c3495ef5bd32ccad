//! Questions with their contexts as BERT reads them, `[CLS] question [SEP] context [SEP]`, and the answers of its logits. Of a
//! long context it reads overlapping windows, each with the whole question.

use super::spans::windows;
use super::{Answered, Read};
use crate::tasks::bert::BertText;
use crate::text::{Padded, Text, Tokeniser, Tokens};
use gradus_engine::{Device, Mode, Tensor, no_grad};
use gradus_models::{PiecePairs, Reader, ReaderInput, Span, Words, best_span};
use std::ops::Range;

/// The most pieces in a batch, unless a single window has more.
const MOST: usize = 1 << 13;

/// A question with a window of its context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    text: Text,
    /// The pieces before those of the context.
    before: usize,
    /// Where the window is in the context.
    window: Range<usize>,
}

/// The pieces of a context with their places in it, and `… [SEP]` for [`Pair::new`].
pub(super) fn context(text: &BertText, context: &str) -> (Tokens, Text) {
    let (pieces, places) = text.encode_second(context);
    (Tokens::of_split(context, &places, &Tokeniser::default()), pieces)
}

/// The pieces `[CLS] … [SEP]` of a question, and whether it was cut.
pub(super) fn question(text: &BertText, question: &str, longest: usize) -> (Text, bool) {
    text.encode(question, 2 + longest_question(longest))
}

/// The most pieces of a question where a pair has `longest`: at least half of the others are left to its context.
pub(super) fn longest_question(longest: usize) -> usize {
    (longest - 3) / 2
}

/// The most pieces of a context beside a question.
pub(super) fn room(longest: usize, question: &Text) -> usize {
    longest - question.len() - 1
}

impl Pair {
    /// `context` ends with its `[SEP]`.
    pub fn new(question: &Text, context: &Text, window: Range<usize>) -> Pair {
        let end = context.len() - 1;
        let text = question.clone().followed_by(&context.part(window.clone()));
        Pair { text: text.followed_by(&context.part(end..end + 1)), before: question.len(), window }
    }

    /// A question with each window of its context; none of a context without pieces.
    pub fn all(question: &Text, context: &Text, longest: usize) -> Vec<Pair> {
        let windows = windows(context.len() - 1, Some(room(longest, question)));
        let some = windows.into_iter().filter(|window| !window.is_empty());
        some.map(|window| Pair::new(question, context, window)).collect()
    }

    /// The pieces.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// Where the `[CLS]` and both `[SEP]` are that were added.
    pub fn added(&self) -> [usize; 3] {
        [0, self.before - 1, self.len() - 1]
    }

    /// The number of pieces.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Where the window is in the context.
    pub fn window(&self) -> Range<usize> {
        self.window.clone()
    }

    /// Where a piece of the context is, counted from the start of the window.
    pub fn place(&self, piece: usize) -> usize {
        self.before + piece
    }
}

/// Pieces [B, T], their number [B], segments [B, T], and where an answer can be [B, T].
pub(super) fn tensors(pairs: &[Pair], no_answer: bool) -> Vec<Tensor> {
    let (b, t) = (pairs.len(), pairs.iter().map(Pair::len).max().unwrap_or(0));
    let (mut types, mut places) = (vec![0i64; b * t], vec![0u8; b * t]);
    for (i, pair) in pairs.iter().enumerate() {
        let second = i * t + pair.before;
        types[second..i * t + pair.len()].fill(1);
        places[second..second + pair.window.len()].fill(1);
        places[i * t] = u8::from(no_answer);
    }
    let mut tensors = Padded::of_ids(&pairs.iter().map(|pair| &pair.text).collect::<Vec<_>>()).into_tensors();
    tensors.extend([Tensor::from_slice(&types, [b, t]), Tensor::from_slice(&places, [b, t])]);
    tensors
}

/// The tensors of [`tensors`] as a model takes them.
pub(super) fn input(tensors: &[Tensor]) -> ReaderInput<'_> {
    let pieces = Words::new(&tensors[0], &tensors[1]);
    ReaderInput::Pieces(PiecePairs { pieces, types: &tensors[2], places: &tensors[3] })
}

/// The logits of a window.
#[derive(Clone, Debug)]
pub(super) struct Logits {
    /// Where the window begins in the context.
    pub first: usize,
    /// Of the answer's first piece, at each piece of the window.
    pub start: Vec<f64>,
    /// Of the answer's last piece, likewise.
    pub end: Vec<f64>,
    /// Of the start and of the end at `[CLS]`; −∞ unless that stands for no answer.
    pub nothing: [f64; 2],
}

/// The best span of all windows and its probability, or that of no answer. Logits of different windows are compared as they are,
/// and probabilities are among the places of all windows. There is no answer if no window has one: `[CLS]` counts as in the
/// window where it is the lowest.
///
/// Source: the original code for SQuAD, version 2.0, with its threshold at 0.
fn answered(windows: &[Logits], longest: usize, no_answer: bool) -> Answered {
    let best = |best: Option<Span>, window: &Logits| {
        let found = best_span(&window.start, &window.end, longest)?;
        let (start, end) = (window.first + found.start, window.first + found.end);
        let better = best.is_none_or(|best| found.score > best.score);
        if better { Some(Span { start, end, ..found }) } else { best }
    };
    let Some(span) = windows.iter().fold(None, best) else {
        let probability = f64::from(u8::from(no_answer));
        return Answered { words: None, probability };
    };
    let words = Some((span.start, span.end));
    let log_z = [
        log_sum_exp(windows.iter().flat_map(|window| &window.start)),
        log_sum_exp(windows.iter().flat_map(|window| &window.end)),
    ];
    let probability = (span.score - log_z[0] - log_z[1]).exp();
    if !no_answer {
        return Answered { words, probability };
    }
    let lowest =
        windows.iter().map(|window| window.nothing).min_by(|a, b| (a[0] + a[1]).total_cmp(&(b[0] + b[1])));
    let nothing = lowest.unwrap_or([f64::NEG_INFINITY; 2]);
    let no = [0, 1].map(|end| 1.0 / (1.0 + (log_z[end] - nothing[end]).exp()));
    let [none, some] = agreed(no);
    match probability * some > none {
        true => Answered { words, probability: probability * some },
        false => Answered { words: None, probability: none },
    }
}

/// The probabilities that there is no answer and that there is one, given that start and end agree on it, from that of no answer
/// at each end.
pub(super) fn agreed(no: [f64; 2]) -> [f64; 2] {
    let (none, some) = (no[0] * no[1], (1.0 - no[0]) * (1.0 - no[1]));
    let agreed = (none + some).max(f64::MIN_POSITIVE);
    [none / agreed, some / agreed]
}

fn log_sum_exp<'a>(x: impl Iterator<Item = &'a f64> + Clone) -> f64 {
    let max = x.clone().copied().fold(f64::NEG_INFINITY, f64::max);
    max + x.map(|x| (x - max).exp()).sum::<f64>().ln()
}

impl Read {
    /// The answers to questions about contexts in pieces, in their order.
    pub(super) fn answers_in_pieces(
        &self,
        model: &dyn Reader,
        asked: &[(&Text, &Text)],
        longest: usize,
    ) -> Vec<Answered> {
        let read = self.logits_in_pieces(model, asked, longest);
        read.iter().map(|windows| self.answered_in_pieces(windows)).collect()
    }

    /// The answer that the logits of the windows of a context give.
    pub(super) fn answered_in_pieces(&self, windows: &[Logits]) -> Answered {
        answered(windows, self.keys.model.longest_answer(), self.keys.model.no_answer())
    }

    /// The logits of the windows of each context with its question, without a gradient.
    pub(super) fn logits_in_pieces(
        &self,
        model: &dyn Reader,
        asked: &[(&Text, &Text)],
        longest: usize,
    ) -> Vec<Vec<Logits>> {
        let mut read: Vec<Vec<Logits>> = asked.iter().map(|_| vec![]).collect();
        let (mut waiting, mut largest): (Vec<(usize, Pair)>, usize) = (vec![], 0);
        for (i, (context, question)) in asked.iter().enumerate() {
            for pair in Pair::all(question, context, longest) {
                if pair.len().max(largest) * (waiting.len() + 1) > MOST {
                    self.read_pairs(model, std::mem::take(&mut waiting), &mut read);
                    largest = 0;
                }
                largest = pair.len().max(largest);
                waiting.push((i, pair));
            }
        }
        self.read_pairs(model, waiting, &mut read);
        read
    }

    /// Appends the logits of windows to those of their questions.
    fn read_pairs(&self, model: &dyn Reader, windows: Vec<(usize, Pair)>, read: &mut [Vec<Logits>]) {
        if windows.is_empty() {
            return;
        }
        let (questions, pairs): (Vec<usize>, Vec<Pair>) = windows.into_iter().unzip();
        let tensors = tensors(&pairs, self.keys.model.no_answer());
        let tensors: Vec<Tensor> = tensors.into_iter().map(|x| x.to_device(model.device())).collect();
        let reading = no_grad(|| model.read(&input(&tensors), &mut Mode::Eval));
        let t = reading.start.dim(1);
        let [start, end] = [reading.start, reading.end].map(|x| x.to_device(Device::Cpu).to_f64());
        for (row, (question, pair)) in questions.into_iter().zip(&pairs).enumerate() {
            let at = row * t..(row + 1) * t;
            let (start, end) = (&start[at.clone()], &end[at]);
            let places = pair.before..pair.before + pair.window.len();
            read[question].push(Logits {
                first: pair.window.start,
                start: start[places.clone()].to_vec(),
                end: end[places].to_vec(),
                nothing: [start[0], end[0]],
            });
        }
    }
}

#[cfg(test)]
mod tests;
