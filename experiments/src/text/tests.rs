//! The words and ids of the generated corpora stay the same across versions, so that the results of a run do too.

use super::lexicon::{Lexicon, LexiconOptions, Text};
use super::{Mode, Tokeniser, Tokens};
use crate::data::Questions;
use crate::data::Split;
use crate::tasks::classify::generated::{Kind, classification};
use crate::tasks::read::generated::{SIZES, reading};
use crate::tasks::tag::generated::{Corpus, tagging};
use gradus_engine::{Mode as Pass, Rng, Tensor};
use sha2::{Digest, Sha256};

const SPLITS: [Split; 3] = [Split::Train, Split::Dev, Split::Test];

struct Sum(Sha256);

impl Sum {
    fn new(lexicon: &Lexicon) -> Self {
        let mut hash = Sha256::new();
        hash.update(lexicon.vocabulary().words().join("\n"));
        Sum(hash)
    }

    fn ids(&mut self, tokens: &[Tokens], lexicon: &Lexicon) {
        for text in tokens.iter().map(|tokens| lexicon.encode(tokens)) {
            self.0.update((text.len() as u64).to_le_bytes());
            text.ids().iter().for_each(|&id| self.0.update(i64::from(id).to_le_bytes()));
        }
    }

    /// Ids and characters of all texts, and which words become UNK in two batches.
    fn batches(&mut self, tokens: &[Tokens], lexicon: &Lexicon) {
        let texts: Vec<Text> = tokens.iter().map(|tokens| lexicon.encode(tokens)).collect();
        let mut add = |numbers: &Tensor| {
            numbers.to_vec::<i64>().into_iter().for_each(|number| self.0.update(number.to_le_bytes()));
        };
        for chunk in texts.chunks(64) {
            let batch = lexicon.batch(&chunk.iter().collect::<Vec<_>>(), 0.0, &mut Pass::Eval);
            let words = batch.words();
            let (characters, lengths) = words.characters.unwrap();
            [words.ids, words.lengths, characters, lengths].into_iter().for_each(&mut add);
        }
        let first: Vec<&Text> = texts.iter().take(64).collect();
        let mut rng = Rng::new(7);
        for _ in 0..2 {
            add(lexicon.batch(&first, 0.5, &mut Pass::Train(&mut rng)).words().ids);
        }
    }

    fn start(self) -> String {
        self.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[test]
fn ids_of_generated_texts_are_those_of_all_versions() {
    let expected = [
        ("reviews", "cb8614194b14809d"),
        ("reviews-imbalanced", "839b2ad4c8c17e5c"),
        ("reviews-long", "707b8c0905a51b1a"),
        ("opinions", "e3e3f87a3ae4aaf6"),
        ("subjectivity", "884a55addf06f2d1"),
        ("phrases", "579ea3436724e7da"),
    ];
    assert_eq!(expected.map(|(name, _)| name), Kind::ALL.map(Kind::name));
    let tokeniser = Tokeniser { mode: Mode::Whitespace, ..Tokeniser::default() };
    for (kind, (name, expected)) in Kind::ALL.into_iter().zip(expected) {
        let set = classification(kind, 1, kind.sizes());
        let tokens = SPLITS.map(|split| {
            let texts = set.split(split).iter().map(|example| tokeniser.tokens(&example.text));
            texts
                .map(|mut tokens| {
                    tokens.truncate(400);
                    tokens
                })
                .collect::<Vec<_>>()
        });
        let options = LexiconOptions { min_count: 2, max_vocab: 30_000, characters: None };
        let lexicon = Lexicon::count(tokens[0].iter(), &options, None);
        let mut sum = Sum::new(&lexicon);
        tokens.iter().for_each(|tokens| sum.ids(tokens, &lexicon));
        assert_eq!(sum.start(), expected, "{name}");
    }
}

#[test]
fn ids_of_generated_sentences_are_those_of_all_versions() {
    for (name, expected) in [("names", "4e6ea25c6203a92e"), ("names-small", "ac2dbf4d88cac9cb")] {
        let corpus = Corpus::ALL.into_iter().find(|corpus| corpus.name() == name).unwrap();
        let set = tagging(corpus, 1, corpus.sizes());
        let tokens = SPLITS.map(|split| {
            let sentences = set.split(split).iter();
            sentences.map(|s| Tokens::of_words(&s.words, &Tokeniser::default())).collect::<Vec<_>>()
        });
        let options = LexiconOptions { min_count: 1, max_vocab: 0, characters: Some(20) };
        let lexicon = Lexicon::count(tokens[0].iter(), &options, None);
        let mut sum = Sum::new(&lexicon);
        tokens.iter().for_each(|tokens| sum.batches(tokens, &lexicon));
        assert_eq!(sum.start(), expected, "{name}");
    }
}

#[test]
fn ids_of_generated_passages_are_those_of_all_versions() {
    let set = reading(1, SIZES);
    let tokeniser = Tokeniser::default();
    let tokens = |split: &Questions| {
        let contexts = split.contexts.iter().map(|text| tokeniser.tokens(text)).collect::<Vec<_>>();
        let questions = split.questions.iter().map(|q| tokeniser.tokens(&q.question)).collect::<Vec<_>>();
        [contexts, questions]
    };
    let splits = [&set.train, &set.dev, &set.test].map(tokens);
    let options = LexiconOptions { min_count: 2, max_vocab: 30_000, characters: Some(20) };
    let lexicon = Lexicon::count(splits[0].iter().flatten(), &options, None);
    let mut sum = Sum::new(&lexicon);
    splits.iter().flatten().for_each(|tokens| sum.batches(tokens, &lexicon));
    assert_eq!(sum.start(), "2f74dac1eab923cc");
}
