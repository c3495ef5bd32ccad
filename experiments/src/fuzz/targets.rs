use super::{check_sentence, run};
use crate::config;
use crate::data::encoding::{Encoding, decode};
use crate::data::files::TextFile;
use crate::data::formats::imdb::{self, Polarity};
use crate::data::formats::labelled::{self, Format, PerText};
use crate::data::formats::{conll, conllu, squad};
use crate::report::{DataStatistics, RunResult};
use crate::run::RunFolder;
use crate::tasks;
use crate::text::{Alphabet, Form, Lexicon, LexiconOptions, Mode, Tokeniser, VectorFile, Vocabulary};
use gradus_engine::state::read_tensors;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const ENCODINGS: [Encoding; 5] =
    [Encoding::Utf8, Encoding::Windows1252, Encoding::Utf16, Encoding::Gb18030, Encoding::Utf8OrWindows1252];

/// The bytes as text, in each encoding in which they are valid.
fn texts(bytes: &[u8]) -> Vec<TextFile> {
    let read = |encoding| match decode(Path::new("f"), bytes.to_vec(), encoding) {
        Ok(text) => Some(TextFile { path: "f".into(), text, sha256: String::new() }),
        Err(error) => {
            check_sentence(error);
            None
        }
    };
    ENCODINGS.into_iter().filter_map(read).collect()
}

/// A folder with one file that contains the bytes.
fn folder_with(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Accepts a value or an error, as long as the error is one sentence.
fn check<T, E: std::fmt::Display>(found: Result<T, E>) -> Option<T> {
    found.map_err(check_sentence).ok()
}

#[test]
fn fuzz_labelled() {
    run("labelled", |bytes| {
        for mut file in texts(bytes) {
            for (name, format) in
                ["f", "f.csv", "f.tsv", "f.jsonl"].into_iter().zip([Format::Auto; 4]).chain([
                    ("f", Format::Csv),
                    ("f", Format::Header),
                    ("f", Format::Tab),
                    ("f", Format::Space),
                    ("f", Format::Jsonl),
                ])
            {
                file.path = name.into();
                let Some(read) = check(labelled::parse(&file, format, &labelled::Columns::default())) else {
                    continue;
                };
                let several = [PerText::Several(Some(',')), PerText::Several(None)];
                check(labelled::labels(&file.path, &read, PerText::One, format == Format::Auto));
                for per_text in several {
                    check(labelled::labels(&file.path, &read, per_text, false));
                }
            }
        }
    });
}

#[test]
fn fuzz_columns() {
    run("columns", |bytes| {
        for file in texts(bytes) {
            let Some(found) = check(conll::read(&file, &conll::Columns::default(), conll::Known::Nothing))
            else {
                continue;
            };
            assert!(found.sentences.iter().all(|s| s.words.len() == s.tags.len() && !s.words.is_empty()));
            assert!(found.sentences.iter().flat_map(|s| &s.tags).all(|&tag| tag < found.tags.len()));
            // What is written can be read back.
            let text = conll::write(&found.sentences, &found.tags);
            let again = TextFile { text, ..file.clone() };
            let columns =
                conll::Columns { tags: found.kind, comments: conll::Comments::None, ..Default::default() };
            let again = conll::read(&again, &columns, found.known())
                .unwrap_or_else(|e| panic!("{e}\n{}", again.text));
            assert_eq!(again.sentences.len(), found.sentences.len(), "{}", file.text);
        }
    });
}

#[test]
fn fuzz_treebanks() {
    run("treebanks", |bytes| {
        for file in texts(bytes) {
            let Some(found) = check(conllu::read(&file)) else { continue };
            let again = TextFile { text: conllu::write(&found), ..file.clone() };
            let again = conllu::read(&again).unwrap_or_else(|e| panic!("{e}\n{}", again.text));
            assert_eq!(again, found, "{}", file.text);
        }
    });
}

#[test]
fn fuzz_questions() {
    run("questions", |bytes| {
        for file in texts(bytes) {
            let Some(found) = check(squad::read(&file)) else { continue };
            for question in &found.split.questions {
                let context = &found.split.contexts[question.context];
                for answer in &question.answers {
                    assert!(context[answer.start..].starts_with(&answer.text));
                }
            }
        }
    });
}

#[test]
fn fuzz_reviews() {
    run("reviews", |bytes| {
        for file in texts(bytes) {
            for polarity in [Polarity::Negative, Polarity::Positive] {
                check(imdb::parse_tsv(&file.path, &file.text, polarity));
            }
        }
    });
}

#[test]
fn fuzz_text() {
    run("text", |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for mode in [Mode::English, Mode::Whitespace, Mode::Characters, Mode::Chinese] {
            for normalize in [Form::None, Form::Nfc, Form::Nfkc] {
                let tokens = Tokeniser { mode, normalize, ..Tokeniser::default() }.tokens(&text);
                // Words overlap only where one character belongs to both, as ½ in NFKC: 1, ⁄, 2.
                let apart = tokens.spans().windows(2).all(|pair| {
                    let shared = pair[1].start..pair[0].end;
                    shared.is_empty()
                        || pair[0].start <= shared.start
                            && shared.end <= pair[1].end
                            && text.get(shared).is_some_and(|text| text.chars().count() == 1)
                });
                assert!(apart, "{mode:?}: {:?}", tokens.spans());
                assert!(
                    tokens
                        .spans()
                        .iter()
                        .all(|span| text.get(span.clone()).is_some_and(|word| !word.is_empty()))
                );
            }
        }
    });
}

#[test]
fn fuzz_vectors() {
    run("vectors", |bytes| {
        let (_folder, path) = folder_with("vectors.txt", bytes);
        check(VectorFile::read(&path, |word| word.len() % 2 == 0));
    });
}

#[test]
fn fuzz_words_of_a_run() {
    run("vocabulary", |bytes| {
        let (folder, path) = folder_with("vocabulary.txt", bytes);
        if let Some(found) = check(Vocabulary::load(&path)) {
            // The first two ids are PAD and UNK, whose names no word may have.
            assert!((2..found.len() as u32).all(|id| found.id(found.word(id)) == id));
        }
        check(Alphabet::load(&path));
        for name in ["lexicon.json", "alphabet.txt", "vectors.safetensors"] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        check(Lexicon::load(
            folder.path(),
            &LexiconOptions { characters: Some(8), ..LexiconOptions::default() },
        ));
    });
}

#[test]
fn fuzz_configuration() {
    run("configuration", |bytes| {
        let (_folder, path) = folder_with("config.toml", bytes);
        check(config::load(&tasks::keys(), Some(&path), &[]));
        if let Ok(text) = std::str::from_utf8(bytes) {
            check(config::load(&tasks::keys(), None, &[text.to_owned()]));
        }
    });
}

#[test]
fn fuzz_run() {
    run("run", |bytes| {
        let (folder, _) = folder_with("config.toml", bytes);
        for name in ["data.json", "text.json", "prior.json", "checkpoint.safetensors", "best.safetensors"] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let run = RunFolder(folder.path().into());
        check(run.config(&tasks::keys()));
        check(run.trained_on());
        check(tasks::words::load_tokeniser(folder.path()));
        check(tasks::classify::Prior::load(folder.path(), 2));
        check(read_tensors(&run.best()));
    });
}

#[test]
fn fuzz_results() {
    run("results", |bytes| {
        let (_folder, path) = folder_with("result.json", bytes);
        check(RunResult::read(&path));
        check(DataStatistics::read(&path));
    });
}
