use super::read::{Spellings, VectorFile};
use crate::text::Tokeniser;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

fn wanted(word: &str) -> bool {
    ["sea", "sky", "new york"].contains(&word)
}

fn read_keeping(file: &[u8], kept: usize) -> Result<VectorFile, String> {
    VectorFile::of_lines(Path::new("v.txt"), file, wanted, kept).map_err(|error| error.to_string())
}

fn read(file: &[u8]) -> Result<VectorFile, String> {
    read_keeping(file, usize::MAX)
}

/// The vector of a word, as in the file.
fn vector(file: &VectorFile, word: &str) -> Option<Vec<f32>> {
    file.given().exactly(word).map(|row| file.exact(row))
}

#[test]
fn a_line_is_a_word_and_its_numbers() {
    for (file, width, words) in [
        (
            "the 9 8\nsky 1 -2.5e-1\nnew york 3 4 \r\nsky 7 7\n",
            2,
            vec![("sky", [1.0, -0.25]), ("new york", [3.0, 4.0])],
        ),
        // The last line may lack a line end.
        ("sea 1 2\nsky 3 4", 2, vec![("sea", [1.0, 2.0]), ("sky", [3.0, 4.0])]),
        // A header.
        ("2 2\nsea 1 2\nsky 3 4\n", 2, vec![("sea", [1.0, 2.0])]),
        ("1 2\nsea 1 2\n", 2, vec![("sea", [1.0, 2.0])]),
        ("\u{FEFF}2 2\nsea 1 2\nsky 3 4\n", 2, vec![("sea", [1.0, 2.0])]),
        ("\u{FEFF}sea 1 2\nsky 3 4\n", 2, vec![("sea", [1.0, 2.0])]),
        ("1 2\n. . 1 2\n", 2, vec![(". .", [1.0, 2.0])]),
        // Its count includes words that are repeated or empty, but no blank lines.
        ("4 2\nsea 1 2\n\nsea 3 4\n 5 6\nsky 3 4\n \n", 2, vec![("sea", [1.0, 2.0]), ("sky", [3.0, 4.0])]),
        // A word that is a number does not make a header.
        ("19 1 2\nsea 3 4\n", 2, vec![("19", [1.0, 2.0]), ("sea", [3.0, 4.0])]),
        // The first word contains spaces; or two words do, and no two adjacent lines agree.
        (". . . 1 2\nsea 3 4\nsky 5 6\n", 2, vec![(". . .", [1.0, 2.0]), ("sea", [3.0, 4.0])]),
        (". . 1 2\nsea 3 4\n", 2, vec![(". .", [1.0, 2.0]), ("sea", [3.0, 4.0])]),
        ("at 7 1 2\nsea 3 4\nsky 5 6\n", 2, vec![("at 7", [1.0, 2.0]), ("sea", [3.0, 4.0])]),
        ("at 7 1 2\nsea 3 4\nin 5 6 7 8\nsky 5 6\n", 2, vec![("in 5 6", [7.0, 8.0]), ("sea", [3.0, 4.0])]),
        // Empty words and empty lines are skipped.
        ("sea 1 2\n 3 4\n\n  5 6\nsky 7 8\n\n", 2, vec![("sea", [1.0, 2.0]), ("sky", [7.0, 8.0])]),
        (" 3 4\nsea 1 2\n", 2, vec![("sea", [1.0, 2.0])]),
        // White space other than U+0020 belongs to a word.
        ("a\u{A0}b 1 2\nsea 3 4\n", 2, vec![("a\u{A0}b", [1.0, 2.0])]),
        // If two spellings are equivalent in Unicode, the first is used.
        ("cafe\u{301} 1 2\ncafé 3 4\n", 2, vec![("café", [1.0, 2.0]), ("cafe\u{301}", [1.0, 2.0])]),
    ] {
        let read = read(file.as_bytes()).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        assert_eq!(read.width(), width, "{file:?}");
        for (word, expected) in words {
            assert_eq!(vector(&read, word).as_deref(), Some(&expected[..]), "{file:?} {word}");
        }
        assert_eq!(vector(&read, ""), None, "{file:?}");
    }
    assert_eq!(read(b"2 3\nsea 1 2 3\nsky 4 5 6\n").unwrap().len(), 2);
    // With one number per word, the first line is a word as well, unless its width is 1.
    assert_eq!(vector(&read(b"2 3\nsky 1\nsea 4\n").unwrap(), "2"), Some(vec![3.0]));
    assert_eq!(vector(&read(b"2 1\nsky 1\nsea 4\n").unwrap(), "2"), None);
}

