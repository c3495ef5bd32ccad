//! Generated English-like text whose words depend on words at chosen distances, and the exact loss of the best possible
//! language model of it.
//!
//! A text is a series of chapters. A chapter is a title and sentences, one a line:
//!
//! ```text
//! chapter gismal
//! the brangist Gresis sibrends the zistaks
//! the gonfer Bupo pisfises the daprels and tremzates the gonfer Bupo
//! the premlel on the grartrum at the dily drenvels nuxprises the sasstal pilpor Tremben { the prusry nivaks [ the zilsal
//!     semror Lomtra ] the prinprels }
//! ```
//!
//! Three kinds of words depend on words before them:
//!
//! | words | what determines them | distance |
//! | --- | --- | --- |
//! | a verb agrees in kind and number | the subject, or a verb of the same subject | [`Design::agreement`]: other nouns stand between |
//! | a closing bracket | the opening bracket, inner pairs first | [`Design::brackets`]: across noun phrases |
//! | a name | the last mention of its role (`brangist`) in the chapter | [`Design::names`]: across sentences |
//!
//! # The floor
//!
//! The text is a stochastic process. Words determine the state of the grammar, so that the distribution of the next token given
//! *all* tokens before it is known exactly, and the mean of −ln p(token) is an unbiased estimate of the entropy: a floor that
//! the expected loss of no model can go under. It counts the token [`EOS`] at the end of each line.
//! A model of subwords or characters has the same floor on the sum over the text.
//!
//! **Floor of a short context.** With `visible` = L, [`Grammar::nats`] is the loss of an ideal reader who sees only the last
//! L tokens, and is told where in the sentence they are and how many brackets are open, but no agreement, bracket or name that
//! no visible token shows. Agreements, brackets and names are drawn independently of each other and of the rest of the
//! text, so what this reader cannot see is exactly as likely as it was before the text. Since the reader is told more than a model
//! sees, this is a lower bound on the expected loss of every model with a context of L tokens. It is nearly tight: the last few
//! words show where in a sentence they are, and neither the length of a sentence nor the roles in it depend on what came before.
//! On one text, a good model may come out below the floor by chance, as its loss varies around the expected one.
//!
//! At the default design, with 1,000 words:
//!
//! | | 16 tokens | 64 | 256 | 512 | all |
//! | --- | --- | --- | --- | --- | --- |
//! | perplexity that no model of this context can go under | 18.4 | 14.8 | 12.4 | 11.7 | 11.2 |
//! | tokens that depend on one further back | 11.4% | 5.8% | 2.1% | 0.9% | |
//!
//! The text of a seed is the same on every platform: it is drawn with integers. Its nats may differ in the last bit, as
//! [`f64::ln`] does.
//!
//! ```
//! use gradus::data::generated::Rng;
//! use gradus::data::generated::dependencies::{Design, Grammar};
//!
//! let grammar = Grammar::new(&Design::default());
//! let text = grammar.write(&mut Rng::new(&[1]), 1000);
//! assert!(text.lines[0].starts_with("chapter "));
//! let short = grammar.nats(&text.lines, Some(16)).unwrap();
//! assert!(short.iter().sum::<f64>() > text.nats.iter().sum());
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | `design` | distances and sizes, and the weights that follow from them |
//! | `lexicon` | words |
//! | `state` | what can follow what |
//! | `reading` | probabilities of a text |

mod design;
mod lexicon;
mod reading;
mod state;
#[cfg(test)]
mod tests;

pub use design::{Design, PREPOSITIONS, Reach, Roles, Vocabulary};
pub use lexicon::EOS;
pub use reading::Ungrammatical;

use super::Rng;
use state::{Choice, Rules, State};

/// A grammar, which writes texts and knows how likely each token is.
#[derive(Debug)]
pub struct Grammar {
    rules: Rules,
}

/// A generated text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// Lines of words separated by spaces, without [`EOS`]. Chapters begin with a line `chapter` and a word.
    pub lines: Vec<String>,
    /// −ln p(token | all tokens before) of each token, with [`EOS`] at the end of each line.
    pub nats: Vec<f64>,
}

impl Grammar {
    /// The grammar of a design.
    ///
    /// # Panics
    /// If the shares of sentences do not add up to 100, a class has no words, there are too few [`PREPOSITIONS`], or distances
    /// are too short: a modifier takes about 3.5 tokens, and there are only so many noun phrases for names to return in.
    #[track_caller]
    pub fn new(design: &Design) -> Grammar {
        Grammar { rules: Rules::of(design) }
    }

    /// All tokens, [`EOS`] included.
    pub fn vocabulary(&self) -> &[String] {
        &self.rules.lexicon.words
    }

    /// Writes whole lines of at least `tokens` tokens in all. The first line is the title of a chapter; the last chapter may end early.
    pub fn write(&self, rng: &mut Rng, tokens: usize) -> Written {
        let mut written = Written::default();
        let mut state = self.beginning();
        let mut line = String::new();
        while written.nats.len() < tokens || !line.is_empty() {
            let choices = state.choices(&self.rules, None);
            let (choice, rank) = self.draw(rng, &choices);
            written.nats.push(self.nats_of(&choices, choice, rank));
            state.take(&self.rules, choice.step, rank);
            if choice.step == state::Step::End {
                written.lines.push(std::mem::take(&mut line));
                continue;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += &self.rules.lexicon.words[self.rules.group(choice.step).first as usize + rank];
        }
        written
    }

    fn beginning(&self) -> State {
        State::beginning(self.rules.lexicon.roles.sums.len())
    }

    /// One of the choices, and the rank of a token in its class.
    fn draw<'a>(&self, rng: &mut Rng, choices: &'a [Choice]) -> (&'a Choice, usize) {
        let mut left = rng.below(total(choices));
        let mut place = 0;
        while let Some(rest) = left.checked_sub(choices[place].weight) {
            (left, place) = (rest, place + 1);
        }
        let choice = &choices[place];
        let group = self.rules.group(choice.step);
        let rank = choice.only.unwrap_or_else(|| {
            let drawn = rng.below(group.total());
            group.sums.partition_point(|sum| *sum <= drawn)
        });
        (choice, rank)
    }
}

/// The sum of the weights.
fn total(choices: &[Choice]) -> u64 {
    choices.iter().map(|choice| choice.weight).sum()
}
