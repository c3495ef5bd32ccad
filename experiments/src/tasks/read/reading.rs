//! How contexts and questions become words or pieces.

use super::keys::{Model, SHORTEST_PAIR, WHAT_PAIR};
use super::{Encoded, LONGEST_QUESTION, LONGEST_WITH_ATTENTION, Read, ReadKeys, pairs};
use crate::config::validate::check;
use crate::data::counted::{counted, verb};
use crate::data::{Questions, Split, Splits};
use crate::run::{Ask, RunError, Understood};
use crate::tasks::bert::BertText;
use crate::tasks::reading::Reading;
use crate::tasks::words::{self, WordText};
use crate::text::{Lexicon, Mode as Splitting, Text, Tokeniser, Tokens};
use rayon::prelude::*;
use std::path::Path;

/// The contexts and questions of a data set, read.
pub(super) struct ReadTexts {
    /// Train, dev and test.
    pub parts: [Encoded; 3],
    /// How many questions were cut.
    pub cut: usize,
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
            let (text, parts) = in_words(keys, tokeniser, data, kept)?;
            Ok((Reading::Words(Box::new(text)), ReadTexts { parts, cut: 0 }))
        }
    }
}

fn in_words(
    keys: &ReadKeys,
    tokeniser: Tokeniser,
    data: &Splits<Questions>,
    kept: Option<&Path>,
) -> Result<(WordText, [Encoded; 3]), RunError> {
    let longest = longest_context(keys);
    // Contexts before questions; the vocabulary is counted in this order.
    let all: [Vec<Tokens>; 3] = Split::ALL.map(|split| {
        let part = data.split(split);
        let contexts = part.contexts.par_iter().map(|context| tokens(&tokeniser, context, longest));
        let questions = part.questions.par_iter().map(|q| tokens(&tokeniser, &q.question, LONGEST_QUESTION));
        contexts.chain(questions).collect()
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
    Ok((text, parts))
}

fn in_pieces(text: &BertText, longest: usize, data: &Splits<Questions>) -> ReadTexts {
    let mut cut = 0;
    let parts = Split::ALL.map(|split| {
        let part = data.split(split);
        let (tokens, contexts) =
            part.contexts.par_iter().map(|context| pairs::context(text, context)).unzip();
        let questions = part.questions.par_iter().map(|q| pairs::question(text, &q.question, longest));
        let (questions, were_cut): (Vec<Text>, Vec<bool>) = questions.unzip();
        cut += were_cut.into_iter().filter(|cut| *cut).count();
        Encoded { contexts, tokens, questions }
    });
    ReadTexts { parts, cut }
}

fn tokens(tokeniser: &Tokeniser, text: &str, longest: usize) -> Tokens {
    let mut tokens = tokeniser.tokens(text);
    tokens.truncate(longest);
    tokens
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
                let tokens = tokens(&text.tokeniser, context, longest_context(&self.keys));
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
