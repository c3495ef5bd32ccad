//! The known sets of running text. Counts and digests were measured on the files.

use super::Prose;
use crate::data::DataError;
use crate::data::files::Encoding;
use crate::data::known::{KnownFile, KnownSet, Layout, NONE, Source, SplitRule, TokensGiven};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// A text a line.
fn lines(source: &mut Source, into: &mut Prose) -> Result<(), DataError> {
    into.0.add(&source.lines()?)
}

/// Lines with hard breaks, an empty line between paragraphs.
fn paragraphs(source: &mut Source, into: &mut Prose) -> Result<(), DataError> {
    into.0.add_paragraphs(&source.lines()?)
}

/// The known sets. WikiText-2 is none of them: its training split is not among the files that we could measure.
pub static SETS: &[KnownSet<Prose>] = &[
    KnownSet {
        name: "ptb",
        description: "sentences of the Wall Street Journal from the Penn Treebank, 10,000 words (Mikolov et al. 2010)",
        address: "https://www.fit.vut.cz/person/imikolov/public/rnnlm/simple-examples.tgz (folder data)",
        licence: "restricted by the Linguistic Data Consortium",
        labels: &[],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "ptb",
            read: lines,
            note: "",
            train: &[file(
                "ptb.train.txt",
                42_068,
                "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
            )],
            dev: &[file(
                "ptb.valid.txt",
                3_370,
                "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
            )],
            test: &[file(
                "ptb.test.txt",
                3_761,
                "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "",
        twin: "chapters",
    },
    KnownSet {
        name: "gutenberg-books",
        description: "six English novels of the 19th century, paragraph by paragraph; dev and test are whole books",
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
                    "war-and-peace.txt",
                    12_108,
                    "1ce58d5e322b309fd68e5ca0434530ccedd69bf0e2d12cd5094097b62a5e89a8",
                ),
            ],
            dev: &[file(
                "great-expectations.txt",
                3_899,
                "da2b658d10796d4b3bb663cd038776c21954160a9d7f9d00327839241fc14fed",
            )],
            test: &[file(
                "pride-and-prejudice.txt",
                2_126,
                "d02c06ecdee0120842aa1274288a07fe68d5316d1e8285853eaf4fc65a0b39a0",
            )],
        }],
        splits: SplitRule::Official,
        downloads: NONE,
        caution: "no official splits: dev is Great Expectations, whose author also wrote a book of train, test Pride and Prejudice, whose \
                  author did not",
        twin: "chapters",
    },
];
