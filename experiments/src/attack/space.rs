use crate::text::Vocabulary;
use crate::text::tokenise::NUM;
use crate::text::vocabulary::UNK;
use gradus_engine::{Device, Tensor, no_grad};
use std::collections::HashMap;

/// The words of a model's embedding table with their vectors; padding and other entries that no text contains are left out.
pub struct Space {
    words: Vec<String>,
    places: HashMap<String, usize>,
    /// E [C, W], in host memory.
    table: Tensor,
    /// The vectors divided by their lengths [C, W]; a vector of zeros stays.
    directions: Tensor,
    /// The tag that each word has most often, by its index; none if there are no tags.
    tags: Option<HashMap<usize, usize>>,
}

impl Space {
    /// The words of a vocabulary, with the table of a model [V, W].
    pub fn of_vocabulary(vocabulary: &Vocabulary, table: &Tensor) -> Space {
        let words = vocabulary.words().iter().enumerate().skip(UNK as usize + 1);
        let (ids, words) =
            words.filter(|(_, word)| *word != NUM).map(|(id, word)| (id, word.clone())).unzip();
        Space::new(words, &table.detach().to_device(Device::Cpu), ids)
    }

    /// Words, and the row of each in a table [V, W].
    pub fn new(words: Vec<String>, table: &Tensor, rows: Vec<usize>) -> Space {
        let ids: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let (table, directions) = no_grad(|| {
            let table = table.embedding(&Tensor::from_slice(&ids, [ids.len()]));
            let norms = table.square().sum(&[-1]).sqrt().clamp(1e-12, f64::MAX).unsqueeze(1);
            let directions = &table / norms;
            (table, directions)
        });
        let places = words.iter().cloned().zip(0..).collect();
        Space { words, places, table, directions, tags: None }
    }

    /// The same with the tag that each word has most often; of equally frequent ones the lowest. A word that has no tag then
    /// [fits](Space::fits) no place that has one.
    pub fn with_tags<'a>(self, tagged: impl Iterator<Item = (&'a str, usize)>) -> Space {
        let mut counts: HashMap<usize, HashMap<usize, usize>> = HashMap::new();
        for (word, tag) in tagged {
            if let Some(place) = self.place(word) {
                *counts.entry(place).or_default().entry(tag).or_default() += 1;
            }
        }
        let most = |tags: &HashMap<usize, usize>| {
            tags.iter().max_by_key(|&(&tag, &n)| (n, std::cmp::Reverse(tag))).map(|(&tag, _)| tag)
        };
        let tags = counts.iter().filter_map(|(word, tags)| Some((*word, most(tags)?)));
        Space { tags: Some(tags.collect()), ..self }
    }

    /// Whether the words have tags.
    pub fn has_tags(&self) -> bool {
        self.tags.is_some()
    }

    /// A word by its index.
    pub fn word(&self, place: usize) -> &str {
        &self.words[place]
    }

    /// The index of a word: as written, else in lower case.
    pub fn place(&self, word: &str) -> Option<usize> {
        self.places.get(word).or_else(|| self.places.get(&word.to_lowercase())).copied()
    }

    /// E [C, W].
    pub fn table(&self) -> &Tensor {
        &self.table
    }

    /// The cosine of each word with one of them [C].
    pub fn cosines(&self, place: usize) -> Vec<f64> {
        no_grad(|| self.directions.matmul(&self.directions.narrow(0, place, 1).t())).to_f64()
    }

    /// Whether the word at `place` may stand where the tag is this one: always, if there are no tags.
    pub fn fits(&self, place: usize, tag: Option<usize>) -> bool {
        match (&self.tags, tag) {
            (Some(tags), Some(tag)) => tags.get(&place) == Some(&tag),
            (None, _) | (_, None) => true,
        }
    }
}

/// A replacement with a capital where the word has one.
pub(super) fn cased(replacement: &str, word: &str) -> String {
    let mut letters = replacement.chars();
    match (word.chars().next(), letters.next()) {
        (Some(old), Some(new)) if old.is_uppercase() => new.to_uppercase().chain(letters).collect(),
        _ => replacement.to_owned(),
    }
}
