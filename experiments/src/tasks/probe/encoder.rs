//! The BERT whose hidden states are read. It is never trained.

use super::keys::{Asked, PiecesOfWord, ProbeKeys, check_layer};
use super::start::Start;
use crate::data::counted::counted;
use crate::pretrained::Pretrained;
use crate::run::{RunError, Understood};
use crate::tasks::bert;
use crate::tasks::keys::check_size;
use crate::tasks::windows::{Window, windows};
use crate::text::{WordPieces, batches};
use gradus_engine::state;
use gradus_engine::{Mode, Rng, Tensor, no_grad};
use gradus_models::{Bert, BertConfig};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The name of the file with the weights.
pub(super) const FILE: &str = "encoder.safetensors";

/// The seed of random weights: they are the same in every run.
const RANDOM: u64 = 0x7072_6f62_6564;

/// Windows that are read together.
const BATCH: usize = 32;

/// A BERT up to the layer that is read, and its pieces.
pub(super) struct Encoder {
    config: BertConfig,
    pieces: WordPieces,
    bert: Bert,
    layer: usize,
    /// What a person should know about a new run's model.
    notes: Vec<String>,
    /// What is probably wrong with it.
    warnings: Vec<String>,
}

/// The pieces of a sentence, in windows.
struct Read<'a> {
    /// The pieces of each word.
    words: Vec<&'a [u32]>,
    windows: Vec<Window>,
}

impl Encoder {
    /// That of the run in the folder `kept`, else that of the keys; new pieces are those of `texts`.
    ///
    /// # Errors
    /// Files that are missing or malformed; a layer that the model does not have; a model that is too large.
    pub fn open(keys: &ProbeKeys, texts: &[String], kept: Option<&Path>) -> Result<Self, RunError> {
        let layer = keys.probe.layer;
        if let Some(folder) = kept {
            let (config, pieces) = bert::kept(folder)?;
            let (lowest, damaged) = (config.num_hidden_layers, folder.join(bert::FILES[0]));
            if layer > lowest {
                let reason = format!("it has {lowest} layers, the run reads layer {layer}");
                return Err(RunError::Damaged { path: damaged, reason });
            }
            check(&config, layer)?;
            let bert = Bert::new(&config, &mut Rng::blank());
            state::load(&bert, &folder.join(FILE))?;
            return Ok(Encoder { config, pieces, bert, layer, notes: vec![], warnings: vec![] });
        }
        let (config, pieces, bert, notes, warnings) = match keys.model.bert() {
            Start::Pretrained { pretrained } => {
                let opened = Pretrained::open(pretrained)?;
                let (config, pieces) = (opened.config().clone(), opened.pieces().clone());
                check(&config, layer)?;
                let bert = Bert::new(&config, &mut Rng::blank());
                opened.load_into(&bert)?;
                (config, pieces, bert, opened.notes().to_vec(), opened.warnings())
            }
            Start::Random(random) => {
                let pieces = WordPieces::train(texts, random.vocab_size, random.lowercase)?;
                let config = random.sizes(pieces.size());
                check(&config, layer)?;
                let bert = Bert::new(&config, &mut Rng::new(RANDOM));
                let note = "random weights, which have learned nothing; name a model with --set model.pretrained=FOLDER";
                (config, pieces, bert, vec![note.to_owned()], vec![])
            }
        };
        // Layers above the one that is read are not kept; a BERT has one at least.
        let lowest = layer.max(1);
        let config = BertConfig { num_hidden_layers: lowest, ..config };
        Ok(Encoder { config, pieces, bert: bert.lowest(lowest), layer, notes, warnings })
    }

