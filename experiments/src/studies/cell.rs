//! Building a cell: what its scale sets, then what the study sets. And building a claim.

use super::scale::{Scale, Texts};
use super::{Cell, Claim, DataSource, Measure};
use crate::tasks;

impl Cell {
    /// A cell with the sizes and seeds of its scale.
    pub(super) fn new(row: &'static str, column: &'static str, scale: Scale, texts: Texts) -> Self {
        let (sets, seeds) = (scale.sizes(texts), scale.seeds(texts));
        Cell { row, column, sets, seeds, paper: None, paper_gain: None }
    }

    /// Sets a key; what the scale says of it is replaced.
    pub(super) fn set(mut self, key: &str, value: impl Into<String>) -> Self {
        self.sets.retain(|(known, _)| known != key);
        self.sets.push((key.into(), value.into()));
        self
    }

    /// On a known data set, or on the generated one that stands in for it.
    pub(super) fn on(self, known: &'static str, source: DataSource) -> Self {
        let set = match source {
            DataSource::Real => known,
            DataSource::Embedded => tasks::twin(known).unwrap_or(known),
        };
        self.set("data.dataset", set)
    }

    /// With a model; sizes of the scale that it does not have are left out.
    pub(super) fn model(mut self, name: &'static str) -> Self {
        if name == "textcnn" {
            self.sets.retain(|(key, _)| key != "model.layers");
        }
        self.set("model.name", name)
    }

    /// Sets several keys.
    pub(super) fn set_all(self, sets: &[(&str, &str)]) -> Self {
        sets.iter().fold(self, |cell, (key, value)| cell.set(key, *value))
    }

    /// The paper's number.
    pub(super) fn paper(self, number: f64) -> Self {
        Cell { paper: Some(number), ..self }
    }

    /// The paper's gain over the baseline.
    pub(super) fn paper_gain(self, gain: f64) -> Self {
        Cell { paper_gain: Some(gain), ..self }
    }
}

impl Claim {
    /// `better` beats `worse` in `measure`.
    pub(super) const fn of(measure: Measure, better: &'static str, worse: &'static str) -> Self {
        Claim { measure, better, worse }
    }
}
