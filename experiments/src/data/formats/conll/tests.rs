mod mistaken;

use super::*;
use crate::data::files::{Encoding, decode};
use proptest::prelude::*;

const AUTO: Columns = Columns::FIRST_AND_LAST;
const PLAIN: Columns = Columns { tags: TagKind::Plain, ..AUTO };

fn file(text: &str) -> TextFile {
    TextFile { path: "some/f.conll".into(), text: text.into(), sha256: String::new() }
}

fn contents(text: &str, columns: Columns) -> Result<Contents, String> {
    read(&file(text), &columns, Known::Nothing).map_err(|error| error.to_string())
}

/// Sentences as `word/tag word/tag`, with tags in IOB2 or plain.
fn parsed(text: &str, columns: Columns) -> Vec<String> {
    let Contents { sentences, tags, .. } =
        contents(text, columns).unwrap_or_else(|e| panic!("{text:?}: {e}"));
    let shown = |sentence: &Sentence| {
        let tokens = sentence.words.iter().zip(&sentence.tags);
        tokens.map(|(word, &tag)| format!("{word}/{}", tags[tag])).collect::<Vec<_>>().join(" ")
    };
    sentences.iter().map(shown).collect()
}

fn error(text: &str, columns: Columns) -> String {
    contents(text, columns).expect_err(text)
}

#[test]
fn four_columns_with_document_starts() {
    let text = "-DOCSTART- -X- O O\n\nAda NNP I-NP I-PER\nsings VBZ I-VP O\n\n\nOslo NNP I-NP I-LOC\n-DOCSTART-\n. . O O";
    assert_eq!(parsed(text, AUTO), ["Ada/B-PER sings/O", "Oslo/B-LOC", "./O"]);
    let second = Columns { word: 2, tag: -2, ..AUTO };
    assert_eq!(parsed("1 Ada B-PER x\n2 sings O x\n", second), ["Ada/B-PER sings/O"]);
    // The last column is also column 0.
    assert_eq!(parsed("Ada NNP B-PER\n", Columns { tag: 0, ..AUTO }), ["Ada/B-PER"]);
    // Another column of the same file holds plain tags.
    let tags = Columns { tag: 2, ..AUTO };
    assert_eq!(
        parsed(text.replace("-DOCSTART-\n", "\n").as_str(), tags),
        ["Ada/NNP sings/VBZ", "Oslo/NNP", "./."]
    );
}

#[test]
fn tabs_spaces_line_ends_and_blank_lines() {
    for text in [
        "Ada\tB-PER\nsings\tO\n\nx\tO\n",
        "Ada\tB-PER\r\nsings\tO\r\n\r\nx\tO\r\n",
        "Ada\tB-PER\rsings\tO\r\rx\tO\r",
        "Ada\tB-PER\r\r\nsings\tO\r\r\n\r\r\nx\tO\r\r\n",
        "\n\n  \nAda   B-PER \nsings O\t\n\t\n \t \nx O",
        "Ada\tB-PER\t\nsings\tO  \n\t\nx\tO\r",
        "Ada B-PER\nsings O\u{a0}\n\u{a0}\n\u{3000} \t\nx O\n\u{200b}\n",
        "Ada B-PER\nsings O\n\u{feff}\nx O\n",
    ] {
        assert_eq!(parsed(text, AUTO), ["Ada/B-PER sings/O", "x/O"], "{text:?}");
    }
    assert_eq!(parsed("New Halden\tB-LOC\n\u{3000}\tO\n", AUTO), ["New Halden/B-LOC \u{3000}/O"]);
    assert_eq!(
        parsed("a\tB-creative work\nb\tI-creative work\n", AUTO),
        ["a/B-creative work b/I-creative work"]
    );
}

