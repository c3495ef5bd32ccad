//! How contexts and questions become words or pieces.

use super::keys::{Model, SHORTEST_PAIR, WHAT_PAIR};
use super::{Encoded, LONGEST_QUESTION, LONGEST_WITH_ATTENTION, Read, ReadKeys, pairs};
use crate::config::validate::check;
use crate::data::counted::{counted, verb};
use crate::data::{Questions, Split, Splits};
use crate::run::{Ask, Cut, RunError, Task, Understood};
use crate::tasks::bert::{self, BertText};
use crate::tasks::reading::Reading;
use crate::tasks::words::{self, WordText};
use crate::text::{Lexicon, Mode as Splitting, Text, Tokeniser, Tokens};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;

/// The contexts and questions of a data set, read.
pub(super) struct ReadTexts {
    /// Train, dev and test.
    pub parts: [Encoded; 3],
    /// What was cut.
    pub cut: CutTexts,
}

/// How many texts are read to their longest length only.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CutTexts {
    pub questions: usize,
    pub contexts: usize,
}

/// Reads the contexts and questions of all splits, as the run in the folder `kept` does, if there is one.
pub(super) fn read_all(
    keys: &ReadKeys,
    data: &Splits<Questions>,
    kept: Option<&Path>,
) -> Result<(Reading, ReadTexts), RunError> {
    match &keys.model {
        Model::Bert { bert, .. } => {
            let text = BertText::open(bert, kept)?;
            let positions = text.longest(0);
            let expected = format!("a model with at least {SHORTEST_PAIR} positions, for {WHAT_PAIR}");
            check(positions >= SHORTEST_PAIR, "model.pretrained", &expected, positions)?;
            let texts = in_pieces(&text, text.longest(keys.data.max_len), data);
            Ok((Reading::Pieces(Box::new(text)), texts))
        }
        Model::BiDaf { .. } => {
            let tokeniser = match kept {
                Some(folder) => words::load_tokeniser(folder)?,
                None => keys.data.text.tokeniser(Splitting::English),
            };
            let (text, read) = in_words(keys, tokeniser, data, kept)?;
            Ok((Reading::Words(Box::new(text)), read))
        }
    }
}

fn in_words(
    keys: &ReadKeys,
    tokeniser: Tokeniser,
    data: &Splits<Questions>,
    kept: Option<&Path>,
) -> Result<(WordText, ReadTexts), RunError> {
    let longest = longest_context(keys);
    let mut cut = CutTexts::default();
    // Contexts before questions; the vocabulary is counted in this order.
    let all: [Vec<Tokens>; 3] = Split::ALL.map(|split| {
        let part = data.split(split);
        let contexts = part.contexts.par_iter().map(|context| tokeniser.tokens(context));
        let questions = part.questions.par_iter().map(|q| tokeniser.tokens(&q.question));
        let mut read: Vec<Tokens> = contexts.chain(questions).collect();
        let (contexts, questions) = read.split_at_mut(part.contexts.len());
        cut.contexts += shortened(contexts, longest);
        cut.questions += shortened(questions, LONGEST_QUESTION);
        read
    });
    let splits = all.each_ref().map(Vec::as_slice);
    let text = WordText::new(kept, tokeniser, &keys.data.words, keys.model.characters(), splits)?;
    let (lexicon, no_answer) = (&text.lexicon, keys.model.no_answer());
    let mut split = Split::ALL.into_iter();
    let parts = all.map(|mut tokens| {
        let contexts = split.next().map_or(0, |split| data.split(split).contexts.len());
        let questions = tokens.split_off(contexts);
        Encoded {
            contexts: tokens.iter().map(|t| with_nothing_before(lexicon, no_answer, t)).collect(),
            questions: questions.iter().map(|tokens| lexicon.encode(tokens)).collect(),
            tokens,
        }
    });
    Ok((text, ReadTexts { parts, cut }))
}

fn in_pieces(text: &BertText, longest: usize, data: &Splits<Questions>) -> ReadTexts {
    let mut cut = CutTexts::default();
    let parts = Split::ALL.map(|split| {
        let part = data.split(split);
        let (tokens, contexts) =
            part.contexts.par_iter().map(|context| pairs::context(text, context)).unzip();
        let questions = part.questions.par_iter().map(|q| pairs::question(text, &q.question, longest));
        let (questions, were_cut): (Vec<Text>, Vec<bool>) = questions.unzip();
        cut.questions += were_cut.into_iter().filter(|cut| *cut).count();
        Encoded { contexts, tokens, questions }
    });
    ReadTexts { parts, cut }
}

/// Cuts texts to the longest length, and counts those that are longer.
fn shortened(texts: &mut [Tokens], longest: usize) -> usize {
    let long = texts.iter_mut().filter(|tokens| tokens.len() > longest);
    long.map(|tokens| tokens.truncate(longest)).count()
}

/// The most words of a context in evaluation.
fn longest_context(keys: &ReadKeys) -> usize {
    if keys.model.heads() > 0 { LONGEST_WITH_ATTENTION } else { usize::MAX }
}

