//! Generated classification corpora, so that everything runs with no download.
//!
//! A seeded grammar written for this project speaks one small language about films; no text in it comes from anywhere
//! else. Each [`Kind`] is built to be hard in ways that are known:
//!
//! - **Negation and its scope.** One clause in seven reverses its adjective, near ("is not dull"), far ("i do not think
//!   that the plot , shot in … , is dull"), or without "not" ("anything but dull", "should have been funny"); one in
//!   twelve has a negative word that reverses nothing ("no doubt", "could not be more").
//! - **Contrast.** A sixth of the sentences holds two clauses that may disagree in every word; "but", "although",
//!   "despite", "still" say which one counts.
//! - **Degree.** "slightly dull and utterly funny" is praise: the stronger word wins.
//! - **Irony and others' views.** "… , said nobody ever" and "… , and i disagree" reverse the whole sentence; "said
//!   everybody i know" and "i agree" do not.
//! - **Words with no polarity of their own.** "quick" praises a joke and blames a farewell, "slow" the reverse: an
//!   exclusive-or of two words that says nothing to a sum over words.
//! - **A long tail.** 40 written and 200 coined adjectives of each polarity follow Zipf's law (in `opinions` a flatter
//!   one); a coined word's form does not tell its polarity. Names, places, trades and years are long tails that mean
//!   nothing.
//! - **Shift.** In dev and test one adjective in eight comes from the rarer half of training's and 2% stand in no
//!   training text; the rarer names, places and trades are others; and the genre, which in training goes with the
//!   label four times in five, tells nothing.
//! - **Label noise.** A known share of the training labels ([`Kind::noise`]) is flipped. Dev and test are clean, and
//!   share no text with training or with each other.
//! - **Imbalance** in `reviews-imbalanced` (1 : 9) and `phrases` (31 : 69); label 1 is the rare one.
//! - **Distance** in `reviews-long`: a concluding sentence, or the first sentence together with one near the end,
//!   settles what the sentences between only hint at.
//! - **Position** in `subjectivity`: "a story of a dull cook" tells, "a dull story of a cook" judges.
//!
//! A reader who knows the words and the rules is right on every text of dev and test: the tests hold such a reader,
//! which sees the text alone. One who only counts words is far from it. The second column is naive Bayes over the set
//! of words, trained on 4,000 examples (2,000 of `reviews-long`), as the tests assert it; the third, for orientation,
//! a BiLSTM in PyTorch (64 wide, one layer, mean over time, random embeddings, Adam, 4 to 6 epochs, one seed, on the
//! number of examples given). Both are mean recall of the two labels on test, in percent; chance is 50.
//!
//! | corpus | naive Bayes | BiLSTM |
//! | --- | --- | --- |
//! | `reviews` | 68 | 86 on 8,000; 68 on 3,000 |
//! | `reviews-imbalanced` | 65 | 74 on 8,000 |
//! | `reviews-long` | 73 | 75 on 2,000 |
//! | `opinions` | 70 | 80 on 8,000 |
//! | `subjectivity` | 69 | 94 on 4,000 |
//! | `phrases` | 63 | 80 on 4,000 |
//!
//! [`domains`] has reviews of six domains at known distances, [`languages`] opinions in four languages.
//!
//! The same seed gives the same text on every platform. A training example depends on kind, seed and index alone, so
//! that a larger training split begins with the smaller one; in dev and test a text that stands in an earlier split is
//! replaced. Each prefix of a split has its labels, before noise, in proportion.
//!
//! ```
//! use gradus::data::generated::Sizes;
//! use gradus::tasks::classify::generated::{Kind, classification};
//!
//! let reviews = classification(Kind::Reviews, 1, Sizes { train: 100, dev: 10, test: 20 });
//! assert_eq!((reviews.train.len(), reviews.labels[1].as_str()), (100, "positive"));
//! ```

mod corpus;
mod document;
pub mod domains;
mod grammar;
pub mod languages;
mod lexicon;
#[cfg(test)]
mod reader;
mod speaker;
#[cfg(test)]
mod tests;
mod words;

use crate::data::generated::languages::SIZES as OF_LANGUAGES;
use crate::data::generated::{Rng, Sizes};
use crate::data::{Example, Splits};
use crate::run::Generated;
use corpus::Recipe;
use domains::domain;
use languages::opinions;
use speaker::Speaker;

