//! Sentences and predictions as columns.

use super::super::scheme::{self, Scheme, written};
use super::TagKind;
use crate::data::Sentence;

/// Sentences as `word<TAB>tag` lines with a blank line after each sentence, which [`super::read`] can read. `tags` are
/// the names of the tags.
///
/// # Panics
/// If a tag is not below the number of names.
pub fn write(sentences: &[Sentence], tags: &[String]) -> String {
    let mut text = String::new();
    for sentence in sentences {
        for (word, &tag) in sentence.words.iter().zip(&sentence.tags) {
            text.push_str(word);
            text.push('\t');
            text.push_str(&tags[tag]);
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// A sentence with its right and its predicted tags, as official scorers read them: one line per word, with columns
/// separated by one space, and a blank line.
///
/// Columns 2 and 3 are the right and the predicted tag in the model's scheme. The last two columns are those that conlleval
/// reads ([`scheme::scored`]), and the share of words on which they are equal is a tagger's accuracy. For plain tags and for
/// IOB these are columns 2 and 3; tags of other schemes are repeated in IOB2 as columns 4 and 5.
///
/// Words and tags are [`written`] as one column each; an empty word is `_`.
///
/// # Panics
/// If the lengths differ, or if a tag of entities belongs to no scheme.
#[track_caller]
pub fn predictions(
    words: &[String],
    gold: &[&str],
    predicted: &[&str],
    kind: TagKind,
    scheme: Scheme,
) -> String {
    assert!(
        words.len() == gold.len() && words.len() == predicted.len(),
        "predictions: {} words, {} right tags and {} predicted ones",
        words.len(),
        gold.len(),
        predicted.len()
    );
    let scored = [gold, predicted].map(|tags| scheme::scored(kind, scheme, tags));
    let mut lines = String::new();
    for (i, word) in words.iter().enumerate() {
        lines.extend([column(word).as_str(), " ", &written(gold[i]), " ", &written(predicted[i])]);
        for tags in scored.iter().flatten() {
            lines.extend([" ", &written(&tags[i])]);
        }
        lines.push('\n');
    }
    lines.push('\n');
    lines
}

/// A word as a column. conlleval takes a first column `-X-` for the end of a sentence, so it is escaped.
fn column(word: &str) -> String {
    match word {
        "" => "_".into(),
        "-X-" => "%2DX-".into(),
        _ => written(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What conlleval.pl counts in a file: right words, words, then right, predicted and gold entities. It takes the last two
    /// columns, expects the same number of columns on each line, and splits at single spaces.
    fn conlleval(text: &str) -> [usize; 5] {
        let cut = |tag: &str| match tag.split_once('-') {
            Some((letter, kind)) => (letter.to_owned(), kind.to_owned()),
            None => (tag.to_owned(), String::new()),
        };
        let outside = || ("O".to_owned(), String::new());
        let starts = |(p, pk): &(String, String), (t, tk): &(String, String)| {
            t == "B" || (p == "O" && t == "I") || (t != "O" && pk != tk)
        };
        let ends = |(p, pk): &(String, String), (t, tk): &(String, String)| {
            p != "O" && (t == "B" || t == "O" || pk != tk)
        };
        let (mut g0, mut p0, mut in_correct, mut counts, mut width) =
            (outside(), outside(), false, [0; 5], None);
        for line in text.lines().chain([""]) {
            let columns: Vec<&str> = line.split(' ').collect();
            let boundary = line.is_empty() || columns[0] == "-X-";
            let (g, p) = if boundary {
                (outside(), outside())
            } else {
                assert_eq!(columns.len(), *width.get_or_insert(columns.len()), "{line}");
                (cut(columns[columns.len() - 2]), cut(columns[columns.len() - 1]))
            };
            if in_correct {
                match (ends(&g0, &g), ends(&p0, &p)) {
                    (true, true) if g0.1 == p0.1 => (in_correct, counts[2]) = (false, counts[2] + 1),
                    (a, b) if a != b || g.1 != p.1 => in_correct = false,
                    _ => {}
                }
            }
            in_correct |= starts(&g0, &g) && starts(&p0, &p) && g.1 == p.1;
            counts[3] += usize::from(starts(&p0, &p));
            counts[4] += usize::from(starts(&g0, &g));
            counts[1] += usize::from(!boundary);
            counts[0] += usize::from(!boundary && g == p);
            (g0, p0) = (g, p);
        }
        counts
    }

    #[test]
    fn predictions_are_columns_for_official_scorers() {
        let words = ["New Halden", "", "-X-", "5%20"].map(String::from);
        let shown = |gold: &str, predicted: &str, kind, scheme| {
            let [gold, predicted]: [Vec<&str>; 2] = [gold, predicted].map(|tags| tags.split('|').collect());
            predictions(&words, &gold, &predicted, kind, scheme)
        };
        assert_eq!(
            shown("B-a b|I-a b|O|O", "O|I-a b|B-a_b|O", TagKind::Entities, Scheme::Iob2),
            "New%20Halden B-a%20b O\n_ I-a%20b I-a%20b\n%2DX- O B-a_b\n5%2520 O O\n\n"
        );
        assert_eq!(
            shown("B-X|E-X|O|S-X", "S-X|S-X|O|S-X", TagKind::Entities, Scheme::Bioes),
            "New%20Halden B-X S-X B-X B-X\n_ E-X S-X I-X B-X\n%2DX- O O O O\n5%2520 S-X S-X B-X B-X\n\n"
        );
        assert_eq!(
            shown("NN|a b|B|O", "NN|NN|B|O", TagKind::Plain, Scheme::Bioes),
            "New%20Halden NN NN\n_ a%20b NN\n%2DX- B B\n5%2520 O O\n\n"
        );
        assert_eq!(predictions(&[], &[], &[], TagKind::Entities, Scheme::Iob2), "\n");
    }

    #[test]
    #[should_panic(expected = "predictions: 1 words, 2 right tags and 1 predicted ones")]
    fn predictions_have_a_tag_each() {
        predictions(&["a".into()], &["O", "O"], &["O"], TagKind::Plain, Scheme::Iob2);
    }

    fn named(tags: &[String]) -> Vec<&str> {
        tags.iter().map(String::as_str).collect()
    }

    proptest! {
        #[test]
        fn official_scorers_count_the_same_in_the_predictions(
            sentences in prop::collection::vec(prop::collection::vec(("[aé %-]{0,3}|-X-", 0usize..99, 0usize..99), 0..6), 1..6),
        ) {
            use crate::metrics::entities::EntityCounts;
            let kinds = ["a b", "a_b", "a%20b", "-"].map(String::from);
            for scheme in [Scheme::Iob2, Scheme::Bioes] {
                let names = scheme.tag_names(&kinds);
                let name = |i: usize| names[i % names.len()].as_str();
                let (mut counts, mut text) = (EntityCounts::default(), String::new());
                for sentence in &sentences {
                    let words: Vec<String> = sentence.iter().map(|(word, ..)| word.clone()).collect();
                    let gold: Vec<&str> = sentence.iter().map(|&(_, gold, _)| name(gold)).collect();
                    let predicted: Vec<&str> = sentence.iter().map(|&(.., predicted)| name(predicted)).collect();
                    let [right, found] = [&gold, &predicted].map(|tags| scheme::scored(TagKind::Entities, scheme, tags));
                    match (&right, &found) {
                        (Some(right), Some(found)) => counts.add(&named(right), &named(found)),
                        _ => counts.add(&gold, &predicted),
                    }
                    text += &predictions(&words, &gold, &predicted, TagKind::Entities, scheme);
                }
                let sum = |i: usize| counts.kinds.values().map(|c| c[i]).sum::<usize>();
                let expected = [counts.right_words, counts.words, sum(0), sum(1), sum(2)];
                prop_assert_eq!(conlleval(&text), expected);
                let rows: Vec<Vec<&str>> = text.lines().filter(|l| !l.is_empty()).map(|l| l.split(' ').collect()).collect();
                let read_back = |column: usize| rows.iter().map(move |row| scheme::unwritten(row[column]));
                prop_assert!(read_back(1).eq(sentences.iter().flatten().map(|&(_, gold, _)| name(gold).to_owned())));
            }
        }
    }
}
