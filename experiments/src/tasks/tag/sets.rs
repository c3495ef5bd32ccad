//! The known sets for tagging. Counts and digests were measured on the files.

use crate::data::files::Encoding;
use crate::data::formats::conll::{self, Columns, Known, TagKind};
use crate::data::formats::scheme::Scheme;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};
use crate::data::{DataError, Sentence};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// The word first, the tag last.
fn first_and_last(source: &mut Source, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    columns(source, Columns::FIRST_AND_LAST, into)
}

/// The same, with a digit after each word that is not part of it.
fn numbered(source: &mut Source, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    columns(source, Columns { numbered: true, ..Columns::FIRST_AND_LAST }, into)
}

/// The same, without entities of the kind MISC.
fn without_misc(source: &mut Source, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    let file = source.lines()?;
    let kinds: Vec<String> = source.labels.iter().cloned().chain(["MISC".into()]).collect();
    let mut read = conll::read(&file, &Columns::FIRST_AND_LAST, Known::Kinds(&kinds))?;
    source.notes.extend(read.note);
    let kept = Scheme::Iob2.tag_names(&source.labels);
    // Words of other kinds become words outside all names, the first tag.
    let place = |tag: &String| kept.iter().position(|name| name == tag).unwrap_or(0);
    let places: Vec<usize> = read.tags.iter().map(place).collect();
    let tags = read.sentences.iter_mut().flat_map(|sentence| &mut sentence.tags);
    tags.for_each(|tag| *tag = places[*tag]);
    into.extend(read.sentences);
    Ok(())
}

/// The universal part of speech of each word of a treebank in CoNLL-U.
fn parts_of_speech(source: &mut Source, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    const OLD: &str = "CONJ";
    let file = source.lines()?;
    let tags: Vec<String> = source.labels.iter().cloned().chain([OLD.into()]).collect();
    let columns = Columns { word: 2, tag: 4, tags: TagKind::Plain, ..Columns::FIRST_AND_LAST };
    let mut read = conll::read(&file, &columns, Known::Tags(&tags))?;
    source.notes.extend(read.note);
    let conjunction = source.labels.iter().position(|tag| tag == "CCONJ").unwrap_or(0);
    let all = read.sentences.iter_mut().flat_map(|sentence| &mut sentence.tags);
    all.filter(|tag| **tag == source.labels.len()).for_each(|tag| *tag = conjunction);
    into.extend(read.sentences);
    Ok(())
}

/// Whether the tags of a known set are plain: its labels are tags, not kinds of entities.
pub(super) fn are_plain(set: &KnownSet<Vec<Sentence>>) -> bool {
    set.labels == UPOS
}

/// People, places and organisations.
const PLO: &[&str] = &["LOC", "ORG", "PER"];

/// The universal parts of speech (UD 2).
const UPOS: &[&str] = &[
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT",
    "SCONJ", "SYM", "VERB", "X",
];

fn columns(source: &mut Source, columns: Columns, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    let file = source.lines()?;
    let read = conll::read(&file, &columns, Known::Kinds(&source.labels))?;
    source.notes.extend(read.note);
    into.extend(read.sentences);
    Ok(())
}

/// The layouts of CoNLL-2003, for a reader.
macro_rules! conll2003 {
    ($read:expr) => {
        &[
            Layout {
                folder: "conll2003",
                read: $read,
                note: "",
                train: &[file(
                    "eng.train",
                    14_041,
                    "eac0822f501353f265383ddf1edb0dcd42a1b6eefd3e383d7074db98c38eb41c",
                )],
                dev: &[file(
                    "eng.testa",
                    3_250,
                    "aedc4ccbd1ae9795feaa0e86fe72d195b0258abed9d705b630d1c889276fac1e",
                )],
                test: &[file(
                    "eng.testb",
                    3_453,
                    "0632f32c090ef31c223135b7fee3187a7cf8e65c4015c7866bb7783428cdd9a6",
                )],
            },
            Layout {
                folder: "conll2003/alt-iob2",
                read: $read,
                note: "",
                train: &[file(
                    "train.txt",
                    14_041,
                    "213953b5522fb7924802d883e50f027b2c6ffb5d4d0e63368ed82909f9b60423",
                )],
                dev: &[file(
                    "valid.txt",
                    3_250,
                    "c02eb19809eafb83998326a0481942eb37d96f31826ae387cfe8773699969f5b",
                )],
                test: &[file(
                    "test.txt",
                    3_453,
                    "dc4ac7f3d6d01a6bec59261814561da3b287b6b493b97d1f69c580b52ec1831b",
                )],
            },
        ]
    };
}