#[test]
fn wanted_words_and_the_first_ones_are_kept() {
    let file = b"the 1\nof 2\nthe 3\nsea 4\nto 5\nsky 6\nx 7\n";
    let read = read_keeping(file, 2).unwrap();
    let found = ["the", "of", "sea", "to", "sky", "x"].map(|word| vector(&read, word).map(|v| v[0]));
    assert_eq!(found, [Some(1.0), Some(2.0), Some(4.0), None, Some(6.0), None]);
    // The numbers of words that are not kept need not be valid.
    let file = b"the 1\nof 2\nthe 3\nsea 4\nto 5\nsky 6\nx no\n";
    assert_eq!(read_keeping(file, 0).unwrap().len(), 2);
    assert!(read_keeping(file, 9).is_err());
}

#[test]
fn what_is_wanted_keeps_its_precision() {
    let read = read(b"sea 0.3333333\nof 0.3333333\n").unwrap();
    assert_eq!(vector(&read, "sea"), Some(vec![0.333_333_3]));
    assert_eq!(vector(&read, "of"), Some(vec![half::f16::from_f32(0.333_333_3).to_f32()]));
}

#[test]
fn texts_ask_for_words_as_written_as_known_and_in_lower_case() {
    let cased = Tokeniser { lowercase: false, ..Tokeniser::default() };
    let spellings = Spellings::of(&[Tokeniser::default().tokens("Rome 42"), cased.tokens("Über")]);
    let asked = ["Rome", "rome", "42", "<num>", "Über", "über", "ROME"].map(|word| spellings.contains(word));
    assert_eq!(asked, [true, true, false, true, true, true, false]);
    let apart = Tokeniser { numbers: false, ..Tokeniser::default() };
    let spellings = Spellings::of(&[apart.tokens("Rome 42")]);
    assert_eq!(["42", "<num>"].map(|word| spellings.contains(word)), [true, false]);
}

#[test]
fn a_file_may_be_zipped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("v.txt.gz");
    let zip = |text: &[u8]| {
        let mut zip = GzEncoder::new(Vec::new(), Compression::fast());
        zip.write_all(text).unwrap();
        zip.finish().unwrap()
    };
    // Two members, as `cat a.gz b.gz` makes them.
    let bytes = [zip(b"sea 1 2\nsky"), zip(b" 3 4\n")].concat();
    std::fs::write(&path, &bytes).unwrap();
    let read = VectorFile::read(&path, wanted).unwrap();
    assert_eq!((vector(&read, "sky"), read.len()), (Some(vec![3.0, 4.0]), 2));
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let error = VectorFile::read(&path, wanted).unwrap_err().to_string();
    assert!(error.contains("v.txt.gz: expected a whole gzip file, found"), "{error}");
}

