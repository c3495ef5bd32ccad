//! The paper's results and the runs that test them: one file per table, figure and claim. Plain data, without training
//! code.
//!
//! | file | compares |
//! | --- | --- |
//! | [`table2`] | one recipe of translation into several languages |
//! | [`table3`] | a Transformer that translates, beside LSTMs with attention |
//! | [`table5`] | no, L1 and L2 penalty on MR, SUBJ, MPQA |
//! | [`table7`] | sizes of the data sets |
//! | [`table8`] | hyper-parameters |
//! | [`table9`] | losses of the BiLSTM-CRF on CoNLL-2003 and WNUT-17 |
//! | [`table10`] | no regularisation, L2, dropout, layer normalisation |
//! | [`figure1`] | BERT and BiLSTM, trained on each domain and tested on all |
//! | [`figure2`] | a Transformer and an LSTM, by how much text they see |
//! | [`figure3`] | cross-entropy and focal loss, balanced and imbalanced |
//! | [`figure4`] | language models by their rate of dropout |
//! | [`figure5`] | six optimizers |
//! | [`contrastive`] | BiDAF with and without contrastive objectives |
//! | [`attention`] | TextCNN and BiLSTM with and without self-attention |
//! | [`languages`] | models trained in one language and tested in others, by the text of pre-training |
//! | [`pretraining`] | masked language modelling of a small BERT |
//! | [`probing`] | what each layer of a BERT tells about words and sentences |
//! | [`distillation`] | small models alone and taught by a BERT |
//! | [`robustness`] | classifiers under attack, with and without adversarial training |
//! | [`faithfulness`] | methods that explain classifiers |
//! | [`compression`] | a BERT and its students in int8 and pruned |
//! | `budgets` | sizes and seeds of all runs, by task and scale |
//!
//! Each of them is a [`Study`]. It plans [`Run`]s for a [`Scale`] and a [`DataSource`]; each run has one result file,
//! and the report is built from these files.
//!
//! ```
//! use gradus::studies::{self, DataSource, Scale};
//! let study = studies::find("table10")?;
//! let runs = study.runs(Scale::Smoke, DataSource::Embedded);
//! assert_eq!(runs[0].file().to_str(), Some("runs/table10/imdb--no-regularization--seed1.json"));
//! assert!(runs[0].assignments().contains(&"data.dataset=reviews-long".to_owned()));
//! assert_eq!(studies::find("tabel10").unwrap_err().nearest, "table10");
//! # Ok::<(), studies::UnknownStudy>(())
//! ```

pub mod attention;
mod budgets;
pub mod compression;
pub mod contrastive;
pub mod distillation;
pub mod faithfulness;
pub mod figure1;
pub mod figure2;
pub mod figure3;
pub mod figure4;
pub mod figure5;
pub mod languages;
pub mod pretraining;
pub mod probing;
pub mod robustness;
pub mod table10;
pub mod table2;
pub mod table3;
pub mod table5;
pub mod table7;
pub mod table8;
pub mod table9;
#[cfg(test)]
mod tests;

pub use crate::report::study::{DataSource, Run, Scale, Shows, Study};

/// Every study, in the order of the report.
pub fn all() -> &'static [Study] {
    const ALL: &[Study] = &[
        table9::STUDY,
        table10::STUDY,
        attention::STUDY,
        contrastive::STUDY,
        figure5::STUDY,
        figure3::STUDY,
        table5::STUDY,
        figure2::STUDY,
        figure4::STUDY,
        table3::STUDY,
        table2::STUDY,
        pretraining::STUDY,
        figure1::STUDY,
        languages::STUDY,
        probing::STUDY,
        distillation::classifiers::STUDY,
        distillation::layers::STUDY,
        distillation::taggers::STUDY,
        robustness::STUDY,
        faithfulness::STUDY,
        compression::STUDY,
        table7::STUDY,
        table8::STUDY,
    ];
    ALL
}

/// The study with this name.
///
/// # Errors
/// [`UnknownStudy`], with the nearest name.
pub fn find(name: &str) -> Result<&'static Study, UnknownStudy> {
    all().iter().find(|study| study.name == name).ok_or_else(|| UnknownStudy {
        name: name.into(),
        nearest: nearest(name, all().iter().map(|study| study.name)),
        known: all().iter().map(|study| study.name).collect::<Vec<_>>().join(", "),
    })
}

/// A name that is not a study.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no study '{name}'; did you mean '{nearest}'? Known studies are {known}")]
pub struct UnknownStudy {
    /// The name as given.
    pub name: String,
    /// The known name closest to it.
    pub nearest: &'static str,
    /// All known names.
    pub known: String,
}

/// The name closest to `wanted` by edit distance.
fn nearest(wanted: &str, names: impl Iterator<Item = &'static str>) -> &'static str {
    let wanted = wanted.to_lowercase();
    names.min_by_key(|name| strsim::damerau_levenshtein(&wanted, name)).unwrap_or_default()
}
