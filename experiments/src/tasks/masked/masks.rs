//! Which pieces of a window are masked, and by what.
//!
//! Of a window's n ordinary pieces, max(1, round(share · n)) are chosen. In training, eight in ten of these become `[MASK]`, one
//! in ten a random piece, and one in ten stays; in evaluation all become `[MASK]`, since a piece that is seen need not be
//! predicted.
//!
//! With whole words, words are chosen instead: in random order, each that still fits into that number, and at least one.
//!
//! Source: Devlin et al. 2019, section 3.1 and appendix A.1; whole words: the release of May 2019.

use super::vocabulary::Vocabulary;
use gradus_engine::Stream;

/// Random numbers: a stream and how many of its numbers were drawn.
pub(super) struct Draws {
    stream: Stream,
    drawn: u64,
}

impl Draws {
    pub fn new(stream: Stream) -> Self {
        Draws { stream, drawn: 0 }
    }

    /// Uniform in 0..n.
    fn below(&mut self, n: usize) -> usize {
        self.drawn += 1;
        self.stream.below(self.drawn - 1, n as u64) as usize
    }
}

/// How pieces are chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masking {
    pub share: f64,
    pub whole_words: bool,
}

/// A window with masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MaskedWindow {
    /// `[CLS] … [SEP]`, with masks.
    pub ids: Vec<u32>,
    /// The places of the pieces to predict, in order.
    pub places: Vec<usize>,
    /// The right pieces there.
    pub gold: Vec<u32>,
}

impl MaskedWindow {
    /// The window without masks.
    pub fn plain(&self) -> Vec<u32> {
        let mut ids = self.ids.clone();
        self.places.iter().zip(&self.gold).for_each(|(&place, &gold)| ids[place] = gold);
        ids
    }
}

impl Masking {
    /// The places to predict in a framed window, in order; none if it has no ordinary piece.
    fn choose(&self, vocabulary: &Vocabulary, window: &[u32], draws: &mut Draws) -> Vec<usize> {
        let mut units: Vec<Vec<usize>> = vec![];
        let mut ordinary = 0;
        for (place, &id) in window.iter().enumerate().filter(|(_, id)| vocabulary.is_ordinary(**id)) {
            ordinary += 1;
            match units.last_mut() {
                Some(word)
                    if self.whole_words && vocabulary.continues(id) && word.last() == Some(&(place - 1)) =>
                {
                    word.push(place);
                }
                Some(_) | None => units.push(vec![place]),
            }
        }
        let most = ((self.share * ordinary as f64).round() as usize).max(1);
        let mut chosen: Vec<usize> = vec![];
        // The first steps of a shuffle.
        for i in 0..units.len() {
            if chosen.len() >= most {
                break;
            }
            let j = i + draws.below(units.len() - i);
            units.swap(i, j);
            if chosen.is_empty() || chosen.len() + units[i].len() <= most {
                chosen.extend(&units[i]);
            }
        }
        chosen.sort_unstable();
        chosen
    }

    /// A framed window as it is trained on.
    pub fn train(&self, vocabulary: &Vocabulary, window: &[u32], draws: &mut Draws) -> MaskedWindow {
        let places = self.choose(vocabulary, window, draws);
        let gold = places.iter().map(|&place| window[place]).collect();
        let mut ids = window.to_vec();
        for &place in &places {
            match draws.below(10) {
                0..8 => ids[place] = vocabulary.pieces.special().mask,
                8 => ids[place] = vocabulary.ordinary[draws.below(vocabulary.ordinary.len())],
                _ => {}
            }
        }
        MaskedWindow { ids, places, gold }
    }

