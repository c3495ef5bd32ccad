//! Texts as pieces, for explanations and attacks of models that read pieces.

use super::bert::BertText;
use crate::attack::Space;
use crate::text::{Padded, Text, WordPieces};
use gradus_engine::Tensor;
use std::ops::Range;

/// The names of a text's pieces, and batches of the text and of it with every piece masked but those that were added at its ends;
/// none for a text without pieces of its own.
pub fn text_and_masked(reader: &BertText, text: &str, longest: usize) -> Option<(Vec<String>, [Padded; 2])> {
    let (text, _) = reader.encode(text, longest);
    (!text.is_blank()).then(|| names_and_masked(reader, &text, &[0, text.ids().len() - 1]))
}

/// The same for a text in pieces, of which those at some places were added. One that the text itself names, such as a typed `[SEP]`,
/// is masked as others are.
pub fn names_and_masked(reader: &BertText, text: &Text, added: &[usize]) -> (Vec<String>, [Padded; 2]) {
    let pieces = reader.pieces();
    let mask = pieces.special().mask;
    let name = |&id: &u32| pieces.piece(id).unwrap_or_else(|| format!("piece {id}"));
    let names = text.ids().iter().map(name).collect();
    let masked = |(place, &id): (usize, &u32)| if added.contains(&place) { id } else { mask };
    let masked = Text::of_pieces(text.ids().iter().enumerate().map(masked).collect(), false);
    (names, [Padded::of_ids(&[text]), Padded::of_ids(&[&masked])])
}

/// The same for words in pieces, and where the pieces of each word are among all.
pub fn words_and_masked(reader: &BertText, text: &Text) -> (Vec<String>, [Padded; 2], Vec<Range<usize>>) {
    let pieces = reader.pieces();
    let special = pieces.special();
    let name = |id: u32| pieces.piece(id).unwrap_or_else(|| format!("piece {id}"));
    let words: Vec<&[u32]> = (0..text.len()).map(|word| text.spelled(word)).collect();
    let all = [special.cls].into_iter().chain(words.iter().copied().flatten().copied()).chain([special.sep]);
    let masked = words.iter().map(|word| vec![special.mask; word.len()]).collect();
    let masked = Text::of_words_in_pieces(masked, special.mask);
    let batch = |text: &Text| reader.batch_of_words(&[text]);
    (all.map(name).collect(), [batch(text), batch(&masked)], places(text))
}

/// Where the pieces of each word are, after the special piece at the start.
pub fn places(text: &Text) -> Vec<Range<usize>> {
    let mut end = 1;
    let place = |word: usize| {
        let start = end;
        end += text.spelled(word).len();
        start..end
    };
    (0..text.len()).map(place).collect()
}

/// The words of a text as attacks change them: names of special pieces such as `[MASK]`, stretches between white space, and each
/// ASCII punctuation mark. Split further, they have the pieces of the text.
pub fn words_of(pieces: &WordPieces, text: &str) -> Vec<String> {
    word_places(pieces, text).into_iter().map(|place| text[place].to_owned()).collect()
}

/// The bytes of each of these words.
pub fn word_places(pieces: &WordPieces, text: &str) -> Vec<Range<usize>> {
    let names = pieces.names().all();
    let mut places: Vec<Range<usize>> = vec![];
    let (mut within_word, mut special_end) = (false, 0);
    for (i, c) in text.char_indices() {
        if i < special_end {
            continue;
        }
        if let Some(name) = names.iter().find(|name| text[i..].starts_with(name.as_str())) {
            special_end = i + name.len();
            places.push(i..special_end);
            within_word = false;
            continue;
        }
        let (end, in_word) = (i + c.len_utf8(), !c.is_whitespace() && !c.is_ascii_punctuation());
        match places.last_mut() {
            Some(last) if within_word && in_word => last.end = end,
            _ if c.is_whitespace() => {}
            _ => places.push(i..end),
        }
        within_word = in_word;
    }
    places
}

/// The pieces that are whole words of letters, with their rows of a model's table [V, W].
pub fn space(pieces: &WordPieces, table: &Tensor) -> Space {
    let whole = |id: usize| {
        let piece = pieces.piece(id as u32)?;
        piece.chars().all(char::is_alphabetic).then_some((piece, id))
    };
    let (words, rows) = (0..pieces.size()).filter_map(whole).unzip();
    Space::new(words, table, rows)
}

/// The sum of a gradient [P, W] over the pieces of each word [T, W]; 0 for a word without pieces.
pub fn by_word(gradient: &Tensor, places: &[Range<usize>]) -> Tensor {
    let of = |place: &Range<usize>| match place.is_empty() {
        true => gradient.at(0, 0).zeros_like(),
        false => gradient.narrow(0, place.start, place.len()).sum(&[0]),
    };
    Tensor::stack(&places.iter().map(of).collect::<Vec<_>>().iter().collect::<Vec<_>>(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_at_spaces_and_marks() {
        let pieces = WordPieces::train(&["it is bad"], 60, true).unwrap();
        let words = |text: &str| words_of(&pieces, text);
        assert_eq!(
            words(" It isn't\tbad, \u{201c}é\u{201d} (5€)."),
            ["It", "isn", "'", "t", "bad", ",", "“é”", "(", "5€", ")", "."]
        );
        assert_eq!(words(" \n"), Vec::<String>::new());
        // Names of special pieces stay whole, wherever they stand.
        assert_eq!(words("a[MASK] [SEP][mask]b"), ["a", "[MASK]", "[SEP]", "[", "mask", "]", "b"]);
    }

    #[test]
    fn the_gradient_of_a_word_is_that_of_its_pieces() {
        let gradient = Tensor::from_slice(&[1.0f32, 2.0, 4.0, 8.0, 16.0, 32.0], [3, 2]);
        let found = by_word(&gradient, &[1..3, 0..1, 2..2]);
        assert_eq!(found.to_f64(), [20.0, 40.0, 1.0, 2.0, 0.0, 0.0]);
    }
}