#[test]
fn comments_of_every_usual_form_and_words_that_start_with_a_hash() {
    let u = Columns { word: 2, ..AUTO };
    let (hash, none) =
        (Columns { comments: Comments::Hash, ..AUTO }, Columns { comments: Comments::None, ..AUTO });
    for (text, columns, expected) in [
        ("# sent_id = 1\n# text = Ada sings\n1\tAda\tB-PER\n2\tsings\tO\n", u, &["Ada/B-PER sings/O"][..]),
        // As many columns as a row has, by spaces (MultiCoNER) and by tabs (GermEval).
        (
            "# id 52-3b\tdomain=en\nAda _ _ B-PER\nsings _ _ O\n\n# id 7\tdomain=en\nx _ _ O\n",
            AUTO,
            &["Ada/B-PER sings/O", "x/O"],
        ),
        ("# id = 7\nAda _ _ B-PER\n\n# id = 8\nx _ _ O\n", AUTO, &["Ada/B-PER", "x/O"]),
        ("#\thttp://a.b [2009]\n1\tAda\tB-PER\n", u, &["Ada/B-PER"]),
        ("#\thttp://a.b\nAda\tB-PER\n#\tO\n\n#\tO\n", AUTO, &["Ada/B-PER #/O", "#/O"]),
        ("# 1\nAda B-PER\n\n# 2\nx O\n", AUTO, &["Ada/B-PER", "x/O"]),
        ("#id=7\n#text = Ada\n##\n#\nAda x B-PER\n", AUTO, &["Ada/B-PER"]),
        // Document marks end a sentence, with and without blank lines.
        (
            "# begin document a\nAda\tB-PER\n# end document\n# begin document b\nx\tO\n# end document\n",
            AUTO,
            &["Ada/B-PER", "x/O"],
        ),
        ("#begin document (a)\nAda x B-PER\n#end document\nx x O\n", AUTO, &["Ada/B-PER", "x/O"]),
        // A hash with a tag is a word, at the start of a sentence and inside it.
        ("# O\nAda B-PER\n# O\n", AUTO, &["#/O Ada/B-PER #/O"]),
        ("#\tO\n#\tO\n\n#1\tO\n", AUTO, &["#/O #/O", "#1/O"]),
        ("#now O\nAda B-PER\n", AUTO, &["#now/O Ada/B-PER"]),
        ("# O\n", AUTO, &["#/O"]),
        ("# B-X\n# I-X\n# text = a b c\nAda O\n", AUTO, &["#/B-X #/I-X Ada/O"]),
        ("a O\n\n#\tB-X\n", AUTO, &["a/O", "#/B-X"]),
        // Plain tags: `#` is the tag of the pound sign.
        ("# file = wsj_1\n#\t#\n1\tCD\n", AUTO, &["#/# 1/CD"]),
        ("# id = 7\nAda x y NNP\n# x y SYM\n", AUTO, &["Ada/NNP #/SYM"]),
        ("# id = 7\n# x y SYM\nAda x y NNP\n", AUTO, &["#/SYM Ada/NNP"]),
        ("# 1\nAda NNP\n\n# 2\nx CD\n", AUTO, &["Ada/NNP", "x/CD"]),
        ("# SYM\nAda NNP\n\n# SYM\n* SYM\n", AUTO, &["#/SYM Ada/NNP", "#/SYM */SYM"]),
        ("# SYM\nAda NNP\n\nx CD\n", AUTO, &["#/SYM Ada/NNP", "x/CD"]),
        // By key.
        ("Ada\tB-PER\n# she sings\nsings\tO\n", hash, &["Ada/B-PER sings/O"]),
        ("#a b\tc d\nx O\n#\tO\n", hash, &["x/O"]),
        (
            "# O\nAda B-PER\n#end document\n",
            Columns { comments: Comments::None, tags: TagKind::Plain, ..AUTO },
            &["#/O Ada/B-PER #end/document"],
        ),
        ("# O\nAda B-PER\n", none, &["#/O Ada/B-PER"]),
    ] {
        assert_eq!(parsed(text, columns), expected, "{text:?}");
    }
}

