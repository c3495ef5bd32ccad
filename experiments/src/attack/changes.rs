use super::Space;
use gradus_engine::Tensor;

/// The examples of a split as attacks see them, with the model. `P` is the model's output for an example.
pub trait Changes<P> {
    /// The number of examples.
    fn count(&self) -> usize;

    /// An example; none if it has no words or too many to attack.
    fn victim(&self, example: usize) -> Option<Victim>;

    /// What the model makes of other words in place of an example's: its output, and the loss of the right one. Each of them is
    /// one query.
    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(P, f64)>;

    /// The gradient of the loss with respect to the vectors of an example's words [T, W], without the features that come from
    /// characters. One query.
    fn gradient(&self, example: usize, words: &[String]) -> Tensor;

    /// The words that can replace others.
    fn space(&self) -> &Space;
}

/// An example that can be attacked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Victim {
    /// Its words as written.
    pub words: Vec<String>,
    /// Words that must stay as they are, because they are the answer.
    pub fixed: Vec<bool>,
    /// Words that may be misspelt, but not replaced by others, because the right output names them.
    pub named: Vec<bool>,
    /// The tag of each word, if there are tags.
    pub tags: Option<Vec<usize>>,
}

impl Victim {
    /// Words of which any may be changed.
    pub fn of_words(words: Vec<String>) -> Victim {
        let none = vec![false; words.len()];
        Victim { fixed: none.clone(), named: none, words, tags: None }
    }
}
