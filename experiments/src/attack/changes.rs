use super::Space;
use gradus_engine::Tensor;

/// What an attack needs of a task: the examples of a split, and the model. `P` is the model's output for an example.
pub trait Changes<P> {
    /// The number of examples.
    fn count(&self) -> usize;

    /// An example; none if it cannot be attacked: it has no words or too many, or no output is right.
    fn victim(&self, example: usize) -> Option<Victim>;

    /// The model's output for each of these lists of words, which replace the words of an example, and the loss of the right
    /// output. Each list is one query.
    fn read(&self, example: usize, texts: &[Vec<String>]) -> Vec<(P, f64)>;

    /// ∂loss/∂x [T, W], where x are the vectors of the words that replace those of an example, without the features that come
    /// from characters. One query.
    fn gradient(&self, example: usize, words: &[String]) -> Tensor;

    /// The words that can replace others.
    fn space(&self) -> &Space;
}

/// An example that can be attacked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Victim {
    /// Its words as written.
    pub words: Vec<String>,
    /// Words that may not be changed: they are the answer, or the model does not read them.
    pub fixed: Vec<bool>,
    /// Words that may be misspelt but not replaced: they belong to a named entity, and another name would be another entity.
    pub named: Vec<bool>,
    /// The tag of each word, if there are tags.
    pub tags: Option<Vec<usize>>,
}

impl Victim {
    /// An example whose words may all be changed.
    pub fn of_words(words: Vec<String>) -> Victim {
        let none = vec![false; words.len()];
        Victim { fixed: none.clone(), named: none, words, tags: None }
    }
}
