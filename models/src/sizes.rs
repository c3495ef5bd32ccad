/// The sizes that a model takes from its data and not from its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSizes {
    /// V: words of the vocabulary, including those for padding and for unknown words.
    pub words: usize,
    /// Characters of the alphabet, including those for padding and for unknown characters; 0 if none are read.
    pub characters: usize,
    /// K: the classes of a classifier or the tags of a tagger. A reader does not use it.
    pub outputs: usize,
}
