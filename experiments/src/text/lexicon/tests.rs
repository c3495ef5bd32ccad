use super::*;
use crate::text::tokenise::{Mode as Split, Tokeniser};
use crate::text::vectors::Spellings;
use crate::text::vocabulary::PAD;
use gradus_engine::Rng;
use proptest::prelude::*;
use std::io::Write;
use std::path::Path;

const CASED: Tokeniser = Tokeniser {
    mode: Split::Whitespace,
    lowercase: false,
    html: false,
    normalize: crate::text::Form::Nfc,
    numbers: true,
};
const LOWER: Tokeniser = Tokeniser { lowercase: true, ..CASED };
const ALL: LexiconOptions = LexiconOptions { min_count: 1, max_vocab: 0, characters: None };
const SPELLED: LexiconOptions = LexiconOptions { characters: Some(20), ..ALL };

fn tokens(tokeniser: Tokeniser, texts: &[&str]) -> Vec<Tokens> {
    texts.iter().map(|text| tokeniser.tokens(text)).collect()
}

/// A vector file, read for these texts.
fn vectors(lines: &str, texts: &[Tokens]) -> VectorFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    let wanted = Spellings::of(texts);
    VectorFile::read(file.path(), |word| wanted.contains(word)).unwrap()
}

fn ids(batch: &Padded) -> Vec<i64> {
    batch.words().ids.to_vec()
}

/// The given vectors of a batch, one entry per word; `None` for a word without one.
fn given(batch: &Padded) -> Option<Vec<Option<Vec<f32>>>> {
    let given = batch.words().given?;
    let (known, vectors) = (given.known.to_vec::<u8>(), given.vectors.to_vec::<f32>());
    let width = given.vectors.dim(2);
    let vector = |(flag, vector): (u8, &[f32])| match flag {
        0 => {
            assert!(vector.iter().all(|&value| value == 0.0));
            None
        }
        _ => Some(vector.to_vec()),
    };
    Some(known.into_iter().zip(vectors.chunks(width)).map(vector).collect())
}

fn eval(lexicon: &Lexicon, texts: &[Text]) -> Padded {
    lexicon.batch(&texts.iter().collect::<Vec<_>>(), 0.0, &mut Mode::Eval)
}

fn encode(lexicon: &Lexicon, tokens: &[Tokens]) -> Vec<Text> {
    tokens.iter().map(|tokens| lexicon.encode(tokens)).collect()
}

#[test]
fn words_and_characters_become_padded_numbers() {
    let train = tokens(LOWER, &["a b a", "cab"]);
    let lexicon = Lexicon::count(train.iter(), &LexiconOptions { characters: Some(2), ..ALL }, None);
    let texts = encode(&lexicon, &tokens(LOWER, &["a new cab", "b"]));
    let batch = eval(&lexicon, &texts);
    assert_eq!(ids(&batch), [2, 1, 4, 3, 0, 0]);
    assert_eq!(batch.lengths().to_vec::<i64>(), [3, 1]);
    // Characters by count: a, b, c. "cab" keeps its ends.
    let (characters, lengths) = batch.words().characters.unwrap();
    assert_eq!(characters.to_vec::<i64>(), [2, 0, 1, 1, 4, 3, 3, 0, 0, 0, 0, 0]);
    assert_eq!(lengths.to_vec::<i64>(), [1, 2, 2, 1, 0, 0]);
    assert!(batch.words().given.is_none());
    assert_eq!((lexicon.len(), lexicon.characters(), lexicon.vector_width()), (5, Some(5), None));
    assert_eq!(batch.aligned(&[&vec![7, 8, 9], &vec![6]]).to_vec::<i64>(), [7, 8, 9, 6, 0, 0]);
}

#[test]
fn a_text_without_words_is_one_unknown_word_with_an_unknown_character() {
    let train = tokens(LOWER, &["a b"]);
    for text in ["", "   "] {
        for options in [ALL, SPELLED] {
            let lexicon = Lexicon::count(train.iter(), &options, None);
            let empty = lexicon.encode(&LOWER.tokens(text));
            assert_eq!((empty.len(), empty.ids()), (1, &[UNK][..]));
            // Alone, and beside another text.
            let batch = eval(&lexicon, std::slice::from_ref(&empty));
            assert_eq!((ids(&batch), batch.lengths().to_vec::<i64>()), (vec![1], vec![1]));
            let spelled = batch.words().characters.map(|(c, l)| (c.to_vec::<i64>(), l.to_vec::<i64>()));
            assert_eq!(spelled, options.characters.map(|_| (vec![1], vec![1])));
            let batch = eval(&lexicon, &[lexicon.encode(&train[0]), empty.clone()]);
            assert_eq!(ids(&batch), [2, 3, 1, 0]);
            assert_eq!(empty.part(0..1), empty);
        }
    }
    let nothing = Lexicon::count([].iter(), &SPELLED, None);
    assert_eq!((nothing.len(), nothing.characters()), (2, Some(2)));
    assert_eq!(eval(&nothing, &encode(&nothing, &train)).words().ids.to_vec::<i64>(), [1, 1]);
}

