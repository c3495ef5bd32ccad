//! The words of the languages: coined from the sounds of each language, or derived from the word of the first language.

use super::concept::{Class, Concept};
use super::list::COUNT;
use super::{LANGUAGES, Language};
use crate::data::generated::Rng;
use std::collections::HashMap;
use std::sync::OnceLock;

/// The sounds of a language, and how it changes the words that it borrows.
#[derive(Debug)]
pub(super) struct Sounds {
    pub onsets: &'static [&'static str],
    pub vowels: &'static [&'static str],
    pub codas: &'static [&'static str],
    /// The ends of coined words.
    pub finals: &'static [&'static str],
    /// What replaces what, in this order, in borrowed words.
    pub changes: &'static [(&'static str, &'static str)],
}

/// The words of one language. No form of a word is a form of another word in any of the languages.
pub(super) struct Lexicon {
    /// By class and rank.
    words: Vec<Vec<String>>,
    /// The concept of every form of every word.
    forms: HashMap<String, Concept>,
}

impl Lexicon {
    /// The lexicon of a language of [`LANGUAGES`].
    pub fn of(language: &Language) -> &'static Lexicon {
        static LEXICONS: [OnceLock<Lexicon>; COUNT] = [const { OnceLock::new() }; COUNT];
        LEXICONS[language.place].get_or_init(|| Lexicon::coin(language))
    }

    /// The second words of a language for its concepts that have two.
    pub fn synonyms(language: &Language) -> &'static Lexicon {
        static SYNONYMS: [OnceLock<Lexicon>; COUNT] = [const { OnceLock::new() }; COUNT];
        SYNONYMS[language.place].get_or_init(|| Lexicon::coin_synonyms(language))
    }

    /// The word for a concept, if there is one.
    pub fn get(&self, concept: Concept) -> Option<&str> {
        self.words[concept.class as usize].get(concept.rank).map(String::as_str)
    }

    /// The word for a concept, without endings, in lower case.
    ///
    /// # Panics
    /// If the rank is not below the number of concepts of the class.
    pub fn word(&self, concept: Concept) -> &str {
        &self.words[concept.class as usize][concept.rank]
    }

    /// Coins all words, none of which is a word of the languages before.
    fn coin(language: &Language) -> Lexicon {
        let before: Vec<&Lexicon> = LANGUAGES[..language.place].iter().map(Lexicon::of).collect();
        let mut lexicon = Lexicon { words: vec![], forms: HashMap::new() };
        for class in Class::ALL {
            let word = |rank| lexicon.add(language, &before, class.at(rank));
            let words = (0..class.count()).map(word).collect();
            lexicon.words.push(words);
        }
        lexicon
    }

    /// Coins the synonyms, which are no words of any language.
    fn coin_synonyms(language: &Language) -> Lexicon {
        const KEY: u64 = 0x7379_6e6f_6e79_6d73;
        let others = LANGUAGES[..language.place].iter().map(Lexicon::synonyms);
        let before: Vec<&Lexicon> = LANGUAGES.iter().map(Lexicon::of).chain(others).collect();
        let mut lexicon = Lexicon { words: vec![], forms: HashMap::new() };
        for class in Class::ALL {
            let mut word = |rank| {
                let concept = class.at(rank);
                let mut rng = Rng::new(&[KEY, language.place as u64, class as u64, rank as u64]);
                loop {
                    let word = coined(&mut rng, language.sounds, false);
                    let known = before.iter().any(|other| other.forms.contains_key(&word));
                    if !known && lexicon.take(language, &before, concept, &word) {
                        return word;
                    }
                }
            };
            let words = (0..class.synonyms()).map(&mut word).collect();
            lexicon.words.push(words);
        }
        lexicon
    }

    /// Adds the forms of the word for a concept, and returns the word.
    fn add(&mut self, language: &Language, before: &[&Lexicon], concept: Concept) -> String {
        const KEY: u64 = 0x776f_7264_7321;
        if concept.class == Class::Stop {
            return ".".into();
        }
        let key = [KEY, language.place as u64, concept.class as u64, concept.rank as u64];
        let mut rng = Rng::new(&key);
        let base = before.first().map(|first| first.word(concept));
        let borrowed = base.and_then(|base| match concept.class.is_name() {
            true if rng.chance(language.names) => Some(base.to_owned()),
            true => Some(changed(base, language.sounds.changes)),
            false => rng.chance(language.cognates).then(|| changed(base, language.sounds.changes)),
        });
        if let Some(word) = borrowed.filter(|word| self.take(language, before, concept, word)) {
            return word;
        }
        loop {
            let word = coined(&mut rng, language.sounds, concept.class.is_function());
            if self.take(language, before, concept, &word) {
                return word;
            }
        }
    }

    /// Takes a word with all its forms, unless one of them has another meaning.
    fn take(&mut self, language: &Language, before: &[&Lexicon], concept: Concept, word: &str) -> bool {
        let forms: Vec<String> = language.endings(word).map(|ending| format!("{word}{ending}")).collect();
        let has_another =
            |lexicon: &Lexicon, form: &str| lexicon.forms.get(form).is_some_and(|of| *of != concept);
        let free = |form: &String| {
            !has_another(self, form) && !before.iter().any(|lexicon| has_another(lexicon, form))
        };
        let free = forms.iter().all(free);
        if free {
            self.forms.extend(forms.into_iter().map(|form| (form, concept)));
        }
        free
    }
}

impl Language {
    /// The gender of a noun, an index of its endings: people are masculine or feminine.
    pub(super) fn gender(&self, concept: Concept) -> usize {
        const KEY: u64 = 0x6765_6e64_6572;
        let genders = self.suffixes.genders.len() as u64;
        let genders = match concept.class {
            Class::First | Class::Stem | Class::Role => genders.min(2),
            _ => genders,
        };
        let key = [KEY, self.place as u64, concept.class as u64, concept.rank as u64];
        Rng::new(&key).below(genders) as usize
    }
}

fn changed(word: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(word.to_owned(), |word, (from, to)| word.replace(from, to))
}

/// Two or three syllables and a final; of function words, one syllable.
fn coined(rng: &mut Rng, sounds: &Sounds, short: bool) -> String {
    let syllables = if short { 1 } else { 2 + u64::from(rng.chance(20)) };
    let mut word = String::new();
    for syllable in 1..=syllables {
        word += rng.pick(sounds.onsets);
        word += rng.pick(sounds.vowels);
        if syllable < syllables {
            word += rng.pick(sounds.codas);
        }
    }
    word + rng.pick(sounds.finals)
}
