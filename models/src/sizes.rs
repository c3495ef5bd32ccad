/// The sizes that a model takes from its data: what its configuration leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSizes {
    /// V: words of the vocabulary, those for padding and for unknown words among them.
    pub words: usize,
    /// Characters of the alphabet, those for padding and for unknown characters among them; 0 where none are read.
    pub characters: usize,
    /// K: the classes of a classifier or the tags of a tagger. A reader does not use it.
    pub outputs: usize,
}
