use crate::text::vectors::GivenVectors;
use crate::text::vocabulary::PAD;
use gradus_engine::{Device, Tensor};
use gradus_models::{Given, Words};
use std::ops::Range;

/// An encoded text: at least one word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The id of each word; [`UNK`](crate::text::vocabulary::UNK) for a word with a given vector.
    ids: Vec<u32>,
    /// For each word with a given vector: its index in the text, and the row of the vector.
    given: Vec<(usize, u32)>,
    /// The ids of the characters, or of the pieces, of all words, one word after another.
    characters: Vec<u32>,
    /// Where those of each word end; empty if the model reads neither characters nor words in pieces.
    ends: Vec<usize>,
    blank: bool,
}

impl Text {
    /// The pieces of a text, for a model that brings its own. A blank text has none of its own.
    pub fn of_pieces(ids: Vec<u32>, blank: bool) -> Text {
        Text { ids, blank, ..Text::default() }
    }

    /// Words in pieces: the ids of the pieces of each word. Without words, one placeholder of that piece.
    pub fn of_words_in_pieces(words: Vec<Vec<u32>>, placeholder: u32) -> Text {
        let mut text = Text { blank: words.is_empty(), ..Text::default() };
        let words = if words.is_empty() { vec![vec![placeholder]] } else { words };
        for pieces in words {
            text.push(0, None);
            text.push_characters(&pieces);
        }
        text
    }

    /// Number of words: at least one, even for a text without words.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether its single word is a placeholder for a text without words.
    pub fn is_blank(&self) -> bool {
        self.blank
    }

    /// The id of each word.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The words in a range.
    ///
    /// # Panics
    /// If the range is not within the text.
    #[track_caller]
    pub fn part(&self, words: Range<usize>) -> Text {
        let ids = self.ids[words.clone()].to_vec();
        let mut part = Text { ids, blank: self.blank, ..Text::default() };
        let within = self.given.iter().filter(|(place, _)| words.contains(place));
        part.given = within.map(|&(place, row)| (place - words.start, row)).collect();
        if !self.ends.is_empty() {
            words.for_each(|word| part.push_characters(self.spelled(word)));
        }
        part
    }

    /// Its words, then those of another text.
    pub fn followed_by(mut self, other: &Text) -> Text {
        let (words, characters) = (self.ids.len(), self.characters.len());
        self.ids.extend_from_slice(&other.ids);
        self.given.extend(other.given.iter().map(|&(place, row)| (place + words, row)));
        self.characters.extend_from_slice(&other.characters);
        self.ends.extend(other.ends.iter().map(|end| end + characters));
        self
    }

    /// Marks its single word as a placeholder for a text without words.
    pub(super) fn set_blank(&mut self) {
        self.blank = true;
    }

    pub(super) fn push(&mut self, id: u32, given: Option<u32>) {
        self.given.extend(given.map(|row| (self.ids.len(), row)));
        self.ids.push(id);
    }

    pub(super) fn push_characters(&mut self, ids: &[u32]) {
        self.characters.extend_from_slice(ids);
        self.ends.push(self.characters.len());
    }

    /// The characters or pieces of a word.
    pub fn spelled(&self, word: usize) -> &[u32] {
        let start = if word == 0 { 0 } else { self.ends[word - 1] };
        &self.characters[start..self.ends[word]]
    }
}

/// Padded texts as tensors.
#[derive(Debug)]
pub struct Padded {
    /// [B, T].
    ids: Tensor,
    /// [B].
    lengths: Tensor,
    /// Characters [B, T, C] and how many each word has [B, T].
    characters: Option<(Tensor, Tensor)>,
    /// The pieces of all words [B, P], and how many there are [B].
    pieces: Option<(Tensor, Tensor)>,
    /// Which words have a given vector [B, T], and the vectors [B, T, D].
    given: Option<(Tensor, Tensor)>,
}

impl Padded {
    /// Pads texts. `seen` maps the position and id of a word to the id that the model sees; `spelled` says whether to
    /// include characters.
    pub(super) fn of(
        texts: &[&Text],
        seen: impl Fn(usize, u32) -> u32,
        spelled: bool,
        vectors: Option<&GivenVectors>,
    ) -> Self {
        let (b, t) = (texts.len(), texts.iter().map(|text| text.len()).max().unwrap_or(0));
        let mut ids = vec![i64::from(PAD); b * t];
        for (i, text) in texts.iter().enumerate() {
            for (j, &id) in text.ids.iter().enumerate() {
                ids[i * t + j] = seen(i * t + j, id).into();
            }
        }
        let lengths: Vec<i64> = texts.iter().map(|text| text.len() as i64).collect();
        Padded {
            ids: Tensor::from_slice(&ids, [b, t]),
            lengths: Tensor::from_slice(&lengths, [b]),
            characters: spelled.then(|| characters(texts, t)),
            pieces: None,
            given: vectors.and_then(|vectors| given(texts, t, vectors)),
        }
    }

    /// Pads texts, each with the ids that it has.
    pub fn of_ids(texts: &[&Text]) -> Self {
        Padded::of(texts, |_, id| id, false, None)
    }