/// A set of UNER: name, language and treebank, licence, the generated set in its place, and the files of train, dev and test.
macro_rules! uner {
    ($name:literal, $language:literal, $licence:literal, $twin:literal,
     $train:tt, $dev:tt, $test:tt) => {
        KnownSet {
            name: $name,
            description: concat!(
                "Universal NER: people, places and organisations in ",
                $language,
                " (Mayhew et al. 2024)"
            ),
            address: "https://github.com/UniversalNER (columns 2 and 3 of the files)",
            licence: $licence,
            labels: PLO,
            tokens: TokensGiven::Words,
            encoding: Encoding::Utf8,
            layouts: &[Layout {
                folder: "uner",
                read: first_and_last,
                note: "",
                train: files!($train),
                dev: files!($dev),
                test: files!($test),
            }],
            splits: SplitRule::Official,
            downloads: NONE,
            caution: "",
            twin: $twin,
        }
    };
}

macro_rules! files {
    ([$(($path:literal, $examples:literal, $sha256:literal)),*]) => {
        &[$(file($path, $examples, $sha256)),*]
    };
}

/// The known sets.
pub static SETS: &[KnownSet<Vec<Sentence>>] = &[
    KnownSet {
        name: "conll2003",
        description: "CoNLL-2003: people, places, organisations and others in English news (Tjong Kim Sang and De Meulder 2003)",
        address: "https://www.clips.uantwerpen.be/conll2003/ner/ (needs the Reuters corpus RCV1)",
        licence: "words: Reuters, by agreement with NIST; tags: free for research",
        labels: &["LOC", "MISC", "ORG", "PER"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: conll2003!(first_and_last),
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "names",
    },
    KnownSet {
        name: "wnut17",
        description: "WNUT-17: rare and emerging names in English messages, six kinds (Derczynski et al. 2017)",
        address: "https://github.com/leondz/emerging_entities_17",
        licence: "CC BY 4.0",
        labels: &["corporation", "creative-work", "group", "location", "person", "product"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "wnut17",
            read: first_and_last,
            note: "",
            train: &[file(
                "wnut17train.conll",
                3_394,
                "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
            )],
            dev: &[file(
                "emerging.dev.conll",
                1_009,
                "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
            )],
            test: &[file(
                "emerging.test.annotated",
                1_287,
                "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "names-small",
    },
    KnownSet {
        name: "weibo-ner",
        description: "Weibo NER, second edition: names and nominal mentions in Chinese messages, by character (Peng and Dredze 2015)",
        address: "https://github.com/hltcoe/golden-horse (folder data)",
        licence: "annotations: CC BY-SA 3.0; messages: Weibo's terms",
        labels: &["GPE.NAM", "GPE.NOM", "LOC.NAM", "LOC.NOM", "ORG.NAM", "ORG.NOM", "PER.NAM", "PER.NOM"],
        tokens: TokensGiven::Characters,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "weibo-ner",
            read: numbered,
            note: "",
            train: &[file(
                "weiboNER_2nd_conll.train",
                1_350,
                "4e8954c54ab33b0afc9a8abb85715c47422645cc6d1b49fdb24540f4a427e997",
            )],
            dev: &[file(
                "weiboNER_2nd_conll.dev",
                270,
                "e72730d83aac680505280b6301c879b3ba470d29ac308979d48cdc58ee4907cc",
            )],
            test: &[file(
                "weiboNER_2nd_conll.test",
                270,
                "faaf6c0ebde5348b935cfd5c89f0f22c9e0779d60667d8b5efbc647b6707d50e",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "names",
    },
    KnownSet {
        name: "conll2003-plo",
        description: "CoNLL-2003 without the names of other kinds: people, places and organisations, the kinds of UNER",
        address: "https://www.clips.uantwerpen.be/conll2003/ner/ (needs the Reuters corpus RCV1)",
        licence: "words: Reuters, by agreement with NIST; tags: free for research",
        labels: PLO,
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: conll2003!(without_misc),
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "names of the kind MISC are left out, so results are not those of CoNLL-2003",
        twin: "names-a",
    },
    uner!(
        "uner-en",
        "English (EWT)",
        "CC BY-SA 4.0",
        "names-a",
        [],
        [("en_ewt-ud-dev.iob2", 2_001, "4bc5515ab6d9b229047560840d95ccb825876a248a4c791c643f34b7b67648f1")],
        [("en_ewt-ud-test.iob2", 2_077, "832bed9c42b4b1c573713f5dc087b63f053e28e48226e4f0c3bd0b6b756930e8")]
    ),
    uner!(
        "uner-sv",
        "Swedish (Talbanken)",
        "CC BY-SA 4.0",
        "names-b",
        [(
            "sv_talbanken-ud-train.iob2",
            4_303,
            "19bd5d848199ec964ae0ba58f04ee22c4db8b9ec457c912074e12bc45af0b9c9"
        )],
        [(
            "sv_talbanken-ud-dev.iob2",
            504,
            "145833ccfc0d77404e78eac8db5a560ce79cc5d498f1891be2338f79851db205"
        )],
        [(
            "sv_talbanken-ud-test.iob2",
            1_219,
            "cad48d04e67b31767404e696aef02aba07367f14eb6fcb0ace5aec7f29839fa9"
        )]
    ),
    uner!(
        "uner-zh",
        "Chinese (GSD)",
        "CC BY-SA 4.0",
        "names-d",
        [("zh_gsd-ud-train.iob2", 3_997, "6c0726ba2a803d61848f5021914c63623088f9e4b26cc4dbba077c9c6d8c13c0")],
        [("zh_gsd-ud-dev.iob2", 500, "c67125ffc56c039d53642e93cf781f0654dd1a1db2c10b6f4e1f382b4777b540")],
        [("zh_gsd-ud-test.iob2", 500, "32ad8b9f00137149895eaebd3bfd3215847d6b398a80b093ac44acdbb240f89a")]
    ),
    uner!(
        "uner-en-pud",
        "English (PUD)",
        "CC BY-SA 3.0",
        "names-a",
        [],
        [],
        [("en_pud-ud-test.iob2", 1_000, "269969bd2d42e8de5e938e5ec13d925407efa39bb236aa19c736909e4763646a")]
    ),
    uner!(
        "uner-de-pud",
        "German (PUD)",
        "CC BY-SA 3.0",
        "names-c",
        [],
        [],
        [("de_pud-ud-test.iob2", 1_000, "82a9fdbb6b532487a3c7746cb09c262ca0de1bc4dcae28a38ecd9c6bdac8e7e9")]
    ),
    uner!(
        "uner-zh-pud",
        "Chinese (PUD)",
        "CC BY-SA 3.0",
        "names-d",
        [],
        [],
        [("zh_pud-ud-test.iob2", 1_000, "d3a53e564353e2ffa2dccfdc6856a40d5f50dd05381f822ec7745f044a122940")]
    ),
    KnownSet {
        name: "ud-english-ewt",
        description: "UD English-EWT 2.16: universal parts of speech in web text (Silveira et al. 2014)",
        address: "https://github.com/UniversalDependencies/UD_English-EWT",
        licence: "CC BY-SA 4.0",
        labels: UPOS,
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "ud-english-ewt",
            read: parts_of_speech,
            note: "",
            train: &[file(
                "en_ewt-ud-train.conllu",
                12_544,
                "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b",
            )],
            dev: &[file(
                "en_ewt-ud-dev.conllu",
                2_001,
                "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
            )],
            test: &[file(
                "en_ewt-ud-test.conllu",
                2_077,
                "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "names",
    },
    KnownSet {
        name: "ud-chinese-gsd",
        description: "UD Chinese-GSD 1.4, traditional characters: universal parts of speech in Wikipedia",
        address: "https://github.com/UniversalDependencies/UD_Chinese-GSD (tag r1.4)",
        licence: "CC BY-NC-SA 4.0",
        labels: UPOS,
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "ud-chinese-gsd-v1",
            read: parts_of_speech,
            note: "",
            train: &[file(
                "zh-ud-train.conllu",
                3_997,
                "94c1ad7f8f7d545169bafbef367852b965ec5eada13d614d8e8b6b9297ee6d0d",
            )],
            dev: &[file(
                "zh-ud-dev.conllu",
                500,
                "574a2c826fc4207530be65b9cd9d8d9611a9749716ab1e3349ec681b93c7a42f",
            )],
            test: &[file(
                "zh-ud-test.conllu",
                500,
                "c5fe2733ca4a118725fc06d6a7dbce9952254a4a174f3bd75e13ab4d504e9970",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "UD 1's tag CONJ is read as UD 2's CCONJ",
        twin: "names",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    const fn tiny(
        labels: &'static [&'static str],
        layouts: &'static [Layout<Vec<Sentence>>],
    ) -> KnownSet<Vec<Sentence>> {
        KnownSet {
            name: "tiny",
            description: "",
            address: "nowhere",
            licence: "",
            labels,
            tokens: TokensGiven::Words,
            encoding: Encoding::Utf8,
            layouts,
            splits: SplitRule::Official,
            downloads: NONE,
            caution: "",
            twin: "",
        }
    }

    const TEST: &[KnownFile] = &[file("test.txt", 2, "")];

    /// The words and tags of the test split, which is the only one.
    fn load(set: &'static KnownSet<Vec<Sentence>>, text: &str) -> Result<Vec<Vec<(String, usize)>>, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("test.txt"), text).unwrap();
        let set = set.load(folder.path(), 1).map_err(|error| error.to_string())?;
        assert!(set.train.is_empty() && set.dev.is_empty());
        let pairs = |sentence: Sentence| sentence.words.into_iter().zip(sentence.tags).collect();
        Ok(set.test.into_iter().map(pairs).collect())
    }

    fn read(text: &[&[(&str, usize)]]) -> Vec<Vec<(String, usize)>> {
        text.iter().map(|s| s.iter().map(|(word, tag)| (word.to_string(), *tag)).collect()).collect()
    }

    #[test]
    fn names_of_other_kinds_become_words() {
        static SET: KnownSet<Vec<Sentence>> = tiny(
            PLO,
            &[Layout { folder: "", read: without_misc, note: "", train: &[], dev: &[], test: TEST }],
        );
        let text = "-DOCSTART- -X- O O\n\nAda X O I-PER\nKern X O I-PER\nwon X O O\nGerman X O I-MISC\nOpen X O I-MISC\n\n\
                    Oslo X O I-LOC\nBank X O I-ORG\n\n";
        // O, B-LOC, B-ORG, B-PER, I-LOC, I-ORG, I-PER.
        let expected = read(&[
            &[("Ada", 3), ("Kern", 6), ("won", 0), ("German", 0), ("Open", 0)],
            &[("Oslo", 1), ("Bank", 2)],
        ]);
        assert_eq!(load(&SET, text).unwrap(), expected);
        let error = load(&SET, &text.replace("I-ORG", "I-FOO")).unwrap_err();
        assert!(
            error.contains("expected an entity of one of the kinds") && error.contains("'I-FOO'"),
            "{error}"
        );
    }

    #[test]
    fn parts_of_speech_of_both_versions_are_read() {
        static SET: KnownSet<Vec<Sentence>> = tiny(
            UPOS,
            &[Layout { folder: "", read: parts_of_speech, note: "", train: &[], dev: &[], test: TEST }],
        );
        let row = |id: &str, word: &str, tag: &str| format!("{id}\t{word}\t_\t{tag}\t_\t_\t0\troot\t_\t_\n");
        let text = |tag: &str| {
            let first = row("1-2", "dunno", "_") + &row("1", "du", "AUX") + &row("2", "nno", "VERB");
            format!("# text = dunno\n{first}\n{}{}\n", row("1", "and", tag), row("1.1", "x", "X"))
        };
        let expected = read(&[&[("du", 3), ("nno", 15)], &[("and", 4)]]);
        for tag in ["CONJ", "CCONJ"] {
            assert_eq!(load(&SET, &text(tag)).unwrap(), expected);
        }
        let error = load(&SET, &text("NN")).unwrap_err();
        assert!(error.contains("expected one of the tags") && error.contains("'NN'"), "{error}");
    }

    #[test]
    fn only_the_treebanks_have_plain_tags() {
        for set in SETS {
            assert_eq!(are_plain(set), set.name.starts_with("ud-"), "{}", set.name);
        }
    }
}
