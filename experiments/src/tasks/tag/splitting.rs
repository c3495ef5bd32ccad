//! How text is split into words if `data.tokenizer` is `auto`: as the training sentences are.

use super::keys::Model;
use super::{TagKeys, sets};
use crate::data::known::TokensGiven;
use crate::data::{Sentence, Splits};
use crate::tasks::keys::{Named, Source};
use crate::text::{Lexicon, Mode, Tokeniser, Tokens, tokenise::is_number};
use std::ops::Range;

/// The mode of the tokeniser: single characters if the words of the training sentences are characters, else white space; for a
/// BERT, which counts no words, English, since punctuation is a word of its own in most data.
pub(super) fn mode(keys: &TagKeys, data: &Splits<Vec<Sentence>>) -> Mode {
    const MOST: f64 = 0.98;
    let known = match &keys.data.source {
        Source::Set(Named { dataset }) => sets::SETS.iter().find(|set| set.name == dataset),
        Source::Own(_) => None,
    };
    let known = known.map(|set| set.tokens);
    let mut words = data.train.iter().flat_map(|sentence| &sentence.words);
    let (mut all, mut single) = (0usize, 0usize);
    words.by_ref().for_each(|word| {
        all += 1;
        single += usize::from(word.chars().nth(1).is_none());
    });
    match known {
        Some(TokensGiven::Characters) => Mode::Characters,
        // English has words of one letter, but no text consists of them.
        None if all > 0 && single as f64 >= MOST * all as f64 => Mode::Characters,
        Some(TokensGiven::Words | TokensGiven::No) | None => match keys.model {
            Model::Bert { .. } => Mode::English,
            Model::BiLstmCrf { .. } => Mode::Whitespace,
        },
    }
}

/// The words of a text between white space, without the punctuation at their ends if the training sentences have it as words of
/// its own: `went,` is `went` and `,`. A known word such as `U.S.` stays whole. A text in which a punctuation mark that belongs to
/// a word before or after it stands alone between white space is already split; a dash stands alone in other texts, too.
pub(super) fn words(text: &str, tokeniser: &Tokeniser, lexicon: &Lexicon) -> Tokens {
    let mut places = vec![];
    let mut end = 0;
    for chunk in text.split_whitespace() {
        let start = end + text[end..].find(chunk).expect("chunks come in the order of the text");
        end = start + chunk.len();
        places.push(start..end);
    }
    let is_mark =
        |place: &Range<usize>| text[place.clone()].chars().all(|c| ".,;:!?\"()[]“”«»、。，".contains(c));
    if !places.iter().any(is_mark) {
        let plain = |word: &str| lexicon.knows(&tokeniser.word(word), word);
        // The columns of the Penn Treebank have `` and '' for quotation marks.
        let quotes = ["\"", "``", "''", "“", "”"].into_iter().any(plain);
        let known = |word: &str| plain(word) || (quotes && matches!(word, "\"" | "“" | "”"));
        places = places.into_iter().flat_map(|place| without_marks(text, place, &known)).collect();
    }
    Tokens::of_split(text, &places, tokeniser)
}

/// The parts of a chunk: the known marks at its start, a word, and the known marks and clitics (`'s`) at its end.
fn without_marks(text: &str, chunk: Range<usize>, known: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let (mut word, mut before, mut after) = (chunk, vec![], vec![]);
    loop {
        let left = &text[word.clone()];
        // A number may end with a mark, as in `in 1996.`
        // `e.g.` and `a.m.`.
        let stem = left.strip_suffix('.').unwrap_or_default();
        let is_abbreviation = stem.contains('.')
            && stem.split('.').all(|part| !part.is_empty() && part.chars().all(char::is_alphabetic));
        let is_whole = is_abbreviation
            || (known(left) && (!is_number(left) || left.ends_with(|c: char| c.is_ascii_digit())));
        let is_mark = |c: char| !c.is_alphanumeric();
        // The longest mark first, such as an ellipsis.
        let marks = left.trim_end_matches(is_mark).len();
        let marks = left[marks..].char_indices().map(|(at, _)| marks + at);
        // `'s` and `n't`.
        let apostrophe = left.rfind(['\'', '’']).unwrap_or(0);
        let with_n = left[..apostrophe].ends_with(['n', 'N']).then(|| apostrophe - 1);
        let mut ends = marks.chain(with_n).chain([apostrophe]).filter(|&at| at > 0);
        let first = left.chars().next().filter(|&c| is_mark(c)).map_or(0, char::len_utf8);
        if is_whole {
            break;
        } else if let Some(at) = ends.find(|&at| known(&left[at..])) {
            after.push(word.start + at..word.end);
            word.end = word.start + at;
        } else if first > 0 && first < left.len() && known(&left[..first]) {
            before.push(word.start..word.start + first);
            word.start += first;
        } else {
            break;
        }
    }
    before.into_iter().chain([word]).chain(after.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::LexiconOptions;

    #[test]
    fn marks_are_split_from_words_as_in_training() {
        let tokeniser = Tokeniser { mode: Mode::Whitespace, ..Tokeniser::default() };
        let trained = "the U.S. said ( in May ) that John 's \" firm \" lost 7.5 % , and ... it did n't .";
        let tokens = Tokens::of_words(&trained.split(' ').collect::<Vec<_>>(), &tokeniser);
        let lexicon = Lexicon::count([&tokens].into_iter(), &LexiconOptions::default(), None);
        let split = |text: &str| {
            words(text, &tokeniser, &lexicon)
                .spans()
                .iter()
                .map(|at| &text[at.clone()])
                .collect::<Vec<_>>()
                .join("|")
        };
        for (text, expected) in [
            ("Ada went, and  (said John's) wife", "Ada|went|,|and|(|said|John|'s|)|wife"),
            ("it didn't, did’nt.", "it|did|n't|,|did’nt|."),
            ("the U.S. lost 7.5%.", "the|U.S.|lost|7.5|%|."),
            ("in 1996, or 1,000.", "in|1996|,|or|1,000|."),
            ("\"Oslo\"... é😀.", "\"|Oslo|\"|...|é😀|."),
            ("“Ada,” e.g. said.", "“|Ada|,|”|e.g.|said|."),
            ("it said...", "it|said|..."),
            ("Ada - Oslo Shipping.", "Ada|-|Oslo|Shipping|."),
            // Unknown marks stay.
            ("what?! <smile>", "what?!|<smile>"),
            // Already split: nothing is changed, not even an unknown abbreviation.
            ("Acme Corp. lost , said John.", "Acme|Corp.|lost|,|said|John."),
            ("", ""),
        ] {
            assert_eq!(split(text), expected);
        }
    }
}