    /// Pads words in pieces, between the pieces `cls` and `sep`.
    pub fn of_words_in_pieces(texts: &[&Text], cls: u32, sep: u32) -> Self {
        let counts: Vec<usize> = texts.iter().map(|text| text.characters.len() + 2).collect();
        let p = counts.iter().copied().max().unwrap_or(0);
        let mut pieces = vec![i64::from(PAD); texts.len() * p];
        for (row, text) in pieces.chunks_mut(p.max(1)).zip(texts) {
            let all = [cls].into_iter().chain(text.characters.iter().copied()).chain([sep]);
            row.iter_mut().zip(all).for_each(|(to, id)| *to = id.into());
        }
        let first = |i: usize, word: usize| {
            let before = if word == 0 { 0 } else { texts[i].ends[word - 1] };
            (i * p + 1 + before) as u32
        };
        let t = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let counts: Vec<i64> = counts.into_iter().map(|count| count as i64).collect();
        let (pieces, counts) =
            (Tensor::from_slice(&pieces, [texts.len(), p]), Tensor::from_slice(&counts, [texts.len()]));
        let words = Padded::of(texts, |place, _| first(place / t, place % t), false, None);
        Padded { pieces: Some((pieces, counts)), ..words }
    }

    /// Moves the batch to another device. Characters stay, because the distinct words among them are found in host
    /// memory.
    pub fn to_device(self, device: Device) -> Self {
        let given = |(known, vectors): (Tensor, Tensor)| (known.to_device(device), vectors.to_device(device));
        Padded {
            ids: self.ids.to_device(device),
            lengths: self.lengths.to_device(device),
            characters: self.characters,
            pieces: self.pieces.map(|(ids, counts)| (ids.to_device(device), counts.to_device(device))),
            given: self.given.map(given),
        }
    }

    /// The batch as models take it.
    pub fn words(&self) -> Words<'_> {
        let characters = self.characters.as_ref().map(|(characters, lengths)| (characters, lengths));
        let given = self.given.as_ref().map(|(known, vectors)| Given { known, vectors });
        let pieces = self.pieces.as_ref().map(|(ids, counts)| (ids, counts));
        Words { ids: &self.ids, lengths: &self.lengths, characters, pieces, given, embedded: None }
    }

    /// Ids [B, T] and lengths [B]; then, if the model reads characters, characters [B, T, C] and how many each word has
    /// [B, T]; or for words in pieces, the pieces [B, P] and their number [B]. A training batch has no given vectors: every training word with a vector is in the embedding table.
    ///
    /// # Panics
    /// If a word has a given vector.
    #[track_caller]
    pub fn into_tensors(self) -> Vec<Tensor> {
        assert!(self.given.is_none(), "padded: a batch with given vectors is not one of training");
        let characters = self.characters.into_iter().flat_map(|(characters, lengths)| [characters, lengths]);
        let pieces = self.pieces.into_iter().flat_map(|(ids, counts)| [ids, counts]);
        [self.ids, self.lengths].into_iter().chain(characters).chain(pieces).collect()
    }

    /// Lengths [B].
    pub fn lengths(&self) -> &Tensor {
        &self.lengths
    }

    /// Pads numbers, one for each word of each text, to [B, T] with 0 at padding, on the device of the batch.
    pub fn aligned(&self, rows: &[&Vec<usize>]) -> Tensor {
        let t = self.ids.dim(1);
        let mut numbers = vec![0i64; rows.len() * t];
        for (to, row) in numbers.chunks_mut(t.max(1)).zip(rows) {
            to.iter_mut().zip(row.iter()).for_each(|(to, &number)| *to = number as i64);
        }
        Tensor::from_slice(&numbers, [rows.len(), t]).to_device(self.ids.device())
    }
}

fn characters(texts: &[&Text], t: usize) -> (Tensor, Tensor) {
    let words = || {
        texts
            .iter()
            .enumerate()
            .flat_map(|(i, text)| (0..text.len()).map(move |j| (i * t + j, text.spelled(j))))
    };
    let longest = words().map(|(_, word)| word.len()).max().unwrap_or(0);
    let mut ids = vec![i64::from(PAD); texts.len() * t * longest];
    let mut lengths = vec![0i64; texts.len() * t];
    for (place, word) in words() {
        lengths[place] = word.len() as i64;
        ids[place * longest..].iter_mut().zip(word).for_each(|(to, &id)| *to = id.into());
    }
    (Tensor::from_slice(&ids, [texts.len(), t, longest]), Tensor::from_slice(&lengths, [texts.len(), t]))
}

/// The given vectors; `None` if no word of the batch has one.
fn given(texts: &[&Text], t: usize, vectors: &GivenVectors) -> Option<(Tensor, Tensor)> {
    if texts.iter().all(|text| text.given.is_empty()) {
        return None;
    }
    let (places, d) = (texts.len() * t, vectors.width());
    let (mut known, mut values) = (vec![0u8; places], vec![0f32; places * d]);
    for (i, text) in texts.iter().enumerate() {
        for &(j, row) in &text.given {
            known[i * t + j] = 1;
            let to = &mut values[(i * t + j) * d..][..d];
            to.iter_mut().zip(vectors.row(row)).for_each(|(to, value)| *to = value.to_f32());
        }
    }
    Some((Tensor::from_slice(&known, [texts.len(), t]), Tensor::from_slice(&values, [texts.len(), t, d])))
}