    /// Writes the files that [`open`](Encoder::open) reads from a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        bert::keep(&self.config, &self.pieces, folder)?;
        Ok(state::save(&self.bert, &folder.join(FILE))?)
    }

    /// D.
    pub fn width(&self) -> usize {
        self.config.hidden_size
    }

    /// The number of pieces in the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.pieces.size()
    }

    /// The hidden states of sentences: [T, D] of each, row by row, or [1, D] where the sentence is one vector. That of no word
    /// is 0.
    pub fn vectors(&self, sentences: &[Vec<&str>], asked: &Asked) -> Vec<Vec<f32>> {
        let known = self.spelled(sentences);
        let read: Vec<Read<'_>> = sentences.iter().map(|words| self.read(words, &known)).collect();
        let all: Vec<(usize, &Window)> = (0..)
            .zip(&read)
            .flat_map(|(i, read)| read.windows.iter().map(move |window| (i, window)))
            .collect();
        let ids: Vec<Vec<u32>> = all.iter().map(|(i, window)| self.ids(&read[*i], window)).collect();
        let lengths: Vec<usize> = ids.iter().map(Vec::len).collect();
        let rows = batches::each(&lengths, BATCH, |batch| {
            let chosen: Vec<&[u32]> = batch.iter().map(|&w| ids[w].as_slice()).collect();
            let (hidden, t) = self.hidden(&chosen);
            let of_window = |(row, &w): (usize, &usize)| {
                let (sentence, window) = all[w];
                let states = &hidden[row * t * self.width()..][..t * self.width()];
                self.rows(states, &read[sentence], window, asked.pieces())
            };
            batch.iter().enumerate().map(of_window).collect()
        });
        let mut vectors = vec![vec![]; sentences.len()];
        all.iter().zip(rows).for_each(|((i, _), rows)| vectors[*i].extend(rows));
        match asked.pieces() {
            Some(_) => vectors,
            None => vectors.iter().map(|pieces| mean(pieces, self.width())).collect(),
        }
    }

    /// The pieces of each distinct word, no more than the model has positions for.
    fn spelled<'w>(&self, sentences: &[Vec<&'w str>]) -> HashMap<&'w str, Vec<u32>> {
        let distinct: HashSet<&str> = sentences.iter().flatten().copied().collect();
        let pieces = |word: &'w str| {
            let mut pieces = self.pieces.of_word(word);
            pieces.truncate(self.places());
            (word, pieces)
        };
        distinct.into_par_iter().map(pieces).collect()
    }

    /// The most pieces of a window without `[CLS]` and `[SEP]`.
    fn places(&self) -> usize {
        self.config.max_position_embeddings - 2
    }

    fn read<'a>(&self, words: &[&str], known: &'a HashMap<&str, Vec<u32>>) -> Read<'a> {
        let words: Vec<&[u32]> = words.iter().map(|word| known[*word].as_slice()).collect();
        let sizes: Vec<usize> = words.iter().map(|pieces| pieces.len()).collect();
        Read { windows: windows(&sizes, self.places()), words }
    }

    /// `[CLS] … [SEP]` of a window.
    fn ids(&self, read: &Read<'_>, window: &Window) -> Vec<u32> {
        let special = self.pieces.special();
        [&[special.cls], &read.words[window.read.clone()].concat()[..], &[special.sep]].concat()
    }

    /// The output of the layer for a batch [B, T, D], and T.
    fn hidden(&self, windows: &[&[u32]]) -> (Vec<f32>, usize) {
        let (b, t) = (windows.len(), windows.iter().map(|ids| ids.len()).max().unwrap_or(0));
        let mut ids = vec![i64::from(self.pieces.special().pad); b * t];
        let mut real = vec![0u8; b * t];
        for (row, window) in windows.iter().enumerate() {
            ids[row * t..].iter_mut().zip(*window).for_each(|(to, &id)| *to = id.into());
            real[row * t..][..window.len()].fill(1);
        }
        let (ids, real) = (Tensor::from_slice(&ids, [b, t]), Tensor::from_slice(&real, [b, t]));
        let output = no_grad(|| self.bert.forward(&ids, None, &real, &mut Mode::Eval));
        (output.layers[self.layer].to_vec(), t)
    }

    /// The vectors of the words that a window keeps, from its hidden states [T, D]; without `pieces`, those of their pieces.
    fn rows(
        &self,
        states: &[f32],
        read: &Read<'_>,
        window: &Window,
        pieces: Option<PiecesOfWord>,
    ) -> Vec<f32> {
        let d = self.width();
        // The frame begins with [CLS].
        let mut place = 1;
        let mut rows = vec![];
        for word in window.read.clone() {
            let own = &states[place * d..][..read.words[word].len() * d];
            place += read.words[word].len();
            if window.keep.contains(&word) {
                match pieces {
                    Some(PiecesOfWord::First) => rows.extend_from_slice(&own[..d]),
                    Some(PiecesOfWord::Mean) => rows.extend(mean(own, d)),
                    None => rows.extend_from_slice(own),
                }
            }
        }
        rows
    }

    /// Lines and warnings on the model and on the pieces of train, dev and test.
    pub fn understood(&self, splits: [Vec<Vec<&str>>; 3]) -> Understood {
        let ids = splits.map(|sentences| {
            let known = self.spelled(&sentences);
            sentences.iter().flatten().flat_map(|word| known[*word].clone()).collect::<Vec<u32>>()
        });
        let pieces = ("vocabulary", counted(self.pieces.size(), "word pieces"));
        let notes = self.notes.iter().map(|note| ("bert", note.clone()));
        let of_splits = bert::of_splits(&self.pieces, ids.each_ref().map(|ids| ids.iter()));
        let lines = [pieces].into_iter().chain(notes).chain(of_splits.lines).collect();
        let warnings = self.warnings.iter().cloned().chain(of_splits.warnings).collect();
        Understood { lines, warnings, coverage: None }
    }
}

