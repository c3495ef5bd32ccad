//! A generated corpus for reading comprehension: short passages about invented people, buildings and events.
//!
//! A seeded grammar written for this project; every name is coined. Each passage tells twelve facts about three subjects,
//! and four of them are asked. It is hard in ways that are known:
//!
//! - **Paraphrase.** A question shares the subject's name and little else with the sentence that answers it ("Whose pupil
//!   was Melin?", "Tavo Melin learned everything from Sora Vanez.").
//! - **Distractors.** Three subjects in a passage, of one kind in three passages of four, are told of in the same four
//!   relations. Two of the four have answers of one kind, which a word tells apart ("was opened by", "was won by") or the
//!   order of the names ("gave lessons to"). Asides hold more names, towns, years and numbers.
//! - **Pronouns.** A sentence whose subject is that of the sentence before says "he", "she" or "it" 17 times in 20, so
//!   that the name asked for does not stand in it.
//! - **Distance.** The last fact of a subject stands at the passage's end in one case of three.
//! - **Repeated answers.** People, towns and years of a passage come from four, three and four, so that the answer
//!   often stands in other sentences, too; the first answer's `start` is in the sentence that supports it.
//! - **Shift.** Half of the words in dev's and test's names stand in no training text. Dev and test accept a longer
//!   answer where there is one ("the town of Brivoford").
//!
//! Questions ask who, where, when, how many and what. A reader who knows the rules is right on every question; the tests
//! hold such a reader, which sees passage and question alone. Two who do not, in percent of exact matches on the 2,000
//! questions of test, as the tests assert; both are told which words are names, towns, years, numbers and things, and which
//! of these the question asks for:
//!
//! | baseline | exact match |
//! | --- | --- |
//! | the first answer of the kind asked for | 34.7 |
//! | the first of the kind asked for in the sentences, taken by how many words they share with the question | 65.6 |
//!
//! The same seed gives the same text on every platform, and a larger split begins with the smaller one.
//!
//! ```
//! use gradus::data::generated::Sizes;
//! use gradus::tasks::read::generated::reading;
//!
//! let passages = reading(1, Sizes { train: 40, dev: 4, test: 8 });
//! let question = &passages.train.questions[0];
//! let answer = &question.answers[0];
//! assert!(passages.train.contexts[question.context][answer.start..].starts_with(&answer.text));
//! ```

mod names;
mod passage;
mod relations;
#[cfg(test)]
mod tests;

use crate::data::files::digest_of;

use crate::data::formats::squad;
use crate::data::generated::{Rng, Sizes};
use crate::data::{Question, Questions, Splits};
use crate::run::Generated;
use passage::QUESTIONS;

/// The name by which a configuration asks for the corpus.
pub const PASSAGES: &str = "passages";

/// Questions at which the full corpus is generated.
pub const SIZES: Sizes = Sizes { train: 8000, dev: 1000, test: 2000 };

/// The generated sets.
pub static SETS: &[Generated<Questions>] = &[Generated {
    name: PASSAGES,
    what: || "generated passages with questions".into(),
    labels: &[],
    sizes: SIZES,
    make: |seed| reading(seed, SIZES),
}];

/// Generates the corpus; the sizes count questions. The same for the same seed and sizes, on every platform.
pub fn reading(seed: u64, sizes: Sizes) -> Splits<Questions> {
    let train = split(seed, 0, "train", sizes.train);
    let dev = split(seed, 1, "dev", sizes.dev);
    let test = split(seed, 2, "test", sizes.test);
    let checksum = digest_of([&train, &dev, &test].map(squad::write).concat().as_bytes());
    let note = "generated passages about invented people, buildings and events; half of the words in dev's and test's \
                names stand in no training text"
        .into();
    let part_checksums = std::array::from_fn(|_| checksum.clone());
    Splits { name: PASSAGES.into(), labels: vec![], train, dev, test, checksum, part_checksums, note }
}

fn split(seed: u64, split: u64, name: &str, questions: usize) -> Questions {
    let mut out = Questions::default();
    for context in 0..questions.div_ceil(QUESTIONS) {
        let mut rng = Rng::new(&[seed, 0x7061_7373, split, context as u64]);
        let passage = passage::write(&mut rng, split > 0);
        out.contexts.push(passage.text);
        out.titles.push(passage.title);
        for (question, mut answers) in passage.questions {
            if split == 0 {
                answers.truncate(1);
            }
            let id = format!("{name}-{}", out.questions.len());
            out.questions.push(Question { id, context, question, answers });
        }
    }
    out.questions.truncate(questions);
    out
}
