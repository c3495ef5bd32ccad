use super::Space;
use super::space::cased;

/// The number of replacements to try for a word.
pub(super) const MOST: usize = 12;

/// The words with this tag whose vectors have the largest cosine with that of a word, at least `similarity`; of equal ones the
/// more frequent. None for a word that is not in the table.
///
/// Source: Jin, Jin, Zhou, Szolovits, "Is BERT really robust? A strong baseline for natural language attack on text
/// classification and entailment", AAAI 2020, algorithm 1; here with the model's own vectors.
pub(super) fn nearest(space: &Space, word: &str, tag: Option<usize>, similarity: f64) -> Vec<String> {
    let Some(place) = space.place(word) else { return vec![] };
    let cosines = space.cosines(place);
    let like = |&other: &usize| other != place && cosines[other] >= similarity && space.fits(other, tag);
    let mut others: Vec<usize> = (0..cosines.len()).filter(like).collect();
    others.sort_by(|&a, &b| cosines[b].total_cmp(&cosines[a]).then(a.cmp(&b)));
    others.truncate(MOST);
    others.into_iter().map(|other| cased(space.word(other), word)).collect()
}
