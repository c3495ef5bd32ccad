//! A reader of words under attack.

use super::fix_answers;
use crate::attack::{self, Changes, Space, Victim};
use crate::data::{Question, Split};
use crate::explain::log_odds;
use crate::tasks::read::reading::with_nothing_before;
use crate::tasks::read::spans::token_span;
use crate::tasks::read::{Answered, Read};
use crate::tasks::word_vectors::{OfVectors, WordVectors, word_features};
use crate::tasks::words::WordText;
use crate::text::{Text, Tokens, batches};
use gradus_engine::{CreateGraph, Mode, Tensor, grad, no_grad};
use gradus_models::{Reader, ReaderInput, Reading as Logits};

/// The questions of a split with the model.
pub(super) struct Asked<'a> {
    task: &'a Read,
    text: &'a WordText,
    model: &'a dyn Reader,
    split: Split,
    space: Space,
}

impl<'a> Asked<'a> {
    /// The questions of a split with a model that reads the words of `text`.
    pub fn new(task: &'a Read, text: &'a WordText, model: &'a dyn Reader, split: Split) -> Self {
        let space = Space::of_vocabulary(text.lexicon.vocabulary(), &model.word_table().value());
        Asked { task, text, model, split, space }
    }

    fn question(&self, example: usize) -> &Question {
        &self.task.data.split(self.split).questions[example]
    }

    /// The words of the context, without the place before it that says that there is no answer.
    fn tokens(&self, example: usize) -> &Tokens {
        &self.task.parts[self.split as usize].tokens[self.question(example).context]
    }

    /// The context of these words as the model reads it.
    fn context(&self, words: &[String]) -> Text {
        with_nothing_before(
            &self.text.lexicon,
            self.task.keys.model.no_answer(),
            &Tokens::of_words(words, &self.text.tokeniser),
        )
    }

    /// The places of the first right answer as the model counts them; none if there is no such place.
    fn gold(&self, example: usize) -> Option<[usize; 2]> {
        let nothing = usize::from(self.task.keys.model.no_answer());
        match self.question(example).answers.first() {
            Some(answer) => {
                let (first, last) = token_span(self.tokens(example), answer)?;
                Some([first + nothing, last + nothing])
            }
            None => (nothing > 0).then_some([0, 0]),
        }
    }

    /// −log-odds of the right start and of the right end, added [S].
    fn loss(&self, example: usize, reading: &Logits) -> Tensor {
        let [start, end] = self.gold(example).expect("attack: an example without a right place is left out");
        -(log_odds(&reading.start, start) + log_odds(&reading.end, end))
    }
}

impl Changes<Answered> for Asked<'_> {
    fn count(&self) -> usize {
        self.task.data.split(self.split).questions.len()
    }

    fn victim(&self, example: usize) -> Option<Victim> {
        let tokens = self.tokens(example);
        self.gold(example)?;
        let mut victim = Victim::of_words(WordVectors::written(tokens));
        fix_answers(&mut victim, tokens, self.question(example));
        (2..=attack::MOST_WORDS).contains(&tokens.len()).then_some(victim)
    }

    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(Answered, f64)> {
        let contexts: Vec<Text> = texts.iter().map(|words| self.context(words)).collect();
        let lengths: Vec<usize> = contexts.iter().map(Text::len).collect();
        let question = &self.task.parts[self.split as usize].questions[example];
        batches::each(&lengths, attack::BATCH, |batch| {
            let asked: Vec<(&Text, &Text)> = batch.iter().map(|&i| (&contexts[i], question)).collect();
            let (reading, lengths) = self.task.logits_in_words(&self.text.lexicon, self.model, &asked);
            let losses = no_grad(|| self.loss(example, &reading)).to_f64();
            self.task.answered(&reading, &lengths).into_iter().zip(losses).collect()
        })
    }

    fn gradient(&self, example: usize, words: &[String]) -> Tensor {
        let vectors =
            |text: &Text| WordVectors::of(&self.text.lexicon, self.model, vec![], text).x.unsqueeze(0);
        let x = vectors(&self.context(words)).variable();
        let question = OfVectors::new(&vectors(&self.task.parts[self.split as usize].questions[example]));
        let (context, question) = (OfVectors::new(&x), question);
        let input = ReaderInput::Words { context: &context.words(), question: &question.words() };
        let reading = self.model.read(&input, &mut Mode::Eval);
        let gradient = grad(&self.loss(example, &reading), &[&x], CreateGraph::No).remove(0);
        let before = usize::from(self.task.keys.model.no_answer());
        word_features(self.model, &gradient.squeeze(0).narrow(0, before, words.len()))
    }

    fn space(&self) -> &Space {
        &self.space
    }
}
