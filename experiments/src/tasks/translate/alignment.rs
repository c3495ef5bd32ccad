//! Which words of the source each word of a translation attends to.

use super::batch;
use crate::data::shown::terminal;
use crate::text::Subwords;
use crate::text::subwords::{END, shown};
use gradus_engine::Tensor;
use gradus_models::Seq2Seq;
use std::ops::Range;

/// How the end of a source is shown, which is attended to as words are.
const AT_END: &str = "<end>";

/// The weights of a translation's pieces on those of its source.
pub(super) struct Alignment {
    /// The bytes of the pieces of the source, with its end.
    source: Vec<Vec<u8>>,
    /// Those of the translation, without its end.
    target: Vec<Vec<u8>>,
    /// A row for each piece of the translation; each sums to 1.
    pub weights: Vec<Vec<f64>>,
}

impl Alignment {
    /// That of each translation of a source with its end.
    pub fn of(
        model: &dyn Seq2Seq,
        pieces: &Subwords,
        source: &[u32],
        targets: &[Vec<u32>],
    ) -> Vec<Alignment> {
        let ends: Vec<Vec<u32>> = targets.iter().map(|target| [&target[..], &[END]].concat()).collect();
        let inputs = batch::tensors(&vec![source.to_vec(); targets.len()], &ends);
        let inputs: Vec<Tensor> = inputs.into_iter().map(|tensor| tensor.to_device(model.device())).collect();
        let weights = model.alignment(&batch::pairs(&inputs));
        let (all, t) = (weights.to_f64(), weights.dim(1));
        let bytes = |&id: &u32| if id == END { AT_END.into() } else { pieces.bytes(id) };
        let of_target = |(i, target): (usize, &Vec<u32>)| Alignment {
            source: source.iter().map(bytes).collect(),
            target: target.iter().map(bytes).collect(),
            weights: all[i * t * source.len()..]
                .chunks(source.len())
                .take(target.len())
                .map(<[f64]>::to_vec)
                .collect(),
        };
        targets.iter().enumerate().map(of_target).collect()
    }

    /// The pieces of the source, with its end.
    pub fn source(&self) -> Vec<String> {
        self.source.iter().map(|piece| shown(piece)).collect()
    }

    /// A table for a terminal: each word of the translation, a block for each word of the source, the higher the more the word attends
    /// to it, and the words that it attends to most.
    pub fn table(&self) -> String {
        let (sources, targets) = (words(&self.source), words(&self.target));
        let named = |pieces: &[Vec<u8>], word: &Range<usize>| {
            terminal(String::from_utf8_lossy(&pieces[word.clone()].concat()).trim()).into_owned()
        };
        let names: Vec<String> = sources.iter().map(|word| named(&self.source, word)).collect();
        let rows: Vec<String> = targets.iter().map(|word| named(&self.target, word)).collect();
        let width = rows.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let row = |(name, target): (&String, &Range<usize>)| {
            let on = |source: &Range<usize>| {
                let sum = |row: &Vec<f64>| row[source.clone()].iter().sum::<f64>();
                self.weights[target.clone()].iter().map(sum).sum::<f64>() / target.len() as f64
            };
            let weights: Vec<f64> = sources.iter().map(on).collect();
            let map: String = weights.iter().map(|weight| block(*weight)).collect();
            let padding = " ".repeat(width - name.chars().count());
            format!("  {name}{padding}  {map}  {}\n", best(&names, &weights))
        };
        rows.iter().zip(&targets).map(row).collect()
    }
}

/// A word begins at a piece that begins with a space.
fn words(pieces: &[Vec<u8>]) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = vec![];
    for (place, piece) in pieces.iter().enumerate() {
        match words.last_mut() {
            Some(word) if !piece.starts_with(b" ") && piece != AT_END.as_bytes() => word.end = place + 1,
            Some(_) | None => words.push(place..place + 1),
        }
    }
    words
}

/// A block as high as a weight from 0 to 1.
fn block(weight: f64) -> char {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    BLOCKS[(weight * 8.0).round().clamp(0.0, 8.0) as usize]
}

/// `dog 81%, the 12%`: at most three words, those with a tenth of the weight or more, but at least one.
fn best(names: &[String], weights: &[f64]) -> String {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    let much =
        order.iter().enumerate().filter(|(rank, i)| *rank == 0 || weights[**i] >= 0.1).map(|(_, i)| *i);
    let shown = |i: usize| format!("{} {:.0}%", names[i], 100.0 * weights[i]);
    much.take(3).map(shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_word_share_a_row_and_a_block() {
        let strings = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>();
        let alignment = Alignment {
            source: strings(&["the", " do", "g", AT_END]),
            target: strings(&["H", "und", " da"]),
            weights: vec![vec![0.0, 0.5, 0.5, 0.0], vec![0.5, 0.25, 0.25, 0.0], vec![0.05, 0.0, 0.0, 0.95]],
        };
        assert_eq!(alignment.table(), "  Hund  ▂▆   dog 75%, the 25%\n  da      █  <end> 95%\n");
        assert_eq!(words(&strings(&["a", "b", " c", "d", " e"])), [0..2, 2..4, 4..5]);
        assert!(words(&[]).is_empty());
        // A character of several pieces is whole in its word.
        let parts = Alignment {
            source: vec![AT_END.into()],
            target: vec![b" \xc3".to_vec(), b"\x84pfel".to_vec()],
            weights: vec![vec![1.0]; 2],
        };
        assert_eq!(parts.table(), "  Äpfel  █  <end> 100%\n");
    }
}
