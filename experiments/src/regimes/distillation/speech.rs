use crate::data::generated::Rng;

/// The words of some texts with the part of speech of each.
pub struct PartsOfSpeech {
    texts: Vec<Vec<String>>,
    tags: Vec<Vec<usize>>,
    /// Where each part of speech occurs: text and word.
    places: Vec<Vec<(usize, usize)>>,
}

impl PartsOfSpeech {
    /// Of texts with a tag for each word.
    ///
    /// # Panics
    /// If a text has another number of tags than of words.
    #[track_caller]
    pub fn new(texts: Vec<Vec<String>>, tags: Vec<Vec<usize>>) -> Self {
        let fits = texts.len() == tags.len() && texts.iter().zip(&tags).all(|(w, t)| w.len() == t.len());
        assert!(fits, "parts of speech: expected a tag for each word");
        let mut places = vec![vec![]; tags.iter().flatten().max().map_or(0, |most| most + 1)];
        for (text, tags) in tags.iter().enumerate() {
            tags.iter().enumerate().for_each(|(word, &tag)| places[tag].push((text, word)));
        }
        PartsOfSpeech { texts, tags, places }
    }

    /// A word with the part of speech of a word of a text, drawn by how often it occurs with it; it may be the same word.
    pub(super) fn alike(&self, text: usize, word: usize, rng: &mut Rng) -> &str {
        let places = &self.places[self.tags[text][word]];
        let (text, word) = places[rng.below(places.len() as u64) as usize];
        &self.texts[text][word]
    }
}
