use super::architectures::{EMBED_DIM, SIZES};
use crate::{Given, Words};
use gradus_engine::{Rng, Stream, Tensor};

/// Texts of the words 1 to 12. A word is written with the characters `id % 4 + 1` and `id / 4 + 1`, or with the first
/// of them alone; every third word also has a given vector, which depends on its position.
pub(crate) struct Batch {
    pub(crate) ids: Tensor,
    pub(crate) lengths: Tensor,
    chars: Tensor,
    spelled: Tensor,
    known: Tensor,
    vectors: Tensor,
}

impl Batch {
    /// These texts, padded with 0 to the longest of them, and to at least `t` positions.
    pub(crate) fn of(texts: &[Vec<i64>], t: usize) -> Self {
        Self::padded(texts, t, |_, _| 0)
    }

    /// These texts with noise past their ends.
    pub(crate) fn with_noise(texts: &[Vec<i64>], t: usize, seed: u64) -> Self {
        let noise: Stream = Rng::new(seed).stream();
        Self::padded(texts, t, |place, below| noise.below(place, below) as i64)
    }

    fn padded(texts: &[Vec<i64>], t: usize, noise: impl Fn(u64, u64) -> i64) -> Self {
        let (b, t) = (texts.len(), texts.iter().map(Vec::len).max().unwrap_or(0).max(t));
        let (mut ids, mut chars, mut spelled) = (vec![], vec![], vec![]);
        let (mut known, mut vectors) = (vec![], vec![]);
        for (place, word) in texts.iter().flat_map(|text| (0..t).map(|j| text.get(j).copied())).enumerate() {
            let noise = |kind: u64, below| noise(5 * place as u64 + kind, below);
            let id = word.unwrap_or_else(|| noise(0, SIZES.words as u64));
            ids.push(id);
            chars.extend([id % 4 + 1, id / 4 + 1]);
            spelled.push(if word.is_some() { 1 + id % 2 } else { noise(1, 3) });
            known.push(if word.is_some() { u8::from(id % 3 == 0) } else { noise(2, 2) as u8 });
            let first = if word.is_some() { (place % t) as i64 + id } else { noise(3, 100) };
            vectors.extend((0..EMBED_DIM as i64).map(|d| ((first * 7 + d * 5) % 11) as f32 / 5.0 - 1.0));
        }
        let lengths: Vec<i64> = texts.iter().map(|text| text.len() as i64).collect();
        Batch {
            ids: Tensor::from_slice(&ids, [b, t]),
            lengths: Tensor::from_slice(&lengths, [b]),
            chars: Tensor::from_slice(&chars, [b, t, 2]),
            spelled: Tensor::from_slice(&spelled, [b, t]),
            known: Tensor::from_slice(&known, [b, t]),
            vectors: Tensor::from_slice(&vectors, [b, t, EMBED_DIM]),
        }
    }

    /// With characters, without given vectors.
    pub(crate) fn words(&self) -> Words<'_> {
        Words { characters: Some((&self.chars, &self.spelled)), ..Words::new(&self.ids, &self.lengths) }
    }

    /// With both.
    pub(crate) fn with_given(&self) -> Words<'_> {
        Words { given: Some(Given { known: &self.known, vectors: &self.vectors }), ..self.words() }
    }
}
