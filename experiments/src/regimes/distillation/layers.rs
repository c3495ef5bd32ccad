use super::keys::{Hidden, Scores};
use crate::data::counted::counted;
use crate::run::{RunError, RunFolder};
use gradus_engine::state::{
    StateDict, check_finite, load_state_dict, read_tensors, state_dict, write_tensors,
};
use gradus_engine::{Mode, Module, Rng, Tensor};
use gradus_models::{Bert, BertClassifier, BertConfig, BertStudent, Words};
use std::path::Path;

/// The file of a student's run with the weights of its teacher, a BERT whose layers it imitates, and their sizes.
pub const LAYERS: &str = "layers.safetensors";

/// A BERT whose layers a student imitates.
///
/// Its hidden states of a text of T pieces are (L + 1) T D numbers, for most transfer sets far more than the memory of a machine.
/// They are therefore computed for each batch, and the run keeps the teacher's weights instead.
pub struct LayerTeacher {
    bert: Bert,
    config: BertConfig,
    scores: bool,
}

impl LayerTeacher {
    /// The BERT of a finished run, for a student with these sizes.
    ///
    /// # Errors
    /// Weights that cannot be read; a student with more layers; different numbers of heads, where scores are asked for.
    pub fn of_run(
        run: &RunFolder,
        config: &BertConfig,
        student: &BertConfig,
        keys: &Hidden,
    ) -> Result<Self, RunError> {
        if run.compression().is_some() {
            return Err(RunError::Settings(format!(
                "loss.objective = hidden: expected a teacher whose weights are whole, found the compressed run {}; distil from the run \
                 that it was made from",
                run.path().display()
            )));
        }
        let (all, _) = read_tensors(&run.best())?;
        let own = |(name, tensor): (String, Tensor)| Some((name.strip_prefix("bert.")?.to_owned(), tensor));
        let tensors: StateDict = all.into_iter().filter_map(own).collect();
        Self::new(&run.best(), &tensors, config.clone(), student, keys)
    }

    /// That of a student's run; none if its file is missing, as in the folder of a run that is not trained further.
    ///
    /// # Errors
    /// A file that is damaged.
    pub fn load(folder: &Path, student: &BertConfig, keys: &Hidden) -> Result<Option<Self>, RunError> {
        let path = folder.join(LAYERS);
        if std::fs::symlink_metadata(&path).is_err() {
            return Ok(None);
        }
        let (tensors, text) = read_tensors(&path)?;
        let damaged = |reason: String| RunError::Damaged { path: path.clone(), reason };
        let config: BertConfig = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        config.check().map_err(|error| damaged(error.to_string()))?;
        Self::new(&path, &tensors, config, student, keys).map(Some)
    }

    fn new(
        path: &Path,
        tensors: &StateDict,
        config: BertConfig,
        student: &BertConfig,
        keys: &Hidden,
    ) -> Result<Self, RunError> {
        let scores = fits(&config, student, keys.attention_scores).map_err(RunError::Settings)?;
        let bert = Bert::new(&config, &mut Rng::blank());
        load_state_dict(&bert, tensors, path)?;
        check_finite(&state_dict(&bert), path)?;
        Ok(LayerTeacher { bert, config, scores })
    }

    /// Writes the file that [`load`](LayerTeacher::load) reads.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), RunError> {
        let text = serde_json::to_string(&self.config).expect("sizes are numbers and names");
        Ok(write_tensors(&folder.join(LAYERS), &state_dict(&self.bert), &text)?)
    }

    /// A student in training.
    pub fn student(&self, classifier: BertClassifier, rng: &mut Rng) -> BertStudent {
        BertStudent::new(classifier, self.config.hidden_size, rng)
    }

    /// Logits of the student [B, K], and its distance to the teacher.
    pub fn taught(&self, student: &BertStudent, words: &Words, mode: &mut Mode) -> (Tensor, Tensor) {
        if self.bert.device() != words.ids.device() {
            self.bert.move_to(words.ids.device());
        }
        student.taught(words, &self.bert, self.scores, mode)
    }

    /// A sentence on which layer imitates which.
    pub fn described(&self, student: &BertConfig) -> String {
        let (own, all) = (student.num_hidden_layers, self.config.num_hidden_layers);
        let pairs: Vec<String> =
            (1..=own).map(|m| format!("{m} → {}", BertStudent::imitated(m, own, all))).collect();
        let scores = if self.scores { "with attention scores" } else { "hidden states alone" };
        format!("{} of the teacher's {all}: {}, {scores}", counted(own, "layers"), pairs.join(", "))
    }
}

/// Whether attention scores are compared.
fn fits(teacher: &BertConfig, student: &BertConfig, scores: Scores) -> Result<bool, String> {
    let (own, all) = (student.num_hidden_layers, teacher.num_hidden_layers);
    if own > all {
        return Err(format!(
            "loss.objective = hidden: expected a student with at most {all} layers, as many as the teacher has, found {own}; \
             lower model.num_hidden_layers"
        ));
    }
    let [of_student, of_teacher] = [student, teacher].map(|config| config.num_attention_heads);
    match (scores, of_student == of_teacher) {
        (Scores::No, _) => Ok(false),
        (Scores::Auto, equal) => Ok(equal),
        (Scores::Yes, true) => Ok(true),
        (Scores::Yes, false) => Err(format!(
            "loss.attention_scores = yes: expected a student with {of_teacher} attention heads, as many as the teacher has, found \
             {of_student}; with auto, hidden states alone are compared"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(layers: usize, heads: usize) -> BertConfig {
        BertConfig { num_hidden_layers: layers, num_attention_heads: heads, ..BertConfig::default() }
    }

    #[test]
    fn a_student_must_fit_its_teacher() {
        let teacher = config(4, 12);
        let of = |student, scores| fits(&teacher, &student, scores);
        assert_eq!(of(config(2, 12), Scores::Auto), Ok(true));
        assert_eq!(of(config(4, 6), Scores::Auto), Ok(false));
        assert_eq!(of(config(4, 12), Scores::No), Ok(false));
        assert!(of(config(5, 12), Scores::Auto).unwrap_err().contains("at most 4 layers"));
        let error = of(config(2, 6), Scores::Yes).unwrap_err();
        assert!(error.contains("12 attention heads") && error.contains("found 6"), "{error}");
    }
}
