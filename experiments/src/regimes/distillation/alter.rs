use super::speech::PartsOfSpeech;
use crate::data::generated::Rng;

/// Stands for a word that was masked. No text has it as a word, so that it is unknown to a model of words; a BERT reads it as its
/// mask.
pub const MASKED: &str = "\u{fffc}";

/// The percentage of words to mask.
const MASK: u64 = 10;

/// The percentage of words to replace by others of the same part of speech.
const REPLACE: u64 = 10;

/// The percentage of copies of which only some neighbouring words are kept.
const SAMPLE: u64 = 25;

/// The most of these words.
const MOST: u64 = 5;

/// The altered copy number `copy` of text number `text`: each word is masked with probability 0.1 and, where parts of speech are
/// known, with probability 0.1 replaced by another of its part of speech; with probability 0.25 one to five words in a row are all
/// that is left. `speech` is of all texts, in their order.
///
/// Source: Tang et al. 2019, section 3.3.
pub fn altered<S: AsRef<str>>(
    words: &[S],
    text: usize,
    copy: usize,
    speech: Option<&PartsOfSpeech>,
) -> Vec<String> {
    let mut rng = Rng::new(&[text as u64, copy as u64]);
    let mut changed = |(i, word): (usize, &S)| match (rng.below(100), speech) {
        (draw, _) if draw < MASK => MASKED.to_owned(),
        (draw, Some(speech)) if draw < MASK + REPLACE => speech.alike(text, i, &mut rng).to_owned(),
        (_, Some(_) | None) => word.as_ref().to_owned(),
    };
    let words: Vec<String> = words.iter().enumerate().map(&mut changed).collect();
    if words.is_empty() || !rng.chance(SAMPLE) {
        return words;
    }
    let all = words.len() as u64;
    let length = 1 + rng.below(MOST.min(all));
    let start = rng.below(all - length + 1);
    words[start as usize..(start + length) as usize].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_masked_and_a_quarter_is_short() {
        let words: Vec<String> = (0..20).map(|i| format!("w{i}")).collect();
        let copies: Vec<Vec<String>> = (0..4000).map(|copy| altered(&words, 3, copy, None)).collect();
        let short = copies.iter().filter(|copy| copy.len() <= 5).count();
        assert!((900..1100).contains(&short), "{short}");
        assert!(copies.iter().all(|copy| copy.len() <= 5 || copy.len() == 20));
        let all: Vec<&String> = copies.iter().flatten().collect();
        let masked = all.iter().filter(|word| **word == MASKED).count() as f64 / all.len() as f64;
        assert!((masked - 0.1).abs() < 0.01, "{masked}");
        for copy in &copies {
            // The words that are left are neighbours in their order.
            let known = copy.iter().enumerate().filter(|(_, word)| *word != MASKED);
            let offsets: Vec<i64> =
                known.map(|(i, word)| word[1..].parse::<i64>().unwrap() - i as i64).collect();
            assert!(offsets.windows(2).all(|pair| pair[0] == pair[1]));
        }
        assert_eq!(altered(&words, 3, 7, None), copies[7], "the same numbers give the same copy");
        assert_ne!(altered(&words, 4, 7, None), copies[7]);
        assert_eq!(altered(&[] as &[&str], 0, 0, None), [""; 0]);
    }

    #[test]
    fn a_tenth_is_replaced_within_its_part_of_speech_by_how_often_words_occur() {
        // Nouns are n0, or n1 three times as often; the last text has one verb.
        let texts: Vec<Vec<String>> = [vec!["n0"; 10], vec!["n1"; 30], vec!["v"; 1]]
            .map(|words| words.into_iter().map(String::from).collect())
            .to_vec();
        let tags = vec![vec![0; 10], vec![0; 30], vec![1]];
        let speech = PartsOfSpeech::new(texts.clone(), tags);
        let copies: Vec<String> =
            (0..4000).flat_map(|copy| altered(&texts[0], 0, copy, Some(&speech))).collect();
        let share =
            |word: &str| copies.iter().filter(|found| *found == word).count() as f64 / copies.len() as f64;
        assert!((share(MASKED) - 0.1).abs() < 0.01, "{}", share(MASKED));
        assert!((share("n1") - 0.075).abs() < 0.01, "{}", share("n1"));
        assert_eq!(share("v"), 0.0);
        assert!(
            (0..100).all(|copy| ["v", MASKED].contains(&&*altered(&texts[2], 2, copy, Some(&speech))[0]))
        );
    }
}
