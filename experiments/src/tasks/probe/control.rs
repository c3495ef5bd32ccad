//! The control of a property: what a probe can only know by heart.
//!
//! | property | control |
//! | --- | --- |
//! | of words | a label for each word type |
//! | of sentences | a label for each sentence type |
//! | of trees | each word type depends on the first or on the last word of its sentence; the last word depends on the first |
//!
//! Labels are drawn from the distribution of the property's labels in training, heads evenly. A draw depends on the word or
//! the sentence alone: it is the same in each occurrence, each split and each run. Of a good probe the accuracy is high and that
//! on the control is low: their difference is the *selectivity*.
//!
//! Source: Hewitt, Liang, "Designing and interpreting probes with control tasks", EMNLP 2019, section 2. Their control of trees
//! has a third head, the word itself, which a tree does not allow.

use crate::data::Tree;
use crate::data::generated::Rng;

/// What the draws depend on besides the text.
const SEED: u64 = 0x0063_6f6e_7472_6f6c;

/// The generator of a text's draw.
fn draws(text: &str) -> Rng {
    let chunk = |bytes: &[u8]| bytes.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    let key: Vec<u64> =
        [SEED, text.len() as u64].into_iter().chain(text.as_bytes().chunks(8).map(chunk)).collect();
    Rng::new(&key)
}

/// The label of a word or a sentence, drawn from labels with these counts.
///
/// # Panics
/// If all are 0.
#[track_caller]
pub(super) fn label(text: &str, counts: &[usize]) -> usize {
    let mut rest = draws(text).below(counts.iter().map(|&n| n as u64).sum()) as usize;
    for (label, &n) in counts.iter().enumerate() {
        match rest.checked_sub(n) {
            Some(less) => rest = less,
            None => return label,
        }
    }
    panic!("control: there are no labels to draw from")
}

/// The tree of a sentence. Words that do not count depend on the first that does, as do all if none counts.
///
/// # Panics
/// If there is no word.
#[track_caller]
pub(super) fn tree(words: &[String], counted: &[bool]) -> Tree {
    let mut chosen = (0..words.len()).filter(|&word| counted[word]);
    let first = chosen.next().unwrap_or(0);
    let last = chosen.next_back().unwrap_or(first);
    let head = |word: usize| match word {
        _ if word == first => None,
        _ if word == last || !counted[word] => Some(first),
        _ => Some(if draws(&words[word]).chance(50) { first } else { last }),
    };
    Tree::new((0..words.len()).map(head).collect())
        .expect("all words depend on the first in one or two steps")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_distribution_of_the_property() {
        let mut found = [0; 3];
        (0..3000).for_each(|i| found[label(&format!("word {i}"), &[10, 0, 30])] += 1);
        assert!((650..850).contains(&found[0]) && found[1] == 0, "{found:?}");
        assert_eq!(label("Oslo", &[1, 1, 1, 1]), label("Oslo", &[1, 1, 1, 1]));
        let differ = (0..64).filter(|i| label(&format!("a{i}"), &[1; 8]) != label(&format!("b{i}"), &[1; 8]));
        assert!(differ.count() > 40);
    }

    #[test]
    fn words_depend_on_the_first_or_the_last_word_by_their_type() {
        let words: Vec<String> = (0..40).map(|i| format!("w{}", i % 20)).chain([".".into()]).collect();
        let counted: Vec<bool> = words.iter().map(|word| word != ".").collect();
        let heads = tree(&words, &counted).heads().to_vec();
        assert_eq!((heads[0], heads[39], heads[40]), (None, Some(0), Some(0)));
        assert!((1..19).all(|i| heads[i] == heads[i + 20]));
        let last = (1..39).filter(|&i| heads[i] == Some(39)).count();
        assert!((8..30).contains(&last) && heads[1..39].iter().flatten().all(|head| [0, 39].contains(head)));
        assert_eq!(tree(&words[..1], &[false]).heads(), [None]);
        assert_eq!(tree(&words[..2], &[false, true]).heads(), [Some(1), None]);
    }
}
