//! The known sets for reading comprehension. Counts and digests were measured on the files.

use crate::data::files::Encoding;
use crate::data::formats::squad;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};
use crate::data::{DataError, Questions};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

fn squad(source: &mut Source, into: &mut Questions) -> Result<(), DataError> {
    let file = source.text()?;
    squad::append(&file.path, &file.text, into)
}

/// The known sets.
pub static SETS: &[KnownSet<Questions>] = &[KnownSet {
    name: "squad",
    description: "SQuAD v1.1: reading comprehension, an answer is a span of the text; the official dev set serves as test",
    address: "https://rajpurkar.github.io/SQuAD-explorer/",
    licence: "CC BY-SA 4.0 (Rajpurkar et al. 2016)",
    labels: &[],
    tokens: TokensGiven::No,
    encoding: Encoding::Utf8,
    layouts: &[
        Layout {
            folder: "squad",
            read: squad,
            note: "",
            train: &[file("train-v1.1.json", 87_599, "")],
            dev: &[],
            test: &[file("dev-v1.1.json", 10_570, "")],
        },
        Layout {
            folder: "squad",
            read: squad,
            note: "train is the subset train-subset.raw.json, train-subset.tokenised.json, train-subset.sentences.json",
            train: &[
                file(
                    "train-subset.raw.json",
                    3_997,
                    "b571d7f1c2d79a21aeae027fc5bbd6ed00da4fb36690bd9929ce19a68da34939",
                ),
                file(
                    "train-subset.tokenised.json",
                    4_861,
                    "212286ede999bfde99c7daefe60c1ed3d921b90eb946f511f50e5d832d0aba3e",
                ),
                file(
                    "train-subset.sentences.json",
                    9_986,
                    "41405f035d322293ecb9c6ada24da645fd5649e0f8e05129126dd8e4e9c01100",
                ),
            ],
            dev: &[],
            test: &[file(
                "dev-v1.1.rebuilt.json",
                10_570,
                "1c96a36b35740c8309cfaf75467b362cb1f1a37416838ab19ba610cda34e5240",
            )],
        },
    ],
    splits: SplitRule::DevFromTrain(1_800),
    downloads: NONE,
    caution: "",
    twin: "passages",
}];
