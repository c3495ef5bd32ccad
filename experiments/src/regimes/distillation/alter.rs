use crate::data::generated::Rng;

/// Stands for a word that was masked. No text has it as a word, so that it is unknown to a model of words; a BERT reads it as its
/// mask.
pub const MASKED: &str = "\u{fffc}";

/// The percentage of words to mask.
const MASK: u64 = 10;

/// The percentage of copies of which only some neighbouring words are kept.
const SAMPLE: u64 = 25;

/// The most of these words.
const MOST: u64 = 5;

/// The altered copy number `copy` of text number `text`: each word is masked with probability 0.1, and with probability 0.25 one to
/// five words in a row are all that is left.
///
/// Source: Tang et al. 2019, section 3.3, without the replacement of words by others of the same part of speech.
pub fn altered<S: AsRef<str>>(words: &[S], text: usize, copy: usize) -> Vec<String> {
    let mut rng = Rng::new(&[text as u64, copy as u64]);
    let mut masked = |word: &S| {
        if rng.chance(MASK) { MASKED.to_owned() } else { word.as_ref().to_owned() }
    };
    let words: Vec<String> = words.iter().map(&mut masked).collect();
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
        let copies: Vec<Vec<String>> = (0..4000).map(|copy| altered(&words, 3, copy)).collect();
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
        assert_eq!(altered(&words, 3, 7), copies[7], "the same numbers give the same copy");
        assert_ne!(altered(&words, 4, 7), copies[7]);
        assert_eq!(altered(&[] as &[&str], 0, 0), [""; 0]);
    }
}
