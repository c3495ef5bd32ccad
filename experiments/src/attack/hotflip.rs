use super::space::cased;
use super::{Space, Victim};
use gradus_engine::{Device, Tensor, no_grad};

/// The number of replacements to try in each step.
const MOST: usize = 10;

/// A word in place of another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flip {
    /// The index of the word in the text.
    pub place: usize,
    /// The new word.
    pub word: String,
}

/// The replacements of word w at place t by word c with the largest growth of the loss to first order, (E_c − E_w) · ∂loss/∂x_t;
/// the best first. Both words are in the table, `may` is true at t, and c has the tag of w if words have tags.
///
/// Source: Ebrahimi, Rao, Lowd, Dou, "HotFlip: white-box adversarial examples for text classification", ACL 2018, equation 1 and
/// section 5; here greedily instead of by beam search.
pub(super) fn flips(
    space: &Space,
    victim: &Victim,
    words: &[String],
    may: &[bool],
    gradient: &Tensor,
) -> Vec<Flip> {
    // g · E_c for each place and each word [T][C].
    let gains = no_grad(|| gradient.detach().to_device(Device::Cpu).matmul(&space.table().t()));
    let (count, gains) = (gains.dim(1), gains.to_f64());
    let mut best: Vec<(f64, usize, usize)> = vec![];
    for (t, row) in gains.chunks(count.max(1)).enumerate().filter(|(t, _)| may[*t]) {
        let Some(own) = space.place(&words[t]) else { continue };
        let tag = victim.tags.as_ref().map(|tags| tags[t]);
        for (c, gain) in row.iter().enumerate().filter(|&(c, _)| c != own && space.fits(c, tag)) {
            best.push((gain - row[own], t, c));
        }
        // Keeps the list short for long texts and large vocabularies.
        best.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        best.truncate(MOST);
    }
    let flip = |(_, place, c): (f64, usize, usize)| Flip { place, word: cased(space.word(c), &words[place]) };
    best.into_iter().filter(|(gain, ..)| *gain > 0.0).map(flip).collect()
}
