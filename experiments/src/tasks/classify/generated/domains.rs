//! Generated domains: reviews whose words differ in known degrees from domain to domain.
//!
//! The reviews are those of the corpus `reviews` with its negations, contrasts, irony and degrees. Each domain has its own
//! things ([`THINGS`]), purposes ([`PURPOSES`]) and, for seven judgements in ten, adjectives ([`ADJECTIVES`] of praise and of
//! blame). All other words are common to all domains, among them the adjectives of the other judgements.
//!
//! The domain `domain-k` draws its own words, each equally likely, from a window of a list; the windows of two neighbours are a
//! fifth of their length apart. So of their own words, `domain-j` and `domain-k` share 1 - |j - k| / 5: all if j = k, none if
//! one is the first and the other the last of the six. For words that are equally likely, this is 1 minus the Jensen-Shannon
//! divergence of the windows. Other words do not differ, so the divergence of whole texts grows in proportion to |j - k|.
//!
//! The first row is the divergence in bits of the words of 8,000 training texts (two samples of one domain are 0.006 apart); the
//! second the mean recall on test, in percent, of naive Bayes trained on `domain-1`; the tests assert both.
//!
//! | | `domain-1` | `domain-2` | `domain-3` | `domain-4` | `domain-5` | `domain-6` |
//! | --- | --- | --- | --- | --- | --- | --- |
//! | divergence from `domain-1` | 0 | 0.053 | 0.098 | 0.145 | 0.191 | 0.237 |
//! | trained on `domain-1` | 74 | 71 | 68 | 67 | 65 | 63 |

use super::corpus::Recipe;
use super::lexicon::Lexicon;
use super::speaker::Speaker;
use crate::data::generated::{Rng, Sizes};
use crate::data::{Example, Splits};

/// Names of the data sets.
pub const NAMES: [&str; 6] = ["domain-1", "domain-2", "domain-3", "domain-4", "domain-5", "domain-6"];

/// What the labels mean, by index.
pub const LABELS: [&str; 2] = ["negative", "positive"];

/// The number of examples at full size.
pub const SIZES: Sizes = Sizes { train: 8000, dev: 1000, test: 2000 };

/// How many kinds of things a domain is about.
pub const THINGS: usize = 60;

/// How many purposes its things have.
pub const PURPOSES: usize = 40;

/// How many adjectives of each polarity belong to it.
pub const ADJECTIVES: usize = 50;

/// Percentage of the training labels that are flipped.
const NOISE: u64 = 4;

/// The stream of random numbers of the reviews without labels.
const TEXTS: u64 = 210;

/// The length of a list with a window of this length for each domain.
pub(super) const fn listed(window: usize) -> usize {
    window + (NAMES.len() - 1) * step(window)
}

/// How far apart the windows of neighbours are.
const fn step(window: usize) -> usize {
    window / (NAMES.len() - 1)
}

/// The words of a domain, numbered from 0, in a list.
pub(super) fn window(list: &[String], domain: usize, length: usize) -> &[String] {
    &list[domain * step(length)..][..length]
}

/// The word of a class that belongs to the domain; none if the class is common to all domains.
pub(super) fn word(rng: &mut Rng, domain: usize, class: &str, positive: bool) -> Option<&'static str> {
    let lexicon = Lexicon::shared();
    let (list, length) = match class {
        "NOUN" => (&lexicon.things, THINGS),
        "PURPOSE" => (&lexicon.purposes, PURPOSES),
        "POLAR" if rng.chance(70) => {
            (if positive { &lexicon.own_good } else { &lexicon.own_bad }, ADJECTIVES)
        }
        _ => return None,
    };
    Some(rng.pick(window(list, domain, length)))
}

/// What a domain is, in one sentence.
pub fn note(number: usize) -> String {
    let shared = 100 - 20 * (number - 1);
    let common = match number {
        1 => "the first of six domains".into(),
        _ => format!("{shared}% of the words of its domain are in the first domain, too"),
    };
    format!(
        "generated reviews of things, balanced, {common}; {NOISE}% of the training labels flipped, dev and test clean and \
         shifted in vocabulary"
    )
}

/// Generates the corpus of a domain: the same for the same number, seed and sizes, on every platform.
///
/// # Panics
/// If the number is not from 1 to 6.
pub fn domain(number: usize, seed: u64, sizes: Sizes) -> Splits<Vec<Example>> {
    let speak = |rng: &mut Rng, held_out, label| {
        Speaker { rng, held_out, flatness: 1, domain: Some(number - 1) }.say("GOODS", label)
    };
    let recipe = Recipe {
        name: NAMES[number - 1],
        labels: LABELS,
        noise: NOISE,
        share: 50,
        key: 200 + number as u64,
        note: note(number),
        speak: &speak,
    };
    recipe.corpus(seed, sizes)
}