#[test]
fn a_part_of_a_text_keeps_its_characters_and_vectors() {
    let train = tokens(LOWER, &["a b"]);
    let test = tokens(LOWER, &["b x ab y a"]);
    let file = vectors("x 1 2\ny 3 4\n", &test);
    let lexicon = Lexicon::count(train.iter(), &SPELLED, Some(&file));
    let whole = lexicon.encode(&test[0]);
    assert_eq!(whole.part(0..5), whole);
    let part = eval(&lexicon, &[whole.part(2..5)]);
    assert_eq!(part.words().characters.unwrap().0.to_vec::<i64>(), [2, 3, 1, 0, 2, 0]);
    assert_eq!(given(&part).unwrap(), [None, Some(vec![3.0, 4.0]), None]);
    assert_eq!(given(&eval(&lexicon, &[whole.part(2..3)])), None);
}

#[test]
fn a_word_that_the_file_knows_is_known_in_every_split() {
    let train = tokens(CASED, &["the Rome the", "Zebra rare"]);
    let test = tokens(CASED, &["Oslo the OSLO Paris nowhere Rome <unk> <pad>"]);
    let lines =
        "the 1 1\nRome 2 2\nrome 3 3\nOslo 4 4\noslo 5 5\nparis 6 6\n<unk> 9 9\n<pad> 9 9\nrare 7 7\n";
    let all: Vec<Tokens> = train.iter().chain(&test).cloned().collect();
    let file = vectors(lines, &all);
    // Training words with a vector are kept whatever their count, and the order is by count.
    let options = LexiconOptions { min_count: 2, ..ALL };
    let lexicon = Lexicon::count(train.iter(), &options, Some(&file));
    assert_eq!(lexicon.vocabulary().words(), ["<pad>", "<unk>", "the", "Rome", "rare"]);

    // Training words have rows in the table.
    let table = Param::new(Tensor::from_slice(&[0.5f32; 10], [5, 2]));
    assert_eq!(lexicon.start(&table).unwrap(), 3);
    assert_eq!(table.value().to_vec::<f32>(), [0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 7.0, 7.0]);
    let batch = eval(&lexicon, &encode(&lexicon, &train));
    assert_eq!((ids(&batch), given(&batch)), (vec![2, 3, 2, 1, 4, 0], None));

    // All other words use the file's vector, as spelled or else in lower case. The names of PAD and UNK are not words.
    let batch = eval(&lexicon, &encode(&lexicon, &test));
    assert_eq!(ids(&batch), [1, 2, 1, 1, 1, 3, 1, 1]);
    let of = |value: f32| Some(vec![value; 2]);
    assert_eq!(given(&batch).unwrap(), [of(4.0), None, of(5.0), of(6.0), None, None, None, None]);
}

#[test]
fn where_case_is_dropped_a_spelling_of_the_text_may_find_the_vector() {
    let train = tokens(LOWER, &["ROME Rome The"]);
    let test = tokens(LOWER, &["Oslo oslo rome café"]);
    let all: Vec<Tokens> = train.iter().chain(&test).cloned().collect();
    let file = vectors("Rome 1\nthe 2\nThe 3\nOslo 4\ncafe\u{301} 5\n", &all);
    let lexicon = Lexicon::count(train.iter(), &ALL, Some(&file));
    let table = Param::new(Tensor::from_slice(&[0f32; 4], [4, 1]));
    assert_eq!(lexicon.start(&table).unwrap(), 2);
    assert_eq!(lexicon.vocabulary().words()[2..], ["rome", "the"]);
    assert_eq!(table.value().to_vec::<f32>(), [0.0, 0.0, 1.0, 2.0]);
    let batch = eval(&lexicon, &encode(&lexicon, &test));
    assert_eq!(ids(&batch), [1, 1, 2, 1]);
    assert_eq!(given(&batch).unwrap(), [Some(vec![4.0]), None, None, Some(vec![5.0])]);
    let coverage = lexicon.coverage(&test);
    let expected =
        Coverage { words: 3, words_with_vector: 3, tokens: 4, tokens_with_vector: 3, tokens_unknown: 1 };
    assert_eq!(coverage, expected);
}

