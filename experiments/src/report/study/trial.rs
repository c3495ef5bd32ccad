//! What is measured on a finished run beside the metrics on its own data.

/// One thing that is measured with the parameters of a run's best epoch. Each gives named numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trial {
    /// The task's metrics on the test split of another data set.
    On(&'static str),
}

impl Trial {
    /// Its name in result files.
    pub fn name(self) -> String {
        match self {
            Trial::On(set) => format!("on {set}"),
        }
    }

    /// Its name as the head of a table's column.
    pub fn heading(self) -> String {
        match self {
            Trial::On(set) => set.into(),
        }
    }
}