/// `n` reviews without labels, of some of the domains by turns, drawn from other random numbers than the labelled sets: what a
/// model can be pre-trained on. The same for the same numbers and seed; a larger `n` begins with the smaller one.
///
/// # Panics
/// If `numbers` is empty, or one of them is not from 1 to 6.
pub fn texts(numbers: &[usize], seed: u64, n: usize) -> Vec<String> {
    let text = |index: usize| {
        let mut rng = Rng::new(&[seed, TEXTS, index as u64]);
        let positive = rng.chance(50);
        let domain = Some(numbers[index % numbers.len()] - 1);
        Speaker { rng: &mut rng, held_out: false, flatness: 1, domain }.say("GOODS", positive)
    };
    (0..n).map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::classify::generated::{reader, tests::bag_of_words_on};
    use crate::text::Frequencies;

    const SOME: Sizes = Sizes { train: 2000, dev: 100, test: 2000 };

    fn words(examples: &[Example]) -> Frequencies {
        Frequencies::count(examples.iter().flat_map(|example| example.text.split(' ')))
    }

    #[test]
    fn neighbours_share_four_fifths_of_their_words_and_the_ends_none() {
        let lexicon = Lexicon::shared();
        for (list, length) in [
            (&lexicon.things, THINGS),
            (&lexicon.purposes, PURPOSES),
            (&lexicon.own_good, ADJECTIVES),
            (&lexicon.own_bad, ADJECTIVES),
        ] {
            assert_eq!(list.len(), listed(length));
            for j in 0..NAMES.len() {
                for k in j..NAMES.len() {
                    let [one, other] = [j, k].map(|domain| window(list, domain, length));
                    let common = one.iter().filter(|word| other.contains(word)).count();
                    assert_eq!(5 * common, length * (5 - (k - j)), "{j} {k}");
                }
            }
        }
    }

    #[test]
    fn who_knows_the_rules_is_always_right() {
        for number in 1..=NAMES.len() {
            let set = domain(number, 1, Sizes { train: 1000, dev: 200, test: 500 });
            for example in set.dev.iter().chain(&set.test) {
                assert_eq!(example.labels[0] == 1, reader::praises(&example.text), "{}", example.text);
            }
            let wrong = |e: &&Example| (e.labels[0] == 1) != reader::praises(&e.text);
            let flipped = set.train.iter().filter(wrong).count();
            assert!((15..75).contains(&flipped), "{flipped}");
            assert_eq!(
                (set.name.as_str(), set.labels),
                (NAMES[number - 1], LABELS.map(String::from).to_vec())
            );
        }
    }

    #[test]
    fn reviews_without_labels_are_those_of_their_domains() {
        let mixed = texts(&[1, 6], 1, 40);
        assert_eq!(mixed[..20], texts(&[1, 6], 1, 20));
        let of = [1, 6].map(|number| texts(&[number], 1, 40));
        for (i, text) in mixed.iter().enumerate() {
            assert_eq!(*text, of[i % 2][i]);
        }
        let labelled = domain(1, 1, SOME);
        let common = of[0].iter().filter(|text| labelled.train.iter().any(|example| example.text == **text));
        assert!(common.count() < 4);
    }

    #[test]
    fn the_divergence_of_the_words_grows_with_the_distance() {
        let all: Vec<Frequencies> =
            (1..=NAMES.len()).map(|number| words(&domain(number, 1, SIZES).train)).collect();
        // By distance, as the module's documentation has them.
        let documented = [0.0, 0.053, 0.098, 0.145, 0.191, 0.237];
        let pairs = (0..all.len()).flat_map(|j| (j + 1..all.len()).map(move |k| (j, k)));
        let found: Vec<(usize, f64)> =
            pairs.map(|(j, k)| (k - j, all[j].divergence(&all[k]).unwrap())).collect();
        let close = found.iter().all(|(distance, found)| (found - documented[*distance]).abs() < 0.005);
        assert!(close, "{found:.3?}, documented {documented:?}");
        let other = words(&domain(1, 2, SIZES).train);
        let found = all[0].divergence(&other).unwrap();
        assert!((found - 0.006).abs() < 0.002, "{found:.4}");
    }

    #[test]
    fn counting_words_of_one_domain_is_of_less_use_in_distant_ones() {
        let train = domain(1, 1, Sizes { train: 8000, ..SOME }).train;
        let documented = [73.9, 71.0, 67.8, 67.1, 65.4, 62.9];
        let recall = |number| bag_of_words_on(&train, &domain(number, 1, SOME).test);
        let found: Vec<f64> = (1..=NAMES.len()).map(recall).collect();
        let close = found.iter().zip(documented).all(|(a, b)| (a - b).abs() < 0.6);
        assert!(close, "{found:.1?}, documented {documented:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_text_on_every_platform() {
        let checksum = |number, seed| domain(number, seed, Sizes { train: 100, dev: 20, test: 30 }).checksum;
        let expected = [
            "1f0d6ea3c1b42a504e20e3ace9af55ad378a48093b5a56b5fa07317637eb3e5e",
            "4374b59ac46ddd3e5e5e40bb5d09a434ca6151a069f021c19a23a13d83aa05b7",
        ];
        assert_eq!([1, 6].map(|number| checksum(number, 7)), expected);
        assert_ne!(checksum(1, 8), expected[0]);
    }
}
