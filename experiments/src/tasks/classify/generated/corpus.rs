//! How a corpus is made of single texts: labels in proportion, noise, splits without common texts.

use crate::data::files::digest_of;
use crate::data::generated::{Rng, Sizes};
use crate::data::{Example, Splits};
use std::collections::HashSet;

/// A corpus of texts with two labels.
pub(super) struct Recipe<'a> {
    /// The name of the data set.
    pub name: &'static str,
    /// What the labels mean, by index.
    pub labels: [&'static str; 2],
    /// Percentage of the training labels that are flipped.
    pub noise: u64,
    /// Percentage of the examples whose label is 1.
    pub share: u64,
    /// The stream of its random numbers.
    pub key: u64,
    /// What it is, in one sentence.
    pub note: String,
    /// A text for training, or else for dev and test, with the label 1 or 0.
    pub speak: &'a dyn Fn(&mut Rng, bool, bool) -> String,
}

impl Recipe<'_> {
    /// The splits: the same for the same seed and sizes, on every platform.
    pub fn corpus(&self, seed: u64, sizes: Sizes) -> Splits<Vec<Example>> {
        let train = self.split(seed, 0, sizes.train, &HashSet::new());
        let mut seen: HashSet<&str> = texts(&train).collect();
        let dev = self.split(seed, 1, sizes.dev, &seen);
        seen.extend(texts(&dev));
        let test = self.split(seed, 2, sizes.test, &seen);
        splits(self.name, self.labels, self.note.clone(), [train, dev, test])
    }

    /// Generates one split, whose texts are none of `seen`.
    fn split(&self, seed: u64, split: u64, size: usize, seen: &HashSet<&str>) -> Vec<Example> {
        let share = self.share as usize;
        let mut examples = Vec::with_capacity(size);
        for index in 0..size {
            // The multiples of `share` pass a hundred at even intervals: the labels of every prefix are in proportion.
            let label = (index + 1) * share / 100 > index * share / 100;
            let mut rng = Rng::new(&[seed, self.key, split, index as u64]);
            let mut text = (self.speak)(&mut rng, split > 0, label);
            while seen.contains(text.as_str()) {
                text = (self.speak)(&mut rng, split > 0, label);
            }
            let flipped = split == 0 && rng.chance(self.noise);
            examples.push(Example { text, labels: vec![usize::from(label != flipped)] });
        }
        examples
    }
}

fn texts(examples: &[Example]) -> impl Iterator<Item = &str> {
    examples.iter().map(|example| example.text.as_str())
}

/// A generated set of these splits.
pub(super) fn splits(
    name: &str,
    labels: [&str; 2],
    note: String,
    [train, dev, test]: [Vec<Example>; 3],
) -> Splits<Vec<Example>> {
    let checksum = checksum([&train, &dev, &test]);
    Splits {
        name: name.to_owned(),
        labels: labels.map(str::to_owned).to_vec(),
        part_checksums: std::array::from_fn(|_| checksum.clone()),
        checksum,
        train,
        dev,
        test,
        note,
    }
}

/// SHA-256 of the splits as lines `label<TAB>text`, an empty line after each split.
fn checksum(splits: [&[Example]; 3]) -> String {
    let mut text = String::new();
    for examples in splits {
        for example in examples {
            text.push_str(&example.labels[0].to_string());
            text.push('\t');
            text.push_str(&example.text);
            text.push('\n');
        }
        text.push('\n');
    }
    digest_of(text.as_bytes())
}
