use super::Tag;
use super::tags::Tags;
use crate::data::formats::scheme::{self, Entity};
use crate::data::{Sentence, Split};
use crate::run::Mistake;

/// The wrong tags of a sentence: entities that are missed and entities that are none; of plain tags, words that have
/// another one. The more there are, the worse it is.
pub(super) fn mistake(task: &Tag, split: Split, example: usize, predicted: &[usize]) -> Mistake {
    of_sentence(&task.tags, &task.data.split(split)[example], predicted)
}

fn of_sentence(tags: &Tags, sentence: &Sentence, predicted: &[usize]) -> Mistake {
    let words = &sentence.words;
    let [gold, said] = [&sentence.tags, predicted].map(|of| tags.named(of));
    let (missed, wrong, degree) = if tags.are_entities() {
        let [gold, said] = [gold, said].map(|names| scheme::entities(&names));
        // Both are in the order of their words.
        let without = |these: &[Entity], others: &[Entity]| -> Vec<String> {
            let other = |entity: &&Entity| others.binary_search_by_key(&key(entity), key).is_err();
            let text = |e: &Entity| format!("{} {}", words[e.start..e.end].join(" "), e.kind);
            these.iter().filter(other).map(text).collect()
        };
        let (missed, wrong) = (without(&gold, &said), without(&said, &gold));
        let degree = format!("{} missed, {} wrong", missed.len(), wrong.len());
        (missed, wrong, degree)
    } else {
        let differ = || (0..words.len().min(said.len())).filter(|&i| gold[i] != said[i]);
        let of = |names: &[&str]| differ().map(|i| format!("{} {}", words[i], names[i])).collect::<Vec<_>>();
        (of(&gold), of(&said), format!("{} of {} words", differ().count(), words.len()))
    };
    let listed = |found: &[String]| if found.is_empty() { "nothing".into() } else { found.join(", ") };
    Mistake {
        severity: missed.len().max(wrong.len()) as f64,
        degree,
        text: words.join(" "),
        right: listed(&missed),
        predicted: listed(&wrong),
    }
}

fn key(entity: &Entity) -> (usize, usize, &str) {
    (entity.start, entity.end, &entity.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::scheme::TagKind;

    fn of(labels: &[&str], gold: &[usize], predicted: &[usize]) -> Mistake {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        let words = ["Ada", "Lovelace", "met", "Mill"].map(String::from).to_vec();
        of_sentence(
            &Tags::of_labels(&labels, TagKind::Auto),
            &Sentence { words, tags: gold.to_vec() },
            predicted,
        )
    }

    #[test]
    fn entities_are_missed_or_wrong() {
        // An entity that is cut short is missed, and what is left of it is wrong.
        let found = of(&["O", "B-PER", "I-PER"], &[1, 2, 0, 1], &[1, 0, 0, 1]);
        assert_eq!((found.right.as_str(), found.predicted.as_str()), ("Ada Lovelace PER", "Ada PER"));
        assert_eq!((found.degree.as_str(), found.severity), ("1 missed, 1 wrong", 1.0));
        let found = of(&["O", "B-PER", "I-PER"], &[1, 2, 0, 1], &[0, 0, 0, 0]);
        assert_eq!((found.right.as_str(), found.severity), ("Ada Lovelace PER, Mill PER", 2.0));
        assert_eq!((found.predicted.as_str(), found.text.as_str()), ("nothing", "Ada Lovelace met Mill"));
    }

    #[test]
    fn plain_tags_are_wrong_word_by_word() {
        let found = of(&["NN", "VB"], &[0, 0, 1, 0], &[0, 1, 1, 1]);
        assert_eq!(
            (found.right.as_str(), found.predicted.as_str()),
            ("Lovelace NN, Mill NN", "Lovelace VB, Mill VB")
        );
        assert_eq!((found.degree.as_str(), found.severity), ("2 of 4 words", 2.0));
    }
}
