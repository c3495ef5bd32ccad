//! The head that predicts masked pieces ([`MaskedLm`]), which the folders of some models have.

use super::layout::WORDS;
use super::weights::{PREFIX, name_in_model};
use super::{Pretrained, PretrainedError};
use gradus_engine::state::{StateError, TensorFile};
use gradus_engine::{DType, Module, Param};
use gradus_models::MaskedLm;
use std::collections::BTreeMap;

/// What the names of the head begin with.
const HEAD: &str = "cls.predictions.";
/// A second copy, in some files, of the bias c and of the word embeddings E.
const BIAS: [&str; 2] = ["cls.predictions.bias", "cls.predictions.decoder.bias"];
const DECODER: &str = "cls.predictions.decoder.weight";

impl Pretrained {
    /// As [`notes`](Pretrained::notes), for a model with the head that predicts masked pieces: whether the folder has this head.
    pub fn notes_for_masked(&self) -> Vec<String> {
        let (head, others): (Vec<String>, Vec<String>) =
            self.weights.of_heads().iter().cloned().partition(|name| name.starts_with(HEAD));
        let path = self.weights.path().display();
        let fresh = || format!("{path}: no head for masked pieces; a new one starts from random weights");
        let start = head.is_empty().then(fresh);
        start.into_iter().chain(self.weights.note_of(&others)).chain(self.rows.note.clone()).collect()
    }

    /// As [`load_into`](Pretrained::load_into), with the head that predicts masked pieces. If the file has none, that of the
    /// model keeps its values.
    ///
    /// # Errors
    /// As [`load_into`](Pretrained::load_into); a head of which a tensor is missing or has another shape; one whose output is not
    /// tied to the word embeddings.
    ///
    /// # Panics
    /// If the model was made with another configuration.
    #[track_caller]
    pub fn load_into_masked(&self, model: &MaskedLm) -> Result<(), PretrainedError> {
        let mut params = self.params(&model.bert);
        params.extend(self.head(model)?);
        TensorFile::open(self.weights.path())?.load(&params)?;
        match self.weights.of_heads().iter().any(|name| name == DECODER) {
            true => self.check_tied(model),
            false => Ok(()),
        }
    }

    /// The parameters of the head by their names in the file; empty if the file has no head.
    fn head(&self, model: &MaskedLm) -> Result<BTreeMap<String, Param>, StateError> {
        let named = |name: &&String| name.starts_with(HEAD);
        let stored: BTreeMap<String, &String> =
            self.weights.of_heads().iter().filter(named).map(|name| (name_in_model(name), name)).collect();
        let mut params = BTreeMap::new();
        if stored.is_empty() {
            return Ok(params);
        }
        for (name, param) in model.named_params().into_iter().filter(|(name, _)| name.starts_with(HEAD)) {
            let copy = BIAS.contains(&name.as_str()).then(|| stored.get(BIAS[1])).flatten();
            let Some(found) = stored.get(&name).or(copy) else {
                let found = stored.values().take(3).map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(StateError::Missing { path: self.weights.path().into(), name, found });
            };
            params.insert((*found).clone(), param);
        }
        Ok(params)
    }

    /// Checks that the copy of the word embeddings in the head is one.
    fn check_tied(&self, model: &MaskedLm) -> Result<(), PretrainedError> {
        let words = model.named_params().into_iter().find(|(name, _)| *name == format!("{PREFIX}{WORDS}"));
        let words = words.map(|(_, words)| words.value().to_vec::<f32>());
        let mut tied = false;
        TensorFile::open(self.weights.path())?.read(
            |name| name == DECODER,
            |_, tensor| {
                tied = words.as_ref() == Some(&tensor.to_dtype(DType::F32).to_vec::<f32>());
                Ok(())
            },
        )?;
        let fault = || {
            let expected = format!("tensor '{DECODER}' to be the word embeddings, as in BERT");
            self.weights.fault(&expected, "another one".into(), "only models with tied embeddings are read")
        };
        if tied { Ok(()) } else { Err(fault().into()) }
    }
}