#[test]
fn words_seen_once_become_unknown_in_training_unless_the_file_knows_them() {
    let train = tokens(LOWER, &["once twice twice known"]);
    let file = vectors("known 1\n", &train);
    for (vectors, known) in [(None, [true, false, false, true]), (Some(&file), [true, false, false, false])] {
        let lexicon = Lexicon::count(train.iter(), &ALL, vectors);
        let text = lexicon.encode(&train[0]);
        let mut rng = Rng::new(1);
        let mut replaced = [false; 4];
        for _ in 0..64 {
            let batch = lexicon.batch(&[&text], 0.5, &mut Mode::Train(&mut rng));
            ids(&batch).iter().zip(&mut replaced).for_each(|(&id, seen)| *seen |= id == i64::from(UNK));
        }
        assert_eq!(replaced, known);
        assert_eq!(ids(&lexicon.batch(&[&text], 1.0, &mut Mode::Eval)), ids(&eval(&lexicon, &[text])));
    }
}

#[test]
fn a_saved_lexicon_gives_the_same_batches_without_the_file() {
    let train = tokens(CASED, &["the Rome the", "once known"]);
    let test = tokens(CASED, &["Oslo the nowhere ÜBER"]);
    let lines = "known 1 0.1\nOslo 0.333333 1e30\nüber -70000 1e-9\n";
    let all: Vec<Tokens> = train.iter().chain(&test).cloned().collect();
    let file = vectors(lines, &all);
    for (options, vectors) in [(ALL, None), (SPELLED, None), (ALL, Some(&file)), (SPELLED, Some(&file))] {
        let folder = tempfile::tempdir().unwrap();
        let lexicon = Lexicon::count(train.iter(), &options, vectors);
        lexicon.save(folder.path()).unwrap();
        let loaded = Lexicon::load(folder.path(), &options).unwrap();
        for tokens in [&train, &test] {
            let texts = encode(&lexicon, tokens);
            assert_eq!(texts, encode(&loaded, tokens));
            let [mut one, mut two] = [Rng::new(3), Rng::new(3)];
            for _ in 0..8 {
                let texts: Vec<&Text> = texts.iter().collect();
                let one = lexicon.batch(&texts, 0.5, &mut Mode::Train(&mut one));
                let two = loaded.batch(&texts, 0.5, &mut Mode::Train(&mut two));
                assert_eq!((ids(&one), given(&one)), (ids(&two), given(&two)));
            }
            assert_eq!(lexicon.coverage(tokens), loaded.coverage(tokens));
        }
        assert_eq!(loaded.vector_width(), vectors.map(|_| 2));
        // A resumed run has its embedding table in the checkpoint.
        let table = Param::new(Tensor::from_slice(&vec![0f32; 2 * loaded.len()], [loaded.len(), 2]));
        assert_eq!(loaded.start(&table).unwrap(), 0);
    }
    // Half precision: the nearest number, or the largest for a number out of range.
    let lexicon = Lexicon::count(train.iter(), &ALL, Some(&file));
    let batch = eval(&lexicon, &encode(&lexicon, &test));
    let near = half::f16::from_f32(0.333333).to_f32();
    assert_eq!(given(&batch).unwrap(), [Some(vec![near, 65504.0]), None, None, Some(vec![-65504.0, 0.0])]);
}

