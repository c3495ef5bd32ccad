//! Generated pairs: each meaning of the [generated languages](crate::data::generated::languages) said in the first language and in
//! another one. Difficulty is that of the languages alone: meanings and sizes are the same. A training sentence is said in one of the right
//! ways, drawn at random; sentences of dev and test have all of them as references.

use super::pairs::Pair;
use crate::data::Splits;
use crate::data::files::digest_of;
use crate::data::generated::languages::{LANGUAGES, Meaning, SIZES, Utterance, meanings};
use crate::data::generated::{Rng, Sizes};
use crate::run::Generated;

/// The names of the sets, by the place of the language that is translated into, from 1.
const NAMES: [&str; 5] = ["translate-b", "translate-c", "translate-d", "translate-e", "translate-f"];

fn note(place: usize) -> String {
    format!("generated sentences in language a with translations into language {}", LANGUAGES[place].name)
}

const fn set(place: usize, what: fn() -> String, make: fn(u64) -> Splits<Vec<Pair>>) -> Generated<Vec<Pair>> {
    Generated { name: NAMES[place - 1], what, labels: &[], sizes: SIZES, make }
}

/// The generated sets.
pub static SETS: &[Generated<Vec<Pair>>] = &[
    set(1, || note(1), |seed| pairs(1, seed, SIZES)),
    set(2, || note(2), |seed| pairs(2, seed, SIZES)),
    set(3, || note(3), |seed| pairs(3, seed, SIZES)),
    set(4, || note(4), |seed| pairs(4, seed, SIZES)),
    set(5, || note(5), |seed| pairs(5, seed, SIZES)),
];

/// Sentences of the first language with translations into that of the place, from 1: the same for the same seed and sizes, on every
/// platform. The sentences are the same whatever they are translated into, and none is in two splits.
///
/// # Panics
/// If there is no such language.
#[track_caller]
pub fn pairs(place: usize, seed: u64, sizes: Sizes) -> Splits<Vec<Pair>> {
    assert!((1..=NAMES.len()).contains(&place), "pairs: there is no language {place} to translate into");
    let mut rng = Rng::new(&[seed, place as u64]);
    let text = |said: &Utterance| said.words.join(" ");
    let source = |meaning: &Meaning| text(&LANGUAGES[0].say(meaning));
    let all = |meaning: &Meaning| LANGUAGES[place].references(meaning).iter().map(text).collect();
    let [train, dev, test] = meanings(seed, sizes);
    let mut freely = |meaning| text(&LANGUAGES[place].say_freely(meaning, &mut rng));
    let train: Vec<Pair> = train.iter().map(|meaning| Pair::new(source(meaning), freely(meaning))).collect();
    let [dev, test] = [dev, test].map(|meanings| -> Vec<Pair> {
        meanings.iter().map(|meaning| Pair { source: source(meaning), references: all(meaning) }).collect()
    });
    let lines = |part: &Vec<Pair>| -> String {
        part.iter().map(|pair| format!("{}\t{}\n", pair.source, pair.references.join("\t"))).collect()
    };
    let checksum = digest_of([&train, &dev, &test].map(lines).join("\n").as_bytes());
    Splits {
        train,
        dev,
        test,
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        note: note(place),
        ..Splits::none(NAMES[place - 1], &[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_the_same_whatever_they_are_translated_into() {
        let sizes = Sizes { train: 40, dev: 8, test: 8 };
        let sets = [1, 2, 3, 4, 5].map(|place| pairs(place, 1, sizes));
        for set in &sets {
            assert_eq!([&set.train, &set.dev, &set.test].map(Vec::len), [40, 8, 8]);
            assert_eq!(*set, pairs(sets.iter().position(|other| other == set).unwrap() + 1, 1, sizes));
        }
        for (one, other) in sets[0].train.iter().zip(&sets[2].train) {
            assert!(one.source == other.source && one.reference() != other.reference(), "{one:?} {other:?}");
        }
        for set in &sets {
            assert!(set.train.iter().all(|pair| pair.references.len() == 1));
            let several = set.test.iter().filter(|pair| pair.references.len() > 1).count();
            assert!(several > 0, "{}", set.name);
        }
        assert!(
            sets[0].test.iter().all(|pair| sets[0].train.iter().all(|known| known.source != pair.source))
        );
        assert_ne!(sets[0].train, pairs(1, 2, sizes).train);
    }
}
