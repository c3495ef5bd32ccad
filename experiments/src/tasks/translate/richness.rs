//! How rich the words of the training translations are, which makes some languages harder than others.

use super::Translate;
use crate::data::Split;
use crate::run::{PIECES_PER_WORD, TYPE_TOKEN_RATIO};
use std::collections::{BTreeMap, HashSet};

/// A ratio of types to tokens falls with the length of the text: it is the mean over stretches of this many words.
const STRETCH: usize = 1000;

/// [`TYPE_TOKEN_RATIO`] and [`PIECES_PER_WORD`] of the translations in the training split; words are what white space separates.
pub(super) fn richness(task: &Translate) -> BTreeMap<String, f64> {
    let train = task.data.split(Split::Train);
    let words: Vec<&str> = train.iter().flat_map(|pair| pair.reference().split_whitespace()).collect();
    let pieces: usize = task.texts[Split::Train as usize].iter().map(|[_, target]| target.len()).sum();
    let per_word = pieces as f64 / words.len().max(1) as f64;
    let numbers = [(TYPE_TOKEN_RATIO.name, ratio(&words)), (PIECES_PER_WORD.name, per_word)];
    numbers.map(|(name, number)| (name.to_owned(), number)).into()
}

/// The mean ratio of different words to words over whole stretches; over all words if these are fewer than one stretch.
fn ratio(words: &[&str]) -> f64 {
    let of = |words: &[&str]| words.iter().collect::<HashSet<_>>().len() as f64 / words.len().max(1) as f64;
    let stretches = words.chunks_exact(STRETCH);
    match stretches.len() {
        0 => of(words),
        n => stretches.map(of).sum::<f64>() / n as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn a_ratio_does_not_depend_on_the_length_of_the_text() {
        let words: Vec<String> = (0..2500).map(|i| (i % 500).to_string()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(ratio(&words), 0.5, "of each thousand words half are new");
        assert_eq!(ratio(&words[..250]), 1.0);
        assert_eq!(ratio(&[]), 0.0);
    }
}