#[test]
fn damaged_files_of_a_run_are_named() {
    let train = tokens(LOWER, &["the cat"]);
    let file = vectors("the 1 2\n", &train);
    let save = |folder: &Path| {
        Lexicon::count(train.iter(), &SPELLED, Some(&file)).save(folder).unwrap();
    };
    let bytes = |name: &str| {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path());
        std::fs::read(folder.path().join(name)).unwrap()
    };
    let other = {
        let folder = tempfile::tempdir().unwrap();
        Lexicon::count(tokens(LOWER, &["a b c the"]).iter(), &ALL, Some(&file)).save(folder.path()).unwrap();
        std::fs::read(folder.path().join("vectors.safetensors")).unwrap()
    };
    let cut = bytes("vectors.safetensors").split_last().unwrap().1.to_vec();
    let twice = {
        let mut bytes = bytes("vectors.safetensors");
        let at = bytes.windows(5).position(|w| w == b"\"the\"").unwrap();
        bytes[at + 1..at + 4].copy_from_slice(b"\\n ");
        bytes
    };
    for (name, damaged, expected) in [
        ("vectors.safetensors", None, "cannot read"),
        ("vectors.safetensors", Some(cut), "vectors.safetensors: expected a whole safetensors file"),
        (
            "vectors.safetensors",
            Some(other),
            "expected the vectors of a vocabulary of 4 words, found those of one of 6",
        ),
        ("vectors.safetensors", Some(twice), "its contents do not match its checksum"),
        ("lexicon.json", None, "cannot read"),
        (
            "lexicon.json",
            Some(b"{}".to_vec()),
            "lexicon.json: expected the keys once_from and vectors, found missing",
        ),
        (
            "lexicon.json",
            Some(br#"{"once_from":9,"vectors":false}"#.to_vec()),
            "expected an id of the 4 words of vocabulary.txt, found 9",
        ),
        ("alphabet.txt", None, "cannot read"),
        ("vocabulary.txt", Some(b"<pad>\n".to_vec()), "vocabulary.txt, line 2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path());
        let path = folder.path().join(name);
        match damaged {
            None => std::fs::remove_file(&path).unwrap(),
            Some(bytes) => std::fs::write(&path, bytes).unwrap(),
        }
        let error = Lexicon::load(folder.path(), &SPELLED).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
        assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
    }
}

#[test]
fn vectors_of_another_width_are_refused_by_the_key() {
    let train = tokens(LOWER, &["the cat"]);
    let file = vectors("the 1 2\n", &train);
    let lexicon = Lexicon::count(train.iter(), &ALL, Some(&file));
    let table = Param::new(Tensor::from_slice(&[0f32; 12], [4, 3]));
    let error = lexicon.start(&table).unwrap_err().to_string();
    let expected =
        "expected word vectors of width 3, as model.embed_dim says, found 2; set model.embed_dim=2";
    assert!(error.ends_with(expected) && error.starts_with(file.path().to_str().unwrap()), "{error}");
    assert!(lexicon.check_width(2).is_ok());
    assert!(Lexicon::count(train.iter(), &ALL, None).check_width(3).is_ok());
}

#[test]
fn coverage_is_counted_by_word_and_by_token() {
    let train = tokens(LOWER, &["the cat the cat sat"]);
    let test = tokens(LOWER, &["the dog the bird", "fish fish sat", ""]);
    let file = vectors("the 1\ndog 2\n", &test);
    let with = Lexicon::count(train.iter(), &ALL, Some(&file));
    let coverage = with.coverage(&test);
    let expected =
        Coverage { words: 5, words_with_vector: 2, tokens: 7, tokens_with_vector: 3, tokens_unknown: 3 };
    assert_eq!(coverage, expected);
    assert_eq!(
        coverage.to_string(),
        "2 of 5 words (40.0 %) and 3 of 7 tokens (42.9 %) have a vector, 42.9 % of tokens are unknown"
    );
    assert!(!coverage.is_none());
    // Only upper case in the file, only lower case in the text.
    let file = vectors("THE 1\nDOG 2\n", &test);
    let without = Lexicon::count(train.iter(), &ALL, Some(&file)).coverage(&test);
    assert_eq!((without.words_with_vector, without.tokens_unknown, without.is_none()), (0, 4, true));
    assert_eq!(Lexicon::count(train.iter(), &ALL, None).coverage(&test), without);
    assert!(!with.coverage(&[]).is_none());
}

/// As one word, they have the vector of that word; as words like others, each has its own.
#[test]
fn a_number_has_its_own_vector_only_if_it_is_a_word() {
    let of = |numbers, lines: &str| {
        let tokeniser = Tokeniser { numbers, ..LOWER };
        let train = tokens(tokeniser, &["in 1996 1997"]);
        let test = tokens(tokeniser, &["in 1996 1998 2001"]);
        let all: Vec<Tokens> = train.iter().chain(&test).cloned().collect();
        let lexicon = Lexicon::count(train.iter(), &ALL, Some(&vectors(lines, &all)));
        let Coverage { words_with_vector, tokens_with_vector, tokens_unknown, .. } = lexicon.coverage(&test);
        ((words_with_vector, tokens_with_vector, tokens_unknown), lexicon.num_lacks_vector(), lexicon)
    };
    let without = "in 1\n1996 2\n1998 3\n";
    let (counts, lacks, lexicon) = of(true, without);
    assert_eq!(
        (counts, lacks, lexicon.vocabulary().words()[2..].join(" ")),
        ((1, 1, 0), true, "<num> in".into())
    );
    let (counts, lacks, _) = of(true, &format!("{without}<num> 4\n"));
    assert_eq!((counts, lacks), ((2, 4, 0), false));
    let (counts, lacks, lexicon) = of(false, without);
    assert_eq!((counts, lacks, lexicon.len()), ((3, 3, 1), false, 5));
    let given = given(&eval(
        &lexicon,
        &encode(&lexicon, &tokens(Tokeniser { numbers: false, ..LOWER }, &["1998 1996"])),
    ));
    assert_eq!(given, Some(vec![Some(vec![3.0]), None]), "1996 has a row of the table");

    // A number that is unknown, because it is rare in training, has no other's vector either.
    let train = tokens(LOWER, &["in 7"]);
    let rare = Lexicon::count(
        train.iter(),
        &LexiconOptions { min_count: 2, ..ALL },
        Some(&vectors("x 0\n7 1\n8 2\n", &[])),
    );
    assert_eq!(rare.coverage(&train).tokens_unknown, 2);
}

proptest! {
    #[test]
    fn every_text_makes_a_batch(texts in prop::collection::vec("\\PC{0,8}|[ab ]{0,8}", 1..5), train in "[ab é]{0,12}") {
        let [train, texts] = [vec![train], texts].map(|texts| {
            texts.iter().map(|text| LOWER.tokens(text)).collect::<Vec<_>>()
        });
        let file = vectors("a 1 2\né 3 4\nx 5 6\n", &texts);
        for (options, vectors) in [(ALL, None), (SPELLED, Some(&file))] {
            let lexicon = Lexicon::count(train.iter(), &options, vectors);
            let batch = eval(&lexicon, &encode(&lexicon, &texts));
            let (words, t) = (batch.words(), batch.words().ids.dim(1));
            let lengths = words.lengths.to_vec::<i64>();
            for ((row, &length), tokens) in words.ids.to_vec::<i64>().chunks(t).zip(&lengths).zip(&texts) {
                prop_assert_eq!(length as usize, tokens.len().max(1));
                prop_assert!(row[..length as usize].iter().all(|&id| id != i64::from(PAD) && id < lexicon.len() as i64));
                prop_assert!(row[length as usize..].iter().all(|&id| id == i64::from(PAD)));
            }
            if let Some((_, spelled)) = words.characters {
                for (row, &length) in spelled.to_vec::<i64>().chunks(t).zip(&lengths) {
                    prop_assert!(row.iter().enumerate().all(|(j, &c)| (c > 0) == (j < length as usize)));
                }
            }
        }
    }
}

#[test]
fn words_in_pieces_are_found_by_their_first_piece() {
    let (unk, cls, sep) = (9, 1, 2);
    let texts = [vec![vec![5], vec![6, 7], vec![8]], vec![], vec![vec![3, 4]]];
    let texts = texts.map(|words| Text::of_words_in_pieces(words, unk));
    assert_eq!(
        texts.each_ref().map(|text| (text.len(), text.is_blank())),
        [(3, false), (1, true), (1, false)]
    );
    let batch = Padded::of_words_in_pieces(&texts.each_ref(), cls, sep);
    let words = batch.words();
    let (pieces, counts) = words.pieces.unwrap();
    assert_eq!(pieces.to_vec::<i64>(), [[1, 5, 6, 7, 8, 2], [1, 9, 2, 0, 0, 0], [1, 3, 4, 2, 0, 0]].concat());
    assert_eq!((counts.to_vec::<i64>(), words.lengths.to_vec::<i64>()), (vec![6, 3, 4], vec![3, 1, 1]));
    // As places in all pieces of the batch, where [CLS] comes first; 0 at padding.
    assert_eq!(words.ids.to_vec::<i64>(), [[1, 2, 4], [7, 0, 0], [13, 0, 0]].concat());
    let part = Padded::of_words_in_pieces(&[&texts[0].part(1..3)], cls, sep);
    assert_eq!(part.words().pieces.unwrap().0.to_vec::<i64>(), [1, 6, 7, 8, 2]);
}