/// Checks the sizes of a model that a file states.
fn check(config: &BertConfig, layer: usize) -> Result<(), RunError> {
    check_size(config.parameters())?;
    bert::check_positions("model.pretrained", config)?;
    Ok(check_layer(layer, config.num_hidden_layers)?)
}

/// The mean of rows [N, D]; 0 of none.
fn mean(rows: &[f32], d: usize) -> Vec<f32> {
    let mut mean = vec![0.0; d];
    for row in rows.chunks_exact(d) {
        mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    let n = (rows.len() / d).max(1) as f32;
    mean.iter_mut().for_each(|sum| *sum /= n);
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::probe::keys::{Model, Property, TreeKeys, WordKeys};
    use crate::tasks::probe::start::Random;

    fn keys(layer: usize, property: Property) -> ProbeKeys {
        let random = Random {
            vocab_size: 60,
            hidden_size: 8,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 12,
            max_position_embeddings: 16,
            ..Random::default()
        };
        let probe = Asked { property, layer };
        ProbeKeys { probe, model: Model::Linear(Start::Random(random)), ..ProbeKeys::default() }
    }

    const SENTENCES: [&[&str]; 3] = [&["unaffable", "ab"], &["ab"], &[]];

    fn sentences() -> Vec<Vec<&'static str>> {
        SENTENCES.map(<[&str]>::to_vec).to_vec()
    }

    fn encoder(keys: &ProbeKeys, kept: Option<&Path>) -> Encoder {
        Encoder::open(keys, &["unaffable texts ab ab".to_owned()], kept).unwrap()
    }

    #[test]
    fn a_word_is_its_first_piece_or_the_mean_of_all_and_a_sentence_the_mean_of_its_pieces() {
        let first = keys(1, Property::Pos(WordKeys { pieces: PiecesOfWord::First }));
        let of = |keys: &ProbeKeys| encoder(keys, None).vectors(&sentences(), &keys.probe);
        let (first, mean) = (of(&first), of(&keys(1, Property::Depth(TreeKeys::default()))));
        assert_eq!([&first, &mean].map(|v| v.iter().map(Vec::len).collect::<Vec<_>>()), [[16, 8, 0]; 2]);
        // One piece is its own mean.
        assert_eq!((&first[0][8..], &first[1]), (&mean[0][8..], &mean[1]));
        assert_ne!(first[0][..8], mean[0][..8]);
        let whole = of(&keys(1, Property::Sentiment));
        assert_eq!((whole[1].as_slice(), whole[2].as_slice()), (mean[1].as_slice(), &[0.0; 8][..]));
        let pieces = encoder(&keys(1, Property::Sentiment), None).pieces.of_word("unaffable").len() as f32;
        for (i, x) in whole[0].iter().enumerate() {
            let expected = (mean[0][i] * pieces + mean[0][8 + i]) / (pieces + 1.0);
            assert!((x - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn a_run_keeps_the_layers_up_to_the_one_that_is_read() {
        for layer in 0..=2 {
            let keys = keys(layer, Property::default());
            let folder = tempfile::tempdir().unwrap();
            let new = encoder(&keys, None);
            assert_eq!(new.config.num_hidden_layers, layer.max(1));
            new.save(folder.path()).unwrap();
            let kept = encoder(&keys, Some(folder.path()));
            let of = |encoder: &Encoder| encoder.vectors(&sentences(), &keys.probe);
            assert_eq!(of(&new), of(&kept));
        }
    }

    #[test]
    fn long_sentences_are_read_in_windows() {
        let keys = keys(2, Property::default());
        let words = vec!["ab"; 50];
        let found = encoder(&keys, None).vectors(&[words], &keys.probe);
        assert_eq!(found[0].len(), 50 * 8);
        assert!(found[0].iter().all(|x| x.is_finite()));
    }
}
