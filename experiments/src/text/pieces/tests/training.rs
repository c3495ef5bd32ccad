use super::*;
use crate::data::generated::Rng;

fn all(pieces: &WordPieces) -> Vec<String> {
    (0..pieces.size()).map(|id| pieces.piece(id as u32).unwrap()).collect()
}

/// Words of a few letters, so that many pairs of pieces occur equally often.
fn texts(alphabet: &str) -> Vec<String> {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut rng = Rng::new(&[7]);
    let mut text = |words: usize| {
        let mut text = String::new();
        for _ in 0..words {
            (0..1 + rng.below(9)).for_each(|_| text.push(letters[rng.below(letters.len() as u64) as usize]));
            text.push(' ');
        }
        text
    };
    (0..40).map(|words| text(5 * words)).collect()
}

#[test]
fn a_vocabulary_is_specials_then_characters_then_what_occurs_most() {
    let pieces = WordPieces::train(&["lol lola loll", "loa aoo"], 32, true).unwrap();
    let found = all(&pieces);
    assert_eq!(found[..5], ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]);
    assert_eq!(found[5..11], ["##a", "##l", "##o", "a", "l", "o"]);
    // l ##o occurs four times, lo ##l then three times; nothing else occurs twice.
    assert_eq!(found[11..], ["lo", "lol"]);
}

/// Characters take half of the vocabulary; those that occur inside words have two pieces.
#[test]
fn the_most_frequent_characters_have_pieces() {
    let pieces = WordPieces::train(&["ab ab ab ba ba cd cd dc 中 中中 中 e f g h i j"], 32, true).unwrap();
    let found = all(&pieces);
    let characters = ["##a", "##b", "##c", "##d", "a", "b", "c", "d", "e", "f", "中"];
    assert_eq!(found[5..16], characters);
    assert_eq!(found[16..], ["ab", "ba", "cd"]);
}

#[test]
fn every_training_gives_the_same_vocabulary_whatever_the_threads() {
    for (alphabet, size) in [("ab", 400), ("abcd é中ß", 300), ("abcdefghijklmnopqrstuvwxyz", 200)] {
        let texts = texts(alphabet);
        let train = || all(&WordPieces::train(&texts, size, true).unwrap());
        let first = train();
        assert!(first.len() <= size && first.len() > 50, "{}", first.len());
        for threads in [1, 2, 7, 1, 2, 7] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(train), first, "{threads} threads");
        }
    }
}

#[test]
fn rare_characters_are_unknown_and_spelt_words_are_not() {
    let mut texts = texts("abcdefgh");
    texts.push("quux".into());
    let pieces = WordPieces::train(&texts, 44, false).unwrap();
    let unk = pieces.special().unk;
    for text in &texts[..40] {
        assert!(!pieces.encode(text, usize::MAX).ids.contains(&unk), "{text}");
    }
    assert_eq!(pieces.encode("quux", 9).ids[1..2], [unk]);
}

#[test]
fn lower_case_is_kept_with_the_vocabulary() {
    for lowercase in [true, false] {
        let pieces = WordPieces::train(&["Ab ab AB Ab é"], 40, lowercase).unwrap();
        assert_eq!(pieces.id("A").is_none(), lowercase);
        let to = folder(&[]);
        pieces.save(to.path()).unwrap();
        let again = WordPieces::load(to.path()).unwrap();
        assert_eq!(all(&again), all(&pieces));
        assert_eq!(again.encode("Ab é", 9), pieces.encode("Ab é", 9));
    }
}

#[test]
fn what_no_vocabulary_can_come_from_is_said() {
    let train = |texts: &[&str], size| WordPieces::train(texts, size, true).unwrap_err().to_string();
    assert_eq!(train(&["a"], 31), "vocabulary of pieces: expected from 32 pieces to 4294967295, found 31");
    for none in [&[][..], &["", " \u{200b}\n"]] {
        assert_eq!(
            train(none, 100),
            "vocabulary of pieces: expected texts to train it on, found texts without a word"
        );
    }
}

/// Words that are read as unknown, whatever the vocabulary, take no time and no place in it.
#[test]
fn the_longest_words_are_not_learnt_from() {
    let plain = texts("abc");
    let long =
        |letters: usize| (0..letters).map(|i| char::from(b'd' + (i * i % 7) as u8)).collect::<String>();
    let with_long = plain.iter().cloned().chain([long(101), long(3_000_000)]).collect::<Vec<_>>();
    let trained = |texts: &[String]| all(&WordPieces::train(texts, 120, true).unwrap());
    assert_eq!(trained(&plain), trained(&with_long));
    assert!(WordPieces::train(&[long(100)], 120, true).is_ok());
    let error = WordPieces::train(&[long(101), long(102)], 120, true).unwrap_err().to_string();
    assert!(error.contains("put spaces between the words, 2 of them"), "{error}");
}
