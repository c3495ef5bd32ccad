//! Columns that hold something else than words and tags.

use super::*;

#[test]
fn columns_without_words_and_tags_are_faults() {
    let swapped = "O\tThe\nB-PER\tAda\nO\tsang\n\nO\tin\nB-LOC\tParis\n";
    for tags in [TagKind::Auto, TagKind::Entities] {
        let error = error(swapped, Columns { tags, ..AUTO });
        let parts =
            ["f.conll, line 2: expected words", "'B-PER' as a word and 'Ada' as its tag", "data.word_column"];
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
    assert!(contents(swapped, PLAIN).is_ok());
    assert_eq!(parsed(swapped, Columns { word: 2, tag: 1, ..AUTO })[1], "in/O Paris/B-LOC");
    // Words such as these occur in texts.
    assert_eq!(parsed("B-52\tX\nO\tY\nflies\tX\n", AUTO), ["B-52/X O/Y flies/X"]);

    // Parts of speech before words, and lemmas or numbers in the last column; then tags as they should be.
    let rows = |row: &dyn Fn(usize) -> String| (0..300).map(|i| row(i) + "\n").collect::<String>();
    let pos = ["DT", "NN", "VB"];
    for (text, found) in [
        (
            rows(&|i| format!("{} word{}", pos[i % 3], i % 40)),
            Some("40 different tags and 3 different words in 300"),
        ),
        (
            rows(&|i| format!("word{} {} lemma{}", i % 140, pos[i % 3], i % 100)),
            Some("100 different tags and 140"),
        ),
        (rows(&|i| format!("word{} {i}", i % 200)), Some("300 different tags")),
        // One of the words looks like a tag.
        (
            rows(&|i| {
                format!("{} {}", pos[i % 3], if i == 9 { "B-52".into() } else { format!("word{}", i % 40) })
            }),
            Some("41 different tags and 3"),
        ),
        (rows(&|i| format!("word{} _", i % 40)), Some("'_' for each of 300 words")),
        (rows(&|i| format!("word{} tag{}", i % 140, i % 60)), None),
        (rows(&|i| format!("word{} tag{}", i % 30, i % 50)), None),
    ] {
        match found {
            None => assert!(contents(&text, AUTO).is_ok(), "{text:.40}"),
            Some(found) => {
                let error = error(&text, AUTO);
                assert!(error.contains("line 1: ") && error.contains(found), "{error}");
            }
        }
        assert!(contents(&text, PLAIN).is_ok());
    }
}

#[test]
fn ids_are_no_words_and_o_alone_is_no_tag() {
    let rows = |row: &dyn Fn(usize) -> String| {
        (0..60).map(|i| row(i) + if i % 5 == 4 { "\n\n" } else { "\n" }).collect::<String>()
    };
    let tag = |i: usize| if i % 5 == 1 { "B-PER" } else { "O" };
    let numbered = rows(&|i| format!("{}\tword{i}\t{}", i % 5 + 1, tag(i)));
    let of_documents = rows(&|i| format!("doc{}\t{}\tword{i}\t{}", i / 5, i % 5, tag(i)));
    for (text, found) in [(&numbered, "'1' as a word"), (&of_documents, "'doc0' as a word")] {
        let error = error(text, AUTO);
        assert!(
            error.contains("line 1: expected words in the column of the words") && error.contains(found),
            "{error}"
        );
    }
    assert!(contents(&numbered, Columns { word: 2, ..AUTO }).is_ok());
    // Without another column these are the words.
    assert!(contents(&rows(&|i| format!("{} {}", i % 7, tag(i))), AUTO).is_ok());
    // Later files are read with the labels of the first.
    let trained = contents(&numbered, Columns { word: 2, ..AUTO }).unwrap();
    assert!(
        read(&file(&numbered), &AUTO, trained.known())
            .is_err_and(|error| error.to_string().contains("'1' as a word"))
    );
    let outside = rows(&|i| format!("1\tword{i}\tO"));
    assert!(error(&outside, Columns { word: 2, ..AUTO }).contains("found 'O' for each of 60 words"));
    assert!(read(&file(&outside), &Columns { word: 2, ..AUTO }, trained.known()).is_ok());
}

#[test]
fn json_and_csv_are_no_columns() {
    for (text, found) in [
        ("{\"tokens\": [\"a\"], \"tags\": [\"O\"]}\n", "JSON in '{"),
        (
            "\nBob,B-PER\nran,O\n",
            "line 2: expected columns of words and tags with tabs or spaces between them, found values of CSV",
        ),
    ] {
        assert!(error(text, AUTO).contains(found), "{}", error(text, AUTO));
    }
    assert_eq!(parsed(", O\nBob B-PER\n", AUTO), [",/O Bob/B-PER"]);
}

#[test]
fn a_header_is_no_row() {
    for text in
        ["word tag\nthe DT\ncat NN\n", "Tokens POS\nthe DT\n", "sentence ner_tags\nthe O\nAda B-PER\n"]
    {
        assert!(error(text, AUTO).contains("line 1: expected a word and its tag, found"), "{text}");
    }
    assert_eq!(parsed("word NN\ntag NN\n", AUTO), ["word/NN tag/NN"]);
}

#[test]
fn comments_that_could_be_rows_are_counted() {
    let text = "#\t#\n0\tCD\nfan\tNN\n\n".repeat(12);
    let note = contents(&text, AUTO).unwrap().note.unwrap();
    assert!(note.contains("12 lines that start with # and could be rows were read as comments"), "{note}");
    assert_eq!(contents(&text, Columns { comments: Comments::None, ..AUTO }).unwrap().note, None);
}
