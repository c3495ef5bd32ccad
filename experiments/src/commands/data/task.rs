use crate::data::catalog::{Format, KnownSet};

/// What a set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// One label for each text.
    Classification,
}

impl Task {
    /// The task of a known set, which its format tells.
    pub fn of(set: &KnownSet) -> Task {
        match set.layouts[0].format {
            Format::LabelledLines | Format::GlueTsv | Format::ImdbTsv | Format::ImdbFolder => {
                Task::Classification
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Task::Classification => "text classification",
        }
    }
}