#[test]
fn faults_are_named_with_their_line() {
    for (file, expected) in [
        (
            &b"sea 1 2\nsky 1\n"[..],
            "v.txt, line 2: expected a word and 2 numbers, as line 1 has, found 1 in 'sky 1'; give a",
        ),
        (b"sea 1 2\nsky 3 4\nof\n", "line 3: expected a word and 2 numbers, as line 1 has, found 0 in 'of'"),
        (
            b"sea 1 2\nsky 1 two\n",
            "line 2: expected a word and 2 numbers, as line 1 has, found 0 in 'sky 1 two'",
        ),
        (
            b"sea 1 2\nsky 3 4\nof 1 two\n",
            "line 3: expected a word and 2 numbers, as line 1 has, found 'two' for 'of'",
        ),
        (
            b"sea 1 2\nsky 3,5 4\nof 5 6\n",
            "line 2: expected a word and 2 numbers, as line 1 has, found '3,5' for 'sky'",
        ),
        (
            b"sky 1\nsea 1 2\nof 3 4\n",
            "line 1: expected a word and 2 numbers, as line 2 has, found 1 in 'sky 1'",
        ),
        (b"sea 1 x 3\n", "line 1: expected a word and 3 numbers, found 'x' for 'sea'"),
        (b"sea 1 nan\n", "found 'nan' for 'sea'"),
        (b"sea 1 1e999\n", "found '1e999' for 'sea'"),
        (b"sea\n", "line 1: expected a word and its numbers, found 'sea'"),
        (
            b"once upon a time\nthere was\na king\n",
            "line 1: expected a word and its numbers, found 'once upon a time'",
        ),
        (
            b"2 5\nsea 1 2\nsky 3 4\n",
            "line 1: expected a count and the width 2, as line 2 has, found the width 5",
        ),
        (b"", "v.txt: expected word vectors, found none"),
        (b"\n\n", "expected word vectors, found none"),
        (b"400000 300\n", "expected word vectors, found none"),
        (
            b"sea 1 2\nsky\xFF 1 2\n",
            "v.txt, line 2: expected UTF-8, found byte 0xff at column 4; convert the file to UTF-8 text; word2vec",
        ),
        // Cut at the end of a line; a header of another file.
        (
            b"1000000 2\nsea 1 2\nsky 3 4\n",
            "v.txt: expected 1000000 words, as line 1 says, found 2; the file may be",
        ),
        (b"1 2\nsea 1 2\nsky 3 4", "v.txt: expected 1 word, as line 1 says, found 2; the file may be"),
        (b"\n3 1\nsea 1\nsea 1\n", "expected 3 words, as line 2 says, found 2"),
        (b"sea 1 2\nsky 1 2\nof 3 4\n\xFE 1 2\n", "line 4: expected UTF-8, found byte 0xfe at column 1"),
    ] {
        let error = read(file).unwrap_err();
        assert!(error.contains(expected), "{:?}: {error}", String::from_utf8_lossy(file));
    }
    let missing = VectorFile::read(Path::new("no/such"), wanted).unwrap_err();
    assert!(missing.to_string().starts_with("cannot read no/such"));
    let endless = VectorFile::of_lines(Path::new("v"), std::io::repeat(0), wanted, 9).unwrap_err();
    assert!(
        endless
            .to_string()
            .contains("line 1: expected a word and its numbers, found a line of more than 16 MiB")
    );
}

/// Many blocks and pieces: the order of the file is kept, and lines are counted across them.
#[test]
fn a_long_file_is_read_in_its_order() {
    let mut file = Vec::new();
    for i in 0..200_000 {
        writeln!(file, "w{} {i} 0.123456789 0.123456789 0.123456789", i % 150_000).unwrap();
    }
    let whole = read_keeping(&file, 100_000).unwrap();
    assert_eq!(whole.len(), 100_000);
    for i in [0, 1, 49_999, 99_999] {
        assert_eq!(
            vector(&whole, &format!("w{i}")).unwrap()[0],
            half::f16::from_f32(i as f32).to_f32().min(65504.0)
        );
    }
    assert_eq!(vector(&whole, "w100000"), None);
    let late = 180_000;
    let start = file.split(|&b| b == b'\n').take(late).map(|line| line.len() + 1).sum::<usize>();
    file.splice(start..start + 1, *b"\xFF");
    let error = read_keeping(&file, 9).unwrap_err();
    assert!(
        error.contains(&format!("line {}: expected UTF-8, found byte 0xff at column 1", late + 1)),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_bytes_are_vectors_or_an_error(bytes: Vec<u8>, text in "[a-c 0-9.\n]{0,40}|[0-9 \n]{0,20}") {
        let _ = read(&bytes);
        let _ = read_keeping(text.as_bytes(), 1);
        let _ = read([b"\x1f\x8b", &bytes[..]].concat().as_slice());
    }

    #[test]
    fn what_is_written_is_read(words in prop::collection::hash_set("[a-zé.]{1,4}( [a-z.]{1,3})?", 2..9), seed in prop::collection::vec(-1e4f32..1e4, 3 * 9)) {
        let lines = words.iter().zip(seed.chunks(3)).map(|(word, v)| format!("{word} {} {} {}\n", v[0], v[1], v[2]));
        let file = VectorFile::of_lines(Path::new("v"), lines.collect::<String>().as_bytes(), |_| true, 0).unwrap();
        prop_assert_eq!(file.len(), words.len());
        for (word, v) in words.iter().zip(seed.chunks(3)) {
            prop_assert_eq!(vector(&file, word).unwrap(), v);
        }
    }
}
