//! The known sets of plain text. Counts and digests were measured on the files.

use super::Corpus;
use crate::data::DataError;
use crate::data::files::Encoding;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// Lines with hard breaks, an empty line between paragraphs.
fn paragraphs(source: &mut Source, into: &mut Corpus) -> Result<(), DataError> {
    into.add_paragraphs(&source.lines()?)
}

/// The known sets.
pub static SETS: &[KnownSet<Corpus>] = &[
    KnownSet {
        name: "gutenberg",
        description: "paragraphs of six English novels of the 19th century",
        address: "https://www.gutenberg.org (books 145, 766, 1342, 1400, 2600, 2701; without the texts around the books)",
        licence: "in the public domain in the USA",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "gutenberg",
            read: paragraphs,
            note: "",
            train: &[
                file(
                    "david-copperfield.txt",
                    7_190,
                    "91b1a66d366c0a2629fe7f780a1c6b09c322032a9077f0659bef000d8cdda62e",
                ),
                file(
                    "great-expectations.txt",
                    3_899,
                    "da2b658d10796d4b3bb663cd038776c21954160a9d7f9d00327839241fc14fed",
                ),
                file(
                    "middlemarch.txt",
                    4_795,
                    "3d847bc5d5ed4305eb2176b68c46af70e12b6a5748c5693918d472ea31b59813",
                ),
                file(
                    "moby-dick.txt",
                    2_802,
                    "c32284e34756f7d8260ffb339b3dc6ff95d2da319da8d963f60c4fae9529359d",
                ),
                file(
                    "pride-and-prejudice.txt",
                    2_126,
                    "d02c06ecdee0120842aa1274288a07fe68d5316d1e8285853eaf4fc65a0b39a0",
                ),
                file(
                    "war-and-peace.txt",
                    12_108,
                    "1ce58d5e322b309fd68e5ca0434530ccedd69bf0e2d12cd5094097b62a5e89a8",
                ),
            ],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_600),
        downloads: NONE,
        caution: "all splits are from the same books",
        twin: "almanac",
    },
    KnownSet {
        name: "tinyshakespeare",
        description: "speeches of Shakespeare's plays, 1 MB (Karpathy 2015)",
        address: "https://github.com/karpathy/char-rnn (data/tinyshakespeare/input.txt)",
        licence: "text in the public domain",
        labels: &[],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "tinyshakespeare",
            read: paragraphs,
            note: "",
            train: &[file(
                "input.txt",
                7_222,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(720),
        downloads: NONE,
        caution: "",
        twin: "almanac",
    },
];
