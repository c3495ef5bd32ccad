//! Data sets in memory: train, dev and test, for any task.

use super::{DataError, Split};

/// One split of a data set.
pub trait Part: Clone + Default + PartialEq + Send + Sync + 'static {
    /// What its examples are called, in the plural, such as `examples`, `sentences` or `questions`.
    const UNIT: &'static str;

    /// The number of examples.
    fn len(&self) -> usize;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What separates examples in a file, for the error about a file with too few of them; may be empty.
    const SEPARATED: &'static str = "";

    /// Removes `n` examples, drawn by `seed`, and returns them.
    fn draw(&mut self, n: usize, seed: u64) -> Self;

    /// Keeps `n` examples, drawn by `seed`: those that [`draw`](Part::draw) would return.
    fn keep(&mut self, n: usize, seed: u64) {
        *self = self.draw(n, seed);
    }

    /// How `n` examples are [kept](Part::keep), for notes.
    fn kept(seed: u64) -> String {
        format!("drawn by seed {seed}")
    }

    /// Removes about as many examples as each of the sizes for dev and test, drawn by `seed`. Returns them with a phrase that
    /// says what was drawn and how, for notes. They must not reveal anything about the remaining examples: reading comprehension, for
    /// example, holds out whole articles or paragraphs.
    fn hold_out<const N: usize>(&mut self, sizes: [usize; N], seed: u64) -> ([Self; N], String) {
        let part = |n| if n == 0 { Self::default() } else { self.draw(n, seed) };
        (sizes.map(part), format!(" held out by seed {seed}"))
    }
}

/// A data set: its splits, and a note for results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splits<P> {
    /// Short name, as on the command line.
    pub name: String,
    /// The names to which indices in the splits refer: labels or tags; empty for some tasks.
    pub labels: Vec<String>,
    /// The training split.
    pub train: P,
    /// The development split.
    pub dev: P,
    /// The test split.
    pub test: P,
    /// SHA-256 over all data that was read or generated.
    pub checksum: String,
    /// SHA-256 of the data of train, dev and test.
    pub part_checksums: [String; 3],
    /// How the splits were made, and which version was read.
    pub note: String,
}

impl<P: Part> Splits<P> {
    /// A data set without examples, for prediction.
    pub fn none(name: &str, labels: &[String]) -> Self {
        Splits {
            name: name.into(),
            labels: labels.to_vec(),
            train: P::default(),
            dev: P::default(),
            test: P::default(),
            checksum: String::new(),
            part_checksums: Default::default(),
            note: String::new(),
        }
    }

    /// One split.
    pub fn split(&self, split: Split) -> &P {
        match split {
            Split::Train => &self.train,
            Split::Dev => &self.dev,
            Split::Test => &self.test,
        }
    }

    /// One split.
    pub fn split_mut(&mut self, split: Split) -> &mut P {
        match split {
            Split::Train => &mut self.train,
            Split::Dev => &mut self.dev,
            Split::Test => &mut self.test,
        }
    }

    /// Keeps at most `n` examples of a split, drawn by `seed`, and adds this to the note; 0 keeps all.
    pub fn limited(mut self, split: Split, n: usize, seed: u64) -> Self {
        let part = self.split_mut(split);
        let whole = part.len();
        if 0 < n && n < whole {
            part.keep(n, seed);
            let separator = if self.note.is_empty() { "" } else { "; " };
            let (unit, kept) = (P::UNIT, P::kept(seed));
            self.note.push_str(&format!("{separator}{split}: {n} of {whole} {unit}, {kept}"));
        }
        self
    }

    /// The data set, if none of these splits is empty.
    ///
    /// # Errors
    /// [`DataError::EmptySplit`].
    pub fn checked(self, splits: &[Split]) -> Result<Self, DataError> {
        match splits.iter().find(|split| self.split(**split).is_empty()) {
            Some(&split) => Err(DataError::EmptySplit { set: self.name, split }),
            None => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Part for Vec<usize> {
        const UNIT: &'static str = "numbers";

        fn len(&self) -> usize {
            Vec::len(self)
        }

        fn draw(&mut self, n: usize, seed: u64) -> Self {
            crate::data::split::hold_out(self, n, seed)
        }
    }

    fn set() -> Splits<Vec<usize>> {
        Splits { train: (0..9).collect(), dev: vec![1], test: vec![2], ..Splits::none("tiny", &[]) }
    }

    #[test]
    fn a_limit_keeps_as_many_and_says_so() {
        let few = set().limited(Split::Train, 4, 1);
        assert_eq!((few.train.len(), few.note.as_str()), (4, "train: 4 of 9 numbers, drawn by seed 1"));
        assert!(few.train.iter().all(|n| *n < 9));
        for n in [0, 9, 10] {
            assert_eq!(set().limited(Split::Train, n, 1), set());
        }
    }

    #[test]
    fn an_empty_split_is_an_error_that_names_it() {
        assert!(set().checked(&Split::ALL).is_ok());
        let empty = Splits { dev: vec![], ..set() };
        let error = empty.clone().checked(&Split::ALL).unwrap_err().to_string();
        assert!(error.contains("the dev split of 'tiny' is empty"), "{error}");
        assert!(empty.checked(&[Split::Train, Split::Test]).is_ok());
    }
}
