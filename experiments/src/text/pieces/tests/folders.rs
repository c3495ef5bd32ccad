use super::*;

const BERT: &str = include_str!("../../../fuzz/seeds/tokenizer/bert.json");

#[test]
fn a_tokenizer_file_is_read_without_its_cutting_and_padding() {
    let pieces = WordPieces::load(folder(&[("tokenizer.json", BERT)]).path()).unwrap();
    assert_eq!(pieces.encode("Ab abbb abbbb <new> a", 99).ids, [2, 5, 6, 5, 6, 6, 6, 1, 7, 5, 3]);
    assert_eq!(pieces.size(), 8);
}

#[test]
fn a_file_without_post_processor_and_an_old_one_without_type_are_read() {
    let framing = r#"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#;
    for (old, new) in [(framing, "null"), (r#""model": {"type": "WordPiece", "#, r#""model": {"#)] {
        assert!(BERT.contains(old));
        let read = WordPieces::load(folder(&[("tokenizer.json", &BERT.replace(old, new))]).path()).unwrap();
        assert_eq!(read.encode("a", 9).ids, [2, 5, 3]);
    }
}

#[test]
fn small_files_override_and_complete_the_tokenizer_file() {
    let read = |config: &str| {
        let from = folder(&[("tokenizer.json", BERT), ("tokenizer_config.json", config), ("vocab.txt", "")]);
        WordPieces::load(from.path()).unwrap().encode("A á", 9).ids
    };
    assert_eq!(read("{}"), [2, 5, 5, 3]);
    assert_eq!(read(r#"{"do_lower_case": false, "model_max_length": 1e30}"#), [2, 1, 1, 3]);
    assert_eq!(read(r#"{"strip_accents": false}"#), [2, 5, 1, 3]);
}

#[test]
fn special_pieces_may_have_other_names() {
    let vocabulary = "<pad>\n<unk>\n<s>\n</s>\n<mask>\na\n";
    let map = r#"{"pad_token": "<pad>", "unk_token": {"content": "<unk>", "lstrip": false}, "cls_token": "<s>",
                  "sep_token": "</s>", "mask_token": {"content": "<mask>"}, "additional_special_tokens": []}"#;
    let config = r#"{"pad_token": "wrong", "mask_token": "wrong"}"#;
    let from = folder(&[
        ("vocab.txt", vocabulary),
        ("special_tokens_map.json", map),
        ("tokenizer_config.json", config),
    ]);
    let pieces = WordPieces::load(from.path()).unwrap();
    assert_eq!(pieces.encode("a zz <mask>", 9).ids, [2, 5, 1, 4, 3]);
    // One file holds them all.
    let to = folder(&[]);
    pieces.save(to.path()).unwrap();
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1);
    let again = WordPieces::load(to.path()).unwrap();
    assert_eq!((again.names(), again.special()), (pieces.names(), pieces.special()));
    assert_eq!(again.encode("a zz <mask>", 9).ids, [2, 5, 1, 4, 3]);
}

#[test]
fn lines_may_end_as_on_windows_and_the_last_may_be_empty() {
    let vocabulary = with("a b").replace('\n', "\r\n") + "\r\n\r\n";
    let pieces = pieces(&vocabulary);
    assert_eq!((pieces.size(), pieces.id("a"), pieces.id("b")), (7, Some(5), Some(6)));
}

#[test]
fn saving_writes_the_same_bytes_again() {
    let saved = |pieces: &WordPieces| {
        let to = folder(&[]);
        pieces.save(to.path()).unwrap();
        (fs::read_to_string(to.path().join("tokenizer.json")).unwrap(), WordPieces::load(to.path()).unwrap())
    };
    let (first, again) = saved(&pieces(&with("a ##b c 中")));
    assert_eq!(saved(&again).0, first);
}

/// Each folder, and what its error says after the path.
#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let json = |old: &str, new: &str| {
        assert!(BERT.contains(old), "{old}");
        folder(&[("tokenizer.json", &BERT.replace(old, new))])
    };
    let vocabulary = with("a");
    let config = |text: &str| folder(&[("vocab.txt", &vocabulary), ("tokenizer_config.json", text)]);
    let template = r#"{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B", "type_id": 0}}], "pair": [], "special_tokens": {}}"#;
    let framing = r#"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#;
    for (found, says) in [
        (
            folder(&[]),
            "FOLDER: expected a folder with tokenizer.json or vocab.txt, found neither; name the folder of",
        ),
        (
            folder(&[("tokenizer.json", "{")]),
            "tokenizer.json: expected JSON as Hugging Face writes it, found EOF while",
        ),
        (
            folder(&[("tokenizer.json", "[1]")]),
            "tokenizer.json: expected JSON as Hugging Face writes it, found invalid",
        ),
        (
            json(r#""WordPiece", "unk"#, r#""BPE", "unk"#),
            "tokenizer.json: expected a model of the type WordPiece, found 'BPE';",
        ),
        (
            json("BertNormalizer", "NFC"),
            "tokenizer.json: expected a normalizer of the type BertNormalizer, found 'NFC';",
        ),
        (
            json("BertPreTokenizer", "Whitespace"),
            "tokenizer.json: expected a pre-tokenizer of the type BertPreTokenizer, found 'Whitespace';",
        ),
        (
            json(r#"{"type": "BertPreTokenizer"}"#, "null"),
            "expected a pre-tokenizer of the type BertPreTokenizer, found none;",
        ),
        (
            json("BertProcessing", "RobertaProcessing"),
            "expected a post-processor that makes [CLS] A [SEP] and [CLS] A [SEP] B [SEP], found another of the type 'RobertaProcessing';",
        ),
        (json(framing, template), "found another of the type 'TemplateProcessing';"),
        (json(r#"["[CLS]", 2]"#, r#"["[CLS]", 1]"#), "found another of the type 'BertProcessing';"),
        (json("b\": 6", "b\": 5"), "tokenizer.json: expected one id for each piece, found id 5 twice;"),
        (
            json(r#""id": 7"#, r#""id": 70"#),
            "tokenizer.json: expected the added piece '<new>' to have id 70, found id 7;",
        ),
        (
            json(r#""[MASK]": 4"#, r#""[MOSK]": 4"#),
            "tokenizer.json: expected the special piece '[MASK]' (mask_token), found 7 pieces without it;",
        ),
        (
            json(r#""unk_token": "[UNK]""#, r#""unk_token": "<unk>""#),
            "expected the special piece '<unk>' (unk_token)",
        ),
        (
            folder(&[("vocab.txt", "[PAD]\na\n")]),
            "vocab.txt: expected the special piece '[UNK]' (unk_token), found 2 pieces without it; if the vocabulary has it under another name, special_tokens_map.json must state that name",
        ),
        (folder(&[("vocab.txt", "")]), "vocab.txt: expected the special piece '[PAD]' (pad_token)"),
        (config("no"), "tokenizer_config.json: expected JSON as Hugging Face writes it, found expected"),
        (
            config(r#"{"do_lower_case": "yes"}"#),
            "tokenizer_config.json: expected JSON as Hugging Face writes it, found invalid type: string",
        ),
        (
            config(r#"{"do_basic_tokenize": false}"#),
            "tokenizer_config.json: expected a tokenizer that splits texts as BERT does, found do_basic_tokenize = false;",
        ),
        (config(r#"{"never_split": ["a"]}"#), "found never_split = a list of words;"),
        (
            folder(&[("vocab.txt", &vocabulary), ("special_tokens_map.json", "{")]),
            "special_tokens_map.json: expected JSON",
        ),
    ] {
        let message = refused(found.path());
        assert!(message.contains(says), "{message}\ndoes not say\n{says}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_named() {
    let found = folder(&[("vocab.txt", &with("a"))]);
    let message = refused(&found.path().join("vocab.txt"));
    assert!(
        message.contains("expected a folder with tokenizer.json or vocab.txt, found a regular file;"),
        "{message}"
    );
    let message = refused(&found.path().join("none"));
    assert!(message.starts_with("cannot read"), "{message}");
    fs::create_dir(found.path().join("tokenizer.json")).unwrap();
    let message = refused(found.path());
    assert!(message.contains("cannot read tokenizer.json: it is a folder, not a regular file"), "{message}");
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let found = folder(&[]);
    fs::write(found.path().join("vocab.txt"), b"[PAD]\n\xff\n").unwrap();
    let message = refused(found.path());
    assert!(message.contains("vocab.txt, line 2: expected UTF-8, found byte 0xff"), "{message}");
}