/// A generated corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sentences of praise and blame, as many of each.
    Reviews,
    /// The same sentences with nine of blame for one of praise.
    ReviewsImbalanced,
    /// Reviews of 60 to 150 words, in the place of IMDB.
    ReviewsLong,
    /// Sentences with a longer tail of words and more label noise, in the place of MR.
    Opinions,
    /// Sentences that tell a story or judge it, in the place of SUBJ.
    Subjectivity,
    /// Phrases of one to six words, in the place of MPQA.
    Phrases,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Reviews,
        Kind::ReviewsImbalanced,
        Kind::ReviewsLong,
        Kind::Opinions,
        Kind::Subjectivity,
        Kind::Phrases,
    ];

    /// The name by which a configuration asks for the corpus.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Reviews => "reviews",
            Kind::ReviewsImbalanced => "reviews-imbalanced",
            Kind::ReviewsLong => "reviews-long",
            Kind::Opinions => "opinions",
            Kind::Subjectivity => "subjectivity",
            Kind::Phrases => "phrases",
        }
    }

    /// What the labels mean, by index.
    pub const fn labels(self) -> [&'static str; 2] {
        match self {
            Kind::Subjectivity => ["objective", "subjective"],
            _ => ["negative", "positive"],
        }
    }

    /// Percentage of the training labels that are flipped.
    pub const fn noise(self) -> u64 {
        match self {
            Kind::Reviews | Kind::Phrases => 4,
            Kind::ReviewsImbalanced => 2,
            Kind::ReviewsLong => 3,
            Kind::Opinions | Kind::Subjectivity => 6,
        }
    }

    /// Percentage of the examples whose label is 1.
    pub const fn share(self) -> u64 {
        match self {
            Kind::ReviewsImbalanced => 10,
            Kind::Phrases => 31,
            _ => 50,
        }
    }

    /// Sizes at which the full corpus is generated.
    pub const fn sizes(self) -> Sizes {
        match self {
            Kind::ReviewsLong => Sizes { train: 4000, dev: 500, test: 1000 },
            _ => Sizes { train: 8000, dev: 1000, test: 2000 },
        }
    }

    /// What it is, in one sentence.
    pub fn note(self) -> String {
        let what = match self {
            Kind::Reviews => "sentences, balanced",
            Kind::ReviewsImbalanced => "sentences, one positive in ten",
            Kind::ReviewsLong => "reviews of 60 to 150 words, balanced",
            Kind::Opinions => "sentences with a long tail of rare words, balanced, in the place of MR",
            Kind::Subjectivity => "sentences, balanced, in the place of SUBJ",
            Kind::Phrases => "phrases, 31% positive, in the place of MPQA",
        };
        let noise = self.noise();
        format!(
            "generated {what}; {noise}% of the training labels flipped, dev and test clean and shifted in vocabulary"
        )
    }

    fn speak(self, rng: &mut Rng, held_out: bool, label: bool) -> String {
        let flatness = if self == Kind::Opinions { 6 } else { 1 };
        let mut speaker = Speaker { rng, held_out, flatness, domain: None };
        match (self, label) {
            (Kind::Reviews | Kind::ReviewsImbalanced | Kind::Opinions, _) => speaker.say("REVIEW", label),
            (Kind::ReviewsLong, _) => document::write(&mut speaker, label),
            (Kind::Subjectivity, true) => speaker.say("SUBJECTIVE", true),
            (Kind::Subjectivity, false) => speaker.say("OBJECTIVE", true),
            (Kind::Phrases, _) => speaker.say("PHRASE", label),
        }
    }
}

/// A row of the table of generated sets.
macro_rules! set {
    ($kind:ident) => {
        Generated {
            name: Kind::$kind.name(),
            what: || Kind::$kind.note(),
            labels: &Kind::$kind.labels(),
            sizes: Kind::$kind.sizes(),
            make: |seed| classification(Kind::$kind, seed, Kind::$kind.sizes()),
        }
    };
}

/// The row of a domain.
macro_rules! domain {
    ($number:literal) => {
        Generated {
            name: domains::NAMES[$number - 1],
            what: || domains::note($number),
            labels: &domains::LABELS,
            sizes: domains::SIZES,
            make: |seed| domain($number, seed, domains::SIZES),
        }
    };
}

/// The row of a language.
macro_rules! opinions {
    ($place:literal) => {
        Generated {
            name: languages::NAMES[$place],
            what: || languages::note($place),
            labels: &languages::LABELS,
            sizes: OF_LANGUAGES,
            make: |seed| opinions($place, seed, OF_LANGUAGES),
        }
    };
}

/// The generated sets.
pub static SETS: &[Generated<Vec<Example>>] = &[
    set!(Reviews),
    set!(ReviewsImbalanced),
    set!(ReviewsLong),
    set!(Opinions),
    set!(Subjectivity),
    set!(Phrases),
    domain!(1),
    domain!(2),
    domain!(3),
    domain!(4),
    domain!(5),
    domain!(6),
    opinions!(0),
    opinions!(1),
    opinions!(2),
    opinions!(3),
];

/// Generates a corpus: the same for the same kind, seed and sizes, on every platform.
pub fn classification(kind: Kind, seed: u64, sizes: Sizes) -> Splits<Vec<Example>> {
    let recipe = Recipe {
        name: kind.name(),
        labels: kind.labels(),
        noise: kind.noise(),
        share: kind.share(),
        key: kind as u64,
        note: kind.note(),
        speak: &|rng, held_out, label| kind.speak(rng, held_out, label),
    };
    recipe.corpus(seed, sizes)
}