#[test]
fn lines_that_are_neither_rows_nor_comments_are_faults() {
    for (text, columns, expected) in [
        // Within a sentence.
        (
            "Ada\tB-PER\n# she sings\nsings\tO\n",
            AUTO,
            "line 2: expected a word and a tag, with a tab or a space between",
        ),
        (
            "Ada\tx\tB-PER\n# she\tsings\nsings\tx\tO\n",
            AUTO,
            "line 2: expected 3 columns, found 2 in '# she\\tsings'; the first row \
            gives the number; if lines that start with # are comments, set data.comments = hash",
        ),
        // A hashtag without its tag.
        (
            "Ada B-PER\n\n#now\nx O\n",
            AUTO,
            "line 3: expected a word and a tag, with a tab or a space between them, found '#now'; \
            complete the line; if lines that start with # are comments, set data.comments = hash",
        ),
        (
            "#now PER\nAda B-PER\n",
            AUTO,
            "line 1: expected a tag such as 'O', 'B-PER' or 'I-PER', as on other lines, found 'PER'; correct the tag",
        ),
        (
            "# a comment\nx O\n",
            Columns { comments: Comments::None, tags: TagKind::Entities, ..AUTO },
            "line 2: expected 3 columns, found 2 in 'x O'",
        ),
        (
            "Ada NNP B-PER\nsings B\n",
            AUTO,
            "some/f.conll, line 2: expected 3 columns, found 2 in 'sings B'; the first row gives \
            the number; a line may have been cut short",
        ),
        ("Ada B-PER\nsings\n", AUTO, "line 2: expected a word and a tag, with a tab or a space"),
        ("Ada\tB-PER\n\tO\n", AUTO, "line 2: expected a word, found none in '\\tO'; complete"),
        ("Ada\tB-PER\nx\t\u{3000}\n", AUTO, "line 2: expected a tag, found none in "),
        ("\n-DOCSTART-\n", AUTO, "some/f.conll: expected at least one sentence, found none"),
        ("", AUTO, "expected at least one sentence, found none"),
        (
            "# a\n# b = c\n",
            Columns { comments: Comments::Hash, ..AUTO },
            "expected at least one sentence, found none",
        ),
    ] {
        let error = error(text, columns);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
    for (word, tag) in [(0, 2), (3, 1), (1, -3), (1, 1), (2, -1), (2, 0), (i64::MIN, i64::MAX)] {
        let error = error("Ada O\n", Columns { word, tag, ..AUTO });
        let tag = if [-1, 0].contains(&tag) { "the last".to_owned() } else { tag.to_string() };
        let expected =
            format!("expected the word in column {word} and its tag in another, {tag}, found 2 columns");
        assert!(
            error.contains(&expected) && error.ends_with("data.tag_column = 0 for the last column"),
            "{error}"
        );
    }
}

const U: &str = "# text = vámonos al mar\n1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_\n1\tvamos\tir\tVERB\tV\t_\t0\troot\t_\t_\n\
    2\tnos\tnosotros\tPRON\tP\t_\t1\tobj\t_\t_\n2.1\tx\tx\tX\t_\t_\t_\t_\t_\t_\n3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_\n3\ta\ta\tADP\tS\t_\t5\tcase\t_\t_\n\
    4\tel\tel\tDET\tD\t_\t5\tdet\t_\t_\n#\t# not a word\n5\tmar\tmar\tNOUN\tN\t_\t1\tobl\t_\t_\n\n1\t10 000\t_\tNUM\tZ\t_\t0\troot\t_\t_\n";

#[test]
fn multiword_tokens_and_empty_nodes_are_skipped() {
    let upos = Columns { word: 2, tag: 4, ..AUTO };
    assert_eq!(parsed(U, upos), ["vamos/VERB nos/PRON a/ADP el/DET mar/NOUN", "10 000/NUM"]);
    assert_eq!(parsed(U, Columns { tag: 5, ..upos })[1], "10 000/Z");
    assert_eq!(contents(U, upos).unwrap().tags, ["ADP", "DET", "NOUN", "NUM", "PRON", "VERB"]);
    // The word column must be given.
    assert_eq!(
        error(U, AUTO),
        "some/f.conll: expected the column of the words of CoNLL-U, found data.word_column = 1, which holds ids; set \
         data.word_column = 2 and data.tag_column = 4 (UPOS) or 5 (XPOS)"
    );
    // With another number of columns, or rows without ids, `1-2` is a word.
    assert_eq!(parsed("1-2\tX\n1\tY\n", PLAIN), ["1-2/X 1/Y"]);
    let words = format!("{}\na{}", "1-2".to_owned() + &"\tx".repeat(9), "\tx".repeat(9));
    assert_eq!(parsed(&words, PLAIN), ["1-2/x a/x"]);
    // CoNLL-U Plus declares its columns.
    let plus = "# global.columns = ID FORM NER\n1-2\tal\t_\n1\ta\tO\n2\tel\tB-X\n";
    assert_eq!(parsed(plus, Columns { word: 2, ..AUTO }), ["a/O el/B-X"]);
}

#[test]
fn each_sentence_of_conll_2012_has_its_own_number_of_columns() {
    let row = |word: &str, pos: &str, name: &str, verbs: usize| {
        format!(
            "bc/x   0    0   {word}   {pos}   (S*   -   -   -   Ada   {name}   {}-\n",
            "*   ".repeat(verbs)
        )
    };
    let text = format!(
        "#begin document (bc/x); part 000\n{}{}\n{}{}#end document\n#begin document (bc/x); part 001\n{}#end document\n",
        row("Hong", "NNP", "(GPE*", 0),
        row("Kong", "NNP", "*)", 0),
        row("says", "VBZ", "*", 2),
        row("Ada", "NNP", "(PERSON)", 2),
        row("no", "UH", "*", 1),
    );
    let names = Columns { word: 4, tag: 11, ..AUTO };
    assert_eq!(parsed(&text, names), ["Hong/B-GPE Kong/I-GPE", "says/O Ada/B-PERSON", "no/O"]);
    assert_eq!(
        parsed(&text, Columns { tag: 5, ..names }),
        ["Hong/NNP Kong/NNP", "says/VBZ Ada/NNP", "no/UH"]
    );
    let read = contents(&text, names).unwrap();
    assert_eq!((read.kind, read.scheme, read.note), (TagKind::Entities, None, None));
    assert!(
        error(&text, AUTO)
            .contains("found data.word_column = 1, which holds ids; set data.word_column = 4 and")
    );
    // Within a sentence, the number of columns is constant and brackets match.
    let cut = text.replacen("*   *   -\n", "*   -\n", 1);
    assert!(
        error(&cut, names).contains("line 6: expected 13 columns, found 14")
            || error(&cut, names).contains("line 6: expected"),
        "{}",
        error(&cut, names)
    );
    let open = text.replace("*)", "*");
    assert!(
        error(&open, names).contains("line 3: expected the end of the entity within its sentence"),
        "{}",
        error(&open, names)
    );
    // A file of the set without names.
    let none = text.replace("(GPE*", "*").replace("*)", "*").replace("(PERSON)", "*");
    let kinds = ["GPE".to_owned()];
    let read = super::read(&file(&none), &names, Known::Kinds(&kinds)).unwrap();
    assert!(
        read.kind == TagKind::Entities && read.sentences.iter().flat_map(|s| &s.tags).all(|&tag| tag == 0)
    );
}

#[test]
fn plain_tags_and_entities_are_distinguished() {
    use TagKind::{Entities, Plain};
    for (tags, kind, scheme) in [
        ("NN VBZ -LRB- PRP$ . O B", Plain, None),
        ("NN VBZ", Plain, None),
        ("N V O E S U M B", Plain, None),
        ("M P AD LB", Plain, None),
        ("_ (1 1) (2)", Plain, None),
        ("O PER LOC", Plain, None),
        ("* X", Plain, None),
        ("O B-PER I-PER", Entities, Some(Scheme::Iob2)),
        ("O I-PER", Entities, Some(Scheme::Iob1)),
        ("O O", Entities, Some(Scheme::Iob2)),
        ("B I O", Entities, Some(Scheme::Iob2)),
        ("B M E S", Entities, Some(Scheme::Bmes)),
        ("B-X L-X U-X O", Entities, Some(Scheme::Bilou)),
        ("B-X I-X E-X S-X O", Entities, Some(Scheme::Bioes)),
        ("B-X M-X E-X W-X O", Entities, Some(Scheme::Bmewo)),
        ("* (A* *)", Entities, None),
    ] {
        let text: String = tags.split(' ').map(|tag| format!("w\t{tag}\n")).collect();
        let read = contents(&text, AUTO).unwrap_or_else(|e| panic!("{tags}: {e}"));
        assert_eq!((read.kind, read.scheme), (kind, scheme), "{tags}");
        if kind == Plain {
            assert_eq!((&read.tags, read.scheme), (&read.kinds, None));
            let mut sorted: Vec<&str> = tags.split(' ').collect();
            sorted.sort();
            sorted.dedup();
            assert_eq!(read.tags, sorted);
            let named: Vec<&str> =
                read.sentences[0].tags.iter().map(|&tag| read.tags[tag].as_str()).collect();
            assert_eq!(named.join(" "), tags);
        }
    }
    // By key.
    assert_eq!(parsed("a\tB-X\nb\tI-X\n", PLAIN), ["a/B-X b/I-X"]);
    assert_eq!(parsed("a\tB\nb\tI\n", AUTO), ["a/B-_ b/I-_"]);
    assert_eq!(contents("a\tI-X\nb\tM-X\n", PLAIN).unwrap().kinds, ["I-X", "M-X"]);
}

#[test]
fn mixtures_are_faults_that_name_the_first_odd_line() {
    let entities = Columns { tags: TagKind::Entities, ..AUTO };
    for (text, columns, expected) in [
        (
            "a\tO\nb\tB-PER\nc\tPER\n",
            AUTO,
            "some/f.conll, line 3: expected a tag such as 'O', 'B-PER' or 'I-PER', as on other lines, \
            found 'PER'; correct the tag, or set data.tags = plain if these are not entities",
        ),
        (
            "a\tNN\nb\tVBZ\nc\tI-ASN\n",
            AUTO,
            "line 3: expected a plain tag, as on most lines, found 'I-ASN'; set data.tags = plain, or \
            data.tags = entities",
        ),
        (
            "Ada\tPER\n",
            entities,
            "line 1: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'PER'; correct the tag, set \
            data.tag_column to the column that holds the tags, or set data.tags = plain",
        ),
        (
            "Ada\tB-PER\nx\tB-\n",
            entities,
            "line 2: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'B-'",
        ),
        (
            "a\tO\nb\tB_PER\n",
            AUTO,
            "line 2: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'B_PER'; correct its letter and \
            hyphen, or set data.tags = plain",
        ),
        ("a\tO\nb\tX-PER\n", AUTO, "line 2: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'X-PER'"),
        ("a\to\nb\tb-per\n", AUTO, "line 1: expected a tag such as 'O', 'B-PER' or 'I-PER', found 'o'"),
        (
            "word\ttag\na\tO\nb\tB-PER\n",
            AUTO,
            "line 1: expected a word and its tag, found 'word' and 'tag', which look like a header; remove the line",
        ),
        (
            "a B-X\nb M-X\nc E-X\n\nd I-X\n",
            AUTO,
            "line 5: expected a tag of the same scheme as 'M-X' on line 2 (IOB1, IOB2, BIOES, BILOU, \
            BMES or BMEWO), found 'I-X'; write all tags in one scheme, or set data.tags = plain",
        ),
        ("a B-X\nb E-X\n\nc U-Y\n", AUTO, "line 4: expected a tag of the same scheme as 'E-X' on line 2"),
        ("a I\nb M\n", AUTO, "line 2: expected a tag of the same scheme as 'I' on line 1"),
    ] {
        let error = error(text, columns);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn numbers_after_words_are_taken_off() {
    let numbered = Columns { numbered: true, ..AUTO };
    assert_eq!(parsed("北0\tB-GPE\n京1\tI-GPE\n10\tO\n", numbered), ["北/B-GPE 京/I-GPE 1/O"]);
    assert!(error("北\tO\n", numbered).contains("line 1: expected a word that ends in a digit"));
    assert!(error("7\tO\n", numbered).contains("line 1: expected a word, found none"));
}

#[test]
fn sentences_have_iob2_tags_and_wrong_ones_are_noted() {
    let read = contents("a I-X\nb B-X\n\nc I-Y\nd O\n", AUTO).unwrap();
    assert_eq!(
        (read.kinds, read.note, read.scheme),
        (vec!["X".into(), "Y".into()], None, Some(Scheme::Iob1))
    );
    assert_eq!(read.tags, ["O", "B-X", "B-Y", "I-X", "I-Y"]);
    assert_eq!(read.sentences[0], Sentence { words: vec!["a".into(), "b".into()], tags: vec![1, 1] });
    assert_eq!(read.sentences[1].tags, [2, 0]);

    for (text, tags, note) in [
        ("a B-X\nb I-X\nc E-X\n\nd I-X\ne O\n", [&[1, 2, 2][..], &[1, 0]], "1 tag contradicts BIOES"),
        ("a B-X\nb L-X\nc L-X\n\nd U-X\ne O\n", [&[1, 2, 1], &[1, 0]], "1 tag contradicts BILOU"),
        ("a I-X\nb O\nc I-X\n\nd O\ne B-X\n", [&[1, 0, 1], &[0, 1]], "1 tag contradicts IOB1"),
        // A letter without a kind is not a contradiction in itself.
        ("a I\nb O\nc I\n\nd O\ne B\n", [&[1, 0, 1], &[0, 1]], "1 tag contradicts IOB1"),
    ] {
        let read = contents(text, AUTO).unwrap();
        assert_eq!(read.sentences.iter().map(|s| &s.tags[..]).collect::<Vec<_>>(), tags, "{text:?}");
        assert_eq!(read.note.unwrap(), format!("f.conll: {note} and was read as conlleval reads them"));
    }
    assert_eq!(contents("a\tNN\nb\tO\n", AUTO).unwrap().note, None);
    assert_eq!(
        contents("a\tPER\nb\tO\nc\tO\n", AUTO).unwrap().note.unwrap(),
        "f.conll: tags such as 'PER' have no letter and hyphen before them and were read as plain tags"
    );
}

#[test]
fn an_unknown_label_names_its_line() {
    let kinds = ["LOC".to_owned(), "PER".to_owned()];
    let refused = |text: &str, known| read(&file(text), &AUTO, known).unwrap_err().to_string();
    assert_eq!(
        refused("a B-PER\n\nb B-ORG\n", Known::Kinds(&kinds)),
        "some/f.conll, line 3: expected an entity of one of the kinds 'LOC', 'PER', found 'B-ORG'; correct the tag, or give \
         the kind an example in the training file"
    );
    assert_eq!(
        refused("a LOC\n\nb NN\n", Known::Tags(&kinds)),
        "some/f.conll, line 3: expected one of the tags 'LOC', 'PER', found 'NN'; correct the tag, or give it an example in \
         the training file"
    );
    assert!(refused("a NN\n", Known::Kinds(&kinds)).contains("line 1: expected a tag such as 'O'"));
    // Known labels take precedence, and are kept.
    let first = contents("a B\nb O\n\nc NN\n", AUTO).unwrap();
    let second = read(&file("a O\nb B\n"), &AUTO, first.known()).unwrap();
    assert_eq!((second.kind, &second.tags), (TagKind::Plain, &first.tags));
    assert_eq!(first.known(), second.known());
}

#[test]
fn large_files_take_linear_time() {
    // One sentence, many kinds, many comments, many columns: each within a few seconds in a debug build.
    let started = std::time::Instant::now();
    let sentence = "# B-X\n".repeat(200_000);
    assert_eq!(contents(&sentence, AUTO).unwrap().sentences[0].words.len(), 200_000);
    let kinds: String = (0..20_000).map(|i| format!("w{i} B-K{i}\n\n")).collect();
    assert_eq!(contents(&kinds, AUTO).unwrap().tags.len(), 40_001);
    let comments = "# a = b c d\n".repeat(200_000) + "a O\n";
    assert_eq!(contents(&comments, AUTO).unwrap().sentences.len(), 1);
    let wide = "x ".repeat(200_000) + "O";
    assert_eq!(contents(&wide, AUTO).unwrap().sentences.len(), 1);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_sentences_or_an_error(
        text: String,
        lines in "([#aB\\-XO \t\r\n=]|# |-DOCSTART-|\tO|B-X\n|#begin document\n|1-2\t|\\(A\\*|\\*\\)|# k = v\n){0,30}",
    ) {
        for comments in [Comments::Auto, Comments::None, Comments::Hash] {
            for tags in [TagKind::Auto, TagKind::Entities, TagKind::Plain] {
                for (word, tag, numbered) in [(1, -1, false), (2, 1, true)] {
                    for text in [&text, &lines] {
                        let columns = Columns { word, tag, comments, tags, numbered };
                        let Ok(read) = contents(text, columns) else { continue };
                        prop_assert!(!read.sentences.is_empty());
                        for Sentence { words, tags } in &read.sentences {
                            prop_assert!(!words.is_empty() && words.len() == tags.len());
                            prop_assert!(words.iter().all(|word| !word.is_empty()));
                            prop_assert!(tags.iter().all(|&tag| tag < read.tags.len()));
                        }
                        let kind = read.kind;
                        prop_assert!(scheme::check_tags(&read.tags, kind, Scheme::Iob2).is_ok(), "{:?}", read.tags);
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_sentences_or_an_error(bytes: Vec<u8>) {
        if let Ok(text) = decode(Path::new("f"), bytes, Encoding::Windows1252) {
            let _ = contents(&text, AUTO);
        }
    }

    #[test]
    fn what_is_written_is_read(
        sentences in prop::collection::vec(prop::collection::vec((r"(#|[^\s\p{Cc}])( ?[^\s\p{Cc}])*", 0usize..5), 1..9), 1..9),
        plain: bool,
    ) {
        let (kind, tags) = match plain {
            true => (TagKind::Plain, ["B", "NN", "O", "X", "a-b"].map(String::from).to_vec()),
            false => (TagKind::Entities, Scheme::Iob2.tag_names(&["X".into(), "Y".into()])),
        };
        let sentences: Vec<Sentence> = sentences
            .into_iter()
            .map(|tokens| {
                let (words, places): (Vec<String>, Vec<usize>) = tokens.into_iter().unzip();
                // Well-formed tags come back as they are.
                let names: Vec<&str> = places.iter().map(|&tag| tags[tag].as_str()).collect();
                let names = if plain { vec![] } else { scheme::convert(&names, Scheme::Iob2) };
                let converted: Vec<usize> =
                    names.iter().map(|tag| tags.iter().position(|name| name == tag).unwrap()).collect();
                Sentence { words, tags: if plain { places } else { converted } }
            })
            .collect();
        let kinds = if plain { tags.clone() } else { vec!["X".to_owned(), "Y".to_owned()] };
        let known = if plain { Known::Tags(&kinds) } else { Known::Kinds(&kinds) };
        // With plain tags, a word such as `# a = b` cannot be distinguished from a comment.
        let columns = Columns { comments: if plain { Comments::None } else { Comments::Auto }, ..AUTO };
        let read = super::read(&file(&write(&sentences, &tags)), &columns, known).unwrap();
        prop_assert_eq!((read.sentences, read.tags, read.kinds, read.kind), (sentences, tags, kinds, kind));
    }
}
