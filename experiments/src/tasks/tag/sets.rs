//! The known sets for tagging. Counts and digests were measured on the files.

use crate::data::files::Encoding;
use crate::data::formats::conll::{self, Columns, Known};
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

fn columns(source: &mut Source, columns: Columns, into: &mut Vec<Sentence>) -> Result<(), DataError> {
    let file = source.lines()?;
    let read = conll::read(&file, &columns, Known::Kinds(&source.labels))?;
    source.notes.extend(read.note);
    into.extend(read.sentences);
    Ok(())
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
        layouts: &[
            Layout {
                folder: "conll2003",
                read: first_and_last,
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
                read: first_and_last,
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
        ],
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
];
