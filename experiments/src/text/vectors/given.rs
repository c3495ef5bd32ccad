use crate::data::DataError;
use crate::data::error::quoted;
use crate::text::normalise::Form;
use crate::text::tokenise::lowercase;
use gradus_engine::state::{StateDict, StateError, read_tensors, write_tensors};
use gradus_engine::{DType, Tensor};
use half::f16;
use std::collections::HashMap;
use std::path::Path;

/// Words and their vectors in half precision: the part of a vector file that is saved with a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::text) struct GivenVectors {
    width: usize,
    /// The row of each word.
    rows: HashMap<Box<str>, u32>,
    /// `[N, D]`.
    values: Vec<f16>,
}

/// Name of the tensor of vectors in a saved file.
const VECTORS: &str = "vectors";
/// Name of the tensor that says which words of the vocabulary started from a vector.
const TRAINED: &str = "trained";

impl GivenVectors {
    pub fn new(width: usize) -> Self {
        GivenVectors { width, ..Default::default() }
    }

    /// D.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a word and returns its row; `None` if the word is already there, since its first vector is kept.
    pub fn add(&mut self, word: &str, vector: &[f16]) -> Option<u32> {
        let word = Form::Nfc.of(word);
        if self.rows.contains_key(word.as_ref()) {
            return None;
        }
        let row = self.rows.len() as u32;
        self.rows.insert(word.into(), row);
        self.values.extend_from_slice(vector);
        Some(row)
    }

    /// The row of a word with exactly this spelling.
    pub fn exactly(&self, word: &str) -> Option<u32> {
        self.rows.get(Form::Nfc.of(word).as_ref()).copied()
    }

    /// The row of a word with this spelling, otherwise of its lower-case spelling.
    pub fn find(&self, word: &str) -> Option<u32> {
        self.exactly(word).or_else(|| self.exactly(&lowercase(word)))
    }

    /// The vector of a row.
    pub fn row(&self, row: u32) -> &[f16] {
        &self.values[row as usize * self.width..][..self.width]
    }

    /// Writes the vectors, and which words of the vocabulary started from one.
    ///
    /// # Errors
    /// [`DataError::Write`].
    pub fn save(&self, path: &Path, trained: &[bool]) -> Result<(), DataError> {
        let mut words = vec![""; self.rows.len()];
        self.rows.iter().for_each(|(word, &row)| words[row as usize] = word);
        let flags: Vec<u8> = trained.iter().map(|&flag| flag.into()).collect();
        let tensors = StateDict::from([
            (VECTORS.to_owned(), Tensor::from_slice(&self.values, [words.len(), self.width])),
            (TRAINED.to_owned(), Tensor::from_slice(&flags, [flags.len()])),
        ]);
        write_tensors(path, &tensors, &words.join("\n")).map_err(|error| match error {
            StateError::Io { path, source, .. } => DataError::Write { path, source },
            other => DataError::Write { path: path.into(), source: std::io::Error::other(other) },
        })
    }

    /// Reads what [`GivenVectors::save`] wrote for a vocabulary of this size.
    ///
    /// # Errors
    /// A file that is missing, damaged, or belongs to another vocabulary.
    pub fn load(path: &Path, vocabulary: usize) -> Result<(Self, Vec<bool>), DataError> {
        let fault = |expected: &str, found: String| DataError::File {
            path: path.into(),
            expected: expected.into(),
            found,
            advice: "use the file of word vectors that was saved with the model".into(),
        };
        let (tensors, text) = read_tensors(path).map_err(|error| match error {
            StateError::Io { path, source, .. } => DataError::Read { path, source },
            StateError::Broken { reason, .. } => fault("a whole safetensors file", reason),
            other => fault("a safetensors file of word vectors", other.to_string()),
        })?;
        let tensor = |name: &str, dtype: DType, rank: usize| {
            let expected = format!("a tensor '{name}' of type {dtype} and {rank} axes");
            match tensors.get(name) {
                Some(t) if t.dtype() == dtype && t.rank() == rank => Ok(t),
                Some(t) => Err(fault(&expected, format!("type {} and shape {:?}", t.dtype(), t.shape()))),
                None => Err(fault(&expected, "no such tensor".into())),
            }
        };
        let (vectors, trained) = (tensor(VECTORS, DType::F16, 2)?, tensor(TRAINED, DType::Bool, 1)?);
        let mut given = GivenVectors::new(vectors.dim(1));
        let values = vectors.to_vec::<f16>();
        if given.width == 0 || values.iter().any(|value| !value.is_finite()) {
            return Err(fault("vectors of finite numbers", format!("other ones, of width {}", given.width)));
        }
        let words: Vec<&str> = if text.is_empty() { vec![] } else { text.split('\n').collect() };
        if words.len() != vectors.dim(0) {
            return Err(fault(&format!("{} words", vectors.dim(0)), words.len().to_string()));
        }
        if trained.dim(0) != vocabulary {
            let expected = format!("the vectors of a vocabulary of {vocabulary} words");
            return Err(fault(&expected, format!("those of one of {}", trained.dim(0))));
        }
        for (word, vector) in words.into_iter().zip(values.chunks(given.width)) {
            if word.is_empty() || given.add(word, vector).is_none() {
                return Err(fault("each word once", format!("{}, repeated or empty", quoted(word))));
            }
        }
        Ok((given, trained.to_vec::<u8>().into_iter().map(|flag| flag != 0).collect()))
    }
}
