//! Beam search with a Transformer, in batch after batch of sources.

use crate::ids::{Fresh, SOURCES, uneven_lengths};
use crate::steps::translator;
use crate::workload::{Kind, Workload};
use anyhow::{Context, Result, ensure};
use gradus_engine::state::{StateDict, load_state_dict, read_tensors};
use gradus_engine::{Rng, Tensor};
use gradus_models::{Beam, Hypothesis, Seq2Seq, Seq2SeqTransformer, beam_search};
use std::hint::black_box;
use std::path::Path;

/// The tokens at the ends of translations.
const START: usize = 1;
const END: usize = 2;
/// The bias of the end. No translation ends before it is as long as allowed, so that all engines search for equally many steps
/// whatever their weights, and whenever they would stop otherwise.
const RARE: f64 = -100.0;

/// A model with its sources, which change at every search.
pub struct Translation {
    model: Seq2SeqTransformer,
    beam: Beam,
    sources: Fresh,
    /// The lengths of the sources, the same in each batch.
    lengths: Tensor,
}

impl Translation {
    /// The model of a workload, with fresh weights, and its sources; `None` if the workload is no search.
    pub fn new(workload: &Workload) -> Option<Self> {
        let Kind::Translate { sizes, beam: width, longest } = workload.kind else { return None };
        let mut rng = Rng::new(1);
        let model = translator(sizes, &mut rng);
        let is_end = Tensor::arange(sizes.vocab).eq_scalar(END as f64);
        model.bias().set(&model.bias().value().masked_fill(&is_end, RARE));
        let shape = [sizes.batch, sizes.len];
        Some(Translation {
            model,
            beam: Beam { width, longest, length_penalty: 0.0, coverage_penalty: 0.0, start: START, end: END },
            sources: Fresh::new(workload.ids, sizes.vocab, shape, &mut rng),
            lengths: uneven_lengths(shape, SOURCES),
        })
    }

    /// Translates the next batch.
    pub fn run(&self) {
        black_box(self.search(self.sources.next(), &self.lengths));
    }

    fn search(&self, source: &Tensor, lengths: &Tensor) -> Vec<Vec<Hypothesis>> {
        let mut translator = self.model.translator(source, lengths);
        beam_search(&mut *translator, &vec![self.beam; source.dim(0)])
    }

    /// The number of sources in a peer's file of which this model finds other translations with the peer's weights. All translations of
    /// a source count, but not their order: Gradus adds log p of the end to a score, the peers do not.
    ///
    /// # Errors
    /// The file cannot be read or belongs to another model.
    pub fn differing(&self, file: &Path) -> Result<usize> {
        let (tensors, _) = read_tensors(file)?;
        let of =
            |name: &str| tensors.get(name).with_context(|| format!("{}: {name} is missing", file.display()));
        let weights: StateDict = tensors
            .iter()
            .filter_map(|(n, t)| Some((n.strip_prefix("param.")?.to_owned(), t.clone())))
            .collect();
        load_state_dict(&self.model, &weights, file)?;
        let (source, theirs) = (of("in.source")?, of("out.translations")?);
        let expected = [source.dim(0), self.beam.width, self.beam.longest];
        let found = theirs.shape().to_vec();
        ensure!(
            found == expected,
            "{}: expected out.translations of shape {expected:?}, found {found:?}",
            file.display()
        );
        let theirs = theirs.to_vec::<i64>();
        let theirs = theirs.chunks(self.beam.width * self.beam.longest);
        let ours = self.search(source, of("in.lengths")?);
        let differ = |(ours, theirs): &(&Vec<Hypothesis>, &[i64])| tokens(ours) != self.in_order(theirs);
        Ok(ours.iter().zip(theirs).filter(differ).count())
    }

    /// Translations one after the other, in the order of their tokens.
    fn in_order(&self, translations: &[i64]) -> Vec<Vec<i64>> {
        let mut all: Vec<Vec<i64>> = translations.chunks(self.beam.longest).map(<[i64]>::to_vec).collect();
        all.sort();
        all
    }
}

/// The tokens of hypotheses, in the order of these.
fn tokens(hypotheses: &[Hypothesis]) -> Vec<Vec<i64>> {
    let of = |found: &Hypothesis| found.tokens.iter().map(|&token| token as i64).collect();
    let mut all: Vec<Vec<i64>> = hypotheses.iter().map(of).collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Ids, Transformer};
    use gradus_engine::state::{state_dict, write_tensors};

    fn small() -> Translation {
        let sizes = Transformer { vocab: 30, batch: 3, len: 6, dim: 8, heads: 2, ff: 16, layers: 2 };
        let kind = Kind::Translate { sizes, beam: 2, longest: 4 };
        let workload = Workload { name: "translate_small".into(), ids: Ids::Uniform, kind };
        Translation::new(&workload).expect("it is a search")
    }

    #[test]
    fn all_translations_are_as_long_as_allowed() {
        let translation = small();
        let found = translation.search(translation.sources.next(), &translation.lengths);
        assert_eq!(found.len(), 3);
        for of_source in found {
            assert!(of_source.len() == 2 && of_source.iter().all(|found| found.tokens.len() == 4));
        }
    }

    #[test]
    fn translations_are_compared_with_those_of_a_file() {
        let (translation, other) = (small(), small());
        let (source, lengths) = (translation.sources.next(), &translation.lengths);
        let found = translation.search(source, lengths);
        // In reverse order: the order does not count.
        let of =
            |of_source: &Vec<Hypothesis>| tokens(of_source).into_iter().rev().flatten().collect::<Vec<_>>();
        let mut translations: Vec<i64> = found.iter().flat_map(of).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("translations.safetensors");
        let write = |translations: &[i64]| {
            let weights = state_dict(&translation.model);
            let mut all: StateDict = weights.into_iter().map(|(n, t)| (format!("param.{n}"), t)).collect();
            all.insert("in.source".into(), source.clone());
            all.insert("in.lengths".into(), lengths.clone());
            all.insert("out.translations".into(), Tensor::from_slice(translations, [3, 2, 4]));
            write_tensors(&path, &all, "").unwrap();
        };
        write(&translations);
        // The weights are those of the file.
        other.model.bias().set(&Tensor::normal([30], 0.0, 1.0, &mut Rng::new(5)));
        assert_eq!(other.differing(&path).unwrap(), 0);
        translations[9] = (translations[9] + 1) % 30;
        write(&translations);
        assert_eq!(other.differing(&path).unwrap(), 1);
    }
}