/// A context in words, after the one for "no answer" if the model learns that.
pub(super) fn with_nothing_before(lexicon: &Lexicon, no_answer: bool, tokens: &Tokens) -> Text {
    let text = lexicon.encode(tokens);
    match no_answer {
        true => lexicon.encode(&Tokens::default()).followed_by(&text),
        false => text,
    }
}

impl Read {
    /// Reads a new context.
    pub(super) fn read_context(&self, context: &str) -> (Tokens, Text) {
        match &self.reading {
            Reading::Words(text) => {
                let mut tokens = text.tokeniser.tokens(context);
                tokens.truncate(longest_context(&self.keys));
                let read = with_nothing_before(&text.lexicon, self.keys.model.no_answer(), &tokens);
                (tokens, read)
            }
            Reading::Pieces(text) => pairs::context(text, context),
        }
    }

    /// Reads a new question.
    pub(super) fn read_question(&self, ask: &Ask) -> Text {
        match &self.reading {
            Reading::Words(text) => {
                let mut tokens = ask.tokens(&text.tokeniser);
                tokens.truncate(LONGEST_QUESTION);
                text.lexicon.encode(&tokens)
            }
            Reading::Pieces(text) => pairs::question(text, &ask.text, text.longest(self.keys.data.max_len)).0,
        }
    }

    /// How many of new questions and of their different contexts are read to their longest length only.
    pub(super) fn cut_of(&self, asks: &[Ask], contexts: &BTreeSet<&str>) -> CutTexts {
        // A word or piece has at least one byte, and a pair of a BERT three pieces besides.
        let long = |text: &&str, most: usize| text.len() + 3 > most;
        match &self.reading {
            Reading::Words(text) => {
                let most = longest_context(&self.keys);
                let contexts = contexts.iter().filter(|context| long(context, most));
                let questions = asks.iter().filter(|ask| long(&ask.text.as_str(), LONGEST_QUESTION));
                CutTexts {
                    questions: questions
                        .filter(|ask| ask.tokens(&text.tokeniser).len() > LONGEST_QUESTION)
                        .count(),
                    contexts: contexts.filter(|context| text.tokeniser.tokens(context).len() > most).count(),
                }
            }
            Reading::Pieces(text) => {
                let longest = text.longest(self.keys.data.max_len);
                let most = pairs::longest_question(longest);
                let questions = asks.iter().filter(|ask| long(&ask.text.as_str(), most));
                let cut = questions.filter(|ask| pairs::question(text, &ask.text, longest).1).count();
                CutTexts { questions: cut, contexts: 0 }
            }
        }
    }

    /// Questions and contexts of which only the beginning is read.
    pub(super) fn cuts(&self, cut: CutTexts, all: CutTexts) -> Vec<Cut> {
        let (most, parts) = match &self.reading {
            Reading::Words(_) => (LONGEST_QUESTION, "words"),
            Reading::Pieces(text) => {
                (pairs::longest_question(text.longest(self.keys.data.max_len)), "pieces")
            }
        };
        let questions = Cut { texts: cut.questions, all: all.questions, what: "questions", most, parts };
        let most = longest_context(&self.keys);
        let contexts = Cut { texts: cut.contexts, all: all.contexts, what: "contexts", most, parts: "words" };
        vec![questions, contexts]
    }

    /// What the parts of a context are called.
    pub(super) fn units(&self) -> &'static str {
        match &self.reading {
            Reading::Words(_) => "words",
            Reading::Pieces(_) => "pieces",
        }
    }

    /// Lines and warnings on the contexts and questions of train, dev and test.
    pub(super) fn read_as(&self) -> Understood {
        let text = match &self.reading {
            Reading::Words(text) => {
                let mut understood = text.understood();
                understood.lines.extend(Cut::lines(&self.shortened()));
                return understood;
            }
            Reading::Pieces(text) => text,
        };
        let ids = |part: &'_ Encoded| -> Vec<u32> {
            part.contexts.iter().chain(&part.questions).flat_map(Text::ids).copied().collect()
        };
        let ids = self.parts.each_ref().map(ids);
        let mut understood = text.understood(ids.each_ref().map(|ids| ids.iter()));
        let lines = &mut understood.lines;
        lines.extend(bert::of_positions(text.config(), self.keys.data.max_len));
        let longest = text.longest(self.keys.data.max_len);
        let in_windows = |split: Split| {
            let (part, questions) = (&self.parts[split as usize], &self.data.split(split).questions);
            let long = |(question, read): &(&crate::data::Question, &Text)| {
                part.tokens[question.context].len() > pairs::room(longest, read)
            };
            questions.iter().zip(&part.questions).filter(long).count()
        };
        let long: usize = Split::ALL.into_iter().map(in_windows).sum();
        if long > 0 {
            let what = format!(
                "{} {} of more than {longest} pieces and {} read with overlapping windows of it",
                counted(long, "questions"),
                verb(long, "has a context", "have contexts"),
                verb(long, "is", "are"),
            );
            lines.push(("windows", what));
        }
        lines.extend(Cut::lines(&self.shortened()));
        understood
    }
}
