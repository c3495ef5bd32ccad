//! What is measured on a finished run beside the metrics on its own data.

/// One thing that is measured with the parameters of a run's best epoch. Each gives named numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trial {
    /// The task's metrics on the test split of another data set.
    On(&'static str),
}

/// What the name of a trial on a set begins with.
const ON: &str = "on ";

impl Trial {
    /// The set of a trial [`On`](Trial::On) one, from its name in a result file; none for other trials.
    pub fn set_of(name: &str) -> Option<&str> {
        name.strip_prefix(ON)
    }

    /// Its name in result files.
    pub fn name(self) -> String {
        match self {
            Trial::On(set) => format!("{ON}{set}"),
        }
    }

    /// Its name as the head of a table's column.
    pub fn heading(self) -> String {
        match self {
            Trial::On(set) => set.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_known_from_the_name_of_its_trial() {
        assert_eq!(Trial::set_of(&Trial::On("books").name()), Some("books"));
        assert_eq!(Trial::set_of("books"), None);
    }
}