    /// A framed window as it is evaluated.
    pub fn evaluate(&self, vocabulary: &Vocabulary, window: &[u32], draws: &mut Draws) -> MaskedWindow {
        let places = self.choose(vocabulary, window, draws);
        let gold = places.iter().map(|&place| window[place]).collect();
        let mut ids = window.to_vec();
        places.iter().for_each(|&place| ids[place] = vocabulary.pieces.special().mask);
        MaskedWindow { ids, places, gold }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::WordPieces;

    const TEXT: &str = "ab rere ab areab ab unaffable texts are unaffable ab ab abab are texts";

    fn vocabulary() -> Vocabulary {
        let texts = ["unaffable texts are unaffable", "ab ab ab abab"];
        Vocabulary::new(WordPieces::train(&texts, 60, true).unwrap())
    }

    fn draws(stream: u64) -> Draws {
        Draws::new(Stream { seed: 5, stream })
    }

    const PIECES: Masking = Masking { share: 0.15, whole_words: false };

    #[test]
    fn as_many_are_masked_as_the_share_says() {
        let vocabulary = vocabulary();
        let window = vocabulary.framed(&vocabulary.read(TEXT));
        let n = window.len() - 2;
        for (share, expected) in [(0.15, (0.15 * n as f64).round() as usize), (0.5, n.div_ceil(2)), (1e-9, 1)]
        {
            for stream in 0..20 {
                let found = Masking { share, ..PIECES }.evaluate(&vocabulary, &window, &mut draws(stream));
                assert_eq!(found.places.len(), expected);
                assert_eq!(found.plain(), window);
                assert!(found.places.is_sorted_by(|a, b| a < b) && found.places[0] > 0);
                for (place, (&id, &before)) in found.ids.iter().zip(&window).enumerate() {
                    let masked = found.places.contains(&place);
                    assert_eq!(id, if masked { vocabulary.pieces.special().mask } else { before });
                }
                assert!(found.places.iter().zip(&found.gold).all(|(&place, &gold)| window[place] == gold));
            }
        }
    }

    /// Each place equally often, and what replaces it in the shares 80, 10 and 10; within four standard deviations.
    #[test]
    fn places_and_replacements_are_drawn_evenly() {
        let vocabulary = vocabulary();
        let window = vocabulary.framed(&vocabulary.read(TEXT));
        let (mut counts, mut masked, mut kept, mut all) = (vec![0; window.len()], 0, 0, 0);
        let mut draws = draws(0);
        const WINDOWS: usize = 4000;
        for _ in 0..WINDOWS {
            let found = PIECES.train(&vocabulary, &window, &mut draws);
            for (&place, &gold) in found.places.iter().zip(&found.gold) {
                counts[place] += 1;
                all += 1;
                masked += usize::from(found.ids[place] == vocabulary.pieces.special().mask);
                kept += usize::from(found.ids[place] == gold);
            }
            assert!((0..window.len()).all(|i| found.places.contains(&i) || found.ids[i] == window[i]));
        }
        let near = |count: usize, p: f64, n: usize| {
            let (mean, deviation) = (p * n as f64, (p * (1.0 - p) * n as f64).sqrt());
            assert!((count as f64 - mean).abs() < 4.0 * deviation, "{count} of {n}, expected {mean}");
        };
        near(masked, 0.8, all);
        // A random piece may be the right one.
        near(kept, 0.1 + 0.1 / vocabulary.ordinary.len() as f64, all);
        let share = all as f64 / (WINDOWS * (window.len() - 2)) as f64;
        counts[1..window.len() - 1].iter().for_each(|&count| near(count, share, WINDOWS));
        assert_eq!((counts[0], counts[window.len() - 1]), (0, 0));
    }

    #[test]
    fn the_same_draws_give_the_same_masks() {
        let vocabulary = vocabulary();
        let window = vocabulary.framed(&vocabulary.read(TEXT));
        let of = |stream| PIECES.train(&vocabulary, &window, &mut draws(stream));
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn whole_words_are_masked_whole() {
        let vocabulary = vocabulary();
        let window = vocabulary.framed(&vocabulary.read(TEXT));
        let masking = Masking { share: 0.3, whole_words: true };
        let most = (0.3 * (window.len() - 2) as f64).round() as usize;
        let mut long = 0;
        for stream in 0..50 {
            let found = masking.evaluate(&vocabulary, &window, &mut draws(stream));
            assert!((1..=most).contains(&found.places.len()));
            for &place in &found.places {
                let next = found.places.contains(&(place + 1));
                assert!(!vocabulary.continues(window[place]) || found.places.contains(&(place - 1)));
                assert!(!vocabulary.continues(window[place + 1]) || next);
                long += usize::from(vocabulary.continues(window[place]));
            }
        }
        assert!(long > 0, "no word of several pieces was drawn");
        // A word of more pieces than the share allows.
        let window = vocabulary.framed(&vocabulary.read("rere"));
        let found = Masking { share: 0.15, whole_words: true }.evaluate(&vocabulary, &window, &mut draws(0));
        assert_eq!(found.places, [1, 2, 3, 4]);
    }

    #[test]
    fn special_and_unknown_pieces_are_not_masked() {
        let vocabulary = vocabulary();
        let window = vocabulary.framed(&vocabulary.read("!? [SEP]"));
        let found = PIECES.evaluate(&vocabulary, &window, &mut draws(0));
        assert_eq!((found.places, found.ids), (vec![], window));
    }
}
